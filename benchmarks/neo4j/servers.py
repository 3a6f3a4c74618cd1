"""Servers to measure with: local ones, each new, with the memory that is said here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from linkage.graph.neo4j import Target
from linkage.neo4j import Options, Server

HEAP_MB, PAGES_MB = 4096, 1536
EVERY = 0.5  # seconds


@contextmanager
def new_server(data: Path, *, gds: bool = False) -> Iterator[Server]:
    """An empty server that runs; gone at the end, with its data."""
    with TemporaryDirectory(prefix="linkage-neo4j-", dir=data) as folder:
        server = Server(
            Path(folder) / "neo4j", Options(heap_mb=HEAP_MB, page_cache_mb=PAGES_MB, gds=gds)
        )
        server.up(patience=300.0)
        try:
            yield server
        finally:
            server.down()


def target(server: Server) -> Target:
    """The way to it."""
    status = server.status()
    return Target(str(status.bolt), status.user, server.password())


def environment(server: Server) -> dict[str, str]:
    """The way to it for another process."""
    to = target(server)
    return {
        **os.environ,
        "LINKAGE_GRAPH": to.url,
        "LINKAGE_GRAPH_USER": str(to.user),
        "LINKAGE_GRAPH_PASSWORD": str(to.password),
    }


def resident_mb(pid: int | str = "self") -> float:
    """Memory of a process now (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Watched:
    """The memory of a process, looked at twice a second while the context lasts."""

    def __init__(self, pid: int | str = "self") -> None:
        self._pid, self._stop = pid, Event()
        self.seen: list[float] = []
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def quarters(self) -> list[int]:
        """The largest of each quarter of the time, MB: alike where memory is flat."""
        size = max(1, len(self.seen) // 4)
        parts = (self.seen[i * size : (i + 1) * size if i < 3 else None] for i in range(4))
        return [round(max(part, default=0.0)) for part in parts]

    def _look(self) -> None:
        while True:
            self.seen.append(resident_mb(self._pid))
            if self._stop.wait(EVERY):
                return
