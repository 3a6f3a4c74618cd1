"""What stands beside the fixed words of patterns: the words at either end of each gap."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.alignment import Flags, aligned, empty_room
from linkage.kernels.groups import FIRST, LAST
from linkage.kernels.incidence import Ints
from linkage.kernels.words import LONGEST, Words

SEEN = 1 << 15  # places for the words of a prompt, more than it can have
NONE = -2  # a fixed word that a segment has not


class Edges(NamedTuple):
    """Words at the edges of gaps. A pattern with F fixed words has F + 1 gaps, each with two edges:
    the word after the fixed word before it, and the word before the fixed word after it.

    side    int64: number of the edge, patterns one after the other
    member  int64: the segment
    word    uint64: `FIRST` or `LAST` beyond the end of the segment; if the gap is empty, the fixed
            word on its other side
    place   int64: of the word among all words; -1 beyond the end
    empty   bool: nothing stands in the gap
    beside  uint64: the next word in the gap; 0 if there is none
    """

    side: Ints
    member: Ints
    word: Words
    place: Ints
    empty: Flags
    beside: Words


@njit(cache=True, nogil=True)
def edges(
    words: Words, offsets: Ints, members: Ints, pattern: Ints, fixed: Words, ends: Ints
) -> Edges:
    """The edges of each member, of those that have the fixed word beside it."""
    count = 0
    for one in members:
        count += 2 * (ends[pattern[one] + 1] - ends[pattern[one]] + 1)
    side, member, place = (
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
    )
    word, empty = np.empty(count, np.uint64), np.empty(count, np.bool_)
    beside = np.zeros(count, np.uint64)
    room, pairs = empty_room(), np.empty(2 * LONGEST, np.int64)
    where = np.empty(LONGEST + 2, np.int64)
    count = 0
    for one in members:
        begin, end = ends[pattern[one]], ends[pattern[one] + 1]
        at, stop = offsets[one], offsets[one + 1]
        length, size = end - begin, stop - at
        where[: length + 2] = NONE
        where[0], where[length + 1] = -1, size
        for k in range(aligned(fixed, begin, end, words, at, stop, room, pairs)):
            where[pairs[2 * k] + 1] = pairs[2 * k + 1]
        for gap in range(length + 1):
            before, after = where[gap], where[gap + 1]
            bare = before != NONE and after == before + 1
            for end_of in range(2):
                if (after if end_of else before) == NONE:
                    continue
                here = after - 1 if end_of else before + 1
                inside = 0 <= here < size
                side[count], member[count] = 2 * (begin + pattern[one] + gap) + end_of, one
                word[count] = words[at + here] if inside else (FIRST if end_of else LAST)
                place[count] = at + here if inside else -1
                empty[count] = bare
                there = here - 1 if end_of else here + 1
                lowest = -1 if before == NONE else before
                highest = size if after == NONE else after
                if lowest < there < highest:
                    beside[count] = words[at + there]
                count += 1
    return Edges(
        side[:count], member[:count], word[:count], place[:count], empty[:count], beside[:count]
    )


@njit(cache=True, nogil=True)
def echoed(
    words: Words, offsets: Ints, free: Flags, prompt: Ints, wording: Ints, asked: Flags
) -> npt.NDArray[np.float32]:
    """Of each word of the wordings that are asked for, if it is `free` (not fixed): in which share
    of its prompts it is free in another wording, too. Pairs are ascending by prompt."""
    hits, total = np.zeros(words.size, np.int64), np.zeros(offsets.size - 1, np.int64)
    key, by = np.zeros(SEEN, np.uint64), np.zeros(SEEN, np.int64)
    when = np.full(SEEN, -1, np.int64)
    mask, most = np.uint64(SEEN - 1), SEEN // 2
    first = 0
    while first < prompt.size:
        last, held = first, 0
        wanted = False
        while last < prompt.size and prompt[last] == prompt[first]:
            wanted |= asked[wording[last]]
            last += 1
        if not wanted:
            first = last
            continue
        for second in (False, True):
            for one in wording[first:last]:
                total[one] += second
                for i in range(offsets[one], offsets[one + 1]):
                    if not free[i]:
                        continue
                    at = words[i] & mask
                    while when[at] == prompt[first] and key[at] != words[i]:
                        at = (at + np.uint64(1)) & mask
                    known = when[at] == prompt[first]
                    if second:
                        hits[i] += known and by[at] == NONE
                    elif known:
                        by[at] = one if by[at] == one else NONE
                    elif held < most:
                        held += 1
                        when[at], key[at], by[at] = prompt[first], words[i], one
        first = last
    out = np.zeros(words.size, np.float32)
    for one in range(offsets.size - 1):
        if asked[one]:
            for i in range(offsets[one], offsets[one + 1]):
                out[i] = hits[i] / max(1, total[one])
    return out
