"""Which pairs are weighed, and which of them are links."""

from typing import NamedTuple

import numpy as np
from numba import njit

from linkage.kernels.incidence import Incidence, Int32s, Ints
from linkage.kernels.weights import DEPTH, family_bits, insert, mark_artifacts, shared_bits


class Bounds(NamedTuple):
    """What makes a link: weights in 1/1024 bit, and how common an artifact is still rare.

    caps: int32[families], the most that each family gives.
    """

    threshold: int
    caps: Int32s
    rare: int


@njit(cache=True, nogil=True)
def link_units(
    inc: Incidence,
    bounds: Bounds,
    more_ptr: Ints,
    more: Int32s,
    hubs: Int32s,
    first: int,
    last: int,
) -> tuple[Int32s, Int32s, Int32s, Int32s, int]:
    """Links of the units first..last-1 with units after them.

    Candidates are all pairs that share a rare artifact, and those in `more` (offsets `more_ptr`).
    Those are not weighed in full whose rare artifacts, with all that either has that is common
    (`hubs`), could not make a link. Returns a, b, weight, parts [links, families], ascending in
    (a, b), and the number of candidates.
    """
    units = inc.unit_ptr.size - 1
    mark = np.zeros(inc.art_ptr.size, np.int32)
    seen, gained = np.full(units, -1, np.int32), np.zeros(units, np.int32)
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
                bits = inc.most[v]
                near, count = _collect(inc.art_unit, lo, hi, a, bits, seen, gained, near, count)
        lo, hi = more_ptr[a], more_ptr[a + 1]
        near, count = _collect(more, lo, hi, a, 0, seen, gained, near, count)
        weighed += count
        links = 0
        for i in range(count):
            b = near[i]
            # Most pairs are far from a link, and bounds are cheap.
            if gained[b] + min(hubs[a], hubs[b]) < bounds.threshold:
                continue
            most = shared_bits(inc, a, b, mark, best, bounds.caps, parts, False)
            if most < bounds.threshold:
                continue
            weight = shared_bits(inc, a, b, mark, best, bounds.caps, parts)
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
            out_w[found] = shared_bits(inc, a, b, mark, best, bounds.caps, out_p[found])
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
def hub_bits(inc: Incidence, bounds: Bounds) -> Int32s:
    """The most that each unit's common artifacts can give a pair, all families together."""
    units = inc.unit_ptr.size - 1
    out, best = np.zeros(units, np.int32), np.empty(DEPTH, np.int32)
    for unit in range(units):
        family, count = -1, 0
        for i in range(inc.unit_ptr[unit], inc.unit_ptr[unit + 1]):
            v = inc.unit_art[i]
            if inc.art_ptr[v + 1] - inc.art_ptr[v] <= bounds.rare:
                continue
            if inc.family[v] != family:
                if family >= 0:
                    out[unit] += family_bits(best, count, bounds.caps[family])
                family, count = inc.family[v], 0
            count = insert(best, count, inc.most[v])
        if family >= 0:
            out[unit] += family_bits(best, count, bounds.caps[family])
    return out


@njit(cache=True, nogil=True)
def _collect(
    units: Int32s,
    lo: int,
    hi: int,
    a: int,
    bits: int,
    seen: Int32s,
    gained: Int32s,
    near: Int32s,
    count: int,
) -> tuple[Int32s, int]:
    """Add the units after `a` in units[lo:hi] that were not met yet; all of them gain `bits`."""
    if count + hi - lo > near.size:
        near = _grown(near, 2 * (count + hi - lo))
    for i in range(hi - 1, lo - 1, -1):
        b = units[i]
        if b <= a:
            break
        if seen[b] != a:
            seen[b], gained[b] = a, 0
            near[count] = b
            count += 1
        gained[b] += bits
    return near, count


@njit(cache=True, nogil=True)
def _grown(values: Int32s, room: int) -> Int32s:
    larger = np.empty(room, np.int32)
    larger[: values.size] = values
    return larger
