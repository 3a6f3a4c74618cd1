"""CSV: a block at a time through pyarrow where all its lines are sound, else line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from linkage.errors import FormatError
from linkage.readers.rejects import Rejects
from linkage.readers.sniff import delimiter
from linkage.readers.sources import Source
from linkage.readers.staging import Stage
from linkage.readers.streams import Block, blocks

WRONG_FIELDS = "wrong number of fields"
OPEN_QUOTE = "a quote that is not closed"
NOT_UTF8 = "not UTF-8 text"
MALFORMED = "malformed CSV"

# A quoted field may run over lines; one that runs on longer is taken for a stray quote, so
# that it does not swallow the file.
RECORD_LINES = 10_000
RECORD_BYTES = 4 << 20

# A prompt may be longer than the 128 KB at which the csv module gives up.
csv.field_size_limit(max(csv.field_size_limit(), 2 * RECORD_BYTES))


@dataclass(frozen=True)
class Header:
    """The names of a CSV's columns and what stands between them."""

    names: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True)
class Record:
    """One record as it stands: the number of its first line, its bytes, its fields or a fault."""

    line: int
    raw: bytes
    fields: list[str] | None
    reason: str | None


def header(source: Source) -> Header:
    """The first line that is not blank; FormatError where it is no header."""
    return _header(source, _first_line(source)[1])


def stage(source: Source, names: Sequence[str], into: Stage, out: Rejects) -> None:
    """Write the named columns as strings (an empty field is null), and bad lines to the rejects."""
    number, line = _first_line(source)
    head = _header(source, line)
    columns = [head.names.index(name) for name in names]
    rest = Block(1, b"")
    for block in blocks(source):
        if block.first <= number:
            block = _after(block, number)
        whole = Block(rest.first if rest.data else block.first, rest.data + block.data)
        rest = Block(1, b"")
        if not _fast(whole, head, names, into):
            rest = _slow(whole, False, source.name, head, columns, into, out)
    if rest.data:
        _slow(rest, True, source.name, head, columns, into, out)


def _first_line(source: Source) -> tuple[int, bytes]:
    for block in blocks(source):
        for number, line in enumerate(io.BytesIO(block.data), block.first):
            if line.strip():
                return number, line
    return 0, b""


def _header(source: Source, line: bytes) -> Header:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise FormatError(f"{source.name}: the header is not UTF-8 text") from None
    mark = "\t" if source.format == "tsv" else delimiter(text)
    names = tuple(name.strip() for name in next(csv.reader([text], delimiter=mark), []))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FormatError(f"{source.name}: the header has {', '.join(map(repr, twice))} twice")
    return Header(names, mark)


def _after(block: Block, number: int) -> Block:
    """The block without the lines up to one."""
    cut = 0
    for _ in range(number - block.first + 1):
        end = block.data.find(b"\n", cut)
        cut = len(block.data) if end < 0 else end + 1
    return Block(number + 1, block.data[cut:])


def _fast(block: Block, head: Header, names: Sequence[str], into: Stage) -> bool:
    """Read a block in which every line is a sound record; False, and nothing done, if not."""
    if not block.data or block.data.count(b'"') % 2:
        return not block.data
    lines = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    try:
        table = _parsed(block.data, head, names)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return False
    # Fewer rows than lines: a blank line, or a field over several; numbers would be wrong.
    if table.num_rows != lines:
        return False
    into.write(
        pa.array(np.arange(block.first, block.first + lines)),
        [pa.concat_arrays(column.chunks) for column in table.columns],
    )
    return True


def _parsed(data: bytes, head: Header, names: Sequence[str]) -> pa.Table:
    return pc.read_csv(
        pa.BufferReader(data),
        pc.ReadOptions(column_names=list(head.names), block_size=len(data) + 1),
        pc.ParseOptions(delimiter=head.delimiter, newlines_in_values=True),
        pc.ConvertOptions(
            column_types={name: pa.string() for name in names},
            include_columns=list(names),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _slow(
    block: Block, final: bool, file: str, head: Header, columns: Sequence[int], into: Stage,
    out: Rejects,
) -> Block:  # fmt: skip
    """Read a block record by record; what is still open at its end is given back."""
    lines = io.BytesIO(block.data).readlines()
    numbers: list[int] = []
    values: list[list[str | None]] = []
    used = 0
    for record, used in _records(lines, block.first, final, head):  # noqa: B007
        if record.fields is None:
            out.add(file, record.line, str(record.reason), record.raw)
        else:
            numbers.append(record.line)
            values.append([record.fields[i] or None for i in columns])
    arrays = [pa.array(column, pa.string()) for column in zip(*values, strict=True)]
    into.write(pa.array(numbers, pa.int64()), arrays)
    return Block(block.first + used, b"".join(lines[used:]))


def _records(
    lines: list[bytes], first: int, final: bool, head: Header
) -> Iterator[tuple[Record, int]]:
    """Each record, and how many lines are used up with it."""
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end = _end(lines, at, head.delimiter)
        if end is None and not final and not _too_long(lines, at):
            return
        record, used = _record(lines, at, end, first + at, head)
        at += used
        yield record, at


def _record(
    lines: list[bytes], at: int, end: int | None, number: int, head: Header
) -> tuple[Record, int]:
    """The record in lines[at:end]. If it is bad, only its first line goes: the next may be good."""
    if end is None:
        return Record(number, lines[at], None, OPEN_QUOTE), 1
    raw = b"".join(lines[at:end])
    fields, reason = _fields(raw, head)
    if fields is not None:
        return Record(number, raw, fields, None), end - at
    return Record(number, lines[at], None, reason if end == at + 1 else OPEN_QUOTE), 1


def _fields(raw: bytes, head: Header) -> tuple[list[str] | None, str | None]:
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
        fields = next(csv.reader([text], delimiter=head.delimiter))
    except UnicodeDecodeError:
        return None, NOT_UTF8
    except csv.Error:
        return None, MALFORMED
    return (fields, None) if len(fields) == len(head.names) else (None, WRONG_FIELDS)


def _end(lines: list[bytes], at: int, mark: str) -> int | None:
    """The line after the record that begins at one; None where a quote stays open."""
    if b'"' not in lines[at]:
        return at + 1
    quotes = size = 0
    for end in range(at, min(len(lines), at + RECORD_LINES)):
        quotes += lines[end].count(b'"')
        size += len(lines[end])
        # An odd number is an open quote, unless one stands in the middle of a bare field.
        if (quotes % 2 == 0 or end == at) and not _open(b"".join(lines[at : end + 1]), mark):
            return end + 1
        if size > RECORD_BYTES:
            return None
    return None


def _open(raw: bytes, mark: str) -> bool:
    try:
        next(csv.reader([raw.decode("utf-8", "replace")], delimiter=mark, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _too_long(lines: list[bytes], at: int) -> bool:
    return len(lines) - at > RECORD_LINES or sum(map(len, lines[at:])) > RECORD_BYTES
