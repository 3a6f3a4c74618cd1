"""The judgements that hold, from decisions and the allowlist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from linkage.banlist.entries import Decided, Standing
from linkage.judgements import Apart
from linkage.state import allowlist
from linkage.state.allowlist import Sort
from linkage.state.decisions import STATES, Action
from linkage.state.tables import decision_accounts, decisions, erasures


@dataclass(frozen=True)
class Holding:
    """What holds now; as in `linkage.judgements.Judgements`."""

    cleared: Mapping[str, int]
    apart: tuple[Apart, ...]
    accounts: frozenset[str]
    organisations: frozenset[str]
    artifacts: frozenset[tuple[str, str]]
    decisions: int
    allowlist: str


def holding(connection: sa.Connection) -> Holding:
    """All of one moment, if it is of one transaction."""
    listed = allowlist.current(connection)
    entries = [allowed.entry for allowed in listed.entries]
    return Holding(
        cleared=_cleared(connection),
        apart=tuple(_apart(connection)),
        accounts=frozenset(e.value for e in entries if e.sort is Sort.account),
        organisations=frozenset(e.value for e in entries if e.sort is Sort.organisation),
        artifacts=frozenset((e.kind, e.value) for e in entries if e.sort is Sort.artifact),
        decisions=connection.scalar(sa.select(sa.func.max(decisions.c.number))) or 0,
        allowlist=listed.version if entries else "",
    )


def standing(connection: sa.Connection) -> Standing:
    """Whom people have decided to ban, and who is never to be listed."""
    listed = allowlist.current(connection)
    allowed = {a.entry.value for a in listed.entries if a.entry.sort is Sort.account}
    return Standing(
        banned={
            row.account_id: Decided(row.number, row.at, row.cluster_id)
            for row in _last(connection, Action.ban)
        },
        spared=frozenset(allowed | _cleared(connection).keys()),
        decisions=connection.scalar(sa.select(sa.func.max(decisions.c.number))) or 0,
        allowlist=listed.version,
    )


def decided(connection: sa.Connection) -> dict[str, tuple[Action, str | None]]:
    """Account -> what was decided about it last, and the cluster that this was about."""
    return {
        row.account_id: (action, row.cluster_id)
        for action in STATES
        for row in _last(connection, action)
    }


def _cleared(connection: sa.Connection) -> dict[str, int]:
    """Accounts about which the last that was decided is that they are innocent."""
    return {row.account_id: row.number for row in _last(connection, Action.clear)}


def _last(connection: sa.Connection, action: Action) -> Sequence[Any]:
    """account_id, number, at, cluster_id of the accounts about which this was decided last, but for
    those that were erased."""
    table = decision_accounts
    last = (
        sa.select(table.c.account_id, sa.func.max(table.c.number).label("number"))
        .join(decisions, decisions.c.number == table.c.number)
        .where(decisions.c.action.in_(list(STATES)))
        .where(table.c.account_id.not_in(sa.select(erasures.c.tombstone)))
        .group_by(table.c.account_id)
        .subquery()
    )
    return connection.execute(
        sa.select(last.c.account_id, last.c.number, decisions.c.at, decisions.c.cluster_id)
        .join(decisions, decisions.c.number == last.c.number)
        .where(decisions.c.action == action.value)
        .order_by(last.c.account_id)
    ).all()


def _apart(connection: sa.Connection) -> Iterator[Apart]:
    """Those whom nobody has decided to ban together since: that says that they are one."""
    made = connection.execute(
        sa.select(decisions.c.number, decisions.c.cluster_id)
        .where(decisions.c.action == Action.not_same_operator.value)
        .order_by(decisions.c.number)
    ).all()
    for row in made:
        sides = _sides(connection, row.number)
        for account in sides[0]:
            banned = _banned_with(connection, account, row.number)
            others = tuple(other for other in sides[1] if other not in banned)
            if others:
                yield Apart(row.number, account, others, strict=row.cluster_id is not None)


def _sides(connection: sa.Connection, number: int) -> tuple[list[str], list[str]]:
    table = decision_accounts
    sides: tuple[list[str], list[str]] = ([], [])
    query = sa.select(table.c.side, table.c.account_id).where(table.c.number == number)
    for row in connection.execute(query.order_by(table.c.account_id)):
        sides[row.side].append(row.account_id)
    return sides


def _banned_with(connection: sa.Connection, account: str, after: int) -> frozenset[str]:
    """All that later decisions to ban name beside an account."""
    mine, theirs = decision_accounts.alias(), decision_accounts.alias()
    rows = connection.scalars(
        sa.select(theirs.c.account_id)
        .join(mine, mine.c.number == theirs.c.number)
        .join(decisions, decisions.c.number == theirs.c.number)
        .where(
            mine.c.account_id == account,
            decisions.c.action == Action.ban.value,
            decisions.c.number > after,
        )
        .distinct()
    )
    return frozenset(rows)
