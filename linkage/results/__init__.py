"""The result folder: Parquet tables, the ban list and `run.json`, published by one rename."""

import shutil
from pathlib import Path

from linkage import naming
from linkage.errors import ResultError
from linkage.recorder import Recorder
from linkage.results.banlist import write_banlist
from linkage.results.bundle import Obeyed, Origin, Results
from linkage.results.info import info, write_json
from linkage.results.judged import write_judged
from linkage.results.tables import (
    write_activity,
    write_clusters,
    write_evidence,
    write_links,
    write_members,
    write_references,
    write_templates,
)

__all__ = ["Obeyed", "Origin", "Results", "check_free", "publish", "write", "write_info"]

INFO = "run.json"


def check_free(out: Path, overwrite: bool) -> None:
    """Refuse to write where something is, unless it is a result and may be replaced."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / INFO).exists():
        raise ResultError(f"{out}: exists and is not a result; name another folder")
    if not overwrite:
        raise ResultError(f"{out}: a result is there already; name another, or use --overwrite")


def write(found: Results, folder: Path) -> None:
    """All tables of a run, into a folder that nobody reads yet."""
    folder.mkdir()
    write_evidence(found, folder)
    write_activity(found, folder)
    write_links(found, folder)
    write_clusters(found, folder)
    write_members(found, folder)
    write_references(found, folder)
    write_templates(found, folder)
    write_judged(found, folder)
    write_banlist(found, folder / "banlist.csv")
    if found.origin.quarantine is not None:
        shutil.copyfile(found.origin.quarantine, folder / "quarantine.ndjson")
    if found.origin.pseudonyms is not None:
        naming.mark(folder, found.origin.pseudonyms)


def write_info(found: Results, record: Recorder, folder: Path) -> None:
    """`run.json`, last: a folder without it is no result."""
    write_json(info(found, record), folder / INFO)


def publish(folder: Path, out: Path, overwrite: bool) -> None:
    """Put a whole result in its place by one rename."""
    check_free(out, overwrite)
    old = folder.parent / "replaced"
    replaces = out.exists()
    if replaces:
        out.rename(old)
    try:
        folder.rename(out)
    except BaseException:
        if replaces:
            old.rename(out)
        raise
