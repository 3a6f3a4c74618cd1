"""How a run's words are kept in Neo4j: keys, times and scopes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

# An index of Neo4j takes some 8,000 bytes; a text of more bytes than this goes by its hash.
LONGEST = 2000
SHOWN = 200  # characters of such a text that its key begins with
NAME = "linkage"  # of the one node that says which run is shown
FORMAT = 1  # of the model; a version reads its own


class Scope(StrEnum):
    """What of a run is brought into a database.

    flagged   flagged clusters, their members and artifacts, and one step around: who else has
              one of these artifacts, where few have it
    all       every account and every shared artifact
    """

    flagged = "flagged"
    all = "all"


def run_key(run_id: str, scope: Scope) -> str:
    """The property `run` of everything that belongs to a run's graph: both scopes of a run may be
    there at once, while one takes the other's place."""
    return f"{run_id}-{scope}"


def key(text: str) -> str:
    """What an account id or an artifact's value goes by in an index: itself, unless too long."""
    if 4 * len(text) <= LONGEST:
        return text
    data = text.encode()
    if len(data) <= LONGEST:
        return text
    return f"{text[:SHOWN]}… sha256:{hashlib.sha256(data).hexdigest()}"


def key_sql(column: str) -> str:
    """`key` in SQL."""
    short = f"left({column}, {SHOWN}) || '… sha256:' || sha256({column})"
    return f"CASE WHEN strlen({column}) > {LONGEST} THEN {short} ELSE {column} END"


def text_sql(column: str) -> str:
    """The whole text, where its key is not the text itself; else null."""
    return f"CASE WHEN strlen({column}) > {LONGEST} THEN {column} END"


def native(value: Any) -> Any:
    """A value as the driver gives it, as plain Python has it: times in UTC."""
    if hasattr(value, "to_native"):
        moment = value.to_native()
        return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
    if isinstance(value, list):
        return [native(item) for item in value]
    return value
