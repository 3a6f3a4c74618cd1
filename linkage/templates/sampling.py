"""The distinct prompts that templates are mined from: all of them, or so many that memory holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import distinct, folded, taken
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut

NOTHING = np.uint64(0)  # stands for a text without a word
ALL = np.uint64(2**64 - 1)


class Prompts(NamedTuple):
    """Distinct prompts, ascending by hash.

    hashes      uint64[N]
    words, segments, texts  as in `Cut`
    wordings    uint64[S]: one hash of the words of each segment
    """

    hashes: Words
    words: Words
    segments: Ints
    texts: Ints
    wordings: Words

    @property
    def sizes(self) -> Ints:
        """How many words each has."""
        return np.diff(self.segments[self.texts])

    def picked(self, which: npt.NDArray[np.intp]) -> Prompts:
        """Some of them."""
        words, _ = taken(self.words, self.segments[self.texts], which)
        sizes, ends = taken(np.diff(self.segments), self.texts, which)
        wordings, _ = taken(self.wordings, self.texts, which)
        return Prompts(self.hashes[which], words, _ends(sizes), ends, wordings)


class Piece(NamedTuple):
    """The rows of one piece: the hash of each prompt, and the prompts that are below a bound."""

    rows: Words
    prompts: Prompts


class Sample(NamedTuple):
    """The prompts that are mined, and which rows they are.

    inside  bool for each row: its prompt is one of these
    prompt  int32 for each of those rows: which
    share   of all possible hashes that would be among them, and so about that of distinct prompts
    """

    prompts: Prompts
    inside: Flags
    prompt: Int32s
    share: float

    @property
    def whole(self) -> bool:
        """Whether every distinct prompt is in it."""
        return self.share == 1


class Sampling:
    """Gathers the distinct prompts with the smallest hashes, `most` words of them at most.

    Which these are depends on what the prompts say alone, not on their order or number.
    """

    def __init__(self, most: int) -> None:
        self.below = ALL
        self._most = most
        self._held: list[Prompts] = []
        self._inside: list[Flags] = []
        self._hashes: list[Words] = []  # of the rows inside
        self._size = 0

    def piece_of(self, cut: Cut) -> Piece:
        """What a piece of texts adds; by any thread, since it does not matter to what is found
        whether the bound is the last one."""
        wordings = cut.wordings
        rows = prompt_hashes(cut, wordings)
        every = Prompts(rows, cut.words, cut.segments, cut.texts, wordings)
        return Piece(rows, _distinct(every, self.below))

    def add(self, piece: Piece) -> None:
        """The pieces in their order."""
        self._inside.append((piece.rows < self.below) & (piece.rows != NOTHING))
        self._hashes.append(piece.rows[self._inside[-1]])
        self._held.append(piece.prompts)
        self._size += piece.prompts.words.size
        if self._size > 2 * self._most:
            self._merge()

    def _merge(self) -> None:
        """Lowers the bound until what is below it has so few words."""
        merged = _distinct(_as_one(self._held), self.below)
        sizes, before = np.diff(merged.segments[merged.texts]), self.below
        while sizes[merged.hashes < self.below].sum() > self._most:
            self.below -= self.below >> np.uint64(3)
        if self.below < before:
            merged = merged.picked(np.flatnonzero(merged.hashes < self.below))
            for inside, hashes in zip(self._inside, self._hashes, strict=True):
                inside[inside] = hashes < self.below
            self._hashes = [each[each < self.below] for each in self._hashes]
        self._held, self._size = [merged], merged.words.size

    def sample(self) -> Sample:
        """What was gathered."""
        self._merge()
        (prompts,) = self._held
        self._held = []
        prompt = [np.searchsorted(prompts.hashes, each).astype(np.int32) for each in self._hashes]
        share = 1.0 if self.below == ALL else float(self.below) / 2**64
        return Sample(
            prompts,
            np.concatenate([np.zeros(0, np.bool_), *self._inside]),
            np.concatenate([np.zeros(0, np.int32), *prompt]),
            share,
        )


def prompt_hashes(each: Cut, wordings: Words) -> Words:
    """One hash of each text's segments in their order, never that of nothing but for nothing."""
    hashes = folded(wordings, each.texts)
    hashes[hashes == NOTHING] = 1
    hashes[np.diff(each.texts) == 0] = NOTHING
    return hashes


def _distinct(some: Prompts, below: np.uint64) -> Prompts:
    """The first of each prompt below the bound, ascending."""
    here = np.flatnonzero((some.hashes < below) & (some.hashes != NOTHING))
    return some.picked(here[distinct(some.hashes[here]).first])


def _as_one(held: list[Prompts]) -> Prompts:
    if not held:
        none, one = np.zeros(0, np.uint64), np.zeros(1, np.int64)
        return Prompts(none, none, one, one, none)
    return Prompts(
        np.concatenate([each.hashes for each in held]),
        np.concatenate([each.words for each in held]),
        _ends(np.concatenate([np.diff(each.segments) for each in held])),
        _ends(np.concatenate([np.diff(each.texts) for each in held])),
        np.concatenate([each.wordings for each in held]),
    )


def _ends(sizes: Ints) -> Ints:
    out = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=out[1:])
    return out
