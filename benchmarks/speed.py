"""How long a run takes and how much memory, next to the bare group-bys that it cannot avoid.

    python -m benchmarks.speed --events 100000 400000 1000000 --out benchmarks/results

For each size, a simulated month of so many events (one account for 40 of them, 2.4 % of the
accounts in networks); then, in turn, each in a process of its own:

    group-bys   the DuckDB queries of `benchmarks.groupbys`
    detect      `linkage detect`, from the file of events to banlist.csv

Writes speed.json, speed.md and speed.svg. Of repeats, the median counts; all are in the JSON.
Needs nothing beside the product itself, and Linux or macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.months import COMMAND, month
from benchmarks.plot import plot
from benchmarks.processes import Taken, run
from benchmarks.report import markdown

SIZES = (100_000, 400_000, 1_000_000, 4_000_000, 10_000_000, 41_000_000)
LIBRARIES = ("linkage", "duckdb", "ibis-framework", "numpy", "numba", "graspologic-native")
WARM_UP = 20_000


@dataclass(frozen=True)
class Plan:
    """What is asked for. threads, group_bys_memory: of the table engine."""

    data: Path
    seed: int
    threads: int
    group_bys_memory: str
    repeats: int | None

    def times(self, events: int) -> int:
        """Repeats at a size: short runs vary more."""
        return self.repeats or (5 if events <= 1_000_000 else 3 if events <= 4_000_000 else 1)


def measure(events: int, plan: Plan) -> dict[str, Any]:
    """One size: the medians of both, and what the run says of itself."""
    folder = month(plan.data, events, plan.seed)
    file = folder / "events.parquet"
    _read_once(file)
    bare: list[Taken] = []
    whole: list[Taken] = []
    infos: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="linkage-speed-", dir=plan.data) as work:
        settings = Path(work) / "linkage.toml"
        settings.write_text(f"[resources]\nthreads = {plan.threads}\n", "utf-8")
        for number in range(plan.times(events)):
            bare.append(run(["-m", "benchmarks.groupbys", file, "--threads", str(plan.threads),
                             "--memory", plan.group_bys_memory]))  # fmt: skip
            out = Path(work) / f"result-{number}"
            whole.append(run([*COMMAND, "detect", file, "--out", out,
                              "--settings", settings, "--quiet"]))  # fmt: skip
            infos.append(json.loads((out / "run.json").read_text("utf-8")))
            written = sum(path.stat().st_size for path in out.iterdir())
    middle = _middle([taken.seconds for taken in whole])
    seconds = {"group_bys": _seconds(bare), "detect": _seconds(whole)}
    info = infos[middle]
    return {
        "events": info["counts"]["events"],
        "asked": events,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": plan.seed,
        "threads": plan.threads,
        "file_mb": round(file.stat().st_size / 1e6, 1),
        "repeats": len(whole),
        "group_bys": {
            "seconds": seconds["group_bys"],
            "cpu_seconds": _cpu(bare),
            "peak_mb": round(max(taken.peak_mb for taken in bare)),
            "memory_limit": plan.group_bys_memory,
            "all_seconds": [round(taken.seconds, 2) for taken in bare],
            "columns": json.loads(bare[_middle([t.seconds for t in bare])].output),
        },
        "detect": {
            "seconds": seconds["detect"],
            "cpu_seconds": _cpu(whole),
            "peak_mb": round(max(taken.peak_mb for taken in whole)),
            "memory_limit": info["settings"]["resources"]["memory"],
            "all_seconds": [round(taken.seconds, 2) for taken in whole],
            "result_mb": round(written / 1e6, 1),
            "disk_mb": round(whole[middle].written_mb, 1),
            "stages": info["stages"],
            "counts": info["counts"],
        },
        "ratio": round(seconds["detect"] / seconds["group_bys"], 2),
        "versions": {"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
    }


def _seconds(taken: Sequence[Taken]) -> float:
    return round(statistics.median(each.seconds for each in taken), 2)


def _cpu(taken: Sequence[Taken]) -> float:
    return round(statistics.median(each.cpu for each in taken), 2)


def _middle(values: Sequence[float]) -> int:
    """Which of the values is the median, or just above it."""
    return sorted(range(len(values)), key=values.__getitem__)[len(values) // 2]


def _read_once(file: Path) -> None:
    """Both then read from the same cache, as far as there is room in it."""
    with file.open("rb") as stream:
        while stream.read(1 << 24):
            pass


def machine() -> dict[str, Any]:
    """What it ran on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": platform.system(),
    }  # fmt: skip


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=SIZES, help="sizes to measure")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--data", type=Path, help="where simulated months are kept")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated months")
    parser.add_argument("--threads", type=int, default=2, help="of both programs")
    parser.add_argument("--memory", default="2GB", help="DuckDB's limit in the group-bys")
    parser.add_argument("--repeats", type=int, help="at every size; else more where it is short")
    parser.add_argument("--add", action="store_true", help="keep other sizes that --out has")
    asked = parser.parse_args(arguments)
    data = asked.data or Path(tempfile.gettempdir()) / "linkage-benchmark"
    data.mkdir(parents=True, exist_ok=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    plan = Plan(data, asked.seed, asked.threads, asked.memory, asked.repeats)
    _warm_up(plan)
    rows = _kept(asked.out / "speed.json") if asked.add else {}
    for events in sorted(asked.events):
        begun = time.perf_counter()
        rows[events] = measure(events, plan)
        _say(rows[events], time.perf_counter() - begun)
        _publish(rows, asked.out)


def _warm_up(plan: Plan) -> None:
    """Compiled loops are kept from run to run; the first run of all makes them."""
    with tempfile.TemporaryDirectory(prefix="linkage-speed-", dir=plan.data) as work:
        file = month(plan.data, WARM_UP, plan.seed) / "events.parquet"
        run([*COMMAND, "detect", file, "--out", Path(work) / "result", "--quiet"])


def _kept(path: Path) -> dict[int, dict[str, Any]]:
    if not path.exists():
        return {}
    return {row["asked"]: row for row in json.loads(path.read_text("utf-8"))["sizes"]}


def _publish(rows: dict[int, dict[str, Any]], out: Path) -> None:
    """All three files, after each size: what is measured is not lost."""
    sizes = [rows[events] for events in sorted(rows)]
    found: dict[str, Any] = {"machine": machine(), "sizes": sizes}
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (out / "speed.json").write_text(text, "utf-8")
    (out / "speed.md").write_text(markdown(found), "utf-8")
    (out / "speed.svg").write_text(plot(sizes), "utf-8")


def _say(row: dict[str, Any], seconds: float) -> None:
    bare, whole = row["group_bys"], row["detect"]
    print(
        f"{row['events']:>11,} events: group-bys {bare['seconds']} s, {bare['peak_mb']} MB; "
        f"detect {whole['seconds']} s, {whole['peak_mb']} MB; ratio {row['ratio']} "
        f"(measured in {seconds:.0f} s)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
