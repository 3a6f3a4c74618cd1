"""The run that is served; another takes its place while requests go on."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from api.problems import NoRun
from linkage.errors import LinkageError, SettingsError
from linkage.graph import Graph, open_graph
from linkage.run import Run
from linkage.workspace import Workspace

LOOK_AGAIN = 1.0  # seconds after which the workspace is asked whether it has another run
TRY_AGAIN = 30.0  # seconds after which a run that could not be opened is tried again


@dataclass(frozen=True)
class Served:
    """A run that is served. cleared: account -> what the run says of whom a person had cleared."""

    folder: Path
    graph: Graph
    cleared: Mapping[str, Mapping[str, Any]]


class Runs:
    """The workspace's current run, opened.

    To open one takes a second where there are a million accounts, as its index is checked, and far
    longer where that has to be made. So it is done before the first request, and later by a thread
    of its own, while the run before is served.
    """

    def __init__(self, workspace: Workspace, url: str | None) -> None:
        """url: of the database that is asked; None for the run's files and index."""
        self._workspace, self._url = workspace, url
        self._lock = threading.Lock()
        self._served: Served | None = None
        self._before: Served | None = None  # requests may still read from it
        self._fault: LinkageError | None = None
        self._failed: tuple[Path | None, float] = (None, 0.0)
        self._looked = time.monotonic()
        self._opening: threading.Thread | None = None

    def current(self) -> Served:
        """The run to answer from; NoRun where there is none, ResultError where it is damaged."""
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self._looked = time.monotonic()
            self._look()
        served = self._served
        if served is None:
            raise self._fault or NoRun(
                "the workspace has no run yet; `linkage runs add RESULT` brings one in"
            )
        return served

    def look_again(self) -> None:
        """Open the run that the workspace names by now, and wait for it."""
        folder = self._workspace.current()
        if folder is not None:
            self._open(folder)

    def open_anew(self) -> None:
        """Open the run that is served once more, since what is in it was changed: by an index that
        is made anew, or not at all."""
        with self._lock:
            if self._served is None:
                return
            folder, self._before, self._served = self._served.folder, self._served, None
            shutil.rmtree(self._workspace.index(folder.name), ignore_errors=True)
        self._open(folder)

    def close(self) -> None:
        """Give back what the graphs hold."""
        if self._opening is not None:
            self._opening.join()
        with self._lock:
            for served in (self._before, self._served):
                if served is not None:
                    served.graph.close()
            self._before = self._served = None

    def _look(self) -> None:
        """Have another run opened, where the workspace names one."""
        folder, (failed, at) = self._workspace.current(), self._failed
        is_new = folder is not None and (self._served is None or self._served.folder != folder)
        waits = folder == failed and time.monotonic() - at < TRY_AGAIN
        busy = self._opening is not None and self._opening.is_alive()
        if is_new and not waits and not busy:
            self._opening = threading.Thread(target=self._open, args=(folder,), name="opening")
            self._opening.start()

    def _open(self, folder: Path) -> None:
        """Open a run and serve it; what keeps it from being opened is told to who asks, unless
        another is served."""
        with self._lock:
            if self._served is not None and self._served.folder == folder:
                return
            index = None if self._url else self._workspace.index(folder.name)
            try:
                graph = open_graph(self._url or folder, beyond=folder, index=index)
                cleared = _cleared(folder)
            except SettingsError:
                raise
            except LinkageError as fault:
                self._fault, self._failed = fault, (folder, time.monotonic())
                structlog.get_logger("linkage").warning("run", run=folder.name, fault=str(fault))
                return
            if self._before is not None:
                self._before.graph.close()
            self._before, self._served = self._served, Served(folder, graph, cleared)
            self._fault = None


def _cleared(folder: Path) -> dict[str, dict[str, Any]]:
    rows = Run.open(folder).tables.rows("SELECT * FROM read_parquet($judged)")
    return {str(row["account_id"]): row for row in rows}
