"""Answers about detections that were asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from api.schemas.common import Answered
from linkage.state import jobs
from linkage.state.jobs import JobState


class JobStage(Answered):
    """A stage of the latest attempt. fraction: how much of it is done; seconds: it took."""

    stage: str
    fraction: float
    seconds: float | None


class Job(BaseModel):
    """A detection that was asked for. fraction: how much is done; attempts: how often it was begun,
    as one that is interrupted is begun again; run: id of its result, once that is there; fault: why
    it failed, or why the latest attempt did."""

    id: str
    state: JobState
    actor: str
    asked: datetime
    begun: datetime | None
    ended: datetime | None
    attempts: int
    fraction: float
    run: str | None
    fault: str | None
    stages: list[JobStage]

    @classmethod
    def of(cls, job: jobs.Job) -> Self:
        """From the state's."""
        return cls(
            id=job.id,
            state=job.state,
            actor=job.actor,
            asked=job.asked,
            begun=job.begun,
            ended=job.ended,
            attempts=job.attempts,
            fraction=job.progress.fraction,
            run=job.run,
            fault=job.fault,
            stages=[JobStage.model_validate(stage) for stage in job.progress.stages],
        )
