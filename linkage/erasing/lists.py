"""What reports of ban lists say of prompt templates goes with the last account that has them."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.banlist.store import CHANNELS, Lists
from linkage.wording import KIND
from linkage.workspace import Workspace


def templates(workspace: Workspace) -> None:
    """Take those out of reports and drafts that no account of any run has any more. Nobody can tell
    then whose they were: of an account that was erased, or of a run that is gone."""
    every = [Lists(workspace.path, channel) for channel in CHANNELS]
    gone = {one for lists in every for one in lists.templates()}
    for name in workspace.runs():
        if gone:
            which = (pc.field("kind") == KIND) & pc.field("value").isin(sorted(gone))
            table = pq.read_table(workspace.run(name) / "artifacts.parquet", filters=which)
            gone -= set(table["value"].to_pylist())
    if gone:
        for lists in every:
            lists.forget(gone)
