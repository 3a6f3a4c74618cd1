"""Look-alikes that are organisations at work: offices, service accounts, build systems."""

from __future__ import annotations

import numpy as np

from linkage.scenarios.arrays import Choices, Groups
from linkage.scenarios.clocks import burst_clock, clock_of, flat_clock
from linkage.scenarios.world import SERVICE, World


def one_each(world: World, groups: Groups, what: str) -> Choices:
    """One artifact for each group."""
    return world.pools(groups, np.ones(groups.count, np.int64), what)


def between(world: World, groups: Groups, low: int, high: int, what: str) -> Choices:
    """From ``low`` to ``high`` artifacts for each group."""
    return world.pools(groups, world.rng.integers(low, high + 1, groups.count), what)


def share_mail(world: World, groups: Groups, share: float = 1.0) -> None:
    """One mail domain of its own for each group, for a share of its members."""
    domains = one_each(world, groups, "domain").pick(groups.group, np.zeros(len(groups.group)))
    has = world.rng.random(len(domains)) < share
    world.traits.mail_domain[groups.members[has]] = domains[has]


def share_card(world: World, groups: Groups, share: float = 1.0) -> None:
    """One card for each group, seen at a share of its members."""
    members, cards = groups.pick(world.rng, one_each(world, groups, "card"), 1)
    pays = world.rng.random(len(members)) < share
    world.payment.add(members[pays], cards[pays])
    world.traits.payer[groups.members] = False


def corporate(world: World, groups: Groups) -> None:
    """An office: one NAT, one card, one mail domain; own devices, own work, some shared prompts."""
    rng, traits, who = world.rng, world.traits, groups.members
    gateways = world.pools(groups, 1 + groups.sizes // 60, "business")
    world.home.add(*groups.pick(rng, gateways, rng.integers(1, 5, len(who))))
    share_card(world, groups, 0.85)
    share_mail(world, groups, 0.96)
    world.template.add(*groups.pick(rng, between(world, groups, 2, 12, "template"), 4))
    zone = traits.zone[who[np.searchsorted(groups.group, np.arange(groups.count))]]
    traits.zone[who] = zone[groups.group]
    traits.own_clock[who] = clock_of(traits.zone[who], 0)
    traits.weekend[who] = 0.3
    traits.weight[who] = 1.5
    intense = rng.uniform(0.6, 0.98, groups.count)
    traits.own[who] = np.clip(intense[groups.group] + rng.normal(0, 0.08, len(who)), 0.3, 1)
    remote = rng.random(len(who)) < 0.3  # some never work from home
    traits.home[who] = ~remote


def production(world: World, groups: Groups) -> None:
    """An application: service accounts, flat load, few templates, no devices, one payer."""
    rng, traits, who = world.rng, world.traits, groups.members
    world.server.add(*groups.pick(rng, between(world, groups, 1, 5, "datacentre"), 4))
    world.template.add(*groups.pick(rng, between(world, groups, 2, 14, "template"), 6))
    _one_library(world, groups, 0.93)
    share_card(world, groups)
    share_mail(world, groups)
    traits.home[who] = traits.gadgets[who] = False
    traits.mail_style[who] = SERVICE
    traits.own[who] = np.repeat(rng.choice([0.0, 0.02, 0.2], groups.count), groups.sizes)
    traits.own_templates[who] = 2
    cloud = rng.random(groups.count)[groups.group] < 0.2
    traits.web[who], traits.api[who] = 0, np.where(cloud, 0.0, 1.0)
    busy = np.array([world.clocks.add(flat_clock()), -1])[
        (rng.random(groups.count) < 0.3).astype(int)
    ]
    traits.own_clock[who] = busy[groups.group]
    traits.weekend[who] = rng.uniform(0.5, 1.3, groups.count)[groups.group]
    traits.weight[who], traits.spread[who], traits.active[who] = 6, 0.4, 0.95
    traits.limited[who] = 0.015


def ci(world: World, groups: Groups) -> None:
    """A build system: hosted runners, the same templates and client, bursts after every merge."""
    rng, traits, who = world.rng, world.traits, groups.members
    hosted = world.addresses.new("datacentre", max(6, len(who) // 20))
    times = rng.integers(3, 9, len(who))
    world.server.add(np.repeat(who, times), rng.choice(hosted, int(times.sum())))
    world.template.add(*groups.pick(rng, between(world, groups, 1, 6, "template"), 4))
    _one_library(world, groups, 0.98)
    share_card(world, groups)
    share_mail(world, groups)
    traits.home[who] = traits.gadgets[who] = False
    traits.mail_style[who] = SERVICE
    traits.web[who], traits.api[who], traits.own[who] = 0, 1, 0.03
    clocks = [
        world.clocks.add(burst_clock(rng, 60), moving=True) for _ in range(min(groups.count, 64))
    ]
    traits.own_clock[who] = np.array([*clocks, -1])[groups.group % max(len(clocks), 1)]
    traits.weekend[who], traits.weight[who], traits.active[who] = 0.25, 3, 0.8


def _one_library(world: World, groups: Groups, share: float) -> None:
    """One client for each group; some members were never updated."""
    rng, who = world.rng, groups.members
    library = world.clients.draw_libraries(rng, groups.count)[groups.group]
    other = world.clients.draw_libraries(rng, len(who))
    world.library.add(who, np.where(rng.random(len(who)) < share, library, other))
