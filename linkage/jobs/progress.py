"""How far an attempt is, from what its process says."""

from __future__ import annotations

from dataclasses import replace

from linkage.jobs.lines import Planned, Reached
from linkage.state.jobs import Progress, Stage


def heard(progress: Progress, line: Planned | Reached) -> Progress:
    """The progress after a line."""
    if isinstance(line, Planned):
        return Progress(stages=tuple(Stage(name) for name in line.stages))
    stages = tuple(
        replace(stage, fraction=line.fraction, seconds=line.seconds)
        if stage.stage == line.stage
        else stage
        for stage in progress.stages
    )
    return Progress(line.whole, stages)
