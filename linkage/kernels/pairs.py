"""Which pairs are weighed, and which of them are links."""

from typing import NamedTuple

import numpy as np
from numba import njit

from linkage.kernels.incidence import Incidence, Int32s, Ints
from linkage.kernels.weights import DEPTH, mark_artifacts, shared_bits


class Bounds(NamedTuple):
    """What makes a link: weights in 1/1024 bit, and how common an artifact is still rare."""

    threshold: int
    family_cap: int
    rare: int


@njit(cache=True, nogil=True)
def link_units(
    inc: Incidence, bounds: Bounds, more_ptr: Ints, more: Int32s, first: int, last: int
) -> tuple[Int32s, Int32s, Int32s, Int32s, int]:
    """Links of the units first..last-1 with units after them.

    Weighed are all pairs that share a rare artifact, and those in `more` (offsets `more_ptr`).
    Returns a, b, weight, parts [links, families], ascending in (a, b), and the pairs weighed.
    """
    units = inc.unit_ptr.size - 1
    mark = np.zeros(inc.art_ptr.size, np.int32)
    seen = np.full(units, -1, np.int32)
    best, parts = np.empty(DEPTH, np.int32), np.empty(inc.families, np.int32)
    near = np.empty(1024, np.int32)
    room, found, weighed = 4096, 0, 0
    out_a, out_b = np.empty(room, np.int32), np.empty(room, np.int32)
    out_w, out_p = np.empty(room, np.int32), np.empty((room, inc.families), np.int32)
    for a in range(first, last):
        mark_artifacts(inc, a, mark)
        count = 0
        for i in range(inc.unit_ptr[a], inc.unit_ptr[a + 1]):
            v = inc.unit_art[i]
            lo, hi = inc.art_ptr[v], inc.art_ptr[v + 1]
            if hi - lo <= bounds.rare:
                near, count = _collect(inc.art_unit, lo, hi, a, seen, near, count)
        near, count = _collect(more, more_ptr[a], more_ptr[a + 1], a, seen, near, count)
        weighed += count
        links = 0
        for i in range(count):
            b = near[i]
            weight = shared_bits(inc, a, b, mark, best, bounds.family_cap, parts)
            if weight < bounds.threshold:
                continue
            near[links] = b
            links += 1
        near[:links].sort()
        if found + links > room:
            room = 2 * (found + links)
            out_a, out_b, out_w = _grown(out_a, room), _grown(out_b, room), _grown(out_w, room)
            wider = np.empty((room, inc.families), np.int32)
            wider[:found] = out_p[:found]
            out_p = wider
        for i in range(links):
            b = near[i]
            out_w[found] = shared_bits(inc, a, b, mark, best, bounds.family_cap, out_p[found])
            out_a[found], out_b[found] = a, b
            found += 1
    return (
        out_a[:found].copy(),
        out_b[:found].copy(),
        out_w[:found].copy(),
        out_p[:found].copy(),
        weighed,
    )


@njit(cache=True, nogil=True)
def _collect(
    units: Int32s, lo: int, hi: int, a: int, seen: Int32s, near: Int32s, count: int
) -> tuple[Int32s, int]:
    """Add the units after `a` in units[lo:hi] that were not met yet."""
    if count + hi - lo > near.size:
        near = _grown(near, 2 * (count + hi - lo))
    for i in range(hi - 1, lo - 1, -1):
        b = units[i]
        if b > a and seen[b] != a:
            seen[b] = a
            near[count] = b
            count += 1
    return near, count


@njit(cache=True, nogil=True)
def _grown(values: Int32s, room: int) -> Int32s:
    larger = np.empty(room, np.int32)
    larger[: values.size] = values
    return larger
