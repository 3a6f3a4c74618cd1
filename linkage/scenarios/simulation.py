"""The simulator's steps in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from linkage.scenarios import evasions
from linkage.scenarios.lookalikes import LOOK_ALIKES, settle_look_alikes
from linkage.scenarios.moments import plan_moments
from linkage.scenarios.networks import (
    NETWORK_KINDS,
    Network,
    lend_exits,
    plan_networks,
    settle_network,
)
from linkage.scenarios.people import give_usual_things, give_zones, public_templates
from linkage.scenarios.scenario import Scenario, SimulationSummary
from linkage.scenarios.traffic import Plan, batches, make_plan
from linkage.scenarios.world import World, make_world
from linkage.scenarios.writer import EventWriter, make_texts, write_truth

Progress = Callable[[float, str], None]
ORDINARY = "ordinary"
KIND_NAMES = [ORDINARY, *NETWORK_KINDS, *(kind.name for kind in LOOK_ALIKES)]


def simulate(scenario: Scenario, out: Path, progress: Progress | None = None) -> SimulationSummary:
    """Write a simulated month: ``out/events.parquet`` and ``out/truth.parquet``.

    The same scenario gives the same bytes. ``progress`` is told the fraction done and the step.
    """
    report = progress or _silent
    out.mkdir(parents=True, exist_ok=True)
    report(0.0, "accounts")
    world, networks = populate(scenario)
    plan = make_plan(world, public_templates(world))
    texts = make_texts(world)
    write_truth(out / "truth.parquet", world, texts, KIND_NAMES)
    report(0.1, "events")
    events = EventWriter(out / "events.parquet", texts)
    _write_days(events, plan, report)
    return _summary(world, networks, out, events.rows)


def populate(scenario: Scenario) -> tuple[World, list[Network]]:
    """All accounts with all that they have."""
    world = make_world(scenario)
    accounts = world.rng.permutation(scenario.accounts)
    fakes, innocents = accounts[: scenario.fakes], accounts[scenario.fakes :]
    give_zones(world)
    networks = plan_networks(world.rng, scenario, fakes)
    for network in networks:
        settle_network(world, network, 1 + NETWORK_KINDS.index(network.kind.name))
    settle_look_alikes(world, innocents, 1 + len(NETWORK_KINDS))
    give_usual_things(world)
    _evade(world, networks)
    plan_moments(world)
    return world, networks


def _evade(world: World, networks: list[Network]) -> None:
    """What needs the innocents to exist."""
    scenario = world.scenario
    homes, servers = (
        np.concatenate(links.values).astype(np.int64) for links in (world.home, world.server)
    )
    for network in networks:
        lend_exits(world, network, homes, servers)
        if scenario.evades("replacement"):
            evasions.replace_banned(world, network)
        if scenario.evades("claimed_orgs"):
            evasions.claim_organisations(world, network)
    evasions.ban_innocents(world)
    if networks and scenario.evades("bridges"):
        evasions.build_bridges(world, networks)
    if networks and scenario.evades("framing"):
        evasions.frame_innocents(world, networks)


def _write_days(events: EventWriter, plan: Plan, report: Progress) -> None:
    try:
        for day, batch in enumerate(batches(plan), 1):
            events.add(batch)
            report(0.1 + 0.9 * day / plan.days, "events")
    finally:
        events.close()


def _summary(world: World, networks: list[Network], out: Path, rows: int) -> SimulationSummary:
    counts = np.bincount(world.traits.kind, minlength=len(KIND_NAMES))
    return SimulationSummary(
        events_path=out / "events.parquet",
        truth_path=out / "truth.parquet",
        accounts=world.scenario.accounts,
        events=rows,
        fakes=world.scenario.fakes,
        networks=len(networks),
        kinds={name: int(count) for name, count in zip(KIND_NAMES, counts, strict=True)},
    )


def _silent(fraction: float, step: str) -> None:
    """Nobody listens."""
