"""Texts become Parquet files of strings, one a text, which are then read like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

LINE = "__line__"
"""The column with the number of the line, from 1."""


class Rows(Protocol):
    """Takes in rows of texts."""

    def write(self, lines: pa.Array, columns: Sequence[pa.Array]) -> None:
        """Rows with their line numbers; a column for each name, in order."""


class Stage:
    """Writes batches of string columns, in a `with`; `seen` are those that ever had a value."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        fields = [(LINE, pa.int64()), *((name, pa.string()) for name in names)]
        self.path = path
        self.rows = 0
        self.seen: set[str] = set()
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(path, self._schema)

    def write(self, lines: pa.Array, columns: Sequence[pa.Array]) -> None:
        """Rows with their line numbers; a column for each name, in order."""
        if not len(lines):
            return
        table = pa.table([lines, *columns], schema=self._schema)
        self._writer.write_table(table)
        self.rows += table.num_rows
        names = self._schema.names[1:]
        self.seen |= {n for n, c in zip(names, columns, strict=True) if c.null_count < len(c)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
