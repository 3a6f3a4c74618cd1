"""Answers about detections that were asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

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

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "j00000007", "state": "running", "actor": "nightly (4f0c2d9a11be)",
                "asked": "2026-06-30T02:00:00Z", "begun": "2026-06-30T02:00:01Z", "ended": None,
                "attempts": 1, "fraction": 0.24, "run": None, "fault": None,
                "stages": [
                    {"stage": "events", "fraction": 1.0, "seconds": 3.7},
                    {"stage": "activity", "fraction": 1.0, "seconds": 11.2},
                    {"stage": "evidence", "fraction": 0.0, "seconds": None},
                ],
            }
        }
    )  # fmt: skip

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
