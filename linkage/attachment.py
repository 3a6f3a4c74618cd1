"""Stage 4b: communities -> members. Each account is weighed against communities as wholes.

The same weighing answers for an account that is new: it needs only what the account uses.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.communities import Labels
from linkage.kernels.attach import Attached, Bar, attach, communities_of
from linkage.kernels.incidence import UNIT, Incidence, even_pieces
from linkage.settings import AttachmentSettings


@dataclass(frozen=True)
class Membership:
    """One entry a unit; weights in bits.

    community  number of the community that it is a member of, -1 for none
    above      weight over the prior odds against it (log2 of (N - |C|) / |C|); -inf for none
    left       what is left of that without the one artifact (and what is nested in it)
               whose loss hurts most
    families   that still tie it then
    own        weight of the kinds that no outsider can plant
    """

    community: Labels
    above: npt.NDArray[np.float64]
    left: npt.NDArray[np.float64]
    families: Labels
    own: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parted:
    """Pairs of units that must not be in one community, since different people run them.

    strict   it is `a` that leaves; if not, the one that less ties to the community
    """

    a: Labels
    b: Labels
    strict: npt.NDArray[np.bool_]


def membership(
    inc: Incidence,
    labels: Labels,
    group_units: int,
    settings: AttachmentSettings,
    threads: int = 1,
    parted: Parted | None = None,
) -> Membership:
    """Let each unit be where it stands furthest above the prior, if that is far enough.

    Members that only a chance pair brought in fall out; fringe accounts that no pair reaches
    come in, if they weigh as much as members usually do, or two families tie them by what no
    outsider can plant.
    """
    order = np.argsort(labels, kind="stable").astype(np.int32)
    linked = order[np.count_nonzero(labels < 0) :]
    sizes = np.bincount(labels[linked]).astype(np.int64)
    whole, bar = communities_of(sizes, linked), bar_of(group_units, settings)
    pieces = even_pieces(sizes, 32 * threads)
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda p: attach(inc, whole, bar, p[0], p[1]), pieces))
    joined = Attached(*(np.concatenate(column) for column in zip(*found, strict=True)))
    stay = round(UNIT * settings.stay_bits)
    best = _best(joined, labels.size, stay)
    if parted is None:
        return best
    while (leaving := _leaving(best, parted)).size:
        rows = (joined.unit.astype(np.int64) << 32) | joined.community
        stays = ~np.isin(rows, leaving)
        joined = Attached(*(column[stays] for column in joined))
        best = _best(joined, labels.size, stay)
    return best


def _leaving(found: Membership, parted: Parted) -> npt.NDArray[np.int64]:
    """Who must leave which community: (unit << 32) | community."""
    together = found.community[parted.a] == found.community[parted.b]
    together &= found.community[parted.a] >= 0
    a, b = parted.a[together], parted.b[together]
    weaker = found.above[a] < found.above[b]
    # Of equals, the later: either would do, but it must always be the same.
    weaker |= (found.above[a] == found.above[b]) & (a > b)
    unit = np.where(parted.strict[together] | weaker, a, b)
    return np.unique((unit.astype(np.int64) << 32) | found.community[unit])


def _best(found: Attached, units: int, stay: int) -> Membership:
    """Each unit where it stands highest, or where its links are, unless it stands that much
    higher elsewhere; of equals, the larger."""
    height = found.above + stay * found.inside
    order = np.lexsort((found.community, -height, found.unit))
    unit, first = np.unique(found.unit[order], return_index=True)
    row = order[first]
    result = Membership(
        community=np.full(units, -1, np.int32),
        above=np.full(units, -np.inf),
        left=np.full(units, -np.inf),
        families=np.zeros(units, np.int32),
        own=np.zeros(units),
    )
    result.community[unit] = found.community[row]
    result.above[unit] = found.above[row] / UNIT
    result.left[unit] = found.left[row] / UNIT
    result.families[unit] = found.families[row]
    result.own[unit] = found.own[row] / UNIT
    return result


def bar_of(group_units: int, settings: AttachmentSettings) -> Bar:
    return Bar(
        member=round(UNIT * settings.member_bits),
        cap=round(UNIT * settings.family_cap_bits),
        counts=round(UNIT * settings.family_bits),
        usual=settings.newcomer_share,
        telling=round(UNIT * settings.telling_bits),
        group=group_units,
    )
