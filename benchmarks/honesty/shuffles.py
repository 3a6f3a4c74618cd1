"""Shuffled worlds: who shares what by chance alone, with as much in every hand as before."""

from __future__ import annotations

import numpy as np
from numba import njit

from linkage.kernels.incidence import Incidence, Int32s, Ints, grouped

SWEEPS = 12  # trades that each entry begins; half as many leave nothing of the order


def shuffled(inc: Incidence, seed: int) -> Incidence:
    """The same units and artifacts, each kind's artifacts dealt out anew among its entries.

    An entry says that a unit has an artifact. Two entries of a kind trade their artifacts, unless
    one of the units has the other's already (Gionis, Mannila, Mielikainen and Tsaparas 2007): how
    many artifacts of a kind a unit has, and how many units have an artifact, stay as they are.

    Artifacts that lie within others by their value (ip in subnet) go where those go, and then
    trade among themselves within them. So both degrees of the outer ones and the holders of the
    inner ones are kept; how many inner ones a unit has is not, and its excess is taken again.
    """
    unit = np.repeat(np.arange(inc.unit_ptr.size - 1, dtype=np.int32), np.diff(inc.unit_ptr))
    art = inc.unit_art
    inner = inc.parent[art] >= 0
    outer_unit, outer_art = unit[~inner], art[~inner]
    origin = traded(outer_unit, outer_art, inc.kind[outer_art], seed)
    goes_to = np.empty_like(outer_unit)
    goes_to[origin] = outer_unit
    place = np.searchsorted(
        _keys(outer_unit, outer_art), _keys(unit[inner], inc.parent[art[inner]])
    )
    inner_unit, inner_art = goes_to[place], art[inner]
    order = np.argsort(inner_unit, kind="stable")
    inner_unit, inner_art = inner_unit[order], inner_art[order]
    within = traded(inner_unit, inner_art, inc.parent[inner_art], seed + 1)
    return _again(
        inc,
        np.concatenate([outer_unit, inner_unit]),
        np.concatenate([outer_art[origin], inner_art[within]]),
    )


def traded(unit: Int32s, art: Int32s, pool: Int32s, seed: int) -> Ints:
    """Which entry's artifact each entry ends with; trades are within a pool of entries.

    unit, art, pool: one an entry, by ascending unit; no unit has an artifact twice.
    """
    units, pools = int(unit.max(initial=-1)) + 1, int(pool.max(initial=-1)) + 1
    unit_ptr, _ = grouped(unit, art, units)
    pool_ptr, entries = grouped(pool, np.argsort(pool, kind="stable").astype(np.int32), pools)
    return _trade(unit, unit_ptr, art.copy(), pool, pool_ptr, entries, SWEEPS, seed % 2**32)


def _keys(unit: Int32s, art: Int32s) -> Ints:
    return (unit.astype(np.int64) << 32) | art


@njit(cache=True, nogil=True)
def _trade(
    unit: Int32s,
    unit_ptr: Ints,
    art: Int32s,
    pool: Int32s,
    pool_ptr: Ints,
    entries: Int32s,
    sweeps: int,
    seed: int,
) -> Ints:
    """Changes `art`; see `traded`."""
    np.random.seed(seed)
    origin = np.arange(art.size)
    for _ in range(sweeps):
        for e in range(art.size):
            lo, hi = pool_ptr[pool[e]], pool_ptr[pool[e] + 1]
            f = entries[np.random.randint(lo, hi)]
            if art[e] == art[f] or unit[e] == unit[f]:
                continue
            if _has(unit_ptr, art, unit[e], art[f]) or _has(unit_ptr, art, unit[f], art[e]):
                continue
            art[e], art[f] = art[f], art[e]
            origin[e], origin[f] = origin[f], origin[e]
    return origin


@njit(cache=True, nogil=True)
def _has(unit_ptr: Ints, art: Int32s, unit: int, wanted: int) -> bool:
    for i in range(unit_ptr[unit], unit_ptr[unit + 1]):  # noqa: SIM110 - compiled
        if art[i] == wanted:
            return True
    return False


def _again(inc: Incidence, unit: Int32s, art: Int32s) -> Incidence:
    """The incidence with other entries, and each unit's excess taken from them."""
    units, kinds = inc.unit_ptr.size - 1, inc.m.size
    order = np.lexsort((art, unit))
    unit, art = unit[order], art[order]
    unit_ptr, unit_art = grouped(unit, art, units)
    art_ptr, art_unit = grouped(art, unit[np.argsort(art, kind="stable")], inc.art_ptr.size - 1)
    cell = unit.astype(np.int64) * kinds + inc.kind[art]
    held = np.bincount(cell, minlength=units * kinds).reshape(units, kinds)
    usual = np.maximum(1.0, held.sum(axis=0) / np.maximum(1, (held > 0).sum(axis=0)))
    return inc._replace(
        unit_ptr=unit_ptr,
        unit_art=unit_art,
        art_ptr=art_ptr,
        art_unit=art_unit,
        usual=usual,
        excess=(held / usual).astype(np.float32),
    )
