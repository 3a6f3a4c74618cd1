"""On what terms detections are made, and what their runner needs of a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from linkage.jobs.process import COMMAND
from linkage.settings import Settings
from linkage.state import State
from linkage.state.jobs import Job
from linkage.workspace import Workspace


@dataclass(frozen=True)
class Terms:
    """How detections are made.

    settings      of runs
    memory_mb     that a process may have
    most_hours    that an attempt may take
    every_hours   after which one begins by itself; None for never
    keep_runs     newest runs that stay
    graph, scope  database in which each run is shown, and how much of it; None: nowhere
    command       the process; it gets the memory that it may have, and the job's file
    pauses        seconds before the second and the third attempt, where the one before died: what
                  was short may be there by then
    """

    settings: Settings
    memory_mb: int
    most_hours: float
    every_hours: float | None
    keep_runs: int
    graph: str | None
    scope: Literal["flagged", "all"]
    command: Sequence[str] = COMMAND
    pauses: Sequence[float] = (2.0, 60.0)


@dataclass(frozen=True)
class Surroundings:
    """What a runner needs of a service.

    seal      puts what came in into segments, and gives their paths, the oldest first
    tell      is told each change of a job's state, from any thread
    trouble   is told faults that are nobody's job
    prepare   is called before each attempt: what is too old to be looked at goes
    """

    workspace: Workspace
    state: State
    seal: Callable[[], Sequence[Path]]
    tell: Callable[[Job], None]
    trouble: Callable[[Exception], None]
    prepare: Callable[[], object] = lambda: None
