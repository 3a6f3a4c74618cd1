"""The webhooks of a service: threads that find out what is to be told, and that deliver it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from linkage.state import State, outbox
from linkage.webhooks.courier import Courier, Outcome, Sender, Told
from linkage.webhooks.settings import GIVE_UP_HOURS, KEEP_DAYS, Webhook
from linkage.webhooks.telling import Teller
from linkage.workspace import Workspace

EVERY = 1.0  # seconds after which each looks again
TIDY = 3600.0  # seconds after which what is old goes
AGAIN = 10.0  # seconds before what met a fault of ours is tried again
_SLOWER = 1.0  # seconds of pause after the first failure; twice as long after each more
_SLOWEST = 60.0


class Office:
    """One thread that tells, and one a webhook that delivers, so that a receiver that is slow keeps
    none of the others waiting."""

    def __init__(
        self,
        workspace: Workspace,
        state: State,
        webhooks: Sequence[Webhook],
        now: Callable[[], datetime],
        told: Callable[[Told], None],
        trouble: Callable[[Exception], None],
    ) -> None:
        """`told` hears of each attempt, `trouble` of faults of ours; both from any thread. Nothing
        begins before `start`."""
        self.webhooks = tuple(webhooks)
        self._state, self._now, self._tell, self._trouble = state, now, told, trouble
        self._teller = Teller(workspace, state, webhooks, now, trouble)
        self._stop = threading.Event()
        self._tidied: datetime | None = None
        self._woken = {name: threading.Event() for name in ("", *(w.name for w in webhooks))}
        couriers = [Courier(state, Sender.of(webhook), now) for webhook in webhooks]
        self._threads = [self._thread("", self._telling)] if webhooks else []
        self._threads += [self._thread(c.webhook.name, _Round(self, c)) for c in couriers]

    def start(self) -> None:
        """Where there are no webhooks, what was told once is forgotten: whoever is named later is
        told of what comes from then on."""
        if not self.webhooks:
            with self._state.read() as connection:
                known = outbox.has_told(connection)
            if known:
                with self._state.write() as connection:
                    outbox.forget(connection)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something happened: look at once. From any thread."""
        for woken in self._woken.values():
            woken.set()

    def close(self) -> None:
        """Begin nothing more, and wait for the attempts that go on."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def oldest(self) -> Mapping[str, float]:
        """Webhook -> seconds since the oldest message was made that waits for it; 0 for none."""
        with self._state.read() as connection:
            counts = outbox.counts(connection)
        found: dict[str, float] = {}
        for webhook in self.webhooks:
            made = counts.get(webhook.name, outbox.Counts()).oldest
            found[webhook.name] = 0.0 if made is None else (self._now() - made).total_seconds()
        return found

    def _thread(self, name: str, step: Callable[[], float]) -> threading.Thread:
        return threading.Thread(
            target=self._run, args=(name, step), name=f"webhooks {name}".strip(), daemon=True
        )

    def _run(self, name: str, step: Callable[[], float]) -> None:
        """Step by step, until it is to stop; each says how long to wait for the next."""
        while not self._stop.is_set():
            try:
                pause = step()
            except Exception as error:
                self._trouble(error)
                pause = AGAIN
            if pause:
                self._woken[name].wait(pause)
                self._woken[name].clear()

    def _telling(self) -> float:
        if self._tidied is None or self._now() - self._tidied >= timedelta(seconds=TIDY):
            self._tidied = self._now()
            self._tidy()
        if self._teller.step():
            self.wake()
        return EVERY

    def _tidy(self) -> None:
        """What is kept for webhooks that are not named any more is given up and goes in time."""
        now = self._now()
        known = [webhook.name for webhook in self.webhooks]
        with self._state.write() as connection:
            for name in outbox.strangers(connection, known):
                outbox.give_up(connection, name, now - timedelta(hours=GIVE_UP_HOURS), now)
                outbox.tidy(connection, name, now - timedelta(days=KEEP_DAYS))

    def attempted(self, told: Told) -> None:
        """An attempt was made."""
        self._tell(told)


class _Round:
    """The steps of one webhook's thread."""

    def __init__(self, office: Office, courier: Courier) -> None:
        self._office, self._courier = office, courier
        self._failures = 0
        self._tidied: datetime | None = None

    def __call__(self) -> float:
        now = self._courier.now()
        if self._tidied is None or now - self._tidied >= timedelta(seconds=TIDY):
            self._courier.tidy()
            self._tidied = now
        told = self._courier.step()
        if told is None:
            return EVERY
        self._office.attempted(told)
        if told.outcome is Outcome.delivered:
            self._failures = 0
            return 0.0
        # Who does not answer is not asked for all that waits, one right after the other.
        self._failures += 1
        return min(_SLOWEST, _SLOWER * 2.0 ** min(self._failures - 1, 10))
