"""What says which template a text carries: made of the sample, asked about all texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.kernels.incidence import Ints
from linkage.kernels.wordings import Flags, Index, joined, marked, taken
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut
from linkage.templates.holders import Holders, Places, positions
from linkage.templates.parts import LOOSELY, Parts, Wordings, capped, leading, scattered
from linkage.templates.sampling import NOTHING, Sample
from linkage.templates.sets import Carried, Usage, carried, settled, usage

KNOWN = np.uint64(1)  # stands for a set of well-known parts alone
SAME = 0.8  # of a part's fixed words, so many are in a well-known text, to be a part of it


class Model(NamedTuple):
    """The wordings of the sample, the parts that they are, which of these are well known, and the
    sets that recur (ascending)."""

    wordings: Wordings
    parts: Parts
    known: Flags
    used: Usage
    sets: Words

    def live(self) -> Flags:
        """Parts that more than one prompt has, and that count."""
        return self.used.prompts > 1

    def index_of(self) -> Index:
        """What texts that are not in the sample are held against."""
        return leading(self.wordings, self.parts, self.live() | self.known)

    def settle(self, row: Ints, part: Ints, rows: int) -> tuple[Words, Carried]:
        """The set of each row, `NOTHING` if it is none that recurs; and what is in it."""
        size = max(1, self.parts.ids.size)
        pairs = np.unique((row * size + part)[self.live()[part]])
        once = carried(self.parts, self.used, *np.divmod(pairs, size), rows)
        hashes, found = settled(self.parts, self.used, once, rows, self._recurs)
        fine = self._recurs(hashes)
        return np.where(fine, hashes, NOTHING), found.where(fine[found.prompt])

    def _recurs(self, hashes: Words) -> Flags:
        return positions(self.sets, hashes)[1]

    def sets_of(self, each: Cut, rows: Places, index: Index) -> Words:
        """The sets of some of the texts, which need not be in the sample; `KNOWN` for those that
        have well-known parts and nothing else that recurs."""
        segment, ends = taken(np.arange(each.segments.size - 1), each.texts, rows)
        row = np.repeat(np.arange(rows.size), np.diff(ends))
        part = nearest(self.wordings, self.parts, each, segment, index)
        found = part >= 0
        row, part = row[found], part[found]
        counts = ~self.known[part]
        sets = self.settle(row[counts], part[counts], rows.size)[0]
        touched = np.zeros(rows.size, np.bool_)
        touched[row[~counts]] = True
        return np.where(touched & (sets == NOTHING), KNOWN, sets)


def nearest(held: Wordings, parts: Parts, each: Cut, segment: Ints, index: Index) -> Ints:
    """The part that each segment of a text is, or is most alike; -1 for none."""
    at, inside = positions(held.hashes, each.wordings[segment])
    part = np.full(segment.size, -1, np.int64)
    part[inside] = parts.of_wording[at[inside]]
    new = np.flatnonzero(~inside)
    words, offsets = taken(each.words, each.segments, segment[new])
    leader = joined(
        index, held.words, held.bits, held.offsets, words, offsets, held.enough, LOOSELY
    )
    some = leader >= 0
    part[new[some]] = np.searchsorted(parts.leaders, leader[some])
    return part


def known_parts(held: Wordings, parts: Parts, texts: Cut) -> Flags:
    """Parts whose fixed words are those of a segment of well-known texts."""
    out = np.zeros(parts.ids.size, np.bool_)
    index = leading(held, parts, np.ones(parts.ids.size, np.bool_))
    segment = np.arange(texts.segments.size - 1)
    part = nearest(held, parts, texts, segment, index)
    segment, part = segment[part >= 0], part[part >= 0]
    fixed, ends = taken(parts.words, parts.offsets, part)
    words, offsets = taken(texts.words, texts.segments, segment)
    there = np.concatenate([[0], np.cumsum(marked(fixed, ends, words, offsets))])
    same = there[offsets[1:]] - there[offsets[:-1]]
    out[part[(same >= SAME * parts.length[part]) & (same > 0)]] = True
    return out


def model_of(
    found: Sample, wordings: Wordings, parts: Parts, known: Flags, holders: Holders
) -> tuple[Model, Words]:
    """The model, and the set of each prompt in the sample; `KNOWN` as in `Model.sets_of`."""
    rows, count = found.hashes.size, parts.ids.size
    everyone = np.arange(rows)
    pairs = np.unique(wordings.prompt * max(1, count) + parts.of_wording[wordings.wording])
    prompt, part = np.divmod(pairs, max(1, count))
    held = holders.of(prompt, part, count)
    touched = np.zeros(rows, np.bool_)
    touched[prompt[known[part]]] = True
    shared = (held[part] > 1) & ~known[part]
    prompt, part = prompt[shared], part[shared]
    prompt, part = capped(prompt, part, np.bincount(part, minlength=count)[part])
    used = usage(parts, prompt, part, held, wordings.hashes.size)

    def recurs(hashes: Words) -> Flags:
        sets, number = np.unique(hashes, return_inverse=True)
        return holders.of(everyone, number, sets.size)[number] > 1

    once = carried(parts, used, prompt, part, rows)
    hashes, _ = settled(parts, used, once, rows, recurs)
    hashes = np.where(recurs(hashes), hashes, NOTHING)
    sets = np.unique(hashes[hashes != NOTHING])
    # A prompt without parts that was sent again, word for word, is a template by itself.
    again = (hashes == NOTHING) & ~touched & (holders.of(everyone, everyone, rows) > 1)
    hashes = np.where(touched & (hashes == NOTHING), KNOWN, hashes)
    model = Model(wordings, parts, known, used, sets)
    return model, np.where(again, scattered(found.hashes), hashes)
