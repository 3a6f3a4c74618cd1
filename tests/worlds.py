"""Small worlds with planted networks, for tests: margin everywhere, so that nothing is a matter
of a tenth of a bit.

Ordinary accounts have things of their own and a few that everyone has. Companies share openly;
classes share a room and a task. A network pretends to be many: its cards, devices and exits go
round among a few accounts each, and its templates are nobody else's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.settings import Settings, parse

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = 3600
DAY = 24 * HOUR
MONTH = 30 * DAY
COLUMNS = (
    "event_id",
    "ts",
    "account_id",
    "type",
    "ip",
    "device_id",
    "user_agent",
    "tls_fingerprint",
    "payment_id",
    "email",
    "org_id",
    "org_verified",
    "prompt_template",
)
SHARED_COLUMNS = ("ip", "device_id", "user_agent", "tls_fingerprint", "payment_id", "email")

Rng = np.random.Generator
Event = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Events, and who belongs together: name of the group -> its accounts."""

    events: pd.DataFrame
    groups: Mapping[str, Sequence[str]]

    def accounts(self, kind: str) -> set[str]:
        """The accounts of all groups whose name begins so."""
        return {a for name, group in self.groups.items() if name.startswith(kind) for a in group}


@dataclass(frozen=True)
class Person:
    """What one account draws from for each of its events, and when it is awake."""

    name: str
    email: str
    ips: Sequence[str]
    devices: Sequence[str]
    clients: Sequence[str]
    cards: Sequence[str]
    templates: Sequence[str]
    signed_up: float
    events: int
    hour: float | None
    org: str | None = None
    verified: bool = False


def settings(**sections: Mapping[str, Any]) -> Settings:
    """The defaults, but for what is named, and for fewer groups to compare with."""
    score = {"minimum_groups": 60, "minimum_references": 30, **sections.pop("score", {})}
    return parse({"score": score, **sections})


def planted(seed: int = 7, ordinary: int = 2500, *, home: bool = False) -> World:
    """A month with 80 classes, 10 companies, every second verified, and two networks; and with a
    home behind the first network's exits, if asked for."""
    rng = np.random.default_rng(seed)
    people: dict[str, list[Person]] = {"ordinary": [lone(rng, f"o{i}") for i in range(ordinary)]}
    for c in range(80):
        people[f"class{c}"] = class_of(rng, f"k{c}", 6 + c % 5)
    for c in range(10):
        people[f"company{c}"] = company(rng, f"f{c}", 8 + c, verified=c % 2 == 0)
    people["network0"] = network(rng, "n0", 48)
    people["network1"] = network(rng, "n1", 30)
    if home:
        people["home"] = household(rng, "home", 3, "n0")
    return world(rng, people)


def world(rng: Rng, people: Mapping[str, Sequence[Person]]) -> World:
    """Let people live their month."""
    rows = [event for group in people.values() for person in group for event in _month(rng, person)]
    events = pd.DataFrame(rows)
    events["event_id"] = [f"e{i}" for i in range(len(events))]
    events = events.reindex(columns=list(COLUMNS))
    return World(events, {name: [p.name for p in group] for name, group in people.items()})


def lone(rng: Rng, name: str) -> Person:
    """Somebody with a device, a home, a card and prompts of their own."""
    return Person(
        name=name,
        email=f"{name}@gmail.com",
        ips=[f"10.{name}"],
        devices=[f"device-{name}"],
        clients=[popular_client(rng)],
        cards=[f"card-{name}"],
        templates=[f"own-{name}-{i}" for i in range(6)] + public_templates(rng, 2),
        signed_up=rng.uniform(0, MONTH / 2),
        events=int(rng.integers(6, 16)),
        hour=rng.uniform(0, 24),
    )


def class_of(rng: Rng, name: str, size: int) -> list[Person]:
    """A class: one room, one task, one hour of sign-ups; then each goes home."""
    begin = rng.uniform(0, MONTH / 2)
    tasks = [f"task-{name}-{i}" for i in range(3)]
    people = []
    for i in range(size):
        own = lone(rng, f"{name}-{i}")
        people.append(
            _changed(
                own,
                ips=[*own.ips, f"10.{name}"],
                templates=[*own.templates, *tasks],
                signed_up=begin + rng.uniform(0, 3 * HOUR),
                events=int(rng.integers(14, 30)),
            )
        )
    return people


def company(rng: Rng, name: str, size: int, *, verified: bool) -> list[Person]:
    """A company: one card, one domain and one exit, openly; own devices."""
    hour = rng.uniform(7, 10)
    return [
        _changed(
            lone(rng, f"{name}-{i}"),
            email=f"{i}@{name}.example",
            ips=[f"10.{name}"],
            cards=[f"card-{name}"],
            templates=[f"work-{name}-{t}" for t in range(4)]
            + [f"own-{name}-{i}-{t}" for t in (1, 2)],
            hour=hour,
            org=f"org-{name}",
            verified=verified,
        )
        for i in range(size)
    ]


def network(rng: Rng, name: str, size: int, *, org: str | None = None) -> list[Person]:
    """A network: everything goes round in small pools, all work is one, at all hours."""
    cards, devices, exits = (pool(name, what, size // 4) for what in ("card", "device", "exit"))
    templates = pool(name, "template", 12)
    return [
        Person(
            name=f"{name}-{i}",
            email=f"{i}@{name}-{i % (size // 6)}.example",
            ips=[f"10.{e}" for e in drawn(rng, exits, 3)],
            devices=drawn(rng, devices, 2),
            clients=[f"client-{name}"],
            cards=drawn(rng, cards, 2),
            templates=drawn(rng, templates, 8),
            signed_up=i * HOUR / 3,
            events=24,
            hour=None,
            org=org,
            verified=org is not None,
        )
        for i in range(size)
    ]


def household(rng: Rng, name: str, size: int, neighbour: str) -> list[Person]:
    """A home whose line is a network's exit, and who use its prompts: a tablet and a card for all,
    and nothing that the network has but what anybody could have put there."""
    shared = pool(neighbour, "exit", 3), pool(neighbour, "template", 8)
    return [
        _changed(
            lone(rng, f"{name}-{i}"),
            ips=[f"10.{e}" for e in shared[0]],
            devices=[f"tablet-{name}"],
            cards=[f"card-{name}"],
            templates=shared[1],
            events=24,
        )
        for i in range(size)
    ]


def pool(name: str, what: str, size: int) -> list[str]:
    """Things that go round."""
    return [f"{what}-{name}-{i}" for i in range(size)]


def drawn(rng: Rng, values: Sequence[str], number: int) -> list[str]:
    """Some of them, each once."""
    return [values[i] for i in rng.choice(len(values), number, replace=False)]


def popular_client(rng: Rng) -> str:
    """One of a few that everyone uses."""
    return f"popular-{int(rng.geometric(0.3)) % 8}"


def public_templates(rng: Rng, number: int) -> list[str]:
    """Prompts that went around the web."""
    return drawn(rng, [f"public-{i}" for i in range(30)], number)


def worded(template: str, filling: object) -> str:
    """A text made from a template: twelve words that are its alone, and what fills its slot."""
    rng = random.Random(template)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(12)]
    return " ".join([*words[:7], str(filling), *words[7:]])


def with_texts(events: pd.DataFrame, seed: int = 3) -> pd.DataFrame:
    """The same events with the texts of prompts in the place of their templates; each slot is
    filled anew."""
    rng = random.Random(seed)
    fillings = [
        f"{rng.randrange(10**6)} {''.join(rng.choices('abcdefghijklmnopqrstuvwxyz', k=7))}"
        for _ in range(len(events))
    ]
    texts = [
        worded(name, filling) if isinstance(name, str) else None
        for name, filling in zip(events.prompt_template, fillings, strict=True)
    ]
    return events.assign(prompt=pd.Series(texts, events.index, dtype=object)).drop(
        columns="prompt_template"
    )


def _changed(person: Person, **new: Any) -> Person:
    return Person(**{**person.__dict__, **new})


def _month(rng: Rng, person: Person) -> list[Event]:
    """A sign-up, and one event for each; every thing that a person has is used."""
    first = {"type": "signup", "payment_id": None, "prompt_template": None}
    rows = [{**_event(rng, person, 0), **first, "ts": moment(person.signed_up)}]
    most = max(len(v) for v in (person.ips, person.devices, person.cards, person.templates))
    return rows + [
        {**_event(rng, person, i), "type": "request", "ts": _when(rng, person, i)}
        for i in range(max(person.events, most))
    ]


def _event(rng: Rng, person: Person, i: int) -> Event:
    client = person.clients[i % len(person.clients)]
    return {
        "account_id": person.name,
        "ip": address(person.ips[i % len(person.ips)]),
        "device_id": person.devices[i % len(person.devices)],
        "user_agent": f"agent {client}",
        "tls_fingerprint": f"tls {client}",
        "payment_id": person.cards[i % len(person.cards)],
        "email": person.email,
        "org_id": person.org,
        "org_verified": person.verified if person.org else None,
        "prompt_template": person.templates[i % len(person.templates)],
    }


def _when(rng: Rng, person: Person, i: int) -> datetime:
    if person.hour is None:
        return moment(person.signed_up + (MONTH / 2) * i / person.events)
    day = int(rng.integers(16, 30))
    return moment(day * DAY + (person.hour + rng.normal(0, 1.5)) % 24 * HOUR)


def moment(seconds: float) -> datetime:
    """Seconds from the start, to the microsecond."""
    return START + timedelta(microseconds=round(seconds * 1_000_000))


_ADDRESSES: dict[str, str] = {}


def address(name: str) -> str:
    """An IPv4 address for a name: another name is another address, in another /24."""
    number = _ADDRESSES.setdefault(name, str(len(_ADDRESSES)))
    high, low = divmod(int(number), 250)
    return f"{20 + high // 250}.{high % 250}.{low}.7"


def write(events: pd.DataFrame, path: Path) -> Path:
    """As Parquet."""
    table = pa.Table.from_pandas(events, preserve_index=False)
    pq.write_table(table, path)
    return path


def events_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Events by hand: `ts` in seconds from the start, one after another if not given."""
    frame = pd.DataFrame([{"ts": i, **row} for i, row in enumerate(rows)])
    return frame.assign(ts=[moment(second) for second in frame.ts])


def shuffled(
    events: pd.DataFrame, rng: Rng, columns: Sequence[str] = SHARED_COLUMNS
) -> pd.DataFrame:
    """Each column's artifacts permuted among the accounts; what each has, and how many have
    each, stays as it is."""
    mixed = events.copy()
    for column in (*columns, "prompt_template"):
        held = events[["account_id", column]].dropna().drop_duplicates()
        held["new"] = held[column].to_numpy()[rng.permutation(len(held))]
        placed = events[["account_id", column]].merge(held, "left", ["account_id", column])
        mixed[column] = placed["new"].to_numpy()
    return mixed
