"""What a decision rested on, kept for as long as the decision: the evidence of the accounts that it
is about, the links between them, and the cluster as it was.

snapshots/<number>/evidence.parquet   by account, kind and value, with how many had each
snapshots/<number>/links.parquet      between the accounts, as the run had them
snapshots/<number>/cluster.json       the cluster with its signals; null where accounts were named
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from linkage.errors import NotFound, ResultError
from linkage.folder import Tables, literal
from linkage.render import as_json, clean
from linkage.workspace import Workspace

EVIDENCE, LINKS, CLUSTER = "evidence.parquet", "links.parquet", "cluster.json"

_OF = "(SELECT unnest($accounts))"
_EVIDENCE = f"""
    SELECT e.*, a.accounts, a.degree
    FROM (SELECT * FROM read_parquet($evidence) WHERE account_id IN {_OF}) e
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY account_id, kind, value"""
_LINKS = f"""
    SELECT * FROM read_parquet($links)
    WHERE account_a IN {_OF} AND account_b IN {_OF} ORDER BY account_a, account_b"""
_CLUSTER = "SELECT * FROM read_parquet($clusters) WHERE cluster_id = $cluster"
_PAGE = """
    SELECT * EXCLUDE (file_row_number) FROM read_parquet($file, file_row_number = true)
    WHERE file_row_number >= $first ORDER BY file_row_number LIMIT $most"""


@dataclass(frozen=True)
class Held:
    """An artifact that an account had when it was decided about. accounts, degree: how many
    accounts of the run, and units of the population, had it then."""

    account_id: str
    kind: str
    value: str
    events: int
    first_seen: datetime
    last_seen: datetime
    accounts: int
    degree: int


@dataclass(frozen=True)
class Taken:
    """A snapshot that belongs to no decision yet."""

    workspace: Workspace
    folder: Path

    def keep(self, number: int) -> None:
        """Make it the decision's, by one rename. To be called in the transaction that writes the
        decision: what is there under its number was of one that was never written."""
        place = self.workspace.snapshot(number)
        if place.exists():
            shutil.rmtree(place)
        self.folder.rename(place)


@contextmanager
def taken(
    workspace: Workspace, run: Path, accounts: Sequence[str], cluster_id: str | None
) -> Iterator[Taken]:
    """What a run says of accounts, written; gone when the context ends, unless it was kept.

    ResultError where the run is damaged, or nothing can be written.
    """
    folder = workspace.path / "snapshots"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".taken-", dir=folder) as work:
            made = Path(work) / "snapshot"
            made.mkdir()
            _write(Tables(run), made, accounts, cluster_id)
            yield Taken(workspace, made)
    except OSError as error:
        raise ResultError(f"{clean(folder)}: cannot be written: {clean(error)}") from None


def evidence(
    workspace: Workspace, decision: int, first: int, most: int
) -> tuple[list[Held], int | None]:
    """So many rows of a decision's evidence from one on, and where the next begin (None: none do).

    NotFound where the decision has no snapshot.
    """
    file = workspace.snapshot(decision) / EVIDENCE
    if not file.is_file():
        raise NotFound(f"decision {decision}: no evidence was kept with it")
    tables = Tables(file.parent)
    try:
        rows = tables.rows(_PAGE, file=literal(file), first=first, most=most + 1)
    finally:
        tables.close()
    found = [Held(**row) for row in rows[:most]]
    return found, first + most if len(rows) > most else None


def cluster(workspace: Workspace, decision: int) -> dict[str, Any] | None:
    """The cluster that was decided about, as it was; None where accounts were named, or nothing
    was kept."""
    try:
        text = (workspace.snapshot(decision) / CLUSTER).read_text("utf-8")
    except FileNotFoundError:
        return None
    found: dict[str, Any] | None = json.loads(text)
    return found


def _write(tables: Tables, folder: Path, accounts: Sequence[str], cluster_id: str | None) -> None:
    named = list(dict.fromkeys(accounts))
    try:
        tables.write(_EVIDENCE, folder / EVIDENCE, accounts=named)
        tables.write(_LINKS, folder / LINKS, accounts=named)
        row = None if cluster_id is None else tables.first(_CLUSTER, cluster=cluster_id)
        (folder / CLUSTER).write_text(as_json(row), "utf-8")
    finally:
        tables.close()
