"""How often pairs reach a weight: histograms of 1/1024 bit, of all pairs of a sample or of all
pairs that share something rare."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import UNIT, Floats, Incidence, Int32s, Ints
from linkage.kernels.pairs import Bounds, hub_bits, link_units
from linkage.kernels.weights import DEPTH, mark_artifacts, shared_bits

BINS = 64 * UNIT  # of weights; all that is heavier is in the last
NO_CAP = 1 << 28


class Counts(NamedTuple):
    """Pairs by their weight, in 1/1024 bit.

    pairs     all, also those that share nothing
    capped    int64[BINS]: families held to the cap; whole: not held
    family    int64[F, BINS]: by what the family alone gives, not held
    together  int64[F, F]: pairs to which both families give something
    """

    pairs: int
    capped: Ints
    whole: Ints
    family: Ints
    together: Ints


class RarePairs(NamedTuple):
    """Units a < b that share something rare; weights in 1/1024 bit, as in `Counts`."""

    a: Int32s
    b: Int32s
    capped: Int32s
    whole: Int32s


@njit(cache=True, nogil=True)
def pair_counts(inc: Incidence, chosen: Int32s, side: Int32s, caps: Int32s) -> Counts:
    """All pairs of the chosen units that are on different sides (one a chosen unit).

    caps: int32[F], the most that each family gives where it is held.
    """
    free = np.full(inc.families, NO_CAP, np.int32)
    mark, best = np.zeros(inc.art_ptr.size, np.int32), np.empty(DEPTH, np.int32)
    parts = np.empty(inc.families, np.int32)
    capped, whole = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    family = np.zeros((inc.families, BINS), np.int64)
    together = np.zeros((inc.families, inc.families), np.int64)
    pairs = 0
    for i in range(chosen.size):
        mark_artifacts(inc, chosen[i], mark)
        for j in range(i + 1, chosen.size):
            if side[i] == side[j]:
                continue
            pairs += 1
            weight = shared_bits(inc, chosen[i], chosen[j], mark, best, free, parts)
            if weight == 0:
                continue
            held = 0
            for f in range(inc.families):
                if parts[f] == 0:
                    continue
                held += min(parts[f], caps[f])
                family[f, min(parts[f], BINS - 1)] += 1
                for g in range(inc.families):
                    together[f, g] += parts[g] > 0
            capped[min(held, BINS - 1)] += 1
            whole[min(weight, BINS - 1)] += 1
    left = pairs - whole.sum()
    capped[0] += left
    whole[0] += left
    for f in range(inc.families):
        family[f, 0] += pairs - family[f].sum()
    return Counts(pairs, capped, whole, family, together)


def rare_pairs(inc: Incidence, caps: Int32s, rare: int) -> RarePairs:
    """All pairs that share an artifact of at most so many units, whatever they weigh."""
    bounds = Bounds(0, np.full(inc.families, NO_CAP, np.int32), rare)
    none = np.zeros(inc.unit_ptr.size, np.int64), np.empty(0, np.int32)
    last = inc.unit_ptr.size - 1
    a, b, whole, parts, _ = link_units(inc, bounds, *none, hub_bits(inc, bounds), 0, last)
    return RarePairs(a, b, np.minimum(parts, caps).sum(axis=1, dtype=np.int32), whole)


def histogram(weights: Int32s) -> Ints:
    """Pairs by their weight, as in `Counts`."""
    return np.bincount(np.minimum(weights, BINS - 1), minlength=BINS)


def reached(counts: npt.NDArray[Any], levels: Ints) -> npt.NDArray[Any]:
    """How many weigh at least so much, for each of the levels in 1/1024 bit."""
    least: npt.NDArray[Any] = np.cumsum(counts[::-1])[::-1]
    return least[levels]


def independent(counts: Counts, caps: Int32s) -> Floats:
    """Share of pairs by weight if what one family gives said nothing about the others': the
    families' own histograms, held to their caps, convolved."""
    caps = np.minimum(caps, BINS - 1)
    size = 1 << max(BINS, int(caps.sum()) + 1).bit_length()
    product = np.ones(size // 2 + 1, np.complex128)
    for row, cap in zip(counts.family / counts.pairs, caps, strict=True):
        held = row.copy()
        held[cap] += held[cap + 1 :].sum()
        held[cap + 1 :] = 0
        product *= np.fft.rfft(held, size)
    shares = np.maximum(0, np.fft.irfft(product, size))
    shares[BINS - 1] += shares[BINS:].sum()
    return shares[:BINS]
