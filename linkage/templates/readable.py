"""Templates as people read them: their words as they were written, `{…}` where slots are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from linkage.kernels.alignment import Flags, marked
from linkage.kernels.groups import positions, taken
from linkage.kernels.incidence import Ints
from linkage.kernels.words import AROUND, MASK, Bytes, Words, odd
from linkage.templates.assigning import Templates
from linkage.templates.cutting import Cut, buffers, cut_texts
from linkage.templates.sampling import Prompts

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


def described(samples: pa.Array, templates: Templates, key: Words) -> tuple[pa.Array, pa.Array]:
    """How each template reads, by a text of it, and its parts' ids; null where there is no text."""
    ids, model = templates.ids, templates.model
    cut = templates.found.prompts.picked(templates.example)
    row = np.repeat(np.arange(ids.size), np.diff(cut.texts))
    place, inside = positions(model.wordings.lookup, cut.wordings)
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


def _written(texts: pa.Array, cut: Prompts, flags: Flags, key: Words) -> pa.Array:
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
