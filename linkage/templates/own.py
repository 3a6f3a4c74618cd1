"""Which prompts count as their account's own, although they have a phrase in common with others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import Lookup, different, lookup, positions
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words
from linkage.templates.parts import Floats
from linkage.templates.sampling import NOTHING
from linkage.templates.sets import Carried

PHRASE = 8  # words that are fixed, at least: people come upon shorter ones by themselves
MOST = 0.5  # of what is common, so large a share of the words
MUCH = 12  # or so many, however long the rest is
RARE = 0.01  # share of all accounts that has it at most
THIN = 4  # a part that so many times as many have in other sets


class Phrases(NamedTuple):
    """Sets that tell little of those who have them.

    common  more than `RARE` of all have them
    thin    one part alone, which most of those who have it have beside others: that few have the
            set would make it seem rarer than it is
    """

    common: Lookup
    thin: Lookup

    def own(self, sets: Words, fixed: Ints, words: Ints) -> Flags:
        """Which prompts, of so many words, so many of them fixed, are their account's own."""
        little = (fixed < MUCH) & (fixed < MOST * words) & positions(self.common, sets)[1]
        return (fixed < PHRASE) | little | positions(self.thin, sets)[1] | (sets == NOTHING)


def phrases(sets: Words, held: Carried, of_set: Floats, of_part: Floats, everyone: int) -> Phrases:
    """Of the sets of the sample's prompts, and what is in them; `of_set` is how many have each
    prompt's set, `of_part` how many have a part, of `everyone`."""
    one = np.bincount(held.prompt, minlength=sets.size) == 1
    wider = np.zeros(sets.size)
    wider[held.prompt] = of_part[held.part]
    common = np.where(one, wider, of_set) > RARE * everyone
    thin = one & (wider > THIN * of_set)
    return Phrases(lookup(different(sets[common])), lookup(different(sets[thin])))
