"""What makes a list immutable: salted hashes of its rows, a head with their digest and the hash of
the head before it, and a signature over the head.

A row's hash has a random salt, kept beside the row. To erase a person, row and salt go and the hash
stays: nobody can guess the row from it, and the chain holds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from linkage.banlist.entries import Entry, Measure
from linkage.errors import ListError

FORMAT = 1
FIRST = "0" * 64  # the head before the first
SALT = 16  # bytes
_ROW, _HEAD = b"linkage ban list row 1\0", b"linkage ban list head 1\0"


@dataclass(frozen=True)
class Row:
    """A row of a published list. entry, salt: None where the person behind it was erased."""

    hash: str
    salt: str | None
    entry: Entry | None


@dataclass(frozen=True)
class Head:
    """What is signed of a list.

    channel     'bans', or 'shadow' for a list that nobody is to act on
    number      1, 2, 3 ... in its channel;  previous: hash of the head before, FIRST for none
    rows        how many;  digest: of the rows' hashes
    actor       who published it;  override: why it was although it was over budget, else None
    run         that it was built on;  decisions: number of the last decision that it obeys
    """

    format: int
    channel: str
    number: int
    previous: str
    published_at: datetime
    actor: str
    override: str | None
    run: str
    decisions: int
    rows: int
    digest: str

    @property
    def hash(self) -> str:
        """SHA-256 of what is signed, in hexadecimal."""
        return hashlib.sha256(signed_bytes(self)).hexdigest()


def row_of(entry: Entry) -> Row:
    """An entry with a salt and its hash."""
    salt = secrets.token_hex(SALT)
    return Row(row_hash(entry, salt), salt, entry)


def row_hash(entry: Entry, salt: str) -> str:
    """SHA-256, in hexadecimal."""
    text = canonical(told(entry))
    return hashlib.sha256(_ROW + bytes.fromhex(salt) + text).hexdigest()


def digest(rows: Iterable[Row]) -> str:
    """Of all hashes in their own order, which says nothing of the accounts'."""
    whole = hashlib.sha256()
    for text in sorted(row.hash for row in rows):
        whole.update(bytes.fromhex(text))
    return whole.hexdigest()


def told(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it."""
    return {
        **vars(entry),
        "reasons": list(entry.reasons),
        "listed_at": moment(entry.listed_at),
        "expires_at": moment(entry.expires_at),
    }


def entry_of(values: Mapping[str, Any]) -> Entry:
    """The entry that `told` told; ListError where it is none."""
    try:
        return Entry(
            account_id=str(values["account_id"]),
            action=Measure(values["action"]),
            reasons=tuple(values["reasons"]),
            cluster_id=values["cluster_id"],
            score=values["score"],
            confidence=values["confidence"],
            decision=values["decision"],
            listed_at=datetime.fromisoformat(values["listed_at"]),
            expires_at=datetime.fromisoformat(values["expires_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ListError(f"a row is no entry of a ban list: {error}") from None


def head_values(head: Head) -> dict[str, Any]:
    """A head as JSON has it."""
    return {**asdict(head), "published_at": moment(head.published_at)}


def head_of(values: Mapping[str, Any]) -> Head:
    """The head that `head_values` told; ListError where it is none of this format."""
    try:
        known = {name: values[name] for name in Head.__dataclass_fields__}
        head = Head(**{**known, "published_at": datetime.fromisoformat(known["published_at"])})
    except (KeyError, TypeError, ValueError) as error:
        raise ListError(f"a head is none of a ban list: {error}") from None
    if head.format != FORMAT:
        raise ListError(f"a list of format {head.format}, which this linkage does not know")
    return head


def moment(at: datetime) -> str:
    """A time in UTC, to the microsecond, always written in the same way."""
    return at.isoformat(timespec="microseconds")


def canonical(values: Mapping[str, Any]) -> bytes:
    """JSON with one way to write it."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def signed_bytes(head: Head) -> bytes:
    """What a signature is of."""
    return _HEAD + canonical(head_values(head))


def sign(head: Head, key: Ed25519PrivateKey) -> str:
    """The signature in hexadecimal."""
    return key.sign(signed_bytes(head)).hex()


def check(head: Head, signature: str, rows: Sequence[Row], key: Ed25519PublicKey) -> None:
    """ListError where the list is not the one that was signed, row by row."""
    where = f"{head.channel} {head.number}"
    try:
        key.verify(bytes.fromhex(signature), signed_bytes(head))
    except (InvalidSignature, ValueError):
        raise ListError(f"{where}: the signature is not of this head, or of another key") from None
    if len(rows) != head.rows or digest(rows) != head.digest:
        raise ListError(f"{where}: rows were added, taken away or changed since it was signed")
    for row in rows:
        if row.entry is not None and row.hash != row_hash(row.entry, row.salt or ""):
            raise ListError(f"{where}: the row of {row.entry.account_id!r} was changed")


def check_follows(head: Head, before: Head | None) -> None:
    """ListError where a list does not follow the one before it in its channel."""
    number, previous = (0, FIRST) if before is None else (before.number, before.hash)
    if head.number != number + 1:
        raise ListError(f"{head.channel}: list {number + 1} is missing, {head.number} comes next")
    if head.previous != previous:
        raise ListError(f"{head.channel} {head.number}: it does not follow the list {number} here")
