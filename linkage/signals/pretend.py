"""Pretending to be many? A network claims to be unrelated, and yet is one workload."""

import numpy as np

from linkage.signals.base import Floats, Groups, ratio, signal

LEAST_KNOWN = 0.5  # of the members must have a payer (a mailbox), to speak of their number


def verified(groups: Groups) -> Floats:
    """Share of the members whose organisation, whichever it is, the platform has verified."""
    return groups.per_group(groups.organisation >= 0) / groups.size


def largest_organisation(groups: Groups) -> Floats:
    """Share of the members that are in one organisation that the platform has verified."""
    known = groups.organisation >= 0
    width = int(groups.organisation.max(initial=0)) + 1
    key = groups.group[known] * width + groups.organisation[known]
    keys, count = np.unique(key, return_counts=True)
    best = np.zeros(groups.size.size)
    np.maximum.at(best, keys // width, count)
    return best / groups.size


def effective(groups: Groups, kind: str) -> Floats:
    """Effective number of the kind's artifacts among the members that have any (Simpson 1949).

    One over the chance that two of them have the same; what only one has counts as its own.
    """
    having = groups.carrying(kind) > 0
    rows = groups.of_kind(kind) & (groups.inside > 1)
    group = groups.group[groups.member[rows]]
    # A member with several artifacts of the kind is divided among them.
    held = np.maximum(1, groups.per_member(rows))[groups.member[rows]]
    pairs, inverse = np.unique((group << 32) | groups.artifact[rows], return_inverse=True)
    weight = np.bincount(inverse, 1 / held, pairs.size)
    alone = groups.per_group(having & (groups.per_member(rows) == 0))
    squares = np.bincount(pairs >> 32, weight**2, groups.size.size) + alone
    count = groups.per_group(having)
    return ratio(count**2, squares) * np.where(count >= LEAST_KNOWN * groups.size, 1, np.nan)


def _passed_round(groups: Groups, *kinds: str) -> Floats:
    """Share of the members who share one of these with some members, but not with most."""
    size = groups.size[groups.group[groups.member]]
    few = (groups.inside > 1) & (groups.inside <= np.maximum(2, size / 2))
    rows = groups.of_kind(*kinds) & few
    carrying = sum((groups.carrying(kind) > 0 for kind in kinds), np.zeros(groups.group.size, bool))
    return ratio(groups.per_group(groups.per_member(rows) > 0), groups.per_group(carrying), 2)


@signal(
    "pretend",
    "{value:.0%} of the members who pay or gave a number do so with one that a few of the "
    "others have too (usual: {usual:.0%})",
)
def cards_passed_round(groups: Groups) -> Floats:
    """Share of the members who share a card or number with some of the group, not with most.

    Unrelated people share no card, and a company shares one card with all. Cards that go
    round in small parts of a group tie together accounts that claim to be strangers.
    """
    return _passed_round(groups, "payment", "phone")


@signal(
    "pretend",
    "{value:.0%} of the members with a device use one that a few of the others use too "
    "(usual: {usual:.0%})",
)
def devices_passed_round(groups: Groups) -> Floats:
    """Share of the members who use a device with some of the group, not with most."""
    return _passed_round(groups, "device")


def openness(groups: Groups) -> dict[str, Floats]:
    """What answers the third question absolutely, one value a group.

    organisation, verified   share of the members in the largest verified organisation, in any
    payers, domains          effective numbers; not a number where fewer than half have any
    """
    return {
        "organisation": largest_organisation(groups),
        "verified": verified(groups),
        "payers": effective(groups, "payment"),
        "domains": effective(groups, "email_domain"),
    }
