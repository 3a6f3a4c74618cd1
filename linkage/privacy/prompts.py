"""Prompts are kept as fingerprints: keyed hashes of their words, by which templates are found.

A word is hashed under a key that the first of the chain gives, and its hash under that of each
other one. So what is kept can be re-keyed without any word, as pseudonyms are.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from linkage.kernels.fingerprints import keyed_again
from linkage.kernels.words import Words
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.templates.cutting import HEAD, Cut, cut_piece, cut_texts, secret
from linkage.templates.fingerprints import piece, spelled

COLUMN = "prompt_fingerprint"
_PURPOSE = "words of prompts"
_NOT_KEYED = secret(b"")  # fingerprints are read, not made: no key takes part


class Prints:
    """Makes fingerprints under all keys of a chain."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._keys = [secret(key) for key in pseudonyms.secrets(_PURPOSE)]

    def made(self, texts: pa.Array, given: pa.Array) -> pa.Array:
        """Of each text its fingerprint, or that of what the platform made under a key of its own;
        null where there is neither."""
        first, *others = self._keys
        texts = pc.if_else(given.is_valid(), pa.scalar(None, texts.type), texts)
        of_texts = spelled(_keyed(cut_texts(texts, first), others), texts.is_valid())
        return pc.coalesce(self._again(given, self._keys), of_texts).cast(pa.string())

    def chained(self, prints: pa.Array, after: int) -> pa.Array:
        """Those that the first `after` keys made, as all of them make them; what is none stays."""
        is_one = pc.starts_with(prints, HEAD.tobytes().decode("ascii")).fill_null(False)
        new = self._again(pc.if_else(is_one, prints, None), self._keys[after:])
        return pc.if_else(is_one, new.cast(prints.type), prints)

    def _again(self, prints: pa.Array, keys: Sequence[Words]) -> pa.Array:
        cut = cut_piece(piece(prints), _NOT_KEYED)
        return spelled(_keyed(cut, keys), prints.is_valid())


def _keyed(cut: Cut, keys: Sequence[Words]) -> Cut:
    for key in keys:
        cut = cut._replace(words=keyed_again(cut.words, key))
    return cut
