"""Templates as people read them: their words as they were written, `{…}` where slots are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.kernels.alignment import Flags, marked
from linkage.kernels.groups import taken
from linkage.kernels.incidence import Ints
from linkage.kernels.words import AROUND, MASK, Bytes, Words, odd
from linkage.templates.cutting import Cut, Texts, buffers, cut_texts
from linkage.templates.holders import positions
from linkage.templates.model import Model
from linkage.templates.sampling import Sample, picked

SLOT = "{…}"
LONGEST = 2000  # bytes that are written of a template
_PERSONAL = re.compile(
    rb"""[0-9@\\/]                                      # numbers, mailboxes, paths
    | [^\W_]\.[^\W_]{2}                                  # hosts
    | ^(?:sk|pk|rk|ghp|gho|xox[a-z]|akia|key|token|secret|bearer|api[-_]?key)[-_.]  # keys
    | _[^_]*_                                          # names in programs
    | ^[0-9a-f-]{16,}$                                 # hexadecimal
    | ^[A-Za-z_-]{32,}$                                # what is no word""",
    re.VERBOSE | re.IGNORECASE,
)


def described(
    texts: Texts, found: Sample, hashes: Words, ids: Words, model: Model, key: Words
) -> tuple[pa.Array, pa.Array]:
    """How each set reads, by that prompt of it that has the smallest hash; and its parts' ids.

    `hashes` has the set of each prompt of the sample, `ids` the sets that are asked for.
    """
    order = np.lexsort([found.hashes, hashes])
    sets, first = np.unique(hashes[order], return_index=True)
    at, _ = positions(sets, ids)
    prompts = order[first[at]]
    samples = _examples(texts, found.of_rows, found.hashes[prompts])
    cut = picked(found, prompts)
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
    return _written(samples, cut, flags, key), carry


def hexadecimal(values: Words) -> list[str]:
    """Hashes as ids are written."""
    return [f"{each:016x}" for each in values.tolist()]


def _examples(texts: Texts, of_rows: Words, prompts: Words) -> pa.Array:
    """For each prompt (each once), the smallest of the texts that are it; null for those that only
    fingerprints are."""
    known = np.sort(prompts)
    best = pa.table({"prompt": pa.array([], pa.int64()), "text": pa.array([], pa.large_binary())})
    done = 0
    for piece in texts:
        at, inside = positions(known, of_rows[done : done + len(piece)])
        rows = np.flatnonzero(inside)
        done += len(piece)
        if rows.size and not pa.types.is_struct(piece.type):
            plain = piece.take(pa.array(rows)).cast(pa.large_binary())
            best = _smallest(
                pa.concat_tables([best, pa.table({"prompt": at[rows], "text": plain})])
            )
    place = pc.index_in(pa.array(np.searchsorted(known, prompts)), best["prompt"].combine_chunks())
    return best["text"].combine_chunks().take(place)


def _smallest(some: pa.Table) -> pa.Table:
    """The first text of each prompt."""
    some = some.group_by(["prompt", "text"]).aggregate([])
    some = some.sort_by([("prompt", "ascending"), ("text", "ascending")])
    return some.take(pa.array(np.flatnonzero(np.diff(some["prompt"].to_numpy(), prepend=-1))))


def _written(texts: pa.Array, cut: Cut, flags: Flags, key: Words) -> pa.Array:
    """Each text with what is not flagged as slots; null where there is none."""
    data, _ = buffers(texts)
    spelled = cut_texts(texts, key)
    there, bounds = cut.segments[cut.texts], spelled.segments[spelled.texts]
    sizes = np.diff(bounds)
    # Texts that are null have no words here, and may have some there.
    fixed = flags[np.repeat(there[:-1] - bounds[:-1], sizes) + np.arange(bounds[-1])]
    for word in np.flatnonzero(fixed & odd(data, spelled.begins, spelled.ends)):
        fixed[word] = not personal(data[spelled.begins[word] : spelled.ends[word]].tobytes())
    # Runs of fixed words, none longer than its text.
    edge = np.zeros(fixed.size + 1, np.bool_)
    edge[bounds] = True
    first = np.flatnonzero(fixed & (edge[:-1] | ~np.append(False, fixed[:-1])))
    last = np.flatnonzero(fixed & (edge[1:] | ~np.append(fixed[1:], False))) + 1
    runs = np.searchsorted(first, bounds)
    told = texts.is_valid().to_pylist()
    written = [
        _one(data, spelled, bounds[at : at + 2].tolist(), first[here], last[here])
        if told[at]
        else None
        for at, here in enumerate(map(slice, runs[:-1], runs[1:]))
    ]
    return pa.array(written, pa.string())


def _one(data: Bytes, cut: Cut, bounds: list[int], first: Ints, last: Ints) -> str:
    """A text whose words are those from the one bound to the other, and fixed from the first to
    the last of each run."""
    pieces: list[str] = []
    size, (at, end) = 0, bounds
    for begin, stop in zip(first.tolist(), last.tolist(), strict=True):
        if begin > at:
            pieces.append(f" {SLOT} ")
        pieces.append(_spelled(data, cut, begin, stop))
        size += len(pieces[-1])
        if size > LONGEST:
            size -= len(pieces.pop())
            while size <= LONGEST:
                after = begin + 1
                pieces.append(_spelled(data, cut, begin, after, open_end=after < stop))
                size += len(pieces[-1])
                begin = after
            return " ".join("".join(pieces).split()) + " …"
        at = stop
    if end > at:
        pieces.append(f" {SLOT}")
    return " ".join("".join(pieces).split())


def _spelled(data: Bytes, cut: Cut, begin: int, stop: int, *, open_end: bool = False) -> str:
    """Words as they were written; with an open end, up to where the next one begins."""
    end = cut.begins[stop] if open_end else cut.ends[stop - 1]
    return data[cut.begins[begin] : end].tobytes().decode("utf-8", "replace")


def personal(word: bytes) -> bool:
    """Whether a word looks like what belongs to somebody: it has a digit, is an address, a host, a
    path or the name of a key, or is longer than words are."""
    return _PERSONAL.search(word.strip(AROUND)) is not None
