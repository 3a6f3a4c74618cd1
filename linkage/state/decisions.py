"""Judgements by people: appended, attributed, never edited; a later one supersedes.

A decision about a cluster is about the accounts that were its members then, so that it holds for
them whatever becomes of the cluster's id. What it rested on (the run, and figures of the cluster)
is kept with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from linkage.errors import ConflictError, NotFound
from linkage.render import clean
from linkage.state.tables import answers, decision_accounts, decisions

_AT_ONCE = 500  # of accounts looked up: below every database's limit of parameters


class Action(StrEnum):
    """What is decided."""

    ban = "ban"
    watch = "watch"
    clear = "clear"
    not_same_operator = "not_same_operator"


STATES: Mapping[Action, str] = {
    Action.ban: "banned", Action.watch: "watched", Action.clear: "cleared",
}  # fmt: skip
OPEN = "open"


@dataclass(frozen=True)
class Subject:
    """What a decision is about.

    cluster_id   the cluster; None where accounts were named
    accounts     those named, or the cluster's members; of `not_same_operator`, one side
    others       of `not_same_operator`, the other side: an account, or the cluster's members
    """

    cluster_id: str | None
    accounts: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """One judgement. accounts, others: how many of each side; basis: what it rested on."""

    number: int
    at: datetime
    actor: str
    action: Action
    reason: str
    run: str | None
    cluster_id: str | None
    accounts: int
    others: int
    basis: Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What `append` did; `again`: it had been made by the same request before."""

    decision: Decision
    again: bool


def append(
    connection: sa.Connection,
    actor: str,
    action: Action,
    subject: Subject,
    reason: str,
    *,
    run: str | None = None,
    basis: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Made:
    """Write a decision down.

    key   names the request of this actor: the same request again changes nothing and gives the
          decision that it made; another request with it is a ConflictError.
    """
    request = _digest(action, subject, reason)
    if key is not None:
        before = _answered(connection, actor, key, request)
        if before is not None:
            return Made(before, again=True)
    now = datetime.now(UTC)
    values = {
        "at": now, "actor": actor, "action": action.value, "reason": reason, "run": run,
        "cluster_id": subject.cluster_id, "basis": dict(basis or {}),
    }  # fmt: skip
    made = connection.execute(decisions.insert(), values).inserted_primary_key
    assert made is not None
    number = int(made[0])
    rows = [
        {"number": number, "side": side, "account_id": account}
        for side, accounts in enumerate((subject.accounts, subject.others))
        for account in dict.fromkeys(accounts)
    ]
    connection.execute(decision_accounts.insert(), rows)
    if key is not None:
        answer = {"actor": actor, "key": key, "request": request, "number": number, "at": now}
        connection.execute(answers.insert(), answer)
    return Made(one(connection, number), again=False)


def one(connection: sa.Connection, number: int) -> Decision:
    """A decision by its number; NotFound where there is none."""
    found = _read(connection, decisions.c.number == number)
    if not found:
        raise NotFound(f"there is no decision {number}")
    return found[0]


def page(
    connection: sa.Connection,
    *,
    cluster_id: str | None = None,
    account_id: str | None = None,
    action: Action | None = None,
    before: int | None = None,
    most: int = 100,
) -> list[Decision]:
    """Decisions, the latest first: of a cluster, of an account (also through its cluster), or of
    an action; `before` a number, for the next page."""
    where: list[sa.ColumnElement[bool]] = []
    if cluster_id is not None:
        where.append(decisions.c.cluster_id == cluster_id)
    if account_id is not None:
        named = sa.select(decision_accounts.c.number)
        named = named.where(decision_accounts.c.account_id == account_id)
        where.append(decisions.c.number.in_(named))
    if action is not None:
        where.append(decisions.c.action == action.value)
    if before is not None:
        where.append(decisions.c.number < before)
    return _read(connection, *where, most=most)


def count(connection: sa.Connection) -> int:
    """How many there are."""
    return int(connection.scalar(sa.select(sa.func.count()).select_from(decisions)) or 0)


def after(connection: sa.Connection, number: int) -> list[Decision]:
    """Those with higher numbers, in their order."""
    return _read(connection, decisions.c.number > number)[::-1]


def accounts_after(connection: sa.Connection, number: int) -> list[tuple[str, int]]:
    """The accounts of both sides of decisions with higher numbers, with these, in their order."""
    table = decision_accounts
    query = sa.select(table.c.account_id, table.c.number).where(table.c.number > number)
    return [
        (row.account_id, row.number) for row in connection.execute(query.order_by(table.c.number))
    ]


def accounts_of(connection: sa.Connection, number: int, side: int = 0) -> list[str]:
    """The accounts of one side of a decision, by id."""
    table = decision_accounts
    query = sa.select(table.c.account_id).where(table.c.number == number, table.c.side == side)
    return list(connection.scalars(query.order_by(table.c.account_id)))


def runs(connection: sa.Connection) -> dict[int, str]:
    """Number of a decision -> id of the run that it was made on, where that is known."""
    named = sa.select(decisions.c.number, decisions.c.run).where(decisions.c.run.is_not(None))
    return {row.number: row.run for row in connection.execute(named)}


def cluster_states(connection: sa.Connection) -> dict[str, str]:
    """Cluster -> state, of those about which something was decided; others are open."""
    last = (
        sa.select(sa.func.max(decisions.c.number))
        .where(decisions.c.cluster_id.is_not(None), decisions.c.action.in_(list(STATES)))
        .group_by(decisions.c.cluster_id)
    )
    rows = connection.execute(
        sa.select(decisions.c.cluster_id, decisions.c.action).where(decisions.c.number.in_(last))
    )
    return {row.cluster_id: STATES[Action(row.action)] for row in rows}


def account_states(connection: sa.Connection, accounts: Iterable[str]) -> dict[str, str]:
    """Account -> state, of those about which something was decided, by itself or in a cluster."""
    wanted, table = list(dict.fromkeys(accounts)), decision_accounts
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = connection.execute(
            sa.select(table.c.account_id, decisions.c.action)
            .join(decisions, decisions.c.number == table.c.number)
            .where(table.c.account_id.in_(some), decisions.c.action.in_(list(STATES)))
            .order_by(decisions.c.number)
        )
        found |= {row.account_id: STATES[Action(row.action)] for row in rows}
    return found


def _read(connection: sa.Connection, *where: Any, most: int | None = None) -> list[Decision]:
    table = decision_accounts
    sizes = [
        sa.select(sa.func.count())
        .where(table.c.number == decisions.c.number, table.c.side == side)
        .scalar_subquery()
        for side in (0, 1)
    ]
    query = sa.select(decisions, sizes[0].label("accounts"), sizes[1].label("others"))
    query = query.where(*where).order_by(decisions.c.number.desc())
    rows = connection.execute(query if most is None else query.limit(most)).mappings()
    return [Decision(**{**row, "action": Action(row["action"])}) for row in rows]


def _answered(connection: sa.Connection, actor: str, key: str, request: bytes) -> Decision | None:
    found = connection.execute(
        answers.select().where(answers.c.actor == actor, answers.c.key == key)
    ).first()
    if found is None:
        return None
    if found.request != request:
        raise ConflictError(
            f"{clean(key, 80)}: this idempotency key stands for another request already; "
            "take a new one"
        )
    return one(connection, found.number)


def _digest(action: Action, subject: Subject, reason: str) -> bytes:
    """What was asked for. Of a cluster, its id: its members may have changed meanwhile."""
    of_cluster = subject.cluster_id is not None
    parts: Sequence[Any] = (
        action, subject.cluster_id, reason,
        [] if of_cluster and not subject.others else subject.accounts,
        [] if of_cluster else subject.others,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).digest()
