"""Templates as people read them: their words as they were written, `{…}` where slots are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from linkage.kernels.wordings import Flags, marked, taken
from linkage.kernels.words import MASK, Bytes, Words
from linkage.templates.cutting import Cut, Texts, buffers, cut_texts
from linkage.templates.holders import positions
from linkage.templates.model import Model
from linkage.templates.sampling import Sample

SLOT = "{…}"
LONGEST = 2000  # bytes that are written of a template


def described(
    texts: Texts, found: Sample, hashes: Words, ids: Words, model: Model, key: Words
) -> tuple[pa.Array, pa.Array]:
    """How each set reads, by that prompt of it that has the smallest hash; and its parts' ids.

    `hashes` has the set of each prompt of the sample, `ids` the sets that are asked for.
    """
    order = np.lexsort([found.hashes, hashes])
    sets, first = np.unique(hashes[order], return_index=True)
    at, _ = positions(sets, ids)
    samples = _examples(texts, found.of_rows, found.hashes[order[first[at]]])
    cut = cut_texts(samples, key)
    row = np.repeat(np.arange(ids.size), np.diff(cut.texts))
    place, inside = positions(model.wordings.hashes, cut.wordings)
    part = np.where(inside, model.parts.of_wording[place] if place.size else 0, 0)
    _, held = model.settle(row[inside], part[inside], ids.size)
    size = max(1, model.parts.ids.size)
    member = np.isin(row * size + part, held.prompt * size + held.part) & inside
    fixed, ends = taken(model.parts.words, model.parts.offsets, part[member])
    segments = np.flatnonzero(member)
    words, offsets = taken(cut.words, cut.segments, segments)
    flags = np.zeros(cut.words.size, np.bool_)
    of_word = np.repeat(np.arange(row.size), np.diff(cut.segments))
    flags[member[of_word]] = marked(fixed, ends, words, offsets)
    # What was only sent again word for word is fixed from its first word to its last.
    exact = ~np.isin(np.arange(ids.size), held.prompt)
    flags |= exact[row[of_word]] & (cut.words != MASK)
    names = pa.array(hexadecimal(model.parts.ids[held.part]), pa.string())
    lists = np.searchsorted(held.prompt, np.arange(ids.size + 1))
    carry = pa.ListArray.from_arrays(pa.array(lists, pa.int32()), names)
    return _written(samples, cut, flags), carry


def hexadecimal(values: Words) -> list[str]:
    """Hashes as ids are written."""
    return [f"{each:016x}" for each in values.tolist()]


def _examples(texts: Texts, of_rows: Words, prompts: Words) -> pa.Array:
    """For each prompt (each once), the smallest of the texts that are it."""
    known = np.sort(prompts)
    best = pa.table({"prompt": pa.array([], pa.int64()), "text": pa.array([], pa.large_binary())})
    done = 0
    for piece in texts:
        at, inside = positions(known, of_rows[done : done + len(piece)])
        rows = np.flatnonzero(inside)
        done += len(piece)
        if rows.size:
            plain = piece.take(pa.array(rows)).cast(pa.large_binary())
            best = _smallest(
                pa.concat_tables([best, pa.table({"prompt": at[rows], "text": plain})])
            )
    return best["text"].combine_chunks().take(pa.array(np.searchsorted(known, prompts)))


def _smallest(some: pa.Table) -> pa.Table:
    """The first text of each prompt."""
    some = some.group_by(["prompt", "text"]).aggregate([])
    some = some.sort_by([("prompt", "ascending"), ("text", "ascending")])
    return some.take(pa.array(np.flatnonzero(np.diff(some["prompt"].to_numpy(), prepend=-1))))


def _written(texts: pa.Array, cut: Cut, flags: Flags) -> pa.Array:
    """Each text with what is not flagged as slots."""
    data, _ = buffers(texts)
    bounds = cut.segments[cut.texts]
    written = [_one(data, cut, flags, int(first), int(last)) for first, last in pairwise(bounds)]
    return pa.array(written, pa.string())


def _one(data: Bytes, cut: Cut, flags: Flags, first: int, last: int) -> str:
    pieces: list[str] = []
    size, slot = 0, False
    for word in range(first, last):
        if not flags[word]:
            slot = True
            continue
        if slot:
            pieces.append(f" {SLOT} ")
            slot = False
        goes_on = word + 1 < last and flags[word + 1]
        end = cut.begins[word + 1] if goes_on else cut.ends[word]
        pieces.append(bytes(data[cut.begins[word] : end]).decode("utf-8", "replace"))
        size += len(pieces[-1])
        if size > LONGEST:
            return " ".join("".join(pieces).split()) + " …"
    if slot:
        pieces.append(f" {SLOT}")
    return " ".join("".join(pieces).split())
