"""Events go after so many days, by when they happened; what a decision rested on stays with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.disk import synced
from linkage.errors import PrivacyError
from linkage.jobs.tidying import alone
from linkage.journal import Journal
from linkage.journal.segments import Places, write_events
from linkage.privacy.guard import check_settled
from linkage.privacy.sweeping import sweep
from linkage.render import clean
from linkage.state import State
from linkage.workspace import Workspace


@dataclass(frozen=True)
class Expired:
    """What went.

    events    out of segments;  files: of rows that could not be used, and of what crashes left
    vault     rows that nothing needs any more
    """

    events: int
    files: int
    vault: int


def expire(
    workspace: Workspace,
    state: State,
    days: int,
    journal: Journal | None = None,
    now: datetime | None = None,
) -> Expired:
    """Take away what is older than so many days.

    journal   of the service that takes in events meanwhile. Without one, hold the journal

    PrivacyError where a detection goes on, which reads the segments: try again when it is done; and
    where names are being re-keyed.
    """
    check_settled(workspace.path)
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    places = Places(workspace.path)
    try:
        with alone(workspace, wait=False):
            places.remember_numbers()
            events = sum(_aged(places.segment(number), before) for number in places.sealed())
            files = sum(_gone(path, before) for path in _others(places))
            for folder in (places.events, places.quarantine, places.journal):
                synced(folder)
            vault = _swept(workspace, state, journal) if events or files else 0
    except BlockingIOError:
        raise PrivacyError(
            f"{clean(workspace.path)}: a detection goes on, and reads what would go"
        ) from None
    return Expired(events, files, vault)


def _swept(workspace: Workspace, state: State, journal: Journal | None) -> int:
    places = Places(workspace.path)
    if not places.in_vault():
        return 0
    if journal is not None:
        journal.forget_vaulted()
        journal.seal()
    return sweep(workspace.path, state, max(places.in_vault()))


def _aged(segment: Path, before: datetime) -> int:
    """Take the events that are too old out of a segment; how many."""
    first, last, rows = _span(segment)
    if last < before:
        segment.unlink()
        return rows
    if first >= before:
        return 0
    table = pq.read_table(segment)
    young = table.filter(pc.greater_equal(table["ts"], pa.scalar(before, table["ts"].type)))
    write_events(segment, [young])
    return rows - young.num_rows


def _span(segment: Path) -> tuple[datetime, datetime, int]:
    """First and last time of a segment and how many events it has, from its footer."""
    meta = pq.read_metadata(segment)
    at = meta.schema.names.index("ts")
    groups = [meta.row_group(number).column(at).statistics for number in range(meta.num_row_groups)]
    return min(g.min for g in groups), max(g.max for g in groups), meta.num_rows


def _others(places: Places) -> Iterator[Path]:
    """Files that have no times of their own that could be trusted: when they were written
    counts."""
    yield from places.quarantine.glob("[0-9]*.ndjson")
    yield from places.journal.glob("*.tail")


def _gone(path: Path, before: datetime) -> bool:
    if datetime.fromtimestamp(path.stat().st_mtime, UTC) >= before:
        return False
    path.unlink()
    return True
