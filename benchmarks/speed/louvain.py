"""networkx and python-louvain on the evidence of a month: what the usual way of grouping takes."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.processes import apart

METHOD = "networkx + python-louvain"  # as `benchmarks.others.baselines` calls it
MOST = 4_000_000  # events; with more, it takes many minutes
BEFORE = ("events", "activity", "evidence")  # stages that it needs as well
GROUPING = ("links", "communities", "attachment")  # stages that it stands for


def louvain(
    file: Path, work: Path, stages: Sequence[Mapping[str, Any]], times: int
) -> dict[str, Any]:
    """Seconds from arrays to labels, and from the file of events: with the stages before.

    stages    of a run of detect on the same file
    peak_mb   of the process that groups, which has no table engine
    """
    evidence, labels = work / "given.npz", work / "labels.npy"
    apart(["-m", "benchmarks.others.given", file, evidence])
    command: list[str | Path] = ["-m", "benchmarks.others.baselines", METHOD]
    taken = [apart([*command, evidence, labels]) for _ in range(times)]
    evidence.unlink()
    own = [float(json.loads(each.output)["seconds"]) for each in taken]
    seconds = statistics.median(own)
    return {
        "seconds": round(seconds, 2),
        "all_seconds": [round(each, 2) for each in own],
        "whole_seconds": round(seconds + sum_of(stages, BEFORE), 2),
        "peak_mb": round(max(each.peak_mb for each in taken)),
        "times_as_long": round(seconds / sum_of(stages, GROUPING), 1),
    }


def sum_of(stages: Sequence[Mapping[str, Any]], names: Sequence[str]) -> float:
    """Seconds of these stages."""
    return sum(float(stage["seconds"]) for stage in stages if stage["stage"] in names)
