"""An event that came twice counts once, and which copy is kept does not depend on order."""

from __future__ import annotations

from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.readers.scan import Hashes, hash64


def without(
    con: Backend, events: ir.Table, repeated: Hashes, workdir: Path
) -> tuple[ir.Table, int]:
    """The events, each id once, and how many rows are left out.

    Only rows whose hash repeats are looked at exactly, and of each id the smallest row is kept,
    by all columns in order. With no repeats the expression stays as it is.
    """
    repeated = _not_blank(con, events, repeated, workdir)
    if not len(repeated):
        return events, 0
    keys = _keys(con, repeated, workdir)
    keyed = events.mutate(key=hash64(events.event_id))
    again = keyed.semi_join(keys, "key").drop("key")
    first = ibis.row_number().over(group_by="event_id", order_by=list(events.columns))
    kept = again.mutate(rank=first).filter(lambda t: t.rank == 0).drop("rank")
    path = workdir / "repeated-events.parquet"
    con.to_parquet(kept, path)
    dropped = int(con.to_pyarrow(again.count()).as_py()) - pq.read_metadata(path).num_rows
    if not dropped:
        return events, 0
    once = keyed.anti_join(keys, "key").drop("key")
    return once.union(con.read_parquet(str(path)).cast(events.schema())), dropped


def _not_blank(con: Backend, events: ir.Table, repeated: Hashes, workdir: Path) -> Hashes:
    """The hashes without those of blank ids, which name no event. (A null has a hash as well.)"""
    if not len(repeated):
        return repeated
    keyed = events.select("event_id", key=hash64(events.event_id))
    found = keyed.semi_join(_keys(con, repeated, workdir), "key")
    blank = found.filter(found.event_id.isnull() | (found.event_id.strip() == "")).select("key").distinct()
    return np.setdiff1d(repeated, con.to_pyarrow(blank)["key"].to_numpy(), assume_unique=True)


def _keys(con: Backend, hashes: Hashes, workdir: Path) -> ir.Table:
    """Hashes as a table, in a file: the expression that uses them is run again and again."""
    path = workdir / f"repeated-ids-{len(hashes)}.parquet"
    pq.write_table(pa.table({"key": hashes}), path)
    return con.read_parquet(str(path))
