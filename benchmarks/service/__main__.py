"""The service under load, on loopback, one process of it: single reads, and events coming in.

    python -m benchmarks.service --data FOLDER --out benchmarks/results

A simulated month (one account for 40 events) and its run, served by `linkage serve`; a closed loop
of so many connections asks for accounts, clusters, links and artifacts drawn from the run, beside
an empty route of FastAPI in the same run. Then events of the month come in, in calls of 10,000,
while `linkage detect` works beside. Writes service.json and service.md. Linux, for memory.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.machine import LIBRARIES, machine, versions
from benchmarks.months import COMMAND, month
from benchmarks.processes import run as alone
from benchmarks.service.client import Request, closed_loop
from benchmarks.service.feeding import bodies, fed
from benchmarks.service.page import markdown
from linkage.graph.embedded import EmbeddedGraph
from linkage.run import Run
from linkage.state import Scope, keys, open_state
from linkage.workspace import Workspace

EVENTS, BESIDE, SEED = 41_000_000, 4_000_000, 206
DRAWN = 2000  # different requests of each sort
WEB = ("fastapi", "uvicorn", "sqlalchemy")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=EVENTS, help="of the month that is served")
    parser.add_argument("--beside", type=int, default=BESIDE, help="of the month detected beside")
    parser.add_argument("--seed", type=int, default=SEED, help="of months and questions")
    parser.add_argument("--data", type=Path, help="where months and runs are kept")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each sort of read")
    parser.add_argument("--feeding", type=float, default=300.0, help="seconds of events coming in")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args(arguments)
    data = options.data or Path(tempfile.gettempdir()) / "linkage-benchmark"
    data.mkdir(parents=True, exist_ok=True)
    served, beside = (month(data, n, options.seed) for n in (options.events, options.beside))
    result = served / "result"
    if not (result / "run.json").exists():
        alone([*COMMAND, "detect", served / "events.parquet", "--out", result, "--quiet"])
    found = {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions((*LIBRARIES, *WEB)),
        "month": served.name,
        "seed": options.seed,
        "connections": options.connections,
        "reads": {},
    }
    with tempfile.TemporaryDirectory(prefix="linkage-service-", dir=data) as folder:
        workspace = Workspace.at(Path(folder) / "workspace")
        workspace.add(result)
        with open_state(workspace.state) as state, state.write() as connection:
            read = keys.create(connection, "reader", [Scope.read])[1]
            feed = keys.create(connection, "feeder", [Scope.ingest])[1]
        sorts = drawn(result, read, options.seed)
        loop = (options.connections, options.seconds)
        with running("-m", "benchmarks.service.empty") as (port, _):
            found["reads"]["empty route"] = closed_loop(port, [Request.of("GET", "/empty")], *loop)
        with service(workspace) as (port, pid):
            for name, requests in sorts.items():
                closed_loop(port, requests, options.connections, 2.0)
                found["reads"][name] = closed_loop(port, requests, *loop)
            if options.feeding:
                made = bodies(served / "events.parquet", 12)
                with detecting(beside, Path(folder) / "beside"):
                    found["feeding"] = fed(port, feed, made, options.feeding, pid)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (options.out / "service.json").write_text(text, "utf-8")
    (options.out / "service.md").write_text(markdown(found), "utf-8")


def drawn(result: Path, key: str, seed: int) -> dict[str, list[Request]]:
    """Requests of each sort, about clusters that are proposed for a ban."""
    rng, graph, run = np.random.default_rng(seed), EmbeddedGraph(result), Run.open(result)
    members = run.members[run.members.proposal == "ban"].sort_values("account_id")
    chosen = members.iloc[rng.choice(len(members), min(DRAWN, len(members)), replace=False)]
    accounts = chosen.account_id.tolist()
    pairs = [
        tuple(group.account_id.iloc[:2]) for _, group in members.groupby("cluster_id")
        if len(group) > 1
    ]  # fmt: skip
    held = [graph.account(account).evidence[0] for account in accounts[:200]]
    graph.close()
    paths = {
        "account": [f"/v1/accounts/{quote(a, safe='')}" for a in accounts],
        "cluster": [f"/v1/clusters/{c}" for c in dict.fromkeys(chosen.cluster_id)],
        "members of a cluster": [
            f"/v1/clusters/{c}/members?limit=20" for c in dict.fromkeys(chosen.cluster_id)
        ],
        "link": [f"/v1/links/{quote(a, safe='')}/{quote(b, safe='')}" for a, b in pairs],
        "artifact": [
            f"/v1/artifacts/{row.kind}/{quote(row.value, safe='')}?limit=20" for row in held
        ],
        "queue": ["/v1/clusters?state=open&limit=20"],
        "decisions": ["/v1/decisions?limit=20"],
    }
    return {name: [Request.of("GET", path, key) for path in every] for name, every in paths.items()}


@contextmanager
def service(workspace: Workspace) -> Iterator[tuple[int, int]]:
    """`linkage serve` without a limit of rates: its port and process."""
    os.environ["LINKAGE_SERVICE_REQUESTS_PER_MINUTE"] = str(10**9)
    with running(*COMMAND, "serve", "--workspace", str(workspace.path), "--port") as found:
        yield found


@contextmanager
def running(*words: str) -> Iterator[tuple[int, int]]:
    """A server whose last argument is its port: port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with subprocess.Popen(
        [sys.executable, *words, str(port)], stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def detecting(beside: Path, out: Path) -> Iterator[None]:
    """`linkage detect`, again and again, as long as the context lasts."""
    command = " ".join([sys.executable, "-c", "'from linkage.cli import main; main()'"])
    script = (
        f"while true; do {command} detect {beside}/events.parquet --out {out} --overwrite --quiet"
        "; done"
    )
    with subprocess.Popen(["bash", "-c", script], start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at port {port}")


if __name__ == "__main__":
    main()
