"""A planted world with all that is read in more than one way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from linkage.settings import Settings
from tests import worlds

DECLARED = {
    "sent_to": {"names_account": True},
    "wallet": {"family": "money"},
    "mailbox": {"column": "email", "family": "identity"},
    "model": {"m": 0.1},
}
COUNTRIES = ("+49 30 {}", "004930{}", "+49-30-{}")


def settings() -> Settings:
    """With kinds of each sort: one that names accounts, plain ones, one of a column that another
    kind reads in its own way."""
    return worlds.settings(artifacts=DECLARED)


def many_ways(ordinary: int = 400, seed: int = 11) -> worlds.World:
    """Addresses of both sorts in several spellings, telephone numbers, mailboxes, accounts that
    deal with each other, texts and fingerprints of prompts, organisations."""
    world = worlds.planted(seed, ordinary)
    rng = np.random.default_rng(seed)
    events = world.events.copy()
    events["event_id"] = [f"e{i}" if i % 3 else None for i in range(len(events))]
    events["ip"] = [_spelled(ip, int(r)) for ip, r in _drawn(events.ip, rng, 6)]
    events["email"] = [
        "office@" + mailbox.split("@")[1]
        if int(row) < 2
        else mailbox.upper()
        if row % 2
        else mailbox
        for mailbox, row in _drawn(events.email, rng, 8)
    ]
    circle = events.account_id.str.extract(r"^(.*?)-?\d*$")[0]
    within = events.account_id.groupby(circle).transform(lambda a: np.roll(a.to_numpy(), 7))
    deals = rng.random(len(events)) < 0.3
    events["sent_to"] = within.where(deals)
    events["wallet"] = ("w " + circle).where(rng.random(len(events)) < 0.2)
    lines = circle.map({name: 7000 + i // 3 for i, name in enumerate(dict.fromkeys(circle))})
    events["phone"] = [
        COUNTRIES[int(r)].format(line) if line % 2 else None
        for line, r in zip(lines, rng.integers(0, 3, len(events)), strict=True)
    ]
    events["model"] = rng.choice(["small", "large"], len(events))
    events["conversation_id"] = [f"c {a} {int(r)}" for a, r in _drawn(events.account_id, rng, 4)]
    return worlds.World(_prompts(events, rng), world.groups)


def _drawn(values: pd.Series, rng: np.random.Generator, high: int) -> zip[tuple[str, int]]:
    return zip(values, rng.integers(0, high, len(values)), strict=True)


def _prompts(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Some as texts whose slots are filled anew, some as fingerprints, the others as templates."""
    whole = events.prompt_template
    number = pd.Series(rng.integers(0, 99, len(events)), events.index).astype(str)
    text = pd.Series(
        [None if pd.isna(w) else worlds.worded(w, n) for w, n in zip(whole, number, strict=True)],
        events.index,
        dtype=object,
    )
    which = whole.map(lambda name: ord(name[-1]) % 3 if isinstance(name, str) else 0)
    return events.assign(
        prompt=text.where(which == 1),
        prompt_fingerprint=whole.where(which == 2),
        prompt_template=whole.where(which == 0),
    )


def _spelled(ip: str, way: int) -> str:
    """The same address in another way; every third /24 is a network of IPv6 instead."""
    a, b, c, d = (int(part) for part in ip.split("."))
    if c % 3:
        return (ip, ip, ip, f"::ffff:{ip}", f" {ip}", f"0:0:0:0:0:FFFF:{ip}")[way]
    return (
        f"2001:db8:{a:x}{b:02x}:{c:x}::{d:x}",
        f"2001:0DB8:{a:x}{b:02x}:{c:x}:0:0:0:{d + 1:x}",
        f"2001:db8:{a:x}{b:02x}:{c:x}:1:2:3:4",
    )[way % 3]
