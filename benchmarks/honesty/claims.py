"""Do the figures mean what they say? Weights as shares of innocent pairs, and E as a number of
innocent groups: what is claimed against what is counted.

`bits` and `innocents` measure; `page`, `expected` and `plots` show.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.honesty.bits import BITS, between_organisations, in_a_shuffled_world
from benchmarks.honesty.innocents import LIMITS, innocents
from benchmarks.honesty.page import page
from benchmarks.honesty.plots import plots
from benchmarks.stages import opened
from linkage.evaluation import read_truth
from linkage.kernels.incidence import UNIT


def measure(months: Sequence[Path], seed: int) -> dict[str, Any]:
    """One entry a month (folder with events.parquet and truth.parquet), as plain values."""
    return {
        "seed": seed,
        "bits": list(range(BITS + 1)),
        "limits": list(LIMITS),
        "months": [_month(folder, seed + number) for number, folder in enumerate(months)],
    }


def section(found: Mapping[str, Any]) -> str:
    """The part of the page, in Markdown."""
    return page(found)


def figures(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    return plots(found)


def _month(folder: Path, seed: int) -> dict[str, Any]:
    print(f"honesty: {folder.name}", file=sys.stderr)
    truth = read_truth(folder / "truth.parquet")
    with opened(folder / "events.parquet") as found:
        return {
            "accounts": len(truth),
            "units": found.incidence.population,
            "threshold": found.links.threshold / UNIT,
            "shuffled": in_a_shuffled_world(found, seed),
            "organisations": between_organisations(found, seed),
            "innocents": innocents(found, truth, seed),
        }
