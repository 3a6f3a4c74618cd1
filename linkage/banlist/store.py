"""Published lists as files: a folder each, which appears by one rename and never changes.

banlists/<channel>/<number>/head.json     the head and its signature
banlists/<channel>/<number>/rows.ndjson   a row a line, by account; an erased one has its hash alone
banlists/<channel>/<number>/report.json   the collateral report that whoever published it had read
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from linkage.banlist.chain import (
    FIRST,
    FORMAT,
    Head,
    Row,
    check,
    check_follows,
    digest,
    entry_of,
    head_of,
    head_values,
    row_of,
    sign,
    told,
)
from linkage.banlist.draft import Draft, draft_of, draft_values
from linkage.banlist.entries import Entry
from linkage.banlist.report import Report, report_of
from linkage.disk import synced
from linkage.errors import ConflictError, ListError, NotFound
from linkage.privacy.rewriting import replaced_bytes
from linkage.render import clean

CHANNELS = BANS, SHADOW = "bans", "shadow"
HEAD, ROWS, REPORT = "head.json", "rows.ndjson", "report.json"
DRAFT = "draft.json"
LEFT_LYING = 3600.0  # seconds after which nobody is writing it any more; it takes one or two


@dataclass(frozen=True)
class Published:
    """A list as it was published."""

    head: Head
    signature: str
    rows: tuple[Row, ...]

    @property
    def entries(self) -> dict[str, Entry]:
        """Account -> entry, of those that were not erased."""
        return {row.entry.account_id: row.entry for row in self.rows if row.entry is not None}

    def active(self, now: datetime) -> dict[str, Entry]:
        """Those that have not expired."""
        return {a: entry for a, entry in self.entries.items() if entry.expires_at > now}


class Lists:
    """The lists of a workspace in one channel; any number of processes may read and publish."""

    def __init__(self, workspace: Path, channel: str = BANS) -> None:
        if channel not in CHANNELS:
            raise NotFound(f"{clean(channel, 40)}: no such channel; there are {BANS} and {SHADOW}")
        self.channel, self.folder = channel, workspace / "banlists" / channel

    def numbers(self) -> list[int]:
        """Of the lists that there are, ascending."""
        if not self.folder.is_dir():
            return []
        return sorted(int(p.name) for p in self.folder.iterdir() if p.name.isdecimal())

    def latest(self) -> Published | None:
        """The last list, None before the first."""
        numbers = self.numbers()
        return self.read(numbers[-1]) if numbers else None

    def head(self, number: int) -> tuple[Head, str]:
        """A list's head and signature; NotFound where there is none."""
        try:
            told_of = json.loads((self._of(number) / HEAD).read_text("utf-8"))
            return head_of(told_of["head"]), str(told_of["signature"])
        except FileNotFoundError:
            raise NotFound(f"{self.channel}: there is no list {number}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ListError(f"{self.channel} {number}: damaged: {clean(error, 200)}") from None

    def stamp(self, number: int) -> tuple[int, int, int] | None:
        """What tells that a list is the same as before, at the price of one look; None where there
        is none."""
        try:
            found = (self._of(number) / ROWS).stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def report(self, number: int) -> Report:
        """The collateral report of a list as it was published; NotFound where there is none."""
        try:
            return report_of(json.loads((self._of(number) / REPORT).read_text("utf-8")))
        except FileNotFoundError:
            raise NotFound(f"{self.channel}: there is no list {number}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ListError(f"{self.channel} {number}: damaged: {clean(error, 200)}") from None

    def read(self, number: int) -> Published:
        """A list; NotFound where there is none, ListError where its files are damaged."""
        head, signature = self.head(number)
        try:
            return Published(head, signature, self._rows(number))
        except FileNotFoundError as error:
            raise ListError(f"{self.channel} {number}: damaged: {clean(error, 200)}") from None

    def keep(self, found: Draft) -> int:
        """Keep a draft in the place of the one before; returns the number that it would get."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(LEFT_LYING)
        number = max(self.numbers(), default=0) + 1
        new = self.folder / f".{DRAFT}-{os.getpid()}-{secrets.token_hex(4)}"
        text = json.dumps({"number": number, "draft": draft_values(found)})
        _written(new, [text.encode("ascii")])
        new.rename(self.folder / DRAFT)
        return number

    def kept(self, number: int) -> Draft:
        """The draft that would get this number; NotFound where there is none."""
        told_of = self._draft()
        if told_of is None or told_of[0] != number:
            raise NotFound(f"{self.channel}: there is no draft of list {number}")
        return draft_of(told_of[1])

    def publish(
        self,
        found: Draft,
        key: Ed25519PrivateKey,
        actor: str,
        now: datetime,
        override: str | None = None,
        number: int | None = None,
    ) -> Published:
        """Make a draft the next list, on disk when this returns.

        number   that it was drafted for; whatever comes next if not given
        ConflictError where another was published since the last one was looked at.
        """
        numbers = self.numbers()
        before = self.head(numbers[-1])[0] if numbers else None
        if number not in (None, 1 if before is None else before.number + 1):
            raise ConflictError(
                f"{self.channel}: {number} is not the number of the next list; draft it again"
            )
        rows = tuple(row_of(entry) for entry in found.entries)
        head = Head(
            format=FORMAT,
            channel=self.channel,
            number=1 if before is None else before.number + 1,
            previous=FIRST if before is None else before.hash,
            published_at=now,
            actor=actor,
            override=override,
            run=found.run,
            decisions=found.decisions,
            rows=len(rows),
            digest=digest(rows),
        )
        published = Published(head, sign(head, key), rows)
        self._put(published, found)
        return published

    def verify(self, key: Ed25519PublicKey) -> int:
        """Check every list and that each follows the one before; returns how many there are.

        ListError says where the chain does not hold.
        """
        before: Head | None = None
        for number in self.numbers():
            found = self.read(number)
            check_follows(found.head, before)
            if found.head.channel != self.channel:
                raise ListError(f"{self.channel} {number}: it is of {clean(found.head.channel)}")
            check(found.head, found.signature, found.rows, key)
            before = found.head
        return 0 if before is None else before.number

    def erase(self, account: str) -> tuple[int, list[ListError]]:
        """Take an account out of all lists: rows and salts go and their hashes stay, so that the
        chain holds. A draft that has it goes, or that cannot be read, and so does what is being
        written. Returns how many lists had it, and what of them cannot be read."""
        found, unread = 0, []
        self._sweep(0.0)
        for number in self.numbers():
            try:
                found += self._erased(number, account)
            except ListError as error:
                unread.append(error)
        draft = self._sound()
        if draft is None or any(entry.account_id == account for entry in draft.entries):
            self.drop_draft()
        return found, unread

    def _erased(self, number: int, account: str) -> bool:
        """Whether a list had it. What the list's head says does not matter here."""
        try:
            rows = self._rows(number)
        except FileNotFoundError:
            return False  # it names nobody
        theirs = [r for r in rows if r.entry is not None and r.entry.account_id == account]
        if theirs:
            # At the end, by hash: where a row was would say what it came between.
            gone = {row.hash for row in rows if row.entry is None or row in theirs}
            kept = [row for row in rows if row.hash not in gone]
            every = [*kept, *(Row(hash, None, None) for hash in sorted(gone))]
            lines = b"".join(_line(row_values(row)) for row in every)
            replaced_bytes(self._of(number) / ROWS, lines)
        return bool(theirs)

    def templates(self) -> set[str]:
        """Ids of those that reports name, and that of the draft, as far as they can be read."""
        draft = self._sound()
        told_of = [*self.reports()[0].values(), *([] if draft is None else [draft.report])]
        return {one for report in told_of for one in report.templates}

    def reports(self) -> tuple[dict[int, Report], list[ListError]]:
        """Number -> report, of those that there are; and what of them cannot be read."""
        found, unread = {}, []
        for number in self.numbers():
            try:
                found[number] = self.report(number)
            except NotFound:
                continue
            except ListError as error:
                unread.append(error)
        return found, unread

    def forget(self, templates: Collection[str]) -> list[ListError]:
        """Take templates out of all reports, which nobody signs; a draft that names one goes, or
        that cannot be read. Returns what of the reports cannot be read."""
        found, unread = self.reports()
        for number, told_of in found.items():
            if not told_of.templates.isdisjoint(templates):
                self._tell(number, told_of.without(templates))
        draft = self._sound()
        if draft is None or not draft.report.templates.isdisjoint(templates):
            self.drop_draft()
        return unread

    def blank(self, number: int) -> bool:
        """Take all rows of a list away but for their hashes, who loses accounts by it and which
        clusters do; whether there was one."""
        rows = self.read(number).rows
        if all(row.entry is None for row in rows):
            return False
        told_of = self.report(number)
        nobody = tuple(replace(one, organisation="") for one in told_of.organisations)
        self._tell(number, replace(told_of, organisations=nobody, clusters=()))
        lines = [_line(row_values(Row(hash, None, None))) for hash in sorted(r.hash for r in rows)]
        replaced_bytes(self._of(number) / ROWS, b"".join(lines))
        return True

    def drop_draft(self) -> None:
        """Take the draft away, if there is one."""
        with suppress(FileNotFoundError):
            (self.folder / DRAFT).unlink()
            synced(self.folder)

    def _draft(self) -> tuple[int, Mapping[str, Any]] | None:
        """The number that it would get and what is kept of it, if there is one."""
        try:
            told_of = json.loads((self.folder / DRAFT).read_text("utf-8"))
            return int(told_of["number"]), told_of["draft"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ListError(
                f"{self.channel}: the draft is damaged: {clean(error, 200)}; draft it again"
            ) from None

    def _sound(self) -> Draft | None:
        """The draft, if there is one and it can be read."""
        try:
            told_of = self._draft()
            return None if told_of is None else draft_of(told_of[1])
        except ListError:
            return None

    def _rows(self, number: int) -> tuple[Row, ...]:
        """Of a list; FileNotFoundError where it has none."""
        try:
            with (self._of(number) / ROWS).open("rb") as file:
                return tuple(row_from(json.loads(line)) for line in file)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, ListError) as error:
            raise ListError(f"{self.channel} {number}: damaged: {clean(error, 200)}") from None

    def _tell(self, number: int, told_of: Report) -> None:
        """Another report in the place of a list's."""
        replaced_bytes(self._of(number) / REPORT, _report_bytes(told_of))

    def _sweep(self, seconds: float) -> None:
        """Take away what a process that was killed has left half-written so long ago."""
        for path in self.folder.glob(".*"):
            with suppress(FileNotFoundError):
                if time.time() - path.lstat().st_mtime >= seconds:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _of(self, number: int) -> Path:
        return self.folder / f"{number:08}"

    def _put(self, published: Published, found: Draft) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self.folder / f".{published.head.number:08}-{os.getpid()}-{published.signature[:8]}"
        made.mkdir(mode=0o700)
        try:
            _written(made / ROWS, (_line(row_values(row)) for row in published.rows))
            _written(made / REPORT, [_report_bytes(found.report)])
            head = {"head": head_values(published.head), "signature": published.signature}
            _written(made / HEAD, [json.dumps(head, indent=2, sort_keys=True).encode()])
            synced(made)
            made.rename(self._of(published.head.number))
        except OSError as error:
            if self._of(published.head.number).exists():
                raise ConflictError(
                    f"{self.channel}: list {published.head.number} was published meanwhile; draft "
                    "again"
                ) from None
            raise ListError(f"{self.channel}: cannot be written: {clean(error)}") from None
        finally:
            shutil.rmtree(made, ignore_errors=True)
        synced(self.folder)


def row_values(row: Row) -> dict[str, Any]:
    """A row as JSON has it."""
    return {
        "hash": row.hash,
        "salt": row.salt,
        "entry": None if row.entry is None else told(row.entry),
    }


def row_from(values: Mapping[str, Any]) -> Row:
    """The row that `row_values` told; ListError where it is none."""
    try:
        entry = values["entry"]
        found = Row(str(values["hash"]), values["salt"], None if entry is None else entry_of(entry))
        bytes.fromhex(found.hash + (found.salt or ""))
    except (KeyError, TypeError, ValueError) as error:
        raise ListError(f"a row is none of a ban list: {clean(error, 100)}") from None
    return found


def _report_bytes(told_of: Report) -> bytes:
    return json.dumps(asdict(told_of), indent=2).encode("ascii")


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode("ascii") + b"\n"


def _written(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
