"""Pretending to be many? A network claims to be unrelated, and yet is one workload."""

import numpy as np

from linkage.signals.base import LEAST_KNOWN, Floats, Groups, Ints, ratio, signal
from linkage.signals.operation import common_work


def organisations(groups: Groups) -> tuple[Ints, Ints]:
    """Each verified organisation in each group: the group, and the members in it."""
    known = groups.organisation >= 0
    width = int(groups.organisation.max(initial=0)) + 1
    key = groups.group[known] * width + groups.organisation[known]
    keys, members = np.unique(key, return_counts=True)
    return keys // width, members


def verified(groups: Groups) -> Floats:
    """Share of the verified organisations, each counted as one, in all that the group unites.

    Fifty accounts of one organisation that was drawn in are one bystander, not fifty.
    """
    group, _ = organisations(groups)
    number = np.bincount(group, minlength=groups.size.size).astype(np.float64)
    return ratio(number, number + groups.per_group(groups.organisation < 0))


def largest_organisation(groups: Groups) -> Floats:
    """Share of the members that are in one organisation that the platform has verified."""
    group, members = organisations(groups)
    best = np.zeros(groups.size.size)
    np.maximum.at(best, group, members)
    return best / groups.size


def effective(groups: Groups, kind: str) -> Floats:
    """Effective number of the kind's artifacts among the members that have any (Simpson 1949).

    One over the chance that two of them have the same; what only one has counts as its own.
    Members in verified organisations say nothing about the others, and are left out.
    """
    others = groups.organisation < 0
    having = groups.having(kind) & others
    rows = groups.of_kind(kind) & (groups.inside > 1) & having[groups.member]
    group = groups.group[groups.member[rows]]
    # A member with several artifacts of the kind is divided among them.
    held = np.maximum(1, groups.per_member(rows))[groups.member[rows]]
    pairs, inverse = np.unique((group << 32) | groups.artifact[rows], return_inverse=True)
    weight = np.bincount(inverse, 1 / held, pairs.size)
    alone = groups.per_group(having & (groups.per_member(rows) == 0))
    squares = np.bincount(pairs >> 32, weight**2, groups.size.size) + alone
    count = groups.per_group(having)
    known = count >= LEAST_KNOWN * groups.per_group(others)
    return ratio(count**2, squares) * np.where(known, 1, np.nan)


@signal(
    "pretend",
    "{value:.0%} is the work of members who share a card, device, number or conversation with "
    "a few of the others, as strangers do not (usual: {usual:.0%})",
    needs="template",
)
def strangers_at_one_work(groups: Groups) -> Floats:
    """How much of the group's common work is done by members whose separateness is pretended.

    Unrelated people share no card; a company shares one card with all. Where cards and
    devices go round among a few members here and a few there, accounts that claim to be
    strangers are tied. It counts by the share of such a member's prompts that are the group's
    common work: the guests of a cafe share machines, and each works on something else.
    """
    size = groups.size[groups.group[groups.member]]
    few = (groups.inside > 1) & (groups.inside <= np.maximum(2, size / 2))
    tied = groups.per_member(few & groups.of_kind("payment", "phone", "device", "conversation"))
    prompts = groups.carrying("template")
    work = ratio(groups.per_member(common_work(groups)), prompts.astype(float))
    # Without prompts the ties count alone.
    known = groups.per_group(prompts > 0)[groups.group] > 0
    weight = np.where(known, np.nan_to_num(work), 1.0)
    return groups.per_group((tied > 0) * weight) / groups.size


def openness(groups: Groups) -> dict[str, Floats]:
    """What answers the third question absolutely, one value a group.

    organisation             share of the members in the largest verified organisation
    verified                 share of verified organisations, each one, beside single accounts
    members_verified         share of the members in any verified organisation, those among them
                             of whom nobody knows whether they are
    payers, domains          effective numbers; not a number where fewer than half have any
    """
    verified_or_not_known = (groups.organisation >= 0) | groups.not_known("organisation")
    return {
        "organisation": largest_organisation(groups),
        "verified": verified(groups),
        "members_verified": groups.per_group(verified_or_not_known) / groups.size,
        "payers": effective(groups, "payment"),
        "domains": effective(groups, "email_domain"),
    }
