"""The embedded adapter: one run's graph, read from its result folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
from linkage.graph.base import described, run_id
from linkage.graph.drawing import neighbourhood
from linkage.graph.embedded import accounts, clusters, timeline
from linkage.graph.embedded.around import FolderSurroundings
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
from linkage.run import Run


class EmbeddedGraph:
    """`linkage.graph.Graph` over a result folder, which never changes; nothing is kept in memory
    but what a question needs, and a cursor of the engine each makes threads independent.

    A single account is found by the order of the files. Who holds an artifact, and what a
    cluster's members share, takes a pass over the columns of the evidence that say so.
    """

    def __init__(self, folder: str | Path) -> None:
        """ResultError where the folder is no result."""
        self._run = Run.open(folder)
        self._tables = self._run.tables
        info = self._run.info
        self._id = run_id(self._run.path)
        self._group_accounts = int(info["settings"]["score"]["group_accounts"])
        self._kinds = {kind.name: kind for kind in KindWords.of_run(info)}

    def run(self) -> RunSummary:
        """Its published time is that of run.json's last change: a copy may have a later one."""
        changed = (self._run.path / "run.json").stat().st_mtime
        return described(self._id, self._run.info, datetime.fromtimestamp(changed, UTC))

    def at_hand(self, *accounts: str, together: bool = False) -> bool:
        """As the port says."""
        return False

    def clusters(
        self,
        where: ClusterFilter = EVERY,
        sort: ClusterSort = BY_SCORE,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[ClusterRow]:
        """As the port says."""
        least = self._group_accounts
        return clusters.clusters(self._tables, self._id, least, where, sort, after, limit)

    def cluster(self, cluster_id: str) -> ClusterRow:
        """As the port says."""
        return clusters.cluster(self._tables, cluster_id)

    def members(
        self,
        cluster_id: str,
        after: str | None = None,
        limit: int = 100,
        *,
        by: MemberOrder = "account_id",
    ) -> Page[MemberRow]:
        """As the port says."""
        return clusters.members(self._tables, self._id, cluster_id, after, limit, by)

    def cluster_evidence(
        self, cluster_id: str, after: str | None = None, limit: int = 100
    ) -> Page[SharedRow]:
        """As the port says."""
        return clusters.evidence(self._tables, self._id, cluster_id, after, limit)

    def cluster_links(
        self, cluster_id: str, *, strongest: bool = True, limit: int = 50
    ) -> LinkList:
        """As the port says."""
        return clusters.links(self._tables, self._run.info, cluster_id, strongest, limit)

    def account(self, account_id: str) -> AccountCard:
        """As the port says."""
        return accounts.account(self._tables, account_id)

    def artifact(self, kind: str, value: str) -> ArtifactRow:
        """As the port says."""
        return accounts.artifact(self._tables, self._kinds, kind, value)

    def holders(
        self, kind: str, value: str, after: str | None = None, limit: int = 100
    ) -> Page[HolderRow]:
        """As the port says."""
        return accounts.holders(self._tables, self._id, self._kinds, kind, value, after, limit)

    def link(self, a: str, b: str) -> Explanation:
        """As the port says."""
        return self._run.explain(a, b)

    def neighbourhood(self, centre: Ref, nodes: int = 100) -> Neighbourhood:
        """As the port says."""
        there = FolderSurroundings(self._tables, self._kinds)
        return neighbourhood(there, self._kinds, centre, nodes)

    def timeline(self, cluster_id: str, bucket: BucketSize = "day") -> Timeline:
        """As the port says."""
        return timeline.timeline(self._tables, cluster_id, bucket)

    def close(self) -> None:
        """As the port says."""
        self._tables.close()
