"""Files that are written anew with other names in them: each by one rename, in the form that it
had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.journal.segments import published

UNFINISHED = ".writing"  # ends the name of what is to be renamed
Change = Callable[[pa.Table], pa.Table]
Mark = dict[bytes, bytes]


def changed_groups(path: Path, change: Change, mark: Mark | None = None) -> None:
    """Change a Parquet file group by group of its rows, never all of it in memory. mark: what it
    says of itself from then on, as before if not given."""
    with pq.ParquetFile(path) as file:
        found = (change(file.read_row_group(n)) for n in range(file.num_row_groups))
        _written(path, file, ((table, max(1, table.num_rows)) for table in found), mark)


def replaced_table(path: Path, table: pa.Table, mark: Mark | None = None) -> None:
    """Put a table in the place of a Parquet file's, in groups of as many rows."""
    with pq.ParquetFile(path) as file:
        rows = file.metadata.row_group(0).num_rows if file.num_row_groups else 0
        _written(path, file, iter([(table, max(1, rows))]), mark)


def replaced_bytes(path: Path, data: bytes) -> None:
    """Put other bytes in the place of a file's."""
    new = path.with_name(path.name + UNFINISHED)
    new.write_bytes(data)
    published(new, path)


def _written(
    path: Path, file: pq.ParquetFile, tables: Iterator[tuple[pa.Table, int]], mark: Mark | None
) -> None:
    new = path.with_name(path.name + UNFINISHED)
    schema = file.schema_arrow if mark is None else file.schema_arrow.with_metadata(mark)
    with pq.ParquetWriter(new, schema, **form(file.metadata)) as writer:
        for table, rows in tables:
            writer.write_table(table.cast(schema), row_group_size=rows)
    published(new, path)


def form(meta: pq.FileMetaData) -> dict[str, Any]:
    """How a file was packed: which columns have dictionaries."""
    if not meta.num_row_groups:
        return {"compression": "zstd"}
    group = meta.row_group(0)
    columns = (group.column(n) for n in range(group.num_columns))
    packed = [column.path_in_schema for column in columns if column.has_dictionary_page]
    return {"compression": "zstd", "use_dictionary": packed}
