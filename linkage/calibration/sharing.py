"""What pairs of accounts share, network by network: the counts that weights are estimated from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from linkage.errors import ResultError
from linkage.render import clean

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROWS_AT_ONCE = 500_000
PAIRS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Pairs:
    """Linked pairs of one network each; accounts and networks by their numbers.

    a, b       places in `accounts`
    network    one number a pair
    bits       weight of the link;  families: what each gives of it
    """

    accounts: list[str]
    a: Ints
    b: Ints
    network: Ints
    bits: Floats
    families: dict[str, Floats]

    def without(self, family: str, threshold: float) -> Pairs:
        """The pairs that would be linked if this family had given nothing."""
        kept = self.bits - self.families.get(family, np.zeros(self.bits.size)) >= threshold
        parts = {name: bits[kept] for name, bits in self.families.items()}
        return Pairs(
            self.accounts, self.a[kept], self.b[kept], self.network[kept], self.bits[kept], parts
        )


@dataclass(frozen=True)
class Held:
    """What accounts have of one kind: rows (1 or 0), accounts by artifacts; and the chance that
    a stranger has each artifact, (d + 1) / (N + 2)."""

    rows: csr_array
    chance: Floats


def pairs_within(links: Path, network: pd.Series) -> Pairs:
    """The links of `links.parquet` between accounts of the same network.

    `network` has account_id as its index. Raises ResultError where the file is damaged.
    """
    accounts, number = list(network.index), pd.factorize(network)[0].astype(np.int64)
    ids = pa.array(accounts, pa.string())
    parts = []
    for rows in _batches(links, None):
        table = rows.flatten()
        a, b = (_places(table[name], ids) for name in ("account_a", "account_b"))
        known = (a >= 0) & (b >= 0)
        known[known] = number[a[known]] == number[b[known]]
        parts.append((table.filter(pa.array(known)), a[known], b[known]))
    tables = pa.concat_tables([part[0] for part in parts]) if parts else pa.table({})
    a, b = (np.concatenate([np.empty(0, np.int64), *(p[i] for p in parts)]) for i in (1, 2))
    return Pairs(
        accounts,
        a,
        b,
        number[a],
        _column(tables, "bits"),
        {
            name.removeprefix("families."): _column(tables, name)
            for name in tables.column_names
            if name.startswith("families.")
        },
    )


def holdings_of(
    evidence: Path, artifacts: Path, accounts: list[str], population: int
) -> dict[str, Held]:
    """What the accounts have, by kind, and how common that is among so many units.

    Raises ResultError where `evidence.parquet` or `artifacts.parquet` is damaged.
    """
    ids = pa.array(accounts, pa.string())
    parts = [pd.DataFrame(columns=["kind", "value", "account"])]
    for rows in _batches(evidence, ["account_id", "kind", "value"]):
        place = _places(rows["account_id"], ids)
        frame = rows.filter(pa.array(place >= 0)).select(["kind", "value"]).to_pandas()
        parts.append(frame.assign(account=place[place >= 0]))
    held = pd.concat(parts[1:] or parts)
    common = pd.concat([t.to_pandas() for t in _batches(artifacts, ["kind", "value", "degree"])])
    found = {}
    for kind, rows in held.groupby("kind", sort=True):
        value, names = pd.factorize(rows["value"])
        ones = np.ones(len(rows), np.int64)
        at = (rows["account"].to_numpy(np.int64), value)
        degree = common[common.kind == kind].set_index("value").degree.reindex(names)
        chance = np.minimum(1.0, (degree.to_numpy(np.float64) + 1) / (population + 2))
        found[str(kind)] = Held(csr_array((ones, at), shape=(len(accounts), len(names))), chance)
    return found


def by_network(pairs: Pairs, held: Held) -> pd.DataFrame:
    """What the pairs of each network share of one kind, beyond chance.

    network     its number
    accounts    distinct ones, in pairs that have anything of the kind
    share       of what the accounts of a pair have, the part that the other has too; with what
                chance explains taken off both, as a weight takes it: m + (1 - m) p are shared
    telling     part of what they have that chance does not explain, 0 to 1: what everyone has
                says nothing of networks
    """
    shared, of, chance = _counts(pairs, held)
    some = of > 0
    frame = pd.DataFrame({"shared": shared, "of": of, "chance": chance, "network": pairs.network})
    sums = frame[some].groupby("network").sum()
    ends = pd.DataFrame(
        {
            "network": np.tile(pairs.network[some], 2),
            "account": np.concatenate([pairs.a[some], pairs.b[some]]),
        }
    )
    accounts = ends.groupby("network").account.nunique()
    left = sums["of"] - sums["chance"]
    share = ((sums["shared"] - sums["chance"]) / left.where(left > 0)).clip(0, 1)
    table = pd.DataFrame({"accounts": accounts, "share": share, "telling": left / sums["of"]})
    return table[share.notna()].reset_index()


def _counts(pairs: Pairs, held: Held) -> tuple[Ints, Ints, Floats]:
    """Of each pair: twice what both have; what the one and what the other has; and how much of
    that strangers would share."""
    rows = held.rows
    number, chance = rows.sum(axis=1), rows @ held.chance
    shared = np.zeros(pairs.a.size, np.int64)
    for start in range(0, pairs.a.size, PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        both = rows[pairs.a[part]].multiply(rows[pairs.b[part]])
        shared[part] = 2 * both.sum(axis=1)
    return shared, number[pairs.a] + number[pairs.b], chance[pairs.a] + chance[pairs.b]


def _batches(path: Path, columns: list[str] | None) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns):
                yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowException) as error:
        raise ResultError(f"{clean(path)}: damaged: {clean(error, 200)}") from None


def _places(names: pa.ChunkedArray, ids: pa.Array) -> Ints:
    """Where each name is among the ids, -1 for nowhere."""
    return pc.index_in(names, value_set=ids).fill_null(-1).to_numpy().astype(np.int64)


def _column(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.empty(0)
    found: Floats = table[name].to_numpy().astype(np.float64)
    return found
