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
    repeated = _not_blank(con, events, repeated)
    if not len(repeated):
        return events, 0
    keys = _keys(con, repeated, workdir)
    keyed = events.mutate(key=hash64(events.event_id))
    # Kept once, as the wide scan that finds them is the dear part.
    copies = _file(con, keyed.semi_join(keys, "key").drop("key"), workdir / "copies.parquet")
    first = ibis.row_number().over(group_by="event_id", order_by=list(events.columns))
    smallest = copies.mutate(rank=first).filter(lambda t: t.rank == 0).drop("rank")
    kept = _file(con, smallest, workdir / "repeated-events.parquet")
    dropped = _rows(workdir / "copies.parquet") - _rows(workdir / "repeated-events.parquet")
    (workdir / "copies.parquet").unlink()
    if not dropped:
        return events, 0
    return keyed.anti_join(keys, "key").drop("key").union(kept), dropped


def _file(con: Backend, table: ir.Table, path: Path) -> ir.Table:
    con.to_parquet(table, path)
    return con.read_parquet(str(path)).cast(table.schema())


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def _not_blank(con: Backend, events: ir.Table, repeated: Hashes) -> Hashes:
    """The hashes without those of blank ids and of null, which name no event."""
    if not len(repeated):
        return repeated
    ids = events.select("event_id")
    # What is blank sorts before `!`: with that, a Parquet file's statistics spare most of it.
    blank = ids.filter((ids.event_id < "!") & (ids.event_id.strip() == "")).distinct()
    hashes = con.to_pyarrow(blank.select(key=hash64(blank.event_id)))["key"].to_numpy()
    null = con.to_pyarrow(hash64(ibis.null("string"))).as_py()
    return np.setdiff1d(repeated, np.append(hashes, np.uint64(null)))


def _keys(con: Backend, hashes: Hashes, workdir: Path) -> ir.Table:
    """Hashes as a table, in a file: the expression that uses them is run again and again."""
    path = workdir / f"repeated-ids-{len(hashes)}.parquet"
    pq.write_table(pa.table({"key": hashes}), path)
    return con.read_parquet(str(path))
