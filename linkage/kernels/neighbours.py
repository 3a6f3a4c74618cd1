"""Words and their neighbours counted: what is common, and what recurs at all."""

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Ints
from linkage.kernels.wordings import FIRST, LAST, Bits, Flags, mix
from linkage.kernels.words import Words


@njit(cache=True, nogil=True)
def _room(count: int) -> int:
    size = 16
    while size < count + count // 2:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def neighbours(words: Words, offsets: Ints) -> tuple[npt.NDArray[np.int32], Flags, int]:
    """(for each word, how many different neighbours it has on the side where these are fewer;
    for each word and each end, whether the pair that it ends stands in another place, too; how
    many different pairs there are)."""
    groups = offsets.size - 1
    size = _room(words.size)
    key = np.zeros(size, np.uint64)
    left, right = np.zeros(size, np.int32), np.zeros(size, np.int32)
    many = _room(words.size + groups)
    pair, twice = np.zeros(many, np.uint64), np.zeros(many, np.bool_)
    mask, wide = np.uint64(size - 1), np.uint64(many - 1)
    kinds = 0
    for group in range(groups):
        before, place = FIRST, np.int64(-1)
        for i in range(offsets[group], offsets[group + 1] + 1):
            here = np.int64(-1)
            word = LAST
            if i < offsets[group + 1]:
                word = words[i]
                at = word & mask
                while key[at] != 0 and key[at] != word:
                    at = (at + np.uint64(1)) & mask
                key[at] = word
                here = np.int64(at)
            both = mix(before, word) | np.uint64(1)
            at = (both >> np.uint64(1)) & wide
            while pair[at] != 0 and pair[at] != both:
                at = (at + np.uint64(1)) & wide
            if pair[at] == 0:
                pair[at] = both
                kinds += 1
                if here >= 0:
                    left[here] += 1
                if place >= 0:
                    right[place] += 1
            else:
                twice[at] = True
            before, place = word, here
    fewer = np.empty(words.size, np.int32)
    again = np.zeros(words.size + groups, np.bool_)
    for group in range(groups):
        before = FIRST
        for i in range(offsets[group], offsets[group + 1] + 1):
            word = LAST
            if i < offsets[group + 1]:
                word = words[i]
                at = word & mask
                while key[at] != word:
                    at = (at + np.uint64(1)) & mask
                fewer[i] = min(left[at], right[at])
            both = mix(before, word) | np.uint64(1)
            at = (both >> np.uint64(1)) & wide
            while pair[at] != both:
                at = (at + np.uint64(1)) & wide
            again[i + group] = twice[at]
            before = word
    return fewer, again, kinds


@njit(cache=True, nogil=True)
def promising(bits: Bits, offsets: Ints, again: Flags, enough: float) -> Flags:
    """Groups whose words weigh enough that stand beside the same neighbour in another place."""
    out = np.zeros(offsets.size - 1, np.bool_)
    for group in range(out.size):
        weight = np.float32(0)
        for i in range(offsets[group], offsets[group + 1]):
            if again[i + group] or again[i + group + 1]:
                weight += bits[i]
        out[group] = weight >= enough
    return out
