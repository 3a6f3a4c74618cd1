"""The service as a process that is killed or stopped while a detection goes on: whoever reads sees
the run before or the one after, and the detection is made in the end."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from docs.generate import ROOT
from linkage.journal import Checker, Journal
from linkage.run import Run
from linkage.settings import Settings
from linkage.state import Scope, jobs, keys, open_state
from linkage.workspace import Workspace
from tests import worlds
from tests.api.test_serving import MAIN, port  # noqa: F401 - a fixture

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

LISTENERS = 60  # more than the service has threads for requests
PATIENCE = 300.0  # seconds: the machine may be busy


@pytest.fixture(scope="module")
def events() -> bytes:
    """Another world than the one whose result is served at first."""
    found = worlds.planted(seed=8, ordinary=60).events
    rows = found.assign(ts=[moment.isoformat() for moment in found.ts])
    return rows.to_json(orient="records", lines=True).encode()


@dataclass
class Place:
    """A workspace in which a run is served and events wait; a service starts at `port`."""

    folder: Path
    port: int
    key: str
    before: str

    @contextmanager
    def service(self) -> Iterator[subprocess.Popen[bytes]]:
        """`linkage serve`, ready."""
        words = (*MAIN, "serve", "--workspace", str(self.folder), "--port", str(self.port))
        with subprocess.Popen(words, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
            try:
                until(lambda: process.poll() is not None or self.get("/readyz")[0] == 200)
                assert process.poll() is None
                yield process
            finally:
                process.kill()

    def get(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """Status and answer; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {self.key}"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()

    def job(self) -> dict[str, Any]:
        """As the service tells it."""
        return self.get("/v1/runs/j00000001")[1]

    def children(self) -> list[str]:
        """Processes of detections in this workspace."""
        task = str(self.folder / "jobs" / "task.json")
        shown = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,stat=,args="], capture_output=True, text=True
        )
        rows = [line.split(maxsplit=2) for line in shown.stdout.splitlines()]
        return [pid for pid, stat, args in rows if task in args and "Z" not in stat]


def until(holds: Any) -> None:
    """Wait; not for ever."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@pytest.fixture
def place(result: Path, events: bytes, tmp_path: Path, port: int) -> Place:  # noqa: F811
    workspace = Workspace.at(tmp_path / "workspace")
    lines = events.splitlines()
    checker = Checker(Settings(), len(lines))
    with Journal(workspace.path) as journal:
        journal.append(checker.checked(events))
    checker.close()
    with open_state(workspace.state) as state, state.write() as connection:
        key = keys.create(connection, "all", [Scope.admin])[1]
    return Place(workspace.path, port, key, workspace.add(result))


@dataclass
class Reader:
    """Reads over and over what a queue shows, whether the service is there or not."""

    place: Place
    statuses: set[int] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)

    @contextmanager
    def reading(self) -> Iterator[None]:
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                for path in ("/v1/run", "/v1/clusters?limit=1000"):
                    status, answer = self.place.get(path)
                    self.statuses.add(status)
                    if status == 200 and path == "/v1/run":
                        self.runs.add(answer["id"])
                    elif status == 200:
                        self.queues.add(json.dumps(answer))
                stop.wait(0.05)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def test_a_service_that_is_killed_goes_on_and_never_serves_half_a_run(
    place: Place, seed: int
) -> None:
    rng, reader = random.Random(seed), Reader(place)
    with reader.reading():
        for kill in range(2):
            with place.service() as process:
                if not kill:
                    queue = place.get("/v1/clusters?limit=1000")[1]
                    assert place.get("/v1/runs", "POST")[0] == 202
                until(lambda: place.job()["state"] != "asked")
                time.sleep(rng.uniform(0.0, 3.5))
                process.kill()
            until(lambda: not place.children())
            run = Workspace.at(place.folder).current()
            assert run is not None
            assert Run.open(run).clusters.size
        with place.service():
            until(lambda: place.job()["state"] == "done")
            job = place.job()
            until(lambda: place.get("/v1/run")[1]["id"] == job["run"])
            after = place.get("/v1/clusters?limit=1000")[1]
    assert 1 <= job["attempts"] <= 3
    assert after != queue
    assert reader.statuses <= {0, 200}
    assert {place.before} <= reader.runs <= {place.before, job["run"]}
    assert reader.queues <= {json.dumps(queue), json.dumps(after)}
    left = {path.name for path in (place.folder / "runs").iterdir()}
    # A run that was published in the moment before a kill may be there beside the one that is told.
    assert {place.before, job["run"], "current", ".lock"} <= left
    assert not {name for name in left if name.startswith(".work")}


@contextmanager
def listening(place: Place) -> Iterator[http.client.HTTPResponse]:
    """Somebody who follows the job."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {place.key}"}
    connection.request("GET", "/v1/runs/j00000001/progress", headers=headers)
    with closing(connection), connection.getresponse() as answer:
        yield answer


def test_a_stop_interrupts_a_detection_and_the_next_start_goes_on(place: Place) -> None:
    with ExitStack() as everybody, place.service() as process:
        assert place.get("/v1/runs", "POST")[0] == 202
        listeners = [everybody.enter_context(listening(place)) for _ in range(LISTENERS)]
        with listening(place):
            pass  # and is gone
        until(lambda: place.job()["stages"])
        assert len(place.children()) == 1
        assert {answer.readline() for answer in listeners} == {b"event: progress\n"}
        process.send_signal(signal.SIGTERM)
        for answer in listeners:
            last = answer.read().decode().strip().rsplit("\n\n", 1)[-1]
            assert '"state":"interrupted"' in last
            assert last.startswith("event: progress")
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert not place.children()
    assert not list((place.folder / "runs").glob(".work*"))
    with open_state(place.folder / "state.db") as state, state.read() as connection:
        job = jobs.one(connection, "j00000001")
    assert (job.state, job.attempts, job.deaths) == ("interrupted", 1, 0)
    with place.service():
        until(lambda: place.job()["state"] == "done")
        assert (place.job()["attempts"], place.job()["fault"]) == (2, None)
