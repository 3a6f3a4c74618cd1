"""What an index has, table by table: a field is a file.

Accounts, artifacts and clusters are numbers, in the order of their names. Fields that end with
`_at` say where the entries of each begin in another table, and where the last ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from linkage.index.files import Array, Files
from linkage.index.texts import Texts

NONE = -(2**63)  # for a whole number that is missing; of a fraction it is no number
NO_WORD = -1  # for a word that is missing

# One entry at a time is read from them as a plain number, many by a slice's `tolist`.
Numbers = memoryview
if TYPE_CHECKING:
    Fractions = memoryview[float]
else:
    Fractions = memoryview

Table = TypeVar("Table")


@dataclass(frozen=True)
class Accounts:
    """One entry an account. Times are microseconds since 1970, UTC; organisation, claimed, proposal
    and held_by are numbers of words; cluster is -1 in none."""

    id: Texts
    events: Numbers
    days: Numbers
    first_seen: Numbers
    last_seen: Numbers
    signed_up: Numbers
    hours_at: Numbers
    hours: Numbers
    organisation: Numbers
    claimed: Numbers
    own_prompts: Fractions
    cluster: Numbers
    confidence: Fractions
    proposal: Numbers
    held_by: Numbers
    evidence_at: Numbers
    links_at: Numbers


@dataclass(frozen=True)
class Organisations:
    """Those that the platform has verified, with their accounts; and those that are claimed."""

    name: Texts
    accounts_at: Numbers
    accounts: Numbers
    claimed: Texts


@dataclass(frozen=True)
class Evidence:
    """One entry for each account and artifact, by account, then by artifact."""

    artifact: Array
    events: Array
    first_seen: Array
    last_seen: Array


@dataclass(frozen=True)
class Artifacts:
    """One entry an artifact, by kind and value. kind: its number in the words `kinds`."""

    value: Texts
    kind: Array
    kind_at: Numbers
    accounts: Array
    degree: Array
    holders_at: Numbers


@dataclass(frozen=True)
class Templates:
    """What each artifact of the kind `template` says, in their order; empty where it is unknown."""

    words: Texts


@dataclass(frozen=True)
class Holders:
    """Evidence by artifact, then by account; row: which entry of the evidence it is."""

    account: Array
    row: Array


@dataclass(frozen=True)
class Links:
    """The other end of each account's links, of those whose first end it is, in order."""

    other: Numbers


@dataclass(frozen=True)
class Clusters:
    """One entry a cluster. by_NAME_up, by_NAME_down: all of them in that order, what ties by id."""

    id: Texts
    accounts: Array
    events: Array
    score: Array
    expected: Array
    proposal: Array
    p_operation: Array
    p_lives: Array
    p_pretend: Array
    note: Array
    first_seen: Array
    last_seen: Array
    signals_at: Numbers
    members_at: Numbers
    by_score_up: Array
    by_score_down: Array
    by_accounts_up: Array
    by_accounts_down: Array
    by_events_up: Array
    by_events_down: Array
    by_first_seen_up: Array
    by_first_seen_down: Array
    by_last_seen_up: Array
    by_last_seen_down: Array


@dataclass(frozen=True)
class Signals:
    """The signals of clusters, each cluster's in its order."""

    name: Numbers
    question: Numbers
    value: Fractions
    usual: Fractions
    rank: Fractions
    text: Texts


@dataclass(frozen=True)
class Members:
    """Each cluster's accounts: by id, and by confidence."""

    account: Array
    by_confidence: Array


def read(table: type[Table], files: Files) -> Table:
    """A table from its files."""
    made: Mapping[Any, Callable[[str], object]] = {
        Texts: files.texts,
        Numbers: lambda name: files.array(name).data,
        Array: files.array,
    }
    types = get_type_hints(table)
    prefix = table.__name__.lower()
    return table(**{f.name: made[types[f.name]](f"{prefix}.{f.name}") for f in fields(table)})  # type: ignore[arg-type]
