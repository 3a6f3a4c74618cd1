"""Templates as people read them: their words as they were written, `{…}` where slots are."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import pyarrow as pa

from linkage.kernels.alignment import Flags, marked
from linkage.kernels.groups import among, positions, taken
from linkage.kernels.words import AROUND, EITHER_END, MASK, Words, odd
from linkage.templates.assigning import Templates
from linkage.templates.cutting import Cut, buffers, cut_texts
from linkage.templates.sampling import Prompts
from linkage.wording import SLOT, seen

LONGEST = 2000  # characters that are written of a template, to the end of a word
MOST = 100  # or so many more, of a word that does not end
_PERSONAL = re.compile(
    r"""[\d@\\/]                                       # numbers, mailboxes, paths
    | [^\W_]\.[^\W_]{2}                               # hosts
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
    member = among(row, part, held.prompt, held.part) & inside
    segments = np.flatnonzero(member)
    words, offsets = taken(cut.words, cut.segments, segments)
    flags = np.zeros(cut.words.size, np.bool_)
    of_word = np.repeat(np.arange(row.size), np.diff(cut.segments))
    fixed, ends = model.parts.words, model.parts.offsets
    flags[member[of_word]] = marked(fixed, ends, part[member], words, offsets)
    # What was only sent again word for word is fixed from its first word to its last.
    flags |= templates.exact[row[of_word]] & (cut.words != MASK)
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
    # Runs of fixed words, none longer than its text, nor over what a long text has left out.
    edge = np.zeros(fixed.size + 1, np.bool_)
    edge[bounds] = True
    long = np.diff(spelled.texts) == 2 * EITHER_END
    gaps = spelled.segments[spelled.texts[:-1][long] + EITHER_END]
    edge[gaps] = True
    first = np.flatnonzero(fixed & (edge[:-1] | ~np.append(False, fixed[:-1])))
    last = np.flatnonzero(fixed & (edge[1:] | ~np.append(fixed[1:], False))) + 1
    runs = Runs(
        data.tobytes(),
        spelled,
        np.stack([first, last, spelled.begins[first], spelled.ends[last - 1]], 1).tolist(),
        frozenset(gaps.tolist()),
    )
    which, ends = np.searchsorted(first, bounds).tolist(), bounds.tolist()
    written = [
        _one(runs, which[at], which[at + 1], ends[at], ends[at + 1]) if told else None
        for at, told in enumerate(texts.is_valid().to_pylist())
    ]
    return pa.array(written, pa.string())


class Runs(NamedTuple):
    """Runs of fixed words, of texts one after the other: the first word of each and the one after
    its last, and where they begin and end. after_gap: words before which something is left out."""

    data: bytes
    cut: Cut
    each: list[list[int]]
    after_gap: frozenset[int]


def _one(runs: Runs, first: int, last: int, begin: int, end: int) -> str:
    """A text that has the runs from first to last, and the words from begin to end."""
    pieces: list[str] = []
    size, at = 0, begin
    for run, stop, opens, closes in runs.each[first:last]:
        if run > at or run in runs.after_gap:
            pieces.append(f" {SLOT} ")
        piece = runs.data[opens:closes].decode("utf-8", "replace")
        size += len(piece)
        if size > LONGEST:
            left = LONGEST - size + len(piece)
            whole = _beginning(runs, run, stop, left) or piece
            pieces.append(whole[: left + MOST])
            return " ".join("".join(pieces).split()) + " …"
        pieces.append(piece)
        at = stop
    if end > at:
        pieces.append(f" {SLOT}")
    return " ".join("".join(pieces).split())


def _beginning(runs: Runs, first: int, stop: int, size: int) -> str | None:
    """The first words of a run that are longer than this, if they are not all of it."""
    begins = runs.cut.begins[first:stop].tolist()
    for end in begins[1:]:
        piece = runs.data[begins[0] : end].decode("utf-8", "replace")
        if len(piece) > size:
            return piece
    return None


def personal(word: bytes) -> bool:
    """Whether a word looks like what belongs to somebody: it has a digit, is an address, a host, a
    path or the name of a key, or is longer than words are. In whatever script, and whatever unseen
    characters are in it."""
    text = word.strip(AROUND).decode("utf-8", "replace")
    return _PERSONAL.search(normalize("NFKC", seen(text))) is not None
