"""Prompt texts: a template's wording is fixed by its identifier, its slots by the event."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios import wording
from linkage.scenarios.arrays import Flags, Ints, Words, identity, mix
from linkage.scenarios.chat import chat, question, statement
from linkage.scenarios.drawn import draw, filled, made, number, word
from linkage.scenarios.scenario import Paraphrase
from linkage.scenarios.traffic import Batch

_EVENT, _PERSON = 21, 23  # the identifiers that fill slots, and that give people their ways


def column(batch: Batch, seed: int, first: int, paraphrase: Paraphrase) -> pa.Array:
    """The prompt of each request, null for other events. ``first`` is the first row's number."""
    rows = np.flatnonzero(batch.prompted)
    template = batch.template[rows]
    event = identity(_EVENT, seed, 0, rows + first)
    person = identity(_PERSON, seed, 0, batch.account[rows])
    texts = _written(template, person, event, np.asarray(batch.fresh[rows]))
    reworded = np.flatnonzero(batch.reworded[rows])
    texts = _replace(
        texts, reworded, _reword(texts.take(pa.array(reworded)), event[reworded], paraphrase)
    )
    place = np.full(len(batch.account), -1, np.int64)
    place[rows] = np.arange(len(rows))
    return texts.take(pa.array(place, mask=place < 0))


def _written(template: Words, person: Words, event: Words, fresh: Flags) -> pa.Array:
    """Chat for prompts that are written once; a wording of the list for all others, with a wrapper
    and a suffix that belong to the template."""
    said = _said(event)

    def body(which: int, rows: Ints) -> pa.Array:
        if which == len(wording.TEMPLATES):
            return chat(person[rows], event[rows])
        return _fill(
            wording.TEMPLATES[which],
            template[rows],
            event[rows],
            tuple(each.take(pa.array(rows)) for each in said),
        )

    number = (template % np.uint64(len(wording.TEMPLATES))).astype(np.int64)
    bodies = made(np.where(fresh, len(wording.TEMPLATES), number), body)
    wrappers = _options(wording.WRAPPERS, template, 101, fresh)
    suffixes = _options(wording.SUFFIXES, template, 102, fresh)
    return pc.binary_join_element_wise(wrappers, bodies, suffixes, "")


def _options(options: tuple[str, ...], template: Words, salt: int, none: Flags) -> pa.Array:
    """One of several texts for each template, its slots filled; nothing where there is `none`."""
    texts = (*options, "")
    number = np.where(none, len(options), draw(template, salt, len(options)))

    def option(which: int, rows: Ints) -> pa.Array:
        return _fill(texts[which], template[rows], template[rows], ())

    return made(number, option)


def _said(event: Words) -> tuple[pa.Array, ...]:
    """Sentences to stand in slots, and last a question: for all prompts of a batch at once."""
    return (*(statement(event, 20 * at) for at in range(6)), question(event, 0))


def _fill(text: str, template: Words, event: Words, said: tuple[pa.Array, ...]) -> pa.Array:
    return filled(text, len(event), lambda name, place: _slot(name, template, event, place, said))


def _slot(
    name: str, template: Words, event: Words, place: int, said: tuple[pa.Array, ...]
) -> pa.Array:
    if name in wording.FIXED:
        return word(wording.FIXED[name], template, place)
    if name == "sentence":
        return said[4 + place // 2 % 2]
    if name == "passage":
        lengths = [pc.binary_join_element_wise(*said[:n], " ") for n in (2, 3, 4)]
        return pc.choose(pa.array(draw(event, place + 7, 3)), *lengths)
    if name == "question":
        return said[-1]
    if name == "code":
        return _code(event, place)
    if name == "n":
        return number(event, place)
    return word(wording.VARIABLE[name], event, place)


def _code(event: Words, place: int) -> pa.Array:
    call, noun = (
        word(wording.VARIABLE["call"], event, place),
        word(wording.VARIABLE["noun"], event, place + 3),
    )
    inner = word(wording.VARIABLE["call"], event, place + 5)
    return pc.binary_join_element_wise(
        call, "(", noun, ", ", inner, "(", number(event, place), "))", ""
    )


def _reword(texts: pa.Array, event: Words, how: Paraphrase) -> pa.Array:
    """Some of the words give way to a synonym. One that has none gets another word beside it, or
    gives way to a word of some other prompt."""
    words = pc.split_pattern(texts, " ")
    flat = words.flatten().dictionary_encode()
    chosen = draw(_each(words, event), 0, 1000)
    plain = np.array(flat.dictionary.to_pylist(), object)
    other = np.array([wording.SYNONYMS.get(word, "") for word in plain], object)
    index = flat.indices.to_numpy()
    if how.replaced:
        instead = plain[index[draw(_each(words, event), 1, max(len(index), 1))]]
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
