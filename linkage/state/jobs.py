"""Detections that were asked for: one is unfinished at a time, and is begun again until it ends.

asked ─► running ─► done | failed
            │  ▲
            ▼  │
        interrupted        it was stopped with the service, or its process died
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from linkage.errors import NotFound
from linkage.render import clean
from linkage.state.tables import jobs

_DIGITS = 8  # ids are in the order of numbers


class JobState(StrEnum):
    """How far a job is."""

    asked = "asked"
    running = "running"
    interrupted = "interrupted"
    done = "done"
    failed = "failed"


ENDED = frozenset((JobState.done, JobState.failed))


@dataclass(frozen=True)
class Stage:
    """A stage of an attempt. fraction: how much of it is done; seconds: it took, once it is."""

    stage: str
    fraction: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far an attempt is, or came. fraction: of the whole; stages: all, in their order."""

    fraction: float = 0.0
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class Job:
    """One detection that was asked for.

    actor      who asked
    through    number of the last segment of events that it is over
    begun      its latest attempt;  ended: when it was done or failed
    attempts   how often it was begun;  deaths: how often its process died
    run        id of its result, once that is there
    fault      why it failed, or why the latest attempt did
    """

    id: str
    asked: datetime
    actor: str
    state: JobState
    through: int
    begun: datetime | None = None
    ended: datetime | None = None
    attempts: int = 0
    deaths: int = 0
    run: str | None = None
    fault: str | None = None
    progress: Progress = field(default=Progress())


@dataclass(frozen=True)
class Asked:
    """What `ask` did; `new`: the job was made by it."""

    job: Job
    new: bool


def ask(connection: sa.Connection, actor: str, through: int) -> Asked:
    """A new job, or the one that is unfinished.

    Where two ask at the same moment and the database lets both come so far, the second meets an
    IntegrityError, and asks anew.
    """
    there = unfinished(connection)
    if there is not None:
        return Asked(there, new=False)
    last = connection.scalar(sa.select(sa.func.max(jobs.c.id)))
    values: dict[str, Any] = {
        "id": f"j{int(last[1:]) + 1 if last else 1:0{_DIGITS}}", "asked": datetime.now(UTC),
        "actor": actor, "state": JobState.asked.value, "through": through, "unfinished": True,
    }  # fmt: skip
    connection.execute(jobs.insert(), values)
    return Asked(one(connection, values["id"]), new=True)


def one(connection: sa.Connection, identity: str) -> Job:
    """A job by its id, else NotFound."""
    row = connection.execute(jobs.select().where(jobs.c.id == identity)).mappings().first()
    if row is None:
        raise NotFound(f"{clean(identity, 40)}: no such job")
    return _job(row)


def unfinished(connection: sa.Connection) -> Job | None:
    """The one that is neither done nor failed, if there is one."""
    row = connection.execute(jobs.select().where(jobs.c.unfinished)).mappings().first()
    return None if row is None else _job(row)


def latest(
    connection: sa.Connection,
    *,
    before: str | None = None,
    state: JobState | None = None,
    most: int = 100,
) -> list[Job]:
    """Jobs, the latest first; `before` an id, for the next page."""
    query = jobs.select().order_by(jobs.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(jobs.c.id < before)
    if state is not None:
        query = query.where(jobs.c.state == state.value)
    return [_job(row) for row in connection.execute(query).mappings()]


def ended_after(connection: sa.Connection, identity: str) -> list[Job]:
    """Those with later ids that are done or failed, in their order."""
    query = jobs.select().where(jobs.c.id > identity, jobs.c.state.in_([s.value for s in ENDED]))
    return [_job(row) for row in connection.execute(query.order_by(jobs.c.id)).mappings()]


def begin(connection: sa.Connection, job: Job) -> Job:
    """Another attempt."""
    return _changed(
        connection, job, state=JobState.running.value, begun=datetime.now(UTC),
        attempts=job.attempts + 1, fault=None, progress=None,
    )  # fmt: skip


def published(connection: sa.Connection, job: Job, run: str) -> Job:
    """Its result is there: another attempt need not find it again."""
    return _changed(connection, job, run=run)


def interrupt(connection: sa.Connection, job: Job, fault: str | None, *, died: bool) -> Job:
    """An attempt ended before the job did. died: not because it was told to."""
    return _changed(
        connection, job, state=JobState.interrupted.value, fault=fault,
        deaths=job.deaths + died, progress=asdict(job.progress),
    )  # fmt: skip


def end(connection: sa.Connection, job: Job, fault: str | None = None) -> Job:
    """It is done, or for good it is not."""
    state = JobState.done if fault is None else JobState.failed
    return _changed(
        connection, job, state=state.value, fault=fault, ended=datetime.now(UTC), unfinished=None,
        progress=asdict(job.progress),
    )  # fmt: skip


def _changed(connection: sa.Connection, job: Job, **values: Any) -> Job:
    connection.execute(jobs.update().where(jobs.c.id == job.id).values(**values))
    return one(connection, job.id)


def _job(row: Mapping[Any, Any]) -> Job:
    values = {str(name): value for name, value in row.items() if name != "unfinished"}
    kept = values["progress"] or {"fraction": 0.0, "stages": []}
    stages = tuple(Stage(**stage) for stage in kept["stages"])
    progress = Progress(kept["fraction"], stages)
    return Job(**values | {"state": JobState(values["state"]), "progress": progress})
