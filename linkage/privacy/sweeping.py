"""Rows of the vault go when nothing that is kept names what they stand for any more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from linkage.artifacts.pseudonyms import MARK, PART
from linkage.banlist.store import CHANNELS, Lists
from linkage.disk import synced
from linkage.journal.records import VAULT
from linkage.journal.seen import Hashes, hashed
from linkage.journal.segments import Places, write_vault
from linkage.state import State, tables

# Of a run and of a snapshot, the columns that have all names that are in any of their files.
_NAMES = {
    "activity.parquet": ("account_id", "organisation", "claimed"),
    "artifacts.parquet": ("value",),
    "evidence.parquet": ("account_id", "value"),
}
_WITH_EVIDENCE = "snapshots"  # they have no activity and no artifacts of their own
_ROWS = 1 << 18
_PART = re.compile(PART.encode())


def sweep(workspace: Path, state: State, through: int) -> int:
    """Take rows of the vault away, out of files up to a number; how many went.

    Whoever takes in events meanwhile must have forgotten what the vault had (`forget_vaulted`), and
    sealed what came in before that into segments, before this begins.
    """
    places, known, gone = Places(workspace), _known(workspace, state), 0
    for number in (number for number in places.in_vault() if number <= through):
        path = places.vaulted(number)
        table = pq.read_table(path)
        stays = np.isin(hashed(table["pseudonym"], VAULT), known)
        gone += int((~stays).sum())
        if not stays.any():
            path.unlink()
        elif not stays.all():
            write_vault(path, [table.filter(pa.array(stays))])
    synced(places.vault)
    return gone


def _known(workspace: Path, state: State) -> Hashes:
    """A hash of each part that is in anything kept. Should two parts have one, a row stays that
    could go."""
    found: list[Hashes] = []
    for texts in _texts(workspace, state):
        parts = pc.list_flatten(pc.split_pattern(texts.unique(), MARK)).unique()
        whole = pc.binary_join_element_wise("", parts.cast(pa.string()), MARK)
        found.append(np.unique(hashed(pa.chunked_array([whole]), VAULT)))
        if len(found) > 1 and sum(part.size for part in found[1:]) > found[0].size:
            found = [_united(found)]
    return _united(found)


def _united(parts: list[Hashes]) -> Hashes:
    none: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
    return np.unique(np.concatenate([none, *parts]))


def _texts(workspace: Path, state: State) -> Iterator[pa.Array]:
    """All texts that may be pseudonyms, of whatever is kept."""
    places = Places(workspace)
    for number in places.sealed():
        path = places.segment(number)
        schema = pq.read_schema(path)
        yield from _columns(path, [one.name for one in schema if pa.types.is_string(one.type)])
    for file, names in _NAMES.items():
        for path in workspace.glob(f"runs/*/{file}"):
            if file != "evidence.parquet":
                yield from _columns(path, names)
    for path in workspace.glob(f"{_WITH_EVIDENCE}/*/evidence.parquet"):
        yield from _columns(path, _NAMES[path.name])
    for path in places.quarantine.glob("[0-9]*.ndjson"):
        yield pa.array([part.decode() for part in _PART.findall(path.read_bytes())], pa.string())
    for channel in CHANNELS:  # of lists before the latest, nobody is kept out any more
        latest = Lists(workspace, channel).latest()
        yield pa.array([] if latest is None else list(latest.entries), pa.string())
    with state.read() as connection:
        for column in (tables.decision_accounts.c.account_id, tables.allowlist.c.value):
            rows = connection.execution_options(yield_per=_ROWS).scalars(sa.select(column))
            for some in rows.partitions():
                yield pa.array(list(some), pa.string())


def _columns(path: Path, names: Iterable[str]) -> Iterator[pa.Array]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS, columns=list(names)):
            yield from batch.columns
