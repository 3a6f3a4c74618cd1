"""How long a run takes and how much memory, next to the bare group-bys that it cannot avoid."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import LIBRARIES, OTHERS, versions
from benchmarks.months import COMMAND, month
from benchmarks.processes import Taken, apart
from benchmarks.speed.louvain import MOST, louvain


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
    """One size: the medians of all, and what the run says of itself."""
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
            limits = ["--threads", str(plan.threads), "--memory", plan.group_bys_memory]
            bare.append(apart(["-m", "benchmarks.speed.groupbys", file, *limits]))
            out = Path(work) / f"result-{number}"
            options = ["--settings", str(settings), "--quiet"]
            whole.append(apart([*COMMAND, "detect", file, "--out", out, *options]))
            infos.append(json.loads((out / "run.json").read_text("utf-8")))
            written = sum(path.stat().st_size for path in out.iterdir())
        middle = _middle([taken.seconds for taken in whole])
        stages = infos[middle]["stages"]
        others = louvain(file, Path(work), stages, plan.times(events)) if events <= MOST else None
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
            "stages": stages,
            "counts": info["counts"],
        },
        "louvain": others,
        "ratio": round(seconds["detect"] / seconds["group_bys"], 2),
        "versions": versions(LIBRARIES + OTHERS[:2]),
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
