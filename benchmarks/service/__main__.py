"""The service under load, on loopback, one process of it: single reads, and events coming in.

    python -m benchmarks.service --data FOLDER --out benchmarks/results

A simulated month (one account for 40 events) and its run, served by `linkage serve`. Three parts:

index    the run's index: how long it takes to make, its peak memory and size
reads    a closed loop of so many connections asks for accounts, clusters, links and artifacts that
         are drawn from the run, in turn with empty routes of FastAPI
events   events of the month come in for five minutes, in calls of 10,000, while `linkage detect`
         works beside

Writes service.json and service.md; parts that are not measured stay as they were. For Linux.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import LIBRARIES, machine, versions
from benchmarks.months import COMMAND, month
from benchmarks.processes import run as alone
from benchmarks.service.feeding import bodies, fed
from benchmarks.service.indexing import measured
from benchmarks.service.page import markdown
from benchmarks.service.questions import drawn
from benchmarks.service.reading import read
from benchmarks.service.servers import detecting, service
from linkage.graph import run_id
from linkage.state import Scope, keys, open_state
from linkage.workspace import Workspace

EVENTS, BESIDE, SEED = 41_000_000, 4_000_000, 206
WEB = ("fastapi", "uvicorn", "orjson", "sqlalchemy")
PARTS = ("index", "reads", "events")


@dataclass(frozen=True)
class Measuring:
    """What parts have in common. served, beside: folders of months; work: for what is left over."""

    options: argparse.Namespace
    served: Path
    work: Path

    @property
    def result(self) -> Path:
        """The run that is served."""
        return self.served / "result"

    def workspace(self, scope: Scope) -> tuple[Workspace, str]:
        """A workspace with the run, and a key."""
        workspace = Workspace.at(self.work / "workspace")
        workspace.add(self.result)
        with open_state(workspace.state) as state, state.write() as connection:
            return workspace, keys.create(connection, "benchmark", [scope])[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="to measure")
    parser.add_argument("--events", type=int, default=EVENTS, help="of the month that is served")
    parser.add_argument("--beside", type=int, default=BESIDE, help="of the month detected beside")
    parser.add_argument("--seed", type=int, default=SEED, help="of months and questions")
    parser.add_argument("--data", type=Path, help="where months and runs are kept")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=16.0, help="of each sort of read")
    parser.add_argument("--feeding", type=float, default=300.0, help="seconds of events coming in")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args(arguments)
    options.data = options.data or Path(tempfile.gettempdir()) / "linkage-benchmark"
    options.data.mkdir(parents=True, exist_ok=True)
    served = _month_with_run(options)
    written = options.out / "service.json"
    found = json.loads(written.read_text("utf-8")) if written.exists() else {}
    found |= {
        "machine": machine(),
        "versions": versions((*LIBRARIES, *WEB)),
        "month": served.name,
        "seed": options.seed,
        "connections": options.connections,
    }
    for part in options.parts:
        with tempfile.TemporaryDirectory(prefix="linkage-service-", dir=options.data) as work:
            figures = _MEASURED[part](Measuring(options, served, Path(work)))
        found[part] = {"date": datetime.now(UTC).date().isoformat(), **figures}
    options.out.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (options.out / "service.md").write_text(markdown(found), "utf-8")


def _month_with_run(options: argparse.Namespace) -> Path:
    served = month(options.data, options.events, options.seed)
    result = served / "result"
    if not (result / "run.json").exists():
        alone([*COMMAND, "detect", served / "events.parquet", "--out", result, "--quiet"])
    return served


def _index(about: Measuring) -> Mapping[str, Any]:
    return measured(about.result, about.work / "index")


def _reads(about: Measuring) -> Mapping[str, Any]:
    workspace, key = about.workspace(Scope.read)
    index = workspace.index(run_id(about.result))
    asked = drawn(about.result, index, key, about.options.seed)
    return read(workspace, asked, about.options.connections, about.options.seconds)


def _events(about: Measuring) -> Mapping[str, Any]:
    workspace, key = about.workspace(Scope.ingest)
    beside = month(about.options.data, about.options.beside, about.options.seed)
    made = bodies(about.served / "events.parquet", 12)
    with service(workspace) as (port, pid), detecting(beside, about.work / "beside"):
        return fed(port, key, made, about.options.feeding, pid)


_MEASURED: Mapping[str, Callable[[Measuring], Mapping[str, Any]]] = {
    "index": _index, "reads": _reads, "events": _events,
}  # fmt: skip


if __name__ == "__main__":
    main()
