"""What a template may have or not, left out of what prompts carry; and what they lack, put in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import (
    Lookup,
    added,
    among,
    distinct,
    lookup,
    once,
    positions,
    spread,
    taken,
)
from linkage.kernels.incidence import Ints
from linkage.kernels.options import (
    ALONE,
    BELONGS,
    CORE,
    FREE,
    TURNS,
    UNKNOWN,
    Sets,
    Usual,
    cores,
    lacking,
)
from linkage.kernels.words import Words
from linkage.templates.parts import OFTEN, Parts, scattered
from linkage.templates.sets import Carried, set_hashes

MOSTLY = 0.75  # of the prompts where a part comes and goes, or takes turns: then it comes and goes


class Options(NamedTuple):
    """What the sample's prompts say of parts.

    usual   which are together
    fine    bool[P]: it comes and goes, whatever else is there
    tells   bool[P]: something else takes turns with it: it tells templates apart
    before, after   sets that the sample has, and what is left of each
    """

    usual: Usual
    fine: Flags
    tells: Flags
    before: Lookup
    after: Sets


class _Several(NamedTuple):
    """The different sets that prompts carry, ascending by hash: their parts, in how many prompts
    each is, and the number of each prompt's."""

    hashes: Words
    sets: Sets
    times: Ints
    number: Ints


def _several(parts: Parts, found: Carried, rows: int) -> _Several:
    hashes = set_hashes(parts, found, rows)
    each = distinct(hashes)
    one = np.zeros(rows, np.bool_)
    one[each.first] = True
    some = one[found.prompt]
    order = np.lexsort([found.part[some], each.number[found.prompt[some]]])
    number = each.number[found.prompt[some]][order]
    part, offsets = spread(number, found.part[some][order], each.first.size)
    return _Several(hashes[each.first], Sets(offsets, part), each.times, each.number)


def options_of(parts: Parts, found: Carried, rows: int) -> tuple[Options, Carried]:
    """Of what the sample's prompts carry; and what is left of it, as by `cored`."""
    count = parts.ids.size
    part, offsets = spread(found.prompt, found.part, rows)
    prompt, ends = spread(found.part, found.prompt, count)
    signs = added(found.part, scattered(found.prompt.astype(np.uint64)), count)
    same = distinct(signs)
    some = max(1, int(np.count_nonzero(np.diff(offsets))))
    usual = Usual(
        Sets(offsets, part), Sets(ends, prompt), parts.weight, 1 / same.times[same.number], some
    )
    each, none = _several(parts, found, rows), np.zeros(count, np.bool_)
    how = cores(usual, each.sets, none)
    times = np.repeat(each.times, np.diff(each.sets.offsets))
    free = np.bincount(each.sets.held, times * (how == FREE), count)
    turns = np.bincount(each.sets.held, times * (how == TURNS), count)
    fine = (free >= MOSTLY * (free + turns)) & (free >= OFTEN)
    tells = (turns > 0) & (free < MOSTLY * (free + turns))
    after = _cores(usual, fine, each.sets)
    options = Options(usual, fine, tells, lookup(each.hashes), after)
    return options, _left(options, each, found, rows)


def _cores(usual: Usual, fine: Flags, sets: Sets) -> Sets:
    """What is left of sets, with what they lack."""
    how = cores(usual, sets, fine)
    keep = (how == BELONGS) | (how == CORE) | (how == ALONE) | ~fine[sets.held]
    # What is not known to belong there says nothing of what is lacking.
    return _with_lacking(
        usual, sets, keep & (how != UNKNOWN) & (how != ALONE) & (how != FREE), keep
    )


def _others(options: Options, held: Ints, offsets: Ints) -> Sets:
    """The same of sets that the sample does not have, more cheaply: all that comes and goes is left
    out, and what nearly all others have is put in again."""
    keep = ~options.fine[held]
    some = np.add.reduceat(keep, offsets[:-1], dtype=np.int64) if held.size else offsets[1:]
    keep |= np.repeat(some == 0, np.diff(offsets))
    return _with_lacking(options.usual, Sets(offsets, held), keep, keep)


def _with_lacking(usual: Usual, sets: Sets, sure: Flags, keep: Flags) -> Sets:
    """What is kept of sets, and what nearly all prompts have that carry what is sure of them."""
    count = sets.offsets.size - 1
    owner = np.repeat(np.arange(count), np.diff(sets.offsets))
    part, offsets = spread(owner[sure], sets.held[sure], count)
    more = lacking(usual, Sets(offsets, part))
    owner = np.concatenate([owner[keep], np.repeat(np.arange(count), np.diff(more.offsets))])
    part = np.concatenate([sets.held[keep], more.held])
    order = np.argsort(owner, kind="stable")
    owner, part = once(owner[order], part[order])
    part, offsets = spread(owner, part, count)
    return Sets(offsets, part)


def cored(parts: Parts, options: Options, found: Carried, rows: int) -> Carried:
    """What prompts carry, without what may be there or not, and with what nearly all others have
    that carry the rest."""
    return _left(options, _several(parts, found, rows), found, rows)


def _left(options: Options, each: _Several, found: Carried, rows: int) -> Carried:
    """The same, where the sets are known."""
    at, inside = positions(options.before, each.hashes)
    new = np.flatnonzero(~inside)
    made = _others(options, *taken(each.sets.held, each.sets.offsets, new))
    kept, ends = taken(options.after.held, options.after.offsets, at[inside])
    sizes = np.empty(each.times.size, np.int64)
    sizes[inside], sizes[new] = np.diff(ends), np.diff(made.offsets)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    part = np.empty(offsets[-1], np.int64)
    old = np.repeat(inside, sizes)
    part[old], part[~old] = kept, made.held
    part, ends = taken(part, offsets, each.number)
    prompt = np.repeat(np.arange(rows), np.diff(ends))
    loose = among(prompt, part, found.prompt[found.loose], found.part[found.loose])
    return Carried(prompt, part, loose)
