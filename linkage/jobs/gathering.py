"""Few files for a detection, where the journal has sealed many.

Each of a detection's queries opens every file, so that ten thousand of them cost minutes, and a
month has 43,000 where one is sealed a minute. So small segments are put together first: a
millisecond each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.journal.segments import ROWS
from linkage.readers.parts import PSEUDONYMS
from linkage.readers.parts import key_of as pseudonyms_of

FEW = 64  # files that may as well be read as they are
SMALL = 16 << 20  # bytes


def gathered(segments: Sequence[Path], folder: Path) -> list[Path]:
    """The same events in a few files: large segments, and new files in a folder, which is made.

    Files with other columns, as other settings left them, stay apart, and so do those whose names
    are pseudonyms of another key, or are as they came. A new file is named after the first that is
    in it.
    """
    small = [path for path in segments if path.stat().st_size < SMALL]
    if len(small) <= FEW:
        return list(segments)
    folder.mkdir()
    made: dict[tuple[pa.Schema, str | None], _Together] = {}
    with ExitStack() as files:
        for path in small:
            with pq.ParquetFile(path) as file:
                table = _marked_alone(file.read())
            sort = table.schema.remove_metadata(), pseudonyms_of(table.schema)
            if sort not in made:
                new = _Together(folder / path.name, table.schema)
                made[sort] = files.enter_context(new)
            made[sort].add(table)
    large = set(segments) - set(small)
    return [*sorted(large), *(together.path for together in made.values())]


def _marked_alone(table: pa.Table) -> pa.Table:
    """Without what else libraries write into a file's metadata."""
    key = pseudonyms_of(table.schema)
    return table.replace_schema_metadata(None if key is None else {PSEUDONYMS: key})


class _Together:
    """One file of many: its row groups have many rows, as each costs as much as a file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROWS:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=ROWS)
        self._waiting, self._rows = [], 0

    def __enter__(self) -> _Together:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()
        self._writer.close()
