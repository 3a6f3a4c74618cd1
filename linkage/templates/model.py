"""What says which template a text carries: made of the sample, asked about all texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.kernels.incidence import Ints
from linkage.kernels.wordings import Flags, Index, joined, taken
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut
from linkage.templates.holders import Holders, Places, positions
from linkage.templates.parts import LOOSELY, Parts, Wordings, capped, leading, scattered
from linkage.templates.sampling import NOTHING, Sample
from linkage.templates.sets import Carried, Usage, carried, settled, usage


class Model(NamedTuple):
    """The wordings of the sample, the parts that they are, and the sets that recur (ascending)."""

    wordings: Wordings
    parts: Parts
    used: Usage
    sets: Words

    def live(self) -> Flags:
        """Parts that more than one prompt has."""
        return self.used.prompts > 1

    def index_of(self) -> Index:
        """What texts that are not in the sample are held against."""
        return leading(self.wordings, self.parts, self.live())

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
        """The sets of some of the texts, which need not be in the sample."""
        segment, ends = taken(np.arange(each.segments.size - 1), each.texts, rows)
        row = np.repeat(np.arange(rows.size), np.diff(ends))
        at, inside = positions(self.wordings.hashes, each.wordings[segment])
        part = np.where(inside, self.parts.of_wording[at], -1)
        new = np.flatnonzero(~inside)
        words, offsets = taken(each.words, each.segments, segment[new])
        held = self.wordings
        leader = joined(
            index, held.words, held.bits, held.offsets, words, offsets, held.enough, LOOSELY
        )
        pattern = np.searchsorted(self.parts.leaders, leader)
        part[new] = np.where(leader >= 0, np.minimum(pattern, self.parts.leaders.size - 1), -1)
        return self.settle(row[part >= 0], part[part >= 0], rows.size)[0]


def model_of(
    found: Sample, wordings: Wordings, parts: Parts, holders: Holders
) -> tuple[Model, Words]:
    """The model, and the set of each prompt in the sample."""
    rows, count = found.hashes.size, parts.ids.size
    everyone = np.arange(rows)
    pairs = np.unique(wordings.prompt * max(1, count) + parts.of_wording[wordings.wording])
    prompt, part = np.divmod(pairs, max(1, count))
    held = holders.of(prompt, part, count)
    shared = held[part] > 1
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
    again = (hashes == NOTHING) & (holders.of(everyone, everyone, rows) > 1)
    return Model(wordings, parts, used, sets), np.where(again, scattered(found.hashes), hashes)
