"""Texts, and the accounts they are from, to templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa

from linkage.kernels.alignment import Flags
from linkage.kernels.groups import counted
from linkage.kernels.words import Words
from linkage.templates.assigning import WELL_KNOWN, Examples, Rows, Templates
from linkage.templates.cutting import NO_KEY, Texts, cut_piece, cut_texts, secret
from linkage.templates.holders import Accounts, Holders
from linkage.templates.model import known_parts, model_of
from linkage.templates.parts import parts_of, wordings_of
from linkage.templates.readable import described, hexadecimal
from linkage.templates.sampling import Sample, Sampling

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
    found = _sampled(texts, salt, words, threads, tell)
    tell("comparing", 0.3)
    holders = Holders(found, who)
    wordings = wordings_of(found.prompts, threads)
    parts = parts_of(wordings, holders.requests)
    well_known = known_parts(wordings, parts, cut_texts(pa.array(known, pa.string()), salt))
    model, given = model_of(found.prompts, wordings, parts, well_known, holders)
    templates = Templates(found, model, given)
    rows, texts_of = _second(texts, templates, salt, threads, tell)
    tell("describing", 0.9)
    names, parts_told = described(texts_of, templates, salt)
    return _mined(templates, rows, names, parts_told, who)


def _sampled(texts: Texts, key: Words, words: int, threads: int, tell: Tell) -> Sample:
    made = Sampling(words)
    pieces = texts.in_turn(
        lambda piece, _: made.piece_of(cut_piece(piece, key)),
        threads,
        lambda share: tell("reading", 0.3 * share),
    )
    for each in pieces:
        made.add(each)
    return made.sample()


def _second(
    texts: Texts, templates: Templates, key: Words, threads: int, tell: Tell
) -> tuple[Rows, pa.Array]:
    """(what each row carries; a text of each template): the texts are
    read once more, for those that are not in the sample and for what is written of the others."""
    rows, whole = templates.of_sample(), templates.found.whole
    index = None if whole else templates.model.index_of()
    examples = Examples(templates)

    def work(piece: pa.Array, first: int) -> pa.Table:
        if index is not None:
            here = slice(first, first + len(piece))
            outside = ~templates.found.inside[here]
            others = templates.of_others(cut_piece(piece, key), outside, index)
            rows.template[here][outside] = others.template
            rows.own[here][outside] = others.own
        return examples.of(piece, first)

    def told(share: float) -> None:
        if not whole:
            tell("assigning", 0.6 + 0.3 * share)

    for each in texts.in_turn(work, threads, told):
        examples.add(each)
    return rows, examples.texts()


def _mined(
    templates: Templates,
    rows: Rows,
    written: pa.Array,
    parts: pa.Array,
    accounts: Accounts | None,
) -> Mined:
    size = templates.ids.size
    names = pa.array(hexadecimal(templates.ids), pa.string())
    requests = counted(rows.template, size)
    who = pa.nulls(size, pa.int64())
    if accounts is not None:
        who = pa.array(accounts.of(rows.template, size))
    table = pa.table([names, written, who, pa.array(requests), parts], schema=TABLE)
    table = table.sort_by([("requests", "descending"), ("template_id", "ascending")])
    numbers = pa.array(rows.template, mask=rows.template < 0)
    each = pa.DictionaryArray.from_arrays(numbers, names)
    return Mined(each, rows.template == WELL_KNOWN, rows.own, table, templates.found.share)
