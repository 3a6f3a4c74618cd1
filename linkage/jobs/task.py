"""What a process is to do, as the service writes it down for it: the job's file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from linkage.settings import Settings

FOLDER, FILE, LOG = "jobs", "task.json", "log"  # of a workspace


class Task(BaseModel):
    """One attempt.

    job         its id
    workspace   the folder
    through     the last segment of events that it is over
    settings    of the run
    memory_mb   that the process may have
    graph       database that the run is brought into; None for none
    scope       how much of the run: flagged, or all
    judgements  folder of what people have decided, as `linkage.judgements` saves it
    run         its result, where an attempt before published one
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    workspace: Path
    through: int
    settings: Settings
    memory_mb: int
    graph: str | None
    scope: Literal["flagged", "all"]
    judgements: Path
    run: str | None

    def write(self, path: Path) -> None:
        """Only what was set of the settings: the rest is as it is by default."""
        path.write_text(self.model_dump_json(exclude_unset=True), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Task:
        """As it was written."""
        return cls.model_validate_json(path.read_text("utf-8"))


def too_little(memory_mb: int) -> str:
    """What to do where memory was refused."""
    return (
        f"the detection needs more memory than run_memory_mb = {memory_mb} lets it have: raise it "
        "in [service], or lower `memory` in [resources]"
    )
