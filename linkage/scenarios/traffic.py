"""A day's events: who does what, when, from where, with which client and which prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage.scenarios.arrays import Choices, Flags, Floats, Ints, Random, Words, identity
from linkage.scenarios.clocks import MINUTES, STEPS
from linkage.scenarios.evasions import OWN_KEYS
from linkage.scenarios.moments import LIMITED, LOGIN, PAYMENT, REQUEST, SIGNUP
from linkage.scenarios.world import DAY, Traits, World

FAKES_LOAD = 17.0  # an account of a network sends this many times the mean of all accounts
FAKES_MOST = 0.4  # ... but all networks together no more than this share of the events
SHARED, OWNED, ONCE, TALK, PASSED = 1, 2, 3, 4, 5  # what an identifier belongs to
PATHS = ("api", "web", "cloud")
API, WEB, CLOUD = range(3)


@dataclass
class Batch:
    """The events of one day by column, in order of time. Codes are -1 where there is nothing."""

    seconds: Floats
    account: Ints
    type: Ints
    path: Ints
    device: Ints
    client: Ints
    ip: Ints
    payment: Ints
    shows: Flags  # e-mail, telephone and organisation are known with this event
    prompted: Flags
    template: Words
    fresh: Flags  # a prompt that is written once
    reworded: Flags
    talk: Words
    talks: Flags
    model: Ints
    tokens_in: Ints
    tokens_out: Ints


@dataclass(frozen=True)
class Timeline:
    """A day's events before they are filled in; what was told about the planned ones, or -1."""

    seconds: Floats
    account: Ints
    type: Ints
    ip: Ints
    template: Ints
    client: Ints
    own: Flags  # not the operator's work
    planned: Flags


@dataclass(frozen=True)
class Plan:
    """The world, frozen for fast look-ups."""

    seed: int
    days: int
    traits: Traits
    home: Choices
    server: Choices
    device: Choices
    device_client: Ints
    library: Choices
    payment: Choices
    template: Choices
    public: Choices
    minutes: Ints
    moving: Flags
    week: Floats  # by day: how much of a working day it is
    rate: Floats  # events that each account is expected to have on a full day
    planned: Floats  # when the planned events are; by day, they end at planned_ends
    told: list[Ints]
    planned_ends: Ints


def make_plan(world: World, public: Choices) -> Plan:
    """Freeze the world and scale the loads to the number of events asked for."""
    count, days = world.scenario.accounts, world.scenario.days
    seconds, told = world.extras.columns()
    seconds = np.clip(seconds, 0, world.end - 1)
    order = np.argsort(seconds, kind="stable")
    seconds = seconds[order]
    weekdays = (world.scenario.start.weekday() + np.arange(days)) % 7
    week = (weekdays < 5).astype(np.float64)
    return Plan(
        seed=world.scenario.seed, days=days, traits=world.traits,
        home=world.home.choices(count), server=world.server.choices(count),
        device=world.device.choices(count), library=world.library.choices(count),
        device_client=np.concatenate(world.device_clients),
        payment=world.payment.choices(count), template=world.template.choices(count),
        public=public, minutes=world.clocks.table(), moving=np.array(world.clocks.moving),
        week=week, rate=_rates(world, week, len(seconds)), planned=seconds,
        told=[column[order] for column in told],
        planned_ends=np.searchsorted(seconds, np.arange(days + 1) * DAY),
    )  # fmt: skip


def presence(traits: Traits, day: int) -> Floats:
    """The part of a day during which each account exists."""
    begin, end = np.maximum(traits.first, day * DAY), np.minimum(traits.last, (day + 1) * DAY)
    part: Floats = np.maximum(end - begin, 0) / DAY
    return part


def _rates(world: World, week: Floats, planned: int) -> Floats:
    traits, scenario = world.traits, world.scenario
    raw = np.zeros(scenario.accounts)
    for day, working in enumerate(week):
        raw += presence(traits, day) * (working + (1 - working) * traits.weekend)
    raw *= traits.weight
    fake = traits.operator >= 0
    left = scenario.events - planned
    wanted = min(FAKES_LOAD * fake.mean(), FAKES_MOST) * left
    factor = np.where(fake, wanted / max(raw[fake].sum(), 1e-9), (left - wanted) / raw[~fake].sum())
    rates: Floats = traits.weight * factor
    return rates


def batches(plan: Plan) -> Iterator[Batch]:
    """All days, one after the other."""
    for day in range(plan.days):
        yield _fill(plan, day, np.random.default_rng([plan.seed, 2, day]))


def _fill(plan: Plan, day: int, rng: Random) -> Batch:
    traits = plan.traits
    line = _timeline(plan, day, rng)
    seconds, account, kind = line.seconds, line.account, line.type
    size = len(account)
    path = _paths(traits, account, kind, rng)
    limited = (kind == REQUEST) & (rng.random(size) < traits.limited[account])
    kind = np.where(limited, LIMITED, kind)
    prompted = (kind == REQUEST) | (kind == LIMITED)
    device, client = _clients(plan, account, path, line.client, rng)
    usual = _origins(plan, account, path, rng)
    words, fresh, reworded = _prompts(plan, day, line, rng)
    talk, talks = _talks(plan, day, seconds, account, path, rng)
    model = _models(plan, day, account, rng)
    answered = kind == REQUEST
    return Batch(
        seconds=seconds, account=account, type=kind, path=path, device=device, client=client,
        ip=np.where(line.ip >= 0, line.ip, usual),
        payment=np.where(kind == PAYMENT, plan.payment.pick(account, rng.random(size)), -1),
        shows=_shows(line, kind, rng), prompted=prompted, template=words, fresh=fresh,
        reworded=reworded, talk=talk, talks=talks & prompted, model=np.where(prompted, model, -1),
        tokens_in=5 + _lengths(350, size, rng),
        tokens_out=np.where(answered, 1 + _lengths(260, size, rng), 0),
    )  # fmt: skip


def _origins(plan: Plan, account: Ints, path: Ints, rng: Random) -> Ints:
    """Addresses: programs run on the account's servers if it has any, browsers at home."""
    served = plan.server.pick(account, rng.random(len(account)))
    lived = plan.home.pick(account, rng.random(len(account)) ** 1.4)
    return np.where((served < 0) | ((path == WEB) & (lived >= 0)), lived, served)


def _lengths(usual: float, size: int, rng: Random) -> Ints:
    """Numbers of tokens, a few of them very large."""
    return (usual * np.exp(rng.normal(0, 0.95, size))).astype(np.int64)


def _timeline(plan: Plan, day: int, rng: Random) -> Timeline:
    """Planned and usual events together, by time."""
    traits = plan.traits
    counts = rng.poisson(_expected(plan, day, rng))
    account = np.repeat(np.arange(len(counts)), counts)
    own = rng.random(len(account)) < traits.own[account]
    seconds = _moments(plan, day, account, own, rng)
    logs_in = rng.random(len(account)) < 0.06 * traits.web[account]
    today = slice(int(plan.planned_ends[day]), int(plan.planned_ends[day + 1]))
    seconds = np.concatenate([seconds, plan.planned[today]])
    order = np.argsort(seconds, kind="stable")
    usual = np.full(len(account), -1, np.int64)
    firsts = (account, np.where(logs_in, LOGIN, REQUEST), usual, usual, usual)
    account, kind, ip, template, client = (
        np.concatenate([first, told[today]])[order]
        for first, told in zip(firsts, plan.told, strict=True)
    )
    own = np.concatenate([own, np.zeros(len(order) - len(own), np.bool_)])[order]
    planned = order >= len(usual)
    return Timeline(seconds[order], account, kind, ip, template, client, own, planned)


def _expected(plan: Plan, day: int, rng: Random) -> Floats:
    """Events that each account is expected to have; most people are not active every day."""
    traits, working = plan.traits, plan.week[day]
    usual = plan.rate * presence(traits, day) * (working + (1 - working) * traits.weekend)
    busy = rng.random(len(usual)) < traits.active
    drawn = np.where(busy, usual / traits.active, 0)
    for some in (traits.operator >= 0, traits.operator < 0):  # days off must not change the totals
        drawn[some] *= usual[some].sum() / max(drawn[some].sum(), 1e-9)
    return drawn


def _moments(plan: Plan, day: int, account: Ints, own: Flags, rng: Random) -> Floats:
    """Seconds since the month began, by the rhythm of the account or of its operator."""
    traits = plan.traits
    clock = np.where(own, traits.own_clock[account], traits.clock[account])
    steps = rng.integers(0, STEPS, len(account))
    shifts = np.where(plan.moving, rng.integers(0, MINUTES, len(plan.moving)), 0)
    minute = (plan.minutes[clock, steps] + shifts[clock]) % MINUTES
    shift = traits.jitter[account] * rng.standard_normal(len(account)) * ~own
    seconds = (minute * 60.0 + rng.uniform(0, 60, len(account)) + shift) % DAY + day * DAY
    begin = np.maximum(traits.first[account], day * DAY)
    end = np.minimum(traits.last[account], (day + 1) * DAY)
    outside = (seconds <= begin) | (seconds >= end)
    again = begin + (end - begin) * rng.uniform(0.001, 0.999, len(account))
    return np.where(outside, again, seconds)


def _paths(traits: Traits, account: Ints, kind: Ints, rng: Random) -> Ints:
    chance, web = rng.random(len(account)), traits.web[account]
    path = np.where(chance < web, WEB, np.where(chance < web + traits.api[account], API, CLOUD))
    return np.where(kind == REQUEST, path, WEB)


def _clients(plan: Plan, account: Ints, path: Ints, told: Ints, rng: Random) -> tuple[Ints, Ints]:
    """Device and client: a browser's device, or a library without one."""
    browsed = path == WEB
    device = np.where(browsed, plan.device.pick(account, rng.random(len(account)) ** 1.3), -1)
    library = plan.library.pick(account, rng.random(len(account)) ** 1.5)
    client = np.where(device >= 0, plan.device_client[np.maximum(device, 0)], library)
    planted = told >= 0
    return np.where(planted, -1, device), np.where(planted, told, client)


def _prompts(plan: Plan, day: int, line: Timeline, rng: Random) -> tuple[Words, Flags, Flags]:
    """Template identifiers; which prompts are written once; which are reworded."""
    traits, size = plan.traits, len(line.account)
    account, told, own = line.account, line.template, line.own
    chance = rng.random(size)
    code = plan.template.pick(account, rng.random(size) ** 1.2)
    share = traits.public[account] / np.maximum(traits.public[account] + traits.own[account], 1e-9)
    popular = ((code < 0) | own) & (told == -1)
    popular &= chance < share
    anyone = plan.public.pick(np.zeros(size, np.int64), rng.random(size))
    code = np.where(
        told >= 0, told, np.where(popular, anyone, np.where(own | (told <= -2), -1, code))
    )
    many = np.minimum(traits.own_templates[account], OWN_KEYS)
    key = (many * rng.random(size) ** 1.5).astype(np.int64)
    writer = np.where(told <= -2, (-2 - told) // OWN_KEYS, account)
    key = np.where(told <= -2, (-2 - told) % OWN_KEYS, key)
    reworded = (code >= 0) & (rng.random(size) < traits.paraphrase[account]) & ~popular
    fresh = (code < 0) & (many == 0) & (told > -2)
    serial = np.arange(size) + (day << 26)
    words = identity(OWNED, plan.seed, writer, key)
    words = np.where(code >= 0, identity(SHARED, plan.seed, 0, np.maximum(code, 0)), words)
    return np.where(fresh, identity(ONCE, plan.seed, 0, serial), words), fresh, reworded


def _talks(
    plan: Plan, day: int, seconds: Floats, account: Ints, path: Ints, rng: Random
) -> tuple[Words, Flags]:
    """Conversations: an account's requests of two hours; some are carried on by another account."""
    traits = plan.traits
    slot = day * 12 + ((seconds - day * DAY) // 7200).astype(np.int64)
    words = identity(TALK, plan.seed, account, slot)
    passed = rng.random(len(account)) < traits.handover[account]
    bucket = (slot << 12) + rng.integers(0, 4096, len(account))
    operator = np.maximum(traits.operator[account], 0)
    words = np.where(passed, identity(PASSED, plan.seed, operator, bucket), words)
    keeps = account % 5 == 0  # some programs keep conversations as well
    return words, (path == WEB) | passed | keeps


def _models(plan: Plan, day: int, account: Ints, rng: Random) -> Ints:
    """Usual models, and the one that is released in mid-month: networks turn to it at once."""
    size, since = len(account), day - plan.days // 2
    usual = np.searchsorted([0.45, 0.75, 0.9, 0.97], rng.random(size))
    pace = np.clip((since + 1) / 20, 0, 1)
    drawn = _pull(plan.traits.adopts[account], pace) if since >= 0 else np.zeros(size)
    return np.where(rng.random(size) < drawn, 5, usual)


def _pull(adopts: Floats, pace: float) -> Floats:
    """Share of the requests that goes to the new model: at once for the eager, else slowly."""
    return np.where(adopts > 0.5, adopts * min(1.0, pace * 12), adopts * pace)


def _shows(line: Timeline, kind: Ints, rng: Random) -> Flags:
    """Sign-ups, payments and the planned logins carry who the account says it is."""
    paid = (kind == PAYMENT) & (rng.random(len(kind)) < 0.5)
    shows: Flags = (kind == SIGNUP) | paid | ((kind == LOGIN) & line.planned)
    return shows
