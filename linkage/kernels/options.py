"""The core of a set of parts: what is left without those that come and go whatever else is there.

A line that a template may have or not is beside its other parts at the same rate, whichever other
such lines there are. What tells templates apart is not: where it is, something else never is.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import FIRST, mix
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words

LOOKED_AT, ENOUGH = 2048, 512  # prompts of a part that are looked at; that have a context
MOST = 64  # parts of a set
FEWEST = 10  # prompts that have a context, to say anything; FEW that have a part there
FEW = 4
MANY = 20  # or that one comes and goes there
ALWAYS = 0.9  # share of a context's prompts that have what belongs to it
MUTUAL = 0.9  # share of the prompts of each of two parts that have both, to be as one
MET, NEVER = 6.0, 0.15  # expected together so often, and not in this share of it: they take turns
INSTEAD = 0.3  # of the prompts without a part, so many have what is seldom with it: the same
SURE = 2.5  # standard deviations
SPECIFIC = 3.0  # times as often beside a part as that is anywhere
FREELY, RATE = 2.0, 0.1  # standard deviations from chance; an option is in so many, or not in them
FREED = 3  # times that it is expected together with such others, which say that it is one, too
HOST = 4.0  # what is in nearly all prompts of a part, and weighs so much less at most, is its core
LACKING = 0.5  # of the weight of what is there, so much may be missing

Floats = npt.NDArray[np.float64]
Kinds = npt.NDArray[np.int8]
BELONGS, TURNS, FREE, UNKNOWN, CORE, ALONE = 0, 1, 2, 3, 4, 5
KINDS = 8


class Sets(NamedTuple):
    """What each of several has: int64[N + 1] and int64, ascending in each."""

    offsets: Ints
    held: Ints


class Usual(NamedTuple):
    """What the sample's prompts carry.

    prompts, having     parts of each prompt, and prompts of each part
    weight              float64 for each part
    unit                float64: what it counts, 1 for all that the very same prompts have
    some                prompts that carry anything
    """

    prompts: Sets
    having: Sets
    weight: Floats
    unit: Floats
    some: int


class _Room(NamedTuple):
    """Where counts are worked out: a flag, and two counts, for each part; parts that were met."""

    context: Kinds
    every: Ints
    beside: Ints
    met: Ints


@njit(cache=True, nogil=True)
def _room(kinds: int) -> _Room:
    return _Room(
        np.zeros(kinds, np.int8),
        np.zeros(kinds, np.int64),
        np.zeros(kinds, np.int64),
        np.empty(kinds, np.int64),
    )


class _Known(NamedTuple):
    """What was worked out before; open addressing, 0 where nothing is."""

    key: Words
    value: Floats


@njit(cache=True, nogil=True)
def _place(known: _Known, key: np.uint64) -> int:
    """Where a key is, or may be entered."""
    mask = np.uint64(known.key.size - 1)
    at = (key >> np.uint64(1)) & mask
    while known.key[at] != 0 and known.key[at] != key:
        at = (at + np.uint64(1)) & mask
    return int(at)


@njit(cache=True, nogil=True)
def _larger(known: _Known) -> _Known:
    """Room for as many more."""
    out = _Known(np.zeros(2 * known.key.size, np.uint64), np.zeros(2 * known.key.size))
    for i in range(known.key.size):
        if known.key[i] != 0:
            at = _place(out, known.key[i])
            out.key[at], out.value[at] = known.key[i], known.value[i]
    return out


@njit(cache=True, nogil=True)
def _signed(context: Ints, one: int) -> np.uint64:
    """A hash of a context, in whatever order, and a part."""
    every = np.uint64(0)
    for part in context:
        every += mix(np.uint64(part), FIRST)
    return mix(every, np.uint64(one)) | np.uint64(1)


@njit(cache=True, nogil=True)
def _used(usual: Usual, part: int) -> int:
    return int(usual.having.offsets[part + 1] - usual.having.offsets[part])


@njit(cache=True, nogil=True)
def _look(usual: Usual, context: Ints, one: int, room: _Room) -> tuple[int, int, int]:
    """Of the prompts that have all of a context: (how many these are, how many have one part, how
    many different parts they have). These are in `room`: in how many each is, and with the one."""
    prompts, having = usual.prompts, usual.having
    rarest = context[0]
    for part in context:
        room.context[part] = 1
        if _used(usual, part) < _used(usual, rarest):
            rarest = part
    first, size = having.offsets[rarest], _used(usual, rarest)
    looked, whole, with_it, met = min(size, LOOKED_AT), 0, 0, 0
    for k in range(looked):
        prompt = having.held[first + k * size // looked]
        parts = prompts.held[prompts.offsets[prompt] : prompts.offsets[prompt + 1]]
        hits, has = 0, 0
        for part in parts:
            hits += room.context[part]
            has |= part == one
        if hits < context.size:
            continue
        whole += 1
        with_it += has
        for part in parts:
            if room.every[part] == 0:
                room.met[met] = part
                met += 1
            room.every[part] += 1
            room.beside[part] += has
        if whole == ENOUGH:
            break
    for part in context:
        room.context[part] = 0
    return whole, with_it, met


@njit(cache=True, nogil=True)
def _forget(room: _Room, met: int) -> None:
    for part in room.met[:met]:
        room.every[part] = 0
        room.beside[part] = 0


@njit(cache=True, nogil=True)
def _judged(usual: Usual, context: Ints, one: int, room: _Room, known: _Known) -> tuple[int, bool]:
    """How a part goes with a context; and whether another one comes and goes there as freely."""
    key = _signed(context, one)
    at = _place(known, key)
    if known.key[at] == 0:
        whole, with_it, met = _look(usual, context, one, room)
        how, free = _by_counts(usual, context, one, room, whole, with_it, met)
        _forget(room, met)
        known.key[at], known.value[at] = key, how + KINDS * (free >= FREED)
    value = int(known.value[at])
    return value % KINDS, value >= KINDS


@njit(cache=True, nogil=True)
def _by_counts(
    usual: Usual, context: Ints, one: int, room: _Room, whole: int, with_it: int, met: int
) -> tuple[int, float]:
    """The same, of what was looked at."""
    if whole < FEWEST or with_it == 0:
        return UNKNOWN, 0.0
    if with_it >= ALWAYS * whole:
        return BELONGS, 0.0
    rate = with_it / whole
    less, spread, free, never = 0.0, 0.0, 0.0, False
    for part in context:
        room.context[part] = 1
    for part in room.met[:met]:
        if part == one or room.context[part]:
            continue
        share, expected = room.every[part] / whole, room.every[part] * rate
        more = room.beside[part] - expected
        off = np.sqrt(expected * (1 - share) * (1 - rate))
        if more > FREELY * off + 1:  # it comes with the part
            continue
        seldom = room.beside[part] <= NEVER * expected
        never |= seldom and expected >= MET
        if seldom or expected < MET:
            less -= more * usual.unit[part]
            spread += (off * usual.unit[part]) ** 2
        if abs(more) <= FREELY * off and RATE <= share <= 1 - RATE and expected >= 1:
            free += usual.unit[part] * expected
    for part in context:
        room.context[part] = 0
    if never or (less >= INSTEAD * with_it * (1 - rate) and less >= SURE * np.sqrt(spread)):
        return TURNS, 0.0
    return (UNKNOWN if with_it < FEW or whole < MANY else FREE), free


@njit(cache=True, nogil=True)
def _rates(usual: Usual, mine: Ints, room: _Room, known: _Known) -> Floats:
    """Share of each part's prompts (rows) that have each other one."""
    goes = np.ones((mine.size, mine.size), np.float64)
    for i in range(mine.size):
        looked, whole, met = False, 0, 0
        for j in range(mine.size):
            key = mix(np.uint64(mine[i]), np.uint64(mine[j])) | np.uint64(1)
            at = _place(known, key)
            if known.key[at] == 0:
                if not looked:
                    whole, _, met = _look(usual, mine[i : i + 1], mine[i], room)
                    looked = True
                known.key[at], known.value[at] = key, room.every[mine[j]] / max(1, whole)
            goes[i, j] = known.value[at]
        _forget(room, met)
    return goes


@njit(cache=True, nogil=True)
def _host(goes: Floats, heavy: Floats) -> int:
    """The heaviest part, or what hosts it: is in nearly all of its prompts, and in others."""
    best = int(np.argmax(heavy))
    for _ in range(heavy.size):
        host = best
        for j in range(heavy.size):
            able = goes[best, j] >= MUTUAL > goes[j, best] and heavy[j] * HOST >= heavy[best]
            if able and (host == best or heavy[j] > heavy[host]):
                host = j
        if host == best:
            break
        best = host
    return best


@njit(cache=True, nogil=True)
def _core(
    usual: Usual, mine: Ints, fine: Flags, how: Kinds, room: _Room, judged: _Known, rates: _Known
) -> None:
    """How each part of a set goes with its core, into `how`.

    What is heaviest, or hosts that, is in it, with what is always with it. Each other part, the
    heavier ones first, is held against those that are; then each of these against all others.
    """
    size, weight = mine.size, usual.weight[mine]
    goes = _rates(usual, mine, room, rates)
    same = (goes >= MUTUAL) & (goes.T >= MUTUAL)
    heavy = np.zeros(size)
    for i in range(size):
        same[i, i] = True
        heavy[i] = weight[same[i]].sum()
    best = _host(goes, heavy)
    core = same[best].copy()
    how[core] = CORE
    order = np.argsort(-weight, kind="mergesort")
    for k in order:
        if not core[k]:
            how[k], _ = _judged(usual, mine[core], mine[k], room, judged)
            core[k] = how[k] == BELONGS or (how[k] == TURNS and not fine[mine[k]])
    for k in order[::-1]:
        rest = core & ~same[k]
        if core[k] and rest.any():
            found, _ = _judged(usual, mine[rest], mine[k], room, judged)
            if not same[k, best]:
                how[k] = found
                core = rest if found == FREE else core
            elif found == TURNS:
                how[k] = TURNS
    # What was set aside must look like an option.
    whole = weight[core].sum()
    for k in range(size):
        if core[k] or how[k] == UNKNOWN:
            continue
        found, free = _judged(usual, mine[core], mine[k], room, judged)
        specific, elsewhere = False, False
        for j in np.flatnonzero(core):
            often = _used(usual, mine[j]) / usual.some
            specific |= goes[k, j] >= max(MUTUAL, SPECIFIC * often)
            elsewhere |= goes[k, j] < MUTUAL
        likely = free or (elsewhere and not specific)
        if found == TURNS:
            how[k] = TURNS
        else:
            how[k] = FREE if likely and heavy[k] <= whole else ALONE


@njit(cache=True, nogil=True)
def cores(usual: Usual, sets: Sets, fine: Flags) -> Kinds:
    """How each part of sets goes with the set's core; `fine` are parts that come and go in most
    sets that have them, and belong to no core for seeming to take turns with something in another.
    """
    room, size = _room(usual.weight.size), 1 << 16
    how = np.full(sets.held.size, CORE, np.int8)
    judged = _Known(np.zeros(size, np.uint64), np.zeros(size))
    rates = _Known(np.zeros(size, np.uint64), np.zeros(size))
    entered, pairs = 0, 0
    for one in range(sets.offsets.size - 1):
        begin, end = sets.offsets[one], sets.offsets[one + 1]
        mine = sets.held[begin:end]
        if mine.size < 2 or mine.size > MOST:
            continue
        entered, pairs = entered + 3 * mine.size, pairs + mine.size**2
        if 2 * entered > judged.key.size:
            judged = _larger(judged)
            entered = int(np.count_nonzero(judged.key))
        if 2 * pairs > rates.key.size:
            rates = _larger(rates)
            pairs = int(np.count_nonzero(rates.key))
        _core(usual, mine, fine, how[begin:end], room, judged, rates)
    return how


@njit(cache=True, nogil=True)
def lacking(usual: Usual, sets: Sets) -> Sets:
    """Parts that sets lack, though nearly all prompts that have the rest have them."""
    room = _room(usual.weight.size)
    lacked, offsets, count = np.empty(MOST, np.int64), np.zeros_like(sets.offsets), 0
    for one in range(sets.offsets.size - 1):
        offsets[one + 1] = count
        mine = sets.held[sets.offsets[one] : sets.offsets[one + 1]]
        if mine.size < 2:
            continue
        whole, _, met = _look(usual, mine, mine[0], room)
        for part in mine:
            room.every[part] = 0
        more, first = 0.0, count
        for part in room.met[:met]:
            if whole >= FEWEST and room.every[part] >= ALWAYS * whole:
                if count == lacked.size:
                    lacked = np.append(lacked, np.empty_like(lacked))
                lacked[count] = part
                more += usual.weight[part]
                count += 1
        if more > LACKING * usual.weight[mine].sum():
            count = first
        offsets[one + 1] = count
        _forget(room, met)
    return Sets(offsets, lacked[:count])
