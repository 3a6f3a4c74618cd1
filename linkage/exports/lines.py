"""JSON for programs: what holds now; and a file by which a list can be checked without asking
anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from linkage.banlist.chain import head_values, told
from linkage.banlist.store import Published, row_values


def as_json(found: Published, now: datetime) -> Iterator[bytes]:
    """{"head", "signature", "entries"}: the entries that hold, by account."""
    entries = [told(entry) for entry in found.active(now).values()]
    whole = {"head": head_values(found.head), "signature": found.signature, "entries": entries}
    yield json.dumps(whole).encode("ascii")


def as_ndjson(found: Published, _: datetime) -> Iterator[bytes]:
    """The head and its signature, then every row with its hash and salt, expired ones too: what
    `linkage banlist verify` checks."""
    yield _line({"head": head_values(found.head), "signature": found.signature})
    for row in found.rows:
        yield _line(row_values(row))


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode("ascii") + b"\n"
