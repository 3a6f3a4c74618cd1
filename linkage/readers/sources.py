"""Which files are meant, and whether each is what its name says."""

from __future__ import annotations

import glob
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from linkage.errors import FormatError, MissingInput
from linkage.readers.sniff import HEAD_BYTES, looks_like, text_format

Format = Literal["parquet", "csv", "tsv", "ndjson"]
Compression = Literal["gzip", "zstd"]

FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
SUPPORTED = "a name ends in .parquet, .csv, .tsv, .ndjson, .jsonl or .json; texts also in .gz, .zst"


@dataclass(frozen=True, order=True)
class Source:
    """One file of events.

    name         how messages and the quarantine call it: the path as it was given
    path         where it is
    named        it was named itself, not found in a folder or by a glob
    """

    name: str
    path: Path
    format: Format
    compression: Compression | None
    named: bool


def find(sources: Sequence[str | Path], workdir: Path) -> list[Source]:
    """The files behind paths, folders, globs and `-`, each once, sorted by name.

    Raises MissingInput where there is none, FormatError where one is not what its name says.
    """
    found: dict[Path, Source] = {}
    for given in sources:
        for source in _expand(str(given), workdir):
            found.setdefault(source.path.resolve(), source)
    if not found:
        raise MissingInput("no events given: name a file, a folder, a glob, or - for stdin")
    return sorted(found.values())


def _expand(given: str, workdir: Path) -> Iterator[Source]:
    if given == "-":
        yield _stdin(workdir)
    elif Path(given).is_dir():
        yield from _folder(Path(given), workdir)
    elif Path(given).exists():
        yield _file(Path(given), named=True)
    elif glob.has_magic(given):
        yield from _glob(given, workdir)
    else:
        raise MissingInput(f"{given}: no such file or folder")


def _glob(pattern: str, workdir: Path) -> Iterator[Source]:
    # Path.glob would need the fixed part of the pattern first, and finds hidden files.
    paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    if not paths:
        raise MissingInput(f"{pattern}: no file matches")
    files = [path for path in paths if path.is_file() and _kind(path)]
    folders = [path for path in paths if path.is_dir()]
    if not files and not folders:
        raise MissingInput(f"{pattern}: no file of events matches ({SUPPORTED})")
    yield from (_file(path, named=False) for path in files)
    for folder in folders if not files else ():
        yield from _folder(folder, workdir)


def _folder(folder: Path, workdir: Path) -> Iterator[Source]:
    inside = sorted(path for path in folder.rglob("*") if path.is_file() and _kind(path))
    work = workdir.resolve()
    files = [
        path
        for path in inside
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not path.resolve().is_relative_to(work)
    ]
    if not files:
        raise MissingInput(f"{folder}: no file of events in this folder ({SUPPORTED})")
    yield from (_file(path, named=False) for path in files)


def _kind(path: Path) -> tuple[Format, Compression | None] | None:
    """Format and compression that a name promises; None where it promises no events."""
    suffix = path.suffix.lower()
    compression = COMPRESSIONS.get(suffix)
    if compression:
        suffix = Path(path.stem).suffix.lower()
    kind = FORMATS.get(suffix)
    return None if kind is None or (compression and kind == "parquet") else (kind, compression)


def _file(path: Path, *, named: bool) -> Source:
    kind = _kind(path)
    head = _head(path)
    if kind is None:
        what = looks_like(head) if head else "empty"
        raise FormatError(f"{path}: cannot tell the format ({SUPPORTED}); it looks like {what}")
    source = Source(str(path), path, *kind, named=named)
    if head:
        _check(source, head)
    elif named or kind[0] == "parquet":
        raise MissingInput(f"{path}: the file is empty")
    return source


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise MissingInput(f"{path}: cannot be read: {error.strerror}") from None


def _check(source: Source, head: bytes) -> None:
    outer = source.compression or ("parquet" if source.format == "parquet" else "text")
    seen = looks_like(head)
    if outer == "text":
        text = head
    elif seen == outer:
        if outer == "parquet":
            return
        text = unpacked_head(source)
    else:
        raise FormatError(f"{source.name}: not {outer}, as its name says: it looks like {seen}")
    _check_text(source, text)


def _check_text(source: Source, text: bytes) -> None:
    if not text.strip():
        if source.named:
            raise MissingInput(f"{source.name}: the file is empty")
        return
    seen, named = looks_like(text), "NDJSON" if source.format == "ndjson" else "CSV"
    if seen != named:
        inside = ", unpacked," if source.compression else ""
        raise FormatError(
            f"{source.name}: not {named}, as its name says: it{inside} looks like {seen}"
        )


def unpacked_head(source: Source) -> bytes:
    """The first bytes of a text; FormatError where it cannot be unpacked."""
    try:
        with pa.OSFile(str(source.path)) as file:
            if source.compression is None:
                return bytes(file.read(HEAD_BYTES))
            with pa.CompressedInputStream(file, source.compression) as stream:
                return bytes(stream.read(HEAD_BYTES))
    except OSError as error:
        raise FormatError(unpack_fault(source, error)) from None


def unpack_fault(source: Source, error: OSError) -> str:
    """What to say where gzip or zstd data cannot be unpacked."""
    if "Truncated" in str(error):
        return f"{source.name}: the {source.compression} data ends early: the file is truncated"
    return f"{source.name}: the {source.compression} data is damaged"


def _stdin(workdir: Path) -> Source:
    """Standard input, kept in a file: its format is sniffed, and it may be read twice."""
    path = workdir / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
    head = _head(path)
    if not head:
        raise MissingInput("-: standard input is empty")
    seen = looks_like(head)
    if seen == "parquet":
        return Source("-", path, "parquet", None, named=True)
    compression = {name: name for name in COMPRESSIONS.values()}.get(seen)  # type: ignore[call-overload]
    source = Source("-", path, "csv", compression, named=True)
    text = unpacked_head(source) if compression else head
    if not text.strip():
        raise MissingInput("-: standard input is empty")
    kind = text_format(text)
    if kind is None:
        raise FormatError(f"-: neither CSV nor NDJSON: it looks like {looks_like(text)}")
    return Source("-", path, kind, compression, named=True)
