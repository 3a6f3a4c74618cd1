"""Weighing a unit against a community as a whole, and again with any one artifact taken away."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import UNIT, Incidence, Int32s, Ints
from linkage.kernels.weights import DEPTH, family_bits

KEPT = 3 * DEPTH  # artifacts of a family kept for drop-one: enough to fill its place again
FAR = -(1 << 30)


class Bar(NamedTuple):
    """What it takes, in 1/1024 bit.

    member  weight above the prior that a member needs
    cap     the most that a family gives, if it may not make a link by itself
    counts  the least that a family must give to count as one that ties the account
    usual   a newcomer must weigh as much as all but this share of the linked members
    telling weight from which on an artifact that two members have brings newcomers; and what
            two families that no outsider can plant must give to one that weighs less
    group   units; smaller communities take no newcomers
    """

    member: int
    cap: int
    counts: int
    usual: float
    telling: int
    group: int


class Community(NamedTuple):
    """Units of the communities: offsets [C + 1] and units, ascending in each."""

    ptr: Ints
    unit: Int32s


@njit(cache=True, nogil=True)
def prior_bits(inc: Incidence, size: int) -> int:
    """log2((N - |C|) / |C|): the odds against a unit before anything is seen of it."""
    outside = max(1, inc.population - size)
    return round(UNIT * math.log2(max(1.0, outside / size)))


@njit(cache=True, nogil=True)
def whole_bits(inc: Incidence, v: int, unit: int, inside: bool, size: int, have: int) -> int:
    """max(0, log2(share of the members with v / p)), the unit itself left out on both sides."""
    if inside:
        size, have = size - 1, have - 1
    if have <= 0 or size <= 0:
        return 0
    outside = max(0, inc.degree[v] - have - 1)
    excess = max(1.0, inc.excess[unit, inc.kind[v]])
    p = min(1.0, excess * (outside + 1) / (inc.population - size + 2))
    share = have / size
    if share <= p:
        return 0
    return round(UNIT * math.log2(share / p))


@njit(cache=True, nogil=True)
def _newcomers(
    inc: Incidence,
    size: int,
    have: Int32s,
    held: Int32s,
    bar: Bar,
    need: int,
    seen: Int32s,
    stamp: int,
    gained: Int32s,
    owned: Int32s,
    out: Int32s,
) -> tuple[Int32s, int]:
    """Units outside that owe half of `need` to telling artifacts: two members have them, and
    few others do. Who shares only what is common everywhere is not even weighed. Of artifacts
    that no outsider can plant, two are enough."""
    count = 0
    for v in held:
        if have[v] < 2:
            continue
        bits = _outsiders_bits(inc, v, size, have)
        if bits < bar.telling:
            continue
        for j in range(inc.art_ptr[v], inc.art_ptr[v + 1]):
            unit = inc.art_unit[j]
            if seen[unit] != stamp:
                seen[unit], gained[unit], owned[unit] = stamp, 0, 0
                if count == out.size:
                    longer = np.empty(2 * count, np.int32)
                    longer[:count] = out
                    out = longer
                out[count] = unit
                count += 1
            gained[unit] += bits
            owned[unit] += not inc.plantable[inc.kind[v]]
    able = 0
    for i in range(count):
        if 2 * gained[out[i]] >= need or owned[out[i]] >= 2:
            out[able] = out[i]
            able += 1
    return out, able


@njit(cache=True, nogil=True)
def _outsiders_bits(inc: Incidence, v: int, size: int, have: Int32s) -> int:
    """What an artifact gives a unit outside at most (r = 1)."""
    outside = max(0, inc.degree[v] - have[v] - 1)
    ratio = have[v] / size * (inc.population - size + 2) / (outside + 1)
    return 0 if ratio <= 1 else math.ceil(UNIT * math.log2(ratio))


@njit(cache=True, nogil=True)
def _gather(
    inc: Incidence,
    unit: int,
    inside: bool,
    size: int,
    have: Int32s,
    stamp_of: Int32s,
    stamp: int,
    art: Int32s,
    bits: Int32s,
    ptr: Int32s,
) -> None:
    """The unit's strongest artifacts in the community, a family's in art/bits[ptr[f]:...]."""
    ptr[:] = 0
    for i in range(inc.unit_ptr[unit], inc.unit_ptr[unit + 1]):
        v = inc.unit_art[i]
        if stamp_of[v] != stamp:
            continue
        weight = whole_bits(inc, v, unit, inside, size, have[v])
        if weight == 0:
            continue
        f = inc.family[v]
        count = ptr[f]
        if count == KEPT:
            if weight <= bits[f * KEPT + count - 1]:
                continue
            count -= 1
        place = count
        while place > 0 and bits[f * KEPT + place - 1] < weight:
            bits[f * KEPT + place] = bits[f * KEPT + place - 1]
            art[f * KEPT + place] = art[f * KEPT + place - 1]
            place -= 1
        bits[f * KEPT + place], art[f * KEPT + place] = weight, v
        ptr[f] = count + 1


@njit(cache=True, nogil=True)
def _falls_with(inc: Incidence, dropped: int, v: int) -> bool:
    """Whether taking `dropped` away takes `v` away too: itself, or nested in it."""
    if v == dropped or inc.parent[v] == dropped:
        return True
    return inc.parent[v] < 0 and inc.contains[inc.kind[dropped], inc.kind[v]]


@njit(cache=True, nogil=True)
def _family_without(
    inc: Incidence,
    f: int,
    dropped: int,
    only_own: bool,
    caps: Int32s,
    art: Int32s,
    bits: Int32s,
    ptr: Int32s,
    best: Int32s,
) -> int:
    """A family's weight without `dropped` (-1: nothing); only_own: unplantable kinds alone."""
    count = 0
    for i in range(f * KEPT, f * KEPT + ptr[f]):
        v = art[i]
        if dropped >= 0 and _falls_with(inc, dropped, v):
            continue
        if only_own and inc.plantable[inc.kind[v]]:
            continue
        best[count] = bits[i]
        count += 1
        if count == DEPTH:
            break
    return family_bits(best, count, caps[f])


class Attached(NamedTuple):
    """Units that reach the bar of a community: one row each; weights in 1/1024 bit.

    inside       whether links had brought it in already
    above        over the prior;  left over the prior without the artifact that it needs most
    families     that count when that is taken away;  own: from kinds that none can plant
    """

    unit: Int32s
    community: Int32s
    inside: Int32s
    above: Int32s
    left: Int32s
    families: Int32s
    own: Int32s


@njit(cache=True, nogil=True)
def attach(inc: Incidence, communities: Community, bar: Bar, first: int, last: int) -> Attached:
    """Weigh units against the communities first..last-1: their own, and all that could join."""
    units, artifacts = inc.unit_ptr.size - 1, inc.art_ptr.size - 1
    have, stamp_of = np.zeros(artifacts, np.int32), np.full(artifacts, -1, np.int32)
    seen = np.full(units, -1, np.int32)
    gained, owned = np.zeros(units, np.int32), np.zeros(units, np.int32)
    art = np.empty(inc.families * KEPT, np.int32)
    bits = np.empty(inc.families * KEPT, np.int32)
    ptr, best = np.zeros(inc.families, np.int32), np.empty(DEPTH, np.int32)
    parts, caps = np.empty(inc.families, np.int64), np.empty(inc.families, np.int32)
    out, held = np.empty(1 << 12, np.int32), np.empty(1 << 12, np.int32)
    rows, found = np.empty((1 << 12, 7), np.int32), 0
    for c in range(first, last):
        members = communities.unit[communities.ptr[c] : communities.ptr[c + 1]]
        size, kinds = members.size, 0
        for unit in members:
            seen[unit], gained[unit] = c, FAR
            for i in range(inc.unit_ptr[unit], inc.unit_ptr[unit + 1]):
                v = inc.unit_art[i]
                if stamp_of[v] != c:
                    stamp_of[v], have[v] = c, 0
                    if kinds == held.size:
                        longer = np.empty(2 * kinds, np.int32)
                        longer[:kinds] = held
                        held = longer
                    held[kinds] = v
                    kinds += 1
                have[v] += 1
        caps[:] = bar.cap
        for f in range(inc.families):
            if inc.alone[f]:
                # As for links: what may make one by itself may just make a member.
                caps[f] = max(bar.cap, prior_bits(inc, max(1, size - 1)) + bar.member)
        overs = np.empty(size, np.int64)
        need, able = bar.member, size
        for step in range(2):
            inside = step == 0
            if not inside:
                if size < bar.group:
                    break
                need = max(need, int(np.quantile(overs, bar.usual)))
                full = need + prior_bits(inc, size)
                out, able = _newcomers(
                    inc, size, have, held[:kinds], bar, full, seen, c, gained, owned, out
                )
            if found + able > rows.shape[0]:
                wider = np.empty((2 * (found + able), 7), np.int32)
                wider[:found] = rows[:found]
                rows = wider
            for i in range(able):
                unit = members[i] if inside else out[i]
                _gather(inc, unit, inside, size, have, stamp_of, c, art, bits, ptr)
                total = 0
                for f in range(inc.families):
                    parts[f] = _family_without(inc, f, -1, False, caps, art, bits, ptr, best)
                    total += parts[f]
                over = total - prior_bits(inc, max(1, size - 1 if inside else size))
                if inside:
                    overs[i] = over
                if over < bar.member or (
                    over < need and not _owned(inc, bar, caps, art, bits, ptr, best)
                ):
                    continue
                left, families, own = _without_any(
                    inc, bar, caps, parts, over, art, bits, ptr, best
                )
                rows[found, 0], rows[found, 1], rows[found, 2] = unit, c, inside
                rows[found, 3], rows[found, 4] = over, left
                rows[found, 5], rows[found, 6] = families, own
                found += 1
    kept = rows[:found].copy()
    return Attached(
        kept[:, 0], kept[:, 1], kept[:, 2], kept[:, 3], kept[:, 4], kept[:, 5], kept[:, 6]
    )


@njit(cache=True, nogil=True)
def _owned(
    inc: Incidence, bar: Bar, caps: Int32s, art: Int32s, bits: Int32s, ptr: Int32s, best: Int32s
) -> bool:
    """Whether two families tie the unit by what no outsider can plant: an account that has not
    worked yet weighs little, and yet has its operator's device and card."""
    families = 0
    for f in range(inc.families):
        families += _family_without(inc, f, -1, True, caps, art, bits, ptr, best) >= bar.telling
    return families >= 2


@njit(cache=True, nogil=True)
def _without_any(
    inc: Incidence,
    bar: Bar,
    caps: Int32s,
    parts: Ints,
    over: int,
    art: Int32s,
    bits: Int32s,
    ptr: Int32s,
    best: Int32s,
) -> tuple[int, int, int]:
    """(least left over the prior, families that then count, weight of unplantable kinds)."""
    least, fewest, own = over, 0, 0
    for f in range(inc.families):
        fewest += parts[f] >= bar.counts
        own += _family_without(inc, f, -1, True, caps, art, bits, ptr, best)
    full = fewest
    for f in range(inc.families):
        for i in range(f * KEPT, f * KEPT + ptr[f]):
            rest = _family_without(inc, f, art[i], False, caps, art, bits, ptr, best)
            least = min(least, over - parts[f] + rest)
            if parts[f] >= bar.counts and rest < bar.counts:
                fewest = full - 1
    return least, fewest, own


@njit(cache=True, nogil=True)
def weigh_parts(
    inc: Incidence, part: Incidence, members: Int32s, rows: Int32s, bar: Bar
) -> tuple[Int32s, Int32s]:
    """Weigh a part of what members of one community have against it, as if they had no more.

    `part` is `inc` with other units: each of `rows` is one of them, for a member of the community.
    Returns, in the order of `rows`, the weight over the prior; and of each of their artifacts, one
    row after another, its own weight.
    """
    have = np.zeros(inc.art_ptr.size - 1, np.int32)
    for unit in members:
        for i in range(inc.unit_ptr[unit], inc.unit_ptr[unit + 1]):
            have[inc.unit_art[i]] += 1
    size, prior = members.size, prior_bits(inc, max(1, members.size - 1))
    stamp_of = np.zeros(have.size, np.int32)
    art = np.empty(inc.families * KEPT, np.int32)
    bits = np.empty(inc.families * KEPT, np.int32)
    ptr, best = np.zeros(inc.families, np.int32), np.empty(DEPTH, np.int32)
    caps = np.full(inc.families, bar.cap, np.int32)
    for f in range(inc.families):
        if inc.alone[f]:
            caps[f] = max(bar.cap, prior + bar.member)
    over, count = np.empty(rows.size, np.int32), 0
    for row in rows:
        count += part.unit_ptr[row + 1] - part.unit_ptr[row]
    each, place = np.empty(count, np.int32), 0
    for i in range(rows.size):
        row = rows[i]
        _gather(part, row, True, size, have, stamp_of, 0, art, bits, ptr)
        total = 0
        for f in range(inc.families):
            total += _family_without(inc, f, -1, False, caps, art, bits, ptr, best)
        over[i] = total - prior
        for j in range(part.unit_ptr[row], part.unit_ptr[row + 1]):
            v = part.unit_art[j]
            each[place] = whole_bits(part, v, row, True, size, have[v])
            place += 1
    return over, each


def communities_of(sizes: npt.NDArray[np.int64], units: Int32s) -> Community:
    """Communities from their sizes and their units, one after another."""
    ptr = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=ptr[1:])
    return Community(ptr, units)
