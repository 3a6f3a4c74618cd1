"""Segments set against each other, word by word in their order.

Segments have at most `LONGEST` (64) words, so that a row of the table of longest common
subsequences is one number, whose bits say where it grows (Hyyro, 2004).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Floats, Ints
from linkage.kernels.words import LONGEST, MASK, Words

RUN = 3  # words (an end of the segment is one) that make a run which both have
ROUNDED = 1.0001  # sums of bits differ by less than this with the order in which they are added
KINDS = 256  # remainders of hashes that are told apart
NOWHERE = -1

Bits = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int8]
Signs = npt.NDArray[np.uint64]  # [segments, 4]
SIGN = np.uint64(3)
ALL, ONE, NONE = np.uint64(2**64 - 1), np.uint64(1), np.uint64(0)


class Segments(NamedTuple):
    """What others are held against: words, what each weighs, and where each segment begins."""

    words: Words
    bits: Bits
    offsets: Ints


@njit(cache=True, nogil=True)
def picked(held: Segments, which: Ints, flags: Flags) -> Segments:
    """Some of the segments, and of them the words that are flagged; there is a flag for each word
    of these, one segment after the other."""
    words, bits = np.empty(flags.size, np.uint64), np.empty(flags.size, np.float32)
    offsets, count, flag = np.empty(which.size + 1, np.int64), np.int64(0), 0
    for i in range(which.size):
        offsets[i] = count
        for j in range(held.offsets[which[i]], held.offsets[which[i] + 1]):
            words[count], bits[count] = held.words[j], held.bits[j]
            count += np.int64(flags[flag])
            flag += 1
    offsets[which.size] = count
    return Segments(words[:count], bits[:count], offsets)


@njit(cache=True, nogil=True)
def weighed(held: Segments) -> Floats:
    """Bits of the words of each segment."""
    out, total = np.empty(held.offsets.size - 1, np.float64), 0.0
    for one in range(out.size):
        before = total
        for i in range(held.offsets[one], held.offsets[one + 1]):
            total += held.bits[i]
        out[one] = total - before
    return out


class Bar(NamedTuple):
    """When two segments are alike: the `least` share of the longer one in common, which weighs half
    of `enough` bits; or runs that weigh `enough`."""

    enough: float
    least: float


class Room(NamedTuple):
    """Where alignments are worked out.

    rows        uint64[LONGEST + 1]: of the table of longest common subsequences
    run, heavy  [LONGEST + 1]: words and bits of the runs that end at each word
    first       int8[KINDS]: of the segment that others are held against, the place of a word whose
                hash has the remainder, or NOWHERE
    more        int8[LONGEST]: for each place, another one with the same remainder
    """

    rows: Words
    run: Ints
    heavy: Bits
    first: Places
    more: Places


@njit(cache=True, nogil=True)
def empty_room() -> Room:
    """Room for alignments, one after the other."""
    return Room(
        np.empty(LONGEST + 1, np.uint64),
        np.empty(LONGEST + 1, np.int64),
        np.empty(LONGEST + 1, np.float32),
        np.full(KINDS, NOWHERE, np.int8),
        np.empty(LONGEST, np.int8),
    )


@njit(cache=True, nogil=True)
def entered(room: Room, words: Words, start: int, step: int, size: int) -> None:
    """Before others are held against a segment: its words, forwards or backwards."""
    for place in range(size):
        kind = words[start + step * place] & np.uint64(KINDS - 1)
        room.more[place] = room.first[kind]
        room.first[kind] = place


@njit(cache=True, nogil=True)
def left(room: Room, words: Words, begin: int, end: int) -> None:
    """After others were held against it."""
    for i in range(begin, end):
        room.first[words[i] & np.uint64(KINDS - 1)] = NOWHERE


@njit(cache=True, nogil=True, inline="always")
def _places(room: Room, words: Words, start: int, step: int, word: np.uint64) -> np.uint64:
    """The places at which the segment that was entered has a word, as bits."""
    out, place = NONE, room.first[word & np.uint64(KINDS - 1)]
    while place != NOWHERE:
        if words[start + step * place] == word:
            out |= ONE << np.uint64(place)
        place = room.more[place]
    return out


@njit(cache=True, nogil=True, inline="always")
def _low(count: int) -> np.uint64:
    """So many low bits."""
    return NONE if count <= 0 else ALL >> np.uint64(64 - count)


@njit(cache=True, nogil=True, inline="always")
def _noughts(row: np.uint64, count: int) -> int:
    """How many of the low bits are noughts."""
    x = ~row & _low(count)
    x -= (x >> ONE) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def signed(signs: Signs, one: int, words: Words, begin: int, end: int) -> None:
    """Gives a segment its sign: a bit for each of its words, which few others have."""
    signs[one] = NONE
    for i in range(begin, end):
        signs[one, (words[i] >> np.uint64(6)) & SIGN] |= ONE << (words[i] & np.uint64(63))


@njit(cache=True, nogil=True)
def far(
    signs: Signs, one: int, words: Words, at: int, stop: int, bits: Bits, bar: Bar, by_runs: bool
) -> bool:
    """Whether the sign of a segment shows that another is not alike, as `alike` would say; the
    other's words weigh no more than `bits`. It saves looking at the words of the first."""
    size, there = stop - at, NONE
    if size == 0:
        return True
    for i in range(size):
        word = words[at + i]
        held = signs[one, (word >> np.uint64(6)) & SIGN] >> (word & np.uint64(63))
        there |= (held & ONE) << np.uint64(i)
    if (size - _noughts(there, size)) / size >= bar.least:
        return False
    if not by_runs:
        return True
    # Words of runs stand beside each other, at least two.
    there &= (there << ONE) | (there >> ONE)
    weight = np.float32(0)
    for i in range(size):
        if (there >> np.uint64(i)) & ONE:
            weight += bits[i]
    return ROUNDED * float(weight) < bar.enough


@njit(cache=True, nogil=True, inline="always")
def _grown(row: np.uint64, match: np.uint64) -> np.uint64:
    """The next row of the table, where `match` are the places of the next word."""
    same = row & match
    return (row + same) | (row - same)


@njit(cache=True, nogil=True)
def _in_order(
    a: Words, begin: int, end: int, b: Words, at: int, here: int, there: int, room: Room
) -> int:
    """How many words both have in the same order at most: of the segment that was entered, which
    begins at `at`, those from here to there. Of the first i words of a, and the first j of b, it is
    the number of noughts in the j low bits of row i."""
    rows = room.rows
    rows[0] = ALL
    for i in range(end - begin):
        match = _places(room, b, at, 1, a[begin + i]) >> np.uint64(here - at)
        rows[i + 1] = _grown(rows[i], match)
    return _noughts(rows[end - begin], there - here)


@njit(cache=True, nogil=True)
def _bits_in_order(
    a: Words, bits: Bits, begin: int, end: int, b: Words, at: int, stop: int, rows: Words
) -> float:
    """Bits of the words that both have in the same order, by the rows of `_in_order`."""
    i, j, used = end - begin, stop - at, NONE
    while i > 0 and j > 0:
        if a[begin + i - 1] == b[at + j - 1]:
            used |= ONE << np.uint64(i - 1)
            i -= 1
            j -= 1
        elif _noughts(rows[i], j) != _noughts(rows[i - 1], j):
            j -= 1
        else:
            i -= 1
    weight = np.float32(0)
    for i in range(end - begin):
        if (used >> np.uint64(i)) & ONE:
            weight += bits[begin + i]
    return float(weight)


@njit(cache=True, nogil=True)
def _run(
    a: Words, bits: Bits, begin: int, end: int, b: Words, at: int, stop: int, room: Room
) -> float:
    """Bits of the heaviest run of neighbouring words that both have."""
    width = stop - at
    row, heavy = room.run, room.heavy
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
    held: Segments,
    one: int,
    b: Words,
    at: int,
    stop: int,
    bar: Bar,
    by_runs: bool,
    best: float,
    room: Room,
) -> tuple[float, float, float]:
    """How alike a held segment is to another, which was entered: (share of the longer one that
    both have in the same order, bits of the runs that both have, bits that they have in common);
    noughts if they are not, or are by no larger share than the best until now.
    """
    a, bits, begin, end = held.words, held.bits, held.offsets[one], held.offsets[one + 1]
    longer, shorter = max(end - begin, stop - at), min(end - begin, stop - at)
    if shorter == 0:
        return 0.0, 0.0, 0.0
    # At most these words are in both, and hardly any two segments have enough of them.
    most, weight = 0, np.float32(0)
    for i in range(begin, end):
        if room.first[a[i] & np.uint64(KINDS - 1)] != NOWHERE:
            most += 1
            weight += bits[i]
    share, bound = min(most, shorter) / longer, ROUNDED * float(weight)
    in_order = 2 * shorter >= longer and share >= bar.least and 2 * bound >= bar.enough
    in_order &= share > best
    by_runs &= best == 0 and bound >= bar.enough
    if not (in_order or by_runs):
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
    if in_order:
        inner = _in_order(a, first, last, b, at, here, there, room)
        share = (front + back + inner) / longer
        if share >= bar.least and share > best:
            inside = _bits_in_order(a, bits, first, last, b, here, there, room.rows)
            if 2 * (ahead + behind + inside) >= bar.enough:
                return share, 0.0, float(ahead + behind + inside)
    if not by_runs:
        return 0.0, 0.0, 0.0
    runs = 0.0
    if front + 1 >= RUN:
        runs += float(ahead)
    if back + 1 >= RUN:
        runs += float(behind)
    if runs < bar.enough:
        runs += _run(a, bits, first, last, b, here, there, room)
    return (0.0, runs, runs) if runs >= bar.enough else (0.0, 0.0, 0.0)


@njit(cache=True, nogil=True)
def _front(a: Words, begin: int, end: int, b: Words, at: int, stop: int, place: Ints) -> int:
    """The words that both begin with, which is often all: these need no table."""
    count, most = 0, min(end - begin, stop - at)
    while count < most and a[begin + count] == b[at + count]:
        place[2 * count], place[2 * count + 1] = count, count
        count += 1
    return count


@njit(cache=True, nogil=True)
def in_both(
    a: Words, begin: int, end: int, b: Words, at: int, stop: int, room: Room, place: Ints
) -> int:
    """The words that both have in the same order, a being entered: their places in a and in b
    alternate in `place`, from the first words of both; returns how many there are.

    Row j is of the words of b from j on, its lowest bit of the last word of a.
    """
    rows, size, width = room.rows, end - begin, stop - at
    count = _front(a, begin, end, b, at, stop, place)
    i, j = count, count
    if i == size or j == width:
        return count
    rows[width] = ALL
    for k in range(width - 1, j - 1, -1):
        rows[k] = _grown(rows[k + 1], _places(room, a, end - 1, -1, b[at + k]))
    while i < size and j < width:
        if a[begin + i] == b[at + j]:
            place[2 * count], place[2 * count + 1] = i, j
            count += 1
            i += 1
            j += 1
        elif (rows[j] >> np.uint64(size - 1 - i)) & ONE:
            i += 1
        else:
            j += 1
    return count


@njit(cache=True, nogil=True)
def aligned(
    a: Words, begin: int, end: int, b: Words, at: int, stop: int, room: Room, place: Ints
) -> int:
    """As `in_both`, of segments that are held against no other, and need not be entered."""
    count = _front(a, begin, end, b, at, stop, place)
    if count == min(end - begin, stop - at):
        return count
    entered(room, a, end - 1, -1, end - begin)
    count = in_both(a, begin, end, b, at, stop, room, place)
    left(room, a, begin, end)
    return count


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
    room, place = empty_room(), np.empty(2 * LONGEST, np.int64)
    hits = np.empty(LONGEST, np.int64)
    done = 0
    for f in range(ends.size - 1):
        leader = members[ends[f]]
        begin, end = offsets[leader], offsets[leader + 1]
        size = ends[f + 1] - ends[f]
        judged = min(size - 1, most)
        hits[: end - begin] = 0
        entered(room, words, end - 1, -1, end - begin if judged else 0)
        for n in range(judged):
            other = members[ends[f] + 1 + (n * (size - 1)) // judged]
            at, stop = offsets[other], offsets[other + 1]
            for k in range(in_both(words, begin, end, words, at, stop, room, place)):
                hits[place[2 * k]] += 1
        for i in range(end - begin):
            out[done + i] = hits[i] >= share * judged
        if judged:
            left(room, words, begin, end)
        done += end - begin
    return out


@njit(cache=True, nogil=True)
def marked(fixed: Words, ends: Ints, which: Ints, words: Words, offsets: Ints) -> Flags:
    """Which words of each segment are its template's: `fixed` has those of each template, in their
    order, and `which` says which is the segment's. Masked words never are."""
    out = np.zeros(words.size, np.bool_)
    room, place = empty_room(), np.empty(2 * LONGEST, np.int64)
    for one in range(which.size):
        begin, end = ends[which[one]], ends[which[one] + 1]
        at, stop = offsets[one], offsets[one + 1]
        for k in range(aligned(fixed, begin, end, words, at, stop, room, place)):
            j = at + place[2 * k + 1]
            out[j] = words[j] != MASK
    return out
