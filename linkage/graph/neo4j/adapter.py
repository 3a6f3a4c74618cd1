"""The Neo4j adapter: the graph of a run that was brought into a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from linkage.errors import GraphError, OutsideGraph
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
from linkage.graph.base import Graph, described, is_run_id, run_id
from linkage.graph.drawing import neighbourhood
from linkage.graph.embedded import EmbeddedGraph
from linkage.graph.neighbours import Neighbourhood
from linkage.graph.neo4j import accounts, clusters
from linkage.graph.neo4j.around import GraphSurroundings
from linkage.graph.neo4j.connection import REFUSALS, Asking, Database
from linkage.graph.neo4j.model import NAME, Scope
from linkage.graph.neo4j.reading import Described, Reading, check_format
from linkage.graph.questions import (
    BY_SCORE,
    EVERY,
    BucketSize,
    ClusterFilter,
    ClusterSort,
    MemberOrder,
    Ref,
)
from linkage.render import clean

Answer = TypeVar("Answer")
TIMES = 5  # a reading is begun anew if another run is shown at its end


class Neo4jGraph:
    """`linkage.graph.Graph` over a database; each question is one reading transaction.

    It is of the run that is shown when it is asked: where a push moves the pointer meanwhile, the
    answer is begun anew, so that none is of two runs. What is outside the scope that was pushed
    the result folder `beyond` answers, if it is of the same run, or else the folder beside it that
    has this run's id for a name: a workspace has a run before it is shown.
    """

    def __init__(
        self, database: Database, beyond: str | Path | None = None, run: str | None = None
    ) -> None:
        """`run`: the key of one run to stay with; else always the one that is shown."""
        self._database, self._pinned = database, run
        self._beyond = EmbeddedGraph(beyond) if beyond is not None else None
        self._beside = Path(beyond).parent if beyond is not None else None
        self._others: dict[str, EmbeddedGraph] = {}
        self._known: dict[str, Described] = {}

    def run(self) -> RunSummary:
        """Published: when it was first shown in the database."""

        def summary(asks: Reading) -> RunSummary:
            known = asks.described
            return described(known.id, known.info, asks.rows("run")[0]["published"])

        return self._read(summary)

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
        return self._either(
            lambda asks: clusters.clusters(asks, where, sort, after, limit),
            lambda graph: graph.clusters(where, sort, after, limit),
        )

    def cluster(self, cluster_id: str) -> ClusterRow:
        """As the port says."""
        return self._either(
            lambda asks: clusters.cluster(asks, cluster_id),
            lambda graph: graph.cluster(cluster_id),
        )

    def members(
        self,
        cluster_id: str,
        after: str | None = None,
        limit: int = 100,
        *,
        by: MemberOrder = "account_id",
    ) -> Page[MemberRow]:
        """As the port says."""
        return self._either(
            lambda asks: clusters.members(asks, cluster_id, after, limit, by),
            lambda graph: graph.members(cluster_id, after, limit, by=by),
        )

    def cluster_evidence(
        self, cluster_id: str, after: str | None = None, limit: int = 100
    ) -> Page[SharedRow]:
        """As the port says."""
        return self._either(
            lambda asks: clusters.evidence(asks, cluster_id, after, limit),
            lambda graph: graph.cluster_evidence(cluster_id, after, limit),
        )

    def cluster_links(
        self, cluster_id: str, *, strongest: bool = True, limit: int = 50
    ) -> LinkList:
        """As the port says. Without a result folder, of the strongest links of each member; those
        that the graph does not hold count as left out."""
        return self._either(
            lambda asks: clusters.links(asks, cluster_id, strongest, limit),
            lambda graph: graph.cluster_links(cluster_id, strongest=strongest, limit=limit),
        )

    def account(self, account_id: str) -> AccountCard:
        """As the port says."""
        return self._either(
            lambda asks: accounts.account(asks, account_id),
            lambda graph: graph.account(account_id),
        )

    def artifact(self, kind: str, value: str) -> ArtifactRow:
        """As the port says."""
        return self._either(
            lambda asks: accounts.artifact_row(asks, kind, value),
            lambda graph: graph.artifact(kind, value),
        )

    def holders(
        self, kind: str, value: str, after: str | None = None, limit: int = 100
    ) -> Page[HolderRow]:
        """As the port says."""
        return self._either(
            lambda asks: accounts.holders(asks, kind, value, after, limit),
            lambda graph: graph.holders(kind, value, after, limit),
        )

    def link(self, a: str, b: str) -> Explanation:
        """As the port says. Where neither the graph nor a result folder has the link, whoever
        weighs as much as a link needs counts as linked."""
        return self._either(lambda asks: accounts.link(asks, a, b), lambda graph: graph.link(a, b))

    def neighbourhood(self, centre: Ref, nodes: int = 100) -> Neighbourhood:
        """As the port says; without a result folder, with the strongest links of each account."""
        return self._either(
            lambda asks: neighbourhood(GraphSurroundings(asks), asks.kinds, centre, nodes),
            lambda graph: graph.neighbourhood(centre, nodes),
        )

    def timeline(self, cluster_id: str, bucket: BucketSize = "day") -> Timeline:
        """As the port says."""
        return self._either(
            lambda asks: clusters.timeline(asks, cluster_id, bucket),
            lambda graph: graph.timeline(cluster_id, bucket),
        )

    def close(self) -> None:
        """As the port says."""
        self._database.close()
        for folder in (self._beyond, *self._others.values()):
            if folder is not None:
                folder.close()

    def _either(
        self, asks: Callable[[Reading], Answer], beyond: Callable[[Graph], Answer]
    ) -> Answer:
        """What the database answers, or what it does not hold from the result folder."""
        try:
            return self._read(asks)
        except OutsideGraph:
            if self._beyond is None:
                raise
            shown, folder = self._read(lambda asks: asks.described.id), self._beyond.run().id
            graph = self._beyond if shown == folder else self._other(shown)
            if graph is None:
                raise GraphError(
                    f"{self._database.target.url} shows the run {shown}, and the result folder is "
                    f"of {folder}: name the folder of the run that is shown, or push this one"
                ) from None
            return beyond(graph)

    def _other(self, shown: str) -> EmbeddedGraph | None:
        """The folder of another run beside the one that was named, if it is there."""
        # Whoever may write into the database may have written the id.
        if shown not in self._others and self._beside is not None and is_run_id(shown):
            folder = self._beside / shown
            if (folder / "run.json").is_file() and run_id(folder) == shown:
                self._others[shown] = EmbeddedGraph(folder)
        return self._others.get(shown)

    def _read(self, asks: Callable[[Reading], Answer]) -> Answer:
        """An answer of one run: begun anew where the run was replaced meanwhile."""
        for _ in range(TIMES):
            answer, still = self._database.read(lambda asking: self._once(asking, asks))
            if still:
                return answer
        raise GraphError(f"{self._database.target.url}: another run is shown each time; try again")

    def _once(self, asking: Asking, asks: Callable[[Reading], Answer]) -> tuple[Answer, bool]:
        run = self._shown(asking)
        try:
            known = self._described(asking, run)
            answer = asks(Reading(asking, known, alone=self._beyond is None))
        except REFUSALS:
            raise  # no more can be asked in this transaction
        except Exception:
            # What is gone cannot be found: that it was there says the next try.
            if self._shown(asking) == run:
                raise
            return None, False  # type: ignore[return-value]
        return answer, self._shown(asking) == run

    def _shown(self, asking: Asking) -> str:
        """The key of the run that is shown, or that this graph stays with."""
        if self._pinned is not None:
            return self._pinned
        row = asking.first("read/shown", name=NAME)
        if row is None:
            raise GraphError(
                f"{self._database.target.url}: no run has been brought into this database: "
                "`linkage graph push RESULT` does"
            )
        check_format(row, self._database.target.url)
        return str(row["run"])

    def _described(self, asking: Asking, run: str) -> Described:
        if run not in self._known:
            row = asking.first("read/run", run=run)
            if row is None:
                raise GraphError(f"{clean(run, 60)}: no such run in {self._database.target.url}")
            info = json.loads(row["info"])
            kinds = {kind.name: kind for kind in KindWords.of_run(info)}
            self._known[run] = Described(run, row["id"], Scope(row["scope"]), info, kinds)
        return self._known[run]
