"""What networks do beyond their daily work: replace the banned, lie, frame innocents, bridge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.scenarios.arrays import Choices, Ints, Links
from linkage.scenarios.networks import Network
from linkage.scenarios.world import DAY, World

OWN_KEYS = 16  # an account has fewer own templates than this
BANNED, REQUEST = 5, 2


def replace_banned(world: World, network: Network) -> None:
    """An eighth of a network is banned in the course of the month, and replaced within a day."""
    rng, traits = world.rng, world.traits
    pairs = len(network.members) // 8
    if network.kind.name == "careful" or not pairs:
        return
    chosen = rng.permutation(network.members)[: 2 * pairs]
    banned, fresh = chosen[:pairs], chosen[pairs:]
    earliest = traits.first[banned] + 0.5 * DAY
    latest = np.maximum(earliest + 600, world.end - 1.2 * DAY)
    traits.last[banned] = np.minimum(rng.uniform(earliest, latest), world.end - 1.1 * DAY)
    traits.first[banned] = np.minimum(traits.first[banned], traits.last[banned] - 3600)
    traits.joins[fresh] = True
    traits.first[fresh] = traits.last[banned] + rng.uniform(600, 0.95 * DAY, pairs)
    world.extras.add(traits.last[banned], banned, BANNED)


def ban_innocents(world: World) -> None:
    """Spam and late payments get some innocents banned, too."""
    rng, traits = world.rng, world.traits
    some = np.flatnonzero(
        (rng.random(len(traits.kind)) < 0.002) & (traits.operator < 0) & ~traits.placed
    )
    traits.last[some] = rng.uniform(traits.first[some] + 1800, world.end)
    world.extras.add(traits.last[some], some, BANNED)


def claim_organisations(world: World, network: Network) -> None:
    """Some accounts name an organisation, mostly a real one, that never heard of them."""
    rng, traits = world.rng, world.traits
    liars = network.members[rng.random(len(network.members)) < 0.15]
    known = world.counts.get("org", 0)
    real = rng.integers(0, max(known, 1), len(liars))
    invented = world.new("org", max(len(liars) // 6, 1))
    made = rng.choice(invented, len(liars))
    traits.claimed[liars] = np.where((rng.random(len(liars)) < 0.6) & (known > 0), real, made)


def frame_innocents(world: World, networks: Sequence[Network]) -> None:
    """Some accounts use what an outsider can see of an innocent: address, template, client."""
    rng, traits = world.rng, world.traits
    framers = np.concatenate([n.members for n in networks if n.kind.name != "careful"])
    # worth framing: innocents with work of their own, and a good deal of it
    busy = (traits.own_templates > 0) & (traits.own > 0.5) & (traits.weight > 1)
    innocents = np.flatnonzero((traits.operator < 0) & busy & (traits.last >= world.end))
    victims = rng.choice(innocents, min(max(3, len(framers) // 40), len(innocents)), replace=False)
    victim = np.repeat(victims, rng.integers(3, 9, len(victims)))
    framer = np.repeat(rng.choice(framers, len(victim)), 3)
    victim = np.repeat(victim, 3)
    count = traits.kind.shape[0]
    homes, libraries = world.home.choices(count), world.library.choices(count)
    seconds = rng.uniform(
        traits.first[framer] + 60, np.maximum(traits.last[framer], traits.first[framer] + 61)
    )
    many = np.minimum(traits.own_templates[victim], OWN_KEYS)
    key = (many * rng.random(len(victim)) ** 3).astype(np.int64)
    world.extras.add(
        np.minimum(seconds, traits.last[framer]), framer, REQUEST,
        ip=homes.pick(victim, rng.random(len(victim))),
        template=-2 - (victim * OWN_KEYS + key),
        client=libraries.pick(victim, rng.random(len(victim))),
    )  # fmt: skip


def build_bridges(world: World, networks: Sequence[Network]) -> None:
    """Pairs of networks have some accounts in common: they carry artifacts of both."""
    rng = world.rng
    able = [n for n in networks if n.kind.name != "careful"]
    order = rng.permutation(len(able))
    kept = [world.home, world.device, world.payment, world.template]
    held = [(links, links.choices(world.scenario.accounts)) for links in kept]
    for left, right in list(zip(order[::2], order[1::2], strict=False))[:6]:
        bridging = rng.choice(able[left].members, 3, replace=False)
        for account in bridging:
            _carry(held, int(account), rng.choice(able[right].members, 2, replace=False))


def _carry(held: Sequence[tuple[Links, Choices]], account: int, others: Ints) -> None:
    for links, choices in held:
        for other in others:
            values = choices.of(int(other))[:6]
            links.add(np.full(len(values), account, np.int64), values.astype(np.int64))
