"""What a running service holds: the workspace, the run that it serves, the state, its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from api.audit import AuditLog
from api.keyring import Keyring
from api.lists import Board
from api.metrics import Metrics
from api.rates import Rates
from api.runs import Runs
from api.settings import ServiceSettings
from api.taxii import Feed
from linkage.banlist import BanlistSettings
from linkage.banlist.store import CHANNELS, Lists
from linkage.erasing.whole import Asked, Erased, Eraser
from linkage.errors import GraphError, ListError
from linkage.jobs.runner import Runner
from linkage.jobs.terms import Surroundings, Terms
from linkage.journal import Checker, Journal
from linkage.privacy import Names, Privacy, admitted, names, pseudonymiser
from linkage.privacy.expiry import Expired, expire
from linkage.privacy.keeper import Keeper
from linkage.publishing import signing_key
from linkage.settings import Settings
from linkage.state import DecisionLog, State, open_state
from linkage.state.jobs import Job, JobState
from linkage.webhooks import Office, Told, Webhook
from linkage.workspace import Workspace

MOST_EVENTS = 10_000  # of a call


class Service:
    """One service; `close` writes down what is not yet on disk."""

    def __init__(
        self,
        workspace: Workspace,
        settings: ServiceSettings,
        of_runs: Settings | None = None,
        terms: Terms | None = None,
        privacy: Privacy | None = None,
        banlist: BanlistSettings | None = None,
        webhooks: Sequence[Webhook] = (),
    ) -> None:
        """`of_runs`: how events are read, and what detections go by; `terms`: of these detections,
        the settings' if not given; `privacy`: what is kept of people, and under which names;
        `banlist`: what is done about listed accounts, and who signs that; `webhooks`: who is told
        when something happens."""
        self.workspace, self.settings = workspace, settings
        self.banlist = banlist or BanlistSettings()
        if self.banlist.signing_key is not None:
            signing_key(self.banlist)  # one that is not there is found at the start
        self.boards = {name: Board(Lists(workspace.path, name)) for name in CHANNELS}
        self.feeds = tuple(Feed(board) for board in self.boards.values())
        self.privacy, of_runs = privacy or Privacy(), of_runs or Settings()
        self.state: State = open_state(settings.state or workspace.state)
        try:
            admitted(workspace.path, self.state, self.privacy.key)
            self.journal = Journal(workspace.path, repeats=settings.repeats)
        except BaseException:
            self.state.close()
            raise
        pseudonymous = pseudonymiser(self.privacy, of_runs, lambda: self.journal.vaulted)
        self.checker = Checker(of_runs, MOST_EVENTS, pseudonymous)
        self.names: Names = names(self.privacy, of_runs)
        self._kinds = of_runs.kinds()
        self.runs = Runs(workspace, settings.graph)
        self.decided = DecisionLog(self.state)
        self.keyring = Keyring(self.state)
        self.rates = Rates(settings)
        self.audit = AuditLog(self.state)
        self.metrics = Metrics()
        self._eraser = Eraser(
            workspace, self.state, self.journal, self._renamed, url=settings.graph
        )
        try:
            self._eraser.resume()
        except (GraphError, ListError) as error:
            # As without it: the next start ends it, or the next erasure.
            self._trouble(error)
        self.runs.look_again()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.keeper = Keeper(self._expire, self._went, self._trouble)
        self.webhooks = Office(
            workspace, self.state, webhooks, lambda: self.now(), self._sent, self._trouble
        )
        self.metrics.watch(self.webhooks.oldest)
        around = Surroundings(
            workspace, self.state, self.journal.seal, self._told, self._trouble, self._prepare
        )
        self.jobs = Runner(around, terms or settings.terms(of_runs))
        for job in self.jobs.start():
            self.metrics.job(job)
        if self.privacy.retention_days is not None:
            self.keeper.start()
        self.webhooks.start()

    def close(self) -> None:
        """Stop: a detection is interrupted, what waits is written, connections are given back."""
        self.jobs.close()
        self.webhooks.close()
        self.keeper.close()
        self.journal.close()
        self.checker.close()
        self.audit.close()
        with suppress(Exception):
            self.runs.close()
        self.decided.close()
        self.state.close()

    def erase(self, asked: Asked) -> Erased:
        """Take an account out of all that is kept; events and other requests go on meanwhile."""
        try:
            return self._eraser.erase(asked, self.privacy, self._kinds)
        finally:
            self.decided.forget()

    def _renamed(self) -> None:
        """Nobody is answered any more from what named an account, and what was read is noted."""
        self.runs.open_anew()
        self.audit.flush()

    def _told(self, job: Job) -> None:
        structlog.get_logger("linkage.jobs").info(
            "job", id=job.id, state=job.state, attempts=job.attempts, run=job.run, fault=job.fault
        )
        self.metrics.job(job)
        if job.state is JobState.done:
            self.runs.look_again()
        self.webhooks.wake()

    def _sent(self, told: Told) -> None:
        delivery = told.delivery
        # What a receiver answers may repeat its URL, and that may be a secret.
        fault = told.fault if told.status is None else None
        structlog.get_logger("linkage.webhooks").info(
            "webhook", webhook=delivery.webhook, delivery=delivery.number,
            message=delivery.message, kind=delivery.kind, outcome=told.outcome.value,
            attempts=delivery.attempts + 1, status=told.status, fault=fault,
        )  # fmt: skip
        self.metrics.attempted(delivery.webhook, told.outcome)

    def _prepare(self) -> None:
        if self.privacy.retention_days is not None:
            self.keeper.now()

    def _expire(self) -> Expired:
        days = self.privacy.retention_days
        assert days is not None
        return expire(self.workspace, self.state, days, self.journal)

    def _went(self, gone: Expired) -> None:
        structlog.get_logger("linkage.privacy").info(
            "expired", events=gone.events, files=gone.files, vault=gone.vault
        )

    def _trouble(self, error: Exception) -> None:
        structlog.get_logger("linkage.jobs").error("fault", exc_info=error)
