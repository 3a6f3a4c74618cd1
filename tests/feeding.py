"""`linkage serve` as a process that is made in a moment, and clients that feed it.

A server of forks has all modules loaded, so that a service is there in a fifth of a second and can
be killed a hundred times in a test.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import api.runs
import api.server
import api.service
from api.settings import ServiceSettings
from linkage.banlist import BanlistSettings
from linkage.journal import Journal
from linkage.privacy import Privacy
from linkage.settings import Settings
from linkage.state import Scope, keys, open_state
from linkage.workspace import Workspace

MANY = 10_000_000  # requests a minute: nothing is refused for its rate
FILE_BYTES = 5_000  # of the journal, so that files are sealed while events come in
PATIENCE = 60.0  # seconds after which a test gives up
AGAIN = 0.1  # of the calls are such as were answered before, and each that follows a kill


def forks() -> ForkServerContext:
    """What makes processes; the first use loads the modules."""
    made = get_context("forkserver")
    made.set_forkserver_preload(["pytest", "hypothesis", "tests.forked"])
    return made


def served(workspace: Path, port: int, log: Path, banlist: BanlistSettings | None = None) -> None:
    """What such a process does: the service, with a journal of small files, that looks for another
    run at each request."""
    tempfile.tempdir = str(log.parent)
    sys.stderr = log.open("a", encoding="utf-8")
    setattr(api.service, "Journal", partial(Journal, file_bytes=FILE_BYTES))  # noqa: B010
    setattr(api.runs, "LOOK_AGAIN", 0.0)  # noqa: B010
    settings = ServiceSettings(port=port, requests_per_minute=MANY)
    api.server.run(workspace, settings, Settings(), Privacy(), banlist)


@dataclass
class Server:
    """A service that is started, and killed, as often as one likes, always at one port."""

    workspace: Path
    log: Path
    port: int = field(default_factory=lambda: free_port())
    process: ForkServerProcess | None = None
    banlist: BanlistSettings | None = None

    def start(self) -> None:
        """It may take a while until it answers."""
        given = (self.workspace, self.port, self.log, self.banlist)
        self.process = forks().Process(target=served, args=given)
        self.process.start()

    def kill(self) -> None:
        """At once, as by SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.join()

    def end(self) -> None:
        """As it is told to."""
        assert self.process is not None
        self.process.terminate()
        self.process.join(PATIENCE)
        assert self.process.exitcode in (0, -15), self.log.read_text("utf-8")[-3000:]


def free_port() -> int:
    """One that nobody has, and that no client is given to come from: who asks such a port again
    and again while nobody listens is at last connected with itself."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def key_of(workspace: Path, *scopes: Scope) -> str:
    """A new key of a workspace."""
    with (
        open_state(Workspace.at(workspace).state) as state,
        state.write() as connection,
    ):
        return keys.create(connection, "tester", scopes)[1]


class Client:
    """One connection, made anew when it breaks. `lost`: how often it did while something was
    asked."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._headers = port, {"Authorization": f"Bearer {key}"}
        self._connection: http.client.HTTPConnection | None = None
        self.lost = 0

    def ask(
        self, method: str, path: str, body: bytes | None = None, sort: str = "application/json"
    ) -> tuple[int, Any] | None:
        """Status and answer; None where the service is away, or goes before it has answered."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            self._connection.request(method, path, body, self._headers | {"Content-Type": sort})
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except ConnectionRefusedError:
            self.close()
            return None
        except (OSError, http.client.HTTPException, ValueError):
            self.lost += 1
            self.close()
            return None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass(frozen=True)
class Call:
    """Events that are sent together; each has an account of its own, `names`."""

    names: tuple[str, ...]

    def body(self) -> bytes:
        """NDJSON; every second one without an id, so that its content is its id."""
        rows: list[dict[str, Any]] = [
            {"ts": "2026-06-01T12:00:00Z", "account_id": name, "ip": "192.0.2.7"}
            | ({"event_id": f"e-{name}"} if place % 2 else {})
            for place, name in enumerate(self.names)
        ]
        return b"\n".join(json.dumps(row).encode() for row in rows)


class Feed:
    """Clients, each in a thread, that send a call until it is answered.

    acknowledged   accounts of events that the service said it had
    sent           all that it may have
    faults         answers that were not as they must be
    """

    def __init__(self, port: int, key: str, lanes: int, seed: int) -> None:
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.faults: list[str] = []
        self.repeated = 0  # calls that were sent again, and known
        self._port, self._key, self._ends = port, key, threading.Event()
        self._threads = [
            threading.Thread(target=self._lane, args=(lane, random.Random(seed + lane)))
            for lane in range(lanes)
        ]

    def __enter__(self) -> Feed:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """The service must be there: what was begun is sent to its end."""
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _lane(self, lane: int, rng: random.Random) -> None:
        client, done, lost = Client(self._port, self._key), list[Call](), 0
        for turn in count():
            if self._ends.is_set():
                break
            again = bool(done) and (client.lost > lost or rng.random() < AGAIN)
            lost = client.lost
            size = rng.randrange(1, 30)
            call = rng.choice(done) if again else Call(
                tuple(f"a-{lane}-{turn}-{place}" for place in range(size))
            )  # fmt: skip
            self.sent.update(call.names)
            told = self._told(client, call)
            new = told.get("accepted"), told.get("repeated")
            whole = (0, len(call.names))
            if new not in ((whole,) if again else (whole, whole[::-1])) or told.get("rejected"):
                self.faults.append(f"{len(call.names)} events, again={again}: {told}")
            elif again:
                self.repeated += 1
            else:
                self.acknowledged.extend(call.names)
                done.append(call)
        client.close()

    def _told(self, client: Client, call: Call) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            answer = client.ask("POST", "/v1/events", call.body(), "application/x-ndjson")
            if answer is not None:
                status, found = answer
                return found if status == 200 else {"status": status, "answer": found}
            time.sleep(0.005)
        return {"status": "nobody answers"}

    def wait_for_more(self) -> None:
        """Until somebody is told that events are there."""
        before, until = len(self.acknowledged), time.monotonic() + PATIENCE
        while len(self.acknowledged) == before and time.monotonic() < until:
            time.sleep(0.005)


def accounts_in(workspace: Path) -> list[str]:
    """Of all events that are sealed."""
    return [
        name
        for path in sorted((workspace / "events").glob("*.parquet"))
        for name in pq.read_table(path, columns=["account_id"])["account_id"].to_pylist()
    ]


def check_kept(workspace: Path, acknowledged: Sequence[str], sent: set[str]) -> None:
    """All that was acknowledged is sealed, each event once, and nothing that nobody sent."""
    found = accounts_in(workspace)
    kept = set(found)
    assert len(found) == len(kept), "an event came twice"
    assert set(acknowledged) <= kept, f"{len(set(acknowledged) - kept)} events are lost"
    assert kept <= sent
    assert not list((workspace / "journal").glob("*.journal"))
