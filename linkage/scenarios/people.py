"""What ordinary people have: homes, telephones, devices, cards, mailboxes, prompts and hours."""

from __future__ import annotations

import numpy as np

from linkage.scenarios.arrays import Choices, Flags, starts_of, zipf
from linkage.scenarios.clocks import clock_of, draw_zones
from linkage.scenarios.world import DAY, PUBLIC_MAIL, RANDOM, World

MOBILE_HOLDERS = 60  # accounts for each address of a mobile carrier


def give_zones(world: World) -> None:
    """A time zone for everyone, before anything else depends on it."""
    world.traits.zone = draw_zones(world.rng, world.scenario.accounts)


def give_usual_things(world: World) -> None:
    """Whatever an account's kind has not settled, it has as ordinary people have it."""
    _homes(world)
    _roaming(world)
    _devices(world)
    _cards(world)
    _identities(world)
    _habits(world)
    _hours(world)
    _arrivals(world)


def _homes(world: World) -> None:
    rng = world.rng
    living = np.flatnonzero(world.traits.home)
    six = rng.random(len(living)) < 0.18
    owners = np.repeat(
        living[~six], rng.choice([1, 2, 3, 4], int((~six).sum()), p=[0.4, 0.3, 0.2, 0.1])
    )
    lines = world.addresses.new("home", len(owners))
    # a provider gives an address that one customer left to another one
    again = np.flatnonzero(rng.random(len(lines)) < 0.05)
    lines[again] = lines[rng.integers(0, len(lines), len(again))]
    world.home.add(owners, lines)
    prefixes = world.addresses.new_v6(int(six.sum()))
    world.home.add(np.repeat(living[six], prefixes.shape[1]), prefixes.reshape(-1))


def _roaming(world: World) -> None:
    rng, count = world.rng, world.scenario.accounts
    for sort, share, holders in (
        ("mobile", 0.3, MOBILE_HOLDERS),
        ("vpn", 0.05, 80),
        ("business", 0.06, 12),
    ):
        roaming = np.flatnonzero((rng.random(count) < share) & world.traits.home)
        pool = world.addresses.new(sort, max(4, len(roaming) // holders))
        owners = np.repeat(roaming, rng.integers(1, 3, len(roaming)))
        world.home.add(owners, pool[zipf(rng, len(pool), len(owners), 0.6)])


def _devices(world: World) -> None:
    rng = world.rng
    owners = np.flatnonzero(world.traits.gadgets)
    owners = np.repeat(owners, rng.choice([1, 2, 3], len(owners), p=[0.55, 0.35, 0.1]))
    devices = world.new_devices(len(owners))
    # fingerprints of popular phones collide
    common = world.new_devices(max(3, world.scenario.accounts // 400))
    same = np.flatnonzero(rng.random(len(owners)) < 0.012)
    devices[same] = common[rng.integers(0, len(common), len(same))]
    world.device.add(owners, devices)


def _cards(world: World) -> None:
    rng = world.rng
    chance = np.where(world.traits.payer, 0.36, 0.0)
    payers = np.flatnonzero(rng.random(len(chance)) < chance)
    owners = np.repeat(payers, rng.choice([1, 2], len(payers), p=[0.93, 0.07]))
    cards = world.new("card", len(owners))
    # relatives and colleagues pay for each other now and then
    lent = np.flatnonzero(rng.random(len(owners)) < 0.008)
    cards[lent] = cards[rng.integers(0, max(len(owners), 1), len(lent))]
    world.payment.add(owners, cards)


def _identities(world: World) -> None:
    rng, traits = world.rng, world.traits
    unset = np.flatnonzero(traits.mail_domain < 0)
    traits.mail_domain[unset] = zipf(rng, PUBLIC_MAIL, len(unset), 1.3)
    odd = unset[rng.random(len(unset)) < 0.07]
    traits.mail_style[odd] = RANDOM
    free = unset[(rng.random(len(unset)) < 0.07) & (traits.operator[unset] < 0)]
    traits.mail_domain[free] = world.new("domain", len(free))
    called = np.flatnonzero((traits.phone < 0) & (rng.random(len(traits.phone)) < 0.45))
    traits.phone[called] = world.new("phone", len(called))
    some = np.flatnonzero((rng.random(len(traits.phone)) < 0.004) & (traits.operator < 0))
    traits.phone[some] = rng.choice(world.public_numbers, len(some))


def _habits(world: World) -> None:
    rng, traits = world.rng, world.traits
    count = len(traits.kind)
    role = rng.choice(3, count, p=[0.7, 0.2, 0.1])  # at the web page, a developer, both
    web = np.array([0.97, 0.1, 0.6])[role]
    unset = traits.web < 0
    traits.web = np.where(unset, web, traits.web)
    cloud = np.where(rng.random(count) < 0.12, 0.8, 0.02)
    traits.api = np.where(unset, (1 - web) * (1 - cloud), traits.api)
    builds = np.where(role == 0, 0, rng.integers(1, 13, count))
    traits.own_templates = np.where(traits.own_templates < 0, builds, traits.own_templates)
    fans = np.where(rng.random(count) < 0.12, rng.uniform(0.02, 0.4, count), 0.0)
    traits.public = np.where(traits.public < 0, fans, traits.public)
    traits.own = np.where(traits.own < 0, 1 - traits.public, traits.own)
    _libraries(world)
    _rented_servers(world, (role == 1) & traits.home)


def _libraries(world: World) -> None:
    """Client libraries for those whom their kind gave none."""
    rng, count = world.rng, world.scenario.accounts
    told = np.zeros(count, np.bool_)
    for owners in world.library.owners:
        told[owners] = True
    rest = np.flatnonzero(~told)
    owners = np.repeat(rest, rng.choice([1, 2], len(rest), p=[0.75, 0.25]))
    world.library.add(owners, world.clients.draw_libraries(rng, len(owners)))


def _rented_servers(world: World, developers: Flags) -> None:
    """Half of the developers run their programs on a server of their own."""
    rng = world.rng
    owners = np.flatnonzero(developers & (rng.random(len(developers)) < 0.5))
    owners = np.repeat(owners, rng.integers(1, 3, len(owners)))
    world.server.add(owners, world.addresses.new("datacentre", len(owners)))


def _hours(world: World) -> None:
    rng, traits = world.rng, world.traits
    style = rng.choice(4, len(traits.zone), p=[0.35, 0.35, 0.1, 0.2])
    usual = clock_of(traits.zone, style)
    traits.own_clock = np.where(traits.own_clock < 0, usual, traits.own_clock)
    traits.clock = np.where(traits.clock < 0, traits.own_clock, traits.clock)
    traits.weekend *= np.where(style == 0, 0.5, 1.2)
    traits.active = np.clip(traits.active * rng.uniform(0.3, 1.9, len(style)), 0.04, 1)
    traits.weight *= np.exp(traits.spread * rng.standard_normal(len(style)) - traits.spread**2 / 2)


def _arrivals(world: World) -> None:
    """Two accounts of five signed up within the month."""
    rng, traits = world.rng, world.traits
    joins = ~traits.placed & (rng.random(len(traits.kind)) < 0.4)
    traits.joins |= joins
    day = rng.integers(0, world.scenario.days, int(joins.sum()))
    hour = world.clocks.table()[traits.own_clock[joins], rng.integers(0, 4096, len(day))]
    moment = day * DAY + hour * 60.0 + rng.uniform(0, 60, len(day))
    traits.first[joins] = np.minimum(moment, world.end - 3600)
    leaves = np.flatnonzero((rng.random(len(traits.kind)) < 0.06) & ~traits.placed)
    traits.last[leaves] = rng.uniform(traits.first[leaves], world.end)


def public_templates(world: World) -> Choices:
    """Templates that anyone may use, as one list, the popular ones many times."""
    size = 200 + world.scenario.accounts // 2000
    codes = world.new("template", size)
    copies = np.maximum(1, 2000 // np.arange(1, size + 1))
    return Choices(starts_of(np.array([copies.sum()])), np.repeat(codes, copies).astype(np.int32))
