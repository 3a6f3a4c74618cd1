"""One pass over ids and addresses: which ids may repeat, which addresses may be impossible."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.backends.duckdb import Backend

from linkage.readers.addresses import unsure
from linkage.readers.parts import Part

BATCH_ROWS = 1 << 17
COMPACT_ROWS = 1 << 20

Hashes = npt.NDArray[np.uint64]


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string,), dt.uint64))
def hash64(value):  # type: ignore[no-untyped-def]
    """DuckDB's hash of a text, 64 bits."""
    raise NotImplementedError


class IdHashes:
    """A hash of every event id; 8 bytes each, where a group-by of 41 M took 9 s and 1.3 GB."""

    def __init__(self, rows: int) -> None:
        self._hashes: Hashes = np.empty(rows, np.uint64)
        self._filled = 0

    def add(self, hashes: pa.Array) -> None:
        """More hashes, of null as well: that is one more hash that repeats."""
        end = self._filled + len(hashes)
        self._hashes[self._filled : end] = hashes.to_numpy()
        self._filled = end

    def repeated(self) -> Hashes:
        """The hashes that came more than once, sorted. Call it once: it sorts in place."""
        hashes = self._hashes[: self._filled]
        hashes.sort()
        return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def pass_over(con: Backend, part: Part, ids: IdHashes) -> pa.Array:
    """Add the part's id hashes to `ids`; return its distinct doubtful addresses. Those of
    pseudonyms were looked at before they were made."""
    columns: dict[str, ir.Value] = {}
    if "event_id" in part.mapping:
        columns["id"] = hash64(part.events.event_id)
    if "ip" in part.mapping and part.pseudonyms is None:
        columns["ip"] = part.events.ip
    doubtful: list[pa.Array] = []
    for batch in _batches(con, part.events.select(**columns)) if columns else ():
        if "id" in columns:
            ids.add(batch["id"])
        if "ip" in columns:
            doubtful = _compact([*doubtful, unsure(batch["ip"])])
    return _distinct(doubtful)


def _batches(con: Backend, table: ir.Table) -> Iterator[pa.RecordBatch]:
    """Streams: `Backend.to_pyarrow_batches` of Ibis 12 calls what DuckDB 2 no longer has."""
    yield from con.con.sql(table.compile()).to_arrow_reader(BATCH_ROWS)


def _compact(arrays: list[pa.Array]) -> list[pa.Array]:
    if len(arrays) > 1 and sum(map(len, arrays)) > max(COMPACT_ROWS, 2 * len(arrays[0])):
        return [_distinct(arrays)]
    return arrays


def _distinct(arrays: list[pa.Array]) -> pa.Array:
    return pa.concat_arrays([pa.array([], pa.string()), *arrays]).unique()
