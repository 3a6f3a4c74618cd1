"""A neighbourhood of what is around a thing: nodes with their properties, and what joins them.

What is taken and what is left out is decided here, for every adapter; each says what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from linkage.graph.answers import KindWords
from linkage.graph.neighbours import (
    EDGES_A_NODE,
    Edge,
    Neighbourhood,
    Node,
    Room,
    giving,
    left_out,
    shown,
)
from linkage.graph.questions import (
    MOST_NODES,
    AccountRef,
    ArtifactRef,
    ClusterRef,
    Ref,
    limited,
)
from linkage.graph.records import Record, columns, total

Artifacts = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Around:
    """The centre by its whole id, the first candidates in order, and how many there are."""

    centre: Ref
    accounts: Sequence[str]
    artifacts: Artifacts
    clusters: Sequence[str]
    found: Room


class Surroundings(Protocol):
    """What an adapter says of a graph. Rows have the columns of `neighbours.Node` and `Edge`;
    those of edges come in the order of the port, up to `most`, with how many there are as `total`.
    `centre` is the account in the middle, or ''."""

    def around(self, centre: Ref, most: int) -> Around:
        """Candidates for what is shown around the centre, `most` of each sort."""

    def accounts(self, ids: Sequence[str]) -> Sequence[Record]:
        """account_id and an account's properties."""

    def artifacts(self, named: Artifacts) -> Sequence[Record]:
        """kind, value, accounts, degree, words (what a template says)."""

    def clusters(self, ids: Sequence[str]) -> Sequence[Record]:
        """cluster_id and a cluster's properties."""

    def uses(
        self, accounts: Sequence[str], named: Artifacts, centre: str, most: int
    ) -> Sequence[Record]:
        """account_id, kind, value, events, first_seen, last_seen."""

    def links(self, accounts: Sequence[str], centre: str, most: int) -> Sequence[Record]:
        """account_a, account_b, bits, families."""


def neighbourhood(
    there: Surroundings, kinds: Mapping[str, KindWords], centre: Ref, nodes: int
) -> Neighbourhood:
    """What is around the centre, in so many nodes at most."""
    found = there.around(centre, limited(nodes, MOST_NODES, "nodes"))
    taken = shown(nodes, found.found)
    inside: list[Ref] = [
        found.centre,
        *(ClusterRef(cluster) for cluster in found.clusters[: taken.clusters]),
        *(AccountRef(account) for account in found.accounts[: taken.accounts]),
        *(ArtifactRef(*named) for named in found.artifacts[: taken.artifacts]),
    ]
    drawn = _nodes(there, kinds, inside)
    most, middle = EDGES_A_NODE * len(inside), _account(found.centre)
    uses = there.uses(_accounts(inside), _artifacts(inside), middle, most)
    links = there.links(_accounts(inside), middle, most)
    return Neighbourhood(
        centre=found.centre,
        nodes=tuple(drawn[ref] for ref in inside),
        edges=(
            *_member_of(drawn, inside),
            *(_use(kinds, row) for row in uses),
            *(_link(row) for row in links),
        ),
        left_out=left_out(
            found.centre, found.found, taken, total(uses) - len(uses), total(links) - len(links)
        ),
    )


def _nodes(
    there: Surroundings, kinds: Mapping[str, KindWords], inside: Sequence[Ref]
) -> dict[Ref, Node]:
    made: dict[Ref, Node] = {}
    for row in there.accounts(_accounts(inside)):
        account = AccountRef(row.pop("account_id"))
        made[account] = Node(account, "Account", row)
    for row in there.artifacts(_artifacts(inside)):
        words = kinds[row["kind"]]
        of_artifact = {"family": words.family, **columns(row, ("accounts", "degree"))}
        if row["words"] is not None:
            of_artifact["words"] = row["words"]
        named = ArtifactRef(row["kind"], row["value"])
        made[named] = Node(named, words.label, of_artifact)
    for row in there.clusters([ref.cluster_id for ref in inside if isinstance(ref, ClusterRef)]):
        cluster = ClusterRef(row.pop("cluster_id"))
        made[cluster] = Node(cluster, "Cluster", row)
    return made


def _member_of(drawn: Mapping[Ref, Node], inside: Sequence[Ref]) -> list[Edge]:
    """From the accounts shown to their clusters, where these are shown."""
    made = []
    for ref in inside:
        properties = drawn[ref].properties
        cluster = ClusterRef(properties["cluster_id"]) if isinstance(ref, AccountRef) else None
        if cluster in drawn and cluster is not None:
            of_member = columns(dict(properties), ("confidence", "proposal", "held_by"))
            made.append(Edge(ref, cluster, "member_of", "MEMBER_OF", of_member))
    return made


def _use(kinds: Mapping[str, KindWords], row: Record) -> Edge:
    return Edge(
        AccountRef(row["account_id"]),
        ArtifactRef(row["kind"], row["value"]),
        "uses",
        kinds[row["kind"]].relationship,
        columns(row, ("events", "first_seen", "last_seen")),
    )


def _link(row: Record) -> Edge:
    return Edge(
        AccountRef(row["account_a"]),
        AccountRef(row["account_b"]),
        "linked_to",
        "LINKED_TO",
        {"bits": row["bits"], "families": giving(row["families"])},
    )


def _account(centre: Ref) -> str:
    return centre.account_id if isinstance(centre, AccountRef) else ""


def _accounts(inside: Sequence[Ref]) -> list[str]:
    return [ref.account_id for ref in inside if isinstance(ref, AccountRef)]


def _artifacts(inside: Sequence[Ref]) -> list[tuple[str, str]]:
    return [(ref.kind, ref.value) for ref in inside if isinstance(ref, ArtifactRef)]
