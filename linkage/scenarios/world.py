"""Everything that is known about the accounts before a single event is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage.scenarios.addresses import Addresses
from linkage.scenarios.arrays import Choices, Flags, Floats, Groups, Ints, Links, Random, starts_of
from linkage.scenarios.clients import Clients, make_clients
from linkage.scenarios.clocks import Clocks, human_clocks
from linkage.scenarios.scenario import Scenario

DAY = 86_400.0
HUMAN, RANDOM, SERVICE = 0, 1, 2  # how a mailbox is named
PUBLIC_MAIL = 12  # the first mail domains are public services


class Traits:
    """One value an account: who it is and how it behaves."""

    def __init__(self, count: int, days: int) -> None:
        def whole(value: int) -> Ints:
            return np.full(count, value, np.int64)

        def share(value: float) -> Floats:
            return np.full(count, value, np.float64)

        def flag(value: bool) -> Flags:
            return np.full(count, value, np.bool_)

        self.kind, self.operator = whole(0), whole(-1)
        self.org, self.claimed = whole(-1), whole(-1)
        self.zone, self.clock, self.own_clock = whole(0), whole(-1), whole(-1)
        self.mail_domain, self.mail_style, self.phone = whole(-1), whole(HUMAN), whole(-1)
        self.own_templates = whole(-1)  # 0: every own prompt is another one
        self.signup_ip = whole(-1)
        self.web, self.api = share(-1), share(0)  # the rest comes over a cloud platform
        self.own, self.public = share(-1), share(-1)  # of the requests; the rest is shared work
        self.weight, self.spread = share(1), share(1.25)
        self.active, self.weekend = share(0.45), share(0.7)
        self.first, self.last = share(0), share(days * DAY)
        self.jitter, self.paraphrase, self.handover = share(0), share(0), share(0)
        self.limited, self.adopts = share(0.004), share(0.3)
        self.home, self.gadgets, self.payer = flag(True), flag(True), flag(True)
        self.joins, self.placed = flag(False), flag(False)  # signs up; when is already settled


@dataclass
class Extras:
    """Single events that are planned ahead: what differs from the usual is given, -1 is usual."""

    rows: list[tuple[Floats, Ints, Ints, Ints, Ints, Ints]] = field(default_factory=list)

    def add(self, seconds: Floats, accounts: Ints, kind: int, **told: Ints) -> None:
        """Plan events of one type; ``ip``, ``template`` and ``client`` may be told.

        A template below -1 is an account's own: -2 - (account * OWN_KEYS + number).
        """
        usual = np.full(len(accounts), -1, np.int64)
        columns = [told.get(name, usual) for name in ("ip", "template", "client")]
        kinds = np.full(len(accounts), kind, np.int64)
        self.rows.append((seconds, accounts, kinds, columns[0], columns[1], columns[2]))

    def columns(self) -> tuple[Floats, list[Ints]]:
        """When, and: account, type, address, template, client."""
        _, *told = (np.concatenate([row[i] for row in self.rows]) for i in range(6))
        return np.concatenate([row[0] for row in self.rows]), [c.astype(np.int64) for c in told]


@dataclass
class World:
    """Accounts, their artifacts and the pools that artifacts come from."""

    scenario: Scenario
    rng: Random
    traits: Traits
    clients: Clients
    clocks: Clocks
    addresses: Addresses
    home: Links = field(default_factory=Links)
    server: Links = field(default_factory=Links)
    device: Links = field(default_factory=Links)
    library: Links = field(default_factory=Links)
    payment: Links = field(default_factory=Links)
    template: Links = field(default_factory=Links)
    extras: Extras = field(default_factory=Extras)
    device_clients: list[Ints] = field(default_factory=list)
    public_numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    counts: dict[str, int] = field(default_factory=lambda: {"domain": PUBLIC_MAIL})

    @property
    def end(self) -> float:
        return self.scenario.days * DAY

    def new(self, what: str, count: int) -> Ints:
        """Codes of new cards, phones, domains, organisations or templates."""
        first = self.counts.get(what, 0)
        self.counts[what] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def new_devices(self, count: int) -> Ints:
        """Codes of new devices; each has a browser."""
        self.device_clients.append(self.clients.draw_browsers(self.rng, count))
        return self.new("device", count)

    def pools(self, groups: Groups, counts: Ints, what: str) -> Choices:
        """New artifacts for groups: ``counts`` of them each. ``what``: an address sort, or else."""
        total = int(counts.sum())
        if what in ("card", "phone", "domain", "org", "template"):
            codes = self.new(what, total)
        else:
            codes = self.new_devices(total) if what == "device" else self.addresses.new(what, total)
        return Choices(starts_of(counts), codes.astype(np.int32))


def make_world(scenario: Scenario) -> World:
    """A world with accounts that have nothing yet."""
    rng = np.random.default_rng([scenario.seed, 1])
    world = World(
        scenario=scenario,
        rng=rng,
        traits=Traits(scenario.accounts, scenario.days),
        clients=make_clients(rng),
        clocks=human_clocks(),
        addresses=Addresses(key=int(rng.integers(1, 2**30))),
    )
    # telephone numbers that receive anyone's messages
    world.public_numbers = world.new("phone", max(2, scenario.accounts // 4000))
    return world
