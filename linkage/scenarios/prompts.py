"""Prompt texts: a template's wording is fixed by its identifier, its slots by the event."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios import wording
from linkage.scenarios.arrays import Flags, Ints, Words, identity, mix
from linkage.scenarios.scenario import Paraphrase
from linkage.scenarios.traffic import Batch

_SLOT = re.compile(r"\{(\w+)\}")
_EVENT = 21  # the identifiers that fill slots


def column(batch: Batch, seed: int, first: int, paraphrase: Paraphrase) -> pa.Array:
    """The prompt of each request, null for other events. ``first`` is the first row's number."""
    rows = np.flatnonzero(batch.prompted)
    template = batch.template[rows]
    event = identity(_EVENT, seed, 0, rows + first)
    texts = _written(template, event, np.asarray(batch.fresh[rows]))
    reworded = np.flatnonzero(batch.reworded[rows])
    texts = _replace(
        texts, reworded, _reword(texts.take(pa.array(reworded)), event[reworded], paraphrase)
    )
    place = np.full(len(batch.account), -1, np.int64)
    place[rows] = np.arange(len(rows))
    return texts.take(pa.array(place, mask=place < 0))


def _written(template: Words, event: Words, fresh: Flags) -> pa.Array:
    """Chat for prompts that are written once; a wording of the list for all others, with a wrapper
    and a suffix that belong to the template."""

    def body(which: int, rows: Ints) -> pa.Array:
        if which == len(wording.TEMPLATES):
            return _chat(event[rows])
        return _fill(wording.TEMPLATES[which], template[rows], event[rows])

    number = (template % np.uint64(len(wording.TEMPLATES))).astype(np.int64)
    bodies = _made(np.where(fresh, len(wording.TEMPLATES), number), body)
    wrappers = _options(wording.WRAPPERS, template, 101, fresh)
    suffixes = _options(wording.SUFFIXES, template, 102, fresh)
    return pc.binary_join_element_wise(wrappers, bodies, suffixes, "")


def _options(options: tuple[str, ...], template: Words, salt: int, none: Flags) -> pa.Array:
    """One of several texts for each template, its slots filled; nothing where there is `none`."""
    texts = (*options, "")
    number = np.where(none, len(options), _draw(template, salt, len(options)))
    return _made(number, lambda which, rows: _fill(texts[which], template[rows], template[rows]))


def _made(number: Ints, make: Callable[[int, Ints], pa.Array]) -> pa.Array:
    """A text for each row: rows that have the same number are made together."""
    order = np.argsort(number, kind="stable")
    which, begins = np.unique(number[order], return_index=True)
    groups = zip(which, np.split(order, begins[1:]), strict=True)
    parts = [make(int(each), rows) for each, rows in groups if len(rows)]
    texts = pa.concat_arrays([pa.array([], pa.string()), *parts])
    return texts.take(pa.array(np.argsort(order, kind="stable")))


def _fill(text: str, template: Words, event: Words) -> pa.Array:
    pieces = _SLOT.split(text)
    parts = [pa.array([""]).take(pa.array(np.zeros(len(event), np.int64)))]
    for place, piece in enumerate(pieces):
        parts.append(_slot(piece, template, event, place) if place % 2 else pa.scalar(piece))
    return pc.binary_join_element_wise(*parts, "")


def _slot(name: str, template: Words, event: Words, place: int) -> pa.Array:
    if name in wording.FIXED:
        return _word(wording.FIXED[name], template, place)
    makers = {
        "sentence": _sentence,
        "passage": _passage,
        "question": _question,
        "code": _code,
        "n": _number,
    }
    if name in makers:
        return makers[name](event, place)
    return _word(wording.VARIABLE[name], event, place)


def _draw(words: Words, salt: int, count: int) -> Ints:
    scattered = mix(words ^ np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64))
    return (scattered % np.uint64(count)).astype(np.int64)


def _word(options: tuple[str, ...], words: Words, salt: int) -> pa.Array:
    return pa.array(options).take(pa.array(_draw(words, salt, len(options))))


def _number(event: Words, place: int) -> pa.Array:
    size = 10 ** (1 + _draw(event, place + 50, 3))
    return pa.array(1 + _draw(event, place, 10**6) % size).cast(pa.string())


def _clause(event: Words, place: int) -> list[pa.Array]:
    kinds = ("name", "verb", "adjective", "noun", "place")
    return [_word(wording.VARIABLE[kind], event, place * 17 + at) for at, kind in enumerate(kinds)]


def _sentence(event: Words, place: int) -> pa.Array:
    who, did, sort, what, where = _clause(event, place)
    return pc.binary_join_element_wise(
        pc.binary_join_element_wise(who, did, "the", sort, what, where, " "), ".", ""
    )


def _passage(event: Words, place: int) -> pa.Array:
    """Two to four sentences."""
    sentences = [_sentence(event, place + 40 * (1 + i)) for i in range(4)]
    lengths = [pc.binary_join_element_wise(*sentences[:n], " ") for n in (2, 3, 4)]
    return pc.choose(pa.array(_draw(event, place + 7, 3)), *lengths)


def _question(event: Words, place: int) -> pa.Array:
    who, did, sort, what, where = _clause(event, place + 300)
    asks, count = _word(wording.VARIABLE["asks"], event, place), _number(event, place + 9)
    body = pc.binary_join_element_wise(asks, count, sort, what, "that", who, did, where, " ")
    return pc.binary_join_element_wise(body, "?", "")


def _code(event: Words, place: int) -> pa.Array:
    call, noun = (
        _word(wording.VARIABLE["call"], event, place),
        _word(wording.VARIABLE["noun"], event, place + 3),
    )
    inner = _word(wording.VARIABLE["call"], event, place + 5)
    return pc.binary_join_element_wise(
        call, "(", noun, ", ", inner, "(", _number(event, place), "))", ""
    )


def _chat(event: Words) -> pa.Array:
    """What a person types: an opening, some sentences or a question, a closing."""
    opener, closer = _word(wording.OPENERS, event, 1), _word(wording.CLOSERS, event, 2)
    bodies = (
        _sentence(event, 3), _question(event, 4), _passage(event, 5),
        pc.binary_join_element_wise(_sentence(event, 6), _question(event, 7), " "),
        pc.binary_join_element_wise(_question(event, 8), _passage(event, 9), " "),
        pc.binary_join_element_wise("It says:", _code(event, 11), _question(event, 10), " "),
    )  # fmt: skip
    body = pc.choose(pa.array(_draw(event, 12, len(bodies))), *bodies)
    return pc.utf8_trim(pc.binary_join_element_wise(opener, body, closer, " "), " ")


def _reword(texts: pa.Array, event: Words, how: Paraphrase) -> pa.Array:
    """Some of the words give way to a synonym. One that has none gets another word beside it, or
    gives way to a word of some other prompt."""
    words = pc.split_pattern(texts, " ")
    flat = words.flatten().dictionary_encode()
    chosen = _draw(_each(words, event), 0, 1000)
    plain = np.array(flat.dictionary.to_pylist(), object)
    other = np.array([wording.SYNONYMS.get(word, "") for word in plain], object)
    index = flat.indices.to_numpy()
    if how.replaced:
        instead = plain[index[_draw(_each(words, event), 1, max(len(index), 1))]]
    else:
        beside = np.array(wording.FILLERS, object)[chosen % len(wording.FILLERS)]
        instead = plain[index] + " " + beside
    changed = np.where(other[index] != "", other[index], instead)
    spoken = np.where(chosen < 1000 * how.words, changed, plain[index])
    lists = pa.ListArray.from_arrays(words.offsets, pa.array(spoken, pa.string()))
    return pc.binary_join(lists, " ")


def _each(words: pa.Array, event: Words) -> Words:
    """A number for each word of each prompt."""
    owners = np.repeat(event, pc.list_value_length(words).to_numpy())
    return identity(22, 0, 0, np.arange(len(owners))) ^ mix(owners)


def _replace(texts: pa.Array, rows: Ints, values: pa.Array) -> pa.Array:
    place = np.arange(len(texts))
    place[rows] = len(texts) + np.arange(len(rows))
    return pa.concat_arrays([texts, values]).take(pa.array(place))
