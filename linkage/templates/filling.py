"""Parts that fill a slot of others; sets that say hardly anything.

Prompts that carry the same parts but for one show what that one is: where most have something else,
or nothing, it fills a slot; where most have one of a few, these are different templates.
"""

from __future__ import annotations

import numpy as np

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import added, among, distinct, folded, lookup, positions, taken
from linkage.kernels.incidence import Ints
from linkage.templates.parts import OFTEN, TOGETHER, Parts, Wordings, scattered
from linkage.templates.sampling import NOTHING, Prompts
from linkage.templates.sets import (
    Carried,
    Counted,
    Usage,
    first_of,
    least,
    light,
    lightest,
    rarest,
    set_hashes,
    without_one,
)

OPEN = 0.5  # of those that have the others, so many have nothing else there, or what is rare
SHARE = 0.3  # so many at most have what fills the slot
MOSTLY, EVER = 0.3, 0.1  # share of a part's prompts where it fills one: of such with others; of all
HOST = 6  # times as many have the others as have what outweighs them, and yet fills their slot
PHRASE, OFTENER = 6, 30  # what has more words, and is in so many prompts, is a task: no filling
TURNS = 4  # after which what is left is seldom beside more of these
SELDOM = 3  # prompts, hardly anyone's
MANY = 10  # prompts with the same template but for a text that was sent twice
WORDS, THIN = 2, 0.15  # fixed words that are no template, in prompts of which they are little
FEW, LITTLE = 8, 0.25  # or if they mostly stand at neither end of the prompts
ENDS = 0.8


def fillings(parts: Parts, found: Carried, rows: int) -> Flags:
    """Parts that are fillings: light ones first, then whole texts that are used again."""
    out = np.zeros(parts.ids.size, np.bool_)
    for heavy in (False, True):
        for _ in range(TURNS):
            more = _filling(parts, found, rows, heavy)
            if not more.any():
                break
            out |= more
            found = found.where(~more[found.part])
    return out


def _filling(parts: Parts, found: Carried, rows: int, heavy: bool) -> Flags:
    """Of parts that the very same prompts have, all are fillings or none."""
    hashes = set_hashes(parts, found, rows)
    sets = distinct(hashes)
    count = parts.ids.size
    signs = added(found.part, scattered(found.prompt.astype(np.uint64)), count)
    used = np.bincount(found.part, minlength=count)
    some = np.flatnonzero(used)
    bundle = np.zeros(count, np.int64)
    bundle[some] = distinct(signs[some]).number
    # Pairs of a set, by one of its prompts, and a bundle.
    one = np.zeros(rows, np.bool_)
    one[sets.first] = True
    prompt, part = found.prompt[one[found.prompt]], found.part[one[found.prompt]]
    pair = distinct((sets.number[prompt] * count + bundle[part]).astype(np.uint64))
    own = added(pair.number, scattered(parts.ids[part]), pair.first.size)
    weight = np.bincount(pair.number, parts.weight[part], minlength=pair.first.size)
    prompt, part = prompt[pair.first], part[pair.first]
    size = sets.times[sets.number[prompt]]
    # Families: sets that are the same without the bundle.
    rest = hashes[prompt] - own
    family = distinct(rest)
    alone = Counted(lookup(hashes[sets.first]), sets.times).of(rest[family.first])
    whole = alone + np.bincount(family.number, size, minlength=alone.size)
    rare = alone + np.bincount(family.number, size * (size < OFTEN), minlength=alone.size)
    whole, rare = whole[family.number], rare[family.number]
    others = np.bincount(prompt, weight, minlength=rows)[prompt] - weight
    able = rest != NOTHING
    able &= (used[part] * HOST <= whole) if heavy else (weight <= others)
    longest = np.zeros(count, np.int64)
    np.maximum.at(longest, bundle[some], parts.length[some])
    able &= (longest[bundle[part]] <= PHRASE) | (used[part] < OFTENER)
    fills = able & (whole >= 2 * OFTEN) & (rare >= OPEN * whole) & (size <= SHARE * whole)
    beside = np.bincount(bundle[part], size * able, minlength=count)
    filled = np.bincount(bundle[part], size * fills, minlength=count)
    out = (filled > 0) & (filled >= MOSTLY * beside)
    return out[bundle] & (used > 0) & (filled[bundle] >= EVER * used)


def stray(parts: Parts, found: Carried, tells: Flags, rows: int) -> tuple[Carried, Flags]:
    """Sets that hardly anyone has without the light part, telling no templates apart, that sets
    them apart from one that many more have. And which prompts' sets these were."""
    done = np.zeros(rows, np.bool_)
    for _ in range(TURNS):
        hashes = set_hashes(parts, found, rows)
        usual = Counted.among(hashes)
        times = usual.of(hashes)
        bad = (times < OFTEN) & (hashes != NOTHING)
        near = np.flatnonzero(bad[found.prompt])
        rest = without_one(parts, found.where(bad[found.prompt]), hashes)
        many = usual.of(rest)
        fine = light(parts, found, rows)[near] & ~tells[found.part[near]] & (rest != NOTHING)
        near = near[fine & (many >= MANY * times[found.prompt[near]])]
        if not near.size:
            break
        bad = np.zeros(rows, np.bool_)
        bad[found.prompt[near]] = True
        found = found.where(~lightest(parts, found, near, bad, least(parts)))
        done |= bad
    return found, done


def folded_in(parts: Parts, used: Usage, found: Carried, rows: int) -> tuple[Carried, Flags]:
    """Sets that hardly anyone has without what sets them apart from one that many have, if that is
    several parts: a text that was sent twice. And which prompts' sets these were."""
    hashes = set_hashes(parts, found, rows)
    usual = Counted.among(hashes)
    waiting = (usual.of(hashes) <= SELDOM) & (hashes != NOTHING)
    done, keep = np.zeros(rows, np.bool_), np.ones(found.prompt.size, np.bool_)
    place = np.flatnonzero(waiting[found.prompt])
    some = found.where(waiting[found.prompt])
    for step in range(TOGETHER):
        if not some.prompt.size:
            break
        stay = ~first_of(some, waiting, rarest(parts, used))
        some, place = some.where(stay), place[stay]
        now = set_hashes(parts, some, rows)
        hit = waiting & (now != NOTHING) & (usual.of(now) >= MANY)
        if step:
            keep[hit[found.prompt]] = False
            keep[place[hit[some.prompt]]] = True
            done |= hit
        waiting &= ~hit & (now != NOTHING)
        stay = waiting[some.prompt]
        some, place = some.where(stay), place[stay]
    return found.where(keep), done


def little(found: Prompts, wordings: Wordings, parts: Parts, held: Carried) -> Flags:
    """Prompts whose sets say hardly anything: what is fixed is a word or two of many; or few words,
    and most of the prompts neither begin nor end with them, as with phrases."""
    rows = found.hashes.size
    hashes = set_hashes(parts, held, rows)
    sets = distinct(hashes)
    fixed = np.bincount(held.prompt, parts.length[held.part], minlength=rows)
    words = np.bincount(sets.number, found.sizes)
    share = np.bincount(sets.number, fixed) / np.maximum(1, words)
    share = share[sets.number]
    out = (fixed <= WORDS) & (share < THIN)
    some = np.flatnonzero((hashes != NOTHING) & (fixed < FEW) & (share < LITTLE) & ~out)
    ended = np.bincount(
        sets.number[some],
        _at_either_end(found, wordings, parts, held, some),
        minlength=sets.first.size,
    )
    out[some] = (ended < ENDS * sets.times)[sets.number[some]]
    return out


def _at_either_end(
    found: Prompts, wordings: Wordings, parts: Parts, held: Carried, some: Ints
) -> Flags:
    """Which of some prompts (ascending) begin or end with a part that they hold."""
    out = np.zeros(some.size, np.bool_)
    for segment in (found.texts[some], found.texts[some + 1] - 1):
        each = folded(*taken(found.words, found.segments, segment))
        part = parts.of_wording[positions(wordings.lookup, each)[0]]
        out |= among(some, part, held.prompt, held.part)
    return out
