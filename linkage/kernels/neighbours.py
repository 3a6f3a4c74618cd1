"""Words and their neighbours counted: what is common, and what recurs at all."""

from typing import NamedTuple

import numpy as np
from numba import njit

from linkage.kernels.alignment import Bits, Flags
from linkage.kernels.groups import FIRST, LAST, mix
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import LONGEST, Words

ONCE = -1  # the number of a pair that stands in one place alone


class Pairs(NamedTuple):
    """Pairs of neighbouring words; a group of n words has n + 1 of them, with those of its ends.

    number  int32[words + groups], ONCE or from 0 on: equal for equal pairs. That which ends with
            word i of group g is at i + g, the last of g at the group's end + g
    numbers how many there are
    kinds   how many different pairs there are
    """

    number: Int32s
    numbers: int
    kinds: int


class _Table(NamedTuple):
    """Pairs by their hash; open addressing."""

    key: Words  # 0 where none is
    state: Int32s  # _SEEN, _AGAIN, or the number that it was given


_SEEN, _AGAIN, _NUMBERED = 0, 1, 2


@njit(cache=True, nogil=True)
def _room(count: int) -> int:
    size = 16
    while size < count + count // 2:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def _keys(table: _Table, words: Words, begin: int, end: int, keys: Words, near: Words) -> None:
    """The keys of a group's pairs. What is first looked at for each is read at once, so that the
    memory is waited for once a group, not once a pair."""
    wide = np.uint64(table.key.size - 1)
    before = FIRST
    for i in range(begin, end + 1):
        word = words[i] if i < end else LAST
        keys[i - begin] = mix(before, word) | np.uint64(1)
        before = word
    for i in range(end - begin + 1):
        near[i] = table.key[(keys[i] >> np.uint64(1)) & wide]


@njit(cache=True, nogil=True)
def _found(table: _Table, both: np.uint64) -> np.uint64:
    """Where the pair is, or may be entered."""
    wide = np.uint64(table.key.size - 1)
    at = (both >> np.uint64(1)) & wide
    while table.key[at] != 0 and table.key[at] != both:
        at = (at + np.uint64(1)) & wide
    return at


@njit(cache=True, nogil=True)
def _renumbered(table: _Table, number: Int32s) -> int:
    """Places in the table to numbers from 0 on, in the order in which they are met."""
    count = 0
    for i in range(number.size):
        state = table.state[number[i]]
        if state == _SEEN:
            number[i] = ONCE
            continue
        if state == _AGAIN:
            state = _NUMBERED + count
            table.state[number[i]] = state
            count += 1
        number[i] = state - _NUMBERED
    return count


@njit(cache=True, nogil=True)
def paired(words: Words, offsets: Ints) -> Pairs:
    """The pairs of groups of at most `LONGEST` words."""
    groups = offsets.size - 1
    total = offsets[groups] - offsets[0]
    many = _room(total + groups)
    table = _Table(np.zeros(many, np.uint64), np.zeros(many, np.int32))
    keys, near = np.empty(LONGEST + 2, np.uint64), np.empty(LONGEST + 2, np.uint64)
    number = np.empty(words.size + groups, np.int32)
    kinds = 0
    for group in range(groups):
        begin, end = offsets[group], offsets[group + 1]
        _keys(table, words, begin, end, keys, near)
        for i in range(begin, end + 1):
            at = _found(table, keys[i - begin])
            if table.key[at] == 0:
                table.key[at] = keys[i - begin]
                kinds += 1
            else:
                table.state[at] = _AGAIN
            number[i + group] = at
    return Pairs(number, _renumbered(table, number), kinds)


@njit(cache=True, nogil=True)
def neighbours(words: Words, offsets: Ints) -> tuple[Int32s, Pairs]:
    """(for each word, how many different neighbours it has on the side where these are fewer; the
    pairs), of groups of at most `LONGEST` words."""
    groups = offsets.size - 1
    size = _room(words.size)
    key = np.zeros(size, np.uint64)
    left, right = np.zeros(size, np.int32), np.zeros(size, np.int32)
    place = np.empty(words.size, np.int32)
    many = _room(words.size + groups)
    table = _Table(np.zeros(many, np.uint64), np.zeros(many, np.int32))
    keys, near = np.empty(LONGEST + 2, np.uint64), np.empty(LONGEST + 2, np.uint64)
    number = np.empty(words.size + groups, np.int32)
    mask = np.uint64(size - 1)
    kinds = 0
    for group in range(groups):
        begin, end = offsets[group], offsets[group + 1]
        _keys(table, words, begin, end, keys, near)
        for i in range(begin, end):
            at = words[i] & mask
            while key[at] != 0 and key[at] != words[i]:
                at = (at + np.uint64(1)) & mask
            key[at] = words[i]
            place[i] = at
        for i in range(begin, end + 1):
            at = _found(table, keys[i - begin])
            if table.key[at] == 0:
                table.key[at] = keys[i - begin]
                kinds += 1
                if i < end:
                    left[place[i]] += 1
                if i > begin:
                    right[place[i - 1]] += 1
            else:
                table.state[at] = _AGAIN
            number[i + group] = at
    fewer = np.empty(words.size, np.int32)
    for i in range(words.size):
        fewer[i] = min(left[place[i]], right[place[i]])
    return fewer, Pairs(number, _renumbered(table, number), kinds)


@njit(cache=True, nogil=True)
def promising(bits: Bits, offsets: Ints, pairs: Pairs, enough: float) -> Flags:
    """Groups whose words weigh enough that stand beside the same neighbour in another place."""
    out = np.zeros(offsets.size - 1, np.bool_)
    for group in range(out.size):
        weight = np.float32(0)
        for i in range(offsets[group], offsets[group + 1]):
            if pairs.number[i + group] != ONCE or pairs.number[i + group + 1] != ONCE:
                weight += bits[i]
        out[group] = weight >= enough
    return out
