"""Networks of fraudulent accounts: a table of kinds, and what the accounts of each have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from linkage.scenarios.arrays import Ints, Random, hand_out, zipf
from linkage.scenarios.clocks import burst_clock, flat_clock, shift_clock
from linkage.scenarios.scenario import Scenario
from linkage.scenarios.world import DAY, RANDOM, World

Range = tuple[int, int]


@dataclass(frozen=True)
class NetworkKind:
    """How one sort of operator works. Numbers are what its accounts have or share."""

    name: str
    share: float  # of all fraudulent accounts
    paths: tuple[float, float, float]  # web, API, cloud platform
    exits: tuple[str, float, Range, float]  # sort, pool for each account, uses, borrowed share
    cards: Range = (3, 15)  # accounts for each card
    devices: Range = (2, 6)
    phones: Range = (2, 8)
    templates: tuple[float, float] = (0.1, 0.4)  # share of the network's pool that an account uses
    spread: float = 0.45  # of the load over accounts
    clock: str = "shift"
    sign_ups: tuple[int, float] = (40, 7200.0)  # accounts for each wave, seconds that it lasts
    mixed: tuple[float, float] = (0.25, 0.75)
    domains: Range = (4, 25)  # accounts for each throw-away mail domain
    own_mail: float = 0.35  # share of accounts that have one
    handover: float = 0.0


KINDS = (
    NetworkKind("proxy", 0.0, (0.3, 0.6, 0.1), ("home", 10, (6, 40), 0.5), handover=0.01),
    NetworkKind(
        "load_balanced", 0.035, (0.02, 0.96, 0.02), ("datacentre", 0.4, (3, 8), 0.1),
        templates=(0.5, 0.9), spread=0.12, clock="flat", handover=0.05, mixed=(0.05, 0.6),
    ),
    NetworkKind(
        "multi_path", 0.03, (0.34, 0.33, 0.33), ("datacentre", 0.5, (2, 6), 0.2),
        templates=(0.3, 0.7), mixed=(0.1, 0.6),
    ),
    NetworkKind(
        "synchronised", 0.02, (0.2, 0.8, 0.0), ("home", 1.5, (2, 5), 0.3), cards=(5, 20),
        templates=(0.2, 0.6), clock="burst", sign_ups=(25, 600.0), mixed=(0.1, 0.5),
    ),
    NetworkKind(
        "careful", 0.015, (0.5, 0.5, 0.0), ("own", 1, (1, 3), 0.0), cards=(1, 1), devices=(1, 1),
        phones=(1, 1), templates=(0.2, 0.5), spread=0.6, sign_ups=(1, 7200.0), own_mail=0.0,
    ),
    NetworkKind(
        "gateways", 0.08, (0.25, 0.65, 0.1), ("gateway", 200 / 1920, (8, 16), 0.0),
        templates=(0.2, 0.5), clock="flat",
    ),
    NetworkKind(
        "farm", 0.025, (0.6, 0.4, 0.0), ("home", 0.4, (1, 4), 0.2), cards=(2, 8),
        templates=(0.4, 0.8), spread=0.6, sign_ups=(8, 3600.0), domains=(3, 12),
    ),
)  # fmt: skip
NETWORK_KINDS = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True)
class Network:
    """One operator's accounts."""

    kind: NetworkKind
    members: Ints
    operator: int


def plan_networks(rng: Random, scenario: Scenario, accounts: Ints) -> list[Network]:
    """Divide the fraudulent accounts among networks; the proxy network takes what is left."""
    if not len(accounts):
        return []
    sizes = [
        (kind, max(round(kind.share * len(accounts)), _least(kind, accounts)))
        for kind in KINDS[1:-1]
    ]
    budget = max(round(KINDS[-1].share * len(accounts)), 12)
    while budget >= 5:
        size = int(np.exp(rng.uniform(np.log(5), np.log(41))))
        size = budget if budget < 10 else min(size, budget - 5, 40)
        sizes.append((KINDS[-1], size))
        budget -= size
    sizes.insert(0, (KINDS[0], len(accounts) - sum(size for _, size in sizes)))
    ends = np.cumsum([size for _, size in sizes])
    parts = np.split(accounts, ends[:-1])
    return [
        Network(_hiding(kind, scenario), part, number)
        for number, ((kind, _), part) in enumerate(zip(sizes, parts, strict=True))
    ]


def _least(kind: NetworkKind, accounts: Ints) -> int:
    return min(10 if kind.name == "careful" else 12, len(accounts) // 10)


def _hiding(kind: NetworkKind, scenario: Scenario) -> NetworkKind:
    """The kind as the scenario's evasions leave it."""
    if kind.name == "proxy" and not scenario.evades("residential_proxies"):
        kind = replace(kind, exits=("datacentre", 1, kind.exits[2], 0.0))
    if kind.name == "gateways" and not scenario.evades("gateways"):
        kind = replace(kind, exits=("datacentre", 0.8, (2, 6), 0.0))
    if kind.name == "careful" and not scenario.evades("own_device_and_card"):
        kind = replace(kind, exits=("home", 0.5, (1, 4), 0.0), cards=(3, 12), devices=(2, 6))
    if not scenario.evades("mixed_traffic"):
        kind = replace(kind, mixed=(0.0, 0.04))
    if scenario.evades("below_thresholds"):
        few = (min(kind.cards[0], 3), min(kind.cards[1], 6))
        kind = replace(kind, cards=few, phones=(1, 4), domains=(2, 6), spread=min(kind.spread, 0.2))
    return kind


def settle_network(world: World, network: Network, number: int) -> None:
    """Give a network's accounts all but the addresses that they borrow from innocents."""
    traits, who = world.traits, network.members
    traits.kind[who], traits.operator[who] = number, network.operator
    traits.home[who] = traits.gadgets[who] = traits.payer[who] = False
    _behave(world, network)
    _sign_up(world, network)
    _pay(world, network)
    _appear(world, network)
    _identify(world, network)
    _work(world, network)


def _behave(world: World, network: Network) -> None:
    rng, traits, who, kind = world.rng, world.traits, network.members, network.kind
    wobble = rng.dirichlet(np.array(kind.paths) * 12 + 0.01, len(who))
    traits.web[who], traits.api[who] = wobble[:, 0], wobble[:, 1]
    traits.own[who] = rng.uniform(*kind.mixed, len(who))
    traits.own_templates[who] = np.where(
        rng.random(len(who)) < 0.7, 0, rng.integers(1, 9, len(who))
    )
    traits.public[who] = np.where(rng.random(len(who)) < 0.15, rng.uniform(0, 0.1, len(who)), 0)
    traits.clock[who] = _clock(world, kind.clock)
    traits.spread[who], traits.active[who], traits.weekend[who] = kind.spread, 0.6, 0.8
    traits.limited[who], traits.adopts[who], traits.handover[who] = 0.012, 0.75, kind.handover
    if world.scenario.evades("jitter"):
        traits.jitter[who] = 90.0 if kind.clock == "burst" else 900.0
    if world.scenario.evades("paraphrase"):
        traits.paraphrase[who] = world.scenario.paraphrase.requests


def _clock(world: World, name: str) -> int:
    if name == "flat":
        return world.clocks.add(flat_clock())
    if name == "burst":
        return world.clocks.add(burst_clock(world.rng), moving=True)
    return world.clocks.add(shift_clock(world.rng), moving=True)


def _sign_up(world: World, network: Network) -> None:
    rng, traits, who = world.rng, world.traits, network.members
    size, lasts = network.kind.sign_ups
    waves = rng.uniform(0, world.end - 2 * DAY, max(2, len(who) // size))
    moments = rng.choice(waves, len(who)) + np.minimum(rng.exponential(lasts / 2, len(who)), lasts)
    new = rng.random(len(who)) > (0.6 if world.scenario.evades("aged_accounts") else 0.05)
    traits.joins[who], traits.placed[who] = new, True
    traits.first[who] = np.where(new, moments, 0.0)


def _pay(world: World, network: Network) -> None:
    rng, who = world.rng, network.members
    below = world.scenario.evades("below_thresholds")
    if network.kind.exits[0] == "gateway" and not below:
        count = max(3, round(len(who) * 200 / 1920))
        times = np.minimum(rng.integers(3, 9, len(who)), max(count // 2, 2))
        cards = world.new("card", count)[rng.integers(0, count, int(times.sum()))]
        world.payment.add(np.repeat(who, times), cards)
        return
    payers = who[rng.random(len(who)) < 0.9]
    for share in (1.0, 0.25):  # some change their card
        mine = payers[rng.random(len(payers)) < share]
        numbers, count = hand_out(rng, len(mine), network.kind.cards)
        world.payment.add(mine, world.new("card", count)[numbers])


def _appear(world: World, network: Network) -> None:
    """Devices from an anti-detect browser, and a handful of client libraries."""
    rng, who = world.rng, network.members
    for share in (0.92, 0.5):
        mine = who[rng.random(len(who)) < share]
        numbers, count = hand_out(rng, len(mine), network.kind.devices)
        world.device.add(mine, world.new_devices(count)[numbers])
    usual = world.clients.draw_libraries(rng, 5)
    stock = world.clients.draw_libraries(rng, len(who))
    picked = usual[zipf(rng, 5, len(who))]
    world.library.add(who, np.where(rng.random(len(who)) < 0.8, picked, stock))


def _identify(world: World, network: Network) -> None:
    rng, traits, who = world.rng, world.traits, network.members
    own = who[rng.random(len(who)) < network.kind.own_mail]
    numbers, count = hand_out(rng, len(own), network.kind.domains)
    traits.mail_domain[own] = world.new("domain", count)[numbers]
    traits.mail_style[who] = np.where(rng.random(len(who)) < 0.65, RANDOM, 0)
    called = who[rng.random(len(who)) < 0.5]
    numbers, count = hand_out(rng, len(called), network.kind.phones)
    traits.phone[called] = world.new("phone", count)[numbers]
    if network.kind.phones[1] > 1:
        some = who[rng.random(len(who)) < 0.03]
        traits.phone[some] = rng.choice(world.public_numbers, len(some))


def _work(world: World, network: Network) -> None:
    """The network's own templates; every account gets a part of them."""
    rng, who = world.rng, network.members
    if world.scenario.evades("below_thresholds"):
        world.template.add(*_spread_thin(world, who, "template", 5))
        return
    pool = world.new("template", int(12 * len(who) ** 0.35))
    rng.shuffle(pool)
    uses = (rng.uniform(*network.kind.templates, len(who)) * len(pool)).astype(np.int64)
    owners = np.repeat(who, np.maximum(uses, 2))
    world.template.add(owners, pool[zipf(rng, len(pool), len(owners), 0.4)])


def _spread_thin(world: World, who: Ints, what: str, uses: int) -> tuple[Ints, Ints]:
    """Pairs of account and artifact, such that no artifact has ten accounts."""
    owners = np.repeat(who, uses)
    numbers, count = hand_out(world.rng, len(owners), (3, 6))
    codes = world.new(what, count) if what == "template" else world.addresses.new(what, count)
    return owners, codes[numbers]


def lend_exits(world: World, network: Network, homes: Ints, servers: Ints) -> None:
    """The addresses that a network leaves through; some of them are innocents' own."""
    rng, who = world.rng, network.members
    sort, factor, uses, borrowed = network.kind.exits
    if sort == "own":
        owners = np.repeat(who, rng.integers(uses[0], uses[1] + 1, len(who)))
        world.home.add(owners, world.addresses.new("home", len(owners)))
        return
    sort = "datacentre" if sort == "gateway" else sort
    if world.scenario.evades("below_thresholds"):
        world.home.add(*_spread_thin(world, who, sort, min(uses[1], 8)))
        return
    size = max(3, round(factor * len(who)))
    theirs = homes if sort == "home" else servers
    taken = round(borrowed * size) if len(theirs) else 0
    pool = np.concatenate([world.addresses.new(sort, size - taken), rng.choice(theirs, taken)])
    times = np.minimum(rng.integers(uses[0], uses[1] + 1, len(who)), max(size // 2, 2))
    owners = np.repeat(who, times)
    picked = (len(pool) * rng.random(len(owners)) ** 1.2).astype(np.int64)
    world.home.add(owners, rng.permutation(pool)[picked])
