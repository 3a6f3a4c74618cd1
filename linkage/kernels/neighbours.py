"""Words and their neighbours counted: what is common, and what recurs at all."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from linkage.kernels.alignment import Bits, Flags
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import Words

ONCE = -1  # the number of a pair that stands in one place alone
END = -1  # stands for the end of a group among numbers of words
PARTS = 256  # parts of all pairs, so small that each stays near the processor
SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Pairs(NamedTuple):
    """Pairs of neighbouring words; a group of n words has n + 1 of them, with those of its ends.

    number  int32[words + groups], ONCE or from 0 on: equal for equal pairs. That which ends with
            word i of group g is at i + g, the last of g at the group's end + g
    numbers how many there are
    kinds   how many different pairs there are
    fewer   int32 for each different word: how many different neighbours it has on the side where
            these are fewer
    """

    number: Int32s
    numbers: int
    kinds: int
    fewer: Int32s


class _Share(NamedTuple):
    """What one thread has found of the pairs: its numbers, from 0 on, and where it wrote them."""

    at: Int32s
    numbers: int
    kinds: int
    left: Int32s
    right: Int32s


def numbered(words: Words, threads: int) -> tuple[Int32s, int]:
    """(a number for each word from 0 on, in the order in which they come; how many there are)."""
    with ThreadPoolExecutor(threads) as pool:
        shares = list(pool.map(_numbered, np.array_split(words, threads)))
        number, kinds = _numbered(np.concatenate([kinds for _, kinds in shares]))
        ends = np.cumsum([kinds.size for _, kinds in shares])[:-1]
        numbers = [each for each, _ in shares]
        return np.concatenate([*pool.map(np.take, np.split(number, ends), numbers)]), kinds.size


@njit(cache=True, nogil=True)
def _numbered(words: Words) -> tuple[Int32s, Words]:
    """The same, and the different words by their numbers."""
    out = np.empty(words.size, np.int32)
    table, known = np.full(1 << 12, -1, np.int32), np.empty(1 << 11, np.uint64)
    count = 0
    for i in range(words.size):
        word = words[i]
        mask = np.uint64(table.size - 1)
        at = (word * SPREAD) >> np.uint64(32) & mask
        while table[at] >= 0 and known[table[at]] != word:
            at = (at + np.uint64(1)) & mask
        if table[at] < 0:
            if count == known.size:
                more = np.empty(2 * count, np.uint64)
                more[:count] = known
                known = more
                table = np.full(4 * count, -1, np.int32)
                mask = np.uint64(table.size - 1)
                for k in range(count):
                    at = (known[k] * SPREAD) >> np.uint64(32) & mask
                    while table[at] >= 0:
                        at = (at + np.uint64(1)) & mask
                    table[at] = k
                at = (word * SPREAD) >> np.uint64(32) & mask
                while table[at] >= 0:
                    at = (at + np.uint64(1)) & mask
            table[at] = count
            known[count] = word
            count += 1
        out[i] = table[at]
    return out, known[:count].copy()


@njit(cache=True, nogil=True)
def _ended(words: Int32s, offsets: Ints) -> Int32s:
    """The words, with the end of each group after it."""
    out = np.empty(words.size + offsets.size - 1, np.int32)
    for group in range(offsets.size - 1):
        for i in range(offsets[group], offsets[group + 1]):
            out[i + group] = words[i]
        out[offsets[group + 1] + group] = END
    return out


@njit(cache=True, nogil=True, inline="always")
def _hashed(before: int, word: int) -> np.uint64:
    """Both numbers, so that no pair is taken for another, and scattered."""
    both = (np.uint64(before + 1) << np.uint64(32)) | np.uint64(word + 1)
    both = (both ^ (both >> np.uint64(29))) * SPREAD
    return both ^ (both >> np.uint64(32))


@njit(cache=True, nogil=True, inline="always")
def _hash(ended: Int32s, at: int) -> np.uint64:
    """That of the pair that ends here."""
    return _hashed(ended[at - 1] if at > 0 else END, ended[at])


@njit(cache=True, nogil=True)
def _share(ended: Int32s, kinds_of_words: int, first: int, last: int, number: Int32s) -> _Share:
    """Numbers the pairs of some of the parts: where a pair's hash says that it is of these."""
    ends = np.zeros(PARTS + 1, np.int64)
    top = np.uint64(56)
    for at in range(ended.size):
        ends[np.int64(_hash(ended, at) >> top) + 1] += 1
    for part in range(PARTS):
        ends[part + 1] = ends[part + 1] if first <= part < last else 0
        ends[part + 1] += ends[part]
    place = ends[:-1].copy()
    where = np.empty(ends[PARTS], np.int32)
    hashes = np.empty(ends[PARTS], np.uint64)
    for at in range(ended.size):
        hashed = _hash(ended, at)
        mine = np.int64(hashed >> top)
        if first <= mine < last:
            where[place[mine]] = at
            hashes[place[mine]] = hashed
            place[mine] += 1
    left, right = np.zeros(kinds_of_words, np.int32), np.zeros(kinds_of_words, np.int32)
    most = np.int64(0)
    for part in range(first, last):
        most = max(most, ends[part + 1] - ends[part])
    size = 16
    while size < 2 * most:
        size *= 2
    key, given = np.empty(size, np.uint64), np.empty(size, np.int32)
    kinds, numbers = 0, 0
    for part in range(first, last):
        room = 16
        while room < 2 * (ends[part + 1] - ends[part]):
            room *= 2
        mask = np.uint64(room - 1)
        given[:room] = -2
        for k in range(ends[part], ends[part + 1]):
            slot = hashes[k] & mask
            while given[slot] != -2 and key[slot] != hashes[k]:
                slot = (slot + np.uint64(1)) & mask
            if given[slot] == -2:
                key[slot], given[slot] = hashes[k], ONCE
                kinds += 1
                at = where[k]
                if ended[at] >= 0:
                    left[ended[at]] += 1
                if at > 0 and ended[at - 1] >= 0:
                    right[ended[at - 1]] += 1
            elif given[slot] == ONCE:
                given[slot] = numbers
                numbers += 1
        for k in range(ends[part], ends[part + 1]):
            slot = hashes[k] & mask
            while key[slot] != hashes[k]:
                slot = (slot + np.uint64(1)) & mask
            number[where[k]] = given[slot]
    return _Share(where, numbers, kinds, left, right)


@njit(cache=True, nogil=True)
def _moved(number: Int32s, at: Int32s, by: int) -> None:
    for i in at:
        if number[i] != ONCE:
            number[i] += by


def paired(words: Int32s, kinds: int, offsets: Ints, threads: int) -> Pairs:
    """The pairs of words, which are given by their numbers; there are so many kinds of these."""
    ended = _ended(words, offsets)
    number = np.empty(ended.size, np.int32)
    edges = np.linspace(0, PARTS, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        work = [
            pool.submit(_share, ended, kinds, first, last, number)
            for first, last in pairwise(edges)
        ]
        shares = [each.result() for each in work]
    done = 0
    for each in shares:
        if done:
            _moved(number, each.at, done)
        done += each.numbers
    fewer = np.minimum(sum(each.left for each in shares), sum(each.right for each in shares))
    return Pairs(number, done, sum(each.kinds for each in shares), fewer)


class Cut(NamedTuple):
    """Some groups of which only the words that are `kept` stand beside each other now.

    groups  int64[G]: which
    kept    bool for each word of these, one group after the other
    offsets int64[G + 1]: where each begins among the words that are kept
    """

    groups: Ints
    kept: Flags
    offsets: Ints


@njit(cache=True, nogil=True)
def _gaps(
    words: Int32s, offsets: Ints, pairs: Pairs, cut: Cut, starts: Flags
) -> tuple[Int32s, Ints, Words]:
    """(a number for each pair that is left, as it was; where there are new ones; their hashes).
    Words that a new one begins with, by their numbers and one, go into `starts`."""
    number = np.empty(cut.offsets[-1] + cut.groups.size, np.int32)
    # No more than there are words that are gone.
    gone = cut.kept.size - cut.offsets[-1]
    places, hashes = np.empty(gone, np.int64), np.empty(gone, np.uint64)
    at, flag, new = 0, 0, 0
    for group in cut.groups:
        begin, end = offsets[group], offsets[group + 1]
        before = begin - 1
        for i in range(begin, end + 1):
            if i < end:
                flag += 1
                if not cut.kept[flag - 1]:
                    continue
            if before == i - 1:
                number[at] = pairs.number[i + group]
            else:
                places[new] = at
                first = words[before] if before >= begin else END
                hashes[new] = _hashed(first, words[i] if i < end else END)
                starts[first + 1] = True
                new += 1
            at += 1
            before = i
    return number, places[:new], hashes[:new]


@njit(cache=True, nogil=True)
def paired_again(words: Int32s, offsets: Ints, pairs: Pairs, cut: Cut) -> Pairs:
    """The pairs of what is left of some groups, by the numbers that they had among all groups:
    equal pairs have equal ones, but some may be numbered that are there only once by now."""
    starts = np.zeros(pairs.fewer.size + 1, np.bool_)
    number, places, hashes = _gaps(words, offsets, pairs, cut, starts)
    size = 16
    while size < 4 * places.size:
        size *= 2
    mask = np.uint64(size - 1)
    key, given = np.empty(size, np.uint64), np.full(size, -2, np.int32)
    for hashed in hashes:
        slot = hashed & mask
        while given[slot] != -2 and key[slot] != hashed:
            slot = (slot + np.uint64(1)) & mask
        key[slot], given[slot] = hashed, ONCE
    # A pair that is new here may be an old one elsewhere.
    numbers, at, flag, new = pairs.numbers, 0, 0, 0
    for group in cut.groups if places.size else cut.groups[:0]:
        before = END
        for i in range(offsets[group], offsets[group + 1] + 1):
            word = END
            if i < offsets[group + 1]:
                flag += 1
                if not cut.kept[flag - 1]:
                    continue
                word = words[i]
            first, before = before, word
            if new < places.size and places[new] == at:
                new += 1
            elif starts[first + 1]:
                hashed = _hashed(first, word)
                slot = hashed & mask
                while given[slot] != -2 and key[slot] != hashed:
                    slot = (slot + np.uint64(1)) & mask
                if given[slot] != -2:
                    if number[at] == ONCE:
                        if given[slot] == ONCE:
                            given[slot] = numbers
                            numbers += 1
                        number[at] = given[slot]
                    given[slot] = number[at]
            at += 1
    for k in range(places.size):
        slot = hashes[k] & mask
        while key[slot] != hashes[k]:
            slot = (slot + np.uint64(1)) & mask
        if given[slot] == ONCE:
            given[slot] = numbers
            numbers += 1
        number[places[k]] = given[slot]
    return Pairs(number, numbers, pairs.kinds, pairs.fewer)


@njit(cache=True, nogil=True)
def promising(bits: Bits, offsets: Ints, number: Int32s, enough: float) -> Flags:
    """Groups whose words weigh enough that stand beside the same neighbour in another place; the
    numbers are those of pairs."""
    out = np.zeros(offsets.size - 1, np.bool_)
    for group in range(out.size):
        weight = np.float32(0)
        for i in range(offsets[group], offsets[group + 1]):
            if number[i + group] != ONCE or number[i + group + 1] != ONCE:
                weight += bits[i]
        out[group] = weight >= enough
    return out
