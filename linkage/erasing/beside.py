"""An account goes out of what is kept beside events and runs: snapshots of evidence, and what
detections and crashes left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.erasing.runs import named, neither
from linkage.jobs.task import FOLDER
from linkage.privacy.rewriting import UNFINISHED, changed_groups
from linkage.snapshots import EVIDENCE, LINKS
from linkage.state.erasures import Erasure
from linkage.workspace import Workspace

_Gone = Callable[[pa.Table, Erasure], pa.Array]
LEFT = 600.0  # seconds since anything was put into a folder that is being made


def snapshots(workspace: Workspace, erasure: Erasure) -> int:
    """What was kept of its evidence goes; of how many decisions. What others had is theirs."""
    found = 0
    for folder in sorted((workspace.path / "snapshots").glob("[0-9]*")):
        files = [
            _without(folder / EVIDENCE, erasure, _of_evidence),
            _without(folder / LINKS, erasure, _of_links),
        ]
        found += any(files)
    return found


def leftovers(workspace: Workspace, *, served: bool) -> None:
    """Take away what detections were told, and what crashes left half-made. To be called alone.

    served   others go on making things in the workspace meanwhile
    """
    shutil.rmtree(workspace.path / FOLDER, ignore_errors=True)
    for folder in ("runs", "index", "snapshots", "banlists/bans", "banlists/shadow"):
        for path in (workspace.path / folder).glob(".*"):
            if path.name != ".lock" and (not served or _long_left(path)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in ("runs", "snapshots", "banlists/bans", "banlists/shadow"):
        for path in (workspace.path / folder).glob(f"*/*{UNFINISHED}"):
            path.unlink()


def _long_left(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime > LEFT
    return False


def _of_evidence(table: pa.Table, erasure: Erasure) -> pa.Array:
    is_one = pc.equal(table["account_id"], erasure.account)
    return pc.or_(is_one, named(table, erasure.account, erasure.kinds))


def _of_links(table: pa.Table, erasure: Erasure) -> pa.Array:
    return pc.invert(neither(table, erasure.account))


def _without(path: Path, erasure: Erasure, gone: _Gone) -> bool:
    if not path.is_file():
        return False
    table = pq.read_table(path)
    mask = gone(table, erasure)
    if not pc.any(mask).as_py():
        return False
    changed_groups(path, lambda part: part.filter(pc.invert(gone(part, erasure))))
    return True
