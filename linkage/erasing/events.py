"""An account goes out of the events that came in: its own go, and others' no longer name it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.disk import synced
from linkage.erasing.rows import without_rows
from linkage.journal.segments import Places, write_events
from linkage.privacy.pseudonyms import is_pseudonym
from linkage.privacy.rewriting import UNFINISHED
from linkage.state.erasures import Erasure


def erase(places: Places, erasure: Erasure, columns: Collection[str]) -> int:
    """Take it out of all segments, and of rows that could not be used; how many went. What crashes
    left goes as well, whosever it was. To be called alone.

    columns   of events, whose values are accounts
    """
    places.remember_numbers()
    gone = sum(_of_segment(places.segment(n), erasure, columns) for n in places.sealed())
    gone += sum(without_rows(path, erasure) for path in places.quarantine.glob("[0-9]*.ndjson"))
    clear_left(places)
    return gone


def clear_left(places: Places) -> None:
    """Take away half-written ends of the journal's files, and what was to become something that is
    there."""
    for path in _left(places):
        path.unlink()
    for folder in (places.events, places.quarantine, places.vault, places.journal):
        synced(folder)


def _of_segment(segment: Path, erasure: Erasure, columns: Collection[str]) -> int:
    """How many events went, or name it no longer."""
    schema, account = pq.read_schema(segment), erasure.account
    keyed = is_pseudonym(account)
    # Nothing but an account has its pseudonym, whichever column it is a part of.
    texts = [one.name for one in schema if pa.types.is_string(one.type)] if keyed else columns
    others = [name for name in texts if name in schema.names and name != "account_id"]
    looked = pq.read_table(segment, columns=["account_id", *others])
    is_one = pc.equal(looked["account_id"], account)
    naming = {name: _has(looked[name], account, keyed) for name in others}
    naming = {name: mask for name, mask in naming.items() if pc.any(mask).as_py()}
    count = pc.sum(is_one).as_py() or 0
    if not (count or naming):
        return 0
    table = pq.read_table(segment)
    for name, mask in naming.items():
        place = table.schema.get_field_index(name)
        nothing = pa.scalar(None, table.schema.field(place).type)
        table = table.set_column(
            place, table.schema.field(place), pc.if_else(mask, nothing, table[name])
        )
    kept = table.filter(pc.invert(is_one))
    if kept.num_rows:
        write_events(segment, [kept])
    else:
        segment.unlink()
    return int(count) + sum(int(pc.sum(mask).as_py()) for mask in naming.values())


def _has(texts: pa.ChunkedArray, account: str, keyed: bool) -> pa.ChunkedArray:
    found = pc.match_substring(texts, account) if keyed else pc.equal(texts, account)
    return pc.fill_null(found, False)


def _left(places: Places) -> Iterator[Path]:
    yield from places.journal.glob("*.tail")
    last = max(places.sealed(), default=0)
    for folder in (places.events, places.quarantine, places.vault):
        for path in folder.glob(f"[0-9]*{UNFINISHED}"):
            if int(path.name.partition(".")[0]) <= last:
                yield path
