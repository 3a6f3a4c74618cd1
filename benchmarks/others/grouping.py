"""Groups of units from what they share: what simple rules come down to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.others.given import Given

Labels = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer[Any]]


def grouping(labels: Numbers) -> Labels:
    """The same groups numbered by their first unit; whoever is alone gets -1."""
    _, first, inverse, size = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    kept = np.flatnonzero(size > 1)
    number = np.full(size.size, -1, np.int32)
    number[kept[np.argsort(first[kept])]] = np.arange(kept.size, dtype=np.int32)
    result: Labels = np.where(labels < 0, np.int32(-1), number[inverse]).astype(np.int32)
    return result


def connected(a: Numbers, b: Numbers, units: int) -> Labels:
    """Whatever is connected by these edges between units."""
    edges = coo_array((np.ones(a.size, np.int8), (a, b)), shape=(units, units))
    return grouping(connected_components(edges, directed=False)[1])


def sharing(given: Given, chosen: npt.NDArray[np.bool_]) -> Labels:
    """Connected through the chosen artifacts: in each, all units are tied to its first."""
    inc = given.incidence
    size = np.diff(inc.art_ptr)
    first = np.repeat(inc.art_unit[inc.art_ptr[:-1]], size)
    inside = np.repeat(chosen, size)
    return connected(first[inside], inc.art_unit[inside], given.units)


def pairs(given: Given, chosen: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Pairs a < b of units that share one of the chosen artifacts, each once, ascending."""
    inc = given.incidence
    size = np.diff(inc.art_ptr)
    keys = []
    for count in np.unique(size[chosen]):
        starts = inc.art_ptr[:-1][chosen & (size == count)]
        held = inc.art_unit[starts[:, None] + np.arange(count)].astype(np.int64)
        left, right = np.triu_indices(count, 1)
        keys.append((held[:, left] * given.units + held[:, right]).ravel())
    found = np.unique(np.concatenate(keys)) if keys else np.empty(0, np.int64)
    return found // given.units, found % given.units
