"""A service that is killed at any moment: no event that was acknowledged is lost, none comes twice,
and nobody is ever answered from half a run."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from linkage.graph.base import run_id
from linkage.state import Scope
from linkage.workspace import Workspace
from tests.contracts.made import made_result
from tests.feeding import Client, Feed, Server, check_kept, forks, key_of

KILLS = 100
LANES = 2
SIZES = (9, 30)  # clusters of the two sorts of runs


def published(workspace: Path, bases: list[Path], known: Path, seed: int) -> None:
    """Brings run after run into a workspace until it is killed; `known` says which there may be."""
    rng = random.Random(seed)
    out = os.open(known, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for turn in range(10_000):
        base = bases[turn % len(bases)]
        made = known.parent / f"made-{seed}-{turn}"
        shutil.copytree(base, made)
        info = json.loads((made / "run.json").read_text("utf-8"))
        info["version"] = f"{seed}.{turn}"
        (made / "run.json").write_text(json.dumps(info), "utf-8")
        os.write(out, f"{run_id(made)} {base.name} {info['version']}\n".encode())
        Workspace.at(workspace).add(made)
        time.sleep(rng.uniform(0.05, 0.5))


@dataclass
class Reader:
    """Asks for the run and for its clusters, for as long as the context lasts."""

    port: int
    key: str
    bases: list[Path]
    known: Path
    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def __enter__(self) -> Reader:
        self._ends = threading.Event()
        self._clusters = {
            base.name: json.loads((base / "run.json").read_text("utf-8"))["counts"]["clusters"]
            for base in self.bases
        }
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _read(self) -> None:
        client = Client(self.port, self.key)
        while not self._ends.is_set():
            before, page, after = (
                client.ask("GET", path) for path in ("/v1/run", "/v1/clusters", "/v1/run")
            )
            if before and page and after:
                self._check(before, page, after)
            time.sleep(0.05)
        client.close()

    def _check(
        self, before: tuple[int, Any], page: tuple[int, Any], after: tuple[int, Any]
    ) -> None:
        if {before[0], page[0], after[0]} != {200}:
            self.faults.append(f"{before} {page} {after}")
            return
        run, clusters = before[1], len(page[1]["rows"])
        base, version = self._published()[run["id"]]
        if (run["version"], run["counts"]["clusters"]) != (version, self._clusters[base]):
            self.faults.append(f"not the run {run['id']}: {run}")
        expected = {self._clusters[base]} if before == after else set(self._clusters.values())
        if clusters not in expected or page[1]["next"] is not None:
            self.faults.append(f"{clusters} clusters of {expected}")
        self.seen.add(run["id"])

    def _published(self) -> dict[str, tuple[str, str]]:
        lines = self.known.read_text("utf-8").splitlines()
        return {name: (base, version) for name, base, version in map(str.split, lines)}


def base_of(folder: Path, clusters: int) -> Path:
    """A result whose run.json says how many clusters it has."""
    made = made_result(folder / f"of-{clusters}", clusters)
    info = json.loads((made / "run.json").read_text("utf-8"))
    info["counts"]["clusters"] = pq.read_metadata(made / "clusters.parquet").num_rows
    (made / "run.json").write_text(json.dumps(info), "utf-8")
    return made


def test_killed_at_a_hundred_moments(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    workspace, known = tmp_path / "workspace", tmp_path / "known"
    bases = [base_of(tmp_path, size) for size in SIZES]
    known.write_text(f"{run_id(bases[0])} {bases[0].name} 0.0.made\n")
    Workspace.at(workspace).add(bases[0])
    key = key_of(workspace, Scope.ingest, Scope.read)
    server = Server(workspace, tmp_path / "service.log")
    publisher: ForkServerProcess | None = None
    with (
        Feed(server.port, key, LANES, seed) as feed,
        Reader(server.port, key, bases, known) as reader,
    ):
        for kill in range(KILLS):
            server.start()
            if publisher is None:
                publisher = forks().Process(target=published, args=(workspace, bases, known, kill))
                publisher.start()
            if kill % 2:  # while it takes in events; else whatever it does: often it starts
                for _ in range(rng.randrange(1, 4)):
                    feed.wait_for_more()
            time.sleep(rng.uniform(0.0, 0.1))
            if kill % 3 == 0:
                publisher.kill()
                publisher.join()
                publisher = None
                time.sleep(rng.uniform(0.0, 0.05))
            server.kill()
        server.start()
        feed.wait_for_more()
    if publisher is not None:
        publisher.kill()
    server.end()
    log = server.log.read_text("utf-8")
    assert "Traceback" not in log, log[-3000:]
    assert feed.faults == []
    assert reader.faults == []
    assert len(feed.acknowledged) > 10 * KILLS
    assert feed.repeated > KILLS // 4
    assert len(reader.seen) > KILLS // 10
    check_kept(workspace, feed.acknowledged, feed.sent)
    # The folder for temporary files, where what was sent would be readable.
    made_here = ("workspace", "known", "of-", "made-", "service.log")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(made_here)] == []
