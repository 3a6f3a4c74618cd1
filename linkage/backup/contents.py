"""What is in a workspace, as far as backups are concerned."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from linkage.backup.manifest import Manifest
from linkage.workspace import Workspace

PARTS = ("journal", "events", "quarantine", "runs", "snapshots", "banlists", "vault")
MARK = "privacy.json"  # of a workspace that keeps pseudonyms: of which key
UNFINISHED = ".writing"  # ends the name of a file that is to be renamed


def left_out(workspace: Path, manifest: Manifest) -> list[str]:
    """What is in a workspace and not in a backup of it: what is made of the rest, runs that are not
    whole, and what is not linkage's."""
    known = {*PARTS, MARK, Workspace(workspace).state.name}
    saved = {str(Path(entry.path).parent) for entry in manifest.files}
    runs = (path for path in (workspace / "runs").iterdir() if path.is_dir() and ours(path.name))
    return sorted(
        [path.name for path in workspace.iterdir() if ours(path.name) and _plain(path) not in known]
        + [f"runs/{path.name}" for path in runs if f"runs/{path.name}" not in saved]
    )


def _plain(path: Path) -> str:
    return path.name.removesuffix("-wal").removesuffix("-shm")


def rotates(mark: bytes) -> bool:
    """Whether names are just being re-keyed, by what is in MARK."""
    with suppress(ValueError, AttributeError):
        return json.loads(mark).get("next") is not None
    return False


def listed(folder: Path) -> list[str]:
    """Files of a folder and those inside it, by their paths in it, sorted; none where it is not
    there. What is being written is left out."""
    found = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if ours(name)]
        paths = (Path(inside, name) for name in names if ours(name))
        found += [str(path.relative_to(folder)) for path in paths if path.is_file()]
    return sorted(found)


def ours(name: str) -> bool:
    """Whether a file or folder of this name is there to be read, and whole."""
    return not name.startswith(".") and not name.endswith(UNFINISHED)


def size(folder: Path) -> int:
    """Bytes of the files in a folder, more or less: they come and go."""
    found = 0
    for path in listed(folder):
        with suppress(FileNotFoundError):
            found += (folder / path).stat().st_size
    return found
