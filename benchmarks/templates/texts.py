"""Prompts by the million for measuring time and memory: half of them own, half from templates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

VOCABULARY = 30_000
TEMPLATES = 2_000
SENTENCE = 12  # words
_SYLLABLES = [
    "ba",
    "co",
    "di",
    "fu",
    "ge",
    "ha",
    "ji",
    "ko",
    "lu",
    "me",
    "ni",
    "po",
    "qua",
    "ri",
    "so",
    "tu",
    "ve",
    "wa",
    "xi",
    "yo",
    "za",
    "an",
    "el",
    "ir",
    "os",
    "um",
]


def prompts(count: int, seed: int = 1) -> pa.ChunkedArray:
    """So many distinct prompts of about 300 bytes: a half is four sentences nobody else wrote, the
    other a template of two or three sentences and two of its own."""
    words = _vocabulary()
    fixed = np.random.default_rng(0)
    templates = [_sentences(fixed, words, TEMPLATES, SENTENCE) for _ in range(2)]
    chunks = []
    for first in range(0, count, 100_000):
        rng = np.random.default_rng((seed, first))
        size = min(100_000, count - first)
        own = [_sentences(rng, words, size, SENTENCE) for _ in range(4)]
        which = pa.array((TEMPLATES * rng.random(size) ** 2).astype(np.int64))
        heads = [each.take(which) for each in templates]
        templated = pa.array(rng.random(size) < 0.5)
        parts = [pc.if_else(templated, head, mine) for head, mine in zip(heads, own, strict=False)]
        chunks.append(pc.binary_join_element_wise(*parts, *own[2:], " "))
    return pa.chunked_array(chunks, pa.string())


def _vocabulary() -> pa.Array:
    rng = np.random.default_rng(7)
    sizes = rng.integers(1, 5, VOCABULARY)
    return pa.array(["".join(rng.choice(_SYLLABLES, size)) for size in sizes])


def _sentences(rng: np.random.Generator, words: pa.Array, count: int, size: int) -> pa.Array:
    """Sentences of words as common as in real texts (by Zipf's law)."""
    ranks = _zipf(rng, count * size)
    offsets = pa.array(np.arange(0, count * size + 1, size, dtype=np.int32))
    lists = pa.ListArray.from_arrays(offsets, words.take(pa.array(ranks)))
    return pc.binary_join_element_wise(pc.binary_join(lists, " "), ".", "")


def _zipf(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    return (VOCABULARY ** rng.random(count)).astype(np.int64) - 1
