"""The parts of templates: segments that recur, word for word or with slots.

Wordings (distinct segments) that are alike are a pattern, whose slots are where they differ. A
wording of a pattern is a part of its own if hardly any other takes its place: two questions after
the same story, each asked many times, are two templates; two hundred are one with a slot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.kernels.alignment import (
    Bar,
    Bits,
    Flags,
    Segments,
    kept_words,
    marked,
    picked,
    weighed,
)
from linkage.kernels.edges import echoed
from linkage.kernels.groups import (
    Lookup,
    added,
    distinct,
    folded,
    foremost,
    foremost_first,
    highest,
    led,
    lookup,
    once,
    pairs_within,
    taken,
)
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.neighbours import Cut, Pairs, numbered, paired, paired_again, promising
from linkage.kernels.wordings import (
    JOINS,
    JOINS_BY_RUNS,
    JOINS_IF_LIGHT,
    LEADS,
    Index,
    indexed,
    patterns,
)
from linkage.kernels.words import MASK, Words
from linkage.templates.lines import LONG, Lines, together
from linkage.templates.sampling import Prompts
from linkage.templates.splitting import DEPTH, Told, divided

JUDGED = 24  # wordings of a pattern that say what its fixed words are
FIXED = 0.7  # of which so many must have a word; noise and rewording take the rest
FEW = 2  # wordings that are not yet a slot's fillings
CLOSELY, LOOSELY = 0.6, 0.5  # share that wordings, and what is fixed of patterns, have in common
ROUNDS = 2  # in which patterns join others: what is fixed shows better each time
OFTEN = 5  # prompts that a wording is in, to be one of these
COMPANY = 0.5  # share of a wording's prompts that its company is in
STOCK = 0.3  # share of a pattern's requests that have a wording, to be no filling
APART, LEAST = 3, 2  # one word in so many is not its pattern's, and so many are not, then
TOGETHER = 64  # of a prompt, so many parts are held against each other

Floats = npt.NDArray[np.float64]


class Wordings(NamedTuple):
    """Distinct segments of the sample, and which prompts have them.

    lookup      their hashes, ascending
    words, offsets  their words
    bits        float32 for each word: how much it says (Kneser-Ney: among how many neighbours it is
                found, so that a template does not make its own words common)
    prompt, wording     int64 pairs, each once, ascending
    prompts     int64[U]: in how many prompts it is
    enough      bits that two wordings have in common before no such pair is expected by chance
    recurs      bool[U]: words of half as many bits stand beside the same neighbours elsewhere
    number      int32: of each word, equal for equal words
    pairs       of neighbouring words
    """

    lookup: Lookup
    words: Words
    offsets: Ints
    bits: Bits
    prompt: Ints
    wording: Ints
    prompts: Ints
    enough: float
    recurs: Flags
    number: Int32s
    pairs: Pairs

    @property
    def hashes(self) -> Words:
        """uint64[U], ascending."""
        return self.lookup.hashes

    @property
    def segments(self) -> Segments:
        """What others are held against."""
        return Segments(self.words, self.bits, self.offsets)


class Parts(NamedTuple):
    """What recurs in prompts.

    ids         uint64[P]: made of the fixed words alone
    of_wording  int64[U]: the part that each wording is, or is a filling of
    leaders     int64[L]: the wordings that lead a pattern, ascending; the first parts are theirs
    weight      float64[P]: bits of its fixed words
    length      int64[P]: how many these are
    words, offsets  the fixed words
    """

    ids: Words
    of_wording: Ints
    leaders: npt.NDArray[np.intp]
    weight: Floats
    length: Ints
    words: Words
    offsets: Ints


def wordings_of(found: Prompts, threads: int) -> Wordings:
    """The distinct segments of the prompts."""
    first, wording, _ = distinct(found.wordings)
    hashes = found.wordings[first]
    words, offsets = taken(found.words, found.segments, first)
    prompt = np.repeat(np.arange(found.hashes.size), np.diff(found.texts))
    prompt, wording = once(prompt, wording)
    prompts = np.bincount(wording, minlength=hashes.size)
    number, kinds = numbered(words, threads)
    pairs = paired(number, kinds, offsets, threads)
    bits = _bits(pairs, words.size / max(1, offsets.size - 1))[number]
    enough = 2 * float(np.log2(max(2, hashes.size)))
    recurs = promising(bits, offsets, pairs.number, enough / 2)
    return Wordings(
        lookup(hashes),
        words,
        offsets,
        bits,
        prompt,
        wording,
        prompts,
        enough,
        recurs,
        number,
        pairs,
    )


def _bits(pairs: Pairs, long: float) -> Bits:
    """-log2 of how likely a segment of so many words is to have each word, by its number."""
    counts = np.arange(pairs.fewer.max(initial=0) + 1)
    with np.errstate(divide="ignore"):
        bits = -np.log2(np.minimum(1.0, long * counts / max(1, pairs.kinds)))
    return bits.astype(np.float32)[pairs.fewer]


class _Patterns(NamedTuple):
    """Each wording's pattern by number, the wordings that lead them, which of the leaders' words
    are fixed, and these words."""

    number: Ints
    leaders: npt.NDArray[np.intp]
    kept: Flags
    fixed: Segments


def parts_of(found: Wordings, weights: Ints) -> Parts:
    """What recurs, of the wordings; `weights` is how many requests each prompt stands for."""
    each, bits = _by_lines(found, _patterns(found), weights)
    found = found._replace(bits=bits)
    alone = _alternatives(found, each.number, each.leaders.size, weights)
    alone |= _stock(found, each, weights)
    return _described(found, each, alone)


def _patterns(found: Wordings) -> _Patterns:
    """First by what wordings have in common in all, then patterns by what is fixed of them."""
    size = found.hashes.size
    order = foremost_first(found.prompts)
    some = order[found.recurs[order]]
    free = np.full(size, JOINS, np.int8)
    pattern = patterns(found.segments, found.pairs, some, free, Bar(found.enough, CLOSELY))
    made = _gathered(found, np.where(pattern < 0, np.arange(size), pattern), order)
    for _ in range(ROUNDS):
        made = _joined(found, made, order)
    return _told_apart(found, made, order)


def _told_apart(found: Wordings, made: _Patterns, order: npt.NDArray[np.intp]) -> _Patterns:
    """Patterns divided where they are several templates, and what they are divided into as well."""
    fixed, active = made.fixed, _divisible(found, made)
    free = ~marked(fixed.words, fixed.offsets, made.number, found.words, found.offsets)
    asked = active[made.number]
    echo = echoed(found.words, found.offsets, free, found.prompt, found.wording, asked)
    for _ in range(DEPTH):
        told = Told(found.words, found.offsets, found.prompts, made.number, echo)
        group = divided(told, made.fixed.words, made.fixed.offsets, active)
        if not group.any():
            break
        changed = np.zeros(made.leaders.size, np.bool_)
        changed[made.number[group > 0]] = True
        again = changed[made.number]
        each = distinct((made.number * (group.max() + 1) + group).astype(np.uint64)).number
        made = _grouped(found, each, order)
        active = np.zeros(made.leaders.size, np.bool_)
        active[made.number[again]] = True
        active &= _divisible(found, made)
    return made


def _divisible(found: Wordings, made: _Patterns) -> Flags:
    """Patterns with enough wordings and prompts to be several templates."""
    prompts = np.bincount(made.number, found.prompts, minlength=made.leaders.size)
    return (prompts >= 2 * OFTEN) & (np.bincount(made.number) > 1)


def _by_lines(found: Wordings, made: _Patterns, weights: Ints) -> tuple[_Patterns, Bits]:
    """Patterns of short prompts of one line put together by the words that fill no slots; and what
    words say, the more where they stand at one place of such lines."""
    one = np.bincount(found.prompt) == 1
    whole = np.zeros(found.hashes.size, np.bool_)
    whole[found.wording[one[found.prompt]]] = True
    some = np.flatnonzero(whole & (np.diff(found.offsets) <= LONG))
    if not some.size:
        return made, found.bits
    rare = np.bincount(found.wording, weights[found.prompt], whole.size) < OFTEN
    words, offsets = taken(found.words, found.offsets, some)
    fixed = made.fixed
    lines = Lines(words, offsets, rare[some], made.number[some], fixed.words, fixed.offsets)
    found_now = together(lines)
    each = found_now.of_pattern[made.number]
    each[some] = np.where(found_now.of_line >= 0, found_now.of_line, each[some])
    bits = found.bits.copy()
    mine = np.repeat(found.offsets[some] - offsets[:-1], np.diff(offsets)) + np.arange(words.size)
    bits[mine] = np.maximum(bits[mine], found_now.bits)
    if each.max() < 0:
        return made, bits
    each = np.where(each >= 0, each, each.max() + 1 + made.number)
    group = distinct(each.astype(np.uint64)).number
    return _grouped(found, group, foremost_first(found.prompts)), bits


def _grouped(found: Wordings, group: Ints, order: npt.NDArray[np.intp]) -> _Patterns:
    """Each group of wordings is a pattern, led by its first."""
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    first = np.full(int(group.max()) + 1, order.size)
    np.minimum.at(first, group, rank)
    return _gathered(found, order[first[group]], order)


def _joined(found: Wordings, each: _Patterns, order: npt.NDArray[np.intp]) -> _Patterns:
    """Patterns by their fixed words; small ones by runs, too: their slots may be far longer than
    what is fixed. A wording that is used often by itself is joined, but joins none."""
    sizes = np.bincount(each.number, minlength=each.leaders.size)
    often = found.prompts[each.leaders] >= OFTEN
    free = np.where(sizes < OFTEN, np.where(often, LEADS, JOINS_BY_RUNS), JOINS_IF_LIGHT).astype(
        np.int8
    )
    prompts = np.bincount(each.number, found.prompts, minlength=each.leaders.size)
    large = np.where(prompts >= 2 * OFTEN, prompts, 0).astype(np.int64)
    rank = foremost_first(large * (found.prompts.max(initial=0) + 1) + found.prompts[each.leaders])
    rank = rank[found.recurs[each.leaders[rank]]]
    left = Cut(each.leaders, each.kept, each.fixed.offsets)
    pairs = paired_again(found.number, found.offsets, found.pairs, left)
    later = patterns(each.fixed, pairs, rank, free, Bar(found.enough, LOOSELY))
    later = np.where(later < 0, np.arange(later.size), later)
    return _gathered(found, each.leaders[later[each.number]], order)


def _gathered(found: Wordings, pattern: Ints, order: npt.NDArray[np.intp]) -> _Patterns:
    """Patterns in the order of their leaders."""
    number, members, ends = led(pattern, order)
    kept = kept_words(found.words, found.offsets, members, ends, JUDGED, FIXED)
    leaders = members[ends[:-1]]
    return _Patterns(number, leaders, kept, picked(found.segments, leaders, kept))


def _alternatives(found: Wordings, pattern: Ints, count: int, weights: Ints) -> Flags:
    """Wordings that are parts of their own: often used, and in the same company hardly any other
    of their pattern is, which then stands in the same places."""
    size = found.hashes.size
    of_pair = pattern[found.wording]
    requests = np.bincount(once(found.prompt, of_pair)[1], minlength=count)
    shared = (np.bincount(of_pair, weights[found.prompt], minlength=count) > 1)[of_pair]
    prompt, wording = capped(found.prompt[shared], found.wording[shared], requests[of_pair[shared]])
    here, there = pairs_within(prompt)
    one, other = wording[here], pattern[wording[there]]
    differ = pattern[one] != other
    one, other = one[differ], other[differ]
    first, _, times = distinct((one * count + other).astype(np.uint64))
    whole = distinct((pattern[one] * count + other).astype(np.uint64))
    usual = whole.times[whole.number[first]]
    one, other = one[first], other[first]
    first = foremost(one, times, usual)
    first = first[times[first] >= COMPANY * found.prompts[one[first]]]
    company = np.full(size, -1)
    company[one[first]] = other[first]
    _, group, sizes = distinct((pattern * (count + 1) + company + 1).astype(np.uint64))
    able = (company >= 0) & (found.prompts >= OFTEN) & (sizes[group] <= FEW)
    return able & ((sizes[group] == 1) | _interchanged(found, group, able))


def _stock(found: Wordings, each: _Patterns, weights: Ints) -> Flags:
    """Wordings that are sent word for word again and again, as no filling of a slot is, and that
    have much which their pattern has not."""
    requests = np.bincount(found.wording, weights[found.prompt], found.hashes.size)
    whole = np.bincount(each.number, requests)[each.number]
    often = (requests >= 2 * OFTEN) & (requests < whole) & (requests >= STOCK * whole)
    some = np.flatnonzero(often)
    words, offsets = taken(found.words, found.offsets, some)
    fixed = marked(each.fixed.words, each.fixed.offsets, each.number[some], words, offsets)
    row = np.repeat(np.arange(some.size), np.diff(offsets))
    plain = words != MASK
    free, every = np.bincount(row, plain & ~fixed, some.size), np.bincount(row, plain, some.size)
    out = np.zeros(found.hashes.size, np.bool_)
    out[some[(APART * free >= every) & (free >= LEAST)]] = True
    return out


def _interchanged(found: Wordings, group: Ints, able: Flags) -> Flags:
    """Wordings of which the half stand where another of their group stands, too: beside the very
    same others. What fills a slot mostly comes with other fillings of its own."""
    hashes = scattered(found.hashes)
    prompts = int(found.prompt.max(initial=-1)) + 1
    whole = added(found.prompt, hashes[found.wording], prompts)
    some = able[found.wording]
    wording = found.wording[some]
    rest = whole[found.prompt[some]] - hashes[wording]
    place = rest ^ scattered(group[wording].astype(np.uint64))
    _, which, times = distinct(place)
    shared = np.bincount(wording[times[which] > 1], minlength=found.hashes.size)
    return shared >= COMPANY * found.prompts


def _described(found: Wordings, each: _Patterns, alone: Flags) -> Parts:
    """Parts in the order of their patterns, then those that are one wording."""
    leaders, count = each.leaders, each.leaders.size
    own = np.flatnonzero(alone)
    of_wording = each.number.copy()
    of_wording[own] = count + np.arange(own.size)
    words = int(np.diff(found.offsets)[own].sum())
    kept = np.concatenate([each.kept, np.ones(words, np.bool_)])
    fixed = picked(found.segments, np.concatenate([leaders, own]), kept)
    return Parts(
        folded(fixed.words, fixed.offsets),
        of_wording,
        leaders,
        weighed(fixed),
        np.diff(fixed.offsets),
        fixed.words,
        fixed.offsets,
    )


def leading(found: Wordings, parts: Parts, live: Flags) -> Index:
    """An index of the leaders whose parts are `live`, for texts that are not in the sample."""
    leaders = parts.leaders[live[: parts.leaders.size]]
    return indexed(found.segments, leaders)


def capped(prompt: Ints, item: Ints, rate: Ints) -> tuple[Ints, Ints]:
    """Of each prompt's items, the `TOGETHER` with the highest rate; prompts ascending."""
    return highest(prompt, item, rate, TOGETHER)


def scattered(values: Words) -> Words:
    """Hashes of which a set's add up to its own."""
    mixed = (values ^ (values >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) | np.uint64(1)
