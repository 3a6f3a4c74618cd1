"""Who has what, as arrays: the form in which the kernels see the evidence."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

UNIT = 1024  # weights are integers: 1/1024 bit


class Incidence(NamedTuple):
    """Units (accounts; a verified organisation's are one) and the artifacts they share.

    Artifacts are numbered so that those of one family, and of one kind in it, are neighbours.

    population  units that the degrees are out of (N)
    unit_ptr    int64[U + 1], unit_art int32[E]: a unit's artifacts, ascending
    art_ptr     int64[A + 1], art_unit int32[E]: an artifact's units, ascending
    kind        int32[A]; family int32[A]: numbers of the artifact's kind and family
    degree      int32[A]: units of the population that have it (d)
    parent      int32[A]: the artifact that it lies within by its value (ip in subnet), or -1
    chance      float64[A]: m (N + 2) / (d + 1), which is m / p for a pair with r = 1
    most        int32[A]: weight that a pair gets of it at most (r = 1), in 1/1024 bit
    m           float64[K]: probability that two accounts of one operator share it
    usual       float64[K]: mean number of shared artifacts of the kind, of those with any
    excess      float32[U, K]: shared artifacts of the kind over the mean of those with any
    contains    bool[K, K]: taking an artifact of the row's kind away takes the column's too
    plantable   bool[K]
    families    number of families
    alone       bool[families]: the family may just make a link by itself
    """

    population: int
    unit_ptr: Ints
    unit_art: Int32s
    art_ptr: Ints
    art_unit: Int32s
    kind: Int32s
    family: Int32s
    degree: Int32s
    parent: Int32s
    chance: Floats
    most: Int32s
    m: Floats
    usual: Floats
    excess: npt.NDArray[np.float32]
    contains: npt.NDArray[np.bool_]
    plantable: npt.NDArray[np.bool_]
    families: int
    alone: npt.NDArray[np.bool_]


def grouped(keys: Int32s, values: Int32s, groups: int) -> tuple[Ints, Int32s]:
    """Values by key, as (offsets, values): keys must be ascending."""
    offsets = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=groups), out=offsets[1:])
    return offsets, values


def even_pieces(work: npt.NDArray[np.integer[Any]], count: int) -> list[tuple[int, int]]:
    """Ranges (first, last + 1) of consecutive entries with about the same work in each."""
    if work.size == 0:
        return [(0, 0)]
    done = np.cumsum(work)
    edges = np.searchsorted(done, np.linspace(0, done[-1], count + 1)[1:-1])
    edges = np.unique(np.concatenate([[0], edges, [work.size]]))
    return list(pairwise(edges.tolist()))
