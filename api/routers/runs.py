"""Detections: asked for, looked at, followed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable
from typing import Annotated, Any

from anyio import sleep
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api import schemas
from api.deps import Publisher, Reader
from api.problems import PROBLEMS
from api.routers.clusters import Limit
from linkage.state import jobs

router = APIRouter(prefix="/v1/runs", tags=["runs"], responses=PROBLEMS)

EVERY = 0.2  # seconds after which whoever follows a job is told what has changed
AGAIN_MS = 2000  # after which whoever was cut off asks again
_WHERE: dict[str, Any] = {
    "headers": {"Location": {"description": "Where the job is.", "schema": {"type": "string"}}}
}
JobId = Annotated[str, Path(max_length=40, description="The job's id.")]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", max_length=80, description="The last event that came, where one did."
    ),
]


@router.post(
    "",
    status_code=202,
    responses={
        202: _WHERE | {"description": "It will be made"},
        200: _WHERE | {"description": "One is unfinished: that one", "model": schemas.Job},
    },
)
def start(caller: Publisher, response: Response) -> schemas.Job:
    """Have a detection made over the events that came in; its run is served once it is there.

    One at a time: where one is unfinished, it is the answer.
    """
    asked = caller.service.jobs.ask(
        caller.actor, lambda connection, job: caller.changed(connection, "run", job.id)
    )
    if not asked.new:
        response.status_code = 200
    response.headers["Location"] = f"{router.prefix}/{asked.job.id}"
    return schemas.Job.of(asked.job)


@router.get("")
def all_jobs(
    caller: Reader,
    after: Annotated[str | None, Query(max_length=40, description="`next` before")] = None,
    limit: Limit = 100,
) -> schemas.Page[schemas.Job]:
    """Detections that were asked for, the latest first."""
    with caller.service.state.read() as connection:
        found = jobs.latest(connection, before=after, most=limit + 1)
    rows = [schemas.Job.of(caller.service.jobs.newest(job) or job) for job in found[:limit]]
    return schemas.Page(rows=rows, next=rows[-1].id if len(found) > limit else None)


@router.get("/{job_id}")
def job(caller: Reader, job_id: JobId) -> schemas.Job:
    """How far a detection is, and what became of it."""
    return schemas.Job.of(caller.service.jobs.job(job_id))


async def followed(caller: Reader, job_id: JobId) -> jobs.Job:
    """The job to follow; NotFound before anything is streamed."""
    return await run_sync(caller.service.jobs.job, job_id)


@router.get("/{job_id}/progress", response_class=EventSourceResponse)
async def progress(
    caller: Reader,
    job: Annotated[jobs.Job, Depends(followed)],
    last_event_id: LastEventId = None,
) -> AsyncIterable[ServerSentEvent]:
    """The same as it changes, as server-sent events: `progress`, and `done` at the end, each with
    the job as `GET /v1/runs/{job_id}` has it.

    Whoever is slow gets the latest and misses what was between; whoever is cut off, as when the
    service stops, asks again.
    """
    runner, told = caller.service.jobs, last_event_id
    while True:
        stopped = runner.stopped  # asked before the job is: nothing changes after that
        now = runner.newest(job)
        if now is None:
            now = await run_sync(runner.job, job.id)
        ended, event = now.state in jobs.ENDED, _event(now)
        if ended or event.id != told:
            told = event.id
            yield event
        if ended or stopped:
            return
        await sleep(EVERY)


def _event(job: jobs.Job) -> ServerSentEvent:
    """Its id is made of what it says, so that it is the same from another service."""
    said = schemas.Job.of(job).model_dump_json()
    return ServerSentEvent(
        raw_data=said,
        event="done" if job.state in jobs.ENDED else "progress",
        id=hashlib.sha256(said.encode()).hexdigest()[:16],
        retry=AGAIN_MS,
    )
