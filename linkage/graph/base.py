"""The graph port: what the command line and a web service ask of one published run.

Every adapter gives the same answers; tests/contracts says what they are. Any method may raise
ResultError where what it reads is damaged. An id that the run does not have is NotFound, which
names near ones; a kind, cursor, order or limit that there is none of is QuestionError.

A cluster goes by its id, or by the beginning of it that no other has. Pages go on after a
cursor (`Page.next`): put together they are the whole, without repetition, for any limit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from linkage.explain import Explanation
from linkage.graph.answers import (
    AccountCard,
    ArtifactRow,
    ClusterRow,
    HolderRow,
    KindWords,
    LinkList,
    MemberRow,
    Page,
    RunSummary,
    SharedRow,
    Timeline,
)
from linkage.graph.neighbours import Neighbourhood
from linkage.graph.questions import (
    BY_SCORE,
    EVERY,
    BucketSize,
    ClusterFilter,
    ClusterSort,
    MemberOrder,
    Ref,
)


class Graph(Protocol):
    """One run as a graph, read only; several threads may ask at once."""

    def run(self) -> RunSummary:
        """Its id, counts, versions, thresholds and kinds, and when it was published."""

    def at_hand(self, *accounts: str, together: bool = False) -> bool:
        """Whether answers about these accounts are a few look-ups in memory, so that no thread is
        worth it: never where a database or files are asked. Without accounts: of this graph at all.

        together   with all accounts of their verified organisations
        """

    def clusters(
        self,
        where: ClusterFilter = EVERY,
        sort: ClusterSort = BY_SCORE,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[ClusterRow]:
        """Clusters that the filter lets through, in order; what ties goes by cluster_id."""

    def cluster(self, cluster_id: str) -> ClusterRow:
        """One cluster."""

    def members(
        self,
        cluster_id: str,
        after: str | None = None,
        limit: int = 100,
        *,
        by: MemberOrder = "account_id",
    ) -> Page[MemberRow]:
        """A cluster's accounts, by account_id, or by confidence, the highest first and those that
        nothing weighed last."""

    def cluster_evidence(
        self, cluster_id: str, after: str | None = None, limit: int = 100
    ) -> Page[SharedRow]:
        """What at least two members share, what belongs to the cluster most first:
        members x members / accounts, then kind and value."""

    def cluster_links(
        self, cluster_id: str, *, strongest: bool = True, limit: int = 50
    ) -> LinkList:
        """Links between members with their reasons, the strongest first or by account.

        The accounts of a verified organisation are linked as one, by the first of them; reasons
        are what any of them shares.
        """

    def account(self, account_id: str) -> AccountCard:
        """An account's membership, activity, and all that it shares with others."""

    def artifact(self, kind: str, value: str) -> ArtifactRow:
        """How many have an artifact. What only one account has is in no result."""

    def holders(
        self, kind: str, value: str, after: str | None = None, limit: int = 100
    ) -> Page[HolderRow]:
        """The accounts that have an artifact, by account_id."""

    def link(self, a: str, b: str) -> Explanation:
        """Why two accounts are linked, in bits, or what is missing."""

    def neighbourhood(self, centre: Ref, nodes: int = 100) -> Neighbourhood:
        """What is around an account, artifact or cluster, in `nodes` nodes at most, the centre one.

        Around an account: its cluster, its artifacts, the rarest first (degree), and the
        accounts linked to it, the strongest first. An account of a verified organisation is
        linked by the first of its organisation, which then comes before all others.
        Around an artifact: the accounts that have it, members of clusters first and with most
        confidence first, then by events; and their clusters, those with most of them first.
        Around a cluster: its members, the listed first, then by confidence; and what at least
        two of them share, the rarest first.

        Clusters get a quarter of the room at most, accounts and artifacts half of the rest
        each, and what one does not need the others get. All that joins two nodes shown is there,
        up to `neighbours.EDGES_A_NODE` a node of each kind: the centre's, then the strongest and
        the rarest. `left_out` counts what is not. Ties go by id; the order is always the same.
        """

    def timeline(self, cluster_id: str, bucket: BucketSize = "day") -> Timeline:
        """When a cluster's members were there, by UTC day or hour.

        A result has no events, so that how many fell into a bucket cannot be known. What can:
        the first and last event of each member, and with each artifact that it shares. Distinct
        moments of one member are events of their own, so `known_events` is a lower bound, and
        far below the truth for accounts with many events. Exact are `arrived` and `left`, the
        sum `events`, and `hours`, which goes by the hour of the day over all days.
        """

    def close(self) -> None:
        """Give back connections and memory."""


def described(run: str, info: Mapping[str, Any], published: datetime) -> RunSummary:
    """A run by its id and its run.json."""
    policy = info["settings"]["policy"]
    return RunSummary(
        id=run,
        version=info["version"],
        versions=info.get("versions", {}),
        counts=info["counts"],
        thresholds={
            "link_bits": info["threshold_bits"],
            "group_accounts": int(info["settings"]["score"]["group_accounts"]),
            "ban_expected": policy["ban_expected"],
            "review_expected": policy["review_expected"],
        },
        kinds=KindWords.of_run(info),
        published=published,
    )


class Publisher(Protocol):
    """An adapter that keeps runs in a store of its own. One that reads the result folder itself,
    as the embedded one does, needs no publishing."""

    def publish(self, run_folder: str | Path) -> str:
        """Bring a result folder into the store, whole or not at all; returns the run's id.

        A run that is there already stays as it is. ResultError where the folder is no result.
        """


_RUN_ID = re.compile(r"r[0-9a-f]{16}")


def is_run_id(text: str) -> bool:
    """Whether it is in the form that `run_id` gives."""
    return _RUN_ID.fullmatch(text) is not None


def run_id(run_folder: Path) -> str:
    """`r` and 16 hex digits, from a hash of run.json: the same folder has the same id wherever it
    is copied to; another run has another, even one of the same events (its times differ)."""
    return "r" + hashlib.sha256((run_folder / "run.json").read_bytes()).hexdigest()[:16]
