"""Delivers what waits for one webhook, a message at a time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from linkage.errors import SettingsError, WebhookError
from linkage.state import State, outbox
from linkage.state.outbox import Attempt, Delivery, DeliveryState
from linkage.webhooks import signing
from linkage.webhooks.exchange import Answer, Limits, Resolve, post, resolved
from linkage.webhooks.retrying import Pauses
from linkage.webhooks.settings import Webhook

GONE = 410
_BUSY = frozenset((429, 503))  # of the receiver as a whole, not of one message
_SPARE = timedelta(seconds=30)  # that a lease lasts beyond the longest attempt


class Outcome(StrEnum):
    """What became of an attempt."""

    delivered = "delivered"
    failed = "failed"
    dead = "dead"


@dataclass(frozen=True)
class Told:
    """An attempt that was made. status: what was answered; fault: why it failed."""

    delivery: Delivery
    outcome: Outcome
    status: int | None
    fault: str | None


@dataclass(frozen=True)
class Sender:
    """Sends messages to one webhook, signed; whoever uses it sees to repetitions."""

    webhook: Webhook
    limits: Limits
    resolve: Resolve = resolved

    @classmethod
    def of(cls, webhook: Webhook) -> Sender:
        """As its settings say."""
        return cls(webhook, webhook.limits())

    def send(self, identity: str, body: str, at: datetime) -> Answer:
        """One attempt; WebhookError where there is no answer. The secrets are read each time, so
        that a new one holds at once."""
        data = body.encode("utf-8")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"linkage/{version('linkage')}",
            **signing.headers(self._secrets(), identity, at, data),
        }
        return post(self.webhook.endpoint, data, headers, self.limits, self.resolve)

    def _secrets(self) -> tuple[bytes, ...]:
        try:
            return signing.read(Path(self.webhook.secret_file))
        except SettingsError as error:
            raise WebhookError(f"secret_file: {'; '.join(error.faults)}") from None


@dataclass
class Courier:
    """What waits for a webhook, in the order in which it is due. Another service over the same
    state may do the same: a message is claimed before it is sent."""

    state: State
    sender: Sender
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    pauses: Pauses = field(default_factory=Pauses)
    draw: random.Random = field(default_factory=random.SystemRandom)

    @property
    def webhook(self) -> Webhook:
        """Whose messages these are."""
        return self.sender.webhook

    def step(self) -> Told | None:
        """Try what is due longest; None where nothing is."""
        now, name = self.now(), self.webhook.name
        with self.state.read() as connection:
            if not outbox.is_due(connection, name, now):
                return None
        lease = timedelta(seconds=self.webhook.seconds) + _SPARE
        with self.state.write() as connection:
            attempt = outbox.claim(connection, name, now, now + lease)
        if attempt is None:
            return None
        try:
            answer = self.sender.send(attempt.delivery.message, attempt.body, now)
        except WebhookError as error:
            return self._written(attempt, None, str(error))
        if 200 <= answer.status < 300:
            return self._written(attempt, answer, None)
        return self._written(attempt, answer, _refused(answer))

    def tidy(self) -> None:
        """Give up what has waited for too long, and take away what is kept long enough."""
        now = self.now()
        with self.state.write() as connection:
            outbox.give_up(connection, self.webhook.name, now - self._most, now)
            kept = timedelta(days=self.webhook.keep_days)
            outbox.tidy(connection, self.webhook.name, now - kept)

    @property
    def _most(self) -> timedelta:
        return timedelta(hours=self.webhook.give_up_hours)

    def _written(self, attempt: Attempt, answer: Answer | None, fault: str | None) -> Told:
        """What became of it; it is decided here, and kept if the lease was not lost."""
        now, delivery = self.now(), attempt.delivery
        status = None if answer is None else answer.status
        asked = None if answer is None else answer.retry_after
        due = now + self.pauses.after(delivery.attempts + 1, asked, self.draw)
        if fault is None:
            outcome, state = Outcome.delivered, DeliveryState.delivered
        elif status == GONE or due > delivery.since + self._most:
            outcome, state = Outcome.dead, DeliveryState.dead
        else:
            outcome, state = Outcome.failed, DeliveryState.pending
        with self.state.write() as connection:
            mine = outbox.end(
                connection, attempt, state, now,
                due=due if outcome is Outcome.failed else None, status=status, fault=fault,
            )  # fmt: skip
            if mine and status == GONE:
                outbox.disable(connection, self.webhook.name, self.webhook.address, now)
            if mine and status in _BUSY and asked is not None:
                wait = timedelta(seconds=min(asked, self.pauses.most_asked))
                outbox.hold_back(connection, self.webhook.name, now + wait)
        return Told(delivery, outcome, status, fault)


def _refused(answer: Answer) -> str:
    """In words for whoever looks after the receiver."""
    if 300 <= answer.status < 400:
        return f"it answered {answer.status}; redirects are not followed, set the url to its end"
    if answer.status == GONE:
        return f"it answered {GONE}, gone: nothing more is sent until `linkage webhooks enable`"
    return f"it answered {answer.status}" + (f": {answer.text}" if answer.text else "")
