"""Who read personal data, and who changed what: appended, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from linkage.state.tables import audit


@dataclass(frozen=True)
class AuditEntry:
    """One access. actor: the key's name and id; action: the operation; subject: of what."""

    at: datetime
    actor: str
    action: str
    subject: str
    request_id: str


def append(connection: sa.Connection, entries: Sequence[AuditEntry]) -> None:
    """Write them down."""
    if entries:
        connection.execute(audit.insert(), [vars(entry) for entry in entries])


def latest(connection: sa.Connection, most: int) -> list[AuditEntry]:
    """The last so many, the latest first."""
    rows = connection.execute(audit.select().order_by(audit.c.number.desc()).limit(most))
    return [AuditEntry(row.at, row.actor, row.action, row.subject, row.request_id) for row in rows]
