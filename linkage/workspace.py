"""A workspace: the folder in which events, runs and the state are kept.

runs/<id>/     results, each published by one rename
runs/current   the id of the run that is served; replaced by one rename
runs/.work.*   what is being made, or taken away; nobody else looks at it
index/<id>/    what is looked up in a run, made from it; it can be deleted, and is made again
state.db       decisions, keys and the like, unless a database's URL is set
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linkage.disk import synced
from linkage.errors import ResultError
from linkage.folder import new_folder
from linkage.graph.base import run_id
from linkage.privacy.guard import check_result
from linkage.render import clean
from linkage.run import Run

_POINTER = "current"
WORK = ".work."  # begins the names of folders in `runs` that are not runs


@dataclass(frozen=True)
class Workspace:
    """A folder; made with all that is in it by `Workspace.at`."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Workspace:
        """The workspace in a folder, made if it is not there; ResultError where it cannot be."""
        try:
            # Only its owner may look in where it is made here: there are people's data in it.
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (path / "runs").mkdir(exist_ok=True)
        except OSError as error:
            raise ResultError(f"{clean(path)}: cannot be a workspace: {clean(error)}") from None
        return cls(path)

    @property
    def state(self) -> Path:
        """The database of the state."""
        return self.path / "state.db"

    @property
    def pointer(self) -> Path:
        """The file that names the run that is served."""
        return self.path / "runs" / _POINTER

    def writable(self) -> bool:
        """Whether something can be written into it."""
        return os.access(self.path / "runs", os.W_OK | os.X_OK)

    def run(self, name: str) -> Path:
        """The folder of a run by its id."""
        return self.path / "runs" / name

    def snapshot(self, decision: int) -> Path:
        """The folder of what a decision rested on."""
        return self.path / "snapshots" / str(decision)

    def current(self) -> Path | None:
        """The folder of the run that is served; None where there is none."""
        try:
            name = self.pointer.read_text("utf-8").strip()
        except FileNotFoundError:
            return None
        return self.run(name)

    def runs(self) -> list[str]:
        """Ids of the runs that are there, the latest first."""
        made: list[tuple[int, str]] = []
        for told in (self.path / "runs").glob("[!.]*/run.json"):
            with suppress(FileNotFoundError):  # taken away meanwhile
                made.append((told.stat().st_mtime_ns, told.parent.name))
        return [name for _, name in sorted(made, reverse=True)]

    def publish(self, result: Path) -> str:
        """Put a result that was made in the workspace among its runs: on disk, then by one rename.
        Returns the run's id."""
        name = run_id(result)
        for path in (*result.iterdir(), result):
            synced(path)
        result.rename(self.path / "runs" / name)
        synced(self.path / "runs")
        return name

    def remove(self, name: str) -> None:
        """Take a run away, at once for whoever looks, with what was made of it."""
        gone = self.path / "runs" / f"{WORK}{name}"
        self.run(name).rename(gone)
        for folder in (gone, self.index(name)):
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, result: Path) -> str:
        """Copy a result in, whole or not at all, and serve it; returns the run's id."""
        run = Run.open(result)
        check_result(self.path, run.path)
        name = run_id(run.path)
        there = self.run(name)
        if not there.exists():
            with new_folder(there) as made:
                shutil.copytree(run.path, made, dirs_exist_ok=True)
                for path in (*made.rglob("*"), made):
                    synced(path)
            synced(there.parent)
        self.serve(name)
        return name

    def index(self, name: str) -> Path:
        """The folder of a run's index."""
        return self.path / "index" / name

    def serve(self, name: str) -> None:
        """Make a run that is there the one that is served, once it has its index."""
        from linkage.index import index_of  # no command that only reads runs needs it

        if name not in self.runs():
            raise ResultError(f"{clean(name, 40)}: no such run; `linkage runs list` names them")
        run = Run.open(self.run(name))
        index_of(run.path, run_id(run.path), self.index(name))
        pointer = self.pointer
        new = pointer.with_suffix(f".{os.getpid()}")
        new.write_text(f"{name}\n", "utf-8")
        synced(new)
        new.rename(pointer)
        synced(pointer.parent)
