"""An account's name goes out of the state: a tombstone, which tells nothing, stands in its place.

Numbers and their order stay, and what was decided, when and by whom.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from linkage.render import clean
from linkage.state import audit
from linkage.state.allowlist import Sort
from linkage.state.audit import AuditEntry
from linkage.state.tables import allowlist, answers, decision_accounts, decisions, erasures, notes
from linkage.state.tables import audit as entries

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
FORM = re.compile(r"erased-[a-z2-7]{26}")
ACTION = "erase"  # as the audit has it
# Actions of the audit whose subjects name accounts.
_SUBJECTS = ("account", "statement", "link", "decisions", "artifact", "look up")
_CUT = 100  # characters of a long name that a subject of the audit surely has
_TEXTS = (
    (decisions, "number", "reason"), (allowlist, "number", "reason"), (notes, "number", "text"),
)  # fmt: skip


@dataclass(frozen=True)
class Erasure:
    """An account that is to be erased.

    account      its name as it is kept;  names: all that it is known to go by, this among them
    tombstone    what stands where it was named
    kinds        of artifacts that are accounts themselves
    actor, reason, at, request_id   as the audit has them
    """

    account: str
    names: tuple[str, ...]
    tombstone: str
    kinds: tuple[str, ...]
    actor: str
    reason: str
    at: datetime
    request_id: str = ""


def tombstone() -> str:
    """A new one, which nobody can guess."""
    return "erased-" + "".join(secrets.choice(_LETTERS) for _ in range(26))


def withheld(text: str, names: Collection[str], instead: str) -> str:
    """A text with something else wherever one of the names stands by itself."""
    every = sorted({form for name in names for form in (name, clean(name))}, key=len, reverse=True)
    for name in every:
        found = rf"(?<![\w@-])(?<!\w\.){re.escape(name)}(?![\w@-]|\.\w)"
        text = re.sub(found, lambda _: instead, text)
    return text


def known(connection: sa.Connection) -> frozenset[str]:
    """All tombstones."""
    return frozenset(connection.scalars(sa.select(erasures.c.tombstone)))


def replace(connection: sa.Connection, erasure: Erasure) -> int:
    """Put the tombstone in the place of the account, wherever it is named; how many rows did."""
    return (
        _decided(connection, erasure)
        + _allowed(connection, erasure)
        + sum(_written(connection, erasure, *where) for where in _TEXTS)
        + _audited(connection, erasure)
    )


def register(connection: sa.Connection, erasure: Erasure) -> None:
    """Write down that an account was erased, once: who did so, when and why, not whom."""
    if erasure.tombstone in known(connection):
        return
    row = {name: getattr(erasure, name) for name in ("tombstone", "at", "actor", "reason")}
    connection.execute(erasures.insert(), row)
    subject = clean(f"{erasure.tombstone}: {erasure.reason}", 300)
    said = AuditEntry(erasure.at, erasure.actor, ACTION, subject, erasure.request_id)
    audit.append(connection, [said])


def _decided(connection: sa.Connection, erasure: Erasure) -> int:
    """A digest of a request that named it could be guessed: it goes, so that the same request again
    is a new one."""
    table = decision_accounts
    numbers = list(
        connection.scalars(
            sa.select(table.c.number).where(table.c.account_id == erasure.account).distinct()
        )
    )
    for number in numbers:
        connection.execute(answers.delete().where(answers.c.number == number))
    connection.execute(
        table.update()
        .where(table.c.account_id == erasure.account)
        .values(account_id=erasure.tombstone)
    )
    return len(numbers)


def _allowed(connection: sa.Connection, erasure: Erasure) -> int:
    """An entry that names it is over."""
    named = sa.and_(
        allowlist.c.value == erasure.account,
        sa.or_(
            allowlist.c.sort == Sort.account.value,
            sa.and_(allowlist.c.sort == Sort.artifact.value, allowlist.c.kind.in_(erasure.kinds)),
        ),
    )
    over = {"ended": erasure.at, "ended_by": erasure.actor}
    connection.execute(allowlist.update().where(named, allowlist.c.ended.is_(None)).values(over))
    done = connection.execute(allowlist.update().where(named).values(value=erasure.tombstone))
    return int(done.rowcount)


def _written(
    connection: sa.Connection, erasure: Erasure, table: sa.Table, key: str, column: str
) -> int:
    """Free text, in which it may stand by itself."""
    changed = 0
    for row in _holding(connection, erasure, table, [table.c[key], table.c[column]], column):
        told = withheld(row[1], erasure.names, erasure.tombstone)
        if told != row[1]:
            changed += 1
            where = table.c[key] == row[0]
            connection.execute(table.update().where(where).values({column: told}))
    return changed


def _audited(connection: sa.Connection, erasure: Erasure) -> int:
    """What was read; a long name may have been cut off there."""
    changed = 0
    columns = [entries.c.number, entries.c.subject]
    for row in _holding(connection, erasure, entries, columns, "subject"):
        told = withheld(row.subject, erasure.names, erasure.tombstone)
        cut = [name for name in map(clean, erasure.names) if len(name) > _CUT]
        if any(name[:_CUT] in told for name in cut):
            told = erasure.tombstone
        if told != row.subject:
            changed += 1
            where = entries.c.number == row.number
            connection.execute(entries.update().where(where).values(subject=told))
    return changed


def _holding(
    connection: sa.Connection,
    erasure: Erasure,
    table: sa.Table,
    columns: Iterable[sa.Column[Any]],
    column: str,
) -> Sequence[Any]:
    """Rows in which a name may be."""
    forms = {form[:_CUT] for name in erasure.names for form in (name, clean(name))}
    may = sa.or_(*(table.c[column].contains(form, autoescape=True) for form in sorted(forms)))
    if table is entries:
        may = sa.and_(may, entries.c.action.in_(_SUBJECTS))
    return connection.execute(sa.select(*columns).where(may)).all()
