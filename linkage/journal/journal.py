"""The journal: one thread writes what all callers bring, many calls to one fsync."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import JournalError
from linkage.journal.appending import Appending
from linkage.journal.checking import Checked
from linkage.journal.holding import locked
from linkage.journal.records import EVENTS, REJECTS, VAULT, packed
from linkage.journal.seen import Seen, hashed
from linkage.journal.segments import Places, seal, seal_before
from linkage.journal.vaulted import MOST, Vaulted
from linkage.render import clean

FILE_BYTES = 64 << 20  # a file of the journal is sealed when it has as many ...
FILE_SECONDS = 60.0  # ... or so long after its first event
REPEATS = 20_000_000  # ids that are remembered, 8 bytes each


@dataclass(frozen=True)
class Receipt:
    """What became of a call's events; all of it is on disk.

    accepted     new ones;  repeated: those whose id had come before
    """

    accepted: int
    repeated: int


class Outdated(JournalError):
    """What the vault had was forgotten since a call was made ready: make it ready again."""


@dataclass(frozen=True)
class _Call:
    checked: Checked
    answer: Future[Receipt]


class Journal:
    """The events of a workspace, for one process at a time; any thread may append."""

    def __init__(
        self,
        workspace: Path,
        *,
        repeats: int = REPEATS,
        file_bytes: int = FILE_BYTES,
        file_seconds: float = FILE_SECONDS,
    ) -> None:
        """Opens the journal, and seals what a process before left.

        JournalError where another process has it, or a file is damaged.
        """
        self._file_bytes, self._file_seconds = file_bytes, file_seconds
        try:
            self._places = Places(workspace).made()
            self._lock_file = locked(self._places)
        except OSError as error:
            raise _unusable(workspace, error) from None
        try:
            for number in self._places.unsealed():
                seal(self._places, number)
            self._seen = _remembered(self._places, repeats)
            self._vaulted = Vaulted(_in_vault(self._places, MOST))
        except OSError as error:
            self._lock_file.close()
            raise _unusable(workspace, error) from None
        except BaseException:
            self._lock_file.close()
            raise
        self._number = self._places.next_number()
        self._file: Appending | None = None
        self._begun = 0.0
        self._waiting: list[_Call] = []
        self._sealing: list[Future[None]] = []
        self._forgetting: list[Future[None]] = []
        self._closing = False
        self._sealer = ThreadPoolExecutor(1, "sealer")
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._guarded, name="journal", daemon=True)
        self._thread.start()

    @property
    def vaulted(self) -> Vaulted:
        """What the vault has; it may have more."""
        return self._vaulted

    def append(self, checked: Checked) -> Receipt:
        """Write a call's events down; returns once they are on disk.

        JournalError where they cannot be written: then none of them counts as seen. Outdated where
        the vault was forgotten meanwhile (`forget_vaulted`).
        """
        answer: Future[Receipt] = Future()
        with self._changed:
            if self._closing:
                raise _closed()
            self._waiting.append(_Call(checked, answer))
            self._changed.notify_all()
        return answer.result()

    def seal(self) -> list[Path]:
        """All segments, with everything in them that was appended before."""
        self._asked(self._sealing)
        return [self._places.segment(number) for number in self._places.sealed()]

    def forget_vaulted(self) -> None:
        """Have every value that comes in from now on sealed anew: before rows of the vault go that
        seem to be needed no longer. What was made ready before is `Outdated` then."""
        self._asked(self._forgetting)

    def close(self) -> None:
        """Write what waits, seal it, and let go of the workspace."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._sealer.shutdown()
        self._lock_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, waiting: list[Future[None]]) -> None:
        """Have the thread do something, and wait for it."""
        done: Future[None] = Future()
        with self._changed:
            if self._closing:
                raise _closed()
            waiting.append(done)
            self._changed.notify_all()
        done.result()

    def _guarded(self) -> None:
        """Whoever still waits when the thread ends is told, and nobody waits from then on."""
        try:
            self._run()
        finally:
            if self._file is not None:
                self._file.close()
            with self._changed:
                self._closing = True
                asked = (c.answer for c in self._waiting)
                waiting: list[Future[Any]] = [*asked, *self._sealing, *self._forgetting]
            for answer in waiting:
                answer.set_exception(_closed())

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._due, timeout=self._patience())
                calls, self._waiting = self._waiting, []
                sealing, forgetting = self._sealing[:], self._forgetting[:]
                self._sealing.clear()
                self._forgetting.clear()
                ends = self._closing
            if forgetting:
                self._vaulted = Vaulted(Seen(MOST), self._vaulted.epoch + 1)
            for done in forgetting:
                done.set_result(None)
            if calls:
                self._write(calls)
            if sealing or ends or self._full():
                self._rotate()
            for done in sealing:
                self._sealer.submit(_told, self._places, self._number, done)
            if ends and not calls:
                return

    def _due(self) -> bool:
        return bool(self._waiting or self._sealing or self._forgetting or self._closing)

    def _patience(self) -> float | None:
        if self._file is None:
            return None
        return max(0.0, self._begun + self._file_seconds - time.monotonic())

    def _full(self) -> bool:
        return self._file is not None and (
            self._file.place() >= self._file_bytes or self._patience() == 0.0
        )

    def _write(self, calls: list[_Call]) -> None:
        """Append what is new of each call, then one fsync, then the answers."""
        calls = [call for call in calls if not self._outdated(call)]
        place, seen, vaulted = None, self._seen.copy(), self._vaulted.seen.copy()
        try:
            file = self._opened()
            place = file.place()
            receipts = [_appended(file, call.checked, seen, vaulted) for call in calls]
            file.sync()
        except Exception as error:
            self._given_up(place)
            fault = JournalError(f"events cannot be written: {clean(error, 200)}")
            for call in calls:
                call.answer.set_exception(fault)
            return
        self._seen, self._vaulted = seen, Vaulted(vaulted, self._vaulted.epoch)
        for call, receipt in zip(calls, receipts, strict=True):
            call.answer.set_result(receipt)

    def _outdated(self, call: _Call) -> bool:
        late = call.checked.vault is not None and call.checked.epoch != self._vaulted.epoch
        if late:
            call.answer.set_exception(Outdated("what the vault has was forgotten meanwhile"))
        return late

    def _opened(self) -> Appending:
        if self._file is None:
            self._file = Appending(self._places.file(self._number))
            self._begun = time.monotonic()
        return self._file

    def _given_up(self, place: int | None) -> None:
        """What was written of calls that failed goes: it was acknowledged to nobody."""
        if self._file is not None:
            self._file.give_up(place)
        self._file, self._number = None, self._number + 1

    def _rotate(self) -> None:
        """Close the file, and have all that are closed sealed, while others are written."""
        if self._file is not None:
            self._file.close()
            self._file, self._number = None, self._number + 1
        self._sealer.submit(seal_before, self._places, self._number)


def _told(places: Places, number: int, done: Future[None]) -> None:
    try:
        fault = seal_before(places, number)
    except Exception as error:
        fault = error
    if fault is None:
        done.set_result(None)
    else:
        done.set_exception(JournalError(f"events cannot be sealed: {clean(fault, 200)}"))


def _appended(file: Appending, checked: Checked, seen: Seen, vaulted: Seen) -> Receipt:
    if checked.vault is not None:
        _record(file, VAULT, checked.vault, "pseudonym", vaulted)
    accepted = _record(file, EVENTS, checked.events, "event_id", seen)
    _record(file, REJECTS, checked.rejected, "row", seen)
    return Receipt(accepted, checked.events.num_rows - accepted)


def _record(file: Appending, sort: bytes, table: pa.Table, name: str, seen: Seen) -> int:
    """Append the rows whose names are new; returns how many."""
    hashes = hashed(table[name], sort)
    new = seen.new(hashes)
    seen.add(hashes[new])
    count = int(new.sum())
    if count:
        file.put(packed(sort, _stream(table if count == new.size else table.filter(new))))
    return count


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _remembered(places: Places, repeats: int) -> Seen:
    """The ids of the latest segments."""
    seen, left = Seen(repeats), repeats // 2
    latest: list[Path] = []
    for number in reversed(places.sealed()):
        if left <= 0:
            break
        latest.append(places.segment(number))
        left -= int(pq.read_metadata(latest[-1]).num_rows)
    for path in reversed(latest):
        hashes = hashed(pq.read_table(path, columns=["event_id"])["event_id"], EVENTS)
        seen.add(hashes[seen.new(hashes)])
    return seen


def _in_vault(places: Places, most: int) -> Seen:
    """The parts of pseudonyms in the latest files of the vault."""
    seen, left = Seen(most), most // 2
    for number in reversed(places.in_vault()):
        if left <= 0:
            break
        hashes = hashed(
            pq.read_table(places.vaulted(number), columns=["pseudonym"])["pseudonym"], VAULT
        )
        seen.add(hashes[seen.new(hashes)])
        left -= hashes.size
    return seen


def _closed() -> JournalError:
    return JournalError("the journal is closed: the service stops")


def _unusable(workspace: Path, error: OSError) -> JournalError:
    return JournalError(f"{clean(workspace)}: events cannot be taken in here: {clean(error, 200)}")
