"""A backup becomes a workspace again, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from linkage.backup.copying import Told, copied, finished, opened, summed
from linkage.backup.manifest import Entry, Manifest, read
from linkage.backup.taking import Progress
from linkage.disk import synced
from linkage.errors import BackupError
from linkage.folder import new_folder
from linkage.render import clean, plural
from linkage.state import check_known

NAMED = 20  # files in a message


def check(backup: Path, progress: Progress) -> Manifest:
    """Read every file of a backup; BackupError with those that are not as they were, StateError
    where a later linkage made its state."""
    return _each(backup, None, progress)


def restore(backup: Path, workspace: Path, progress: Progress) -> Manifest:
    """Copy a backup into a folder that is new or empty, which appears by one rename when every
    file was as it should be and is on disk.

    BackupError and StateError as `check` has them, ResultError where the folder is in the way.
    """
    with new_folder(workspace) as made:
        (made / "runs").mkdir()  # it is no workspace without
        manifest = _each(backup, made, progress)
        finished(made)
    synced(workspace.parent)
    return manifest


def _each(backup: Path, into: Path | None, progress: Progress) -> Manifest:
    manifest = read(backup)
    check_known(manifest.revision)
    total, done = max(1, manifest.size()), 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        progress("", min(1.0, done / total))

    bad = [entry.path for entry in manifest.files if not _as_it_was(backup, entry, into, told)]
    if bad:
        names = [clean(path) for path in bad[:NAMED]]
        names += [f"and {len(bad) - NAMED} more"] if len(bad) > NAMED else []
        raise BackupError(
            f"{clean(backup)}: {plural(len(bad), 'file')} damaged or missing; restore from another "
            "backup\n" + "\n".join(f"  - {name}" for name in names)
        )
    return manifest


def _as_it_was(backup: Path, entry: Entry, into: Path | None, told: Told) -> bool:
    """Whether a file has the bytes that it had; `into`: where it is copied as well."""
    source = opened(backup / entry.path)
    if source is None:
        return False
    with source:
        found = copied(source, into / entry.path, told) if into else summed(source, told)
    return found == (entry.size, entry.sha256)
