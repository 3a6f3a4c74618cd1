"""Whether a workspace holds pseudonyms, and of which key: what does not fit is not let in.

`privacy.json` of a workspace says so: {"key": NAME}, and {"next": NAME} while a rotation re-keys
it. It is written when a service with keys first opens a workspace in which nothing is readable yet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import sqlalchemy as sa

from linkage import naming
from linkage.errors import PrivacyError
from linkage.journal.segments import Places, published
from linkage.readers.parts import key_of
from linkage.render import clean
from linkage.state import State, tables

FILE = "privacy.json"


@dataclass(frozen=True)
class Mark:
    """key: of the pseudonyms that are kept; next: what a rotation makes of it, None without one."""

    key: str
    next: str | None = None


def read(workspace: Path) -> Mark | None:
    """A workspace's mark; None where names are kept as they come."""
    path = workspace / FILE
    try:
        told = json.loads(path.read_text("utf-8"))
        return Mark(str(told["key"]), told.get("next"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PrivacyError(f"{clean(path)}: damaged: {clean(error, 200)}") from None


def write(workspace: Path, mark: Mark) -> None:
    """Replace the mark, on disk before it returns."""
    new = workspace / f".{FILE}.{os.getpid()}"
    told = {"key": mark.key} | ({} if mark.next is None else {"next": mark.next})
    new.write_text(json.dumps(told) + "\n", "utf-8")
    published(new, workspace / FILE)


def admitted(workspace: Path, state: State, key: str | None) -> None:
    """Make sure that a service whose pseudonyms are of this key (None: names as they come) goes
    with what is kept; PrivacyError where it does not.

    A workspace in which nothing is readable yet gets its mark.
    """
    mark = read(workspace)
    if mark is None:
        if key is not None:
            _check_unread(workspace, state, key)
            write(workspace, Mark(key))
        return
    check_settled(workspace)
    if key is None:
        raise PrivacyError(
            f"{clean(workspace)}: what is kept goes by keyed pseudonyms, and [privacy] names no "
            "hmac_key: without it, events would be written as they come"
        )
    if mark.key != key:
        raise PrivacyError(
            f"{clean(workspace)}: what is kept goes by pseudonyms of another key ({mark.key}, not "
            f"{key}). Name the file that it was made with; after keys were added to that file, "
            "`linkage privacy rotate` re-keys what is kept"
        )


def check_settled(workspace: Path) -> None:
    """PrivacyError where some of what is kept has new names and the rest the old ones: what was
    decided about an account would not be known for it."""
    mark = read(workspace)
    if mark is not None and mark.next is not None:
        raise PrivacyError(
            f"{clean(workspace)}: a rotation of keys was interrupted; `linkage privacy rotate` "
            "ends it"
        )


def check_result(workspace: Path, result: Path) -> None:
    """PrivacyError where a result's names are not of the sort that the workspace keeps."""
    mark, key = read(workspace), naming.key_of(result)
    if mark is not None and mark.key != key:
        told = "names as they came" if key is None else f"pseudonyms of another key ({key})"
        raise PrivacyError(
            f"{clean(result)}: has {told}, and this workspace keeps pseudonyms of {mark.key}"
        )


def _check_unread(workspace: Path, state: State, key: str) -> None:
    found = next((str(place) for place in _others(workspace, key)), None)
    if found is None and _names_in(state):
        found = "the state"
    if found is not None:
        raise PrivacyError(
            f"{clean(found)}: holds names as they came, or of another key, so that pseudonyms "
            "would not match them. Begin a new workspace, or take hmac_key out of [privacy]"
        )


def _names_in(state: State) -> bool:
    """Whether anything was decided about anybody, or put on the allowlist."""
    with state.read() as connection:
        return any(
            connection.execute(sa.select(table).limit(1)).first() is not None
            for table in (tables.decision_accounts, tables.allowlist)
        )


def _others(workspace: Path, key: str) -> Iterator[Path]:
    """What is kept that has no pseudonyms of a key."""
    places = Places(workspace)
    yield from places.journal.glob("*.journal")
    yield from places.quarantine.glob("[0-9]*.ndjson")
    segments = (places.segment(number) for number in places.sealed())
    yield from (path for path in segments if key_of(pq.read_schema(path)) != key)
    runs = (run.parent for run in (workspace / "runs").glob("*/run.json"))
    yield from (run for run in runs if naming.key_of(run) != key)
