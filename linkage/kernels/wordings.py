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
    alike,
    empty_room,
    entered,
    left,
)
from linkage.kernels.groups import FIRST, LAST, mix
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.neighbours import ONCE, Pairs
from linkage.kernels.words import LONGEST, Words

LEADERS = 4  # so many leaders are remembered for a pair of neighbouring words
CANDIDATES = 6  # leaders with most pairs in common that a wording is compared with
HEAVY = 0.75  # share of what pairs must weigh, that two patterns do not both have by chance
NOBODY = -1
LEADS, JOINS, JOINS_BY_RUNS, JOINS_IF_LIGHT = 0, 1, 2, 3

Rows = npt.NDArray[np.int32]  # int32[pairs, LEADERS]: who leads and has the pair, or NOBODY


class Index(NamedTuple):
    """Pair of neighbouring words -> who leads a pattern and has it; open addressing."""

    key: Words  # 0 where none is
    leaders: Rows
    filter: Words  # a bit for each of these pairs, and for few others


class _Ballot(NamedTuple):
    """Leaders that have pairs in common with a wording.

    votes   int16 for each leader: how many pairs
    voted   int32: those that have any
    chosen  int32[CANDIDATES]: those that have most; of equals, the first
    """

    votes: npt.NDArray[np.int16]
    voted: Int32s
    chosen: Int32s


@njit(cache=True, nogil=True)
def _empty_ballot(leaders: int) -> _Ballot:
    return _Ballot(
        np.zeros(leaders, np.int16),
        np.empty(LEADERS * (LONGEST + 2), np.int32),
        np.empty(CANDIDATES, np.int32),
    )


@njit(cache=True, nogil=True)
def _post(leaders: Rows, number: int, leader: int) -> None:
    """Enters a leader where there is room for one more."""
    for k in range(LEADERS):
        if leaders[number, k] == NOBODY:
            leaders[number, k] = leader
            return


@njit(cache=True, nogil=True)
def _choose(leaders: Rows, numbers: Int32s, fewest: int, ballot: _Ballot) -> int:
    """The candidates, with so many pairs at least, into `chosen`; returns how many there are."""
    votes, voted, chosen = ballot.votes, ballot.voted, ballot.chosen
    found = 0
    for number in numbers:
        if number == ONCE:
            continue
        for k in range(LEADERS):
            leader = leaders[number, k]
            if leader == NOBODY:
                break
            if votes[leader] == 0:
                voted[found] = leader
                found += 1
            votes[leader] += 1
    count = 0
    for i in range(found):
        one = voted[i]
        mine = votes[one]
        if mine < fewest:
            continue
        place = count
        while place > 0 and (
            votes[chosen[place - 1]] < mine
            or (votes[chosen[place - 1]] == mine and chosen[place - 1] > one)
        ):
            place -= 1
        if place == CANDIDATES:
            continue
        count = min(count + 1, CANDIDATES)
        for k in range(count - 1, place, -1):
            chosen[k] = chosen[k - 1]
        chosen[place] = one
    for i in range(found):
        votes[voted[i]] = 0
    return count


@njit(cache=True, nogil=True)
def _closest(
    leaders: Rows,
    held: Segments,
    numbers: Int32s,
    b: Words,
    at: int,
    stop: int,
    bar: Bar,
    how: int,
    ballot: _Ballot,
    room: Room,
) -> int:
    """The leader that a wording is most alike, or NOBODY; `numbers` are those of its pairs."""
    fewest = 1 if stop - at < RUN else RUN - 1  # pairs of a run
    count = _choose(leaders, numbers, fewest, ballot)
    if count == 0:
        return NOBODY
    own = _weight(held.bits, at, stop) if how == JOINS_IF_LIGHT else 0.0
    best, best_share, best_runs = NOBODY, 0.0, 0.0
    entered(room, b, at, 1, stop - at)
    for k in range(count):
        one = ballot.chosen[k]
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
    ballot, room = _empty_ballot(free.size), empty_room()
    for me in order:
        begin, end = texts.offsets[me], texts.offsets[me + 1]
        numbers = pairs.number[begin + me : end + me + 1]
        best = NOBODY
        if free[me] != LEADS:
            best = _closest(
                leaders, texts, numbers, texts.words, begin, end, bar, free[me], ballot, room
            )
        if best == NOBODY:
            best = me
            for number in numbers:
                if number != ONCE:
                    _post(leaders, number, me)
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
def indexed(words: Words, offsets: Ints, leaders: Ints) -> Index:
    """An index of leaders that later wordings are held against."""
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
            _post(index.leaders, int(at), leader)
    return index


@njit(cache=True, nogil=True)
def joined(index: Index, held: Segments, words: Words, offsets: Ints, bar: Bar) -> Int32s:
    """For each wording of another text, the leader that it is most alike, or NOBODY."""
    out = np.empty(offsets.size - 1, np.int32)
    ballot, room = _empty_ballot(held.offsets.size), empty_room()
    numbers, keys = np.empty(LONGEST + 1, np.int32), np.empty(LONGEST + 2, np.uint64)
    wide = np.uint64(index.filter.size - 1)
    for one in range(out.size):
        at, stop = offsets[one], offsets[one + 1]
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
        if count == 0:
            out[one] = NOBODY
            continue
        out[one] = _closest(
            index.leaders,
            held,
            numbers[:count],
            words,
            at,
            stop,
            bar,
            JOINS_BY_RUNS,
            ballot,
            room,
        )
    return out
