"""Is a bit a bit? How many pairs that chance brought together weigh x bits, of a month: in a
shuffled world, and between verified organisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.honesty.shuffles import shuffled
from benchmarks.honesty.tails import (
    BINS,
    Counts,
    histogram,
    independent,
    pair_counts,
    rare_pairs,
    reached,
)
from linkage.kernels.incidence import UNIT, Incidence, Int32s, Ints
from linkage.kernels.weights import family_caps
from linkage.results import Results
from linkage.units import Units, incidence

BITS = 32  # weights of 0, 1 ... so many bits are counted, and the threshold after them
DOMAIN = "email_domain"
BUSY = 0.1  # share of the units, those with the most artifacts
SAMPLE = 8000  # units or accounts of which all pairs are weighed

Rng = np.random.Generator


@dataclass(frozen=True)
class Scale:
    """Where a month's pairs are counted, in 1/1024 bit, and what holds its families."""

    levels: Ints
    caps: Int32s
    rare: int


def scale(found: Results) -> Scale:
    """0, 1 ... BITS bits, and last the threshold of the month."""
    threshold = found.links.threshold
    levels = np.append(np.arange(BITS + 1) * UNIT, threshold)
    caps = family_caps(found.incidence.alone, threshold)
    return Scale(levels, caps, found.settings.links.rare_accounts)


def in_a_shuffled_world(found: Results, seed: int) -> dict[str, Any]:
    """Pairs of units of a shuffled month, by weight; one entry a level.

    Pairs that share something rare are counted in the whole world, those that share only what is
    common in a sample: heavy ones are few, and nearly all of them share something rare.
    `share` is of all pairs, `counted` says how many pairs were seen. Of the links among them that
    share something rare, `busy_links` are those between two units with many artifacts.
    """
    inc, at = shuffled(found.incidence, seed), scale(found)
    units = inc.unit_ptr.size - 1
    chosen = _sample(np.arange(units, dtype=np.int32), np.random.default_rng(seed))
    every = np.arange(chosen.size, dtype=np.int32)
    counts = pair_counts(inc, chosen, every, at.caps)
    rare = rare_pairs(inc, at.caps, at.rare)
    inside = np.isin(rare.a, chosen) & np.isin(rare.b, chosen)
    pairs = units * (units - 1) // 2
    made: dict[str, Any] = {"units": units, "pairs": pairs, "sample": int(chosen.size)}
    linked = rare.capped >= found.links.threshold
    busy = _busy(inc)
    made["links"] = int(linked.sum())
    made["busy_links"] = int((linked & busy[rare.a] & busy[rare.b]).sum())
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


def _busy(inc: Incidence) -> npt.NDArray[np.bool_]:
    """The units with the most artifacts: a tenth, and those with as many."""
    held = np.diff(inc.unit_ptr)
    return held >= np.quantile(held, 1 - BUSY)


def between_organisations(found: Results, seed: int) -> dict[str, Any]:
    """Pairs of accounts of different verified organisations, by weight; one entry a level.

    Here every account is a unit, also for how common things are. Nobody runs both accounts of
    such a pair, yet what people have comes together as it does in life. `any` has all of them,
    `apart` those between organisations that no mail domain joins: departments of one house have
    one in common, and a network, a work place and more with it.
    """
    inc, side = of_accounts(found)
    chosen = _sample(np.flatnonzero(side >= 0).astype(np.int32), np.random.default_rng(seed))
    every = int((side >= 0).sum())
    table = {"any": side, "apart": _houses(found, inc, side)}
    return {
        "accounts": int(side.size),
        "verified": every,
        "sample": int(chosen.size),
        **{name: _between(found, inc, chosen, of[chosen]) for name, of in table.items()},
    }


def _between(found: Results, inc: Incidence, chosen: Int32s, side: Int32s) -> dict[str, Any]:
    """Pairs of chosen accounts of different sides: by weight, by family, and families in both."""
    at = scale(found)
    counts = pair_counts(inc, chosen, side, at.caps)
    families = list(dict.fromkeys(kind.family for kind in found.kinds))
    alone = independent(counts, at.caps) if counts.pairs else np.zeros(BINS)
    rows = [reached(row, at.levels).tolist() for row in counts.family]
    return {
        "sides": int(np.unique(side).size),
        "pairs": counts.pairs,
        "capped": reached(counts.capped, at.levels).tolist(),
        "whole": reached(counts.whole, at.levels).tolist(),
        "independent": reached(alone, at.levels).tolist(),
        "families": dict(zip(families, rows, strict=True)),
        "together": _together(counts, families),
    }


def _houses(found: Results, inc: Incidence, side: Int32s) -> Int32s:
    """The sides, those that have a mail domain in common made one; -1 stays."""
    names = [kind.name for kind in found.kinds]
    if DOMAIN not in names or side.max(initial=-1) < 0:
        return side
    unit = np.repeat(np.arange(side.size), np.diff(inc.unit_ptr))
    joins = (inc.kind[inc.unit_art] == names.index(DOMAIN)) & (side[unit] >= 0)
    sides = int(side.max()) + 1
    ends = side[unit[joins]], sides + inc.unit_art[joins]
    nodes = sides + inc.art_ptr.size - 1
    graph = coo_array((np.ones(ends[0].size, np.int8), ends), shape=(nodes, nodes))
    label = connected_components(graph, directed=False)[1].astype(np.int32)
    house: Int32s = np.where(side >= 0, label[side], -1).astype(np.int32)
    return house


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
