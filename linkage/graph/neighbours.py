"""What is around a thing of the graph, and what of it is shown where there is not room for all.

The rules are here, so that every adapter shows and leaves out the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from linkage.graph.questions import AccountRef, ArtifactRef, Ref

# More than that is a tangle: what is drawn says nothing, and what is sent is large.
EDGES_A_NODE = 8

_WHY: Mapping[str, str | Mapping[str, str]] = {
    "accounts": {
        "account": "those linked to it more strongly came first",
        "artifact": "members of clusters with more confidence, and accounts with more events "
        "came first",
        "cluster": "listed members, and those with more confidence came first",
    },
    "artifacts": {
        "account": "the rarest came first",
        "cluster": "the rarest came first",
    },
    "clusters": {
        "account": "there was no room for it",
        "artifact": "those with more accounts that have it came first",
    },
    "uses": "those of the centre, then of the rarest artifacts came first",
    "linked_to": "those of the centre, then the strongest came first",
}


@dataclass(frozen=True)
class Node:
    """A thing of the graph. label: 'Account', 'Cluster', or the artifact kind's.

    properties   of an account: events, first_seen, last_seen, organisation, cluster_id,
                 confidence, proposal, held_by; of an artifact: family, accounts, degree; of a
                 cluster: accounts, events, score, expected, proposal, first_seen, last_seen
    """

    ref: Ref
    label: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Edge:
    """What joins two nodes.

    kind         'uses': account to artifact; 'member_of': account to cluster; 'linked_to': two
                 accounts, the first in order first
    type         in the graph: 'MEMBER_OF', 'LINKED_TO', or the artifact kind's, as 'USED_IP'
    properties   of 'uses': events, first_seen, last_seen; of 'member_of': confidence, proposal,
                 held_by; of 'linked_to': bits, families (bits of each that gives some)
    """

    source: Ref
    target: Ref
    kind: Literal["uses", "member_of", "linked_to"]
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class LeftOut:
    """What did not fit: 'accounts', 'artifacts', 'clusters', 'uses' or 'linked_to'; why: in words
    that say what came before it."""

    what: str
    count: int
    why: str


@dataclass(frozen=True)
class Neighbourhood:
    """What is around a thing, which is its first node."""

    centre: Ref
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Room:
    """How many accounts, artifacts and clusters there are, or are shown, beside the centre."""

    accounts: int
    artifacts: int
    clusters: int


def giving(families: Mapping[str, float]) -> dict[str, float]:
    """The families that give some bits."""
    return {name: bits for name, bits in families.items() if bits}


def shown(nodes: int, found: Room) -> Room:
    """What fits: clusters a quarter at most, the others half of the rest each; what one does not
    need the others get."""
    room = nodes - 1
    clusters = min(found.clusters, max(1, room // 4), room)
    rest = room - clusters
    accounts = min(found.accounts, max(rest // 2, rest - found.artifacts))
    artifacts = min(found.artifacts, rest - accounts)
    return Room(accounts, artifacts, min(found.clusters, room - accounts - artifacts))


def left_out(
    centre: Ref, found: Room, taken: Room, uses: int, linked_to: int
) -> tuple[LeftOut, ...]:
    """What is not shown and why; uses, linked_to: edges between nodes shown that are not."""
    around = _kind_of(centre)
    missed = {
        "accounts": found.accounts - taken.accounts,
        "artifacts": found.artifacts - taken.artifacts,
        "clusters": found.clusters - taken.clusters,
        "uses": uses,
        "linked_to": linked_to,
    }
    return tuple(
        LeftOut(what, count, _why(what, around)) for what, count in missed.items() if count > 0
    )


def _why(what: str, around: str) -> str:
    why = _WHY[what]
    return why if isinstance(why, str) else why[around]


def _kind_of(centre: Ref) -> str:
    if isinstance(centre, AccountRef):
        return "account"
    return "artifact" if isinstance(centre, ArtifactRef) else "cluster"
