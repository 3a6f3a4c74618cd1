"""Messages of webhooks that wait, were delivered, or are given up.

pending ─► delivered
   ▲ └───► dead           given up after its time, or the receiver is gone
   └── retried ──┘

An attempt has a lease: nobody else makes it before that ends, and whoever lost it changes nothing.
So a process that is killed in the middle leaves a message that is sent again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from linkage.errors import ConflictError, NotFound
from linkage.state.tables import deliveries, disabled_webhooks, messages, told


class DeliveryState(StrEnum):
    """What became of a message for a webhook."""

    pending = "pending"
    delivered = "delivered"
    dead = "dead"


@dataclass(frozen=True)
class Delivery:
    """A message for a webhook.

    message   its id;  kind, at: its sort and when it was made
    since     from when on it is tried;  due: the next attempt;  attempts: how many there were
    ended     when it was delivered or given up
    status    what the receiver answered last;  fault: why the last attempt failed
    """

    number: int
    message: str
    webhook: str
    kind: str
    at: datetime
    state: DeliveryState
    since: datetime
    due: datetime
    attempts: int
    ended: datetime | None
    status: int | None
    fault: str | None


@dataclass(frozen=True)
class Attempt:
    """A delivery that is being tried. body: what is sent."""

    delivery: Delivery
    body: str
    lease: str


@dataclass(frozen=True)
class Counts:
    """Of one webhook. oldest: when the oldest message was made that waits."""

    pending: int = 0
    delivered: int = 0
    dead: int = 0
    oldest: datetime | None = None


Gone = Mapping[str, tuple[bytes, datetime]]


def told_of(connection: sa.Connection, subject: str) -> str | None:
    """How far was told; None where nothing ever was."""
    return connection.scalar(sa.select(told.c.value).where(told.c.subject == subject))


def tell(connection: sa.Connection, subject: str, before: str | None, now: str) -> bool:
    """Move on from what was told before; False where somebody else did meanwhile, and then nothing
    is to be told in this transaction.

    Where two do so at the same moment and the database lets both come so far, the second meets an
    IntegrityError.
    """
    if before is None:
        if told_of(connection, subject) is not None:
            return False
        connection.execute(told.insert(), {"subject": subject, "value": now})
        return True
    moved = connection.execute(
        told.update().where(told.c.subject == subject, told.c.value == before).values(value=now)
    )
    return moved.rowcount == 1


def has_told(connection: sa.Connection) -> bool:
    """Whether anything was ever told, and not forgotten since."""
    return connection.scalar(sa.select(told.c.subject).limit(1)) is not None


def forget(connection: sa.Connection) -> None:
    """Nobody is told any more; whoever is told again, hears of what comes from then on."""
    connection.execute(told.delete())


def append(
    connection: sa.Connection,
    identity: str,
    at: datetime,
    kind: str,
    body: str,
    webhooks: Iterable[str],
) -> None:
    """Have a message delivered to these webhooks."""
    connection.execute(messages.insert(), {"id": identity, "at": at, "kind": kind, "body": body})
    rows = [
        {"message": identity, "webhook": webhook, "state": DeliveryState.pending.value,
         "since": at, "due": at, "attempts": 0}
        for webhook in webhooks
    ]  # fmt: skip
    if rows:
        connection.execute(deliveries.insert(), rows)


def is_due(connection: sa.Connection, webhook: str, now: datetime) -> bool:
    """Whether there is anything to claim."""
    query = sa.select(deliveries.c.number).where(*_pending(webhook), *_free(now)).limit(1)
    return connection.scalar(query) is not None


def claim(
    connection: sa.Connection, webhook: str, now: datetime, until: datetime
) -> Attempt | None:
    """The next message for a webhook that is due, for the caller alone until then; None where there
    is none. The one that is longest due comes first, and of several the one that was made first."""
    query = (
        _selected()
        .where(*_pending(webhook), *_free(now))
        .order_by(deliveries.c.due, deliveries.c.number)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    lease = secrets.token_hex(8)
    taken = connection.execute(
        deliveries.update()
        .where(deliveries.c.number == row["number"], *_pending(webhook), *_free(now))
        .values(lease=lease, leased_until=until)
    )
    if taken.rowcount != 1:  # another service was first
        return None
    body = connection.scalar(sa.select(messages.c.body).where(messages.c.id == row["message"]))
    assert body is not None
    return Attempt(_delivery(row), body, lease)


def end(
    connection: sa.Connection,
    attempt: Attempt,
    state: DeliveryState,
    now: datetime,
    *,
    due: datetime | None = None,
    status: int | None = None,
    fault: str | None = None,
) -> bool:
    """What became of an attempt; False where its lease was lost and nothing is written.

    due   of the next attempt, where it stays pending
    """
    changed = connection.execute(
        deliveries.update()
        .where(
            deliveries.c.number == attempt.delivery.number, deliveries.c.lease == attempt.lease
        )
        .values(
            state=state.value, attempts=deliveries.c.attempts + 1, lease=None, leased_until=None,
            due=attempt.delivery.due if due is None else due,
            ended=None if state is DeliveryState.pending else now, status=status, fault=fault,
        )
    )  # fmt: skip
    return changed.rowcount == 1


def hold_back(connection: sa.Connection, webhook: str, until: datetime) -> None:
    """Nothing that waits for a webhook is tried before then: its receiver asked for that."""
    connection.execute(
        deliveries.update().where(*_pending(webhook), deliveries.c.due < until).values(due=until)
    )


def disable(connection: sa.Connection, webhook: str, address: bytes, now: datetime) -> None:
    """A receiver is gone: what waits for it is given up, and nothing more is sent."""
    connection.execute(disabled_webhooks.delete().where(disabled_webhooks.c.name == webhook))
    connection.execute(disabled_webhooks.insert(), {"name": webhook, "address": address, "at": now})
    connection.execute(
        deliveries.update()
        .where(*_pending(webhook))
        .values(state=DeliveryState.dead.value, ended=now, fault="the receiver said it is gone",
                lease=None, leased_until=None)
    )  # fmt: skip


def enable(connection: sa.Connection, webhook: str) -> bool:
    """Send to it again; False where it was not disabled."""
    gone = connection.execute(disabled_webhooks.delete().where(disabled_webhooks.c.name == webhook))
    return gone.rowcount == 1


def disabled(connection: sa.Connection) -> Gone:
    """Webhook -> hash of the URL that said that it is gone, and when."""
    rows = connection.execute(disabled_webhooks.select())
    return {row.name: (row.address, row.at) for row in rows}


def page(
    connection: sa.Connection,
    *,
    webhook: str | None = None,
    state: DeliveryState | None = None,
    before: int | None = None,
    most: int = 100,
) -> list[Delivery]:
    """Deliveries, the latest message first; `before` a number, for the next page."""
    where: list[sa.ColumnElement[bool]] = []
    if webhook is not None:
        where.append(deliveries.c.webhook == webhook)
    if state is not None:
        where.append(deliveries.c.state == state.value)
    if before is not None:
        where.append(deliveries.c.number < before)
    query = _selected().where(*where).order_by(deliveries.c.number.desc()).limit(most)
    return [_delivery(row) for row in connection.execute(query).mappings()]


def one(connection: sa.Connection, number: int) -> Delivery:
    """A delivery by its number; NotFound where there is none."""
    row = connection.execute(_selected().where(deliveries.c.number == number)).mappings().first()
    if row is None:
        raise NotFound(f"there is no delivery {number}")
    return _delivery(row)


def retry(connection: sa.Connection, number: int, now: datetime) -> Delivery:
    """Try a dead letter again, from now on; NotFound where there is none with this number,
    ConflictError where it is not dead."""
    there = one(connection, number)
    if there.state is not DeliveryState.dead:
        raise ConflictError(f"the delivery {number} is {there.state}; only what is dead is retried")
    connection.execute(
        deliveries.update()
        .where(deliveries.c.number == number)
        .values(state=DeliveryState.pending.value, since=now, due=now, ended=None)
    )
    return one(connection, number)


def counts(connection: sa.Connection) -> Mapping[str, Counts]:
    """Of each webhook that anything was for."""
    found: dict[str, dict[str, Any]] = {}
    rows = connection.execute(
        sa.select(deliveries.c.webhook, deliveries.c.state, sa.func.count().label("rows"))
        .group_by(deliveries.c.webhook, deliveries.c.state)
    )  # fmt: skip
    for row in rows:
        found.setdefault(row.webhook, {})[row.state] = row.rows
    waiting = connection.execute(
        sa.select(deliveries.c.webhook, sa.func.min(messages.c.at).label("oldest"))
        .join(messages, messages.c.id == deliveries.c.message)
        .where(deliveries.c.state == DeliveryState.pending.value)
        .group_by(deliveries.c.webhook)
    )
    for row in waiting:
        found[row.webhook]["oldest"] = row.oldest
    return {webhook: Counts(**of) for webhook, of in sorted(found.items())}


def give_up(connection: sa.Connection, webhook: str, before: datetime, now: datetime) -> int:
    """What has waited since before then is a dead letter; how many."""
    gone = connection.execute(
        deliveries.update()
        .where(*_pending(webhook), deliveries.c.since < before, *_unleased(now))
        .values(state=DeliveryState.dead.value, ended=now)
    )
    return gone.rowcount


def tidy(connection: sa.Connection, webhook: str, before: datetime) -> int:
    """Take away what was delivered or given up before then, and messages that are nobody's; how
    many deliveries."""
    gone = connection.execute(
        deliveries.delete().where(deliveries.c.webhook == webhook, deliveries.c.ended < before)
    )
    if gone.rowcount:
        named = sa.select(deliveries.c.message).where(deliveries.c.message == messages.c.id)
        connection.execute(messages.delete().where(~sa.exists(named)))
    return gone.rowcount


def strangers(connection: sa.Connection, known: Sequence[str]) -> list[str]:
    """Webhooks that something is kept for, and that the settings do not name any more."""
    named = connection.scalars(sa.select(deliveries.c.webhook).distinct())
    return sorted(set(named) - set(known))


def _pending(webhook: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        deliveries.c.state == DeliveryState.pending.value, deliveries.c.webhook == webhook,
    )  # fmt: skip


def _unleased(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (sa.or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now),)


def _free(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (deliveries.c.due <= now, *_unleased(now))


def _selected() -> sa.Select[Any]:
    of = deliveries.c
    return sa.select(
        of.number, of.message, of.webhook, of.state, of.since, of.due, of.attempts, of.ended,
        of.status, of.fault, messages.c.kind, messages.c.at,
    ).join(messages, messages.c.id == of.message)  # fmt: skip


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    values = {str(name): value for name, value in row.items()}
    return Delivery(**values | {"state": DeliveryState(values["state"])})
