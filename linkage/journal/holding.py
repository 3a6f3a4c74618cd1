"""Who has a workspace's journal: one process at a time, whatever it does with it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from linkage.errors import JournalError
from linkage.journal.segments import Places, seal
from linkage.render import clean


def locked(places: Places) -> BinaryIO:
    """The lock, which whoever closes the file lets go; JournalError where another has it."""
    file = (places.journal / ".lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JournalError(
            f"{clean(places.workspace)}: another process takes in events here; stop it first"
        ) from None
    return file


@contextmanager
def held(workspace: Path) -> Iterator[Places]:
    """A workspace's segments, with everything in them that came in, while nothing more comes in.

    JournalError where another process has the journal, or a file of it is damaged.
    """
    places = Places(workspace).made()
    with locked(places):
        for number in places.unsealed():
            seal(places, number)
        yield places
