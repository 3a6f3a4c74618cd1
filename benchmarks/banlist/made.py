"""Lists of many accounts, without a run behind them: what is measured is what becomes of a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import Draft, Entry, Measure
from linkage.banlist.report import Report
from linkage.banlist.store import Lists, Published

CLUSTER = 300  # accounts, on average
NEW = 0.05  # share of a list that the one before had not, and the other way round
REASONS = ("network", "shared_work", "many_payers", "round_the_clock")


def accounts(many: int, seed: int) -> list[str]:
    """Names, as a platform's are."""
    numbers = np.random.default_rng(seed).integers(0, 1 << 62, many)
    return [f"acct_{number:016x}" for number in numbers]


def published(lists: Lists, named: Sequence[str], seed: int) -> Published:
    """Two lists, a day apart: of all of these accounts, and before of most of them and some others;
    returns the latter."""
    new, key, now = int(len(named) * NEW), Ed25519PrivateKey.generate(), datetime.now(UTC)
    before, day = [*named[new:], *accounts(new, seed + 1)], now - timedelta(days=1)
    lists.publish(_draft(before, day, seed), key, "x", day)
    return lists.publish(_draft(named, now, seed), key, "x", now)


def _draft(named: Sequence[str], now: datetime, seed: int) -> Draft:
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 6, len(named)).round(4)
    clusters = rng.integers(0, max(1, len(named) // CLUSTER), len(named))
    entries = tuple(
        Entry(
            account_id=name,
            action=Measure.ban if score > 3 else Measure.limit,
            reasons=REASONS,
            cluster_id=f"c{int(cluster):016x}",
            score=float(score),
            confidence=round(float(score) * 7, 3),
            decision=None,
            listed_at=now,
            expires_at=now + timedelta(days=30),
        )
        for name, score, cluster in sorted(zip(named, scores, clusters, strict=True))
    )
    nothing = Report(len(entries), {}, 0, 0, 0, 0.0, 0, 0, {}, (), 0, 0, 0.0, ())
    return Draft(entries, nothing, "r0", 0, "", now)
