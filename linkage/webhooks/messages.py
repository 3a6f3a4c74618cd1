"""What receivers are told: ids, numbers and links into the service, nothing about a person.

Each sort of message is a type of its own, under a name that programs may go by. `VERSION` is raised
when a field changes its meaning or goes; more fields may come at any time.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

VERSION = 1
ActionName = Literal["challenge", "limit", "ban"]
StateName = Literal["open", "banned", "watched", "cleared"]


class Data(BaseModel):
    """What a message tells. links: of what it is about, paths of the service."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]

    links: Mapping[str, str]


class ClusterData(Data):
    """Of a cluster in a run: accounts, its score and expected innocents (null where it is no
    group), the proposal, and how many of its accounts have which state by what people decided.

    before   the run that this one was compared with; null where there was none
    """

    run: str
    before: str | None
    cluster_id: str
    accounts: int
    score: float | None
    expected: float | None
    proposal: Literal["ban", "review", "none"]
    states: Mapping[StateName, int]


class ClusterFlagged(ClusterData):
    """A cluster of a new run is over a score that most of its accounts were not over before.

    min_score   the webhook's
    known       its accounts that were in a cluster over that score in the run before
    """

    kind: ClassVar[str] = "cluster.flagged"

    min_score: float
    known: int


class ClusterGrowing(ClusterData):
    """Accounts joined a cluster that somebody has decided about, or others of whose accounts are
    banned.

    joined   accounts that nobody has decided about, and that were not beside any of the decided
             ones in the run before
    """

    kind: ClassVar[str] = "cluster.growing"

    joined: int


class ListPublished(Data):
    """A ban list was published.

    channel     bans, or shadow for one that nobody is to act on
    hash        of its head, as the next list names it
    rows        accounts on it; actions: how many of each
    added, removed, changed   beside the list before
    over_budget whether somebody overrode a limit
    """

    kind: ClassVar[str] = "list.published"

    channel: Literal["bans", "shadow"]
    number: int
    hash: str
    run: str
    published_at: datetime
    rows: int
    actions: Mapping[ActionName, int]
    added: int
    removed: int
    changed: int
    over_budget: bool


class RunFinished(Data):
    """A detection that was asked for is done, and its run is served. events ... listed: its
    counts; null where the run has gone again."""

    kind: ClassVar[str] = "run.finished"

    job: str
    run: str | None
    attempts: int
    events: int | None
    accounts: int | None
    clusters: int | None
    listed: int | None


class RunFailed(Data):
    """A detection that was asked for will not be made; the job says why."""

    kind: ClassVar[str] = "run.failed"

    job: str
    attempts: int


class WebhookTest(Data):
    """Nothing happened: somebody tries out whether messages arrive."""

    kind: ClassVar[str] = "webhook.test"

    webhook: str


SORTS: tuple[type[Data], ...] = (
    ClusterFlagged, ClusterGrowing, ListPublished, RunFinished, RunFailed,
)  # fmt: skip
Kind = Literal["cluster.flagged", "cluster.growing", "list.published", "run.finished", "run.failed"]


Told = TypeVar("Told", bound=Data)


class Envelope(BaseModel, Generic[Told]):
    """What is sent. id: of this message, the same each time that it is sent; timestamp: when it was
    made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    type: str
    version: int
    timestamp: datetime
    data: Told


@dataclass(frozen=True)
class Message:
    """A message with its id and the time at which it was made. body: as it is sent, each time."""

    id: str
    at: datetime
    kind: str
    body: str


def message(data: Data, at: datetime) -> Message:
    """What is sent, with a new id."""
    identity = f"msg_{secrets.token_hex(16)}"
    told = {
        "id": identity,
        "type": data.kind,
        "version": VERSION,
        "timestamp": moment(at),
        "data": data.model_dump(mode="json"),
    }
    text = json.dumps(
        told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return Message(identity, at, data.kind, text)


def moment(at: datetime) -> str:
    """A time in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
