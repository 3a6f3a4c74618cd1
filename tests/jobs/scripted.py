"""Runners whose detections are scripts: what they say and how they end is the test's."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.settings import ServiceSettings
from linkage.jobs.runner import Runner
from linkage.jobs.terms import Surroundings, Terms
from linkage.settings import Settings
from linkage.state import State, jobs, open_state
from linkage.state.jobs import Job, JobState
from linkage.workspace import Workspace

PATIENCE = 300.0  # seconds: the machine may be busy
# What every script has: how to say a line, and the job's file.
_BEGIN = """
import json, os, pathlib, signal, sys, time
task = json.loads(pathlib.Path(sys.argv[-1]).read_text())
def say(**line): print(json.dumps(line), flush=True)
def end(fault=None, final=False): say(says="end", fault=fault, final=final)
def once(name):
    path = pathlib.Path(task["workspace"]) / name
    seen = path.exists()
    path.touch()
    return not seen
"""


def terms(script: str, **more: object) -> Terms:
    """The usual ones, with a script for the process, and no pauses."""
    given: dict[str, object] = {
        "pauses": (0.0, 0.0),
        "command": (sys.executable, "-c", _BEGIN + script),
    }
    return Terms(**ServiceSettings().terms(Settings()).__dict__ | given | more)


@dataclass
class Watched:
    """A runner, and all that it told."""

    runner: Runner
    state: State
    workspace: Workspace
    told: list[Job] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def ask(self) -> Job:
        """A job."""
        return self.runner.ask("me").job

    def until(self, *states: JobState) -> Job:
        """The latest job, once it is so."""
        end = time.monotonic() + PATIENCE
        while True:
            with self.state.read() as connection:
                (job,) = jobs.latest(connection, most=1)
            if job.state in states:
                return job
            assert time.monotonic() < end, f"{job} is not {states}"
            time.sleep(0.01)

    def ended(self) -> Job:
        """The latest job, once it is done or has failed."""
        return self.until(*jobs.ENDED)


@contextmanager
def watched(folder: Path, made: Terms, segments: int = 3) -> Iterator[Watched]:
    """A runner in a workspace that has so many segments, until the context ends."""
    workspace = Workspace.at(folder)
    paths = [
        workspace.path / "events" / f"{number:010}.parquet" for number in range(1, segments + 1)
    ]
    with open_state(workspace.state) as state:
        told: list[Job] = []
        faults: list[Exception] = []
        around = Surroundings(workspace, state, lambda: paths, told.append, faults.append)
        runner = Runner(around, made)
        runner.start()
        try:
            yield Watched(runner, state, workspace, told, faults)
        finally:
            runner.close()
        assert not faults
