"""Keyed pseudonyms: HMAC-SHA256 of a value and of what it is, as `~` and 26 characters (130 bits).

Keys are a chain, the newest last: the first makes a pseudonym of a value, each other one a
pseudonym of that of the key before. So what is kept can be re-keyed without any value, and who
knows all keys but the newest cannot tell what any pseudonym stands for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.artifacts.pseudonyms import FORM, MARK

LENGTH = 27  # bytes of a part, the mark among them
_BYTES = 20  # of a digest that are written: a whole number of characters
_BLOCK, _DIGEST = 64, 32  # bytes of SHA-256's blocks and digests
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_SHIFTS = np.arange(35, -1, -5, dtype=np.uint64)
ACCOUNT, ORGANISATION, EVENT = "account", "organisation", "event"
_FORM = re.compile(FORM)


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of one."""
    return _FORM.match(text) is not None


class _Mac:
    """HMAC-SHA256 (RFC 2104) under one key, a third of the time of `hmac.digest` for short texts:
    what both hashes begin with is hashed once."""

    def __init__(self, key: bytes) -> None:
        padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded))
        self._outer = hashlib.sha256(bytes(b ^ 0x5C for b in padded))

    def digests(self, messages: Iterable[bytes]) -> list[bytes]:
        """One each."""
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        found = []
        for message in messages:
            inner, outer = copy_inner(), copy_outer()
            inner.update(message)
            outer.update(inner.digest())
            found.append(outer.digest())
        return found


class Pseudonyms:
    """Makes parts of pseudonyms; any thread may. `name` tells keys apart, and says nothing of
    them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: the newest last, one at least."""
        self._chain = [_Mac(key) for key in keys]
        self.name = self.one("key", "").removeprefix(MARK)

    def parts(self, sort: str, values: Sequence[bytes]) -> pa.Array:
        """A part for each value, by what it is (`ACCOUNT`, a kind, a column ...)."""
        before = sort.encode() + b"\0"  # no part of a chain has a zero in it
        return self._ended(_written(self._chain[0].digests(before + value for value in values)), 1)

    def one(self, sort: str, value: str) -> str:
        """That of a single value."""
        return str(self.parts(sort, [value.encode("utf-8", "surrogatepass")])[0])

    def secrets(self, purpose: str) -> list[bytes]:
        """Of each key, in their order, another one for a purpose, which tells nothing of it."""
        message = b"\0" + purpose.encode()  # no pseudonym is made of what begins so
        return [mac.digests([message])[0] for mac in self._chain]

    def chained(self, parts: pa.Array, after: int) -> pa.Array:
        """Parts that the first `after` keys made, as all of them make them; nulls stay."""
        known = parts.drop_null()
        places = pc.index_in(parts, known)
        return self._ended(known, after).take(places)

    def texts_chained(self, texts: pa.Array, after: int) -> pa.Array:
        """The same for texts of any number of parts; what is empty in them stays so, and so does
        what is no pseudonym."""
        keyed = pc.match_substring_regex(texts, FORM)
        return pc.if_else(keyed.fill_null(False), self._texts_chained(texts, after), texts)

    def _texts_chained(self, texts: pa.Array, after: int) -> pa.Array:
        lists = pc.split_pattern(texts, MARK)
        flat = pc.list_flatten(lists)
        bare = flat.dictionary_encode()
        letters = bare.dictionary.cast(pa.string())
        full = pc.binary_join_element_wise(pa.scalar(""), letters, MARK)
        whole = pc.equal(pc.utf8_length(letters), LENGTH - 1)
        new = self.chained(pc.if_else(whole, full, pa.scalar(None, pa.string())), after)
        new = pc.coalesce(pc.utf8_slice_codeunits(new, 1), letters)
        joined = pa.ListArray.from_arrays(lists.offsets, new.take(bare.indices), mask=_nulls(texts))
        return pc.binary_join(joined, MARK)

    def leads(self, first: str, part: str) -> bool:
        """Whether a part that some of the keys made becomes another with those that follow."""
        given = pa.array([first])
        return any(
            self.chained(given, after)[0].as_py() == part for after in range(1, len(self._chain))
        )

    def _ended(self, parts: pa.Array, after: int) -> pa.Array:
        for mac in self._chain[after:]:
            parts = _written(mac.digests(parts.cast(pa.binary()).to_pylist()))
        return parts


def _nulls(texts: pa.Array) -> pa.Array | None:
    return texts.is_null() if texts.null_count else None


def _written(digests: Sequence[bytes]) -> pa.Array:
    """Digests as texts, five bits a letter (RFC 4648, in lower case)."""
    count = len(digests)
    raw = np.frombuffer(b"".join(digests), np.uint8).reshape(count, _DIGEST)[:, :_BYTES]
    groups = np.zeros((count, _BYTES // 5, 8), np.uint8)
    groups[:, :, 3:] = raw.reshape(count, _BYTES // 5, 5)
    words = groups.view(">u8").astype(np.uint64)
    letters = _LETTERS[(words >> _SHIFTS) & np.uint64(31)].reshape(count, 8 * _BYTES // 5)
    text = np.full((count, LENGTH), ord(MARK), np.uint8)
    text[:, 1:] = letters[:, : LENGTH - 1]
    offsets = np.arange(0, (count + 1) * LENGTH, LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
