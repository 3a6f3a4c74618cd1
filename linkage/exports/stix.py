"""STIX 2.1: an indicator for each listed account, and a grouping with what was seen of each
cluster (OASIS, STIX Version 2.1, 2021). Written as plain dictionaries.

Ids follow from the account and since when it is listed, so that a later list changes the indicator
of an account instead of adding another; `revoked` ones are those that the list before had and this
one has not. What is revoked stays so, as the standard has it: whoever is listed again, later, is by
another indicator.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from linkage.banlist.chain import canonical, moment
from linkage.banlist.entries import Entry
from linkage.banlist.store import Published

# The namespace that STIX 2.1 names for the ids of observables, in section 2.9.
_OBSERVABLES = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7").bytes
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_FULL = 40.0  # bits of confidence that are certainty, on STIX's scale up to 100


def as_stix(found: Published, now: datetime) -> Iterator[bytes]:
    """A bundle of the entries that hold."""
    entries = found.active(now).values()
    bundle = {
        "type": "bundle",
        "id": f"bundle--{_id('bundle', found.head.hash)}",
        "objects": objects(entries, found.head.published_at),
    }
    yield json.dumps(bundle).encode("ascii")


def objects(entries: Iterable[Entry], modified: datetime) -> list[dict[str, Any]]:
    """All objects of these entries, the identity that made them first."""
    listed = list(entries)
    indicators = [indicator(entry, modified) for entry in listed]
    return [identity(), *indicators, *beside(listed, modified)]


def beside(entries: Iterable[Entry], modified: datetime) -> list[dict[str, Any]]:
    """What there is of these entries beside indicators: accounts and clusters."""
    clusters: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.cluster_id is not None:
            clusters[entry.cluster_id].append(entry)
    made: list[dict[str, Any]] = []
    for cluster, members in sorted(clusters.items()):
        made += _cluster(cluster, members, modified)
    return made


def indicator(entry: Entry, modified: datetime, *, revoked: bool = False) -> dict[str, Any]:
    """The indicator of an account. revoked: it is on the list no longer."""
    found: dict[str, Any] = {
        **_common("indicator", _indicator(entry), entry.listed_at, modified),
        "name": f"listed account, {entry.action.value}",
        "description": f"{entry.action.value} until {_stamp(entry.expires_at)}: "
        + ", ".join(entry.reasons),
        "indicator_types": ["malicious-activity"],
        "pattern": pattern(entry.account_id),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": _stamp(entry.listed_at),
        "valid_until": _stamp(entry.expires_at),
        "labels": [f"action:{entry.action.value}", *(f"reason:{r}" for r in entry.reasons)],
    }
    if entry.confidence is not None:
        found["confidence"] = max(0, min(100, round(100 * entry.confidence / _FULL)))
    if revoked:
        found["revoked"] = True
    return found


def indicator_id(entry: Entry) -> str:
    """The id that the indicator of an account has."""
    return f"indicator--{_indicator(entry)}"


def pattern(account_id: str) -> str:
    """What an account is recognised by, in STIX's pattern language."""
    text = account_id.replace("\\", "\\\\").replace("'", "\\'")
    return f"[user-account:user_id = '{text}']"


def identity() -> dict[str, Any]:
    """Who made the list, always the same."""
    return {
        **_common("identity", _maker().partition("--")[2], _MADE, _MADE),
        "name": "linkage",
        "identity_class": "system",
    }


_since = lru_cache(maxsize=1024)(moment)


def _indicator(entry: Entry) -> str:
    return _id("indicator", f"{entry.account_id}\0{_since(entry.listed_at)}")


def _cluster(cluster: str, members: list[Entry], modified: datetime) -> list[dict[str, Any]]:
    """Accounts as observables, that they were seen, and what belongs together."""
    accounts = [_account(entry) for entry in members]
    first = min(entry.listed_at for entry in members)
    name = f"{cluster}\0{moment(first)}"
    seen = {
        **_common("observed-data", _id("observed-data", name), first, modified),
        "first_observed": _stamp(first),
        "last_observed": _stamp(max(first, modified)),
        "number_observed": len(members),
        "object_refs": [account["id"] for account in accounts],
    }
    indicators = [indicator_id(entry) for entry in members]
    together = {
        **_common("grouping", _id("grouping", name), first, modified),
        "name": f"cluster {cluster}",
        "context": "suspicious-activity",
        "object_refs": [seen["id"], *indicators],
    }
    return [*accounts, seen, together]


def _account(entry: Entry) -> dict[str, Any]:
    """An observable: its id follows from its contents, as STIX has it."""
    contents = {"user_id": entry.account_id}
    digest = hashlib.sha1(_OBSERVABLES + canonical(contents), usedforsecurity=False).digest()
    return {
        "type": "user-account",
        "spec_version": "2.1",
        "id": f"user-account--{_uuid(digest, 5)}",
        **contents,
    }


def _common(kind: str, number: str, created: datetime, modified: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{number}",
        "created": _stamp(min(created, modified)),
        "modified": _stamp(modified),
    }
    if kind != "identity":
        found["created_by_ref"] = _maker()
    return found


@cache
def _maker() -> str:
    return f"identity--{_id('identity', 'linkage')}"


def _id(kind: str, name: str) -> str:
    """Always the same for a name, in the form of version 4, which the standard asks of all that is
    no observable."""
    text = f"linkage {kind}\0{name}".encode("utf-8", "surrogatepass")
    return _uuid(hashlib.sha256(text).digest(), 4)


def _uuid(digest: bytes, version: int) -> str:
    """As `uuid` makes it of a digest; twice as fast, and a list has three an account."""
    made = bytearray(digest[:16])
    made[6] = made[6] & 0x0F | version << 4
    made[8] = made[8] & 0x3F | 0x80
    text = made.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@lru_cache(maxsize=1024)  # a list has few different ones
def _stamp(at: datetime) -> str:
    """Milliseconds of a time in UTC, as STIX writes it."""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
