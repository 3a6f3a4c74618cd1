"""A file of the journal that is being written. Nothing of it is in a buffer, which would be written
later, when it has long been given up."""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

from linkage.disk import synced
from linkage.journal.records import MAGIC


class Appending:
    """A new file, with its name on disk; OSError where there can be none, and nothing is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO = path.open("xb", buffering=0)
        try:
            self.put(MAGIC)
            self.sync()
            synced(path.parent)
        except OSError:
            self._gone()
            self.close()
            raise

    def place(self) -> int:
        """Where the next record begins."""
        return self._file.tell()

    def put(self, data: bytes) -> None:
        """Append all of it: the system may take a part."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def sync(self) -> None:
        """Have what was put on disk."""
        os.fsync(self._file.fileno())

    def give_up(self, place: int | None) -> None:
        """Take off what begins at a place (None: nothing), and write no more. Whatever cannot be
        taken off is at the end, as after a crash."""
        with suppress(OSError):
            if place is not None and place > len(MAGIC):
                os.truncate(self._file.fileno(), place)
                self.sync()
        if place == len(MAGIC):
            self._gone()
        self.close()

    def close(self) -> None:
        """Write no more; what is in it is on disk."""
        with suppress(OSError):
            self._file.close()

    def _gone(self) -> None:
        with suppress(OSError):
            self._path.unlink()
