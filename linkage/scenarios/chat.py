"""What people type of their own: about what they care for, in their ways."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios import speech
from linkage.scenarios.arrays import Flags, Ints, Words, mix, starts_of
from linkage.scenarios.drawn import draw, filled, made, number, word

CARED_FOR = 3  # subjects of a person
FAVOURITES = 3  # openings, and closings, that a person uses
MOST = 5  # statements in a prompt
_HABIT = 8  # one person in so many has each of `speech.HABITS`


class _Words(NamedTuple):
    """The words of all subjects, one after the other, and where each begins."""

    words: pa.Array
    starts: Ints

    def of(self, subject: Ints, words: Words, salt: int) -> pa.Array:
        size = np.diff(self.starts)[subject]
        drawn = draw(words, salt, 1 << 20) % size
        return self.words.take(pa.array(self.starts[subject] + drawn))


def _together(kind: str) -> _Words:
    each = [getattr(subject, kind) for subject in speech.SUBJECTS]
    words = pa.array([word for words in each for word in words])
    return _Words(words, starts_of(np.array([len(words) for words in each])))


_SUBJECTS = {
    "noun": _together("nouns"),
    "adjective": _together("adjectives"),
    "now": _together("now"),
    "past": _together("past"),
}
_ANY = {
    "who": speech.PEOPLE,
    "time": speech.TIMES,
    "place": speech.PLACES,
    "state": speech.STATES,
}


class _Voice(NamedTuple):
    """Of each prompt, hashes of the person and of the prompt, and what it is about."""

    person: Words
    event: Words
    subject: Ints

    def of(self, rows: Ints) -> _Voice:
        return _Voice(self.person[rows], self.event[rows], self.subject[rows])


def chat(person: Words, event: Words) -> pa.Array:
    """A prompt that is written once: some statements and questions, mostly one of these, with an
    opening and a closing now and then."""
    which = draw(event, 1, CARED_FOR).astype(np.uint64)
    voice = _Voice(person, event, draw(mix(person ^ which), 2, len(speech.SUBJECTS)))
    talks = 1 + draw(person, 3, 3)  # how much a person says
    told = draw(event, 4, 6) * talks // 4  # statements
    asked = np.where(told == 0, 1, np.minimum(2, draw(event, 5, 10) // 3))  # questions
    parts = [_favourite(voice, speech.OPENERS, 10)]
    for at in range(MOST):
        parts.append(_some(told > at, voice, speech.STATEMENTS, 100 * (1 + at)))
        if at < 2:
            parts.append(_some(asked > at, voice, speech.QUESTIONS, 1000 + 100 * at))
    parts.append(_favourite(voice, speech.CLOSERS, 20))
    return _habits(person, pc.binary_join_element_wise(*parts, " ", null_handling="skip"))


def statement(event: Words, place: int) -> pa.Array:
    """What somebody says, to stand in a slot."""
    return _sentence(_anybody(event), speech.STATEMENTS, 2000 + place)


def question(event: Words, place: int) -> pa.Array:
    """What somebody asks or wants, to stand in a slot."""
    return _sentence(_anybody(event), speech.QUESTIONS, 3000 + place)


def _anybody(event: Words) -> _Voice:
    return _Voice(event, event, draw(event, 2, len(speech.SUBJECTS)))


def _favourite(voice: _Voice, options: tuple[str, ...], salt: int) -> pa.Array:
    """Nothing, in about half of the prompts."""
    which = draw(voice.event, salt, 2 * FAVOURITES)
    some = draw(mix(voice.person ^ which.astype(np.uint64)), salt + 1, len(options))
    return pa.array(options).take(pa.array(some, mask=which >= FAVOURITES))


def _some(rows: Flags, voice: _Voice, shapes: tuple[str, ...], salt: int) -> pa.Array:
    """A sentence for some of the prompts, null for the others."""
    here = np.flatnonzero(rows)
    if not here.size:
        return pa.nulls(rows.size, pa.string())
    place = np.full(rows.size, -1)
    place[here] = np.arange(here.size)
    return _sentence(voice.of(here), shapes, salt).take(pa.array(place, mask=~rows))


def _sentence(voice: _Voice, shapes: tuple[str, ...], salt: int) -> pa.Array:
    """With a capital letter."""
    text = _spoken(voice, shapes, salt)
    first = pc.utf8_upper(pc.utf8_slice_codeunits(text, 0, 1))
    return pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(text, 1), "")


def _spoken(voice: _Voice, shapes: tuple[str, ...], salt: int) -> pa.Array:
    """One of the shapes for each, its slots filled."""

    def one(which: int, rows: Ints) -> pa.Array:
        here = voice.of(rows)
        return filled(shapes[which], rows.size, lambda name, place: _slot(name, here, salt + place))

    return made(draw(voice.event, salt, len(shapes)), one)


def _slot(name: str, voice: _Voice, salt: int) -> pa.Array:
    if name == "thing":
        return _thing(voice, salt * 8)
    if name == "n":
        return number(voice.event, salt)
    if name in _ANY:
        return word(_ANY[name], voice.event, salt)
    return _SUBJECTS[name].of(voice.subject, voice.event, salt)


def _thing(voice: _Voice, salt: int) -> pa.Array:
    """The noun, of a kind or not, and with another one or not."""
    noun, other = (_SUBJECTS["noun"].of(voice.subject, voice.event, salt + at) for at in (0, 1))
    kind = _SUBJECTS["adjective"].of(voice.subject, voice.event, salt + 2)
    parts = [word(speech.WHOSE, voice.event, salt + 3)]
    parts.append(_now_and_then(kind, draw(voice.event, salt + 4, 2) == 0))
    more = draw(voice.event, salt + 5, 6) == 0
    parts += [noun, _now_and_then(pc.binary_join_element_wise("with the", other, " "), more)]
    return pc.binary_join_element_wise(*parts, " ", null_handling="skip")


def _now_and_then(texts: pa.Array, some: Flags) -> pa.Array:
    return pc.if_else(pa.array(some), texts, pa.scalar(None, pa.string()))


def _habits(person: Words, texts: pa.Array) -> pa.Array:
    """Each person writes some words in their own way; some write no capitals, or no stop."""
    for at, (plain, typed) in enumerate(speech.HABITS):
        has = pa.array(draw(person, 30 + at, _HABIT) == 0)
        texts = pc.if_else(has, pc.replace_substring(texts, plain, typed), texts)
    texts = pc.if_else(pa.array(draw(person, 28, 4) == 0), pc.utf8_lower(texts), texts)
    return pc.if_else(pa.array(draw(person, 29, 4) == 0), pc.utf8_rtrim(texts, ".?"), texts)
