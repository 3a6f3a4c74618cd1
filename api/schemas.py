"""What is sent and answered, as OpenAPI has it. Times are UTC; weights are in bits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from fastapi import Body
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)
from pydantic.config import JsonDict

from linkage.graph import AccountRef, ArtifactRef, ClusterRef, Ref
from linkage.state.allowlist import Sort
from linkage.state.decisions import Action

Row = TypeVar("Row")

Id = Annotated[str, StringConstraints(min_length=1, max_length=8000)]
Reason = Annotated[str, StringConstraints(pattern=r"\S", min_length=1, max_length=4000)]
EACH: JsonDict = {"uniqueItems": True}
MOST_NAMED = 1000  # accounts in one decision; a cluster may have any number
Proposal = Literal["ban", "review", "none"]
State = Literal["open", "banned", "watched", "cleared"]


def each_once(given: list[str]) -> list[str]:
    """Whoever names somebody twice may have meant another."""
    if len(set(given)) != len(given):
        raise ValueError("each may be named once")
    return given


class Answered(BaseModel):
    """Made from values of the ports."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """Sent by a client: an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Row]):
    """Some rows. `next`: the `after` of the following page, null on the last."""

    rows: list[Row]
    next: str | None = None


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    what: str


class Problem(BaseModel):
    """RFC 9457. `type` is stable, for programs; `detail` is for people."""

    type: str = Field(examples=["urn:linkage:problem:not-found"])
    title: str
    status: int
    detail: str
    request_id: str
    faults: list[Fault] | None = None


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

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "cluster_id": "ccb0d61917f2a5c3e", "accounts": 17, "events": 9120, "score": 2.9,
                "expected": 0.0013, "proposal": "ban", "p_operation": 0.004, "p_lives": 0.004,
                "p_pretend": 0.009, "note": None, "signals": [],
                "first_seen": "2026-06-01T08:11:02Z", "last_seen": "2026-06-30T23:50:44Z",
                "state": "open",
            }
        },
    )  # fmt: skip

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


class Decision(Answered):
    """A judgement. accounts, others: how many of each side; of a cluster, its members then."""

    number: int
    at: datetime
    actor: str
    action: Action
    reason: str
    run: str | None
    cluster_id: str | None
    accounts: int
    others: int


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
    """What at least two members have. accounts: of the run; events and times: the members'."""

    kind: str
    value: str
    members: int
    accounts: int
    events: int
    first_seen: datetime
    last_seen: datetime


class SharedArtifact(Answered):
    """What two accounts both have. bits: its weight; counted: what of it counts in its family."""

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


class NoteAsked(Asked):
    """What to write down."""

    text: Reason


class Note(Answered):
    """A note about a cluster."""

    number: int
    at: datetime
    actor: str
    cluster_id: str
    text: str


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
    """What an account shares with others. accounts: of the run that have it too."""

    kind: str
    value: str
    events: int
    first_seen: datetime
    last_seen: datetime
    accounts: int
    degree: int


class Account(Answered):
    """An account."""

    account_id: str
    membership: Member | None
    activity: Activity
    evidence: list[Evidence]
    state: State = "open"
    decisions: list[Decision] = []


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
    """An artifact. degree: units of the population that have it."""

    kind: str
    value: str
    accounts: int
    degree: int


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


class ClusterJudged(Asked):
    """Of a cluster: its members as they are now."""

    action: Literal[Action.ban, Action.watch, Action.clear]
    cluster_id: Id
    reason: Reason


class AccountsJudged(Asked):
    """Of accounts."""

    action: Literal[Action.ban, Action.watch, Action.clear]
    accounts: list[Id] = Field(min_length=1, max_length=MOST_NAMED, json_schema_extra=EACH)
    reason: Reason

    _once = field_validator("accounts")(each_once)


class TwoApart(Asked):
    """Two accounts that different people run."""

    action: Literal[Action.not_same_operator]
    accounts: list[Id] = Field(min_length=2, max_length=2, json_schema_extra=EACH)
    reason: Reason

    _once = field_validator("accounts")(each_once)


class OneApart(Asked):
    """An account that is not run by the operator of a cluster."""

    action: Literal[Action.not_same_operator]
    account_id: Id
    cluster_id: Id
    reason: Reason


DecisionAsked = Annotated[
    ClusterJudged | AccountsJudged | TwoApart | OneApart,
    Body(
        openapi_examples={
            "cluster": {
                "value": {"action": "ban", "cluster_id": "ccb0d6191", "reason": "ticket 4711"}
            },
            "accounts": {
                "value": {"action": "clear", "accounts": ["a_1"], "reason": "a researcher"}
            },
            "two": {
                "value": {
                    "action": "not_same_operator", "accounts": ["a_1", "a_2"], "reason": "siblings",
                }
            },
            "one": {
                "value": {
                    "action": "not_same_operator", "account_id": "a_1", "cluster_id": "ccb0d6191",
                    "reason": "a flatmate",
                }
            },
        }
    ),
]  # fmt: skip


class Allowed(Answered):
    """An entry that holds."""

    sort: Sort
    kind: str
    value: str
    reason: str
    expires: datetime | None
    actor: str
    at: datetime


class Allowlist(BaseModel):
    """The entries that hold. version: name it in If-Match when you replace them."""

    version: str
    entries: list[Allowed]


class _AllowedAsked(Asked):
    value: Id
    reason: Reason
    expires: AwareDatetime | None = Field(None, description="null for never")


class WhoAllowed(_AllowedAsked):
    """An account or an organisation, with why and until when."""

    sort: Literal[Sort.account, Sort.organisation]
    kind: Literal[""] = ""


class ArtifactAllowed(_AllowedAsked):
    """An artifact of a kind, such as a campus's addresses."""

    sort: Literal[Sort.artifact]
    kind: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class AllowlistAsked(Asked):
    """The whole list as it is to be."""

    entries: list[Annotated[WhoAllowed | ArtifactAllowed, Field(discriminator="sort")]] = Field(
        max_length=100_000
    )


class AuditEntry(Answered):
    """Who did what to what."""

    at: datetime
    actor: str
    action: str
    subject: str
    request_id: str


class Rejected(BaseModel):
    """A row that cannot be used. line: from 1; of an array, the place of the object."""

    line: int
    reason: str


class Ingested(BaseModel):
    """What became of a call's events; all of it is on disk. rejects: the first thousand."""

    accepted: int
    repeated: int
    rejected: int
    rejects: list[Rejected]


class Run(Answered):
    """The run that is served. thresholds: bits of a link, accounts of a group, expected innocents
    of proposals."""

    id: str
    version: str
    counts: dict[str, Any]
    thresholds: dict[str, float]
    published: datetime


class Health(BaseModel):
    """Whether parts of the service can be used: 'ok', or what is wrong."""

    status: Literal["ok", "unready"]
    parts: dict[str, str] = {}


def rows_of(model: type[BaseModel], rows: Iterable[Any]) -> list[Any]:
    """Values of a port as a model's."""
    return [model.model_validate(row) for row in rows]
