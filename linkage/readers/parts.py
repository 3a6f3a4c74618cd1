"""Files with the same columns, read together as one lazy table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.errors import FormatError
from linkage.readers.staging import LINE
from linkage.readers.typed import column

FILE = "__file__"
ROW = "file_row_number"
PSEUDONYMS = b"linkage.pseudonyms"  # of a file's metadata: the name of their key


@dataclass(frozen=True)
class ParquetFile:
    """One Parquet file: where it is, what messages call it, its columns and rows.

    A text's file has a column LINE, and its source's name. pseudonyms: the name of the key, where
    the file says of itself that its values are keyed pseudonyms.
    """

    path: Path
    name: str
    types: Mapping[str, str]
    rows: int
    pseudonyms: str | None = None


@dataclass(frozen=True)
class Part:
    """Parquet files that have the same columns of ours, with the same types.

    mapping      our column -> the files' column, for those that they have
    ours         all columns of ours, whether the files have them or not
    """

    con: Backend
    files: tuple[ParquetFile, ...]
    mapping: Mapping[str, str]
    ours: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """It was a text; otherwise it is read where it lies."""
        return LINE in self.files[0].types

    @property
    def pseudonyms(self) -> str | None:
        """The name of the key of the pseudonyms that the files have for values."""
        return self.files[0].pseudonyms

    @cached_property
    def raw(self) -> ir.Table:
        """Every column, as the files have it."""
        return self._read()

    @cached_property
    def events(self) -> ir.Table:
        """Our columns with our types."""
        return self.raw.select(self._typed(self.raw))

    def placed(self) -> ir.Table:
        """The same, with `file`, `line` and `row` (the files' own values, as JSON).

        Only for the quarantine: it costs the pruning of columns.
        """
        numbered = ROW not in self.files[0].types and not self.is_text
        table = self._read(filename=FILE, **({ROW: True} if numbered else {}))
        line = table[LINE] if self.is_text else table[ROW] + 1 if numbered else ibis.null("int64")
        names = {_readable(file.path): file.name for file in self.files}
        return table.select(
            *self._typed(table),
            file=table[FILE].cases(*names.items(), else_=table[FILE]),
            line=line,
            raw_ts=table[self.mapping["ts"]],
            row=given(table, self.mapping),
        )

    def _typed(self, table: ir.Table) -> list[ir.Value]:
        return typed(table, self.ours, self.mapping, self.files[0].name)

    def _read(self, **options: object) -> ir.Table:
        paths = [_escaped(_readable(file.path)) for file in self.files]
        return self.con.read_parquet(paths, union_by_name=True, hive_partitioning=False, **options)


def typed(
    table: ir.Table, ours: Sequence[str], mapping: Mapping[str, str], file: str
) -> list[ir.Value]:
    """Our columns, from those of a table that has theirs."""
    return [column(table, name, mapping.get(name), file) for name in ours]


def given(table: ir.Table, mapping: Mapping[str, str]) -> ir.StructValue:
    """A row as it came, of what is read of it."""
    return ibis.struct({theirs: table[theirs] for theirs in dict.fromkeys(mapping.values())})


def describe(path: Path, name: str) -> ParquetFile:
    """Columns and rows from a file's footer; FormatError where it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            types = {field.name: str(field.type) for field in schema}
            return ParquetFile(path, name, types, file.metadata.num_rows, key_of(schema))
    except (pa.ArrowInvalid, OSError) as error:
        why = "it has no footer: the file is truncated" if "footer" in str(error) else str(error)
        raise FormatError(f"{name}: damaged Parquet: {why.splitlines()[0]}") from None


def key_of(schema: pa.Schema) -> str | None:
    """The name of the key of a file's pseudonyms; None where its values are as they came."""
    told = (schema.metadata or {}).get(PSEUDONYMS)
    return None if told is None else told.decode("ascii", "replace")


def together(con: Backend, files: Sequence[ParquetFile], wanted: Mapping[str, str]) -> list[Part]:
    """The files in parts of equal columns and types, so that each needs one expression."""
    groups: dict[tuple[object, ...], list[ParquetFile]] = {}
    for file in files:
        types = tuple(file.types.get(theirs) for theirs in wanted.values())
        sort = (LINE in file.types, ROW in file.types, file.pseudonyms, types)
        groups.setdefault(sort, []).append(file)
    return [
        Part(
            con,
            tuple(group),
            {o: theirs for o, theirs in wanted.items() if theirs in group[0].types},
            tuple(wanted),
        )
        for group in groups.values()
    ]


def _readable(path: Path) -> str:
    """Absolute, so that no path can look like an option or an address on the net."""
    return str(path.absolute())


def _escaped(path: str) -> str:
    """DuckDB takes paths for globs; in brackets, their characters stand for themselves."""
    return "".join(f"[{mark}]" if mark in "[*?" else mark for mark in path)
