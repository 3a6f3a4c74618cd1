"""Jobs as they are kept: one is unfinished at a time, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from linkage.errors import NotFound
from linkage.state import State, jobs, open_state, tables
from linkage.state.jobs import Job, JobState, Progress, Stage


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def asked(state: State, through: int = 1) -> Job:
    with state.write() as connection:
        return jobs.ask(connection, "me", through).job


def test_whoever_asks_at_once_gets_the_same_job(tmp_path: Path) -> None:
    with ExitStack() as services:
        each = [services.enter_context(open_state(tmp_path / "state.db")) for _ in range(4)]
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(lambda number: asked(each[number % 4], number), range(32)))
        assert len({job.id for job in found}) == 1
        with each[0].read() as connection:
            assert jobs.latest(connection) == found[:1]


def test_the_database_lets_no_second_be_unfinished(state: State) -> None:
    """Not even where two transactions come so far at once, as PostgreSQL lets them."""
    first = asked(state)
    values = {"id": "j2", "asked": first.asked, "actor": "you", "state": "asked"}
    with pytest.raises(sa.exc.IntegrityError), state.write() as connection:
        connection.execute(tables.jobs.insert(), values | {"unfinished": True})


def test_a_job_is_begun_again_until_it_ends(state: State) -> None:
    job = asked(state, 7)
    reached = Progress(0.3, (Stage("events", 1.0, 2.5), Stage("links", 0.0, None)))
    with state.write() as connection:
        job = jobs.begin(connection, job)
        assert (job.state, job.attempts, job.through) == (JobState.running, 1, 7)
        job = jobs.interrupt(connection, replace(job, progress=reached), "killed", died=True)
        assert (job.state, job.deaths, job.fault) == (JobState.interrupted, 1, "killed")
        assert job.progress == reached
        assert jobs.ask(connection, "you", 9).job == job
        job = jobs.begin(connection, job)
        assert (job.attempts, job.fault, job.progress) == (2, None, Progress())
        job = jobs.published(connection, job, "r1")
        job = jobs.interrupt(connection, job, None, died=False)
        assert (job.deaths, job.run) == (1, "r1")
        job = jobs.end(connection, replace(jobs.begin(connection, job), progress=reached))
        assert (job.state, job.attempts, job.progress) == (JobState.done, 3, reached)
        assert job.ended is not None
        assert jobs.unfinished(connection) is None
        assert jobs.ask(connection, "you", 9).new


def test_the_latest_come_first(state: State) -> None:
    for number in range(12):
        job = asked(state, number)
        with state.write() as connection:
            jobs.end(connection, job, "broken" if number % 2 else None)
    with state.read() as connection:
        first = jobs.latest(connection, most=5)
        rest = jobs.latest(connection, before=first[-1].id)
        assert [job.through for job in first + rest] == list(range(11, -1, -1))
        (done,) = jobs.latest(connection, state=JobState.done, most=1)
        assert done.through == 10
        assert jobs.one(connection, done.id) == done
        with pytest.raises(NotFound, match=r"j\\x1b: no such job"):
            jobs.one(connection, "j\x1b")
