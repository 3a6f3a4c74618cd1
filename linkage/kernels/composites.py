"""Composites: two common artifacts that more units hold together than chance explains.

Nothing is skipped for being common: a network behind a few large gateways and cards shares
only common artifacts, but the same two of them. Candidates grow linearly, since each unit of
a composite meets a constant number of its others.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Incidence, Int32s, Ints

Keys = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def common_of(inc: Incidence, unit: int, rare: int, most: int, out: Int32s) -> int:
    """The unit's common artifacts, rarest first, at most `most`; returns their number."""
    count = 0
    for i in range(inc.unit_ptr[unit], inc.unit_ptr[unit + 1]):
        v = inc.unit_art[i]
        size = inc.art_ptr[v + 1] - inc.art_ptr[v]
        if size <= rare:
            continue
        if count == most:
            last = out[count - 1]
            if size >= inc.art_ptr[last + 1] - inc.art_ptr[last]:
                continue
            count -= 1
        place = count
        while place > 0:
            before = out[place - 1]
            if inc.art_ptr[before + 1] - inc.art_ptr[before] <= size:
                break
            out[place] = before
            place -= 1
        out[place] = v
        count += 1
    return count


@njit(cache=True, nogil=True)
def worth(inc: Incidence, u: int, v: int, least: float) -> bool:
    """Whether sharing both could be the larger part of a link.

    Neighbours in a family say little together; a subnet and its own address say it once.
    """
    if inc.parent[u] == v or inc.parent[v] == u:
        return False
    return np.log2(max(1.0, inc.chance[u])) + np.log2(max(1.0, inc.chance[v])) >= least


@njit(cache=True, nogil=True)
def composite_keys(
    inc: Incidence, rare: int, most: int, least: float, part: int, parts: int
) -> Keys:
    """One key (smaller artifact << 32 | larger) for each unit and each two of its artifacts.

    Only keys whose smaller artifact is in this `part` of `parts`, so that memory is bounded.
    """
    own = np.empty(most, np.int32)
    keys, count = np.empty(1 << 16, np.uint64), 0
    for unit in range(inc.unit_ptr.size - 1):
        number = common_of(inc, unit, rare, most, own)
        if count + number * number > keys.size:
            larger = np.empty(2 * keys.size + number * number, np.uint64)
            larger[:count] = keys[:count]
            keys = larger
        for i in range(number):
            for j in range(i + 1, number):
                u, v = min(own[i], own[j]), max(own[i], own[j])
                if u % parts == part and worth(inc, u, v, least):
                    keys[count] = (np.uint64(u) << np.uint64(32)) | np.uint64(v)
                    count += 1
    return keys[:count].copy()


@njit(cache=True, nogil=True)
def frequent(inc: Incidence, keys: Keys, accounts: float, lift: float) -> Keys:
    """Of ascending keys, those that stand more often than accounts + lift x chance."""
    out, count, start = np.empty(keys.size, np.uint64), 0, 0
    for i in range(1, keys.size + 1):
        if i < keys.size and keys[i] == keys[start]:
            continue
        u, v = keys[start] >> np.uint64(32), keys[start] & np.uint64(0xFFFFFFFF)
        du, dv = inc.art_ptr[u + 1] - inc.art_ptr[u], inc.art_ptr[v + 1] - inc.art_ptr[v]
        if i - start >= accounts + lift * du * dv / (inc.unit_ptr.size - 1):
            out[count] = keys[start]
            count += 1
        start = i
    return out[:count].copy()


@njit(cache=True, nogil=True)
def _position(keys: Keys, key: np.uint64) -> int:
    place = np.searchsorted(keys, key)
    if place < keys.size and keys[place] == key:
        return int(place)
    return -1


@njit(cache=True, nogil=True)
def holders(
    inc: Incidence, composites: Keys, rare: int, most: int, least: float
) -> tuple[Int32s, Int32s]:
    """(composite's number, unit), for each unit that holds a composite."""
    own = np.empty(most, np.int32)
    number_of, unit_of = np.empty(1 << 16, np.int32), np.empty(1 << 16, np.int32)
    found = 0
    for unit in range(inc.unit_ptr.size - 1):
        number = common_of(inc, unit, rare, most, own)
        if found + number * number > number_of.size:
            room = 2 * number_of.size + number * number
            wider, longer = np.empty(room, np.int32), np.empty(room, np.int32)
            wider[:found], longer[:found] = number_of[:found], unit_of[:found]
            number_of, unit_of = wider, longer
        for i in range(number):
            for j in range(i + 1, number):
                u, v = min(own[i], own[j]), max(own[i], own[j])
                if not worth(inc, u, v, least):
                    continue
                key = (np.uint64(u) << np.uint64(32)) | np.uint64(v)
                place = _position(composites, key)
                if place >= 0:
                    number_of[found], unit_of[found] = place, unit
                    found += 1
    return number_of[:found].copy(), unit_of[:found].copy()


@njit(cache=True, nogil=True)
def neighbours(offsets: Ints, units: Int32s, each: int) -> Ints:
    """Pairs (smaller << 32 | larger) of units within `each` places in a composite's list."""
    total = 0
    for c in range(offsets.size - 1):
        size = offsets[c + 1] - offsets[c]
        for i in range(size):
            total += min(each, size - 1 - i)
    pairs, at = np.empty(total, np.int64), 0
    for c in range(offsets.size - 1):
        for i in range(offsets[c], offsets[c + 1]):
            for j in range(i + 1, min(i + 1 + each, offsets[c + 1])):
                low, high = min(units[i], units[j]), max(units[i], units[j])
                pairs[at] = (np.int64(low) << np.int64(32)) | np.int64(high)
                at += 1
    return pairs
