"""Short prompts of one line put together by the words that never fill a slot.

"Ada Cohen founded Goldsoft" and "Omar Obi founded Kite Labs" have one word in common, which any two
lines may have by chance. What tells is how a word is used in all of them: a template's own word
stands at the same place of its lines, and fills no slot of other templates; what fills a slot here
("Hinduism") is no template's own word there ("follows Hinduism").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.kernels.alignment import Bits, Flags, marked
from linkage.kernels.groups import different, distinct, folded, held_within, lookup, positions
from linkage.kernels.incidence import Ints
from linkage.kernels.words import MASK, Words

LONG = 12  # words of a line at most
SETTLED = 5  # lines of a pattern that say how its words are used
FIXED = 0.3  # share of their words that are fixed, then
FILLS = 0.2  # share of a word's places where it fills a slot: then it is no template's own
PLACES = 4  # counted from either end, at which a word may stand
REGULAR = 0.6  # share of a word's places that are the same one
TRIED = 8  # words of a line that may be its template's own, of which all choices are tried
MOSTLY = 0.5  # or at which it is fixed
OWN = 0.2  # share of a line's words that are its template's own, at least
SURE = 20  # lines that make a template of which nothing was known


class Lines(NamedTuple):
    """Wordings that are a whole prompt by themselves.

    words, offsets  their words
    rare        bool: hardly anyone sent it in these words
    pattern     int64: which pattern it is of
    fixed, ends the fixed words of each pattern
    """

    words: Words
    offsets: Ints
    rare: Flags
    pattern: Ints
    fixed: Words
    ends: Ints

    def counted(self, some: Flags) -> Ints:
        """How many of some words each line has."""
        return np.diff(_sums(some)[self.offsets])

    def marked(self, words: Words, ends: Ints) -> Flags:
        """Which words of the lines are some of their patterns' words, of each pattern."""
        return marked(words, ends, self.pattern, self.words, self.offsets)

    def per_pattern(self, values: Ints) -> Ints:
        """Sums of what its lines have."""
        return np.bincount(self.pattern, values, self.ends.size - 1).astype(np.int64)


class Together(NamedTuple):
    """What is of one template has an equal number, from 0 on; -1 stays as it was.

    of_pattern  int64: of each pattern
    of_line     int64: of each line that leaves its pattern, or had none
    bits        float32: how much each word of the lines says that stands at one place; 0 for others
    """

    of_pattern: Ints
    of_line: Ints
    bits: Bits


class _Kinds(NamedTuple):
    """Different words: which one each word of the lines is; how often it is there, and at which
    share of its places it is at the same one. Those that may be a template's own: they stand at one
    place (`steady`), or are fixed at most (`sure`)."""

    number: Ints
    times: Ints
    regular: npt.NDArray[np.float64]
    steady: Flags
    sure: Flags


def together(lines: Lines) -> Together:
    """Patterns and lines that have the same words of their own in the same order."""
    row = np.repeat(np.arange(lines.rare.size), np.diff(lines.offsets))
    fixed = lines.marked(lines.fixed, lines.ends)
    rare = lines.per_pattern(lines.rare.astype(np.int64))
    settled = (rare >= SETTLED) & (2 * rare >= np.bincount(lines.pattern, minlength=rare.size))
    sizes = lines.per_pattern(np.diff(lines.offsets))
    settled &= lines.per_pattern(lines.counted(fixed)) >= FIXED * sizes
    first, number, times = distinct(lines.words)
    fills = np.bincount(number, settled[lines.pattern][row] & ~fixed, times.size)
    kept = np.bincount(number, settled[lines.pattern][row] & fixed, times.size)
    able = (fills < FILLS * times) & (lines.words[first] != MASK)
    regular = _regular(lines, row, number, times)
    steady = able & (regular >= REGULAR) & (times >= SETTLED)
    kinds = _Kinds(number, times, regular, steady, able & (kept >= MOSTLY * times))
    at, inside = positions(lookup(lines.words[first]), lines.fixed)
    words, ends = _some(lines.fixed, lines.ends, inside & able[at])
    settled &= np.diff(ends) > 0
    of_pattern = np.where(settled, folded(words, ends), np.uint64(0))
    has = lines.counted(lines.marked(words, ends))
    new = ~settled[lines.pattern]
    free = new | (has < np.diff(ends)[lines.pattern])
    of_line = _found(lines, row, kinds, free, new, different(of_pattern[settled]))
    both = np.concatenate([of_pattern, of_line])
    out = np.where(both > 0, distinct(both).number, -1)
    # It is as rare as it is among lines, and stands at one of so many places.
    bits = np.log2(lines.rare.size / times)[number] + np.log2(np.diff(lines.offsets))[row]
    bits = np.where(steady[number], bits, 0).astype(np.float32)
    return Together(out[: of_pattern.size], out[of_pattern.size :], bits)


def _found(lines: Lines, row: Ints, kinds: _Kinds, free: Flags, new: Flags, known: Words) -> Words:
    """A hash of the template's own words of each line that is `free`, 0 for none: the words of a
    `known` one; or what enough lines have that are of no pattern, what stands least regularly being
    left out until it is so."""
    steady = kinds.steady[kinds.number]
    words, ends = _some(lines.words, lines.offsets, (steady | kinds.sure[kinds.number]) & free[row])
    least = np.maximum(1, np.ceil(OWN * np.diff(lines.offsets))).astype(np.int64)
    out = held_within(lookup(known), words, ends, least, TRIED)
    left = free & new & (out == 0)
    flags = steady & left[row]
    for _ in range(LONG):
        words, ends = _some(lines.words, lines.offsets, flags)
        hashes = folded(words, ends)
        made = left & (np.diff(ends) >= least)
        every = distinct(hashes)
        all_of, rare = np.bincount(every.number, made), np.bincount(every.number, made & lines.rare)
        made &= ((rare >= SURE) & (2 * rare >= all_of))[every.number]
        out[made], left = hashes[made], left & ~made
        flags &= left[row]
        mine = np.flatnonzero(flags)
        if not mine.size:
            break
        kind = kinds.number[mine]
        mine = mine[np.lexsort([kinds.times[kind], kinds.regular[kind], row[mine]])]
        flags[mine[np.flatnonzero(np.diff(row[mine], prepend=-1))]] = False
    return out


def _regular(lines: Lines, row: Ints, number: Ints, times: Ints) -> npt.NDArray[np.float64]:
    """Of each different word, the largest share of its places that are the same from one end."""
    place = np.arange(row.size)
    out = np.zeros(times.size)
    for far in (place - lines.offsets[row], lines.offsets[row + 1] - 1 - place):
        near = far < PLACES
        here = distinct((number[near] * PLACES + far[near]).astype(np.uint64))
        np.maximum.at(out, number[near][here.first], here.times)
    return out / times


def _sums(some: Flags) -> Ints:
    return np.concatenate([[0], np.cumsum(some)])


def _some(words: Words, offsets: Ints, some: Flags) -> tuple[Words, Ints]:
    """The words of each group that are flagged, as (words, offsets)."""
    return words[some], _sums(some)[offsets]
