"""The state under new pseudonyms, in one transaction, whose entry in the audit says that it is
done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from linkage.state import audit
from linkage.state.audit import AuditEntry
from linkage.state.tables import allowlist, answers, decision_accounts, decisions, notes
from linkage.state.tables import audit as entries

ACTION = "rotate"  # as the audit has it
MARK = "~"  # begins every pseudonym
_AT_ONCE = 10_000
_TEXTS = (
    (allowlist, allowlist.c.value), (allowlist, allowlist.c.reason),
    (decisions, decisions.c.reason), (notes, notes.c.text), (entries, entries.c.subject),
)  # fmt: skip
Texts = Callable[[Sequence[str]], list[str]]


def rekey(connection: sa.Connection, texts: Texts, keys: str, actor: str, at: datetime) -> bool:
    """Re-key all pseudonyms, unless it was done; whether it was done now.

    texts   gives texts with the new pseudonyms in them;  keys: the names of the old and new keys

    Digests of requests that were answered are of old names: the same request again is a new one.
    """
    said = sa.select(entries.c.number).where(entries.c.action == ACTION, entries.c.subject == keys)
    if connection.execute(said.limit(1)).first() is not None:
        return False
    _accounts(connection, texts)
    for table, column in _TEXTS:
        _column(connection, table, column, texts)
    connection.execute(answers.delete())
    audit.append(connection, [AuditEntry(at, actor, ACTION, keys, "")])
    return True


def _accounts(connection: sa.Connection, texts: Texts) -> None:
    column = decision_accounts.c.account_id
    given = sa.select(column).where(column.startswith(MARK)).distinct()
    names = list(connection.scalars(given))
    change = (
        decision_accounts.update()
        .where(column == sa.bindparam("old"))
        .values(account_id=sa.bindparam("new"))
    )
    pairs = zip(names, texts(names), strict=True)
    _executed(connection, change, [{"old": old, "new": new} for old, new in pairs])


def _column(
    connection: sa.Connection, table: sa.Table, column: sa.Column[str], texts: Texts
) -> None:
    given = sa.select(table.c.number, column).where(column.contains(MARK))
    rows = connection.execute(given).all()
    change = (
        table.update()
        .where(table.c.number == sa.bindparam("row"))
        .values({column.name: sa.bindparam("new")})
    )
    made = texts([row[1] for row in rows])
    pairs = zip(rows, made, strict=True)
    _executed(connection, change, [{"row": row[0], "new": n} for row, n in pairs if n != row[1]])


def _executed(
    connection: sa.Connection, change: sa.Update, values: list[dict[str, object]]
) -> None:
    for start in range(0, len(values), _AT_ONCE):
        connection.execute(change, values[start : start + _AT_ONCE])
