"""Stage 4b: communities -> members. Each account is weighed against communities as wholes.

The same weighing answers for an account that is new: it needs only what the account uses.
"""

from dataclasses import dataclass

import numpy as np

from linkage.communities import Labels
from linkage.kernels.attach import Attached, Bar, attach, communities_of
from linkage.kernels.incidence import UNIT, Incidence
from linkage.settings import AttachmentSettings


@dataclass(frozen=True)
class Membership:
    """One entry a unit; weights in bits.

    community  number of the community that it is a member of, -1 for none
    above      weight over the prior odds against it (log2 of (N - |C|) / |C|)
    left       what is left of that without the one artifact (and what is nested in it)
               whose loss hurts most
    families   that still tie it then
    own        weight of the kinds that no outsider can plant
    """

    community: Labels
    above: np.ndarray[tuple[int], np.dtype[np.float64]]
    left: np.ndarray[tuple[int], np.dtype[np.float64]]
    families: Labels
    own: np.ndarray[tuple[int], np.dtype[np.float64]]


def membership(
    inc: Incidence, labels: Labels, group_units: int, settings: AttachmentSettings
) -> Membership:
    """Let each unit be where it stands furthest above the prior, if that is far enough.

    Members that only a chance pair brought in fall out; fringe accounts that no pair reaches
    come in, if they weigh as much as members usually do.
    """
    order = np.argsort(labels, kind="stable").astype(np.int32)
    linked = order[np.count_nonzero(labels < 0) :]
    sizes = np.bincount(labels[linked]).astype(np.int64)
    found = attach(inc, communities_of(sizes, linked), _bar(group_units, settings))
    return _in_bits(found)


def _bar(group_units: int, settings: AttachmentSettings) -> Bar:
    return Bar(
        member=round(UNIT * settings.member_bits),
        cap=round(UNIT * settings.family_cap_bits),
        counts=round(UNIT * settings.family_bits),
        usual=settings.newcomer_share,
        group=group_units,
    )


def _in_bits(found: Attached) -> Membership:
    return Membership(
        community=found.community,
        above=found.above / UNIT,
        left=found.left / UNIT,
        families=found.families,
        own=found.own / UNIT,
    )
