"""What becomes of a job when its process ends in any way, or the service does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from linkage.errors import MissingInput, StateError
from linkage.jobs import runner
from linkage.state import Subject, decisions, jobs
from linkage.state.decisions import Action
from linkage.state.jobs import Job, JobState, Stage
from tests.jobs.scripted import Watched, terms, watched
from tests.test_run import small_result

WAITS = 'say(says="plan", stages=["events"])\ntime.sleep(600)'
DIES = "os.kill(os.getpid(), signal.SIGKILL)"


def test_what_it_says_is_what_is_known_of_it(tmp_path: Path) -> None:
    script = """
say(says="plan", stages=["events", "links"])
print("no line of ours")
print(json.dumps({"says": "stage", "stage": 7}))
say(says="stage", stage="events", fraction=0.0, whole=0.0)
say(says="stage", stage="events", fraction=1.0, whole=0.25, seconds=1.5)
say(says="stage", stage="links", fraction=0.5, whole=0.5)
assert (task["through"], task["settings"]) == (3, {})
while not (pathlib.Path(task["workspace"]) / "go").exists(): time.sleep(0.01)
say(says="run", run="r1")
end()
"""
    with watched(tmp_path, terms(script)) as one:
        job = one.ask()
        while one.runner.job(job.id).progress.fraction < 0.5:
            time.sleep(0.01)
        job = one.runner.job(job.id)
        assert job.progress.stages == (Stage("events", 1.0, 1.5), Stage("links", 0.5, None))
        assert one.runner.ask("you") == jobs.Asked(job, new=False)
        (tmp_path / "go").touch()
        job = one.ended()
        assert (job.state, job.run, job.attempts) == (JobState.done, "r1", 1)
        assert one.runner.job(job.id) == job
        assert [told.state for told in one.told] == ["running", "done"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (DIES, "its process was killed by SIGKILL"),
        ("sys.exit(3)", "its process ended with 3"),
        ('end("the graph is away")', "the graph is away"),
    ],
)
def test_a_job_that_dies_is_tried_three_times(tmp_path: Path, script: str, words: str) -> None:
    with watched(tmp_path, terms(script)) as one:
        one.ask()
        job = one.ended()
    assert (job.state, job.attempts) == (JobState.failed, 3)
    assert job.fault is not None
    assert job.fault.startswith(f"tried 3 times; the last time, {words}")


def test_a_job_that_cannot_be_begun_is_tried_three_times(tmp_path: Path) -> None:
    (tmp_path / "jobs").touch()
    with watched(tmp_path, terms("end()")) as one:
        one.ask()
        job = one.ended()
        assert "it cannot be begun: [Errno 17] File exists" in str(job.fault)
        assert len(one.faults) == 3
        one.faults.clear()


def test_a_state_that_is_away_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AGAIN", 0.01)
    with watched(tmp_path, terms("end()")) as one:
        away, begin = [StateError("away")] * 3, jobs.begin

        def begun(*given: Any) -> Job:
            if away:
                raise away.pop()
            return begin(*given)

        monkeypatch.setattr(jobs, "begin", begun)
        one.ask()
        job = one.ended()
        assert (job.state, job.attempts, len(one.faults)) == (JobState.done, 1, 3)
        one.faults.clear()


def test_a_fault_that_would_come_again_is_not_tried_again(tmp_path: Path) -> None:
    with watched(tmp_path, terms('end("no events", final=True)')) as one:
        one.ask()
        job = one.ended()
    assert (job.state, job.attempts, job.fault) == (JobState.failed, 1, "no events")


@pytest.mark.parametrize("words", ["memory allocation of 800 bytes failed", "std::bad_alloc"])
def test_memory_that_is_refused_below_python(tmp_path: Path, words: str) -> None:
    script = f'print("terminated: {words}", file=sys.stderr, flush=True)\nos.abort()'
    with watched(tmp_path, terms(script, memory_mb=1234)) as one:
        one.ask()
        job = one.ended()
    assert (job.state, job.attempts) == (JobState.failed, 1)
    assert "more memory than run_memory_mb = 1234" in str(job.fault)


def test_a_job_that_takes_too_long(tmp_path: Path) -> None:
    with watched(tmp_path, terms(WAITS, most_hours=0.1 / 3600)) as one:
        one.ask()
        job = one.ended()
    assert "longer than run_most_hours = 2.77778e-05" in str(job.fault)
    assert job.attempts == 3


def test_a_result_that_is_there_is_not_found_again(tmp_path: Path) -> None:
    script = f"""
if once("first"):
    say(says="run", run="r-whole")
    {DIES}
end(None if task["run"] == "r-whole" else "found again", final=True)
"""
    with watched(tmp_path, terms(script)) as one:
        one.ask()
        job = one.ended()
    assert (job.state, job.run, job.attempts, job.deaths) == (JobState.done, "r-whole", 2, 1)


def test_a_job_is_interrupted_by_a_stop_and_goes_on_after_it(tmp_path: Path) -> None:
    for attempt in range(1, 6):  # more often than a job may die
        with watched(tmp_path, terms(WAITS)) as one:
            job = one.ask() if attempt == 1 else one.until(JobState.running)
            while not one.runner.job(job.id).progress.stages:
                time.sleep(0.01)
            one.runner.close()
            with pytest.raises(StateError, match="the service stops"):
                one.runner.ask("me")
            job = one.until(JobState.interrupted)
            assert (job.attempts, job.deaths, job.fault) == (attempt, 0, None)
    with watched(tmp_path, terms("end()"), segments=9) as one:
        job = one.ended()
    assert (job.state, job.attempts, job.through) == (JobState.done, 6, 3)


def left_running(folder: Path, deaths: int) -> None:
    """As a service leaves it that is killed."""
    with watched(folder, terms("end()")) as one:
        one.runner.close()
        with one.state.write() as connection:
            job = jobs.ask(connection, "me", 3).job
            for _ in range(deaths):
                job = jobs.interrupt(connection, jobs.begin(connection, job), "died", died=True)
            jobs.begin(connection, job)


def test_a_job_whose_service_was_killed_goes_on(tmp_path: Path) -> None:
    left_running(tmp_path, 1)
    (tmp_path / "runs" / ".work.j00000001").mkdir()
    with watched(tmp_path, terms("end()")) as one:
        assert not list((tmp_path / "runs").glob(".work*"))
        job = one.ended()
    assert (job.state, job.attempts, job.deaths) == (JobState.done, 3, 2)


def test_a_job_that_brings_the_service_down_is_given_up(tmp_path: Path) -> None:
    left_running(tmp_path, 2)
    with watched(tmp_path, terms("end()")) as one:
        job = one.ended()
    assert job.fault == "tried 3 times; the last time, the service ended while it ran"


def test_without_events_there_is_no_job(tmp_path: Path) -> None:
    with watched(tmp_path, terms("end()"), segments=0) as one:
        with pytest.raises(MissingInput, match="no events have come in yet"):
            one.ask()
        assert not one.told


def test_jobs_begin_by_themselves(tmp_path: Path) -> None:
    with watched(tmp_path, terms("end()", every_hours=0.3 / 3600)) as one:
        seen: list[Job] = []
        while len(seen) < 3:
            time.sleep(0.01)
            with one.state.read() as connection:
                seen = jobs.latest(connection)
        assert {job.actor for job in seen} == {"schedule"}
        assert (seen[1].asked - seen[2].asked).total_seconds() >= 0.3
    with watched(tmp_path, terms("end()")) as one:
        one.ended()
    with watched(tmp_path, terms("end()", every_hours=1.0)) as one:
        time.sleep(0.2)  # long enough for one to begin, if the last were not too young for that
        assert one.ask().actor == "me"


def with_run(one: Watched, number: int, made: Path) -> str:
    """Another run in the workspace, older than the one before it."""
    folder = small_result(made / str(number))
    text = (folder / "run.json").read_text("utf-8")
    (folder / "run.json").write_text(text + " " * number, "utf-8")
    return one.workspace.publish(folder)


def test_runs_that_are_old_go(tmp_path: Path) -> None:
    with watched(tmp_path / "w", terms("end()", keep_runs=3)) as one:
        names = [with_run(one, number, tmp_path) for number in range(8)]
        one.workspace.serve(names[0])
        about = Subject(None, ("a",))
        with one.state.write() as connection:
            decisions.append(connection, "me", Action.clear, about, "why", run=names[2])
            made = decisions.append(connection, "me", Action.ban, about, "why", run=names[3])
        one.workspace.snapshot(made.decision.number).mkdir(parents=True)
        for name in names:
            (tmp_path / "w" / "index" / name).mkdir(parents=True, exist_ok=True)
        one.ask()
        one.ended()
        one.runner.close()
        kept = [names[number] for number in (7, 6, 5, 2, 0)]
        assert one.workspace.runs() == kept
        assert {path.name for path in (tmp_path / "w" / "index").iterdir()} == set(kept)
        assert not list((tmp_path / "w" / "runs").glob(".work*"))
        assert one.workspace.current() == tmp_path / "w" / "runs" / names[0]
