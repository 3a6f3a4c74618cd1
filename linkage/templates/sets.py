"""What a prompt carries: the set of its parts that are no chance, no filling and no small talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import Lookup, added, distinct, lookup, pairs_within, positions
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words
from linkage.templates.parts import OFTEN, TOGETHER, Floats, Parts, capped, scattered
from linkage.templates.sampling import NOTHING

TALK = 5  # fewer fixed words than these beside many templates are small talk: "Thanks!"
FILLED = 20  # or one word less around slots with so many fillings, where accounts are not known
LOOSE = 0.1  # as long as less of it is with any one of them
MINOR = 0.2  # or as long as it is in less of what any of them is in: then it filled a slot
TIED = 0.5  # share of a light part's prompts with one other, to be a part of it ("Why?")
MUTUAL = 0.8  # share of the prompts of two light parts that have both, to be of one template
SORTS = 8  # two parts are tied if together so many times as often as by chance, or more
SURE = 7  # bits beyond one for each doubling of what is asked: one error in a hundred minings
MANY = 10  # prompts that have a set by themselves
LIGHTER = 0.3  # of a set's weight, so much is light
FILLING = 10  # a part that others are so many times as frequent as, is what filled their slot


Order = Callable[[Ints], tuple[Words, Floats, Ints]]  # parts to their rates, the last one first


class Usage(NamedTuple):
    """How parts are used.

    prompts     int64[P]: distinct prompts that have it
    strong      bool[P]: its fixed words are not expected to meet so often by chance
    short       bool[P]: so few that beside many templates they may be small talk
    pairs       int64, ascending: part * P + other, of parts that prompts have together
    together    int64: in how many
    """

    prompts: Ints
    strong: Flags
    short: Flags
    pairs: Ints
    together: Ints

    def without(self, parts: Flags) -> Usage:
        """As if no prompt had some of the parts."""
        return self._replace(prompts=np.where(parts, 0, self.prompts))


def usage(
    parts: Parts, prompt: Ints, part: Ints, holders: Floats, wordings: int, *, accounts: bool
) -> Usage:
    """Of the sample's (prompt, part) pairs; `holders` is how many have it, `accounts` or requests:
    people come upon a few words by themselves, whatever stands between them.

    Of U segments, c agree by chance in words that weigh less than log2(U / c) + log2(e) bits,
    times c / (c - 1), since the first one is free.
    """
    count = parts.ids.size
    prompts = np.bincount(part, minlength=count)
    rare = np.log2(np.maximum(1.0, wordings / np.maximum(1.0, holders))) + np.log2(np.e)
    chance = rare * holders / np.maximum(1.0, holders - 1)
    strong = (holders > 1) & (parts.weight >= chance)
    filled = (np.bincount(parts.of_wording, minlength=count) >= FILLED) & (not accounts)
    short = parts.length < np.where(filled, TALK - 1, TALK)
    here, there = pairs_within(prompt)
    wanted = (~strong | short)[part[here]]
    keys = part[here[wanted]] * count + part[there[wanted]]
    first, _, together = distinct(keys.astype(np.uint64))
    return Usage(prompts, strong, short, keys[first], together)


class Carried(NamedTuple):
    """Pairs of a prompt and a part, ascending by prompt; `loose`: small talk, unless it is all."""

    prompt: Ints
    part: Ints
    loose: Flags

    def where(self, flags: Flags) -> Carried:
        """Some of the pairs."""
        return Carried(self.prompt[flags], self.part[flags], self.loose[flags])


class Company(NamedTuple):
    """Which parts prompts have together, and whether more often than chance would have it.

    prompts     int64[P]: prompts that have the part
    pairs       int64, ascending: part * P + other, each pair both ways
    together    int64: in how many prompts
    tied        bool: they are together far more often than they would be by chance
    sets        how many different sets prompts have
    """

    prompts: Ints
    pairs: Ints
    together: Ints
    tied: Flags
    sets: int

    def by_chance(self, found: Carried, which: Ints, holders: Floats) -> Flags:
        """Whether it may be chance that a prompt's parts are together, though two have the set:
        `which` of those that have so many holders each.

        It is not if each part is tied to a rarer one, or is in half of the prompts that have it
        (few more have that alone than have both); nor if the set is met more often than it
        would be if each part came with one that is rarer, whichever brings it most often, and had
        nothing to do with the others (a tree of dependences, as in Chow and Liu).
        """
        order = np.lexsort([found.part, self.prompts[found.part], found.prompt])
        prompt, part = found.prompt[order], found.part[order]
        here, there = pairs_within(prompt)
        here, there = here[there < here], there[there < here]
        at = np.searchsorted(self.pairs, part[here] * self.prompts.size + part[there])
        brought, tied = np.zeros(part.size), np.zeros(part.size, np.bool_)
        np.maximum.at(brought, here, self.together[at] / self.prompts[part[there]])
        np.logical_or.at(tied, here, self.tied[at])
        tied |= brought >= TIED
        first = np.diff(prompt, prepend=-1) > 0
        brought[first], tied[first] = self.prompts[part[first]], True
        loose = np.zeros(which.size, np.bool_)
        loose[prompt[~tied]] = True
        expected = np.bincount(prompt, np.log2(np.maximum(brought, 2.0**-60)), which.size)
        seen = np.bincount(which)
        surprise = _surprise(np.log2(seen[which]) - expected, holders[which])
        return loose & (surprise < SURE + np.log2(max(1, self.sets)))


def company(
    found: Carried, parts: int, rows: int, sets: int, holders: Callable[..., Floats]
) -> Company:
    """Of what prompts carry, which are so many different `sets`; `holders` says how many have each
    of (prompt, item) pairs.

    By chance, parts are dealt to prompts, each as often as it is used, and to each prompt as many
    as it has (the configuration model, as in Newman's modularity). Prompts of one sort have parts
    in common that others lack: only beyond `SORTS` times chance are two parts tied.
    """
    prompts = np.bincount(found.part, minlength=parts)
    size = np.bincount(found.prompt, minlength=rows)
    here, there = pairs_within(found.prompt)
    every = found.part[here] * parts + found.part[there]
    first, number, together = distinct(every.astype(np.uint64))
    keys = every[first]
    one, other = np.divmod(keys, max(1, parts))
    ways = max(1, int((size * (size - 1)).sum())) / max(1, found.part.size) ** 2
    more = np.log2(together / (prompts[one] * prompts[other] * ways * SORTS))
    held = holders(found.prompt[here], number, keys.size)
    tied = _surprise(more, held) >= SURE + np.log2(max(1, keys.size))
    return Company(prompts, keys, together, tied, sets)


def _surprise(more: Floats, holders: Floats) -> Floats:
    """Bits for so many holders where 2^more are seen for each that chance explains (the logarithm
    of the ratio of Poisson likelihoods, as in Dunning)."""
    more = np.maximum(0.0, more)
    return holders * (more - (1 - 2.0**-more) * np.log2(np.e))


def carried(parts: Parts, used: Usage, prompt: Ints, part: Ints, rows: int) -> Carried:
    """Of (prompt, part) pairs, those that the prompts carry."""
    count = parts.ids.size
    prompt, part = capped(prompt, part, used.prompts[part])
    seen = used.prompts[part]
    strong, short = used.strong[part], used.short[part]
    anchor = strong & ~short
    most = np.zeros(rows, np.int64)
    np.maximum.at(most, prompt[anchor], seen[anchor])
    filling = (seen < OFTEN) & (most[prompt] >= FILLING * seen)
    steady = _any(prompt, anchor & (seen >= OFTEN) & ~filling, rows)
    bound, weight = np.zeros(part.size), np.zeros(part.size)
    here, there = pairs_within(prompt)
    wanted = ~anchor[here]
    here, there = here[wanted], there[wanted]
    mutual = np.zeros(part.size)
    if used.pairs.size:
        keys = part[here] * count + part[there]
        at = np.minimum(np.searchsorted(used.pairs, keys), used.pairs.size - 1)
        times = np.where(used.pairs[at] == keys, used.together[at], 0)
        np.maximum.at(mutual, here, times / np.maximum(1, np.maximum(seen[here], seen[there])))
        sure = anchor[there]
        here, there, times = here[sure], there[sure], times[sure]
        np.maximum.at(bound, here, times / np.maximum(1, seen[here]))
        np.maximum.at(weight, here, times / np.maximum(1, seen[there]))
    loose = short & ((bound < LOOSE) | (weight < MINOR))
    tied = (bound >= TIED) & (seen >= OFTEN)
    mutually = (mutual >= MUTUAL) & (seen >= OFTEN)
    tied, loose = tied | mutually, loose & ~mutually
    some = _any(prompt, strong, rows)
    keep = (strong | tied) & some[prompt] & ~filling & ~(loose & steady[prompt])
    return Carried(prompt, part, loose).where(keep)


def recurring(
    parts: Parts,
    used: Usage,
    found: Carried,
    tells: Flags,
    rows: int,
    recurs: Callable[[Words], Flags],
    usual: Callable[[Words], Ints],
) -> Carried:
    """What fewest prompts have is left out until the set is one that recurs; but first one part
    without which it is a set that many have by themselves, or that some have, if the part is light
    and tells no templates apart; or any one, if nobody has by themselves what stays otherwise. Then
    small talk, where more has stayed. `usual` is how many have each of some sets by themselves."""
    before, hashes = found, set_hashes(parts, found, rows)
    bad = (hashes != NOTHING) & ~recurs(hashes)
    one, most = _without_one(parts, found, hashes, bad, usual)
    for _ in range(TOGETHER):
        if not bad.any():
            break
        near = np.flatnonzero(bad[found.prompt])
        times = usual(without_one(parts, found.where(bad[found.prompt]), hashes))
        fine = light(parts, found, rows)[near] & ~tells[found.part[near]] & (times > 0)
        near = near[fine | (times >= MANY)]
        found = found.where(~lightest(parts, found, near, bad, rarest(parts, used)))
        hashes = set_hashes(parts, found, rows)
        bad = (hashes != NOTHING) & ~recurs(hashes)
    better = (most > 0) & (usual(hashes) == 0)
    found = _either(before.where(better[before.prompt] & ~one), found.where(~better[found.prompt]))
    more = _any(found.prompt, ~used.short[found.part], rows)
    return found.where(~found.loose | ~more[found.prompt])


def _either(one: Carried, other: Carried) -> Carried:
    """What some prompts have, and what others have."""
    prompt = np.concatenate([one.prompt, other.prompt])
    order = np.argsort(prompt, kind="stable")
    return Carried(
        prompt[order],
        np.concatenate([one.part, other.part])[order],
        np.concatenate([one.loose, other.loose])[order],
    )


def _without_one(
    parts: Parts, found: Carried, hashes: Words, bad: Flags, usual: Callable[[Words], Ints]
) -> tuple[Flags, Ints]:
    """The pair of each bad prompt without which its set is one that most have by themselves; and
    how many, 0 if nobody has."""
    out, most = np.zeros(found.prompt.size, np.bool_), np.zeros(bad.size, np.int64)
    mine, some = np.flatnonzero(bad[found.prompt]), found.where(bad[found.prompt])
    prompt, ids = some.prompt, parts.ids[some.part]
    times = usual(without_one(parts, some, hashes))
    order = np.lexsort([ids, -times, prompt])
    first = order[np.flatnonzero(np.diff(prompt[order], prepend=-1))]
    out[mine[first]], most[prompt[first]] = True, times[first]
    return out, most


def without_one(parts: Parts, found: Carried, hashes: Words) -> Words:
    """Of each pair, the hash of its prompt's set without its part."""
    return hashes[found.prompt] - scattered(parts.ids[found.part])


def light(parts: Parts, found: Carried, rows: int) -> Flags:
    """Which pairs' parts weigh little beside the rest of their prompts' sets."""
    whole = np.bincount(found.prompt, parts.weight[found.part], rows)
    return parts.weight[found.part] <= LIGHTER * whole[found.prompt]


def lightest(parts: Parts, found: Carried, near: Ints, bad: Flags, order: Order) -> Flags:
    """Of each bad prompt, the lightest of the pairs that are `near`; where it has none of these,
    the pair whose part comes first in an order."""
    some, close = np.zeros(found.prompt.size, np.bool_), np.zeros(bad.size, np.bool_)
    some[near], close[found.prompt[near]] = True, True
    out = first_of(found, bad & ~close, order)
    out[near] |= first_of(found.where(some), close, least(parts))
    return out


class Counted(NamedTuple):
    """Different sets, by their hashes, and how many prompts have each."""

    sets: Lookup
    times: Ints

    @classmethod
    def among(cls, hashes: Words) -> Counted:
        """Of the sets of prompts."""
        first, _, times = distinct(hashes)
        return cls(lookup(hashes[first]), times)

    def of(self, hashes: Words) -> Ints:
        """How many have each of some sets."""
        at, inside = positions(self.sets, hashes)
        return np.where(inside, np.append(self.times, 0)[at], 0)


def meant(
    parts: Parts,
    used: Usage,
    found: Carried,
    rows: int,
    by_chance: Callable[[Words, Carried], Flags],
) -> Carried:
    """What most prompts have is left out where it is only chance that it is with the rest. The
    larger sets first, so that each is judged with all that has come down to it."""
    for size in range(int(np.bincount(found.prompt, minlength=1).max()), 1, -1):
        bad = np.bincount(found.prompt, minlength=rows) == size
        if not bad.any():
            continue
        some = found.where(bad[found.prompt])
        bad &= by_chance(set_hashes(parts, some, rows), some)
        found = found.where(~first_of(found, bad, _commonest(parts, used)))
    return found


def _any(prompt: Ints, flags: Flags, rows: int) -> Flags:
    out = np.zeros(rows, np.bool_)
    out[prompt[flags]] = True
    return out


def set_hashes(parts: Parts, found: Carried, rows: int) -> Words:
    """One hash of each prompt's parts, in whatever order; `NOTHING` for none."""
    return added(found.prompt, scattered(parts.ids[found.part]), rows)


def rarest(parts: Parts, used: Usage) -> Order:
    """What fewest prompts have first; of equals, the light ones."""
    return lambda part: (parts.ids[part], parts.weight[part], used.prompts[part])


def least(parts: Parts) -> Order:
    """What is lightest first."""
    return lambda part: (parts.ids[part], parts.weight[part], np.zeros(part.size, np.int64))


def _commonest(parts: Parts, used: Usage) -> Order:
    """What most prompts have first; of equals, the light ones."""
    return lambda part: (parts.ids[part], parts.weight[part], -used.prompts[part])


def first_of(found: Carried, bad: Flags, order: Order) -> Flags:
    """Of each bad prompt, the pair whose part comes first in an order."""
    mine = np.flatnonzero(bad[found.prompt])
    mine = mine[np.lexsort([*order(found.part[mine]), found.prompt[mine]])]
    out = np.zeros(found.prompt.size, np.bool_)
    out[mine[np.flatnonzero(np.diff(found.prompt[mine], prepend=-1))]] = True
    return out
