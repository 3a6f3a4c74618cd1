"""Weight of evidence, in 1/1024 bit (Good 1950; Fellegi and Sunter 1969)."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import UNIT, Floats, Incidence, Int32s

DEPTH = 12  # the 13th artifact of a family would count 1/4096
FAMILY_GAP_BITS = 3  # a family that makes no link by itself stays this far below the threshold


@njit(cache=True, nogil=True)
def weight_bits(ratio: float, m: float) -> int:
    """log2(1 - m + m / p), where `ratio` is m / p; never negative."""
    if ratio <= m:
        return 0
    return round(UNIT * math.log2(1.0 - m + ratio))


@njit(cache=True, nogil=True)
def pair_bits(inc: Incidence, artifact: int, excess: float) -> int:
    """Weight of one shared artifact, with p = min(1, r (d + 1) / (N + 2)) and r the excess."""
    return weight_bits(inc.chance[artifact] / max(1.0, excess), inc.m[inc.kind[artifact]])


@njit(cache=True, nogil=True)
def rare_bits(chance: Floats, m: Floats) -> Int32s:
    """Weight of each artifact with r = 1, the most that it gives a pair."""
    out = np.empty(chance.size, np.int32)
    for v in range(chance.size):
        out[v] = weight_bits(chance[v], m[v])
    return out


@njit(cache=True, nogil=True)
def insert(best: Int32s, count: int, bits: int) -> int:
    """Put a weight into a family's descending list of at most DEPTH; returns the new length."""
    if count == best.size:
        if bits <= best[count - 1]:
            return count
        count -= 1
    place = count
    while place > 0 and best[place - 1] < bits:
        best[place] = best[place - 1]
        place -= 1
    best[place] = bits
    return count + 1


@njit(cache=True, nogil=True)
def family_bits(best: Int32s, count: int, cap: int) -> int:
    """The strongest whole, the second at a half, the third at a quarter ..., at most the cap."""
    total = 0
    for i in range(count):
        total += best[i] >> i
    return min(total, cap)


@njit(cache=True, nogil=True)
def shared_bits(
    inc: Incidence,
    a: int,
    b: int,
    mark: Int32s,
    best: Int32s,
    caps: Int32s,
    parts: Int32s,
    exact: bool = True,
) -> int:
    """Weight of all that `a` and `b` share; `parts` gets each family's, up to its cap.

    `mark[v] == a + 1` must hold for just the artifacts of `a`. What is not `exact` is an upper
    bound without a logarithm: as if neither had many artifacts of a kind.
    """
    parts[:] = 0
    family, count = -1, 0
    for i in range(inc.unit_ptr[b], inc.unit_ptr[b + 1]):
        v = inc.unit_art[i]
        if mark[v] != a + 1:
            continue
        if inc.family[v] != family:
            if family >= 0:
                parts[family] = family_bits(best, count, caps[family])
            family, count = inc.family[v], 0
        bits = inc.most[v]
        if exact and bits > 0:
            k = inc.kind[v]
            excess = max(inc.excess[a, k], inc.excess[b, k])
            if excess > 1.0:
                bits = pair_bits(inc, v, excess)
        if bits > 0:
            count = insert(best, count, bits)
    if family >= 0:
        parts[family] = family_bits(best, count, caps[family])
    return parts.sum()


@njit(cache=True, nogil=True)
def mark_artifacts(inc: Incidence, a: int, mark: Int32s) -> None:
    """Make `shared_bits` of `a` with others possible."""
    for i in range(inc.unit_ptr[a], inc.unit_ptr[a + 1]):
        mark[inc.unit_art[i]] = a + 1


def to_bits(weights: Int32s) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Weights in 1/1024 bit as decimals; exact, since 1/1024 is a binary fraction."""
    return (weights / UNIT).astype(np.float32)


def family_caps(alone: npt.NDArray[np.bool_], threshold: int) -> Int32s:
    """The most that each family gives a pair, in 1/1024 bit."""
    return np.array([family_cap(one, threshold) for one in alone], np.int32)


def family_cap(alone: bool, threshold: int) -> int:
    """The same for one family, which may just make a link by itself, or may not."""
    return threshold if alone else threshold - FAMILY_GAP_BITS * UNIT
