"""Files of the journal become Parquet segments, which detections read.

    journal/<number>.journal       what came in, as it came
    events/<number>.parquet        the same events, once the file is full or old
    journal/last                   the last number that a file had which is gone
    quarantine/<number>.ndjson     what could not be used: line, reason, row
    vault/<number>.parquet         what pseudonyms stand for, sealed; where a vault is kept

A segment appears by one rename; only then is the journal's file taken away. So what is in both,
after a crash in between, is the same, and the journal's is dropped.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.disk import synced
from linkage.journal.records import EVENTS, MAGIC, REJECTS, VAULT, Record, records
from linkage.render import clean

_log = logging.getLogger("linkage.journal")
ROWS = 1 << 17  # of a row group
VAULT_ROWS = 1 << 14
_LAST = "last"  # number of a file that is gone


@dataclass(frozen=True)
class Places:
    """Where a workspace keeps what came in."""

    workspace: Path

    @property
    def journal(self) -> Path:
        """Files that are not sealed yet."""
        return self.workspace / "journal"

    @property
    def events(self) -> Path:
        """Segments."""
        return self.workspace / "events"

    @property
    def quarantine(self) -> Path:
        """What could not be used."""
        return self.workspace / "quarantine"

    @property
    def vault(self) -> Path:
        """What pseudonyms stand for, sealed."""
        return self.workspace / "vault"

    def made(self) -> Places:
        """The same, with folders that are there."""
        for folder in (self.journal, self.events, self.quarantine, self.vault):
            folder.mkdir(parents=True, exist_ok=True)
        synced(self.workspace)
        return self

    def file(self, number: int) -> Path:
        """A file of the journal."""
        return self.journal / f"{number:010}.journal"

    def segment(self, number: int) -> Path:
        """What becomes of its events."""
        return self.events / f"{number:010}.parquet"

    def vaulted(self, number: int) -> Path:
        """Its rows of the vault."""
        return self.vault / f"{number:010}.parquet"

    def unsealed(self) -> list[int]:
        """Files of the journal, the oldest first."""
        return sorted(int(path.stem) for path in self.journal.glob("*.journal"))

    def next_number(self) -> int:
        """One that nothing has yet."""
        return self._last() + 1

    def remember_numbers(self) -> None:
        """Before files go: none of their numbers is given again."""
        new = self.journal / "last.writing"
        new.write_text(f"{self._last()}\n", "ascii")
        published(new, self.journal / _LAST)

    def _last(self) -> int:
        every = (*self.journal.glob("*.journal"), *self.events.glob("[0-9]*.parquet"),
                 *self.quarantine.glob("[0-9]*.ndjson"),
                 *self.vault.glob("[0-9]*.parquet"))  # fmt: skip
        told = (self.journal / _LAST).read_text("ascii") if (self.journal / _LAST).exists() else "0"
        return max(int(told), *(int(path.stem) for path in every), 0)

    def sealed(self) -> list[int]:
        """Segments, the oldest first."""
        return sorted(int(path.stem) for path in self.events.glob("[0-9]*.parquet"))

    def through(self, last: int) -> list[Path]:
        """Segments up to a number, the oldest first."""
        return [self.segment(number) for number in self.sealed() if number <= last]

    def in_vault(self) -> list[int]:
        """Files of the vault, the oldest first."""
        return sorted(int(path.stem) for path in self.vault.glob("[0-9]*.parquet"))


def seal(places: Places, number: int) -> None:
    """Make a segment of a file of the journal. Again is the same.

    A tail that a crash left half-written is kept beside the journal, as `<number>.tail`.
    JournalError where the file is damaged, which leaves everything as it is.
    """
    file = places.file(number)
    found = list(records(file))
    if not places.segment(number).exists():
        _quarantined(places, number, _tables(found, REJECTS))
        write_vault(places.vaulted(number), _tables(found, VAULT))
        write_events(places.segment(number), _tables(found, EVENTS))
    _keep_tail(file, found[-1].end if found else len(MAGIC))
    file.unlink()
    synced(places.journal)


def seal_before(places: Places, number: int) -> Exception | None:
    """Seal all files before a number; what cannot be sealed stays, and is tried again with the
    next. Returns the first fault."""
    faults: list[Exception] = []
    for closed in places.unsealed():
        if closed < number:
            try:
                seal(places, closed)
            except Exception as error:
                _log.error("events cannot be sealed: %s", clean(error, 200))
                faults.append(error)
    return faults[0] if faults else None


def _tables(found: Sequence[Record], sort: bytes) -> list[pa.Table]:
    return [pa.ipc.open_stream(one.payload).read_all() for one in found if one.sort == sort]


def write_events(segment: Path, events: Sequence[pa.Table]) -> None:
    """A segment of these events, in the place of what is there, by one rename."""
    if not events:
        return
    new = segment.with_suffix(".writing")
    # Files of one run may have other columns than those of a run with other settings.
    whole = pa.concat_tables(events, promote_options="default")
    pq.write_table(whole, new, row_group_size=ROWS, compression="zstd")
    published(new, segment)


def write_vault(path: Path, rows: Sequence[pa.Table]) -> None:
    """In the order of pseudonyms, so that few of them are read to find one."""
    if not rows:
        return
    new = path.with_suffix(".writing")
    whole = pa.concat_tables(rows).sort_by("pseudonym")
    pq.write_table(
        whole, new, row_group_size=VAULT_ROWS, compression="zstd", use_dictionary=["key"]
    )  # fmt: skip
    published(new, path)


def _quarantined(places: Places, number: int, rejected: Sequence[pa.Table]) -> None:
    """NDJSON {"line", "reason", "row"}, written anew where it is there."""
    if not rejected:
        return
    new = places.quarantine / f"{number:010}.writing"
    with new.open("w", encoding="utf-8") as file:
        for row in pa.concat_tables(rejected).to_pylist():
            told = {"line": row["line"], "reason": row["reason"], "row": json.loads(row["row"])}
            file.write(json.dumps(told) + "\n")
    published(new, new.with_suffix(".ndjson"))


def published(new: Path, path: Path) -> None:
    """Have a file that was written take its place by one rename, both on disk."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.rename(path)
    synced(path.parent)


def _keep_tail(file: Path, end: int) -> None:
    """What nobody was told is there, for whoever wants to look at it."""
    if file.stat().st_size > end:
        with file.open("rb") as whole:
            whole.seek(end)
            file.with_suffix(".tail").write_bytes(whole.read())
