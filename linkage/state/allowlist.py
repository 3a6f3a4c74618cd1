"""What nobody may be listed for, or be linked by: accounts, organisations and artifacts.

The list is replaced whole, by whoever knows which version they saw. An entry that is taken away is
not forgotten: it gets an end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa

from linkage.errors import ConflictError
from linkage.state.tables import allowlist


class Sort(StrEnum):
    """What an entry names."""

    account = "account"
    organisation = "organisation"
    artifact = "artifact"


@dataclass(frozen=True, order=True)
class Entry:
    """One entry. kind: of an artifact, else ''; expires: None for never."""

    sort: Sort
    kind: str
    value: str
    reason: str
    expires: datetime | None


@dataclass(frozen=True)
class Allowed:
    """An entry that holds, with who made it and when."""

    entry: Entry
    actor: str
    at: datetime


@dataclass(frozen=True)
class Allowlist:
    """The entries that hold, by sort, kind and value; `version` changes with any of them."""

    entries: tuple[Allowed, ...]
    version: str


def current(connection: sa.Connection, now: datetime | None = None) -> Allowlist:
    """The list as it holds; what has expired is not on it."""
    now = now or datetime.now(UTC)
    rows = connection.execute(
        allowlist.select()
        .where(allowlist.c.ended.is_(None))
        .where(sa.or_(allowlist.c.expires.is_(None), allowlist.c.expires > now))
        .order_by(allowlist.c.sort, allowlist.c.kind, allowlist.c.value)
    )
    found = tuple(
        Allowed(
            Entry(Sort(row.sort), row.kind, row.value, row.reason, row.expires), row.actor, row.at
        )
        for row in rows
    )
    told = [[a.entry.sort, a.entry.kind, a.entry.value, a.entry.reason, str(a.entry.expires)]
            for a in found]  # fmt: skip
    return Allowlist(found, hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32])


def replace(
    connection: sa.Connection, actor: str, entries: Sequence[Entry], version: str | None
) -> Allowlist:
    """Make these the list. What stays as it was keeps who made it and when.

    version   the one that the change starts from; ConflictError where it has changed since. None:
              whatever is there
    """
    now = datetime.now(UTC)
    there = current(connection, now)
    if version is not None and version != there.version:
        raise ConflictError(
            f"the allowlist has changed: it is {there.version}, not {version}; read it again"
        )
    kept = {allowed.entry for allowed in there.entries}
    for gone in kept - set(entries):
        connection.execute(
            allowlist.update()
            .where(
                allowlist.c.ended.is_(None),
                allowlist.c.sort == gone.sort.value,
                allowlist.c.kind == gone.kind,
                allowlist.c.value == gone.value,
            )
            .values(ended=now, ended_by=actor)
        )
    new = [
        {"sort": entry.sort.value, "kind": entry.kind, "value": entry.value,
         "reason": entry.reason, "actor": actor, "at": now, "expires": entry.expires}
        for entry in entries if entry not in kept
    ]  # fmt: skip
    if new:
        connection.execute(allowlist.insert(), new)
    return current(connection, now)
