"""The indexed adapter: one run's graph, single reads from its index and the rest from its files."""

from __future__ import annotations

from pathlib import Path

from linkage.errors import ResultError
from linkage.explain import Explanation, explain
from linkage.graph.answers import (
    AccountCard,
    ArtifactRow,
    ClusterRow,
    HolderRow,
    LinkList,
    MemberRow,
    Page,
    RunSummary,
    SharedRow,
    Timeline,
)
from linkage.graph.embedded import EmbeddedGraph
from linkage.graph.indexed.accounts import AccountReader
from linkage.graph.indexed.clusters import ClusterReader
from linkage.graph.indexed.pairs import Pair
from linkage.graph.neighbours import Neighbourhood
from linkage.graph.questions import (
    BY_SCORE,
    EVERY,
    BucketSize,
    ClusterFilter,
    ClusterSort,
    MemberOrder,
    Ref,
    one_of,
)
from linkage.index import index_of
from linkage.render import clean
from linkage.run import Run


class IndexedGraph:
    """`linkage.graph.Graph` over a result folder and its index.

    What a cluster's members share, its links, drawings and timelines are searched for in the files,
    by the embedded adapter; so are the names that look like one that the run does not have.
    """

    def __init__(self, folder: str | Path, index: str | Path) -> None:
        """index: its folder; made where there is none. ResultError where the folder is no result,
        or the index cannot be made."""
        self._files = EmbeddedGraph(folder)
        self._summary = self._files.run()
        self._kinds = tuple(kind.name for kind in self._summary.kinds)
        run = self._summary.id
        self._info = Run.open(folder).info
        self._index = index_of(Path(folder), run, Path(index))
        self._accounts = AccountReader(self._index, run)
        least = int(self._summary.thresholds["group_accounts"])
        self._clusters = ClusterReader(self._index, run, least)

    def run(self) -> RunSummary:
        """As the port says."""
        return self._summary

    def at_hand(self, *accounts: str, together: bool = False) -> bool:
        """As the port says."""
        return self._accounts.at_hand(accounts, together)

    def clusters(
        self,
        where: ClusterFilter = EVERY,
        sort: ClusterSort = BY_SCORE,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[ClusterRow]:
        """As the port says."""
        return self._clusters.page(where, sort, after, limit)

    def cluster(self, cluster_id: str) -> ClusterRow:
        """As the port says."""
        return self._clusters.one(cluster_id)

    def members(
        self,
        cluster_id: str,
        after: str | None = None,
        limit: int = 100,
        *,
        by: MemberOrder = "account_id",
    ) -> Page[MemberRow]:
        """As the port says."""
        return self._clusters.members(cluster_id, after, limit, by)

    def cluster_evidence(
        self, cluster_id: str, after: str | None = None, limit: int = 100
    ) -> Page[SharedRow]:
        """As the port says."""
        return self._files.cluster_evidence(cluster_id, after, limit)

    def cluster_links(
        self, cluster_id: str, *, strongest: bool = True, limit: int = 50
    ) -> LinkList:
        """As the port says."""
        return self._files.cluster_links(cluster_id, strongest=strongest, limit=limit)

    def account(self, account_id: str) -> AccountCard:
        """As the port says."""
        number = self._accounts.number(account_id)
        if number is None:
            raise self._unknown(account_id)
        return self._accounts.card(number)

    def artifact(self, kind: str, value: str) -> ArtifactRow:
        """As the port says."""
        one_of(kind, self._kinds, "kind of artifact")
        return self._accounts.artifact(kind, value)

    def holders(
        self, kind: str, value: str, after: str | None = None, limit: int = 100
    ) -> Page[HolderRow]:
        """As the port says."""
        one_of(kind, self._kinds, "kind of artifact")
        return self._accounts.holders(kind, value, after, limit)

    def link(self, a: str, b: str) -> Explanation:
        """As the port says."""
        numbers: dict[str, int] = {}
        for account in (a, b):
            number = self._accounts.number(account)
            if number is None:
                raise self._unknown(account)
            numbers[account] = number
        return explain(Pair(self._index, self._info, numbers), a, b)

    def neighbourhood(self, centre: Ref, nodes: int = 100) -> Neighbourhood:
        """As the port says."""
        return self._files.neighbourhood(centre, nodes)

    def timeline(self, cluster_id: str, bucket: BucketSize = "day") -> Timeline:
        """As the port says."""
        return self._files.timeline(cluster_id, bucket)

    def close(self) -> None:
        """As the port says. The index goes when nobody reads it any more."""
        self._files.close()

    def _unknown(self, account_id: str) -> Exception:
        """That there is no such account, with those that look like it."""
        self._files.account(account_id)
        return ResultError(f"{clean(account_id, 80)}: in the result, but not in its index")
