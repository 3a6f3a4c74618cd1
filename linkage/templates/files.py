"""Texts from a file, read a piece at a time; and what was mined into two files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from linkage.errors import FormatError, InputError, MissingColumns
from linkage.readers.sources import COMPRESSIONS, FORMATS, Source, find, unpack_fault
from linkage.render import clean, number
from linkage.templates.cutting import Texts
from linkage.templates.mining import Mined
from linkage.templates.writing import whole

LINES = 20_000  # of NDJSON, or rows of Parquet, that are read at once
WRITTEN = 1 << 20  # rows that are written at once
ROWS = pa.schema([("row", pa.int64()), ("template_id", pa.string())])


def texts_of(
    file: str | Path, column: str, account: str | None, workdir: Path
) -> tuple[Texts, pa.ChunkedArray | None]:
    """A column of texts, and the accounts beside it if they are asked for.

    Parquet, CSV, TSV or NDJSON, or `-` for standard input, which is kept in `workdir`. Raises
    MissingInput, FormatError or MissingColumns.
    """
    source = source_of(file, workdir)
    who = None
    if account is not None:
        coded = [pa.array([], pa.string()).dictionary_encode()]
        coded += [piece.dictionary_encode() for piece in _read(source, account)]
        plain = [each.cast(pa.dictionary(pa.int32(), pa.large_binary())) for each in coded]
        who = pa.chunked_array(plain)
    rows = pq.read_metadata(source.path).num_rows if source.format == "parquet" else None
    return Texts(lambda: _read(source, column), rows), who


def source_of(file: str | Path, workdir: Path) -> Source:
    """The one file that is meant; standard input is kept in `workdir`. Raises MissingInput,
    FormatError, or InputError where there are several."""
    path = Path(file)
    compression = COMPRESSIONS.get(path.suffix.lower())
    kind = FORMATS.get(Path(path.stem if compression else path).suffix.lower())
    if kind in ("csv", "tsv") and path.is_file():
        # A column alone has no comma to tell it by.
        return Source(str(file), path, kind, compression, named=True)
    found = find([file], workdir)
    if len(found) != 1:
        raise InputError(f"{clean(file)}: name one file of texts, not {number(len(found))}")
    return found[0]


def _read(source: Source, column: str) -> Iterator[pa.Array]:
    readers = {"parquet": _parquet, "csv": _csv, "tsv": _csv, "ndjson": _ndjson}
    try:
        for piece in readers[source.format](source, column):
            yield piece if pa.types.is_large_binary(piece.type) else _as_text(piece)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and source.compression:
            raise FormatError(unpack_fault(source, error)) from None
        raise FormatError(f"{clean(source.name)}: cannot be read: {clean(error, 200)}") from None


def _as_text(piece: pa.Array) -> pa.Array:
    plain = piece.dictionary_decode() if pa.types.is_dictionary(piece.type) else piece
    known = pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view
    if not any(is_text(plain.type) for is_text in known):
        plain = plain if pa.types.is_binary(plain.type) else plain.cast(pa.large_string())
    return plain.cast(pa.large_binary())


def _parquet(source: Source, column: str) -> Iterator[pa.Array]:
    with pq.ParquetFile(source.path) as file:
        _has(source, file.schema_arrow.names, column)
        for batch in file.iter_batches(LINES, columns=[column]):
            yield batch.column(0)


def _csv(source: Source, column: str) -> Iterator[pa.Array]:
    """Every cell as its bytes; an empty one that is not quoted is null."""
    parse = pc.ParseOptions(
        delimiter="\t" if source.format == "tsv" else ",", newlines_in_values=True
    )
    convert = pc.ConvertOptions(
        column_types={column: pa.large_binary()}, include_columns=[column], check_utf8=False,
        strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""],
        include_missing_columns=True,
    )  # fmt: skip
    with pa.input_stream(str(source.path), compression=source.compression) as stream:
        _has(source, pc.open_csv(stream, parse_options=parse).schema.names, column)
    with pa.input_stream(str(source.path), compression=source.compression) as stream:
        blocks = pc.ReadOptions(block_size=8 << 20)
        for batch in pc.open_csv(stream, blocks, parse, convert):
            yield batch.column(0)


def _ndjson(source: Source, column: str) -> Iterator[pa.Array]:
    """A line an object; one that lacks the column has no text, but some line must have it."""
    seen, held = False, []
    with pa.input_stream(str(source.path), compression=source.compression) as stream:
        for place, line in enumerate(_lines(stream), 1):
            if not line.strip():
                continue
            row = _object(line)
            if row is None:
                raise FormatError(f"{clean(source.name)}: line {number(place)} is no JSON object")
            seen |= column in row
            held.append(_spelled(row.get(column)))
            if len(held) == LINES:
                yield pa.array(held, pa.large_binary())
                held = []
    yield pa.array(held, pa.large_binary())
    if not seen:
        raise MissingColumns(f"{clean(source.name)}: no line has {clean(column)}")


def _lines(stream: Any) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(8 << 20):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    yield rest


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:  # takes halves of characters, too
            row = json.loads(line.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            return None
    return row if isinstance(row, dict) else None


def _spelled(value: Any) -> bytes | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _has(source: Source, names: list[str], column: str) -> None:
    if column not in names:
        has = ", ".join(clean(name, 40) for name in names[:20])
        raise MissingColumns(f"{clean(source.name)}: no column {clean(column)}; it has: {has}")


def beside(out: Path) -> Path:
    """Where the templates go: out.parquet has out.templates.parquet beside it."""
    return out.with_name(f"{out.stem}.templates.parquet")


def write(found: Mined, out: Path) -> Path:
    """The rows into `out`, the templates beside it; returns where these are. Each file is whole
    or not there, and neither is if one cannot be written."""
    other = beside(out)
    with whole(other, out) as (templates, rows):
        for schema, tables, part in (
            (found.templates.schema, [found.templates], templates),
            (ROWS, _rows(found), rows),
        ):
            with pq.ParquetWriter(part, schema, compression="zstd") as file:
                for table in tables:
                    file.write_table(table)
    return other


def _rows(found: Mined) -> Iterator[pa.Table]:
    """The rows, some at a time, since ids take four times as much memory as their numbers."""
    for first in range(0, len(found.of_rows), WRITTEN):
        some = found.of_rows.slice(first, WRITTEN)
        numbers = np.arange(first, first + len(some))
        yield pa.table([numbers, some.dictionary_decode()], schema=ROWS)
