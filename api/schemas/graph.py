"""Answers about a run: clusters, accounts, what links them. Times are UTC; weights are in bits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from api.schemas.common import Answered, Page, State
from api.schemas.kept import Decision
from linkage.graph import AccountRef, ArtifactRef, ClusterRef, Ref


class Signal(Answered):
    """A named finding. rank: share of the reference groups that are as extreme."""

    name: str
    question: str
    value: float
    usual: float
    rank: float
    text: str


class Cluster(Answered):
    """A cluster. expected: innocent groups as unusual as this one, expected by chance; score:
    -log10 of it; p_*: how unusual it is on each question, null where nothing answers it."""

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
    signals: list[Signal]
    first_seen: datetime | None
    last_seen: datetime | None
    state: State = "open"


class Change(BaseModel):
    """What is otherwise than when the cluster was last decided about. joined, left: how many
    accounts; some of them by id."""

    since: Decision
    joined: int
    left: int
    some_joined: list[str]
    some_left: list[str]
    expected_then: float | None
    expected_now: float | None
    proposal_then: str | None
    proposal_now: str


class ClusterDetail(Cluster):
    """A cluster with what was decided about it, the latest first."""

    decisions: list[Decision]
    change: Change | None = Field(None, description="since the last decision; null without one")


class Member(Answered):
    """An account in a cluster. confidence: bits over the prior with the worst artifact taken away;
    held_by: the rule that keeps it off the list."""

    account_id: str
    cluster_id: str
    confidence: float | None
    proposal: str
    held_by: str | None


class MemberState(Member):
    """The same with its state, from its last decision or its cluster's."""

    state: State = "open"


class Shared(Answered):
    """What at least two members have. accounts: of the run; events and times: the members'; words:
    what a prompt template says, where that is known, with what looks like personal data masked."""

    kind: str
    value: str
    members: int
    accounts: int
    events: int
    first_seen: datetime
    last_seen: datetime
    words: str | None = None


class SharedArtifact(Answered):
    """What two accounts both have. bits: its weight; counted: what of it counts in its family;
    words: what a prompt template says."""

    kind: str
    value: str
    family: str
    accounts: int
    degree: int
    excess: float
    bits: float
    place: int
    counted: float
    meaning: str
    words: str | None = None


class Link(Answered):
    """A link. families: bits of each that gives some; reasons: what both share."""

    account_a: str
    account_b: str
    bits: float
    families: dict[str, float]
    reasons: list[SharedArtifact]


class Links(Answered):
    """Links, and how many more there are."""

    rows: list[Link]
    left_out: int


class FamilyPart(Answered):
    """What a family gives: counted, the sum over its artifacts; bits, at most the cap."""

    family: str
    counted: float
    bits: float
    cap: float


class Explanation(Answered):
    """Two accounts, weighed: every artifact that they share, and what a link needs."""

    a: str
    b: str
    organisations: tuple[str | None, str | None]
    shared: list[SharedArtifact]
    families: list[FamilyPart]
    bits: float
    cap: float
    threshold: float
    linked: bool
    missing: float
    verdict: str


class Thing(BaseModel):
    """A node by name: an account or a cluster by its id, an artifact by kind and value."""

    sort: Literal["account", "cluster", "artifact"]
    id: str
    kind: str | None = None

    @classmethod
    def of(cls, ref: Ref) -> Self:
        """From the graph's."""
        match ref:
            case AccountRef(account_id):
                return cls(sort="account", id=account_id)
            case ClusterRef(cluster_id):
                return cls(sort="cluster", id=cluster_id)
            case ArtifactRef(kind, value):
                return cls(sort="artifact", id=value, kind=kind)


class Node(BaseModel):
    """A thing of the graph with its properties."""

    thing: Thing
    label: str
    properties: dict[str, Any]


class Edge(BaseModel):
    """What joins two nodes."""

    source: Thing
    target: Thing
    kind: str
    type: str
    properties: dict[str, Any]


class LeftOut(Answered):
    """What did not fit, how many, and what came before it."""

    what: str
    count: int
    why: str


class Neighbourhood(BaseModel):
    """What is around a thing, which is the first node."""

    nodes: list[Node]
    edges: list[Edge]
    left_out: list[LeftOut]


class Bucket(Answered):
    """A day or hour. arrived, left: members whose first or last event is in it."""

    start: datetime
    arrived: int
    left: int
    known_events: int


class Timeline(Answered):
    """When a cluster's members were there. hours: their events by hour of the day (UTC)."""

    cluster_id: str
    size: str
    events: int
    hours: list[int]
    buckets: list[Bucket]


class Activity(Answered):
    """What an account did. hours: events by hour of the day (UTC); own_prompts: share of its
    prompts that are its own."""

    events: int
    days: int | None
    first_seen: datetime | None
    last_seen: datetime | None
    signed_up: datetime | None
    hours: list[int]
    organisation: str | None
    claimed: str | None
    own_prompts: float | None


class Evidence(Answered):
    """What an account shares with others. accounts: of the run that have it too; words: what a
    prompt template says."""

    kind: str
    value: str
    events: int
    first_seen: datetime
    last_seen: datetime
    accounts: int
    degree: int
    words: str | None = None


class New(BaseModel):
    """An artifact that an account shares now and did not share when it was cleared."""

    kind: str
    value: str
    bits: float


class Cleared(BaseModel):
    """What the run says of an account that a person had cleared. decision: its number; renewed:
    what is new would make it a member of its cluster by itself; over: bits of that over the odds
    against it, null in no cluster."""

    decision: int
    renewed: bool
    over: float | None
    new_evidence: list[New]


class Account(Answered):
    """An account. cleared: null where no person had cleared it before the run."""

    account_id: str
    membership: Member | None
    activity: Activity
    evidence: list[Evidence]
    state: State = "open"
    decisions: list[Decision] = Field(default_factory=list)
    cleared: Cleared | None = None


class Tie(Answered):
    """How many things of a kind an account shares, without saying which."""

    kind: str
    artifacts: int
    meaning: str


class Statement(Answered):
    """What the person behind an account may be told: nothing of others', no values."""

    account_id: str
    state: State
    text: str
    findings: list[str]
    ties: list[Tie]


class Artifact(Answered):
    """An artifact. degree: units of the population that have it; words: what a prompt template
    says."""

    kind: str
    value: str
    accounts: int
    degree: int
    words: str | None = None


class Holder(Answered):
    """An account that has an artifact."""

    account_id: str
    events: int
    first_seen: datetime
    last_seen: datetime
    cluster_id: str | None
    proposal: str | None


class ArtifactHolders(Artifact):
    """An artifact and who has it."""

    holders: Page[Holder]


class Run(Answered):
    """The run that is served. thresholds: bits of a link, accounts of a group, expected innocents
    of proposals."""

    id: str
    version: str
    counts: dict[str, Any]
    thresholds: dict[str, float]
    published: datetime
