"""Text files as blocks of whole lines, unpacked on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from linkage.errors import FormatError
from linkage.readers.sniff import BOM
from linkage.readers.sources import Source, unpack_fault

BLOCK = 8 << 20
LONGEST_LINE = 256 << 20


@dataclass(frozen=True)
class Block:
    """Whole lines of a text file; `first` is the number of the first one, from 1."""

    first: int
    data: bytes


def blocks(source: Source) -> Iterator[Block]:
    """The lines of a text, some megabytes at a time.

    Raises FormatError where it cannot be unpacked, or has a line of 256 MB and more.
    """
    first, rest = 1, b""
    for chunk in _chunks(source):
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest += chunk
            if len(rest) > LONGEST_LINE:
                raise FormatError(f"{source.name}: line {first} has no end: not a text of lines")
            continue
        data = rest + chunk[:cut]
        rest = chunk[cut:]
        yield Block(first, data)
        first += data.count(b"\n")
    if rest:
        yield Block(first, rest)


def _chunks(source: Source) -> Iterator[bytes]:
    start = True
    try:
        with ExitStack() as stack:
            stream = stack.enter_context(pa.OSFile(str(source.path)))
            if source.compression:
                stream = stack.enter_context(pa.CompressedInputStream(stream, source.compression))
            while chunk := bytes(stream.read(BLOCK)):
                yield chunk.removeprefix(BOM) if start else chunk
                start = False
    except OSError as error:
        raise FormatError(unpack_fault(source, error)) from None
