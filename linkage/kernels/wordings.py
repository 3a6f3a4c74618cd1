"""Wordings of one segment found alike: an inverted index over word pairs, then alignment."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import LONGEST, MASK, Words

LEADERS = 4  # so many leaders are remembered for a pair of neighbouring words
CANDIDATES = 6  # leaders with most pairs in common that a wording is compared with
RUN = 3  # words (an end of the segment is one) that make a run which both have
HEAVY = 0.75  # share of what pairs must weigh, that two patterns do not both have by chance
NOBODY = -1
LEADS, JOINS, JOINS_BY_RUNS, JOINS_IF_LIGHT = 0, 1, 2, 3

Bits = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
FIRST, LAST = np.uint64(0x9AE16A3B2F90404F), np.uint64(0xC3A5C85C97CB3127)


class Index(NamedTuple):
    """Pair of neighbouring words -> who leads a pattern and has it; open addressing."""

    key: Words
    newest: Int32s  # entry of the pair that came last, or NOBODY
    held: npt.NDArray[np.int8]  # how many entries the pair has
    leader: Int32s  # of each entry
    older: Int32s  # the entry of the same pair that came before
    used: Ints  # one number: how many entries there are


def empty_index(pairs: int) -> Index:
    """An index with room for so many pairs."""
    size = 1 << max(4, int(pairs * 1.25).bit_length())
    return Index(
        np.zeros(size, np.uint64),
        np.full(size, NOBODY, np.int32),
        np.zeros(size, np.int8),
        np.empty(pairs + 1, np.int32),
        np.empty(pairs + 1, np.int32),
        np.zeros(1, np.int64),
    )


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


@njit(cache=True, nogil=True)
def _in_order(
    a: Words, bits: Bits, begin: int, end: int, b: Words, at: int, stop: int, row: Ints, heavy: Bits
) -> tuple[int, float]:
    """(how many words both have in the same order at most, their bits)."""
    width = stop - at
    for j in range(width + 1):
        row[j] = 0
        heavy[j] = 0
    for i in range(begin, end):
        diagonal, diagonal_heavy = 0, np.float32(0)
        word = a[i]
        for j in range(width):
            above, above_heavy = row[j + 1], heavy[j + 1]
            if word == b[at + j]:
                row[j + 1] = diagonal + 1
                heavy[j + 1] = diagonal_heavy + bits[i]
            elif row[j] > above:
                row[j + 1] = row[j]
                heavy[j + 1] = heavy[j]
            diagonal, diagonal_heavy = above, above_heavy
    return int(row[width]), float(heavy[width])


@njit(cache=True, nogil=True)
def _run(
    a: Words, bits: Bits, begin: int, end: int, b: Words, at: int, stop: int, row: Ints, heavy: Bits
) -> float:
    """Bits of the heaviest run of neighbouring words that both have."""
    width = stop - at
    for j in range(width + 1):
        row[j] = 0
        heavy[j] = 0
    best = np.float32(0)
    for i in range(begin, end):
        for j in range(width - 1, -1, -1):
            if a[i] == b[at + j]:
                row[j + 1] = row[j] + 1
                heavy[j + 1] = heavy[j] + bits[i]
                if row[j + 1] >= RUN:
                    best = max(best, heavy[j + 1])
            else:
                row[j + 1] = 0
                heavy[j + 1] = 0
    return float(best)


@njit(cache=True, nogil=True)
def alike(
    a: Words,
    bits: Bits,
    begin: int,
    end: int,
    b: Words,
    at: int,
    stop: int,
    enough: float,
    least: float,
    by_runs: bool,
    row: Ints,
    heavy: Bits,
) -> tuple[float, float, float]:
    """How alike two wordings are: (share of the longer one that both have in the same order,
    bits of the runs that both have, bits that they have in common); noughts if they are not. The
    bits are a's.

    They are alike if the share is `least` and weighs half of `enough`; or, `by_runs`, if the runs
    weigh `enough`.
    """
    longer, shorter = max(end - begin, stop - at), min(end - begin, stop - at)
    if shorter == 0:
        return 0.0, 0.0, 0.0
    front, ahead = 0, np.float32(0)
    while front < shorter and a[begin + front] == b[at + front]:
        ahead += bits[begin + front]
        front += 1
    back, behind = 0, np.float32(0)
    while back < shorter - front and a[end - 1 - back] == b[stop - 1 - back]:
        behind += bits[end - 1 - back]
        back += 1
    first, last, here, there = begin + front, end - back, at + front, stop - back
    if 2 * shorter >= longer:
        inner, weight = _in_order(a, bits, first, last, b, here, there, row, heavy)
        share = (front + back + inner) / longer
        if share >= least and 2 * (ahead + behind + weight) >= enough:
            return share, 0.0, float(ahead + behind + weight)
    if not by_runs:
        return 0.0, 0.0, 0.0
    runs = 0.0
    if front + 1 >= RUN:
        runs += float(ahead)
    if back + 1 >= RUN:
        runs += float(behind)
    if runs < enough:
        runs += _run(a, bits, first, last, b, here, there, row, heavy)
    return (0.0, runs, runs) if runs >= enough else (0.0, 0.0, 0.0)


@njit(cache=True, nogil=True)
def _place(index: Index, key: np.uint64) -> np.uint64:
    mask = np.uint64(index.key.size - 1)
    at = key & mask
    while index.newest[at] != NOBODY and index.key[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@njit(cache=True, nogil=True)
def _post(index: Index, words: Words, begin: int, end: int, leader: int) -> None:
    """Enters the pairs of a leader where there is room for one more."""
    before = FIRST
    for i in range(begin, end + 1):
        word = words[i] if i < end else LAST
        key = mix(before, word)
        before = word
        at = _place(index, key)
        if index.held[at] >= LEADERS:
            continue
        entry = index.used[0]
        index.key[at] = key
        index.leader[entry], index.older[entry] = leader, index.newest[at]
        index.newest[at] = entry
        index.held[at] += 1
        index.used[0] += 1


@njit(cache=True, nogil=True)
def _closest(
    index: Index,
    words: Words,
    bits: Bits,
    offsets: Ints,
    b: Words,
    at: int,
    stop: int,
    enough: float,
    least: float,
    by_runs: bool,
    own: float,
    votes: npt.NDArray[np.int16],
    voted: Int32s,
    row: Ints,
    heavy: Bits,
) -> int:
    """The leader that a wording is most alike, or NOBODY. With `own` bits of its own, one of both
    must have hardly more than what is in common."""
    found = 0
    before = FIRST
    for i in range(at, stop + 1):
        word = b[i] if i < stop else LAST
        entry = index.newest[_place(index, mix(before, word))]
        before = word
        while entry != NOBODY:
            leader = index.leader[entry]
            if votes[leader] == 0:
                voted[found] = leader
                found += 1
            votes[leader] += 1
            entry = index.older[entry]
    fewest = 1 if stop - at < RUN else RUN - 1  # pairs of a run
    best, best_share, best_runs = NOBODY, 0.0, 0.0
    for _ in range(CANDIDATES):
        top = NOBODY
        for i in range(found):
            one = voted[i]
            if votes[one] >= fewest and (
                top == NOBODY or votes[one] > votes[top] or (votes[one] == votes[top] and one < top)
            ):
                top = one
        if top == NOBODY:
            break
        votes[top] = 0
        share, runs, same = alike(
            words,
            bits,
            offsets[top],
            offsets[top + 1],
            b,
            at,
            stop,
            enough,
            least,
            by_runs,
            row,
            heavy,
        )
        if own > 0:
            other = 0.0
            for i in range(offsets[top], offsets[top + 1]):
                other += bits[i]
            if min(own, other) - same >= HEAVY * enough:
                continue
        if share > best_share or (share == best_share and runs > best_runs):
            best, best_share, best_runs = top, share, runs
    for i in range(found):
        votes[voted[i]] = 0
    return best


@njit(cache=True, nogil=True)
def patterns(
    index: Index,
    words: Words,
    bits: Bits,
    offsets: Ints,
    order: Ints,
    free: npt.NDArray[np.int8],
    enough: float,
    least: float,
) -> Int32s:
    """The pattern of each wording: the number of the wording that leads it; NOBODY for those that
    are not in the order.

    In the order given, each wording joins the leader that it is most alike, or leads a pattern of
    its own; `free` is LEADS, JOINS; JOINS_BY_RUNS, where runs are enough; or JOINS_IF_LIGHT, where
    what one has beside the other must be no more than chance. Leaders are found by the pairs of
    neighbours that both have.
    """
    pattern = np.full(free.size, NOBODY, np.int32)
    votes, voted = np.zeros(free.size, np.int16), np.empty(LEADERS * (LONGEST + 2), np.int32)
    row, heavy = np.empty(LONGEST + 2, np.int64), np.empty(LONGEST + 2, np.float32)
    for me in order:
        begin, end = offsets[me], offsets[me + 1]
        best = NOBODY
        own = 0.0
        if free[me] == JOINS_IF_LIGHT:
            for i in range(begin, end):
                own += bits[i]
        if free[me] != LEADS:
            best = _closest(
                index,
                words,
                bits,
                offsets,
                words,
                begin,
                end,
                enough,
                least,
                free[me] == JOINS_BY_RUNS,
                own,
                votes,
                voted,
                row,
                heavy,
            )
        if best == NOBODY:
            best = me
            _post(index, words, begin, end, me)
        pattern[me] = best
    return pattern


@njit(cache=True, nogil=True)
def posted(index: Index, words: Words, offsets: Ints, leaders: Ints) -> None:
    """Enters leaders into an index that later wordings are held against."""
    for leader in leaders:
        _post(index, words, offsets[leader], offsets[leader + 1], leader)


@njit(cache=True, nogil=True)
def joined(
    index: Index,
    words: Words,
    bits: Bits,
    offsets: Ints,
    b: Words,
    b_offsets: Ints,
    enough: float,
    least: float,
) -> Int32s:
    """For each wording of another text, the leader that it is most alike, or NOBODY."""
    out = np.empty(b_offsets.size - 1, np.int32)
    votes, voted = np.zeros(offsets.size, np.int16), np.empty(LEADERS * (LONGEST + 2), np.int32)
    row, heavy = np.empty(LONGEST + 2, np.int64), np.empty(LONGEST + 2, np.float32)
    for one in range(out.size):
        at, stop = b_offsets[one], b_offsets[one + 1]
        out[one] = _closest(
            index,
            words,
            bits,
            offsets,
            b,
            at,
            stop,
            enough,
            least,
            True,
            0.0,
            votes,
            voted,
            row,
            heavy,
        )
    return out


@njit(cache=True, nogil=True)
def _align(
    a: Words, begin: int, end: int, b: Words, at: int, stop: int, table: npt.NDArray[np.int16]
) -> int:
    """Fills the table of longest common subsequences of what is left from each two places on."""
    length, width = end - begin, stop - at
    for i in range(length + 1):
        table[i, width] = 0
    for j in range(width + 1):
        table[length, j] = 0
    for i in range(length - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            if a[begin + i] == b[at + j]:
                table[i, j] = table[i + 1, j + 1] + 1
            else:
                table[i, j] = max(table[i + 1, j], table[i, j + 1])
    return int(table[0, 0])


@njit(cache=True, nogil=True)
def kept_words(
    words: Words, offsets: Ints, members: Ints, ends: Ints, most: int, share: float
) -> Flags:
    """For each pattern (its members, the leader first), which of the leader's words at least
    `share` of its members have in their place; judged by `most` members at most, evenly chosen.

    The words of all leaders, one after the other.
    """
    total = 0
    for f in range(ends.size - 1):
        leader = members[ends[f]]
        total += offsets[leader + 1] - offsets[leader]
    out = np.zeros(total, np.bool_)
    table = np.zeros((LONGEST + 2, LONGEST + 2), np.int16)
    done = 0
    for f in range(ends.size - 1):
        leader = members[ends[f]]
        begin, end = offsets[leader], offsets[leader + 1]
        size = ends[f + 1] - ends[f]
        judged = min(size - 1, most)
        hits = np.zeros(end - begin, np.int64)
        for n in range(judged):
            other = members[ends[f] + 1 + (n * (size - 1)) // judged]
            at, stop = offsets[other], offsets[other + 1]
            _align(words, begin, end, words, at, stop, table)
            i, j = 0, 0
            while i < end - begin and j < stop - at:
                if words[begin + i] == words[at + j]:
                    hits[i] += 1
                    i += 1
                    j += 1
                elif table[i + 1, j] >= table[i, j + 1]:
                    i += 1
                else:
                    j += 1
        for i in range(end - begin):
            out[done + i] = hits[i] >= share * judged
        done += end - begin
    return out


@njit(cache=True, nogil=True)
def marked(fixed: Words, ends: Ints, words: Words, offsets: Ints) -> Flags:
    """Which words of each segment are its template's: `fixed` has those of each, in their order.
    Masked words never are."""
    out = np.zeros(words.size, np.bool_)
    table = np.zeros((LONGEST + 2, LONGEST + 2), np.int16)
    for one in range(ends.size - 1):
        begin, end = ends[one], ends[one + 1]
        at, stop = offsets[one], offsets[one + 1]
        _align(fixed, begin, end, words, at, stop, table)
        i, j = 0, 0
        while i < end - begin and j < stop - at:
            if fixed[begin + i] == words[at + j]:
                out[at + j] = words[at + j] != MASK
                i += 1
                j += 1
            elif table[i + 1, j] >= table[i, j + 1]:
                i += 1
            else:
                j += 1
    return out
