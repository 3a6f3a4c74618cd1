"""What a graph is asked with: things by name, filters, orders and limits.

All of them are checked here, so that every adapter refuses the same with the same words.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Literal, get_args

from linkage.errors import QuestionError
from linkage.render import clean

PROPOSALS = ("ban", "review", "none")
MOST_ROWS = 1000
MOST_NODES = 500

ClusterOrder = Literal["score", "accounts", "events", "first_seen", "last_seen"]
MemberOrder = Literal["account_id", "confidence"]
BucketSize = Literal["day", "hour"]


@dataclass(frozen=True)
class AccountRef:
    """An account, by its id."""

    account_id: str


@dataclass(frozen=True)
class ArtifactRef:
    """An artifact, by its kind and value."""

    kind: str
    value: str


@dataclass(frozen=True)
class ClusterRef:
    """A cluster, by its id."""

    cluster_id: str


Ref = AccountRef | ArtifactRef | ClusterRef


@dataclass(frozen=True)
class ClusterFilter:
    """Which clusters; what is not given does not limit. QuestionError where it makes no sense.

    score_least, score_most         -log10 of expected innocents, both inclusive; a cluster
                                    without a score is within no bounds
    accounts_least, accounts_most   both inclusive
    proposals                       any of 'ban', 'review', 'none'
    first_seen_from, first_seen_to  from inclusive, to exclusive; with a time zone, kept as UTC
    id_prefix                       how the id begins
    only_groups                     clusters with enough accounts to be scored
    among, apart_from               ids: only these (none of all clusters where it is empty), and
                                    none of those. Whoever decides about clusters changes these
                                    while paging, so that cursors do not depend on them
    """

    score_least: float | None = None
    score_most: float | None = None
    accounts_least: int | None = None
    accounts_most: int | None = None
    proposals: tuple[str, ...] = ()
    first_seen_from: datetime | None = None
    first_seen_to: datetime | None = None
    id_prefix: str = ""
    only_groups: bool = False
    among: tuple[str, ...] | None = field(default=None, repr=False)
    apart_from: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for proposal in self.proposals:
            one_of(proposal, PROPOSALS, "proposal")
        for name in (each.name for each in fields(self)):
            value = getattr(self, name)
            if isinstance(value, float) and math.isnan(value):
                raise QuestionError(f"{name}: not a number")
            if isinstance(value, int) and abs(value) >= 2**63:
                raise QuestionError(f"{name}: {clean(value, 30)} is beyond any count")
            if isinstance(value, datetime):
                if value.utcoffset() is None:
                    raise QuestionError(f"{name}: {value} names no time zone, e.g. +00:00")
                object.__setattr__(self, name, _utc(value))


def _utc(moment: datetime) -> datetime:
    """In UTC, since not every database takes every offset; the first or last time that there is
    where it would be beyond."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        last = moment.year > 1
        return (datetime.max if last else datetime.min).replace(tzinfo=UTC)


@dataclass(frozen=True)
class ClusterSort:
    """In which order: `by` a column, nulls last either way; what ties goes by cluster_id."""

    by: ClusterOrder = "score"
    descending: bool = True

    def __post_init__(self) -> None:
        one_of(self.by, get_args(ClusterOrder), "order of clusters")


def one_of(given: str, known: Collection[str], what: str) -> None:
    """QuestionError that names those that there are."""
    if given not in known:
        raise QuestionError(f"{clean(given, 80)}: no {what}; there are {', '.join(known)}")


def limited(number: int, most: int = MOST_ROWS, what: str = "limit") -> int:
    """The number, where it is from 1 to `most`; else QuestionError."""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise QuestionError(f"{what} {clean(number, 30)}: give a whole number from 1 to {most}")
    return number


EVERY = ClusterFilter()
FLAGGED = ClusterFilter(proposals=("ban", "review"))
BY_SCORE = ClusterSort()
