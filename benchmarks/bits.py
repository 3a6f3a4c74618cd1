"""Is a bit a bit? How many pairs that chance brought together weigh x bits, of a month: in a
shuffled world, and between verified organisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.shuffles import shuffled
from benchmarks.tails import Counts, histogram, independent, pair_counts, rare_pairs, reached
from linkage.kernels.incidence import UNIT, Incidence, Int32s, Ints
from linkage.links import FAMILY_GAP_BITS
from linkage.results import Results
from linkage.units import Units, incidence

BITS = 32  # weights of 0, 1 ... so many bits are counted, and the threshold after them
SAMPLE = 8000  # units or accounts of which all pairs are weighed

Rng = np.random.Generator


@dataclass(frozen=True)
class Scale:
    """Where a month's pairs are counted, in 1/1024 bit, and what holds its families."""

    levels: Ints
    cap: int
    rare: int


def scale(found: Results) -> Scale:
    """0, 1 ... BITS bits, and last the threshold of the month."""
    threshold = found.links.threshold
    levels = np.append(np.arange(BITS + 1) * UNIT, threshold)
    cap = threshold - FAMILY_GAP_BITS * UNIT
    return Scale(levels, cap, found.settings.links.rare_accounts)


def in_a_shuffled_world(found: Results, seed: int) -> dict[str, Any]:
    """Pairs of units of a shuffled month, by weight; one entry a level.

    Pairs that share something rare are counted in the whole world, those that share only what is
    common in a sample: heavy ones are few, and nearly all of them share something rare.
    `share` is of all pairs, `counted` says how many pairs were seen.
    """
    inc, at = shuffled(found.incidence, seed), scale(found)
    units = inc.unit_ptr.size - 1
    chosen = _sample(np.arange(units, dtype=np.int32), np.random.default_rng(seed))
    every = np.arange(chosen.size, dtype=np.int32)
    counts = pair_counts(inc, chosen, every, at.cap)
    rare = rare_pairs(inc, at.cap, at.rare)
    inside = np.isin(rare.a, chosen) & np.isin(rare.b, chosen)
    pairs = units * (units - 1) // 2
    made: dict[str, Any] = {"units": units, "pairs": pairs, "sample": int(chosen.size)}
    for name in ("capped", "whole"):
        heavy = getattr(rare, name)
        whole = reached(histogram(heavy), at.levels)
        common = reached(getattr(counts, name) - histogram(heavy[inside]), at.levels)
        share = np.minimum(1, whole / pairs + common / max(1, counts.pairs))
        made[name] = {
            "share": share.tolist(),
            "counted": (whole + common).tolist(),
            "in_sample": common.tolist(),
        }
    return made


def between_organisations(found: Results, seed: int) -> dict[str, Any]:
    """Pairs of accounts of different verified organisations, by weight; one entry a level.

    Here every account is a unit, also for how common things are. Nobody runs both accounts of
    such a pair, yet what people have comes together as it does in life.
    """
    at = scale(found)
    inc, side = of_accounts(found)
    verified = np.flatnonzero(side >= 0).astype(np.int32)
    chosen = _sample(verified, np.random.default_rng(seed))
    counts = pair_counts(inc, chosen, side[chosen], at.cap)
    families = list(dict.fromkeys(kind.family for kind in found.kinds))
    made: dict[str, Any] = {
        "accounts": int(side.size),
        "verified": int(verified.size),
        "organisations": int(np.unique(side[verified]).size),
        "sample": int(chosen.size),
        "pairs": counts.pairs,
    }
    for name in ("capped", "whole"):
        made[name] = reached(getattr(counts, name), at.levels).tolist()
    if counts.pairs:
        made["independent"] = reached(independent(counts, at.cap), at.levels).tolist()
    else:
        made["independent"] = [0.0] * at.levels.size
    rows = [reached(row, at.levels).tolist() for row in counts.family]
    made["families"] = dict(zip(families, rows, strict=True))
    made["together"] = _together(counts, families)
    return made


def of_accounts(found: Results) -> tuple[Incidence, Int32s]:
    """The month with every account a unit of its own, and the number of each one's verified
    organisation, -1 for none."""
    organisation = found.activity.order_by("account").organisation.to_pyarrow().combine_chunks()
    number = organisation.dictionary_encode().indices.fill_null(-1)
    side: Int32s = number.to_numpy(zero_copy_only=False).astype(np.int32)
    each = np.arange(side.size, dtype=np.int32)
    alone = Units(each, each, np.ones(side.size, np.int32))
    return incidence(found.evidence, alone, found.kinds, None), side


def _sample(units: Int32s, rng: Rng) -> Int32s:
    """At most SAMPLE of them, ascending."""
    if units.size <= SAMPLE:
        return units
    return np.sort(rng.choice(units, SAMPLE, replace=False))


def _together(counts: Counts, families: list[str]) -> dict[str, dict[str, int]]:
    table: npt.NDArray[np.int64] = counts.together
    return {
        first: {second: int(table[i, j]) for j, second in enumerate(families)}
        for i, first in enumerate(families)
    }
