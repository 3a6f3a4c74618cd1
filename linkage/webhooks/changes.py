"""What is new in a run, beside the run before and what people have decided: a pure function.

A cluster's id is of its members, so that it changes when one joins. Clusters of two runs are
compared by the accounts that they have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from linkage.state.decisions import OPEN, STATES, Action
from linkage.webhooks.messages import ClusterFlagged, ClusterGrowing, StateName

Last = tuple[Action, str | None]  # what was decided last, and about which cluster


@dataclass(frozen=True)
class Seen:
    """A cluster of a run. score, expected: None where it is no group."""

    cluster_id: str
    members: frozenset[str]
    score: float | None
    expected: float | None
    proposal: Literal["ban", "review", "none"]


@dataclass(frozen=True)
class RunSeen:
    """What a run says of its clusters: of those at least that are over the lowest score that
    anybody asks for, or have an account that they can grow around (`binding`)."""

    run: str
    clusters: tuple[Seen, ...]


def binding(decided: Mapping[str, Last]) -> frozenset[str]:
    """The accounts that a cluster can grow around: those decided about as members of one, and those
    that are banned."""
    return frozenset(
        account
        for account, (action, cluster) in decided.items()
        if cluster is not None or action is Action.ban
    )


def flagged(
    before: RunSeen | None, now: RunSeen, decided: Mapping[str, Last], min_score: float
) -> Iterator[ClusterFlagged]:
    """Clusters over the score, fewer than half of whose accounts were in clusters over it before:
    one that was split, merged or grew by a few was told of already."""
    over = frozenset[str]().union(*(c.members for c in _over(before, min_score)))
    for cluster in _over(now, min_score):
        known = len(cluster.members & over)
        if 2 * known < len(cluster.members):
            yield ClusterFlagged(
                **_told(before, now, cluster, decided), min_score=min_score, known=known
            )


def growing(
    before: RunSeen | None, now: RunSeen, decided: Mapping[str, Last]
) -> Iterator[ClusterGrowing]:
    """Clusters with accounts that somebody has decided about, and others that were not yet beside
    any of these in the run before: each account joins once."""
    around = binding(decided)
    for cluster in sorted(now.clusters, key=lambda c: c.cluster_id):
        anchors = cluster.members & around
        if not anchors:
            continue
        beside = frozenset[str]().union(
            *(c.members for c in (before.clusters if before else ()) if c.members & anchors)
        )
        joined = len(cluster.members - decided.keys() - beside)
        if joined:
            yield ClusterGrowing(**_told(before, now, cluster, decided), joined=joined)


def _over(run: RunSeen | None, min_score: float) -> list[Seen]:
    """The most unusual first."""
    found = [c for c in run.clusters if c.score is not None and c.score >= min_score] if run else []
    return sorted(found, key=lambda c: (-(c.score or 0.0), c.cluster_id))


def _told(
    before: RunSeen | None, now: RunSeen, cluster: Seen, decided: Mapping[str, Last]
) -> dict[str, Any]:
    states: Counter[str] = Counter(
        STATES[decided[account][0]] if account in decided else OPEN for account in cluster.members
    )
    names: tuple[StateName, ...] = get_args(StateName)
    where = f"/v1/clusters/{cluster.cluster_id}"
    return {
        "links": {"cluster": where, "members": f"{where}/members", "run": "/v1/run"},
        "run": now.run,
        "before": None if before is None else before.run,
        "cluster_id": cluster.cluster_id,
        "accounts": len(cluster.members),
        "score": cluster.score,
        "expected": cluster.expected,
        "proposal": cluster.proposal,
        "states": {name: states[name] for name in names},
    }
