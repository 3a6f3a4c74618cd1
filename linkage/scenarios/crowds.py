"""Look-alikes that never met: people behind the same carrier, exit, gateway or popular prompt."""

from __future__ import annotations

import numpy as np

from linkage.scenarios.arrays import Groups
from linkage.scenarios.world import World


def carrier_nat(world: World, groups: Groups) -> None:
    """A mobile carrier: thousands of people on a few addresses, many without a home line."""
    rng, who = world.rng, groups.members
    pool = world.pools(groups, 2 + groups.sizes // 350, "mobile")
    world.home.add(*groups.pick(rng, pool, rng.integers(2, 7, len(who))))
    world.traits.home[who] = rng.random(len(who)) < 0.45


def vpn(world: World, groups: Groups) -> None:
    """A VPN provider: every exit has hundreds of customers, and they change exits."""
    rng, who = world.rng, groups.members
    pool = world.pools(groups, 2 + groups.sizes // 60, "vpn")
    world.home.add(*groups.pick(rng, pool, rng.integers(2, 9, len(who))))
    world.traits.home[who] = rng.random(len(who)) < 0.75


def cloud_nat(world: World, groups: Groups) -> None:
    """A cloud region: unrelated developers' programs leave through the same gateways."""
    rng, traits, who = world.rng, world.traits, groups.members
    pool = world.pools(groups, 1 + groups.sizes // 120, "datacentre")
    world.server.add(*groups.pick(rng, pool, rng.integers(1, 4, len(who))))
    traits.web[who] = rng.choice([0.0, 0.05, 0.3], len(who))
    traits.api[who] = (1 - traits.web[who]) * rng.choice([1.0, 0.2], len(who), p=[0.8, 0.2])
    traits.own_templates[who] = rng.integers(1, 15, len(who))
    traits.public[who] = np.where(rng.random(len(who)) < 0.2, 0.2, 0.0)
    traits.weight[who] = 2.0


def open_source(world: World, groups: Groups) -> None:
    """A popular project: strangers who all run its prompts."""
    rng, traits, who = world.rng, world.traits, groups.members
    pool = world.pools(groups, 2 + rng.integers(0, 14, groups.count), "template")
    world.template.add(*groups.pick(rng, pool, rng.integers(2, 8, len(who))))
    traits.own[who] = rng.uniform(0.1, 0.7, len(who))
    traits.own_templates[who] = np.where(rng.random(len(who)) < 0.6, 0, 5)
    traits.web[who] = rng.choice([0.0, 0.5, 0.95], len(who), p=[0.4, 0.3, 0.3])
    traits.api[who] = (1 - traits.web[who]) * 0.9
