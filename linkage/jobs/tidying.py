"""Folders of runs that were not finished, and runs that are old."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from linkage.workspace import WORK, Workspace

_LOCK = ".lock"
ABANDONED = 24 * 3600.0  # seconds since anything was put into a folder that is being made


def work_folder(workspace: Workspace, job: str) -> Path:
    """Where a job's result is made; beside the runs, so that a rename publishes it."""
    return workspace.path / "runs" / f"{WORK}{job}"


@contextmanager
def alone(workspace: Workspace, *, wait: bool = True) -> Iterator[None]:
    """One detection at a time in a workspace, whoever began it. The system lets go of the lock when
    a process ends.

    wait   for the end of another; else BlockingIOError
    """
    with (workspace.path / "runs" / _LOCK).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def sweep(workspace: Workspace) -> None:
    """Take away what killed detections left, and what others did that were killed long ago. To be
    called alone."""
    left = set((workspace.path / "runs").glob(f"{WORK}*"))
    for folder in ("runs", "index", "snapshots"):
        left |= {path for path in (workspace.path / folder).glob(".*") if _abandoned(path)}
    for path in left:
        shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    """A folder that was to get another name when it is whole, and did not."""
    with suppress(FileNotFoundError):
        return path.is_dir() and time.time() - path.stat().st_mtime > ABANDONED
    return False


def sweep_unless_busy(workspace: Workspace) -> None:
    """The same, unless a detection goes on: it sweeps itself."""
    with suppress(BlockingIOError), alone(workspace, wait=False):
        sweep(workspace)


def remove_old(workspace: Workspace, keep: int, named: Collection[str]) -> list[str]:
    """Take away all but the newest runs, the one that is served, and those that are named; the ids
    of those that went."""
    current = workspace.current()
    kept = {*workspace.runs()[:keep], *named, *([] if current is None else [current.name])}
    old = [name for name in workspace.runs() if name not in kept]
    for name in old:
        workspace.remove(name)
    return old
