"""What is measured: writing the forms, reading them over HTTP, and looking accounts up."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import numpy as np

from api.lists import Posted
from benchmarks.service.client import Request, closed_loop, summary
from benchmarks.service.servers import memory_mb, processor_seconds, service
from linkage.banlist.store import Lists, Published
from linkage.exports import FORMATS
from linkage.workspace import Workspace

TURNS = 5  # of each form; the median is told
BATCHES = (1000, 100, 10)
DRAWN = 200  # different batches of each size
WARM = 0.5  # seconds
COLLECTION = "/taxii2/linkage/collections/bans/objects/"


def forms(lists: Lists, found: Published) -> dict[str, dict[str, float]]:
    """Seconds and MB of each form of a list, and seconds to read it from its folder."""
    now = datetime.now(UTC)
    rows = {}
    for name, form in FORMATS.items():
        seconds, body = _timed(lambda form=form: b"".join(form.write(found, now)))  # type: ignore[misc]
        rows[name] = {"seconds": round(seconds, 3), "mb": round(len(body) / 1e6, 1)}
    seconds, _ = _timed(lambda: Posted(lists.read(found.head.number)))
    return {**rows, "read": {"seconds": round(seconds, 3)}}


def asked(
    workspace: Workspace,
    key: str,
    named: Sequence[str],
    seed: int,
    connections: int,
    seconds: float,
) -> dict[str, Any]:
    """Of a service: seconds of whole lists, the first time and again, and of changes; look-ups by
    batches of each size and alone, in a closed loop; and its memory after that."""
    with service(workspace) as (port, pid):
        address = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=60) as client:
            lists = {name: _twice(client, f"/v1/banlists/latest?format={name}") for name in FORMATS}
            lists["changes since the list before"] = _twice(client, "/v1/banlists/changes?since=1")
            lists["changes since the latest"] = _twice(client, "/v1/banlists/changes?since=2")
            lists["TAXII, page by page"] = [_pages(client), _pages(client)]
        found = {}
        for name, (each, requests) in _requests(named, key, seed).items():
            closed_loop(port, requests, connections, min(WARM, seconds))
            before = processor_seconds(pid)
            taken = closed_loop(port, requests, connections, seconds)
            row = summary(taken, seconds)
            spent = (processor_seconds(pid) - before) / (len(taken) * each)
            looked = round(row["per_second"] * each)
            found[name] = {**row, "look_ups": looked, "processor_us": round(1e6 * spent, 1)}
        memory = memory_mb(pid)
    return {"lists": lists, "look_ups": found, "memory_mb": memory}


def _requests(named: Sequence[str], key: str, seed: int) -> dict[str, tuple[int, list[Request]]]:
    """Accounts of which half are on the list."""
    rng = np.random.default_rng(seed)
    strangers = [f"{name}x" for name in named]

    def drawn(many: int) -> list[str]:
        half = rng.choice(np.array(named), (many + 1) // 2), rng.choice(strangers, many // 2)
        return [str(name) for name in np.concatenate(half)]

    found = {
        f"{many} at once": (
            many,
            [
                Request.of(
                    "POST", "/v1/banlists/lookup", key,
                    json.dumps({"accounts": drawn(many)}).encode(), "application/json",
                )
                for _ in range(DRAWN)
            ],
        )
        for many in BATCHES
    }  # fmt: skip
    paths = [
        f"/v1/banlists/lookup/{name}" for name in [*drawn(DRAWN), *rng.choice(strangers, DRAWN)]
    ]
    return {**found, "one": (1, [Request.of("GET", path, key) for path in paths])}


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    taken, found = [], None
    for _ in range(TURNS):
        begun = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken), found


def _twice(client: httpx2.Client, path: str) -> list[float]:
    taken = []
    for _ in range(2):
        begun = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append(round(time.perf_counter() - begun, 3))
    return taken


def _pages(client: httpx2.Client) -> float:
    begun, after = time.perf_counter(), ""
    while True:
        answer = client.get(COLLECTION + after).raise_for_status().json()
        if not answer.get("more"):
            return round(time.perf_counter() - begun, 3)
        after = f"?next={answer['next']}"
