"""A closed loop: so many connections, each asking again as soon as it has its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import uvloop


@dataclass(frozen=True)
class Request:
    """As it goes over the wire."""

    data: bytes

    @classmethod
    def of(
        cls, method: str, path: str, key: str | None = None, body: bytes = b"", kind: str = ""
    ) -> Request:
        """With its headers."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: Bearer {key}"] if key else []
        lines += [f"Content-Type: {kind}"] if kind else []
        return cls("\r\n".join([*lines, "", ""]).encode("ascii") + body)


def closed_loop(
    port: int, requests: Sequence[Request], connections: int, seconds: float
) -> list[float]:
    """Requests in turn for so long; how many seconds each took.

    RuntimeError where one is not answered with 200.
    """
    return uvloop.run(_loop(port, requests, connections, seconds))


def summary(taken: Sequence[float], seconds: float) -> dict[str, Any]:
    """Of what was answered in so many seconds: how many, per second, milliseconds at p50, p99 and
    longest."""
    ms = np.array(taken) * 1e3
    return {
        "answered": len(taken),
        "per_second": round(len(taken) / seconds, 1),
        "p50_ms": round(float(np.quantile(ms, 0.5)), 2),
        "p99_ms": round(float(np.quantile(ms, 0.99)), 2),
        "longest_ms": round(float(ms.max()), 2),
    }


async def _loop(
    port: int, requests: Sequence[Request], connections: int, seconds: float
) -> list[float]:
    until = time.perf_counter() + seconds
    turns = (requests[number % len(requests)] for number in _forever())
    lanes = [_lane(port, turns, until) for _ in range(connections)]
    return [one for lane in await asyncio.gather(*lanes) for one in lane]


def _forever() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


async def _lane(port: int, turns: Iterator[Request], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    try:
        while (begun := time.perf_counter()) < until:
            writer.write(next(turns).data)
            await answer(reader)
            taken.append(time.perf_counter() - begun)
    finally:
        writer.close()
        await writer.wait_closed()
    return taken


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of an answer; RuntimeError where its status is not 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{head.splitlines()[0]!r}: {body[:300]!r}")
    return body
