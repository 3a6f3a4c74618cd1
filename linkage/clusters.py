"""Stage 5: members -> clusters with an id, signals and a score."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from linkage.artifacts import ArtifactKind
from linkage.attachment import Membership
from linkage.evidence import Evidence
from linkage.groups import gather
from linkage.score import References, Scores, scores
from linkage.settings import Settings
from linkage.signals import SIGNALS, openness
from linkage.units import Units

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Clusters:
    """Clusters 0 .. C-1, the largest first; the first G of them are groups.

    of            each account's cluster, -1 for none
    ids           one an entry
    size          accounts
    values        signal -> one value a group
    openness      what answers the third question absolutely, one value a group
    scores        of the groups
    """

    of: Int32s
    ids: list[str]
    size: Int32s
    values: dict[str, Floats]
    openness: dict[str, Floats]
    scores: Scores

    @property
    def groups(self) -> int:
        """Clusters with enough accounts for signals."""
        return int(self.scores.expected.size)


def clusters(
    members: Membership,
    units: Units,
    evidence: Evidence,
    activity: ir.Table,
    kinds: tuple[ArtifactKind, ...],
    settings: Settings,
    references: References | None = None,
    without: Collection[str] = (),
) -> Clusters:
    """Turn units' membership into clusters of accounts, and score those that are groups.

    Signals named in `without` are left out, as if no group had them.
    """
    of, size = _numbered(members, units)
    groups = int((size >= settings.score.group_accounts).sum())
    seen = gather(np.where(of < groups, of, -1), evidence, activity, kinds)
    unknown = np.full(groups, np.nan)
    values = {s.name: unknown if s.name in without else s.measure(seen) for s in SIGNALS}
    shown = openness(seen)
    answered = openly(shown, settings)
    found = scores(size[:groups].astype(float), values, answered, settings.score, references)
    return Clusters(of, _ids(of, size, activity), size, values, shown, found)


def openly(shown: dict[str, Floats], settings: Settings) -> Floats:
    """The third question where the answer is absolute; `score.scores` says what for.

    1 where one verified organisation holds the group. The cap where it cannot be said that
    the group pretends to be many: it has few payers or few domains, nothing is known of
    either, or much of it is in verified organisations. 0 where it does pretend.
    """
    policy = settings.policy
    few = (shown["payers"] < policy.identities) | (shown["domains"] < policy.identities)
    unknown = np.isnan(shown["payers"]) & np.isnan(shown["domains"])
    partly = (shown["verified"] >= policy.partly_verified) | (
        shown["members_verified"] >= policy.mostly_verified
    )
    unclear = few | unknown | partly
    whole = shown["organisation"] >= policy.openly_one
    return np.where(whole, 1.0, np.where(unclear, settings.score.question_cap, 0.0))


def _numbered(members: Membership, units: Units) -> tuple[Int32s, Int32s]:
    """Each account's cluster, by descending size and then by first account; sizes."""
    label = members.community.astype(np.int64)
    # A verified organisation that nothing else belongs to is a cluster of its own.
    alone = np.flatnonzero((label < 0) & (units.size > 1))
    label[alone] = label.max(initial=-1) + 1 + np.arange(alone.size)
    of = label[units.of]
    known = np.flatnonzero(of >= 0)
    _, first, inverse, count = np.unique(
        of[known], return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((known[first], -count))
    order = order[count[order] > 1]
    rank = np.full(count.size, -1, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    result = np.full(of.size, -1, np.int32)
    result[known] = rank[inverse]
    return result, count[order].astype(np.int32)


def _ids(of: Int32s, size: Int32s, activity: ir.Table) -> list[str]:
    """An id from a hash of the members: the same accounts are the same cluster anywhere."""
    names = activity.order_by("account").account_id.to_pyarrow().to_pylist()
    order = np.argsort(of, kind="stable")[np.count_nonzero(of < 0) :]
    ends = np.cumsum(size)
    return [
        "c" + hashlib.sha256("\n".join(names[a] for a in order[lo:hi]).encode()).hexdigest()[:16]
        for lo, hi in zip(ends - size, ends, strict=True)
    ]
