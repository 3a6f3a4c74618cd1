"""Patterns that are several templates told apart: by what stands beside their fixed words.

A slot has many fillings, or few that stand elsewhere, too. Words that hardly any other takes the
place of, each among many fillings of other slots ("greater" or "lower", "not" or nothing), or that
decide what else there is ("capital" or "currency"), are of different templates. So are some that
are far more frequent there than all others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.kernels.alignment import Flags
from linkage.kernels.edges import Edges, edges
from linkage.kernels.groups import added, distinct, lookup, positions, taken
from linkage.kernels.incidence import Ints
from linkage.kernels.words import MASK, Words

DEPTH = 4  # times that patterns are divided
OFTEN = 5  # prompts that a word is in, to be one of few
KINDS = 3  # words at one place that may be alternatives
MANY = 20  # or so many, if they decide what else there is
RARELY, MIXED = 0.05, 0.3  # share of prompts that have other words there, in either case
SURE = 20  # wordings that have each of the words, or one alone
ELSEWHERE = 0.2  # share of a word's prompts that have it in another slot: then it fills this one
DEPENDS = 0.5  # how far equal words elsewhere go with equal words here; 0 is by chance, 1 always
PAIRS = 20  # pairs of equal words elsewhere that say so
RECUR = 2  # patterns that have the very same words at a place: then these are what fills a slot
WIDELY, SHARED = 3, 0.02  # patterns, and share of them, in which an article or a pronoun is fixed
OUTSTANDING = 5  # times as frequent as the next word at a place
LEADING = 8  # so many words may be outstanding
LITTLE, MUCH = 0.3, 0.5  # share of prompts that have one; what more have is fixed, but for noise

Floats = npt.NDArray[np.float64]


class Told(NamedTuple):
    """Wordings: their words, how many prompts have them, which pattern they are of, and how
    often each word that is not fixed stands in another wording of the prompt, too."""

    words: Words
    offsets: Ints
    prompts: Ints
    pattern: Ints
    echo: npt.NDArray[np.float32]


class _Sides(NamedTuple):
    """What stands at the edges of the patterns in question; their sides have numbers of their own.

    found       the words at each side, member by member
    everyone    int64 for each of all patterns: its prompts
    pattern     int64 for each side: whose it is
    prompts     int64 for each side: of its pattern
    kind        int64 for each edge: which (side, word) it is
    side, word, times, wordings     of each (side, word); in how many prompts, and wordings, it is
    """

    found: Edges
    everyone: Ints
    pattern: Ints
    prompts: Ints
    kind: Ints
    side: Ints
    word: Words
    times: Ints
    wordings: Ints

    def per_side(self, values: npt.NDArray[np.generic], some: Flags) -> Floats:
        """Sums of what some (side, word) have."""
        side = self.side[some]
        return np.bincount(side, values[some].astype(float), self.pattern.size).astype(float)

    def any_side(self, some: Flags) -> Flags:
        """Sides of which a (side, word) is one of some."""
        out = np.zeros(self.pattern.size, np.bool_)
        out[self.side[some]] = True
        return out


def divided(told: Told, fixed: Words, ends: Ints, active: Flags) -> Ints:
    """A group for each wording: 0 if its pattern stays as it is, or it has none of the words that
    tell templates apart; otherwise by these words. `fixed` has the fixed words of each pattern."""
    out = np.zeros(told.pattern.size, np.int64)
    sides = _sides(told, fixed, ends, active)
    if not sides.kind.size:
        return out
    words, weight = _alternatives(sides, told, fixed, ends)
    apart = np.flatnonzero(weight > 0)
    count = sides.per_side(np.ones(words.size), words)
    order = np.lexsort([apart, -weight[apart], count[apart], sides.pattern[apart]])
    apart = apart[order]
    apart = apart[np.flatnonzero(np.diff(sides.pattern[apart], prepend=-1))]
    chosen = np.zeros(weight.size, np.bool_)
    chosen[apart] = True
    mine = chosen[sides.found.side] & words[sides.kind]
    out[sides.found.member[mine]] = 1 + sides.kind[mine]
    return out


def _sides(told: Told, fixed: Words, ends: Ints, active: Flags) -> _Sides:
    pattern = told.pattern
    members = np.flatnonzero(active[pattern])
    found = edges(told.words, told.offsets, members, pattern, fixed, ends)
    first, kind, wordings = distinct(mixed(found.side.astype(np.uint64), found.word))
    times = np.bincount(kind, told.prompts[found.member], minlength=first.size).astype(np.int64)
    everyone = np.bincount(pattern, told.prompts, minlength=ends.size - 1).astype(np.int64)
    # Most patterns are a single wording, and not in question.
    some = np.flatnonzero(active)
    sizes = 2 * (np.diff(ends)[some] + 1)
    shift = np.zeros(ends.size - 1, np.int64)
    shift[some] = np.cumsum(sizes) - sizes - 2 * (ends[some] + some)
    found = found._replace(side=found.side + shift[pattern[found.member]])
    owner = np.repeat(some, sizes)
    return _Sides(
        found,
        everyone,
        owner,
        everyone[owner],
        kind,
        found.side[first],
        found.word[first],
        times,
        wordings,
    )


def mixed(one: Words, other: Words) -> Words:
    """One hash of two values each, in this order."""
    h = (one + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(29)
    h = (h ^ other) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def _alternatives(sides: _Sides, told: Told, fixed: Words, ends: Ints) -> tuple[Flags, Floats]:
    """Which (side, word) tell templates apart where their side does; and of each side, the share of
    prompts that have one of them if it does, 0 if not."""
    often = sides.times >= OFTEN
    elsewhere = _elsewhere(sides, told) * sides.times
    count = sides.per_side(np.ones(often.size), often)
    covered = sides.per_side(sides.times, often)
    rest = sides.prompts - covered
    free = sides.per_side(elsewhere, often) < ELSEWHERE * np.maximum(1, covered)
    free &= count >= 2
    few = free & (count <= KINDS) & (rest <= RARELY * sides.prompts)
    few &= ~_vocabulary(sides, often & (count <= KINDS)[sides.side])
    many = free & (count > KINDS) & (count <= MANY) & (rest <= MIXED * sides.prompts)
    many &= covered >= 2 * OFTEN * count
    across, beside = _dependence(sides, often & (few | many)[sides.side])
    agree = np.maximum(across, beside) >= DEPENDS
    least = np.full(count.size, np.iinfo(np.int64).max)
    np.minimum.at(least, sides.side[often], sides.wordings[often])
    # What goes with the words beside it agrees with them, if it is an article or a pronoun.
    alone = few & ~agree & ((least >= SURE) | (least == 1))
    ruling = few & agree & (least >= SURE) & ~sides.any_side(often & _widely(sides, fixed, ends))
    apart = alone | ruling | (many & (across >= DEPENDS) & (least >= OFTEN))
    top = _outstanding(sides)
    leading = sides.per_side(sides.times, top)
    stand = ~apart & (leading >= LITTLE * sides.prompts) & (leading <= MUCH * sides.prompts)
    stand &= sides.per_side(elsewhere, top) < ELSEWHERE * np.maximum(1, leading)
    share = np.where(apart, covered, np.where(stand, leading, 0)) / np.maximum(1, sides.prompts)
    return np.where(stand[sides.side], top, often), share


def _elsewhere(sides: _Sides, told: Told) -> Floats:
    """Of each (side, word): how often the word is in another slot of its pattern, or of its
    prompts, by how often it is here."""
    found = sides.found
    inside = (found.place >= 0) & ~found.empty
    weight = told.prompts[found.member]
    of_prompt = np.zeros(sides.side.size)
    echo = told.echo[found.place[inside]] * weight[inside]
    of_prompt += np.bincount(sides.kind[inside], echo, minlength=of_prompt.size)
    # In other gaps of the pattern, at either end of them.
    times = np.bincount(sides.kind[inside], weight[inside], minlength=of_prompt.size)
    gap = distinct(mixed((sides.side // 2).astype(np.uint64), sides.word))
    here = np.zeros(gap.first.size)
    np.maximum.at(here, gap.number, times)
    pattern = sides.pattern[sides.side[gap.first]].astype(np.uint64)
    whole = distinct(mixed(pattern, sides.word[gap.first]))
    other = np.bincount(whole.number, here, minlength=whole.first.size)[whole.number] - here
    other = np.where(times > 0, other[gap.number], 0)
    return np.maximum(of_prompt, other) / np.maximum(1, sides.times)


def _vocabulary(sides: _Sides, some: Flags) -> Flags:
    """Sides whose words are those at a place of several patterns ("he" or "she"); but not those
    where one of them is that there is none ("not")."""
    bare = np.zeros(some.size, np.bool_)
    bare[sides.kind[sides.found.empty | (sides.found.place < 0)]] = True
    whole = added(sides.side[some], mixed(sides.word[some], sides.word[some]), sides.pattern.size)
    mine = np.flatnonzero((whole != 0) & ~sides.any_side(some & bare))
    each = distinct(mixed(whole[mine], sides.pattern[mine].astype(np.uint64)))
    patterns = distinct(whole[mine[each.first]])
    out = np.zeros(sides.pattern.size, np.bool_)
    out[mine] = (patterns.times[patterns.number] >= RECUR)[each.number]
    return out


def _widely(sides: _Sides, fixed: Words, ends: Ints) -> Flags:
    """(side, word) of which the word is fixed in many patterns."""
    large = np.flatnonzero(sides.everyone >= OFTEN)
    words, offsets = taken(fixed, ends, large)
    owner = np.repeat(large, np.diff(offsets)).astype(np.uint64)
    once = words[distinct(mixed(owner, words)).first]
    known, _, times = distinct(once)
    at, inside = positions(lookup(once[known]), sides.word)
    return inside & (np.append(times, 0)[at] >= max(WIDELY, SHARED * large.size))


def _dependence(sides: _Sides, some: Flags) -> tuple[Floats, Floats]:
    """Of the sides of some (side, word): how far equal words in another slot of the segment, and
    how far those next to it in its own, go with equal words there."""
    found = sides.found
    mine = np.flatnonzero(some[sides.kind])
    firsts = np.flatnonzero((found.side % 2 == 0) & ~found.empty & (found.place >= 0))
    firsts = firsts[np.argsort(found.member[firsts], kind="stable")]
    begin = np.searchsorted(found.member[firsts], found.member[mine])
    size = np.searchsorted(found.member[firsts], found.member[mine], "right") - begin
    here = np.repeat(mine, size)
    place = np.arange(here.size) - np.repeat(np.cumsum(size) - size, size)
    there = firsts[np.repeat(begin, size) + place]
    other = found.side[here] // 2 != found.side[there] // 2
    other &= (found.word[there] != MASK) & (found.word[there] != found.word[here])
    here, there = here[other], there[other]
    next_to = mine[(found.beside[mine] != 0) & (found.beside[mine] != MASK)]
    return (
        _going_with(sides, some, here, found.side[there], found.word[there]),
        _going_with(sides, some, next_to, found.side[next_to], found.beside[next_to]),
    )


def _going_with(sides: _Sides, some: Flags, edge: Ints, slot: Ints, word: Words) -> Floats:
    """Of each side: of pairs of edges that have an equal word in another slot, the share that is of
    an equal word here, beyond chance; of the slot for which it is largest."""
    out = np.zeros(sides.pattern.size)
    side = sides.found.side[edge]
    place = mixed(side.astype(np.uint64), slot.astype(np.uint64))
    slots = distinct(place)
    there = distinct(mixed(place, word))
    both = distinct(mixed(mixed(place, word), sides.found.word[edge]))
    size = slots.first.size
    pairs = np.bincount(slots.number[there.first], _pairs(there.times), minlength=size)
    same = np.bincount(slots.number[both.first], _pairs(both.times), minlength=size)
    square = sides.per_side(sides.times.astype(float) ** 2, some)
    chance = square / np.maximum(1, sides.per_side(sides.times, some)) ** 2
    chance = chance[side[slots.first]]
    more = (same / np.maximum(1, pairs) - chance) / np.maximum(1e-9, 1 - chance)
    np.maximum.at(out, side[slots.first], np.where(pairs >= PAIRS, more, 0))
    return out


def _pairs(times: Ints) -> Floats:
    return times * (times - 1) / 2


def _outstanding(sides: _Sides) -> Flags:
    """(side, word) that are far more frequent than the next one, as are all before them."""
    order = np.lexsort([sides.word, -sides.times, sides.side])
    side, times = sides.side[order], sides.times[order]
    follows = np.append(side[1:] == side[:-1], False)
    after = np.where(follows, np.append(times[1:], 0), 0)
    first = np.flatnonzero(np.diff(side, prepend=-1))
    place = np.arange(side.size) - np.repeat(first, np.diff(np.append(first, side.size)))
    last = follows & (times >= OUTSTANDING * after) & (place < LEADING)
    last &= sides.wordings[order] >= SURE
    top = np.zeros(sides.pattern.size, np.int64)
    np.maximum.at(top, side[last], place[last] + 1)
    out = np.zeros(side.size, np.bool_)
    out[order] = place < top[side]
    return out
