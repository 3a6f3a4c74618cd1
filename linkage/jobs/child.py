"""One attempt: find what is in the events, publish it, bring it into the graph, have it served.

In this order, so that whatever ends the process between two of them leaves whole runs alone: the
pointer to the run that is served moves last.
"""

from __future__ import annotations

import shutil
import traceback
from pathlib import Path
from typing import TextIO

from linkage import judgements
from linkage.errors import InputError, LinkageError, SettingsError
from linkage.jobs.gathering import gathered
from linkage.jobs.limits import of_memory
from linkage.jobs.lines import Ended, Published, Teller
from linkage.jobs.task import Task, too_little
from linkage.jobs.tidying import alone, sweep, work_folder
from linkage.journal.segments import Places
from linkage.pipeline import STAGES, detect
from linkage.settings import EventSettings
from linkage.workspace import Workspace

# Usual shares of the time, beside the 100 of a detection: measured at a million accounts.
GRAPH = {"flagged": 200.0, "all": 550.0}
PUBLISH = 15.0
FINAL = (InputError, SettingsError)  # the same again, however often it is tried


def attempt(task: Task, out: TextIO) -> int:
    """Carry a task out; what became of it is said in the last line. The process's exit code."""
    graph = {} if task.graph is None else {"graph": GRAPH[task.scope]}
    tell = Teller({**STAGES, **graph, "publish": PUBLISH}, out)
    try:
        _carried_out(task, tell)
    except Exception as error:
        traceback.print_exc()
        tell.say(_fault(task, error))
        return 1
    tell.say(Ended())
    return 0


def _carried_out(task: Task, tell: Teller) -> None:
    workspace = Workspace.at(task.workspace)
    with alone(workspace):
        sweep(workspace)
        run = task.run
        if run is None or run not in workspace.runs():
            run = _detected(task, workspace, tell)
            tell.say(Published(run=run))
        if task.graph is not None:
            with tell.stage("graph"):
                _pushed(task, task.graph, workspace.run(run), tell)
        with tell.stage("publish"):
            workspace.serve(run)


def _detected(task: Task, workspace: Workspace, tell: Teller) -> str:
    """A run's id; its folder is there whole."""
    segments = Places(workspace.path).through(task.through)
    # The journal has our names for columns, whatever they were called when they came.
    settings = task.settings.model_copy(update={"events": EventSettings()})
    work = work_folder(workspace, task.job)
    work.mkdir()
    try:
        made = detect(
            gathered(segments, work / "events"),
            work / "result",
            settings,
            judgements=judgements.load(task.judgements),
            progress=tell.ran,
        )
        return workspace.publish(made)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pushed(task: Task, url: str, folder: Path, tell: Teller) -> None:
    """Show a run in the graph. The one before stays there: requests may be reading it."""
    from linkage.graph.neo4j import Database, Neo4jPublisher, Scope, Target

    database = Database(Target.of(url))
    try:
        Neo4jPublisher(
            database, Scope(task.scope), keep=1, progress=lambda _, fraction: tell.part(fraction)
        ).push(folder)
    finally:
        database.close()


def _fault(task: Task, error: Exception) -> Ended:
    """In words for whoever asked; nothing of what was in variables."""
    if of_memory(error):
        return Ended(fault=too_little(task.memory_mb), final=True)
    if isinstance(error, LinkageError | OSError):
        return Ended(fault=str(error), final=isinstance(error, FINAL))
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Ended(fault=f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}")
