"""What a graph answers: plain frozen values, the same from every adapter.

Times are UTC; None is what is missing. Columns are those of docs/result.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from linkage.explain import SharedArtifact
from linkage.graph.questions import BucketSize

if TYPE_CHECKING:  # loads the engine of detections, which no answer needs
    from linkage.artifacts import ArtifactKind

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a table; `next` is the cursor of those after them, None where there are none."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True)
class KindWords:
    """An artifact kind of the run; `label` and `relationship` are its words in the graph."""

    name: str
    family: str
    label: str
    relationship: str
    plantable: bool
    explanation: str

    @classmethod
    def of(cls, kind: ArtifactKind) -> KindWords:
        """Those of a kind of the registry, or of one that settings declare."""
        return cls(**{name: getattr(kind, name) for name in cls.__dataclass_fields__})

    @classmethod
    def of_run(cls, info: Mapping[str, Any]) -> tuple[KindWords, ...]:
        """Those of the kinds that a run was made with, from its run.json."""
        names = cls.__dataclass_fields__
        return tuple(cls(**{name: kind[name] for name in names}) for kind in info["kinds"])


@dataclass(frozen=True)
class RunSummary:
    """The run that the graph is of.

    id           `r` and 16 hex digits, from a hash of its run.json: another run has another
    version      of linkage;  versions: of Python and libraries
    counts       as in run.json: accounts, links, clusters, listed ...
    thresholds   link_bits; group_accounts; ban_expected and review_expected, innocent groups
    kinds        of artifacts
    published    when the graph came to hold it
    """

    id: str
    version: str
    versions: Mapping[str, str]
    counts: Mapping[str, Any]
    thresholds: Mapping[str, float]
    kinds: tuple[KindWords, ...]
    published: datetime

    @property
    def flagged(self) -> int:
        """How many clusters are."""
        return sum(int(self.counts[f"{word}_clusters"]) for word in ("ban", "review"))


@dataclass(frozen=True)
class Signal:
    """A named finding about a cluster; `rank` is the share of references as extreme."""

    name: str
    question: str
    value: float
    usual: float
    rank: float
    text: str


@dataclass(frozen=True)
class ClusterRow:
    """One cluster. score: -log10 of expected (innocent groups as unusual); times are None where
    gathered evidence does not say them of any member."""

    cluster_id: str
    accounts: int
    events: int
    score: float | None
    expected: float | None
    proposal: str
    p_operation: float | None
    p_lives: float | None
    p_pretend: float | None
    note: str | None
    signals: tuple[Signal, ...]
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True)
class MemberRow:
    """An account in its cluster. confidence: bits; proposal 'ban': listed."""

    account_id: str
    cluster_id: str
    confidence: float | None
    proposal: str
    held_by: str | None


@dataclass(frozen=True)
class SharedRow:
    """What at least two members share. accounts: of the run; events, times: the members'; words:
    what a template says, where that is known."""

    kind: str
    value: str
    members: int
    accounts: int
    events: int
    first_seen: datetime
    last_seen: datetime
    words: str | None = None


@dataclass(frozen=True)
class LinkRow:
    """A link. families: bits of each that gives some; reasons: what both share, weighed."""

    account_a: str
    account_b: str
    bits: float
    families: Mapping[str, float]
    reasons: tuple[SharedArtifact, ...]


@dataclass(frozen=True)
class LinkList:
    """Links, and how many more there are."""

    rows: tuple[LinkRow, ...]
    left_out: int


@dataclass(frozen=True)
class Activity:
    """What an account did. days: UTC days with an event; hours: 24 numbers of events by hour of
    the day (UTC); organisation: verified; own_prompts: share, None without prompts. Of gathered
    evidence, days and times may be None, and hours empty, where nobody knows them."""

    events: int
    days: int | None
    first_seen: datetime | None
    last_seen: datetime | None
    signed_up: datetime | None
    hours: tuple[int, ...]
    organisation: str | None
    claimed: str | None
    own_prompts: float | None


@dataclass(frozen=True)
class EvidenceRow:
    """An artifact of one account. accounts: of the run that have it; degree: units of the
    population; events, times: the account's with it; words: what a template says."""

    kind: str
    value: str
    events: int
    first_seen: datetime
    last_seen: datetime
    accounts: int
    degree: int
    words: str | None = None


@dataclass(frozen=True)
class AccountCard:
    """One account; membership is None in no cluster, evidence by kind and value."""

    account_id: str
    membership: MemberRow | None
    activity: Activity
    evidence: tuple[EvidenceRow, ...]


@dataclass(frozen=True)
class ArtifactRow:
    """One artifact. accounts: of the run that have it; degree: units of the population; words: what
    a template says."""

    kind: str
    value: str
    accounts: int
    degree: int
    words: str | None = None


@dataclass(frozen=True)
class HolderRow:
    """An account that has an artifact; cluster_id and proposal are None in no cluster."""

    account_id: str
    events: int
    first_seen: datetime
    last_seen: datetime
    cluster_id: str | None
    proposal: str | None


@dataclass(frozen=True)
class Bucket:
    """One day or hour (UTC). arrived, left: members whose first or last event is in it.

    known_events   at least so many events of members are in it
    """

    start: datetime
    arrived: int
    left: int
    known_events: int


@dataclass(frozen=True)
class Timeline:
    """When a cluster's members were there. events: all of the members', exactly; hours: likewise
    by hour of the day (UTC); buckets: those of which anything is known, in order."""

    cluster_id: str
    size: BucketSize
    events: int
    hours: tuple[int, ...]
    buckets: tuple[Bucket, ...]
