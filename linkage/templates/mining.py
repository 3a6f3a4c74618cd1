"""Texts, and the accounts they are from, to templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from linkage.kernels.alignment import Flags
from linkage.kernels.incidence import Ints
from linkage.kernels.words import Words
from linkage.templates.cutting import NO_KEY, Texts, cut_piece, cut_texts, secret
from linkage.templates.holders import Accounts, Holders, positions
from linkage.templates.model import KNOWN, Model, known_parts, model_of
from linkage.templates.parts import parts_of, wordings_of
from linkage.templates.readable import described, hexadecimal
from linkage.templates.sampling import NOTHING, Sample, prompt_hashes, sample

WORDS = 6_000_000  # of distinct prompts that are held at once
Tell = Callable[[str, float], None]
TABLE = pa.schema(
    [
        ("template_id", pa.string()),
        ("template", pa.string()),
        ("accounts", pa.int64()),
        ("requests", pa.int64()),
        ("parts", pa.list_(pa.string())),
    ]
)


class Mined(NamedTuple):
    """What mining found.

    of_rows     strings (a dictionary): the template of each text, null for one of its own
    known       bool for each text: what it carries is well known, and therefore no template
    own         bool for each text: it counts as its account's own: it has no template, or only a
                phrase in it (`linkage.templates.own`)
    templates   template_id, template (readable), accounts (null where these were not given),
                requests, parts (ids of what it is made of); most requests first
    sampled     share of the distinct prompts that templates were mined from
    """

    of_rows: pa.Array
    known: Flags
    own: Flags
    templates: pa.Table
    sampled: float


def silent(stage: str, fraction: float) -> None:
    """Hears how far it is, and says nothing."""


def mine(
    texts: Texts | pa.ChunkedArray,
    accounts: pa.ChunkedArray | None = None,
    *,
    key: bytes = NO_KEY,
    threads: int = 2,
    words: int = WORDS,
    known: Sequence[str] = (),
    tell: Tell = silent,
) -> Mined:
    """The template that each text carries; one that carries several has one id for all of them.

    texts       strings or bytes, in memory or to be read a piece at a time
    accounts    whose text each is: what a single account uses is then no template
    key         of the hashes: ids of one key say nothing to whoever has another
    words       bounds memory: of distinct prompts with more words than this, those with the
                smallest hashes are compared with each other, and all others with what these gave
    known       well-known texts, whose parts make no template

    The same texts give the same templates in whatever order they come. A template that is found
    among other texts again has the same id as long as the same words of it are fixed.
    """
    salt, who = secret(key), None if accounts is None else Accounts(accounts)
    texts = Texts.held(texts) if isinstance(texts, pa.ChunkedArray) else texts
    cuts = texts.in_turn(
        lambda piece: cut_piece(piece, salt),
        threads,
        lambda share: tell("reading", 0.3 * share),
    )
    found = sample(cuts, words)
    tell("comparing", 0.3)
    holders = Holders(found, who)
    wordings = wordings_of(found, threads)
    parts = parts_of(wordings, holders.requests, threads)
    well_known = known_parts(wordings, parts, cut_texts(pa.array(known, pa.string()), salt))
    model, hashes, own = model_of(found, wordings, parts, well_known, holders)
    rows, of_own = _sets(texts, found, hashes, own, model, salt, threads, tell)
    tell("describing", 0.9)
    return _tables(texts, who, found, rows, of_own, hashes, model, salt)


def _sets(
    texts: Texts,
    found: Sample,
    hashes: Words,
    own: Flags,
    model: Model,
    key: Words,
    threads: int,
    tell: Tell,
) -> tuple[Words, Flags]:
    """The set of each row."""
    at, inside = positions(found.hashes, found.of_rows)
    rows = np.where(inside, hashes[at] if hashes.size else NOTHING, NOTHING)
    of_own = inside & own[at] if own.size else inside
    if not found.whole:
        more, more_own = _rest(texts, found, model, key, threads, tell)
        rows |= more
        of_own |= more_own
    return rows, of_own


def _rest(
    texts: Texts, found: Sample, model: Model, key: Words, threads: int, tell: Tell
) -> tuple[Words, Flags]:
    """The set of each row whose prompt is not in the sample."""
    index = model.index_of()

    def work(piece: pa.Array) -> tuple[Words, Flags]:
        each = cut_piece(piece, key)
        hashes = prompt_hashes(each)
        out, own = np.zeros(hashes.size, np.uint64), np.zeros(hashes.size, np.bool_)
        rows = np.flatnonzero(~positions(found.hashes, hashes)[1] & (hashes != NOTHING))
        if rows.size:
            out[rows], own[rows] = model.sets_of(each, rows, index)
        return out, own

    def told(share: float) -> None:
        tell("assigning", 0.6 + 0.3 * share)

    some = [*texts.in_turn(work, threads, told), (np.zeros(0, np.uint64), np.zeros(0, np.bool_))]
    return np.concatenate([each for each, _ in some]), np.concatenate([own for _, own in some])


def _tables(
    texts: Texts,
    accounts: Accounts | None,
    found: Sample,
    rows: Words,
    own: Flags,
    hashes: Words,
    model: Model,
    key: Words,
) -> Mined:
    ids, number = np.unique(rows, return_inverse=True)
    none = int(np.searchsorted(ids, KNOWN, "right"))
    ids, of_row = ids[none:], np.maximum(number.astype(np.int64) - none, -1)
    names = pa.array(hexadecimal(ids), pa.string())
    requests = np.bincount(of_row[of_row >= 0], minlength=ids.size)
    table = pa.table(
        [names, *_beside(texts, accounts, found, hashes, ids, of_row, requests, model, key)],
        schema=TABLE,
    )
    table = table.sort_by([("requests", "descending"), ("template_id", "ascending")])
    numbers = pa.array(of_row.astype(np.int32), mask=of_row < 0)
    each = pa.DictionaryArray.from_arrays(numbers, names)
    return Mined(each, rows == KNOWN, own, table, found.share)


def _beside(
    texts: Texts,
    accounts: Accounts | None,
    found: Sample,
    hashes: Words,
    ids: Words,
    of_row: Ints,
    requests: Ints,
    model: Model,
    key: Words,
) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """What the table says of each id."""
    written, parts = described(texts, found, hashes, ids, model, key)
    who = pa.nulls(ids.size, pa.int64())
    if accounts is not None:
        who = pa.array(accounts.of(of_row >= 0, of_row, ids.size))
    return written, who, pa.array(requests), parts
