"""What a running service holds: the workspace, the run that it serves, the state, its settings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from api.audit import AuditLog
from api.keyring import Keyring
from api.metrics import Metrics
from api.problems import NoRun
from api.rates import Rates
from api.settings import ServiceSettings
from linkage.graph import Graph, open_graph
from linkage.jobs.runner import Runner
from linkage.jobs.terms import Surroundings, Terms
from linkage.journal import Checker, Journal
from linkage.settings import Settings
from linkage.state import State, open_state
from linkage.state.jobs import Job, JobState
from linkage.workspace import Workspace

MOST_EVENTS = 10_000  # of a call
LOOK_AGAIN = 1.0  # seconds after which the workspace is asked whether it has another run


@dataclass(frozen=True)
class Served:
    """A run that is served."""

    folder: Path
    graph: Graph


class Runs:
    """The workspace's current run, opened; another takes its place while requests go on."""

    def __init__(self, workspace: Workspace, url: str | None) -> None:
        self._workspace, self._url = workspace, url
        self._lock = threading.Lock()
        self._served: Served | None = None
        self._before: Served | None = None  # requests may still read from it
        self._looked = -LOOK_AGAIN

    def current(self) -> Served:
        """The run to answer from; NoRun where there is none."""
        now = time.monotonic()
        if self._served is None or now - self._looked > LOOK_AGAIN:
            with self._lock:
                self._look(now)
        if self._served is None:
            raise NoRun("the workspace has no run yet; `linkage runs add RESULT` brings one in")
        return self._served

    def look_again(self) -> None:
        """Ask the workspace at the next request."""
        self._looked = -LOOK_AGAIN

    def close(self) -> None:
        """Give back what the graph holds."""
        with self._lock:
            for served in (self._before, self._served):
                if served is not None:
                    served.graph.close()
            self._before = self._served = None

    def _look(self, now: float) -> None:
        folder = self._workspace.current()
        if folder is not None and (self._served is None or self._served.folder != folder):
            served = Served(folder, open_graph(self._url or folder, beyond=folder))
            if self._before is not None:
                self._before.graph.close()
            self._before, self._served = self._served, served
        self._looked = now


class Service:
    """One service; `close` writes down what is not yet on disk."""

    def __init__(
        self,
        workspace: Workspace,
        settings: ServiceSettings,
        of_runs: Settings | None = None,
        terms: Terms | None = None,
    ) -> None:
        """`of_runs`: how events are read, and what detections go by; `terms`: of these detections,
        the settings' if not given."""
        self.workspace, self.settings = workspace, settings
        of_runs = of_runs or Settings()
        self.checker = Checker(of_runs, MOST_EVENTS)
        self.state: State = open_state(settings.state or workspace.state)
        try:
            self.journal = Journal(workspace.path, repeats=settings.repeats)
        except BaseException:
            self.state.close()
            raise
        self.runs = Runs(workspace, settings.graph)
        self.keyring = Keyring(self.state)
        self.rates = Rates(settings)
        self.audit = AuditLog(self.state)
        self.metrics = Metrics()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        around = Surroundings(workspace, self.state, self.journal.seal, self._told, self._trouble)
        self.jobs = Runner(around, terms or settings.terms(of_runs))
        for job in self.jobs.start():
            self.metrics.job(job)

    def close(self) -> None:
        """Stop: a detection is interrupted, what waits is written, connections are given back."""
        self.jobs.close()
        self.journal.close()
        self.checker.close()
        self.audit.close()
        with suppress(Exception):
            self.runs.close()
        self.state.close()

    def _told(self, job: Job) -> None:
        structlog.get_logger("linkage.jobs").info(
            "job", id=job.id, state=job.state, attempts=job.attempts, run=job.run, fault=job.fault
        )
        self.metrics.job(job)
        if job.state is JobState.done:
            self.runs.look_again()

    def _trouble(self, error: Exception) -> None:
        structlog.get_logger("linkage.jobs").error("fault", exc_info=error)
