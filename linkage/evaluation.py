"""A run against known truth: who was listed and flagged, and who should have been.

Listed are the accounts on the ban list, flagged those that are proposed for a ban or a review,
clustered those in a large cluster, whatever is proposed for it. Networks of the kind `careful` are
counted by themselves, not in precision, recall and B-cubed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from linkage.errors import InputError
from linkage.labels import NONE, checked, read_truth
from linkage.render import clean
from linkage.run import Run
from linkage.shares import JUDGEMENTS, Judged, Share

__all__ = [
    "BCubed", "Evaluation", "Judged", "Network", "Share", "compare", "evaluate", "read_truth",
]  # fmt: skip

CAREFUL = "careful"
UNLABELLED = "unlabelled"  # kind of the accounts that are taken for innocents
FOUND = 0.5  # Jaccard index from which on a network counts as found
LEAST = 10  # accounts of a cluster: about as many as an investigator would open a case for


@dataclass(frozen=True)
class BCubed:
    """Bagga and Baldwin (1998), averaged over the accounts of known networks.

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
    """One operator's network, and the cluster that is most like it (Jaccard index).

    operator   its number: the truth's, or its place among the names that the truth gives
    name       what the truth calls it
    """

    operator: int
    kind: str
    accounts: int
    cluster_id: str | None
    jaccard: float
    listed: int
    flagged: int
    clustered: int
    name: str


@dataclass(frozen=True)
class Evaluation:
    """A run against the truth.

    accounts        in the run and in the truth: all that follows is about them
    only_in_truth   accounts of the truth without events in the run
    only_in_run     accounts of the run that the truth says nothing about
    precision, recall   over networks that are not careful
    networks        by kind of network, `careful` among them
    innocents       by kind of innocents: look-alikes and ordinary people
    organisations   verified organisations all of whose accounts are listed
    bcubed          None without known networks
    found           every known network, largest first
    least           accounts that make a cluster large
    unlabelled      accounts of those only in the run that were taken for innocents: with any,
                    precision is a lower bound, for networks may be among them
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
    least: int
    unlabelled: int

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
            "least": self.least,
            "unlabelled": self.unlabelled,
        }


def evaluate(
    run: Run, truth: pd.DataFrame, *, least: int = LEAST, unlabelled: bool = False
) -> Evaluation:
    """Compare a run with known truth, whose columns are those of `labels.checked`.

    Clusters of `least` accounts are large. Accounts that the truth says nothing about are left
    out, or taken for innocents if `unlabelled` is set. Raises MissingColumns, or InputError
    where a row cannot be understood, or no account is in the run.
    """
    members = run.members
    return compare(run.activity.account_id, members, truth, least=least, unlabelled=unlabelled)


def compare(
    accounts: pd.Series,
    members: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    least: int = LEAST,
    unlabelled: bool = False,
) -> Evaluation:
    """The same for any grouping: `accounts` are all that it had to judge, and `members` has
    account_id, cluster_id and proposal ('ban': listed) of those in a cluster."""
    known = checked(truth)
    shared = known[known.account_id.isin(accounts)]
    if shared.empty:
        raise InputError(_no_overlap(accounts, known))
    others = accounts[~accounts.isin(known.account_id)]
    counted = pd.concat([shared, _innocents(others)]) if unlabelled and len(others) else shared
    table = _judged(counted, members, least)
    fake = table.fraud
    plain = table[fake & (table.kind != CAREFUL)]
    careless = table[~fake | (table.kind != CAREFUL)]
    return Evaluation(
        accounts=len(table),
        only_in_truth=len(known) - len(shared),
        only_in_run=len(others),
        precision=_precision(careless),
        recall=_judge("recall", plain),
        networks=_by_kind(table[fake]),
        innocents=_by_kind(table[~fake]),
        organisations=_organisations(table),
        bcubed=_bcubed(table, plain[plain.operator >= 0]),
        found=tuple(_networks(table, table[table.operator >= 0])),
        least=least,
        unlabelled=len(table) - len(shared),
    )


def _innocents(accounts: pd.Series) -> pd.DataFrame:
    """Accounts that nothing is known of, as the truth would have them if they were innocents."""
    said = {"fraud": False, "operator": NONE, "network": None, "kind": UNLABELLED, "org_id": None}
    return pd.DataFrame({"account_id": accounts.to_numpy(), **said})


def _judged(known: pd.DataFrame, members: pd.DataFrame, least: int) -> pd.DataFrame:
    """The accounts with their cluster, and who is listed, flagged and clustered."""
    members = members[["account_id", "cluster_id", "proposal"]]
    size = members.groupby("cluster_id").size()
    table = known.merge(members, on="account_id", how="left").reset_index(drop=True)
    listed, flagged = table.proposal == "ban", table.proposal.isin(["ban", "review"])
    clustered = table.cluster_id.map(size).fillna(0) >= least
    return table.assign(listed=listed, flagged=flagged, clustered=clustered)


def _no_overlap(accounts: pd.Series, known: pd.DataFrame) -> str:
    if known.empty:
        return "the truth says nothing about any account: every row is empty but for its id"
    ours = ", ".join(clean(a, 40) for a in accounts.head(3))
    theirs = ", ".join(clean(a, 40) for a in known.account_id.head(3))
    return f"no account of the truth ({theirs}, ...) is in the run ({ours}, ...)"


def _judge(name: str, table: pd.DataFrame) -> Judged:
    return Judged(name, *(Share(int(table[j].sum()), len(table)) for j in JUDGEMENTS))


def _by_kind(table: pd.DataFrame) -> tuple[Judged, ...]:
    return tuple(_judge(str(kind), rows) for kind, rows in table.groupby("kind", sort=True))


def _precision(table: pd.DataFrame) -> Judged:
    chosen = [table[table[judgement]] for judgement in JUDGEMENTS]
    return Judged("precision", *(Share(int(rows.fraud.sum()), len(rows)) for rows in chosen))


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
            clustered=int(rows.clustered.sum()),
            name=str(rows.network.iloc[0]),
        )
