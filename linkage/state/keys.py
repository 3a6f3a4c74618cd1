"""Keys of the API: shown once, kept as a hash, each with scopes.

A key is `lk_<id>_<secret>`; the secret has 256 random bits, so that a plain SHA-256 of it is safe
to keep: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from linkage.errors import NotFound, SettingsError
from linkage.render import clean
from linkage.state.tables import keys

_SHAPE = re.compile(r"lk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NO_DIGEST = bytes(32)
MOST_NAME = 80


class Scope(StrEnum):
    """What a key may do."""

    ingest = "ingest"
    read = "read"
    review = "review"
    publish = "publish"
    admin = "admin"


@dataclass(frozen=True)
class Key:
    """A key as it may be shown. `name` is whoever acts with it: decisions are attributed to it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def works(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def create(
    connection: sa.Connection,
    name: str,
    scopes: Collection[Scope],
    expires: datetime | None = None,
) -> tuple[Key, str]:
    """A new key, and the text of it, which is not kept."""
    faults = []
    if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
        faults.append(f"name: 1 to {MOST_NAME} printable characters, who acts with the key")
    if not scopes:
        faults.append(f"scopes: one at least, of {', '.join(Scope)}")
    if expires is not None and expires <= datetime.now(UTC):
        faults.append(f"expires: {expires} has passed")
    if faults:
        raise SettingsError(faults, "key")
    identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    values = {
        "id": identity, "name": name, "scopes": sorted(scopes), "created": datetime.now(UTC),
        "expires": expires, "revoked": None,
    }  # fmt: skip
    connection.execute(keys.insert(), {**values, "digest": _digest(secret)})
    return _key(values), f"lk_{identity}_{secret}"


def every(connection: sa.Connection) -> list[Key]:
    """All keys, the oldest first."""
    rows = connection.execute(keys.select().order_by(keys.c.created, keys.c.id)).mappings()
    return [_key(row) for row in rows]


def revoke(connection: sa.Connection, identity: str) -> Key:
    """A key that no longer works; NotFound where there is none. Again is the same."""
    found = connection.execute(keys.select().where(keys.c.id == identity)).mappings().first()
    if found is None:
        raise NotFound(f"{clean(identity, 40)}: no such key. `linkage keys list` names them")
    if found["revoked"] is None:
        now = datetime.now(UTC)
        connection.execute(keys.update().where(keys.c.id == identity).values(revoked=now))
        return _key({**found, "revoked": now})
    return _key(found)


def known(connection: sa.Connection, text: str) -> Key | None:
    """The key with this text, whether or not it still works; None where there is none.

    It takes as long for an unknown id as for a wrong secret.
    """
    shape = _SHAPE.fullmatch(text)
    identity, secret = shape.groups() if shape else ("", "")
    found = connection.execute(keys.select().where(keys.c.id == identity)).mappings().first()
    kept = _NO_DIGEST if found is None else found["digest"]
    same = hmac.compare_digest(kept, _digest(secret))
    return _key(found) if found is not None and same else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Any) -> Key:
    return Key(
        row["id"], row["name"], frozenset(Scope(scope) for scope in row["scopes"]),
        row["created"], row["expires"], row["revoked"],
    )  # fmt: skip
