"""Which prompts count as their account's own, although they have a phrase in common with others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import (
    Lookup,
    different,
    distinct,
    lookup,
    pairs_within,
    positions,
)
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words
from linkage.templates.holders import Holders
from linkage.templates.parts import Floats
from linkage.templates.sampling import NOTHING
from linkage.templates.sets import Carried

PHRASE = 8  # words that are fixed, at least: people come upon shorter ones by themselves
MOST = 0.5  # of what is common, so large a share of the words
MUCH = 12  # or so many, however long the rest is
RARE = 0.01  # share of all accounts that has it at most
THIN = 4  # a part that so many times as many have in other sets
FEW, SEVERAL = 5, 15  # accounts that have it, at least, if hardly anyone uses it again
AGAIN = 0.2  # share of those who have it that does, at least, and two do
SURE = 7  # bits beyond one for each doubling of the prompts: one in a hundred is said by chance


class Phrases(NamedTuple):
    """Sets that tell little of those who have them.

    common  more than `RARE` of all have them
    thin    one part alone, which most of those who have it have beside others: that few have the
            set would make it seem rarer than it is
    once    hardly anyone uses them again, and few have them or language explains them: who has a
            template uses it again; what people come upon by chance, or copy, they say once
    """

    common: Lookup
    thin: Lookup
    once: Lookup

    def own(self, sets: Words, fixed: Ints, words: Ints) -> Flags:
        """Which prompts, of so many words, so many of them fixed, are their account's own."""
        little = (fixed < MUCH) & (fixed < MOST * words) & positions(self.common, sets)[1]
        found = positions(self.thin, sets)[1] | positions(self.once, sets)[1]
        return (fixed < PHRASE) | little | found | (sets == NOTHING)


class Held(NamedTuple):
    """Of each prompt's set: how many accounts have it; whether language explains it; and how many
    of the accounts use it again: in another request, or, if they are not very few, by having
    another set in common with somebody who has this one, too; who has a single request cannot, and
    counts only if they are very few, or if language explains the set."""

    holders: Floats
    light: Flags
    able: Floats
    again: Floats

    @property
    def once(self) -> Flags:
        """Hardly anyone uses it again, and few have it, or language explains it."""
        strict = self.light | (self.holders < FEW)
        able = np.where(strict, self.holders, self.able)
        rarely = self.again < np.maximum(np.minimum(2, able), AGAIN * able)
        return rarely & (self.light | (self.holders < SEVERAL))


def held_by(sets: Words, bits: Floats, holders: Holders) -> Held:
    """Of each prompt's set, of which so many bits are not explained; without accounts, each request
    is one that uses it again."""
    light = bits < SURE + np.log2(max(1, sets.size))
    first, number, _ = distinct(sets)
    of_set = holders.of(np.arange(sets.size), number, first.size)
    if not holders.are_accounts:
        return Held(of_set[number], light, of_set[number], of_set[number])
    some = np.flatnonzero((sets != NOTHING) & (of_set[number] > 1))
    shares = holders.each(some, number[some])
    again = shares.requests > 1
    held = of_set[shares.item]
    few = np.flatnonzero((held >= FEW) & (held < SEVERAL) & ~light[first[shares.item]])
    again[few] |= _acquainted(shares.item[few], shares.account[few], holders.everyone)
    able = np.bincount(shares.item[shares.able], minlength=first.size).astype(np.float64)
    used = np.bincount(shares.item[again], minlength=first.size).astype(np.float64)
    return Held(of_set[number], light, able[number], used[number])


def _acquainted(item: Ints, account: Ints, accounts: int) -> Flags:
    """Which of the accounts that have an item (ascending) have another one in common with somebody
    who has it."""
    here, there = pairs_within(item)
    _, pair, times = distinct((account[here] * accounts + account[there]).astype(np.uint64))
    out = np.zeros(item.size, np.bool_)
    out[here[times[pair] > 1]] = True
    return out


def spoken(prompt: Ints, part: Ints, bits: Floats, holders: Holders, rows: int) -> Flags:
    """Which parts, of (prompt, part) pairs of so many prompts, are language: it explains them, but
    for some bits, and hardly anyone uses them again."""
    if not holders.are_accounts:
        return np.zeros(bits.size, np.bool_)
    shares = holders.each(prompt, part)
    again = np.bincount(shares.item[shares.requests > 1], minlength=bits.size)
    held = np.bincount(shares.item, minlength=bits.size)
    return (bits < SURE + np.log2(max(1, rows))) & (again < np.maximum(2, AGAIN * held))


def phrases(sets: Words, held: Carried, of_set: Held, of_part: Floats, everyone: int) -> Phrases:
    """Of the sample's prompts' sets, and what is in them; `of_part` is how many have a part, of
    `everyone`."""
    one = np.bincount(held.prompt, minlength=sets.size) == 1
    wider = np.zeros(sets.size)
    wider[held.prompt] = of_part[held.part]
    common = np.where(one, wider, of_set.holders) > RARE * everyone
    thin = one & (wider > THIN * of_set.holders)
    return Phrases(
        lookup(different(sets[common])),
        lookup(different(sets[thin])),
        lookup(different(sets[of_set.once])),
    )
