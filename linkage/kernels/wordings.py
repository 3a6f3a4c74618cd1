"""Wordings of one segment found alike: those that share pairs of words are aligned."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.alignment import (
    RUN,
    Bar,
    Bits,
    Room,
    Segments,
    Signs,
    alike,
    empty_room,
    entered,
    far,
    left,
    signed,
)
from linkage.kernels.groups import FIRST, LAST, mix
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.neighbours import ONCE, Pairs
from linkage.kernels.words import LONGEST, Words

LEADERS = 4  # so many leaders are remembered for a pair of neighbouring words
PLACES = 1 << 12  # so many that few leaders meet in one
CANDIDATES = 6  # leaders with most pairs in common that a wording is compared with
HEAVY = 0.75  # share of what pairs must weigh, that two patterns do not both have by chance
NOBODY = -1
LEADS, JOINS, JOINS_BY_RUNS, JOINS_IF_LIGHT = 0, 1, 2, 3

Turns = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int32]  # int32[pairs, LEADERS]: who leads and has the pair, or NOBODY


class Index(NamedTuple):
    """Pair of neighbouring words -> who leads a pattern and has it; open addressing."""

    key: Words  # 0 where none is
    leaders: Rows
    filter: Words  # a bit for each of these pairs, and for few others
    signs: Signs  # of those that lead, by their numbers
    most: float  # bits that a word of theirs has


class _Ballot(NamedTuple):
    """Leaders that have pairs in common with a wording.

    all     int32: of each pair those that have it, one after the other
    again   int32: those that may be there a second time, and some more
    met     uint32[PLACES]: for each remainder of a leader's number, the last turn in which it was
            there
    turn    uint32[1]
    able    int32: those that have enough pairs
    chosen  int32[CANDIDATES]: of these, those that have most; of equals, the first
    most    int32[CANDIDATES]: how many pairs
    filled  int32: of each pair, how many have it
    """

    all: Int32s
    again: Int32s
    met: Turns
    turn: Turns
    able: Int32s
    chosen: Int32s
    most: Int32s
    filled: Int32s


@njit(cache=True, nogil=True)
def _empty_ballot() -> _Ballot:
    room = LEADERS * (LONGEST + 2)
    return _Ballot(
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.zeros(PLACES, np.uint32),
        np.zeros(1, np.uint32),
        np.empty(room, np.int32),
        np.empty(CANDIDATES, np.int32),
        np.empty(CANDIDATES, np.int32),
        np.zeros(LONGEST + 2, np.int32),
    )


@njit(cache=True, nogil=True, inline="always")
def _post(leaders: Rows, number: int, leader: int, filled: int) -> None:
    """Enters a leader where there is room for one more; so many places are taken."""
    while filled < LEADERS and leaders[number, filled] != NOBODY:
        filled += 1
    if filled < LEADERS:
        leaders[number, filled] = leader


@njit(cache=True, nogil=True)
def _fewest(size: int) -> int:
    """Pairs in common with a leader that a wording of so many words is held against."""
    return 1 if size < RUN else RUN - 1  # those of a run


@njit(cache=True, nogil=True)
def _choose(leaders: Rows, numbers: Int32s, fewest: int, ballot: _Ballot) -> int:
    """The candidates, with so many pairs at least, into `chosen`; returns how many there are."""
    every, again, met, able = ballot.all, ballot.again, ballot.met, ballot.able
    chosen, most, filled = ballot.chosen, ballot.most, ballot.filled
    ballot.turn[0] += np.uint32(1)
    turn, mask = ballot.turn[0], np.uint32(PLACES - 1)
    # Most have one pair in common. What is done for each has no branch that depends on it.
    size, some = np.int64(0), np.int64(0)
    for i in range(numbers.size):
        number, taken = numbers[i], np.int32(0)
        if number == ONCE:
            continue
        for k in range(LEADERS):
            leader = leaders[number, k]
            there, at = leader != NOBODY, np.uint32(leader) & mask
            every[size] = leader
            again[some] = leader
            size += np.int64(there)
            taken += np.int32(there)
            some += np.int64(there & ((met[at] == turn) | (fewest == 1)))
            met[at] = turn
        filled[i] = taken
    known, count = np.int64(0), 0
    for i in range(some):
        one, seen = again[i], False
        for k in range(known):
            seen |= able[k] == one
        if seen:
            continue
        able[known] = one
        known += 1
        own = np.int32(0)
        for k in range(size):
            own += np.int32(every[k] == one)
        if own < fewest:
            continue
        place = count
        while place > 0 and (
            most[place - 1] < own or (most[place - 1] == own and chosen[place - 1] > one)
        ):
            place -= 1
        if place == CANDIDATES:
            continue
        count = min(count + 1, CANDIDATES)
        for k in range(count - 1, place, -1):
            chosen[k], most[k] = chosen[k - 1], most[k - 1]
        chosen[place], most[place] = one, own
    return count


@njit(cache=True, nogil=True)
def _near(
    signs: Signs,
    b: Words,
    at: int,
    stop: int,
    bits: Bits,
    bar: Bar,
    by_runs: bool,
    chosen: Int32s,
    count: int,
) -> int:
    """Of the chosen leaders, so many, those that a wording may be alike; its words weigh no more
    than `bits`."""
    some = 0
    for k in range(count):
        one = chosen[k]
        if not far(signs, one, b, at, stop, bits, bar, by_runs):
            chosen[some] = one
            some += 1
    return some


@njit(cache=True, nogil=True)
def _closest(
    held: Segments,
    chosen: Int32s,
    b: Words,
    at: int,
    stop: int,
    bar: Bar,
    how: int,
    room: Room,
) -> int:
    """Of the chosen leaders, the one that a wording is most alike, or NOBODY."""
    own = _weight(held.bits, at, stop) if how == JOINS_IF_LIGHT else 0.0
    best, best_share, best_runs = NOBODY, 0.0, 0.0
    entered(room, b, at, 1, stop - at)
    for one in chosen:
        share, runs, same = alike(
            held, one, b, at, stop, bar, how == JOINS_BY_RUNS, best_share, room
        )
        if share < best_share or (share == best_share and runs <= best_runs):
            continue
        if own > 0:
            other = _weight(held.bits, held.offsets[one], held.offsets[one + 1])
            if min(own, other) - same >= HEAVY * bar.enough:
                continue
        best, best_share, best_runs = one, share, runs
    left(room, b, at, stop)
    return best


@njit(cache=True, nogil=True)
def _weight(bits: Bits, begin: int, end: int) -> float:
    weight = 0.0
    for i in range(begin, end):
        weight += bits[i]
    return weight


@njit(cache=True, nogil=True)
def patterns(
    texts: Segments, pairs: Pairs, order: Ints, free: npt.NDArray[np.int8], bar: Bar
) -> Int32s:
    """The pattern of each wording: the number of the wording that leads it; NOBODY for those that
    are not in the order.

    In the order given, each wording joins the leader that it is most alike, or leads a pattern of
    its own; `free` is LEADS, JOINS; JOINS_BY_RUNS, where runs are enough; or JOINS_IF_LIGHT, where
    what one has beside the other must be no more than chance. Leaders are found by the pairs of
    neighbours that both have.
    """
    pattern = np.full(free.size, NOBODY, np.int32)
    leaders = np.full((pairs.numbers, LEADERS), NOBODY, np.int32)
    signs = np.empty((free.size, 4), np.uint64)
    ballot, room = _empty_ballot(), empty_room()
    chosen, words = ballot.chosen, texts.words
    for me in order:
        begin, end = texts.offsets[me], texts.offsets[me + 1]
        numbers = pairs.number[begin + me : end + me + 1]
        best, how, count = NOBODY, free[me], 0
        if how != LEADS:
            count = _choose(leaders, numbers, _fewest(end - begin), ballot)
        if count:
            bits = texts.bits[begin:end]
            count = _near(signs, words, begin, end, bits, bar, how == JOINS_BY_RUNS, chosen, count)
        if count:
            best = _closest(texts, chosen[:count], words, begin, end, bar, how, room)
        if best == NOBODY:
            best = me
            signed(signs, me, words, begin, end)
            for i in range(numbers.size):
                if numbers[i] != ONCE:
                    _post(leaders, numbers[i], me, ballot.filled[i] if how != LEADS else 0)
        pattern[me] = best
    return pattern


@njit(cache=True, nogil=True, inline="always")
def _key(before: np.uint64, word: np.uint64) -> np.uint64:
    return mix(before, word) | np.uint64(1)


@njit(cache=True, nogil=True)
def _place(key: Words, both: np.uint64) -> np.uint64:
    """Where a pair is in the index, or may be entered."""
    mask = np.uint64(key.size - 1)
    at = (both >> np.uint64(1)) & mask
    while key[at] != 0 and key[at] != both:
        at = (at + np.uint64(1)) & mask
    return at


@njit(cache=True, nogil=True)
def indexed(held: Segments, leaders: Ints) -> Index:
    """An index of leaders that later wordings are held against."""
    words, offsets = held.words, held.offsets
    signs, most = np.zeros((offsets.size - 1, 4), np.uint64), np.float32(0)
    for leader in leaders:
        signed(signs, leader, words, offsets[leader], offsets[leader + 1])
        for i in range(offsets[leader], offsets[leader + 1]):
            most = max(most, held.bits[i])
    total = 0
    for leader in leaders:
        total += offsets[leader + 1] - offsets[leader] + 1
    size = 16
    while size < 2 * total:
        size *= 2
    index = Index(
        np.zeros(size, np.uint64),
        np.full((size, LEADERS), NOBODY, np.int32),
        np.zeros(size // 4, np.uint64),
        signs,
        float(most),
    )
    wide, one = np.uint64(index.filter.size - 1), np.uint64(1)
    for leader in leaders:
        before = FIRST
        for i in range(offsets[leader], offsets[leader + 1] + 1):
            word = words[i] if i < offsets[leader + 1] else LAST
            both = _key(before, word)
            before = word
            at = _place(index.key, both)
            index.key[at] = both
            index.filter[(both >> np.uint64(32)) & wide] |= one << (both >> np.uint64(58))
            _post(index.leaders, int(at), leader, 0)
    return index


@njit(cache=True, nogil=True)
def joined(
    index: Index, held: Segments, words: Words, offsets: Ints, which: Ints, bar: Bar
) -> Int32s:
    """For some wordings of other texts, the leader that each is most alike, or NOBODY."""
    out = np.empty(which.size, np.int32)
    ballot, room = _empty_ballot(), empty_room()
    chosen, most = ballot.chosen, np.full(LONGEST, index.most, np.float32)
    numbers, keys = np.empty(LONGEST + 1, np.int32), np.empty(LONGEST + 2, np.uint64)
    wide = np.uint64(index.filter.size - 1)
    for one in range(out.size):
        at, stop = offsets[which[one]], offsets[which[one] + 1]
        # Most pairs are nobody's: these are passed over without a branch that depends on it.
        before, some = FIRST, np.int64(0)
        for i in range(at, stop + 1):
            word = words[i] if i < stop else LAST
            both = _key(before, word)
            before = word
            keys[some] = both
            bits = index.filter[(both >> np.uint64(32)) & wide]
            some += np.int64((bits >> (both >> np.uint64(58))) & np.uint64(1))
        count = 0
        for k in range(some):
            place = _place(index.key, keys[k])
            numbers[count] = np.int32(place)
            count += index.key[place] == keys[k]
        out[one] = NOBODY
        if count:
            count = _choose(index.leaders, numbers[:count], _fewest(stop - at), ballot)
        if count:
            count = _near(index.signs, words, at, stop, most, bar, True, chosen, count)
        if count:
            out[one] = _closest(held, chosen[:count], words, at, stop, bar, JOINS_BY_RUNS, room)
    return out
