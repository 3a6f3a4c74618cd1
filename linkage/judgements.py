"""What people have judged, as a run obeys it: a frozen value, read from the state by who has one.

A run takes it as it takes its settings. In its result are the number of the last decision and the
version of the allowlist that it obeyed; since decisions are only ever added, that says it all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import InputError
from linkage.render import clean

KNOWN = pa.schema([("account_id", pa.string()), ("kind", pa.string()), ("value", pa.string())])
_FILE, _KNOWN = "judgements.json", "known.parquet"


@dataclass(frozen=True)
class Apart:
    """Different people run `account` and each of `others`.

    strict   `others` is a cluster: it is the account that must not be with any of them. If not,
             the one of two whose ties are weaker
    """

    decision: int
    account: str
    others: tuple[str, ...]
    strict: bool


@dataclass(frozen=True)
class Judgements:
    """All that holds at one moment.

    cleared        account -> the decision that cleared it
    known          KNOWN: what these were known to share with others when that was decided
    apart          who must not be linked, nor be in one cluster
    accounts       allowlisted: never listed
    organisations  allowlisted: as if verified, also where they are merely claimed
    artifacts      allowlisted (kind, value): they link nobody; a subnet's addresses neither
    decisions      number of the last decision that was looked at, 0 for none
    allowlist      version of the allowlist, '' for none
    """

    cleared: Mapping[str, int] = field(default_factory=dict)
    known: pa.Table = field(default_factory=KNOWN.empty_table)
    apart: tuple[Apart, ...] = ()
    accounts: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    artifacts: frozenset[tuple[str, str]] = frozenset()
    decisions: int = 0
    allowlist: str = ""


def save(judgements: Judgements, folder: Path) -> None:
    """Write them into a folder that is there, for another process."""
    told = {
        "cleared": dict(judgements.cleared),
        "apart": [[a.decision, a.account, a.others, a.strict] for a in judgements.apart],
        "accounts": sorted(judgements.accounts),
        "organisations": sorted(judgements.organisations),
        "artifacts": sorted(judgements.artifacts),
        "decisions": judgements.decisions,
        "allowlist": judgements.allowlist,
    }
    pq.write_table(judgements.known, folder / _KNOWN)
    (folder / _FILE).write_text(json.dumps(told), "utf-8")


def load(folder: Path) -> Judgements:
    """What `save` wrote; InputError where it is not there or cannot be read."""
    try:
        told = json.loads((folder / _FILE).read_text("utf-8"))
        known = pq.read_table(folder / _KNOWN, schema=KNOWN)
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise InputError(f"{clean(folder)}: no judgements can be read: {clean(error)}") from None
    return Judgements(
        cleared=told["cleared"],
        known=known,
        apart=tuple(Apart(n, one, tuple(others), s) for n, one, others, s in told["apart"]),
        accounts=frozenset(told["accounts"]),
        organisations=frozenset(told["organisations"]),
        artifacts=frozenset((kind, value) for kind, value in told["artifacts"]),
        decisions=told["decisions"],
        allowlist=told["allowlist"],
    )
