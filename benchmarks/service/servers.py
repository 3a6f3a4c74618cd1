"""What runs beside the client: the service, an empty route, a detection that goes on and on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.months import COMMAND
from linkage.workspace import Workspace


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


def processor_seconds(pid: int) -> float:
    """Time of all threads of a process on a processor, until now (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, int]:
    """Memory of a process: its own, and files that are mapped into it, which the system takes
    back where it needs room (Linux)."""
    names = {"RssAnon": "own", "RssFile": "mapped"}
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {name: round(int(found[field].split()[0]) / 1024) for field, name in names.items()}


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at port {port}")
