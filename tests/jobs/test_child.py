"""What a detection's process does, in which order, and what it may have."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from linkage.errors import GraphError, MissingInput, ResultError
from linkage.jobs import child
from linkage.jobs.limits import of_memory
from linkage.jobs.task import Task
from linkage.judgements import Judgements, save
from linkage.settings import parse
from linkage.state.jobs import JobState
from linkage.workspace import Workspace
from tests.jobs.scripted import terms, watched
from tests.test_run import small_result

# The process as it is, but for what is done instead of detecting.
WRAPPED = """
import sys, types
from linkage.jobs.__main__ import main
def detect(*given, **named):
    {body}
pipeline = types.ModuleType("linkage.pipeline")
pipeline.STAGES, pipeline.detect = dict(events=1.0), detect
sys.modules["linkage.pipeline"] = pipeline
sys.exit(main(*sys.argv[1:]))
"""


def task(workspace: Workspace, **more: Any) -> Task:
    """One over segments 1 and 2 of three."""
    events = workspace.path / "events"
    events.mkdir(exist_ok=True)
    for number in (1, 2, 3):
        (events / f"{number:010}.parquet").touch()
    folder = workspace.path / "jobs"
    folder.mkdir(exist_ok=True)
    save(Judgements(accounts=frozenset(("of us",))), folder)
    given: dict[str, Any] = {
        "job": "j1", "workspace": workspace.path, "through": 2, "memory_mb": 2000,
        "settings": parse({"links": {"margin_bits": 4}}), "graph": None, "scope": "flagged",
        "judgements": folder, "run": None,
    }  # fmt: skip
    return Task(**given | more)


def said(attempted: Task) -> list[dict[str, Any]]:
    """What an attempt says."""
    out = io.StringIO()
    code = child.attempt(attempted, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (lines[-1]["says"], lines[-1]["fault"] is None) == ("end", code == 0)
    return lines


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def detections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was detected, by something that has its result at hand."""
    asked: list[tuple[Any, ...]] = []

    def detect(
        sources: Any, out: Path, settings: Any, *, judgements: Any, progress: Callable[..., None]
    ) -> Path:
        asked.append((sources, out, settings, judgements))
        for name in ("events", "links"):
            progress(name, 0.0)
            progress(name, 0.5)
        return small_result(out)

    monkeypatch.setattr(child, "detect", detect)
    return asked


def test_a_task_is_read_as_it_was_written(tmp_path: Path, workspace: Workspace) -> None:
    settings = parse({
        "artifacts": {"ip": {"m": 0.2}, "sent_to": {"names_account": True}},
        "events": {"columns": {"ts": "time"}}, "policy": {"ban_expected": 0.01},
    })  # fmt: skip
    written = task(workspace, settings=settings, graph="neo4j://x")
    written.write(tmp_path / "task.json")
    read = Task.read(tmp_path / "task.json")
    assert read == written
    assert read.settings.kinds() == settings.kinds()


def test_a_result_is_published_and_then_served(
    workspace: Workspace, detections: list[tuple[Any, ...]]
) -> None:
    left = workspace.path / "runs" / ".work.j0"
    left.mkdir()
    for name in (".r1-old", ".r1-new"):  # of an index that was being made
        (workspace.index(name) / "made").mkdir(parents=True)
    os.utime(workspace.index(".r1-old"), (0, 0))
    lines = said(task(workspace, settings=parse({"events": {"columns": {"ts": "time"}}})))
    ((sources, out, settings, judgements),) = detections
    assert [path.stem for path in sources] == ["0000000001", "0000000002"]
    assert settings.events.columns == {}, "the journal has our names"
    assert judgements.accounts == {"of us"}
    (name,) = workspace.runs()
    assert workspace.current() == workspace.run(name)
    assert {"says": "run", "run": name} in lines
    assert lines[0]["stages"][-1] == "publish"
    reached = [line for line in lines if line["says"] == "stage"]
    assert [(line["stage"], line["fraction"]) for line in reached] == [
        ("events", 0.0), ("events", 1.0), ("links", 0.0), ("links", 1.0),
        ("publish", 0.0), ("publish", 1.0),
    ]  # fmt: skip
    assert not left.exists()
    assert {path.name for path in workspace.index("r").parent.glob(".*")} == {".r1-new"}
    assert not out.exists()
    assert sorted(path.name for path in (workspace.path / "runs").iterdir()) == [
        ".lock", "current", name,
    ]  # fmt: skip


def test_what_was_published_before_is_not_found_again(
    workspace: Workspace, detections: list[tuple[Any, ...]]
) -> None:
    said(task(workspace))
    (name,) = workspace.runs()
    (workspace.path / "runs" / "current").unlink()
    said(task(workspace, run=name))
    assert workspace.current() == workspace.run(name)
    assert len(detections) == 1


@pytest.mark.parametrize(
    ("error", "words", "final"),
    [
        (MissingInput("no file"), "no file", True),
        (ResultError("no room"), "no room", False),
        (GraphError("away"), "away", False),
        (OSError(28, "No space left on device"), "No space left", False),
        (MemoryError(), "more memory than run_memory_mb = 2000", True),
    ],
)
def test_faults_are_told_in_words(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, final: bool
) -> None:
    def fails(*_: Any, **__: Any) -> Path:
        raise error

    monkeypatch.setattr(child, "detect", fails)
    last = said(task(workspace))[-1]
    assert words in last["fault"]
    assert last["final"] is final
    assert sorted(path.name for path in (workspace.path / "runs").iterdir()) == [".lock"]


def test_a_fault_of_ours_is_told_by_its_place_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Path:
        raise ValueError("of-a-person")

    monkeypatch.setattr(child, "detect", fails)
    last = said(task(workspace))[-1]
    assert last["fault"].startswith("ValueError at test_child.py:")
    assert "of-a-person" not in json.dumps(last)
    assert not last["final"]


def test_memory_that_the_engine_lacks_is_memory() -> None:
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = '1MB'; SET temp_directory = ''")
        with pytest.raises(duckdb.OutOfMemoryException) as fault:
            engine.execute("SELECT list(i) FROM range(10000000) t(i)")
    outer = ValueError("wrapped")
    outer.__cause__ = fault.value
    assert of_memory(outer)
    assert not of_memory(ValueError("other"))


def ran(folder: Path, body: str, memory_mb: int) -> tuple[JobState, int, str]:
    """What becomes of a job whose real process does this instead of detecting."""
    command = (sys.executable, "-c", WRAPPED.format(body=body))
    with watched(folder, terms("", command=command, memory_mb=memory_mb)) as one:
        one.ask()
        job = one.ended()
    return job.state, job.attempts, str(job.fault)


def test_a_detection_that_needs_more_memory_than_it_may_have(tmp_path: Path) -> None:
    state, attempts, fault = ran(tmp_path, "bytearray(8 << 30)", 2000)
    assert (state, attempts) == (JobState.failed, 1)
    assert "more memory than run_memory_mb = 2000 lets it have: raise it" in fault


def test_a_detection_has_limits_and_comes_after_others(tmp_path: Path) -> None:
    body = (
        "import os, resource; from linkage.errors import InputError; raise InputError(str(("
        "resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20, os.getpriority(os.PRIO_PROCESS, 0) - "
        "os.getpriority(os.PRIO_PROCESS, os.getppid()), os.getsid(0) == os.getpid(), "
        "open('/proc/self/oom_score_adj').read().strip())))"
    )
    assert ran(tmp_path, body, 3000)[2] == "(3000, 10, True, '500')"
