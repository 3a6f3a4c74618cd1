"""A run against known truth: who was listed and flagged, and who should have been.

Listed are the accounts on the ban list, flagged those that are proposed for a ban or a review.
Networks of the kind `careful` are counted by themselves, not in precision, recall and B-cubed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from linkage.errors import FormatError, InputError, MissingColumns, MissingInput
from linkage.render import clean
from linkage.run import Run

REQUIRED = ("account_id", "operator", "kind")
CAREFUL = "careful"
FOUND = 0.5  # Jaccard index from which on a network counts as found
Z = 1.959964  # of a two-sided 95 % interval


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with the 95 % interval of Wilson (1927); None where nothing is to count."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """The share itself, 0 to 1."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % confidence, if accounts were drawn one by one."""
        if not self.of:
            return None
        n, p = self.of, self.hits / self.of
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        return low, 1.0 if self.hits == n else min(1.0, middle + half)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        low, high = self.interval or (None, None)
        return {"hits": self.hits, "of": self.of, "share": self.share, "low": low, "high": high}


@dataclass(frozen=True)
class Judged:
    """Accounts of one kind: how many were listed, and how many flagged."""

    kind: str
    listed: Share
    flagged: Share

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "kind": self.kind,
            "listed": self.listed.to_dict(),
            "flagged": self.flagged.to_dict(),
        }


@dataclass(frozen=True)
class BCubed:
    """Bagga and Baldwin (1998), averaged over the accounts of networks.

    precision   of its cluster, the share that is of its operator; 1 for an account in none
    recall      of its operator's accounts, the share in its cluster
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Network:
    """One operator's network, and the cluster that is most like it (Jaccard index)."""

    operator: int
    kind: str
    accounts: int
    cluster_id: str | None
    jaccard: float
    listed: int
    flagged: int


@dataclass(frozen=True)
class Evaluation:
    """A run against the truth.

    accounts        in the run and in the truth: all that follows is about them
    only_in_truth   accounts of the truth without events in the run
    only_in_run     accounts of the run that the truth says nothing about
    precision, recall   listed and flagged, over networks that are not careful
    networks        by kind of network, `careful` among them
    innocents       by kind of innocents: look-alikes and ordinary people
    organisations   verified organisations all of whose accounts are listed
    bcubed          None without networks
    found           every network, largest first
    """

    accounts: int
    only_in_truth: int
    only_in_run: int
    precision: Judged
    recall: Judged
    networks: tuple[Judged, ...]
    innocents: tuple[Judged, ...]
    organisations: Share
    bcubed: BCubed | None
    found: tuple[Network, ...]

    @property
    def networks_found(self) -> Share:
        """Networks with a cluster of which they share at least half (Jaccard index)."""
        return Share(sum(n.jaccard >= FOUND for n in self.found), len(self.found))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        bcubed = self.bcubed and {**asdict(self.bcubed), "f1": self.bcubed.f1}
        return {
            "accounts": self.accounts,
            "only_in_truth": self.only_in_truth,
            "only_in_run": self.only_in_run,
            "precision": self.precision.to_dict(),
            "recall": self.recall.to_dict(),
            "networks": [judged.to_dict() for judged in self.networks],
            "innocents": [judged.to_dict() for judged in self.innocents],
            "organisations_listed_whole": self.organisations.to_dict(),
            "bcubed": bcubed,
            "networks_found": self.networks_found.to_dict(),
            "found": [asdict(network) for network in self.found],
        }


def read_truth(path: str | Path) -> pd.DataFrame:
    """Known truth from Parquet or CSV: account_id, operator, kind, and org_id where known.

    Raises MissingInput, FormatError or MissingColumns.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingInput(f"{clean(file)}: no such file of known truth")
    try:
        truth: pd.DataFrame = _table(file).to_pandas()
        return truth
    except (pa.ArrowInvalid, OSError) as error:
        raise FormatError(f"{clean(file)}: cannot be read: {clean(error, 200)}") from None


def _table(file: Path) -> pa.Table:
    if file.suffix in (".parquet", ".pq"):
        return pq.read_table(file)
    if ".csv" not in file.suffixes:
        raise FormatError(f"{clean(file)}: known truth is a .parquet or a .csv file")
    texts = {"account_id": pa.string(), "kind": pa.string(), "org_id": pa.string()}
    nulls = pc.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    return pc.read_csv(file, convert_options=nulls)


def evaluate(run: Run, truth: pd.DataFrame) -> Evaluation:
    """Compare a run with known truth.

    `truth` has account_id, operator (number of the network, -1 for none), kind, and may have
    org_id (a verified organisation). Raises MissingColumns, or InputError where accounts are
    named twice, operators are no whole numbers, or no account is in the run.
    """
    return compare(run.activity.account_id, run.members, truth)


def compare(accounts: pd.Series, members: pd.DataFrame, truth: pd.DataFrame) -> Evaluation:
    """The same for any grouping: `accounts` are all that it had to judge, and `members` has
    account_id, cluster_id and proposal ('ban': listed) of those in a cluster."""
    known = _checked(truth)
    table = _judged(accounts, members, known)
    if table.empty:
        raise InputError(_no_overlap(accounts, known))
    fake = table.operator >= 0
    plain = table[fake & (table.kind != CAREFUL)]
    counted = table[~fake | (table.kind != CAREFUL)]
    return Evaluation(
        accounts=len(table),
        only_in_truth=len(known) - len(table),
        only_in_run=len(accounts) - len(table),
        precision=Judged("precision", _right(counted, "listed"), _right(counted, "flagged")),
        recall=_judge("recall", plain),
        networks=_by_kind(table[fake]),
        innocents=_by_kind(table[~fake]),
        organisations=_organisations(table),
        bcubed=_bcubed(table, plain),
        found=tuple(_networks(table, table[fake])),
    )


def _checked(truth: pd.DataFrame) -> pd.DataFrame:
    absent = [name for name in REQUIRED if name not in truth.columns]
    if absent:
        has = ", ".join(clean(name) for name in truth.columns)
        raise MissingColumns(f"the truth has no column {', '.join(absent)}; it has: {has}")
    known = truth.assign(org_id=truth["org_id"] if "org_id" in truth.columns else None)
    known["operator"] = pd.to_numeric(known.operator, errors="coerce")
    if known.operator.isna().any() or (known.operator % 1 != 0).any():
        raise InputError("the truth's operator must be a whole number, -1 for none, in every row")
    known["account_id"] = known.account_id.astype(str)
    twice = known.account_id[known.account_id.duplicated()]
    if len(twice):
        raise InputError(f"the truth names {clean(twice.iloc[0])} more than once")
    return known.astype({"operator": np.int64, "kind": str})


def _judged(accounts: pd.Series, members: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The accounts that both have in common, with cluster, listed and flagged."""
    table = known[["account_id", "operator", "kind", "org_id"]]
    table = table[table.account_id.isin(accounts)]
    members = members[["account_id", "cluster_id", "proposal"]]
    table = table.merge(members, on="account_id", how="left").reset_index(drop=True)
    listed, flagged = table.proposal == "ban", table.proposal.isin(["ban", "review"])
    return table.assign(listed=listed, flagged=flagged)


def _no_overlap(accounts: pd.Series, known: pd.DataFrame) -> str:
    ours = ", ".join(clean(a, 40) for a in accounts.head(3))
    theirs = ", ".join(clean(a, 40) for a in known.account_id.head(3))
    return f"no account of the truth ({theirs}, ...) is in the run ({ours}, ...)"


def _judge(name: str, table: pd.DataFrame) -> Judged:
    listed, flagged = int(table.listed.sum()), int(table.flagged.sum())
    return Judged(name, Share(listed, len(table)), Share(flagged, len(table)))


def _by_kind(table: pd.DataFrame) -> tuple[Judged, ...]:
    return tuple(_judge(str(kind), rows) for kind, rows in table.groupby("kind", sort=True))


def _right(table: pd.DataFrame, judgement: str) -> Share:
    chosen = table[table[judgement]]
    return Share(int((chosen.operator >= 0).sum()), len(chosen))


def _organisations(table: pd.DataFrame) -> Share:
    whole = table.dropna(subset=["org_id"]).groupby("org_id").listed.all()
    return Share(int(whole.sum()), len(whole))


def _bcubed(table: pd.DataFrame, plain: pd.DataFrame) -> BCubed | None:
    """Each account's figures follow from the sizes of cluster, operator and what is in both."""
    if plain.empty:
        return None
    cluster = table.groupby("cluster_id").size()
    operator = table[table.operator >= 0].groupby("operator").size()
    inside = plain.dropna(subset=["cluster_id"])
    together = inside.groupby(["operator", "cluster_id"]).cluster_id.transform("size")
    both = together.reindex(plain.index).fillna(1)
    in_cluster = plain.cluster_id.map(cluster).fillna(1)
    return BCubed(
        precision=float(np.mean((both / in_cluster).to_numpy(float))),
        recall=float(np.mean((both / plain.operator.map(operator)).to_numpy(float))),
    )


def _networks(table: pd.DataFrame, fakes: pd.DataFrame) -> Iterable[Network]:
    """Each network with its best cluster, largest first."""
    cluster = table.groupby("cluster_id").size()
    for operator, rows in sorted(
        fakes.groupby("operator"), key=lambda item: (-len(item[1]), item[0])
    ):
        inside = rows.groupby("cluster_id").size().sort_index()
        jaccard = inside / (len(rows) + cluster.reindex(inside.index) - inside)
        yield Network(
            operator=int(str(operator)),
            kind=str(rows.kind.iloc[0]),
            accounts=len(rows),
            cluster_id=str(jaccard.idxmax()) if len(jaccard) else None,
            jaccard=float(jaccard.max()) if len(jaccard) else 0.0,
            listed=int(rows.listed.sum()),
            flagged=int(rows.flagged.sum()),
        )
