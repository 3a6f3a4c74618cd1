"""Rows of the vault: what a part of a pseudonym stands for, for whoever holds the private key.

A call's rows are encrypted under a key of their own (AES-256-GCM, the row's number as the nonce),
which is sealed with the vault's public key (HPKE, RFC 9180). Each row stands by itself, so that one
can be taken away without the others. In a row are the part as it was first made, what it is and the
value, filled up so that its length tells little; nothing outside of it has the first part, since
that would tie what was re-keyed to what an older key made.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from linkage.errors import PrivacyError
from linkage.privacy.pseudonyms import LENGTH

ROWS = pa.schema(
    [
        ("pseudonym", pa.string()),
        ("number", pa.int32()),
        ("key", pa.binary()),
        ("sealed", pa.binary()),
    ]
)
"""pseudonym: the part as it is now; key: the sealed key of its call; number: of the row in the
call."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"linkage vault 1"
_FILLED = 32  # bytes: a row is a multiple of so many


@dataclass(frozen=True)
class Opened:
    """What was sealed. first: the part as it was first made; sort: what it is."""

    first: str
    sort: str
    value: str


@dataclass(frozen=True)
class Named:
    """Parts of one sort and the values that they stand for, in order."""

    sort: str
    parts: pa.Array
    values: Sequence[bytes]


def seal(named: Sequence[Named], public: X25519PublicKey) -> pa.Table:
    """Rows of the vault."""
    count = sum(len(one.values) for one in named)
    if not count:
        return ROWS.empty_table()
    secret = secrets.token_bytes(32)
    key = _SUITE.encrypt(secret, public, info=_INFO)
    encrypt, numbers = AESGCM(secret).encrypt, iter(range(count))
    sealed = []
    for one in named:
        sort = one.sort.encode() + b"\0"
        for part, value in zip(one.parts.cast(pa.binary()).to_pylist(), one.values, strict=True):
            nonce = next(numbers).to_bytes(12, "big")
            sealed.append(encrypt(nonce, _filled(part + sort + value), _INFO))
    return pa.table(
        [
            pa.concat_arrays([one.parts for one in named]),
            pa.array(range(count), pa.int32()),
            pa.array([key] * count, pa.binary()),
            pa.array(sealed, pa.binary()),
        ],
        schema=ROWS,
    )


class Opener:
    """Opens rows with the private key; remembers the keys of calls."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self._known: dict[bytes, AESGCM] = {}

    def opened(self, key: bytes, number: int, sealed: bytes) -> Opened:
        """One row; PrivacyError where the key is not the one, or the row is damaged."""
        try:
            if key not in self._known:
                self._known[key] = AESGCM(_SUITE.decrypt(key, self._private, info=_INFO))
            whole = self._known[key].decrypt(number.to_bytes(12, "big"), sealed, _INFO)
        except InvalidTag:
            raise PrivacyError(
                "the vault does not open with this key: it is sealed for another, or damaged"
            ) from None
        length = int.from_bytes(whole[:4], "big")
        first, rest = whole[4 : 4 + LENGTH], whole[4 + LENGTH : 4 + length]
        sort, _, value = rest.partition(b"\0")
        return Opened(first.decode(), sort.decode(), value.decode("utf-8", "surrogatepass"))


def _filled(text: bytes) -> bytes:
    whole = len(text).to_bytes(4, "big") + text
    return whole.ljust(-(-len(whole) // _FILLED) * _FILLED, b"\0")
