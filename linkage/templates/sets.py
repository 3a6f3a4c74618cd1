"""What a prompt carries: the set of its parts that are no chance, no filling and no small talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from linkage.kernels.incidence import Ints
from linkage.kernels.wordings import Flags
from linkage.kernels.words import Words
from linkage.templates.parts import OFTEN, TOGETHER, Floats, Parts, capped, pairs_within, scattered
from linkage.templates.sampling import NOTHING

TALK = 5  # fewer fixed words than these beside many templates are small talk: "Thanks!"
LOOSE = 0.1  # as long as less of it is with any one of them
MINOR = 0.2  # or as long as it is in less of what any of them is in: then it filled a slot
TIED = 0.5  # share of a light part's prompts with one other, to be a part of it ("Why?")
FILLING = 10  # a part that others are so many times as frequent as, is what filled their slot


class Usage(NamedTuple):
    """How parts are used.

    prompts     int64[P]: distinct prompts that have it
    strong      bool[P]: its fixed words are not expected to meet so often by chance
    pairs       int64, ascending: part * P + other, of parts that prompts have together
    together    int64: in how many
    """

    prompts: Ints
    strong: Flags
    pairs: Ints
    together: Ints


def usage(parts: Parts, prompt: Ints, part: Ints, holders: Floats, wordings: int) -> Usage:
    """Of the sample's (prompt, part) pairs; `holders` is how many accounts, or requests, have it.

    Of U segments, c agree by chance in words that weigh less than log2(U / c) + log2(e) bits,
    times c / (c - 1), since the first one is free.
    """
    count = parts.ids.size
    prompts = np.bincount(part, minlength=count)
    rare = np.log2(np.maximum(1.0, wordings / np.maximum(1.0, holders))) + np.log2(np.e)
    chance = rare * holders / np.maximum(1.0, holders - 1)
    strong = (holders > 1) & (parts.weight >= chance)
    anchor = strong & (parts.length >= TALK)
    here, there = pairs_within(prompt)
    wanted = anchor[part[there]] & _uncertain(parts, strong)[part[here]]
    keys, together = np.unique(part[here[wanted]] * count + part[there[wanted]], return_counts=True)
    return Usage(prompts, strong, keys, together)


def _uncertain(parts: Parts, strong: Flags) -> Flags:
    """Parts that need company to count: light ones, and short ones."""
    return ~strong | (parts.length < TALK)


class Carried(NamedTuple):
    """Pairs of a prompt and a part, ascending by prompt; `loose`: small talk, unless it is all."""

    prompt: Ints
    part: Ints
    loose: Flags

    def where(self, flags: Flags) -> Carried:
        """Some of the pairs."""
        return Carried(self.prompt[flags], self.part[flags], self.loose[flags])


def carried(parts: Parts, used: Usage, prompt: Ints, part: Ints, rows: int) -> Carried:
    """Of (prompt, part) pairs, those that the prompts carry."""
    count = parts.ids.size
    prompt, part = capped(prompt, part, used.prompts[part])
    seen = used.prompts[part]
    anchor = (used.strong & (parts.length >= TALK))[part]
    most = np.zeros(rows, np.int64)
    np.maximum.at(most, prompt[anchor], seen[anchor])
    filling = (seen < OFTEN) & (most[prompt] >= FILLING * seen)
    steady = _any(prompt, anchor & (seen >= OFTEN) & ~filling, rows)
    bound, weight = np.zeros(part.size), np.zeros(part.size)
    here, there = pairs_within(prompt)
    wanted = anchor[there] & _uncertain(parts, used.strong)[part[here]]
    here, there = here[wanted], there[wanted]
    if used.pairs.size:
        keys = part[here] * count + part[there]
        at = np.minimum(np.searchsorted(used.pairs, keys), used.pairs.size - 1)
        times = np.where(used.pairs[at] == keys, used.together[at], 0)
        np.maximum.at(bound, here, times / np.maximum(1, seen[here]))
        np.maximum.at(weight, here, times / np.maximum(1, seen[there]))
    loose = (parts.length[part] < TALK) & ((bound < LOOSE) | (weight < MINOR))
    tied = (bound >= TIED) & (seen >= OFTEN)
    some = _any(prompt, used.strong[part], rows)
    keep = (used.strong[part] | tied) & some[prompt] & ~filling & ~(loose & steady[prompt])
    return Carried(prompt, part, loose).where(keep)


def settled(
    parts: Parts, used: Usage, found: Carried, rows: int, known: Callable[[Words], Flags]
) -> tuple[Words, Carried]:
    """The set of each prompt, with its hash: what fewest prompts have is left out until the set
    is known; then small talk, where more has stayed."""
    hashes = set_hashes(parts, found, rows)
    for _ in range(TOGETHER):
        bad = (hashes != NOTHING) & ~known(hashes)
        if not bad.any():
            break
        found = found.where(~_weakest(parts, used, found, bad))
        hashes = set_hashes(parts, found, rows)
    more = _any(found.prompt, parts.length[found.part] >= TALK, rows)
    found = found.where(~found.loose | ~more[found.prompt])
    return set_hashes(parts, found, rows), found


def _any(prompt: Ints, flags: Flags, rows: int) -> Flags:
    out = np.zeros(rows, np.bool_)
    out[prompt[flags]] = True
    return out


def set_hashes(parts: Parts, found: Carried, rows: int) -> Words:
    """One hash of each prompt's parts, in whatever order; `NOTHING` for none."""
    out = np.zeros(rows, np.uint64)
    np.add.at(out, found.prompt, scattered(parts.ids[found.part]))
    return out


def _weakest(parts: Parts, used: Usage, found: Carried, bad: Flags) -> Flags:
    """The part of each bad prompt that fewest prompts have."""
    mine = np.flatnonzero(bad[found.prompt])
    part, prompt = found.part[mine], found.prompt[mine]
    order = np.lexsort([parts.ids[part], parts.weight[part], used.prompts[part], prompt])
    out = np.zeros(found.prompt.size, np.bool_)
    out[mine[order[np.flatnonzero(np.diff(prompt[order], prepend=-1))]]] = True
    return out
