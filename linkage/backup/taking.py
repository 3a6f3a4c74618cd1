"""A backup: one copy of a workspace, taken while its service runs or not.

Nothing is locked; the order makes it whole. What was acknowledged before it began is in it:

- The state comes first, as its rows name files, which are there before the rows are.
- The journal comes before the segments. A file of it that is gone when it is to be copied was
  sealed, and its segment appeared before it went. One that is copied and then sealed is in the
  backup twice; the start that follows a restore drops the journal's, as after a crash.
- Segments, runs and all else appear whole by a rename and never change, so that each is copied as
  it was. One that goes meanwhile is left out: it was expired. A run is copied whole or not at all.
- The vault comes last, so that it has every name that is in what came before. Names must not be
  re-keyed meanwhile: some of the copy would go by the old ones and some by the new.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from linkage.backup.contents import MARK, PARTS, listed, ours, rotates, size
from linkage.backup.copying import Earlier, copied, finished, opened, summed
from linkage.backup.manifest import NAME, Entry, Manifest, StateKept, read, rendered
from linkage.disk import synced
from linkage.erasing import plan
from linkage.errors import BackupError
from linkage.folder import check_new, new_folder
from linkage.journal.records import whole
from linkage.render import clean
from linkage.run import FILES
from linkage.state import copy_state
from linkage.workspace import Workspace

Progress = Callable[[str, float], None]
LOOKS = 10  # at the pointer, while runs come and go


@dataclass(frozen=True)
class Chosen:
    """What a backup is to be like.

    state           URL of the state's database; the workspace's own if none
    without_state   leave it out, as other tools dump it
    since           an earlier backup: what has not changed is a hard link to its file
    """

    state: str | None = None
    without_state: bool = False
    since: Path | None = None


def back_up(
    workspace: Path, out: Path, chosen: Chosen | None = None, progress: Progress | None = None
) -> Manifest:
    """Copy a workspace into a folder, which appears by one rename when all of it is on disk.

    BackupError where there is no workspace, ResultError where `out` is in the way or cannot be
    written, JournalError or StateError where what is to be copied is damaged.
    """
    chosen = chosen or Chosen()
    if not (workspace / "runs").is_dir():
        raise BackupError(f"{clean(workspace)}: no workspace, there is no folder runs in it")
    check_new(out)
    earlier = Earlier(chosen.since, read(chosen.since).entries()) if chosen.since else None
    begun = datetime.now(UTC)
    with new_folder(out) as made:
        copy = _Copy(workspace, made, earlier, progress or _silent)
        mark = copy.mark()
        kept, revision = copy.state(chosen)
        copy.journal()
        copy.tree("events")
        copy.tree("quarantine")
        copy.runs()
        copy.tree("snapshots")
        copy.tree("banlists")
        copy.tree("vault")
        copy.check_mark(mark)
        files = tuple(copy.entries[path] for path in sorted(copy.entries))
        manifest = Manifest(
            version=version("linkage"), begun=begun, ended=datetime.now(UTC), state=kept,
            revision=revision, files=files,
        )  # fmt: skip
        copied(BytesIO(rendered(manifest)), made / NAME, _nothing)
        finished(made)
    synced(out.parent)
    return manifest


class _Copy:
    """A backup that is being made. `entries`: what is in it so far, by path."""

    def __init__(
        self, workspace: Path, made: Path, earlier: Earlier | None, progress: Progress
    ) -> None:
        self._from, self._to = Workspace(workspace), Workspace(made)
        self._earlier, self._progress, self._done = earlier, progress, 0
        self._total = max(1, sum(size(workspace / part) for part in PARTS))
        self.entries: dict[str, Entry] = {}

    def state(self, chosen: Chosen) -> tuple[StateKept, str | None]:
        """The state's database, as it is at one moment; returns its schema's revision too."""
        if chosen.without_state:
            return StateKept.left_out, None
        if chosen.state is None and not self._from.state.exists():
            return StateKept.none, None
        revision = copy_state(chosen.state or self._from.state, self._to.state)
        if revision is None:
            raise BackupError("the state's database has no tables: is the right one named?")
        self._added(self._to.state)
        return (StateKept.elsewhere if chosen.state else StateKept.here), revision

    def mark(self) -> bytes | None:
        """What says by which names all else goes; BackupError while that is being changed."""
        mark = self._marked()
        if plan.read(self._from.path) is not None:
            raise BackupError(
                f"{clean(self._from.path)}: an account is being erased: back it up when that is "
                "done; `linkage privacy erase` ends what was interrupted"
            )
        if mark is not None:
            if rotates(mark):
                raise BackupError(
                    f"{clean(self._from.path)}: its keys are being rotated: back it up when that "
                    "is done"
                )
            self._copied(MARK)
        return mark

    def check_mark(self, before: bytes | None) -> None:
        """BackupError where names were changed meanwhile: some of what was copied has others."""
        if self._marked() != before:
            raise BackupError(
                f"{clean(self._from.path)}: its keys were rotated meanwhile: back it up again"
            )

    def _marked(self) -> bytes | None:
        try:
            return (self._from.path / MARK).read_bytes()
        except FileNotFoundError:
            return None

    def journal(self) -> None:
        """Files that are not sealed yet, up to their last whole record: they grow."""
        for path in listed(self._from.path / "journal"):
            source = self._from.path / "journal" / path
            try:
                most = whole(source) if source.suffix == ".journal" else None
            except FileNotFoundError:
                continue
            if most != 0:
                self._copied(f"journal/{path}", most)

    def tree(self, name: str) -> None:
        """A folder of files that never change; it need not be there."""
        for path in listed(self._from.path / name):
            self._copied(f"{name}/{path}")

    def runs(self) -> None:
        """Whole runs, and the pointer to one of them. Runs may come and go: the run that the
        pointer names is looked for again until it is there."""
        folder, have = self._from.pointer.parent, set[str]()
        for _ in range(LOOKS):
            served = self._from.current()
            names = {path.name for path in folder.iterdir() if path.is_dir() and ours(path.name)}
            have |= {name for name in sorted(names - have) if self._run(name)}
            if served is None:
                return
            if served.name in have:
                self._to.pointer.parent.mkdir(exist_ok=True)
                self._to.pointer.touch(mode=0o600)
                self._to.pointer.write_text(f"{served.name}\n", "utf-8")
                self._added(self._to.pointer)
                return

    def _run(self, name: str) -> bool:
        """Copy a run; False, and nothing of it is there, where it is not whole any more."""
        folder = self._from.pointer.parent / name
        there = listed(folder)
        paths = [f"runs/{name}/{path}" for path in there]
        if set(FILES) <= set(there) and all(self._copied(path) for path in paths):
            return True
        shutil.rmtree(self._to.pointer.parent / name, ignore_errors=True)
        for path in paths:
            self.entries.pop(path, None)
        return False

    def _copied(self, path: str, most: int | None = None) -> bool:
        """Copy a file, `most` bytes of it at most; False where it is gone."""
        source, target = opened(self._from.path / path), self._to.path / path
        if source is None:
            return False
        with source:
            entry = self._earlier and self._earlier.linked(path, source, target, self._told)
            self.entries[path] = entry or Entry.of(path, *copied(source, target, self._told, most))
        self._progress(path.partition("/")[0], self._fraction())
        return True

    def _added(self, target: Path) -> None:
        """Take in a file that was made here."""
        path = str(target.relative_to(self._to.path))
        with target.open("rb") as file:
            os.fsync(file.fileno())
            self.entries[path] = Entry.of(path, *summed(file, _nothing))

    def _told(self, size: int) -> None:
        self._done += size

    def _fraction(self) -> float:
        return min(1.0, self._done / self._total)


def _nothing(_: int) -> None: ...


def _silent(stage: str, fraction: float) -> None: ...
