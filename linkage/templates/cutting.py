"""Texts as hashed words in segments; where the text is read, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.kernels.fingerprints import read
from linkage.kernels.groups import folded
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Bytes, Words, cut

BATCH = 1 << 20  # bytes of text that are cut at once
FINGERPRINTS = "fingerprints"  # the one field of pieces that are no texts
HEAD = np.frombuffer(b"lkp1.", np.uint8)  # what a fingerprint is, and of which version
NO_KEY = b"linkage"  # texts that are read here and now need no secret
Found = TypeVar("Found")


class Cut(NamedTuple):
    """Texts as hashed words.

    words       uint64[W]
    segments    int64[S + 1]: first word of each segment
    texts       int64[T + 1]: first segment of each text
    begins, ends  int64[W]: where each word is in the bytes of the texts, or empty
    """

    words: Words
    segments: Ints
    texts: Ints
    begins: Ints
    ends: Ints

    @property
    def wordings(self) -> Words:
        """One hash of the words of each segment."""
        return folded(self.words, self.segments)


def secret(key: bytes) -> Words:
    """The two words that SipHash takes, from a key of any length."""
    return np.frombuffer(blake2b(key, digest_size=16).digest(), np.uint64)


def buffers(texts: pa.Array) -> tuple[Bytes, Ints]:
    """The bytes of all texts, and where each begins; null is an empty text."""
    held = pc.fill_null(texts.cast(pa.large_binary()), b"")
    _, offsets, data = held.buffers()
    places = np.frombuffer(offsets, np.int64)[held.offset : held.offset + len(held) + 1]
    return np.frombuffer(data if data is not None else b"", np.uint8), places


def cut_piece(piece: pa.Array, key: Words) -> Cut:
    """The words of a piece of texts, or of fingerprints, which were made with a key."""
    if not pa.types.is_struct(piece.type):
        return cut_texts(piece, key, placed=False)
    words, segments, texts, _ = read(*buffers(piece.field(0)), HEAD)
    none = np.zeros(0, np.int64)
    return Cut(words, segments, texts, none, none)


def cut_texts(texts: pa.Array, key: Words, *, placed: bool = True) -> Cut:
    """The texts of an array of strings (or of bytes: what is no UTF-8 does no harm); where each
    word is, if they are to be `placed`."""
    if len(texts) == 0:
        none = np.zeros(1, np.int64)
        return Cut(np.zeros(0, np.uint64), none, none, none[:0], none[:0])
    return Cut(*cut(*buffers(texts), key, placed))


@dataclass(frozen=True)
class Texts:
    """Texts that are read several times over, a piece at a time.

    read    begins anew: arrays of strings or bytes, or of fingerprints (`fingerprints.piece`), in
            the same order each time
    rows    how many there are, if it is known, for telling how far it is
    """

    read: Callable[[], Iterable[pa.Array]]
    rows: int | None = None

    @classmethod
    def held(cls, texts: pa.ChunkedArray) -> Texts:
        """Texts that are in memory."""
        return cls(lambda: texts.chunks, len(texts))

    def __iter__(self) -> Iterator[pa.Array]:
        """Pieces of some megabytes, in order; a text that is longer by itself is one piece."""
        for chunk in self.read():
            plain = chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk
            if len(plain) == 0:
                continue
            step = max(1, BATCH * len(plain) // max(1, plain.nbytes))
            for first in range(0, len(plain), step):
                yield plain.slice(first, step)

    def in_turn(
        self, work: Callable[[pa.Array, int], Found], threads: int, tell: Callable[[float], None]
    ) -> Iterator[Found]:
        """What becomes of each piece (and the number of its first row), in order; as many at once
        as there are threads, and one more waiting. `tell` hears which share is done."""
        pieces, sent, done = iter(self), 0, 0
        waiting: list[tuple[int, Future[Found]]] = []
        with ThreadPoolExecutor(threads) as pool:
            while True:
                for piece in islice(pieces, threads + 1 - len(waiting)):
                    waiting.append((len(piece), pool.submit(work, piece, sent)))
                    sent += len(piece)
                if not waiting:
                    break
                size, first = waiting.pop(0)
                yield first.result()
                done += size
                tell(min(1.0, done / self.rows) if self.rows else 0.0)
