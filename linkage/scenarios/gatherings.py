"""Look-alikes that share a room, a task or a purse, and have lives of their own."""

from __future__ import annotations

import numpy as np

from linkage.scenarios.arrays import Choices, Groups, Ints
from linkage.scenarios.companies import between, one_each, share_card, share_mail
from linkage.scenarios.world import DAY, World


def university(world: World, groups: Groups) -> None:
    """Classes: an hour in one room with the same starter prompts, then each goes home."""
    rng, traits, who = world.rng, world.traits, groups.members
    campus = np.repeat(np.arange(groups.count), rng.integers(1, 6, groups.count))[: groups.count]
    whole = Groups(who, campus[groups.group], np.bincount(campus))
    rooms = world.pools(whole, 1 + whole.sizes % 3, "campus")
    share_mail(world, whole, 0.85)
    _meet(world, groups, rooms.pick(campus, rng.random(groups.count)), 0.85)
    back = np.where(rng.random(len(who)) < 0.5, rng.integers(1, 3, len(who)), 0)
    world.home.add(*whole.pick(rng, rooms, back))
    traits.web[who], traits.api[who] = 0.92, 0.08
    traits.weight[who] = 0.8


def hackathon(world: World, groups: Groups) -> None:
    """A weekend at one address: everyone signs up at once and works with the host's templates."""
    rng, traits, who = world.rng, world.traits, groups.members
    hall = one_each(world, groups, "business")
    _meet(world, groups, hall.pick(np.arange(groups.count), np.zeros(groups.count)), 0.95)
    world.home.add(*groups.pick(rng, hall, 2))
    world.template.add(*groups.pick(rng, between(world, groups, 3, 9, "template"), 3))
    traits.own[who] = rng.uniform(0.5, 0.95, len(who))
    traits.web[who] = rng.uniform(0.2, 0.8, len(who))
    traits.api[who] = 1 - traits.web[who]
    traits.own_templates[who] = rng.integers(1, 8, len(who))
    traits.weight[who] = 1.3


def _meet(world: World, groups: Groups, room: Ints, newcomers: float) -> None:
    """One hour in a room: sign-ups, then the starter prompts from everyone."""
    rng, traits, who = world.rng, world.traits, groups.members
    day = rng.integers(0, world.scenario.days - 1, groups.count)
    begins = day * DAY + rng.uniform(7 * 3600, 20 * 3600, groups.count)
    arrives = begins[groups.group] + 1800 * rng.beta(1.2, 3, len(who))
    new = rng.random(len(who)) < newcomers
    traits.joins[who] = new
    traits.first[who] = np.where(new, arrives, 0.0)
    traits.placed[who] = True
    traits.signup_ip[who] = np.where(new, room[groups.group], -1)
    starters = between(world, groups, 2, 6, "template")
    row = np.repeat(np.arange(len(who)), rng.integers(2, 7, len(who)))
    seconds = arrives[row] + 20 + rng.uniform(0, 1, len(row)) * 1700
    told = starters.pick(groups.group[row], rng.random(len(row)))
    world.extras.add(seconds, who[row], 2, ip=room[groups.group[row]], template=told)


def agency(world: World, groups: Groups) -> None:
    """An agency: it works in its clients' accounts, each with work of its own."""
    rng, traits, who = world.rng, world.traits, groups.members
    world.home.add(*groups.pick(rng, between(world, groups, 1, 2, "business"), 3))
    world.device.add(*groups.pick(rng, between(world, groups, 1, 3, "device"), 2))
    lives = rng.random(len(who)) < 0.6
    traits.home[who] = traits.gadgets[who] = lives
    separate = rng.random(len(who)) < 0.5
    traits.mail_domain[who[separate]] = world.new("domain", int(separate.sum()))
    traits.own[who] = rng.uniform(0.85, 1.0, len(who))
    world.template.add(*groups.pick(rng, between(world, groups, 1, 8, "template"), 3))
    traits.weight[who] = 1.2


def reseller(world: World, groups: Groups) -> None:
    """A reseller: one card pays for many customers who do not know each other."""
    rng, who = world.rng, groups.members
    share_card(world, groups, 0.95)
    own = rng.random(len(who)) < 0.35
    world.traits.mail_domain[who[own]] = world.new("domain", int(own.sum()))
    world.traits.weight[who] = 1.3


def household(world: World, groups: Groups) -> None:
    """A family: one line, one computer, mostly one card; telephones and prompts of their own."""
    rng, traits, who = world.rng, world.traits, groups.members
    world.home.add(*groups.pick(rng, between(world, groups, 1, 3, "home"), 4))
    world.device.add(*groups.pick(rng, between(world, groups, 1, 2, "device"), 2))
    card = rng.random(groups.count)[groups.group] < 0.6
    members, cards = groups.pick(rng, one_each(world, groups, "card"), 1)
    world.payment.add(members[card], cards[card])
    traits.payer[who] = ~card
    number = one_each(world, groups, "phone").pick(groups.group, np.zeros(len(who)))
    traits.phone[who] = np.where(rng.random(len(who)) < 0.2, number, -1)
    traits.home[who] = False
    traits.gadgets[who] = rng.random(len(who)) < 0.6
    _live_together(world, groups)


def _live_together(world: World, groups: Groups) -> None:
    traits, who = world.traits, groups.members
    first = Choices(np.concatenate([[0], np.cumsum(groups.sizes)]), who.astype(np.int32))
    traits.zone[who] = traits.zone[first.pick(groups.group, np.zeros(len(who)))]


def internet_cafe(world: World, groups: Groups) -> None:
    """An internet café: shared computers and address; most guests also have a telephone."""
    rng, traits, who = world.rng, world.traits, groups.members
    world.home.add(*groups.pick(rng, between(world, groups, 1, 2, "business"), 2))
    machines = world.pools(groups, 3 + groups.sizes // 4, "device")
    world.device.add(*groups.pick(rng, machines, rng.integers(1, 4, len(who))))
    lives = rng.random(len(who)) < 0.7
    traits.home[who] = traits.gadgets[who] = lives
    traits.web[who], traits.api[who] = 0.98, 0.02
