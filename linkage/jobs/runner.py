"""Begins what was asked for, follows it to its end, and begins it anew where it died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from linkage.errors import MissingInput, StateError
from linkage.jobs.lines import Ended, Line, Planned, Published, Reached
from linkage.jobs.process import Process
from linkage.jobs.progress import heard
from linkage.jobs.task import FOLDER, Task
from linkage.jobs.terms import Surroundings, Terms
from linkage.jobs.tidying import remove_old, sweep_unless_busy
from linkage.judgements import save
from linkage.obeying import judgements
from linkage.render import clean
from linkage.state import decisions, jobs
from linkage.state.jobs import Asked, Job, JobState

DEATHS = 3  # of a job's process, and it has failed
AGAIN = 10.0  # seconds before what could not be done is tried again
BY_ITSELF = "schedule"  # who asks where nobody does


class Runner:
    """One thread, which has one process at a time. Any thread may ask, look and stop."""

    def __init__(self, around: Surroundings, terms: Terms) -> None:
        """Nothing begins before `start`."""
        self._around, self._terms = around, terms
        self._changed = threading.Condition()
        self._woken = self._stopping = False
        self._process: Process | None = None
        self._job: Job | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> list[Job]:
        """Take up what another service left, and what is asked for from now on. Returns the last
        job that was done, and the last of all, as far as there are such."""
        sweep_unless_busy(self._around.workspace)
        with self._around.state.read() as connection:
            known = jobs.latest(connection, state=JobState.done, most=1)
            known += jobs.latest(connection, most=1)
        self._job = known[-1] if known else None
        if self._job is not None and self._job.state is JobState.running:
            known.append(self._died(self._job, "the service ended while it ran"))
        self._thread.start()
        return known

    def ask(
        self, actor: str, also: Callable[[Connection, Job], None] = lambda connection, job: None
    ) -> Asked:
        """A new job over what came in so far, or the one that is unfinished.

        also   is done in the transaction that makes a new one

        MissingInput where no events have come in; StateError where the service stops.
        """
        if self._stopping:
            raise StateError("the service stops")
        there = self._unfinished()
        if there is not None:
            return Asked(self.newest(there) or there, new=False)
        segments = self._around.seal()
        if not segments:
            raise MissingInput("no events have come in yet, so that there is nothing to look at")
        try:
            with self._around.state.write() as connection:
                asked = jobs.ask(connection, actor, int(segments[-1].stem))
                if asked.new:
                    also(connection, asked.job)
        except IntegrityError:  # another service was first
            return self.ask(actor, also)
        if asked.new:
            with self._changed:
                self._woken = True
                self._changed.notify_all()
        return asked

    def job(self, identity: str) -> Job:
        """A job as it is now; NotFound where there is none."""
        with self._around.state.read() as connection:
            there = jobs.one(connection, identity)
        return self.newest(there) or there

    def newest(self, job: Job) -> Job | None:
        """A job with its progress, if it is the latest that this runner began. Takes no time."""
        live = self._job
        return live if live is not None and live.id == job.id else None

    @property
    def stopped(self) -> bool:
        """Nothing changes any more."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Interrupt what runs, and begin nothing. Returns at once."""
        with self._changed:
            self._stopping = True
            if self._process is not None:
                self._process.kill()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop, and wait until that is written down."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self._step()
            except Exception as error:
                self._around.trouble(error)
                pause = AGAIN
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._stopping, pause)
                self._woken = False

    def _step(self) -> float | None:
        """Do what is next; seconds until there may be more, None: until somebody asks."""
        job = self._unfinished()
        if job is not None:
            job = self._attempted(job)
            self._tidied(job)
            return 0.0 if job.state in jobs.ENDED else self._terms.pauses[job.deaths - 1]
        left = self._left()
        if left is not None and left <= 0:
            try:
                self.ask(BY_ITSELF)
            except MissingInput:
                return AGAIN
        return left

    def _left(self) -> float | None:
        """Seconds until a job is made by itself."""
        if self._terms.every_hours is None:
            return None
        with self._around.state.read() as connection:
            last = jobs.latest(connection, most=1)
        passed = (datetime.now(UTC) - last[0].asked).total_seconds() if last else float("inf")
        return self._terms.every_hours * 3600 - passed

    def _attempted(self, job: Job) -> Job:
        job = self._written(jobs.begin, job)
        try:
            ended = self._followed(job)
        except StateError:
            raise  # it cannot be written down either
        except Exception as error:
            self._around.trouble(error)
            ended = Ended(fault=f"it cannot be begun: {clean(error, 200)}")
        job = self._job or job  # with its progress
        if ended is None:
            return self._written(jobs.interrupt, job, None, died=False)
        if ended.fault is None or ended.final:
            return self._written(jobs.end, job, ended.fault)
        return self._died(job, ended.fault)

    def _died(self, job: Job, fault: str) -> Job:
        """It is tried again, but not for ever."""
        if job.deaths + 1 < DEATHS:
            return self._written(jobs.interrupt, job, fault, died=True)
        return self._written(jobs.end, job, f"tried {DEATHS} times; the last time, {fault}")

    def _followed(self, job: Job) -> Ended | None:
        """How an attempt ended; None where it was stopped."""
        self._around.prepare()
        folder, terms = self._around.workspace.path.resolve() / FOLDER, self._terms
        task = self._task(job, folder)
        with self._changed:
            if self._stopping:
                return None
            self._process = process = Process(task, folder, terms.most_hours, terms.command)
        ended: Ended | None = None
        with process:
            for line in process.says():
                ended = self._heard(self._job or job, line) or ended
            return ended if ended is not None or self._stopping else process.death()

    def _task(self, job: Job, folder: Path) -> Task:
        """What the process is to do; what people have decided by now is in the folder."""
        folder.mkdir(exist_ok=True)
        save(judgements(self._around.workspace, self._around.state), folder)
        terms = self._terms
        return Task(
            job=job.id, workspace=folder.parent, through=job.through, settings=terms.settings,
            memory_mb=terms.memory_mb, graph=terms.graph, scope=terms.scope, judgements=folder,
            run=job.run,
        )  # fmt: skip

    def _heard(self, job: Job, line: Line) -> Ended | None:
        match line:
            case Planned() | Reached():
                self._job = replace(job, progress=heard(job.progress, line))
            case Published(run=run):
                self._job = replace(job, run=run)
                with self._around.state.write() as connection:
                    jobs.published(connection, job, run)
            case Ended():
                return line
        return None

    def _tidied(self, job: Job) -> None:
        """Nothing of an attempt is left but its run; runs that are too old go."""
        workspace = self._around.workspace
        sweep_unless_busy(workspace)
        if job.state is JobState.done:
            with self._around.state.read() as connection:
                named = decisions.runs(connection)
            # What a decision rested on is kept with it; of one that is older than that, its run is.
            needed = [
                run for number, run in named.items() if not workspace.snapshot(number).exists()
            ]
            remove_old(workspace, self._terms.keep_runs, needed)

    def _unfinished(self) -> Job | None:
        with self._around.state.read() as connection:
            return jobs.unfinished(connection)

    def _written(self, change: Callable[..., Job], job: Job, *more: object, **how: bool) -> Job:
        """A change of a job, in a transaction of its own."""
        with self._around.state.write() as connection:
            changed = change(connection, job, *more, **how)
        # Whoever is told that a job is done finds its run served.
        self._around.tell(changed)
        self._job = changed
        return changed
