"""An account goes out of ban lists, and what their reports say of prompt templates with the last
account that has them. What cannot be read keeps nothing else from going."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.banlist.store import CHANNELS, Lists
from linkage.errors import ListError
from linkage.wording import KIND
from linkage.workspace import Workspace


def erase(workspace: Workspace, account: str) -> tuple[int, list[ListError]]:
    """Take it out of all lists and drafts: how many lists had it, and what cannot be read."""
    each = [Lists(workspace.path, channel).erase(account) for channel in CHANNELS]
    return sum(found for found, _ in each), [one for _, unread in each for one in unread]


def templates(workspace: Workspace) -> list[ListError]:
    """Take those out of reports and drafts that no account of any run has any more. Nobody can tell
    then whose they were: of an account that was erased, or of a run that is gone. Returns what
    cannot be read."""
    every = [Lists(workspace.path, channel) for channel in CHANNELS]
    gone = {one for lists in every for one in lists.templates()}
    for name in workspace.runs():
        if gone:
            which = (pc.field("kind") == KIND) & pc.field("value").isin(sorted(gone))
            table = pq.read_table(workspace.run(name) / "artifacts.parquet", filters=which)
            gone -= set(table["value"].to_pylist())
    return [one for lists in every for one in lists.forget(gone)]


def check(unread: list[ListError]) -> None:
    """ListError where anything could not be read: what it is, and what to do."""
    if unread:
        raise ListError(
            "all else is erased, but these cannot be read, and may have what is to go: "
            + "; ".join(map(str, unread))
            + ". Put their rows.ndjson or report.json back from a backup, or take it away, and "
            "erase once more"
        )
