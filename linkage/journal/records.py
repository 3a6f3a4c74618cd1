"""The journal's files: records with checksums, appended.

    file    MAGIC, then records
    record  sort (1 byte), length of what follows the head (8 bytes), BLAKE2b of sort and length
            (8 bytes); payload; BLAKE2b of the payload (16 bytes)

Whatever a crash leaves half-written is at the end of the last file, and was acknowledged to
nobody. Anything else that does not fit its checksum is damage, which is never passed over.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from linkage.errors import JournalError
from linkage.render import clean

MAGIC = b"linkage journal 1\n"
EVENTS, REJECTS, VAULT = b"E", b"R", b"V"
_HEAD = struct.Struct("<cQ8s")
_SUM = 16


@dataclass(frozen=True)
class Record:
    """sort: EVENTS, REJECTS or VAULT; payload: an Arrow stream; end: where the next one begins."""

    sort: bytes
    payload: bytes
    end: int


def packed(sort: bytes, payload: bytes) -> bytes:
    """A record as it is appended."""
    head = _HEAD.pack(sort, len(payload), _head_sum(sort, len(payload)))
    return b"".join((head, payload, _payload_sum(payload)))


def records(path: Path) -> Iterator[Record]:
    """The whole records of a file, up to what a crash left half-written.

    JournalError where it is damaged, or no journal of this version.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        start = file.read(len(MAGIC))
        if start != MAGIC:
            if MAGIC.startswith(start.rstrip(b"\0")) and not _more_is_written(file):
                return  # a crash right after the file was made
            raise JournalError(f"{clean(path)}: not a journal of this version of linkage")
        place = len(MAGIC)
        while place < size:
            record = _record(file, path, place, size)
            if record is None:
                return
            yield record
            place = record.end


def whole(path: Path) -> int:
    """Where the last whole record of a file ends, which others may be writing to; 0 without one."""
    end = 0
    for record in records(path):
        end = record.end
    return end


def _record(file: BinaryIO, path: Path, place: int, size: int) -> Record | None:
    """The record at a place; None where it is what a crash leaves at the end of a file."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    sort, length, told = _HEAD.unpack(head)
    if told != _head_sum(sort, length):
        if _more_is_written(file):
            raise _damaged(path, place)
        return None
    end = place + _HEAD.size + length + _SUM
    if end > size:
        return None
    payload, told = file.read(length), file.read(_SUM)
    if told != _payload_sum(payload):
        if _more_is_written(file):
            raise _damaged(path, place)
        return None
    return Record(sort, payload, end)


def _more_is_written(file: BinaryIO) -> bool:
    """Whether anything but zeros follows, which is how a file ends that had grown already when
    what belongs there was not yet written."""
    while block := file.read(1 << 20):
        if block.strip(b"\0"):
            return True
    return False


def _damaged(path: Path, place: int) -> JournalError:
    return JournalError(
        f"{clean(path)}: damaged at byte {place}, before its end: what follows cannot be trusted. "
        "Restore the file from a backup, or move it away to go on without its events"
    )


def _head_sum(sort: bytes, length: int) -> bytes:
    return hashlib.blake2b(sort + length.to_bytes(8, "little"), digest_size=8).digest()


def _payload_sum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_SUM).digest()
