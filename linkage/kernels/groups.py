"""Values in groups: hashed together, picked, put in order, and what is different among them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.alignment import Flags
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import Words

Numbers = npt.NDArray[np.signedinteger]

FEW = 32  # items that are put in order one by one
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
        shift = offsets[groups[i]] - ends[i]
        for j in range(ends[i], ends[i + 1]):
            out[j] = values[j + shift]
    return out, ends


DIGIT = 11  # bits that values are put in order by at once


class Distinct(NamedTuple):
    """What is different among some values, in ascending order.

    first   int64: where each stands first
    number  int64 for each value: which it is
    times   int64: how often each stands there
    """

    first: Ints
    number: Ints
    times: Ints


@njit(cache=True, nogil=True)
def counted(numbers: Int32s, size: int) -> Ints:
    """How often each number from 0 on is there; negative ones are passed over."""
    out = np.zeros(size, np.int64)
    for number in numbers:
        if number >= 0:
            out[number] += 1
    return out


@njit(cache=True, nogil=True)
def spread(group, values, groups):  # type: ignore[no-untyped-def]
    """What each group has, as (values, offsets), in the order in which it stands there; what has a
    negative group or value is left out. Values of any type of integers, which it keeps."""
    ends = np.zeros(groups + 1, np.int64)
    for i in range(group.size):
        if group[i] >= 0 and values[i] >= 0:
            ends[group[i] + 1] += 1
    for one in range(groups):
        ends[one + 1] += ends[one]
    out, at = np.empty(ends[groups], values.dtype), ends[:-1].copy()
    for i in range(group.size):
        if group[i] >= 0 and values[i] >= 0:
            out[at[group[i]]] = values[i]
            at[group[i]] += 1
    return out, ends


@njit(cache=True, nogil=True)
def singled(values, offsets, kinds):  # type: ignore[no-untyped-def]
    """Each value (less than `kinds`) once in its group, where it stands first there: as (values,
    offsets), in place of the former ones."""
    met = np.full(kinds, -1, np.int32)
    count, begin = 0, 0
    for group in range(offsets.size - 1):
        end = offsets[group + 1]
        for i in range(begin, end):
            if met[values[i]] != group:
                met[values[i]] = group
                values[count] = values[i]
                count += 1
        begin, offsets[group + 1] = end, count
    return values[:count].copy(), offsets


@njit(cache=True, nogil=True)
def reached(groups: Ints, ends: Ints, values: Numbers, offsets: Ints, kinds: int) -> Ints:
    """How many different values (less than `kinds`) there are in all the groups of an item.

    groups, ends    the groups of each item, less than 2**31 items
    values, offsets the values of each group, each once

    No list is made of what each item has: many items may have the same large groups.
    """
    out, met = np.zeros(ends.size - 1, np.int64), np.full(kinds, -1, np.int32)
    for item in range(ends.size - 1):
        first, last = ends[item], ends[item + 1]
        if last == first + 1:
            out[item] = offsets[groups[first] + 1] - offsets[groups[first]]
            continue
        for i in range(first, last):
            group = groups[i]
            if i > first and group == groups[i - 1]:
                continue
            for j in range(offsets[group], offsets[group + 1]):
                if met[values[j]] != item:
                    met[values[j]] = item
                    out[item] += 1
    return out


@njit(cache=True, nogil=True)
def added(group: Ints, values: Words, groups: int) -> Words:
    """The sum of the values of each group."""
    out = np.zeros(groups, np.uint64)
    for i in range(group.size):
        out[group[i]] += values[i]
    return out


class Lookup(NamedTuple):
    """Hashes that others are looked up among.

    hashes  uint64, ascending
    starts  int64[2**n + 1]: how many of them have less than each number in their n high bits
    shift   64 - n
    """

    hashes: Words
    starts: Ints
    shift: int


@njit(cache=True, nogil=True)
def lookup(hashes: Words) -> Lookup:
    """Made of hashes in ascending order."""
    bits = 1
    while (1 << bits) < hashes.size:
        bits += 1
    starts = np.zeros((1 << bits) + 1, np.int64)
    for value in hashes:
        starts[np.int64(value >> np.uint64(64 - bits)) + 1] += 1
    for i in range(1 << bits):
        starts[i + 1] += starts[i]
    return Lookup(hashes, starts, 64 - bits)


@njit(cache=True, nogil=True)
def positions(among: Lookup, asked: Words) -> tuple[Ints, Flags]:
    """Where each is among the known ones, and whether it is."""
    at, inside = np.zeros(asked.size, np.int64), np.zeros(asked.size, np.bool_)
    for i in range(asked.size):
        value = asked[i]
        part = np.int64(value >> np.uint64(among.shift))
        first, last = among.starts[part], among.starts[part + 1]
        while last - first > 8:
            middle = (first + last) // 2
            if among.hashes[middle] <= value:
                first = middle
            else:
                last = middle
        while first < last and among.hashes[first] != value:
            first += 1
        if first < last:
            at[i], inside[i] = first, True
    return at, inside


@njit(cache=True, nogil=True)
def held_within(known: Lookup, values: Words, offsets: Ints, least: Ints, most: int) -> Words:
    """Of each group, which of the known ones (hashes, as by `folded`) has most of its values in the
    same order, no others, and at least so many; 0 for none, and for groups of more than `most`."""
    out = np.zeros(offsets.size - 1, np.uint64)
    asked, count = np.zeros(1 << most, np.uint64), np.zeros(1 << most, np.int64)
    for some in range(1, 1 << most):
        count[some] = count[some >> 1] + (some & 1)
    for group in range(out.size):
        begin, size = offsets[group], offsets[group + 1] - offsets[group]
        if size > most:
            continue
        for some in range(1, 1 << size):
            asked[some] = count[some]
            for i in range(size):
                if (some >> i) & 1:
                    asked[some] = mix(asked[some], values[begin + i])
        _, inside = positions(known, asked[: 1 << size])
        best = least[group] - 1
        for some in range(1, 1 << size):
            if inside[some] and count[some] > best:
                best, out[group] = count[some], asked[some]
    return out


@njit(cache=True, nogil=True)
def _width(values: Words) -> int:
    """Bits of the largest value, or of one that is no more than twice as large."""
    top, bits = np.uint64(0), 0
    for value in values:
        top |= value
    while bits < 64 and (top >> np.uint64(bits)) != 0:
        bits += 1
    return bits


@njit(cache=True, nogil=True)
def _by_digits(values: Words, low: int, bits: int) -> tuple[Words, Int32s]:
    """The values by their bits from low on, and where each stood; of equals, the first."""
    size, mask = values.size, np.uint64((1 << DIGIT) - 1)
    here, at = values.copy(), np.arange(size).astype(np.int32)
    there, to = np.empty(size, np.uint64), np.empty(size, np.int32)
    times = np.empty(1 << DIGIT, np.int64)
    for place in range(low, bits, DIGIT):
        shift, done = np.uint64(place), 0
        times[:] = 0
        for value in here:
            times[(value >> shift) & mask] += 1
        if times[(here[0] >> shift) & mask] == size:
            continue
        for digit in range(1 << DIGIT):
            times[digit], done = done, done + times[digit]
        for i in range(size):
            digit = (here[i] >> shift) & mask
            j = times[digit]
            times[digit] = j + 1
            there[j] = here[i]
            to[j] = at[i]
        here, there = there, here
        at, to = to, at
    return here, at


@njit(cache=True, nogil=True)
def _settled(values: Words, at: Int32s) -> bool:
    """Puts values in order that nearly are; says whether it did not give up."""
    left = 4 * values.size
    for i in range(1, values.size):
        value, place, j = values[i], at[i], i
        while j > 0 and values[j - 1] > value:
            values[j], at[j] = values[j - 1], at[j - 1]
            j -= 1
        values[j], at[j] = value, place
        left -= i - j
        if left < 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _in_order(values: Words) -> tuple[Words, Int32s]:
    """The values ascending, and where each stood; equal ones in the order in which they stood."""
    bits = _width(values)
    # Hashes hardly ever begin with the same two digits.
    here, at = _by_digits(values, max(0, bits - 2 * DIGIT), bits)
    if bits > 2 * DIGIT and not _settled(here, at):
        here, at = _by_digits(values, 0, bits)
    return here, at


@njit(cache=True, nogil=True)
def distinct(values: Words) -> Distinct:
    """As `numpy.unique`, of less than 2**31 values."""
    ordered, at = _in_order(values)
    count = 0
    for i in range(values.size):
        count += i == 0 or ordered[i] != ordered[i - 1]
    first, times = np.empty(count, np.int64), np.zeros(count, np.int64)
    number = np.empty(values.size, np.int64)
    one = -1
    for i in range(values.size):
        if i == 0 or ordered[i] != ordered[i - 1]:
            one += 1
            first[one] = at[i]
        times[one] += 1
        number[at[i]] = one
    return Distinct(first, number, times)


@njit(cache=True, nogil=True)
def foremost_first(rate: Ints) -> Ints:
    """All places: those with the highest rate first; of equals, the first. Of rates from 0 on."""
    top = np.int64(0)
    for one in rate:
        top = max(top, one)
    return _in_order((top - rate).astype(np.uint64))[1].astype(np.int64)


class Led(NamedTuple):
    """Groups of items, in the order of the items that lead them.

    number  int64 for each item: its group
    members int64: group by group, the one that leads it first, then the others in an order
    ends    int64[groups + 1]: where each begins among the members
    """

    number: Ints
    members: Ints
    ends: Ints


@njit(cache=True, nogil=True)
def led(leader: Ints, order: Ints) -> Led:
    """Items in groups, by the item that leads each one's, and itself."""
    number, group, groups = np.empty(leader.size, np.int64), np.empty(leader.size, np.int64), 0
    for one in range(leader.size):
        group[one] = groups
        groups += leader[one] == one
    ends = np.zeros(groups + 1, np.int64)
    for one in range(leader.size):
        number[one] = group[leader[one]]
        ends[number[one] + 1] += 1
    members = np.empty(leader.size, np.int64)
    for one in range(groups):
        ends[one + 1] += ends[one]
    at = ends[:-1] + 1
    for one in order:
        if leader[one] == one:
            members[ends[number[one]]] = one
        else:
            members[at[number[one]]] = one
            at[number[one]] += 1
    return Led(number, members, ends)


@njit(cache=True, nogil=True)
def different(values: Words) -> Words:
    """The values ascending, each once."""
    here, _ = _in_order(values)
    count = 0
    for i in range(here.size):
        if i == 0 or here[i] != here[count - 1]:
            here[count] = here[i]
            count += 1
    return here[:count].copy()


@njit(cache=True, nogil=True)
def once(group: Ints, item: Ints) -> tuple[Ints, Ints]:
    """Pairs of a group (ascending) and an item, each once, ascending."""
    groups, items = np.empty(group.size, np.int64), np.empty(group.size, np.int64)
    count, begin = 0, 0
    while begin < group.size:
        end = begin + 1
        while end < group.size and group[end] == group[begin]:
            end += 1
        first = count
        if end - begin > FEW:
            for value in np.sort(item[begin:end]):
                if count == first or items[count - 1] != value:
                    items[count] = value
                    count += 1
        else:
            for i in range(begin, end):
                value, place = item[i], count
                while place > first and items[place - 1] > value:
                    place -= 1
                if place > first and items[place - 1] == value:
                    continue
                for k in range(count, place, -1):
                    items[k] = items[k - 1]
                items[place] = value
                count += 1
        groups[first:count] = group[begin]
        begin = end
    return groups[:count].copy(), items[:count].copy()


@njit(cache=True, nogil=True)
def foremost(group: Ints, rate: Ints, other: Ints) -> Ints:
    """Where in each group (ascending) the rate is highest; of equals, the other rate; of equals
    again, the first."""
    out = np.empty(group.size, np.int64)
    count = 0
    for i in range(group.size):
        if i == 0 or group[i] != group[i - 1]:
            out[count] = i
            count += 1
            continue
        best = out[count - 1]
        if rate[i] > rate[best] or (rate[i] == rate[best] and other[i] > other[best]):
            out[count - 1] = i
    return out[:count].copy()


@njit(cache=True, nogil=True)
def among(group: Ints, item: Ints, groups: Ints, items: Ints) -> Flags:
    """Which pairs of a group and an item are among others; groups are ascending in both."""
    out = np.zeros(group.size, np.bool_)
    first = 0
    for i in range(group.size):
        while first < groups.size and groups[first] < group[i]:
            first += 1
        at = first
        while at < groups.size and groups[at] == group[i] and not out[i]:
            out[i] = items[at] == item[i]
            at += 1
    return out


@njit(cache=True, nogil=True)
def highest(group: Ints, item: Ints, rate: Ints, most: int) -> tuple[Ints, Ints]:
    """Of the items of each group (ascending), so many with the highest rate; those with the higher
    rate first, of equals the smaller item."""
    groups, items = np.empty(group.size, np.int64), np.empty(group.size, np.int64)
    rates = np.empty(most, np.int64)
    count, begin = 0, 0
    while begin < group.size:
        end, held = begin, 0
        while end < group.size and group[end] == group[begin]:
            one, mine = item[end], rate[end]
            place = held
            while place > 0 and (
                rates[place - 1] < mine
                or (rates[place - 1] == mine and items[count + place - 1] > one)
            ):
                place -= 1
            end += 1
            if place == most:
                continue
            held = min(held + 1, most)
            for k in range(held - 1, place, -1):
                rates[k], items[count + k] = rates[k - 1], items[count + k - 1]
            rates[place], items[count + place] = mine, one
        groups[count : count + held] = group[begin]
        count += held
        begin = end
    return groups[:count].copy(), items[:count].copy()


@njit(cache=True, nogil=True)
def pairs_within(group: Ints) -> tuple[Ints, Ints]:
    """Places (i, j), i not j, of one group; groups ascending."""
    total, begin = 0, 0
    while begin < group.size:
        end = begin + 1
        while end < group.size and group[end] == group[begin]:
            end += 1
        total += (end - begin) * (end - begin - 1)
        begin = end
    here, there = np.empty(total, np.int64), np.empty(total, np.int64)
    count, begin = 0, 0
    while begin < group.size:
        end = begin + 1
        while end < group.size and group[end] == group[begin]:
            end += 1
        for i in range(begin, end):
            for j in range(begin, end):
                if i != j:
                    here[count], there[count] = i, j
                    count += 1
        begin = end
    return here, there
