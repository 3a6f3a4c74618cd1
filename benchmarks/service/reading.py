"""Single reads under load, in turn with empty routes, so that what else the machine does hits all
alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.service.client import Request, closed_loop, summary
from benchmarks.service.servers import memory_mb, processor_seconds, running, service
from linkage.workspace import Workspace

ROUNDS = 4
WARM = 0.5  # seconds before each measurement, and no more than it takes
EMPTY = {"empty route": "/empty", "empty async route": "/empty/async"}


def read(
    workspace: Workspace, asked: Mapping[str, Sequence[Request]], connections: int, seconds: float
) -> dict[str, Any]:
    """Figures of each sort over all rounds, `seconds` in all, with the time on a processor that
    the server took for one; and the service's memory at the end."""
    taken: dict[str, list[float]] = {name: [] for name in (*EMPTY, *asked)}
    spent = dict.fromkeys(taken, 0.0)
    with (
        running("-m", "benchmarks.service.empty") as empty,
        service(workspace) as full,
    ):
        sorts = {name: (empty, [Request.of("GET", path)]) for name, path in EMPTY.items()}
        sorts |= {name: (full, list(requests)) for name, requests in asked.items()}
        for _ in range(ROUNDS):
            for name, ((port, pid), requests) in sorts.items():
                closed_loop(port, requests, connections, min(WARM, seconds / ROUNDS))
                before = processor_seconds(pid)
                taken[name] += closed_loop(port, requests, connections, seconds / ROUNDS)
                spent[name] += processor_seconds(pid) - before
        memory = memory_mb(full[1])
    rows = {
        name: summary(each, seconds) | {"processor_us": round(1e6 * spent[name] / len(each))}
        for name, each in taken.items()
    }
    return {"rows": rows, "memory_mb": memory}
