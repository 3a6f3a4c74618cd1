"""No lives of their own? Real people have a device, a home, prompts and hours of their own."""

import numpy as np

from linkage.signals.base import Floats, Groups, ratio, signal


def own_share(groups: Groups, kind: str) -> Floats:
    """Share of the events that carry the kind, with artifacts that no other member has."""
    shared = groups.row_events * (groups.of_kind(kind) & (groups.inside > 1))
    carried = groups.per_group(groups.carrying(kind))
    return 1 - ratio(groups.per_group(groups.per_member(shared)), carried)


@signal(
    "lives",
    "{value:.0%} of the events come from a device of the member's own (usual: {usual:.0%})",
    high=False,
    for_sale=True,
    needs="device",
)
def own_device(groups: Groups) -> Floats:
    """Share of the events with a device that are from one that no other member uses."""
    return own_share(groups, "device")


@signal(
    "lives",
    "{value:.0%} of the events come from an address of the member's own (usual: {usual:.0%})",
    high=False,
    for_sale=True,
    needs="ip",
)
def own_home(groups: Groups) -> Floats:
    """Share of the events that are from an address that no other member uses."""
    return own_share(groups, "ip")


@signal(
    "lives",
    "{value:.0%} of the prompts are the member's own (usual: {usual:.0%})",
    high=False,
    needs="template",
)
def own_prompts(groups: Groups) -> Floats:
    """Share of the prompts that are made from no template of another member's."""
    return own_share(groups, "template")


@signal(
    "lives",
    "hours differ between members by {value:.2f}, where one clock gives 0 (usual: {usual:.2f})",
    high=False,
    needs="hours",
)
def own_hours(groups: Groups) -> Floats:
    """How much the members' hours of the day differ, beyond what chance explains.

    Pearson's chi-square of the members' histograms against the group's, over its degrees of
    freedom, less one, over the mean number of events: the size of the effect.
    """
    number = groups.size.size
    whole = np.zeros((number, 24))
    np.add.at(whole, groups.group, groups.hours)
    share = whole / np.maximum(1, whole.sum(axis=1, keepdims=True))
    expected = groups.events[:, None] * share[groups.group]
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(expected > 0, (groups.hours - expected) ** 2 / expected, 0)
    freedom = (groups.size - 1) * np.maximum(1, (whole > 0).sum(axis=1) - 1)
    chi = groups.per_group(parts.sum(axis=1)) / freedom
    mean = groups.per_group(groups.events) / groups.size
    return np.where(mean >= 5, np.maximum(0, chi - 1) / mean, np.nan)
