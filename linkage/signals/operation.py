"""One operation? Shared work, one client, one clock, even load."""

import numpy as np

from linkage.signals.base import Floats, Groups, ratio, signal

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def common_work(groups: Groups) -> Floats:
    """Prompts from templates that several members use, by the share of users who are members."""
    rows = groups.of_kind("template") & (groups.inside > 1)
    return groups.row_events * (groups.inside / groups.total) * rows


@signal(
    "operation",
    "{value:.0%} of the prompts are made from templates that hardly anyone outside uses "
    "(usual: {usual:.0%})",
    needs="template",
)
def shared_work(groups: Groups) -> Floats:
    """Share of prompts from templates that several members use and few others.

    A template counts by the share of its users who are members, so that one outsider who
    copies a template hides nothing.
    """
    return ratio(
        groups.per_group(groups.per_member(common_work(groups))),
        groups.per_group(groups.carrying("template")),
    )


@signal(
    "operation",
    "a member has {value:.1f} templates in common with others that hardly anyone outside uses "
    "(usual: {usual:.1f})",
)
def many_templates(groups: Groups) -> Floats:
    """Templates that a member has in common with others, by the share of users who are members.

    A course or a popular tool brings a few; whoever works through a list of tasks has many.
    """
    rows = groups.of_kind("template") & (groups.inside > 1)
    each = groups.per_group(groups.per_member(rows * (groups.inside / groups.total)))
    known = groups.per_group(groups.having("template")) > 0
    return np.where(known, each / groups.size, np.nan)


@signal(
    "operation",
    "one client program is {value:.1f} bits more common here than elsewhere (usual: {usual:.1f})",
)
def one_client(groups: Groups) -> Floats:
    """How much more members use one client (TLS fingerprint, user agent) than all accounts do.

    Share of the members with it, times log2 of that share over the share of all accounts.
    """
    rows = groups.of_kind("tls", "user_agent")
    share = groups.inside / groups.size[groups.group[groups.member]]
    lift = share * np.log2(np.maximum(1.0, share * groups.accounts / groups.total))
    best = np.full(groups.size.size, np.nan)
    np.fmax.at(best, groups.group[groups.member[rows]], lift[rows])
    return best


@signal(
    "operation",
    "loads differ by a factor of {value:.1f} (usual: {usual:.1f})",
    high=False,
    needs="events",
)
def even_load(groups: Groups) -> Floats:
    """Spread of the members' numbers of events: the exponential of their log's deviation."""
    logs = np.log1p(groups.events)
    mean = groups.per_group(logs) / groups.size
    variance = groups.per_group((logs - mean[groups.group]) ** 2) / (groups.size - 1)
    return np.exp(np.sqrt(variance))


@signal(
    "operation",
    "active around the clock: {value:.0%} of an even spread over the hours (usual: {usual:.0%})",
    needs="hours",
)
def round_the_clock(groups: Groups) -> Floats:
    """Evenness of the group's events over the hours of the day: entropy over its maximum."""
    hours = np.zeros((groups.size.size, 24))
    np.add.at(hours, groups.group, groups.hours)
    share = hours / np.maximum(1, hours.sum(axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(np.where(share > 0, share * np.log(share), 0), axis=1)
    return entropy / np.log(24)


@signal(
    "operation",
    "{value:.0%} of the sign-ups came within an hour of another member's (usual: {usual:.0%})",
)
def signup_bursts(groups: Groups) -> Floats:
    """Share of the members with a known sign-up who signed up within an hour of another."""
    known = np.flatnonzero(groups.signed_up >= 0)
    order = known[np.lexsort((groups.signed_up[known], groups.group[known]))]
    near = np.zeros(groups.group.size)
    same = groups.group[order[1:]] == groups.group[order[:-1]]
    close = same & (np.diff(groups.signed_up[order]) <= HOUR)
    near[order[1:][close]] = 1
    near[order[:-1][close]] = 1
    signups = groups.per_group((groups.signed_up >= 0).astype(np.int64))
    return ratio(groups.per_group(near), signups, at_least=3)
