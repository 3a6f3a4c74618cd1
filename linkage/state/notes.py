"""What investigators write down about a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from linkage.state.tables import notes


@dataclass(frozen=True)
class Note:
    """One note."""

    number: int
    at: datetime
    actor: str
    cluster_id: str
    text: str


def append(connection: sa.Connection, actor: str, cluster_id: str, text: str) -> Note:
    """Write one down."""
    now = datetime.now(UTC)
    values = {"at": now, "actor": actor, "cluster_id": cluster_id, "text": text}
    made = connection.execute(notes.insert(), values).inserted_primary_key
    assert made is not None
    return Note(made[0], now, actor, cluster_id, text)


def of_cluster(
    connection: sa.Connection, cluster_id: str, after: int = 0, most: int = 100
) -> list[Note]:
    """A cluster's notes, the oldest first."""
    rows = connection.execute(
        notes.select()
        .where(notes.c.cluster_id == cluster_id, notes.c.number > after)
        .order_by(notes.c.number)
        .limit(most)
    )
    return [Note(row.number, row.at, row.actor, row.cluster_id, row.text) for row in rows]
