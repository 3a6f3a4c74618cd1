"""Values in groups (offsets mark where each begins): hashed together, and picked."""

import numpy as np
from numba import njit

from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words

FIRST, LAST = np.uint64(0x9AE16A3B2F90404F), np.uint64(0xC3A5C85C97CB3127)  # neighbours of ends


@njit(cache=True, nogil=True, inline="always")
def mix(a: np.uint64, b: np.uint64) -> np.uint64:
    """One hash of two, in this order."""
    h = (a ^ (a >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    h ^= b + np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@njit(cache=True, nogil=True)
def folded(values: Words, offsets: Ints) -> Words:
    """One hash of the values of each group, in their order."""
    out = np.empty(offsets.size - 1, np.uint64)
    for group in range(offsets.size - 1):
        h = np.uint64(offsets[group + 1] - offsets[group])
        for i in range(offsets[group], offsets[group + 1]):
            h = mix(h, values[i])
        out[group] = h
    return out


@njit(cache=True, nogil=True)
def taken(values, offsets, groups):  # type: ignore[no-untyped-def]
    """Some of the groups, as (values, offsets); of values of any type."""
    ends = np.zeros(groups.size + 1, np.int64)
    for i in range(groups.size):
        ends[i + 1] = ends[i] + offsets[groups[i] + 1] - offsets[groups[i]]
    out = np.empty(ends[groups.size], values.dtype)
    for i in range(groups.size):
        out[ends[i] : ends[i + 1]] = values[offsets[groups[i]] : offsets[groups[i] + 1]]
    return out, ends
