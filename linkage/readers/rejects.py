"""The quarantine: rows that cannot be used, with the place and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

COLUMNS = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("row", pa.string())]
)
"""`file` as it was given; `line` from 1 (of Parquet, the row); `row` is JSON, text or object."""

FLUSH_ROWS = 50_000
FLUSH_BYTES = 32 << 20


class Quarantine(Protocol):
    """Takes in what cannot be used."""

    def add(self, file: str, line: int, reason: str, raw: bytes) -> None:
        """One line of a text that could not be read."""


def told(raw: bytes) -> str:
    """A line as JSON; bytes that are no text as `\\xff`."""
    text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
    return json.dumps(text, ensure_ascii=False)


class Rejects:
    """Collects bad rows in small Parquet files and makes one sorted NDJSON file of them.

    `count` is how many; `sifted`, how many of them were rows of a table and not just lines.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[tuple[str, int, str, str]] = []
        self._bytes = 0
        self._pieces: list[Path] = []
        self.count = self.sifted = 0

    def add(self, file: str, line: int, reason: str, raw: bytes) -> None:
        """One line of a text that could not be read."""
        self._rows.append((file, line, reason, told(raw)))
        self._bytes += len(raw)
        self.count += 1
        if len(self._rows) >= FLUSH_ROWS or self._bytes >= FLUSH_BYTES:
            self._flush()

    def add_table(self, con: Backend, rows: ir.Table) -> int:
        """Rows of a table with COLUMNS; returns how many they are."""
        path = self._folder / f"rejects-{len(self._pieces):06d}.parquet"
        con.to_parquet(rows.select(*COLUMNS.names), path)
        count = int(pq.read_metadata(path).num_rows)
        self._pieces += [path] if count else []
        self.count += count
        self.sifted += count
        return count

    def reasons(self, con: Backend) -> dict[str, int]:
        """How many rows have which reason, the most frequent first."""
        self._flush()
        if not self._pieces:
            return {}
        counts = self._table(con).group_by("reason").agg(n=lambda t: t.count())
        found = con.to_pyarrow(counts).to_pylist()
        found.sort(key=lambda row: (-row["n"], row["reason"]))
        return {row["reason"]: row["n"] for row in found}

    def write(self, con: Backend, path: Path) -> Path | None:
        """One object a line, by file and line; None, and no file, where there is no bad row."""
        self._flush()
        path.unlink(missing_ok=True)
        if not self._pieces:
            return None
        rows = self._table(con)
        rows = rows.order_by("file", "line", "reason", "row")
        # Ibis has no JSON output; a parameter would be cleaner than quoting, but COPY takes none.
        target = str(path).replace("'", "''")
        query = rows.mutate(row=rows.row.cast("json")).compile()
        con.raw_sql(f"COPY ({query}) TO '{target}' (FORMAT json)")
        for piece in self._pieces:
            piece.unlink()
        return path

    def _table(self, con: Backend) -> ir.Table:
        return con.read_parquet([str(piece) for piece in self._pieces])

    def _piece(self) -> Path:
        self._pieces.append(self._folder / f"rejects-{len(self._pieces):06d}.parquet")
        return self._pieces[-1]

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [
            pa.array(column, type_)
            for column, type_ in zip(zip(*self._rows, strict=True), COLUMNS.types, strict=True)
        ]
        pq.write_table(pa.table(columns, schema=COLUMNS), self._piece())
        self._rows, self._bytes = [], 0
