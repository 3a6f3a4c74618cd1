"""Lists as a service would publish them: numbered, chained and signed; and others, which it never
would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import Entry, Head, Measure
from linkage.banlist.chain import FIRST, FORMAT, digest, row_of, sign
from linkage.banlist.store import BANS, Published

Listed = Mapping[str, Measure]
HOUR = 3600.0  # seconds


def entry(account: str, action: Measure, lasts: float, now: datetime) -> Entry:
    """An entry that ends after so many seconds."""
    ends = now + timedelta(seconds=lasts)
    return Entry(account, action, ("network",), "c1", 3.5, 20.25, None, now, ends)


def following(
    before: Published | None,
    listed: Listed,
    key: Ed25519PrivateKey,
    lasts: float = HOUR,
    channel: str = BANS,
) -> Published:
    """The list after another, signed."""
    now = datetime.now(UTC)
    entries = [entry(account, action, lasts, now) for account, action in sorted(listed.items())]
    rows = tuple(row_of(one) for one in entries)
    head = Head(
        format=FORMAT,
        channel=channel,
        number=1 if before is None else before.head.number + 1,
        previous=FIRST if before is None else before.head.hash,
        published_at=now,
        actor="conformance test",
        override=None,
        run="r1",
        decisions=0,
        rows=len(rows),
        digest=digest(rows),
    )
    return Published(head, sign(head, key), rows)


def signed_anew(found: Published, key: Ed25519PrivateKey) -> Published:
    """The same rows under a head and a signature that fit them."""
    head = replace(found.head, rows=len(found.rows), digest=digest(found.rows))
    return Published(head, sign(head, key), found.rows)
