"""The distinct prompts that templates are mined from: all of them, or so many that memory holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.kernels.groups import folded, taken
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut

NOTHING = np.uint64(0)  # stands for a text without a word


class Sample(NamedTuple):
    """Distinct prompts, ascending by hash.

    hashes      uint64[N]
    words, segments, texts  as in `Cut`
    of_rows     uint64[rows]: the hash of each row's prompt; of those not in the sample, too
    share       of all possible hashes that would be in it, and so about that of distinct prompts
    """

    hashes: Words
    words: Words
    segments: Ints
    texts: Ints
    of_rows: Words
    share: float

    @property
    def whole(self) -> bool:
        """Whether every distinct prompt is in it."""
        return self.share == 1


def sample(cuts: Iterable[Cut], most: int) -> Sample:
    """The distinct prompts with the smallest hashes, `most` words of them at most.

    Which these are depends on what the prompts say alone, not on their order or number.
    """
    held: list[Cut] = []
    rows: list[Words] = []
    below = np.uint64(2**64 - 1)
    size = 0
    for each in cuts:
        hashes = prompt_hashes(each)
        rows.append(hashes)
        held.append(_distinct([each], below)[1])
        size += held[-1].words.size
        if size > 2 * most:
            below, merged = _within(held, below, most)
            held, size = [merged], merged.words.size
    below, merged = _within(held, below, most)
    hashes = prompt_hashes(merged)
    order = np.argsort(hashes, kind="stable")
    merged = picked(merged, order)
    of_rows = np.concatenate(rows) if rows else np.zeros(0, np.uint64)
    share = 1.0 if below == 2**64 - 1 else float(below) / 2**64
    return Sample(hashes[order], merged.words, merged.segments, merged.texts, of_rows, share)


def prompt_hashes(each: Cut) -> Words:
    """One hash of each text's segments in their order, never that of nothing but for nothing."""
    hashes = folded(each.wordings, each.texts)
    hashes[hashes == NOTHING] = 1
    hashes[np.diff(each.texts) == 0] = NOTHING
    return hashes


def _within(held: list[Cut], below: np.uint64, most: int) -> tuple[np.uint64, Cut]:
    """The bound lowered until what is below it has so few words, and that."""
    hashes, merged = _distinct(held, below)
    sizes = np.diff(merged.segments[merged.texts])
    while sizes[hashes < below].sum() > most:
        below -= below >> np.uint64(3)
    return below, picked(merged, np.flatnonzero(hashes < below))


def _distinct(held: list[Cut], below: np.uint64) -> tuple[Words, Cut]:
    """The first of each prompt below the bound, with its hash."""
    merged = as_one(held)
    hashes = prompt_hashes(merged)
    values, first = np.unique(hashes, return_index=True)
    wanted = first[(values < below) & (values != NOTHING)]
    return hashes[wanted], picked(merged, wanted)


def picked(cut: Cut | Sample, texts: npt.NDArray[np.intp]) -> Cut:
    """Some of the texts; where their words were is forgotten."""
    words, _ = taken(cut.words, cut.segments[cut.texts], texts)
    sizes, ends = taken(np.diff(cut.segments), cut.texts, texts)
    none = np.zeros(0, np.int64)
    return Cut(words, _ends(sizes), ends, none, none)


def as_one(held: list[Cut]) -> Cut:
    """Several cuts as one."""
    none = np.zeros(0, np.int64)
    if not held:
        return Cut(np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(1, np.int64), none, none)
    words = np.concatenate([each.words for each in held])
    return Cut(
        words,
        _offsets([each.segments for each in held]),
        _offsets([each.texts for each in held]),
        none,
        none,
    )


def _offsets(held: list[Ints]) -> Ints:
    return _ends(np.concatenate([np.diff(each) for each in held]))


def _ends(sizes: Ints) -> Ints:
    out = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=out[1:])
    return out
