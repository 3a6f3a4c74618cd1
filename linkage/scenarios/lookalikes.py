"""Innocents that look like networks: people who share an address, a card, a device or a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linkage.scenarios.arrays import Choices, Groups, Ints, cut
from linkage.scenarios.companies import ci, corporate, production
from linkage.scenarios.crowds import carrier_nat, cloud_nat, open_source, vpn
from linkage.scenarios.gatherings import (
    agency,
    hackathon,
    household,
    internet_cafe,
    reseller,
    university,
)
from linkage.scenarios.world import World

Settle = Callable[[World, Groups], None]


@dataclass(frozen=True)
class LookAlike:
    """A kind of innocents: its share of the accounts, the sizes of its groups, what they have."""

    name: str
    share: float
    sizes: tuple[int, int, float]  # smallest, largest, exponent of the power law
    verified: float  # how many of its groups are verified organisations
    settle: Settle


LOOK_ALIKES = (
    LookAlike("corporate", 0.08, (5, 900, 1.0), 0.64, corporate),
    LookAlike("university", 0.045, (8, 90, 0.9), 0.64, university),
    LookAlike("hackathon", 0.01, (10, 80, 1.0), 0.6, hackathon),
    LookAlike("production", 0.032, (10, 60, 1.2), 0.64, production),
    LookAlike("ci", 0.013, (3, 12, 1.0), 0.64, ci),
    LookAlike("reseller", 0.03, (6, 200, 1.0), 0.62, reseller),
    LookAlike("agency", 0.03, (5, 40, 1.3), 0.62, agency),
    LookAlike("internet_cafe", 0.01, (8, 60, 1.0), 0.0, internet_cafe),
    LookAlike("household", 0.08, (2, 4, 1.0), 0.0, household),
    LookAlike("carrier_nat", 0.06, (60, 20_000, 0.5), 0.0, carrier_nat),
    LookAlike("vpn", 0.05, (40, 3000, 0.6), 0.0, vpn),
    LookAlike("cloud_nat", 0.03, (15, 800, 0.8), 0.0, cloud_nat),
    LookAlike("open_source", 0.04, (20, 4000, 0.5), 0.0, open_source),
)


def settle_look_alikes(world: World, accounts: Ints, first_kind: int) -> None:
    """Make some of ``accounts`` look-alikes; the others stay ordinary."""
    at = 0
    for number, kind in enumerate(LOOK_ALIKES, first_kind):
        share = accounts[at : at + round(kind.share * len(accounts))]
        at += len(share)
        groups = cut(world.rng, share, kind.sizes)
        world.traits.kind[groups.members] = number
        kind.settle(world, groups)
        if kind.verified:
            _organise(world, groups, kind.verified)


def _organise(world: World, groups: Groups, share: float) -> None:
    """Verify some groups as organisations; a few of the others merely claim to be one."""
    rng, traits = world.rng, world.traits
    count = groups.count
    verified = np.arange(count) < max(round(share * count), 0)
    if count == 1:
        verified[:] = False
    rng.shuffle(verified)
    claims = ~verified & (rng.random(count) < 0.3)
    own = Choices(np.arange(count + 1, dtype=np.int64), world.new("org", count).astype(np.int32))
    org = own.pick(groups.group, np.zeros(len(groups.group)))
    joined = rng.random(len(org)) < 0.97  # someone has always not been added yet
    traits.org[groups.members] = np.where(verified[groups.group] & joined, org, -1)
    traits.claimed[groups.members] = np.where(claims[groups.group], org, -1)
