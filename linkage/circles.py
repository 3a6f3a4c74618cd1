"""Circles: who is tied to whom by what no outsider can plant.

A household shares devices and a card, and its line may be a network's exit: all of it can be
attached to the network by what others could have put there, and by what it shares within
itself. In a network, cards and devices go round.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from linkage.kernels.incidence import Floats, Incidence, Int32s, Ints


def circles(inc: Incidence, community: Int32s, telling: float) -> Int32s:
    """Units of its own community that such artifacts tie each unit to, directly or through
    others, itself counted; int32[units], 0 outside communities (-1).

    An artifact ties if it is `telling` bits more common inside than outside: a large provider's
    mail domain makes no household part of a network.
    """
    holder = np.repeat(np.arange(community.size), np.diff(inc.unit_ptr))
    rows = ~inc.plantable[inc.kind[inc.unit_art]] & (community[holder] >= 0)
    unit, artifact = holder[rows], inc.unit_art[rows].astype(np.int64)
    # An artifact that two communities have is another one in each.
    key = (community[unit].astype(np.int64) << 32) | artifact
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    size = np.bincount(community[community >= 0])[community[unit]]
    ties = _times(inc, artifact, count[place], size) >= 2.0**telling
    unit, place = unit[ties], place[ties]
    nodes = community.size + int(place.max(initial=-1)) + 1
    edges = (np.ones(unit.size, np.bool_), (unit, community.size + place))
    circle = connected_components(csr_array(edges, shape=(nodes, nodes)), directed=False)[1]
    circle = circle[: community.size]
    members = np.bincount(circle[community >= 0], minlength=int(circle.max(initial=0)) + 1)
    return np.where(community >= 0, members[circle], 0).astype(np.int32)


def _times(inc: Incidence, artifact: Ints, inside: Ints, size: Ints) -> Floats:
    """How many times as common among a community's members as among all others."""
    outside = np.maximum(0, inc.degree[artifact] - inside)
    return np.asarray(inside / size * (inc.population - size + 2) / (outside + 1))
