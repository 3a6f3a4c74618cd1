"""What is around an account, an artifact or a cluster, and what joins what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from linkage.graph.drawing import Around, Artifacts
from linkage.graph.neighbours import Room
from linkage.graph.neo4j.accounts import artifact, whole
from linkage.graph.neo4j.clusters import node
from linkage.graph.neo4j.model import key
from linkage.graph.neo4j.reading import Reading, families, properties
from linkage.graph.questions import AccountRef, ArtifactRef, ClusterRef, Ref
from linkage.graph.records import Record, total

OF_ACCOUNT = (
    "events", "first_seen", "last_seen", "organisation", "cluster_id", "confidence", "proposal",
    "held_by",
)  # fmt: skip
OF_CLUSTER = (
    "cluster_id", "accounts", "events", "score", "expected", "proposal", "first_seen", "last_seen",
)  # fmt: skip


class GraphSurroundings:
    """`linkage.graph.drawing.Surroundings` over a run's graph in Neo4j."""

    def __init__(self, asks: Reading) -> None:
        self._asks = asks

    def around(self, centre: Ref, most: int) -> Around:
        """As the protocol says."""
        if isinstance(centre, AccountRef):
            return self._of_account(centre, most)
        if isinstance(centre, ArtifactRef):
            return self._of_artifact(centre, most)
        return self._of_cluster(centre, most)

    def accounts(self, ids: Sequence[str]) -> Sequence[Record]:
        """As the protocol says. Where links of theirs are not here, somebody else may know them."""
        made = []
        for row in self._asks.rows("accounts_drawn", keys=[key(account) for account in ids]):
            node = row["account"]
            if not self._asks.alone and (not node["whole"] or row["here"] < node["links"]):
                self._asks.outside(node["account_id"])
            account_id = node.get("text", node["account_id"])
            made.append({"account_id": account_id, **properties(row, "account", OF_ACCOUNT)})
        return made

    def artifacts(self, named: Artifacts) -> Sequence[Record]:
        """As the protocol says."""
        return [artifact(self._asks, kind, value) for kind, value in named]

    def clusters(self, ids: Sequence[str]) -> Sequence[Record]:
        """As the protocol says."""
        rows = self._asks.rows("clusters_drawn", ids=list(ids))
        return [properties(row, "cluster", OF_CLUSTER) for row in rows]

    def uses(
        self, accounts: Sequence[str], named: Artifacts, centre: str, most: int
    ) -> Sequence[Record]:
        """As the protocol says."""
        rows = self._asks.rows(
            "uses_drawn",
            keys=[key(account) for account in accounts],
            named=[[kind, key(value)] for kind, value in named],
            centre=centre,
        )
        return _cut(rows, most)

    def links(self, accounts: Sequence[str], centre: str, most: int) -> Sequence[Record]:
        """As the protocol says."""
        keys = [key(account) for account in accounts]
        rows = self._asks.rows("links_drawn", keys=keys, centre=centre)
        return _cut([families(row) for row in rows], most)

    def _of_account(self, centre: AccountRef, most: int) -> Around:
        account = whole(self._asks, centre.account_id)
        unit = self._asks.rows("unit", key=key(centre.account_id))
        stands = str(unit[0]["account_id"])
        first = [] if stands == centre.account_id else [stands]
        speaks = whole(self._asks, stands)
        linked = self._asks.rows(
            "linked", key=key(stands), centre=key(centre.account_id), most=most + 1
        )
        others = [row["other"] for row in linked if not row["itself"]]
        used = self._asks.rows("used", key=key(centre.account_id), most=most)
        cluster = account.get("cluster_id")
        clusters = [cluster] if cluster is not None else []
        return Around(
            centre,
            [*first, *others],
            [(row["kind"], row["value"]) for row in used],
            clusters,
            Room(
                len(first) + speaks["links"] - (len(linked) - len(others)),
                total(used),
                len(clusters),
            ),
        )

    def _of_artifact(self, centre: ArtifactRef, most: int) -> Around:
        if not artifact(self._asks, centre.kind, centre.value)["whole"]:
            self._asks.outside(centre.value)
        value = key(centre.value)
        holders = self._asks.rows("having", centre.kind, key=value, most=most)
        theirs = self._asks.rows("having_clusters", centre.kind, key=value, most=most)
        return Around(
            centre,
            [row["id"] for row in holders],
            (),
            [row["id"] for row in theirs],
            Room(total(holders), 0, total(theirs)),
        )

    def _of_cluster(self, centre: ClusterRef, most: int) -> Around:
        found = node(self._asks, centre.cluster_id, whole=True)["cluster_id"]
        members = self._asks.rows("members_drawn", cluster=found, most=most)
        shared = self._asks.rows("shared_drawn", cluster=found, most=most)
        return Around(
            ClusterRef(found),
            [row["account_id"] for row in members],
            [(row["kind"], row["value"]) for row in shared],
            (),
            Room(total(members), total(shared), 0),
        )


def _cut(rows: Sequence[Record], most: int) -> list[Record]:
    """The first rows, each with how many there are."""
    return [{**row, "total": len(rows)} for row in rows[:most]]
