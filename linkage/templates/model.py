"""What says which template a text carries: made of the sample, asked about all texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from linkage.kernels.alignment import Bar, Flags, marked
from linkage.kernels.groups import (
    Lookup,
    among,
    different,
    distinct,
    lookup,
    once,
    positions,
    taken,
)
from linkage.kernels.incidence import Ints
from linkage.kernels.wordings import Index, joined
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut
from linkage.templates.filling import fillings, folded_in, little, stray
from linkage.templates.holders import Holders, Places
from linkage.templates.language import unexplained
from linkage.templates.options import Options, cored, options_of
from linkage.templates.own import PHRASE, Phrases, held_by, phrases, spoken
from linkage.templates.parts import LOOSELY, Floats, Parts, Wordings, capped, leading, scattered
from linkage.templates.sampling import NOTHING, Prompts
from linkage.templates.sets import (
    Carried,
    Counted,
    Usage,
    carried,
    company,
    meant,
    recurring,
    set_hashes,
    usage,
)

KNOWN = np.uint64(1)  # stands for a set of well-known parts alone
SAME = 0.8  # of a part's fixed words, so many are in a well-known text, to be a part of it


class Model(NamedTuple):
    """The wordings of the sample, the parts that they are, which of these are well known.

    options         parts that come and go
    met, chance     sets that two have, and those that are together by chance only
    usual           sets that two have without anything being left out
    sets            what prompts carry in the end
    phrases         sets that tell little
    """

    wordings: Wordings
    parts: Parts
    known: Flags
    used: Usage
    options: Options
    met: Lookup
    usual: Counted
    chance: Lookup
    sets: Lookup
    phrases: Phrases

    def live(self) -> Flags:
        """Parts that two have, and that count."""
        return self.used.prompts > 0

    def index_of(self) -> Index:
        """What texts that are not in the sample are held against."""
        return leading(self.wordings, self.parts, self.live() | self.known)

    def settle(self, row: Ints, part: Ints, rows: int) -> tuple[Words, Carried]:
        """The set of each row, `NOTHING` if it is none that recurs; and what is in it. Rows are
        ascending."""
        live = self.used.prompts[part] > 0
        every = carried(self.parts, self.used, *once(row[live], part[live]), rows)
        every = cored(self.parts, self.options, every, rows)
        found = recurring(
            self.parts, self.used, every, self.options.tells, rows, self._recur, self.usual.of
        )
        found = meant(self.parts, self.used, found, rows, self._by_chance)
        hashes = set_hashes(self.parts, found, rows)
        fine = positions(self.sets, hashes)[1]
        return np.where(fine, hashes, NOTHING), found.where(fine[found.prompt])

    def _recur(self, hashes: Words) -> Flags:
        return positions(self.met, hashes)[1]

    def _by_chance(self, hashes: Words, found: Carried) -> Flags:
        return positions(self.chance, hashes)[1]

    def sets_of(
        self, each: Cut, wordings: Words, rows: Places, index: Index
    ) -> tuple[Words, Flags]:
        """The sets of some of the texts, which need not be in the sample, `KNOWN` for those that
        have well-known parts and nothing else that recurs; and which are their account's own.
        `wordings` are hashes of segments."""
        segment, ends = taken(np.arange(each.segments.size - 1), each.texts, rows)
        row = np.repeat(np.arange(rows.size), np.diff(ends))
        part = nearest(self.wordings, self.parts, each, wordings[segment], segment, index)
        found = part >= 0
        row, part = row[found], part[found]
        counts = ~self.known[part]
        sets, held = self.settle(row[counts], part[counts], rows.size)
        inside = among(row, part, held.prompt, held.part)
        same = in_common(
            self.parts, part[inside], *taken(each.words, each.segments, segment[found][inside])
        )
        fixed = np.bincount(row[inside], same, rows.size).astype(np.int64)
        own = self.phrases.own(sets, fixed, np.diff(each.segments[each.texts])[rows])
        touched = np.zeros(rows.size, np.bool_)
        touched[row[~counts]] = True
        return np.where(touched & (sets == NOTHING), KNOWN, sets), own


class Given(NamedTuple):
    """What the prompts of the sample carry.

    sets    uint64: `KNOWN` and `NOTHING` as in `Model.sets_of`
    own     bool: it is its account's own
    joined  bool: it has parts beside those of its set, and cannot be shown for it
    again   bool: it carries no part, and was sent again word for word
    """

    sets: Words
    own: Flags
    joined: Flags
    again: Flags


def nearest(
    held: Wordings, parts: Parts, each: Cut, hashes: Words, segment: Ints, index: Index
) -> Ints:
    """The part that each segment (by its hash, and its place) is, or is most alike; -1 for none."""
    at, inside = positions(held.lookup, hashes)
    part = np.full(segment.size, -1, np.int64)
    part[inside] = parts.of_wording[at[inside]]
    new = np.flatnonzero(~inside)
    bar = Bar(held.enough, LOOSELY)
    leader = joined(index, held.segments, each.words, each.segments, segment[new], bar)
    some = leader >= 0
    part[new[some]] = np.searchsorted(parts.leaders, leader[some])
    return part


def in_common(parts: Parts, part: Ints, words: Words, offsets: Ints) -> Ints:
    """How many words each segment has in common with its part's fixed ones, in their order."""
    flags = marked(parts.words, parts.offsets, part, words, offsets)
    there = np.concatenate([[0], np.cumsum(flags)])
    return there[offsets[1:]] - there[offsets[:-1]]


def known_parts(held: Wordings, parts: Parts, texts: Cut) -> Flags:
    """Parts whose fixed words are those of a segment of well-known texts."""
    out = np.zeros(parts.ids.size, np.bool_)
    if texts.words.size == 0:
        return out
    index = leading(held, parts, np.ones(parts.ids.size, np.bool_))
    segment = np.arange(texts.segments.size - 1)
    part = nearest(held, parts, texts, texts.wordings, segment, index)
    segment, part = segment[part >= 0], part[part >= 0]
    same = in_common(parts, part, *taken(texts.words, texts.segments, segment))
    out[part[(same >= SAME * parts.length[part]) & (same > 0)]] = True
    return out


@dataclass(frozen=True)
class _Met:
    """How many have each of the sets that prompts carry; `seen` are those that two have."""

    holders: Holders
    prompts: Ints
    seen: list[Counted] = field(default_factory=list)

    def of(self, hashes: Words) -> tuple[Ints, Floats]:
        """The number of each prompt's set, and how many have each set."""
        first, number, _ = distinct(hashes)
        return number, self.holders.of(self.prompts, number, first.size)

    def recurs(self, hashes: Words) -> Flags:
        """Whether two have each prompt's set."""
        number, held = self.of(hashes)
        flags = (held[number] > 1) & (hashes != NOTHING)
        self.seen.append(Counted.among(hashes[flags]))
        return flags

    def usual(self, hashes: Words) -> Ints:
        """How many prompts had each of some sets that two have, before anything was left out."""
        return self.seen[0].of(hashes)

    def lookup(self) -> Lookup:
        """The sets of which it was said that two have them."""
        return lookup(
            different(np.concatenate([_no_sets(), *(each.sets.hashes for each in self.seen)]))
        )


def model_of(
    found: Prompts, wordings: Wordings, parts: Parts, known: Flags, holders: Holders
) -> tuple[Model, Given]:
    """The model, and what each prompt in the sample carries."""
    rows, count = found.hashes.size, parts.ids.size
    prompt, part = once(wordings.prompt, parts.of_wording[wordings.wording])
    held = holders.of(prompt, part, count)
    touched = np.zeros(rows, np.bool_)
    touched[prompt[known[part]]] = True
    shared = (held[part] > 1) & ~known[part]
    prompt, part = prompt[shared], part[shared]
    prompt, part = capped(prompt, part, np.bincount(part, minlength=count)[part])
    bits = np.zeros(count)
    if holders.are_accounts:
        bits = unexplained(wordings, parts, np.flatnonzero((held > 1) & ~known))
    every = wordings.hashes.size
    used = usage(parts, prompt, part, held, every, accounts=holders.are_accounts)
    used = used._replace(strong=used.strong & ~spoken(prompt, part, bits, holders, rows))
    met = _Met(holders, np.arange(rows))
    fills = fillings(parts, carried(parts, used, prompt, part, rows), rows)
    used, stay = used.without(fills), ~fills[part]
    some = carried(parts, used, prompt[stay], part[stay], rows)
    options, some = options_of(parts, some, rows)
    some = recurring(parts, used, some, options.tells, rows, met.recurs, met.usual)
    # Requests say nothing of chance: whoever sends a template again may mean to.
    some, chance = _meant(parts, used, some, met) if holders.are_accounts else (some, _no_sets())
    number, of_set = met.of(set_hashes(parts, some, rows))
    fine = of_set[number] > 1
    some, strayed = stray(parts, some.where(fine[some.prompt]), options.tells, rows)
    some, joined = folded_in(parts, used, some, rows)
    some = some.where(~little(found, wordings, parts, some)[some.prompt])
    hashes = set_hashes(parts, some, rows)
    # A prompt without parts that was sent again, word for word, is a template by itself.
    again = (hashes == NOTHING) & ~touched & (holders.of(met.prompts, met.prompts, rows) > 1)
    given = np.where(again, scattered(found.hashes), hashes)
    weight = np.bincount(some.prompt, bits[some.part], minlength=rows)
    by = held_by(given, np.where(again, np.inf, weight), holders)
    telling = phrases(hashes, some, by, held, holders.everyone)
    own = telling.own(hashes, _fixed(wordings, parts, some, rows), found.sizes)
    own &= ~again | (found.sizes < PHRASE)
    own |= again & by.once
    sets = lookup(different(hashes[hashes != NOTHING]))
    model = Model(
        wordings,
        parts,
        known,
        used,
        options,
        met.lookup(),
        met.seen[0],
        lookup(chance),
        sets,
        telling,
    )
    given[touched & (given == NOTHING)] = KNOWN
    return model, Given(given, own, joined | strayed, again)


def _fixed(wordings: Wordings, parts: Parts, found: Carried, prompts: int) -> Ints:
    """How many words of each prompt are those that its parts have fixed."""
    part = parts.of_wording[wordings.wording]
    inside = among(wordings.prompt, part, found.prompt, found.part)
    some = np.flatnonzero(np.bincount(wordings.wording[inside]))
    same = np.zeros(wordings.hashes.size, np.int64)
    same[some] = in_common(
        parts, parts.of_wording[some], *taken(wordings.words, wordings.offsets, some)
    )
    words = same[wordings.wording[inside]]
    return np.bincount(wordings.prompt[inside], words, prompts).astype(np.int64)


def _meant(parts: Parts, used: Usage, found: Carried, met: _Met) -> tuple[Carried, Words]:
    """What is left of sets where chance is left out; and the sets that are chance, ascending."""
    sets = distinct(set_hashes(parts, found, met.prompts.size)).first.size
    around = company(found, parts.ids.size, met.prompts.size, sets, met.holders.of)
    seen = [_no_sets()]

    def by_chance(hashes: Words, some: Carried) -> Flags:
        flags = around.by_chance(some, *met.of(hashes))
        seen.append(different(hashes[flags]))
        return flags

    found = meant(parts, used, found, met.prompts.size, by_chance)
    return found, different(np.concatenate(seen))


def _no_sets() -> Words:
    return np.zeros(0, np.uint64)
