"""Files, copied with a checksum and onto the disk: only their owner may read them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from linkage.backup.manifest import Entry
from linkage.disk import synced
from linkage.errors import BackupError
from linkage.render import clean

BLOCK = 1 << 20
Told = Callable[[int], None]  # bytes that were read


def copied(source: BinaryIO, target: Path, told: Told, most: int | None = None) -> tuple[int, str]:
    """Copy what is read into a new file, `most` bytes at most; returns its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)
    with target.open("wb") as file:
        for block in _blocks(source, most):
            digest.update(block)
            file.write(block)
            size += len(block)
            told(len(block))
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def summed(source: BinaryIO, told: Told) -> tuple[int, str]:
    """The size of what is read, and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    for block in _blocks(source, None):
        digest.update(block)
        size += len(block)
        told(len(block))
    return size, digest.hexdigest()


def finished(folder: Path) -> None:
    """Have the names in a folder on disk, and in those inside it, for their owner alone."""
    for inside, _, _ in os.walk(folder, topdown=False):
        Path(inside).chmod(0o700)
        synced(Path(inside))


def opened(path: Path) -> BinaryIO | None:
    """A file to read from; None where it is gone, BackupError where it cannot be read."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _blocks(source: BinaryIO, most: int | None) -> Iterator[bytes]:
    left = most
    try:
        while block := source.read(BLOCK if left is None else min(BLOCK, left)):
            yield block
            left = None if left is None else left - len(block)
    except OSError as error:
        raise _unreadable(source.name, error) from None


def _unreadable(path: object, error: OSError) -> BackupError:
    return BackupError(f"{clean(path)}: cannot be read: {clean(error.strerror)}")


class Earlier:
    """Another backup, whose files need not be copied once more where they have not changed."""

    def __init__(self, folder: Path, entries: Mapping[str, Entry]) -> None:
        self._folder, self._entries = folder, entries

    def linked(self, path: str, source: BinaryIO, target: Path, told: Told) -> Entry | None:
        """Its file as a hard link, if it is that which `source` has; else None, to be copied."""
        entry = self._entries.get(path)
        if entry is None or entry.size != os.fstat(source.fileno()).st_size:
            return None
        if summed(source, told) == (entry.size, entry.sha256):
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # gone, or on another file system
                # What is damaged is mostly cut off; what has another byte, a check finds.
                if (self._folder / path).stat().st_size == entry.size:
                    os.link(self._folder / path, target)
                    return entry
        told(-source.tell())
        source.seek(0)
        return None
