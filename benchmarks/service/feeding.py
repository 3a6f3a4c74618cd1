"""Events for the service: bodies of 10,000, each event with an id of its own."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import uvloop

from benchmarks.neo4j.servers import resident_mb
from benchmarks.service.client import Request, answer

CALL = 10_000
LANES = 2
NDJSON = "application/x-ndjson"
_ID = b"e-0000000000"


def bodies(events: Path, many: int) -> list[bytes]:
    """So many calls' events of a month, with a place for the id."""
    batches = pq.ParquetFile(events).iter_batches(CALL)
    made = []
    for batch, _ in zip(batches, range(many), strict=False):
        rows = [{k: v for k, v in row.items() if v is not None} for row in batch.to_pylist()]
        lines = [
            json.dumps(row | {"event_id": _ID.decode(), "ts": row["ts"].isoformat()})
            for row in rows
        ]
        made.append("\n".join(lines).encode())
    return made


def fed(port: int, key: str, made: list[bytes], seconds: float, pid: int) -> dict[str, Any]:
    """Events taken in for so long, and the memory of the service by quarters of the time."""
    return uvloop.run(_fed(port, key, made, seconds, pid))


async def _fed(port: int, key: str, made: list[bytes], seconds: float, pid: int) -> dict[str, Any]:
    begun = time.perf_counter()
    until, numbers = begun + seconds, iter(range(10**9))
    memory: list[tuple[float, float]] = []

    async def lane() -> tuple[int, list[float]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        accepted, taken = 0, []
        while (start := time.perf_counter()) < until:
            number = next(numbers)
            parts = made[number % len(made)].split(_ID)
            body = (
                b"".join(
                    part + b"e-%010d" % (number * CALL + n) for n, part in enumerate(parts[:-1])
                )
                + parts[-1]
            )
            writer.write(Request.of("POST", "/v1/events", key, body, NDJSON).data)
            await writer.drain()
            accepted += json.loads(await answer(reader))["accepted"]
            taken.append(time.perf_counter() - start)
            memory.append((time.perf_counter() - begun, resident_mb(pid)))
        writer.close()
        return accepted, taken

    lanes = await asyncio.gather(*(lane() for _ in range(LANES)))
    spent = time.perf_counter() - begun
    accepted = sum(count for count, _ in lanes)
    quarters = [
        round(max(mb for at, mb in memory if quarter <= 4 * at / spent < quarter + 1.0001))
        for quarter in range(4)
    ]
    taken = sorted(one for _, each in lanes for one in each)
    return {
        "seconds": round(spent, 1),
        "events": accepted,
        "per_second": round(accepted / spent),
        "call_p99_ms": round(1e3 * taken[int(0.99 * (len(taken) - 1))], 1),
        "memory_mb_by_quarters": quarters,
    }
