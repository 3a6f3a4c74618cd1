"""The manifest of a backup: which files it has, of how many bytes, with which SHA-256.

It is written last, so that a folder without one is no backup, and has a checksum of its own: a
changed byte anywhere in a backup is found.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import BackupError
from linkage.render import clean

FORMAT = 1
NAME = "manifest.json"
_SUM = "manifest_sha256"


def _inside(path: str) -> str:
    """A path that leads out of its folder is none of ours, whoever wrote it."""
    plain = PurePosixPath(path)
    if plain.is_absolute() or ".." in plain.parts or str(plain) != path or path in (".", NAME):
        raise ValueError("leads elsewhere")
    return path


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """A file: its path in the backup and in the workspace, its bytes, and their SHA-256."""

    path: Annotated[str, Field(min_length=1), AfterValidator(_inside)]
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def of(cls, path: str, size: int, sha256: str) -> Entry:
        """BackupError where a path is no text."""
        try:
            return cls(path=path, size=size, sha256=sha256)
        except ValidationError:
            raise BackupError(f"{clean(path)}: a file of such a name is not backed up") from None


class StateKept(StrEnum):
    """Whether a backup has keys, decisions and the like."""

    here = "here"  # the workspace's own database
    elsewhere = "elsewhere"  # a copy of the one that settings name
    left_out = "left out"  # its own tools dump it
    none = "none"  # the workspace has none yet


class Manifest(_Part):
    """What a backup is.

    version     of linkage that made it
    begun       what was acknowledged before is in it;  ended: when it was whole
    state       whether it has keys and decisions;  revision: the schema of their database
    files       every file but this one, by path
    """

    format: int = FORMAT
    version: str
    begun: datetime
    ended: datetime
    state: StateKept
    revision: str | None
    files: tuple[Entry, ...]

    def entries(self) -> dict[str, Entry]:
        """Each file by its path."""
        return {entry.path: entry for entry in self.files}

    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)


def rendered(manifest: Manifest) -> bytes:
    """As it is on disk: JSON whose last value is the SHA-256 of the rest, written likewise."""
    values = manifest.model_dump(mode="json")
    digest = hashlib.sha256(_json(values)).hexdigest()
    return _json({**values, _SUM: digest})


def read(backup: Path) -> Manifest:
    """That of a backup; BackupError where it is none, of a later linkage, or damaged."""
    path = backup / NAME
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"{clean(backup)}: no backup, there is no {NAME} in it. `linkage backup` makes one"
        ) from None
    except OSError as error:
        raise BackupError(f"{clean(path)}: cannot be read: {clean(error)}") from None
    try:
        values = json.loads(text)
        _known(backup, values)
        values.pop(_SUM)
        found = Manifest.model_validate(values)
    except (ValueError, RecursionError, ValidationError, LookupError, AttributeError, TypeError):
        raise _damaged(path) from None
    if rendered(found) != text:
        raise _damaged(path)
    return found


def _known(backup: Path, values: Any) -> None:
    if isinstance(made := values["format"], int) and made > FORMAT:
        raise BackupError(
            f"{clean(backup)}: of format {made}, made by linkage {clean(values['version'], 40)}: "
            "install that version, or a later one, to restore it"
        )


def _damaged(path: Path) -> BackupError:
    return BackupError(f"{clean(path)}: damaged; nothing in this backup can be trusted by it")


def _json(values: Any) -> bytes:
    return (json.dumps(values, indent=1) + "\n").encode()
