"""A program in a process of its own: how long it took, and the memory it had at its peak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Arguments = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Taken:
    """seconds from start to end, of the wall clock; cpu of all its threads, which other programs
    on the machine disturb less; peak_mb resident; written_mb to disk by
    the operating system's count (0 where it does not count); output: standard output."""

    seconds: float
    cpu: float
    peak_mb: float
    written_mb: float
    output: str


def run(arguments: Arguments) -> Taken:
    """Run Python with these arguments. This process must stay small: its size at the start is
    counted to the other's peak. Raises RuntimeError where the program fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as faults:
        begun = time.perf_counter()
        child = subprocess.Popen([sys.executable, *arguments], stdout=out, stderr=faults)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, faults):
            stream.seek(0)
        if child.returncode:
            what = " ".join(map(str, arguments))
            raise RuntimeError(f"{what}: {faults.read().decode(errors='replace')}")
        return Taken(
            seconds=seconds,
            cpu=used.ru_utime + used.ru_stime,
            peak_mb=used.ru_maxrss / 1024,
            written_mb=used.ru_oublock * 512 / 1e6,
            output=out.read().decode(),
        )


def apart(arguments: Arguments) -> Taken:
    """`run` from a small process, whatever the caller has loaded: a small Python starts the
    program, and prints what it took. Raises RuntimeError where the program fails."""
    return Taken(**json.loads(run(["-m", "benchmarks.processes", *arguments]).output))


def main() -> None:
    """Run the command line: what Python is to run."""
    try:
        print(json.dumps(asdict(run(sys.argv[1:]))))
    except RuntimeError as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
