"""What cleared accounts have that was not known when they were cleared.

Whoever was cleared stays cleared, unless what is new would by itself make the account a member of
the community that it is in. That is named, for a person to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.attachment import Membership, bar_of
from linkage.judged import Judged
from linkage.kernels.attach import weigh_parts
from linkage.kernels.incidence import UNIT, Incidence, Int32s, grouped
from linkage.settings import AttachmentSettings, Settings
from linkage.units import Units

NAMED = 20  # artifacts that are named of an account, those that weigh most


@dataclass(frozen=True)
class Standing:
    """Of the accounts in `Judged.cleared`, in their order.

    over     what is new, over the prior, in bits; -inf for those in no community
    renewed  bool: that makes a member by itself
    new      what is new and says something: (artifact, bits), the most first
    """

    over: npt.NDArray[np.float64]
    renewed: npt.NDArray[np.bool_]
    new: list[list[tuple[int, float]]]


def standing(
    found: Judged, members: Membership, units: Units, inc: Incidence, settings: Settings
) -> Standing:
    """Weigh what is new of each cleared account against the community that it is in."""
    size, unit = found.cleared.size, units.of[found.cleared]
    over, new = np.full(size, -np.inf), [list[tuple[int, float]]() for _ in range(size)]
    part = _only_new(found, unit, inc)
    of = members.community[unit]
    bar = bar_of(settings.score.group_accounts, settings.attachment)
    for community in np.unique(of[of >= 0]):
        rows = np.flatnonzero(of == community).astype(np.int32)
        inside = np.flatnonzero(members.community == community).astype(np.int32)
        above, each = weigh_parts(inc, part, inside, rows, bar)
        over[rows] = above / UNIT
        ends = np.cumsum(np.diff(part.unit_ptr)[rows])
        for row, bits in zip(rows, np.split(each, ends[:-1]), strict=True):
            artifacts = part.unit_art[part.unit_ptr[row] : part.unit_ptr[row + 1]]
            new[row] = _told(artifacts, bits, settings.attachment)
    return Standing(over, over >= settings.attachment.member_bits, new)


def _only_new(found: Judged, unit: Int32s, inc: Incidence) -> Incidence:
    """The incidence with the cleared accounts as its units, and what was not known as theirs."""
    fresh = [_new(inc, int(u), found.known(i)) for i, u in enumerate(unit)]
    lengths = [one.size for one in fresh]
    owner = np.repeat(np.arange(unit.size, dtype=np.int32), lengths)
    artifacts = np.concatenate([np.empty(0, np.int32), *fresh])
    unit_ptr, unit_art = grouped(owner, artifacts, unit.size)
    return inc._replace(unit_ptr=unit_ptr, unit_art=unit_art, excess=inc.excess[unit])


def _new(inc: Incidence, unit: int, known: Int32s) -> Int32s:
    held = inc.unit_art[inc.unit_ptr[unit] : inc.unit_ptr[unit + 1]]
    return np.setdiff1d(held, known, assume_unique=True)


def _told(artifacts: Int32s, bits: Int32s, settings: AttachmentSettings) -> list[tuple[int, float]]:
    telling = np.flatnonzero(bits >= settings.family_bits * UNIT)
    order = telling[np.lexsort((artifacts[telling], -bits[telling]))][:NAMED]
    return [(int(artifacts[i]), float(bits[i] / UNIT)) for i in order]
