"""Answers about what is kept beside the runs: decisions, notes, allowlist, audit, events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from api.schemas.common import Answered
from linkage.state.allowlist import Sort
from linkage.state.decisions import Action


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


class Held(Answered):
    """An artifact that an account had when it was decided about. accounts, degree: how many
    accounts of the run, and units of the population, had it then."""

    account_id: str
    kind: str
    value: str
    events: int
    first_seen: datetime
    last_seen: datetime
    accounts: int
    degree: int


class DecisionDetail(Decision):
    """A decision. cluster: as the run's clusters have it, when it was made; null where accounts
    were named."""

    cluster: dict[str, Any] | None


class Erased(Answered):
    """What became of an account. tombstone: what stands wherever it was named; events: that went,
    or name it no longer; runs, snapshots, lists: that had it; rows: of the state that named it;
    vault: rows that nothing names any more."""

    tombstone: str
    events: int
    runs: int
    snapshots: int
    lists: int
    rows: int
    vault: int


class Note(Answered):
    """A note about a cluster."""

    number: int
    at: datetime
    actor: str
    cluster_id: str
    text: str


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


class Health(BaseModel):
    """Whether parts of the service can be used: 'ok', or what is wrong."""

    status: Literal["ok", "unready"]
    parts: dict[str, str] = {}
