"""Is E honest? Innocent groups with E up to x, counted in a month: as they are, and with each
signal's values dealt out anew among groups of like size."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

from benchmarks.stages import account_ids
from linkage.clusters import openly
from linkage.results import Results
from linkage.score import Floats, scores
from linkage.settings import ScoreSettings

LIMITS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SHUFFLES = 20
BLOCK = 50  # groups of like size among which values are dealt out
MOSTLY = 0.5  # a group with a smaller share of network accounts is innocent

Bools = npt.NDArray[np.bool_]


def innocents(found: Results, truth: pd.DataFrame, seed: int) -> dict[str, Any]:
    """The innocent groups of a month that pretend to be many, and how many of them have E up to
    each of LIMITS; `shuffled` is the sum over SHUFFLES deals."""
    groups = found.clusters.groups
    pretend = openly(found.clusters.openness, found.settings) == 0
    chosen = pretend & _innocent(found, truth)
    size = found.clusters.size[:groups][chosen].astype(float)
    values = {name: value[chosen] for name, value in found.clusters.values.items()}
    return {
        "groups": int(chosen.sum()),
        "pretending": int(pretend.sum()),
        "references": int(found.clusters.scores.reference.sum()),
        "within": _within(found.clusters.scores.expected[chosen]),
        "shuffles": SHUFFLES,
        "shuffled": dealt(size, values, found.settings.score, seed),
    }


def dealt(size: Floats, values: dict[str, Floats], settings: ScoreSettings, seed: int) -> list[int]:
    """Groups with E up to each of LIMITS when no signal knows of another, all deals together."""
    rng, sums = np.random.default_rng(seed), np.zeros(len(LIMITS), np.int64)
    for _ in range(SHUFFLES if size.size else 0):
        mixed = {name: value[_order(size, rng)] for name, value in values.items()}
        sums += _within(scores(size, mixed, np.zeros(size.size), settings).expected)
    return [int(number) for number in sums]


def _order(size: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """A permutation within blocks of like size; which of the same size are together is chance."""
    by_size = np.lexsort((rng.random(size.size), size))
    order = np.empty(size.size, np.int64)
    for block in np.array_split(by_size, max(1, round(size.size / BLOCK))):
        order[block] = rng.permutation(block)
    return order


def interval(count: int, months: int) -> tuple[float, float]:
    """95 % interval of the mean of a month, for a Poisson count over so many (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low) / months, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / months


def _innocent(found: Results, truth: pd.DataFrame) -> Bools:
    """Groups fewer than half of whose accounts are in networks."""
    operator = truth.set_index("account_id").operator.reindex(account_ids(found))
    of, groups = found.clusters.of, found.clusters.groups
    inside = (of >= 0) & (of < groups)
    fake = (operator >= 0).to_numpy(float)[inside]
    frauds = np.bincount(of[inside], weights=fake, minlength=groups)
    return frauds < MOSTLY * found.clusters.size[:groups]


def _within(expected: Floats) -> list[int]:
    return [int((expected <= limit).sum()) for limit in LIMITS]
