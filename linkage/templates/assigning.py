"""What each row carries, and a text of each template: the texts read for the second time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import distinct, lookup, positions
from linkage.kernels.incidence import Int32s
from linkage.kernels.wordings import Index
from linkage.kernels.words import Words
from linkage.templates.cutting import Cut
from linkage.templates.holders import Places
from linkage.templates.model import KNOWN, Given, Model
from linkage.templates.sampling import Sample

OWN, WELL_KNOWN = -1, -2  # numbers of no template
HELD = 64 << 20  # bytes of texts that are held before the smallest of each prompt is picked
TEXTS = pa.schema([("prompt", pa.int64()), ("text", pa.large_binary())])


class Rows(NamedTuple):
    """Of each row, the number of its template, `OWN` or `WELL_KNOWN`; and whether its prompt counts
    as its account's own, although it may share a phrase."""

    template: Int32s
    own: Flags


class Templates:
    """The sets of parts that the sample has.

    ids     uint64, ascending
    example int64: the prompt of each that has the smallest hash
    exact   bool: it is a prompt without parts that was sent again word for word
    """

    def __init__(self, found: Sample, model: Model, given: Given) -> None:
        self.found, self.model = found, model
        shown = np.where(given.joined, KNOWN, given.sets)
        first = distinct(shown).first
        first = first[shown[first] > KNOWN]
        self.ids: Words = shown[first]
        self._lookup = lookup(self.ids)
        self.example: Places = first
        self.exact: Flags = given.again[first]
        self._of_prompt, self._own = self._numbers(given.sets), given.own

    def of_sample(self) -> Rows:
        """Of each row, whose prompt is in the sample; all others have none."""
        inside = self.found.inside
        rows = Rows(np.full(inside.size, OWN, np.int32), np.ones(inside.size, np.bool_))
        rows.template[inside] = self._of_prompt[self.found.prompt]
        rows.own[inside] = self._own[self.found.prompt]
        return rows

    def of_others(self, cut: Cut, which: Flags, index: Index) -> Rows:
        """Of some of the texts, whose prompts are not in the sample."""
        wordings = cut.wordings
        rows = np.flatnonzero(which & (np.diff(cut.texts) > 0))
        out = Rows(np.full(which.size, OWN, np.int32), np.ones(which.size, np.bool_))
        if rows.size:
            sets, out.own[rows] = self.model.sets_of(cut, wordings, rows, index)
            out.template[rows] = self._numbers(sets)
        return Rows(out.template[which], out.own[which])

    def _numbers(self, sets: Words) -> Int32s:
        at, inside = positions(self._lookup, sets)
        return np.where(inside, at, np.where(sets == KNOWN, WELL_KNOWN, OWN)).astype(np.int32)


class Examples:
    """A text of each template: of those that are the prompt it is shown by, the smallest."""

    def __init__(self, templates: Templates) -> None:
        self._prompts: Places = templates.example
        wanted = np.zeros(templates.found.prompts.hashes.size, np.bool_)
        wanted[templates.example] = True
        here = wanted[templates.found.prompt]
        self._rows: Places = np.flatnonzero(templates.found.inside)[here]
        self._prompt = templates.found.prompt[here].astype(np.int64)
        self._held = [TEXTS.empty_table()]
        self._size = 0

    def of(self, piece: pa.Array, first: int) -> pa.Table:
        """The smallest text of each prompt that a piece has, whose first row is given: thousands
        of rows may have one long prompt."""
        begin, end = np.searchsorted(self._rows, [first, first + len(piece)])
        if begin == end or pa.types.is_struct(piece.type):
            return self._held[0].slice(0, 0)
        plain = piece.take(pa.array(self._rows[begin:end] - first)).cast(pa.large_binary())
        return _smallest(pa.table([pa.array(self._prompt[begin:end]), plain], schema=TEXTS))

    def add(self, some: pa.Table) -> None:
        """What a piece has."""
        self._held.append(some)
        self._size += some.nbytes
        if self._size > HELD:
            self._held = [_smallest(pa.concat_tables(self._held))]
            self._size = 0

    def texts(self) -> pa.Array:
        """One for each template; null for those that only fingerprints are."""
        best = _smallest(pa.concat_tables(self._held)).combine_chunks()
        place = pc.index_in(pa.array(self._prompts), best["prompt"])
        return best["text"].combine_chunks().take(place)


def _smallest(some: pa.Table) -> pa.Table:
    """The first text of each prompt, in whatever order."""
    return some.group_by("prompt").aggregate([("text", "min")]).rename_columns(TEXTS.names)
