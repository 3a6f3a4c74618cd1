"""Prompts of a few words: what is a template's own word, and what fills a slot."""

from __future__ import annotations

from itertools import product

import pytest

from tests.test_templates import WORDS, mined, prose

PEOPLE = [f"{a} {b}" for a, b in product(WORDS[:8], WORDS[8:16])]
PLACES = WORDS[16:40]


@pytest.mark.parametrize("line", ["{who} founded {what}", "define {what}"])
def test_one_word_that_stands_at_one_place_is_a_template(line: str) -> None:
    others = [f"{who} was born in {PLACES[i % 7]}" for i, who in enumerate(PEOPLE)]
    others += [f"the twin city of {a} is {b}" for a, b in product(PLACES[:8], PLACES[8:16])]
    texts = [
        line.format(who=who, what=" ".join((PLACES[i % 24], PLACES[i % 7])[: 1 + i % 2]))
        for i, who in enumerate(PEOPLE)
    ]
    ids = mined([*others, *texts]).of_rows.to_pylist()
    groups = {*ids[:64]}, {*ids[64:128]}, {*ids[128:]}
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups) - {None}) == 3


def test_what_fills_a_slot_elsewhere_makes_no_template() -> None:
    faiths = ["hinduism", "judaism", "islam", "taoism"]
    others = [
        f"{who} is affiliated with the {faith} religion"
        for who, faith in zip(PEOPLE, faiths * 16, strict=True)
    ]
    texts = [f"{who} follows {faith}" for who, faith in product(PEOPLE, faiths)]
    ids = mined([*others, *texts]).of_rows.to_pylist()
    assert len({*ids[64:]}) == 1
    assert ids[64] not in {None, ids[0]}


def test_a_line_may_be_filled_with_words_of_other_templates() -> None:
    pairs = list(product(PLACES[:8], PLACES[8:16]))
    texts = [f"how do you say {a} in {b}" for a, b in pairs]
    texts += [f"translate {a} to {b}" for a, b in pairs]
    ids = mined([*texts, "translate how do to velvet", "translate in to say"]).of_rows.to_pylist()
    assert {*ids[64:]} == {ids[64]}
    assert ids[64] not in {None, ids[0]}


def test_lines_that_are_sent_again_and_again_speak_for_themselves() -> None:
    """What a log says of one thing is not taken for what fills the slot of another."""
    texts = [
        f"{thing} {i} {outcome}, attempt {i} of {i}"
        for thing, outcome in [
            ("disk mount", "failed"),
            ("payment", "was throttled"),
            ("cache", "stopped"),
        ]
        for i in range(40)
    ]
    before = mined(texts).of_rows.to_pylist()
    lines = [f"{who} was born in {PLACES[i % 7]}" for i, who in enumerate(PEOPLE)]
    assert mined([*texts, *lines]).of_rows.to_pylist()[: len(texts)] == before


def test_a_short_line_of_ones_own_gets_no_template() -> None:
    texts = [f"{who} was born in {PLACES[i % 7]}" for i, who in enumerate(PEOPLE)]
    own = [f"{a} {b} {c}" for a, b, c in zip(PLACES[3:], PLACES[1:], PLACES, strict=False)]
    assert {*mined([*texts, *own]).of_rows.to_pylist()[64:]} == {None}


def test_a_short_question_with_slots_is_no_small_talk() -> None:
    """Four fixed words in a frame that has many such questions, and a text with each."""
    questions = [
        "How many {a} are there?",
        "Show the {a} whose {b} is {c}.",
        "List the {a} of all {b}.",
        "Which {a} were without any {b}?",
        "Compare {a} with one {b} there.",
        "Where did {a} leave that {b}?",
        "Delete {a} unless its {b} fits.",
    ]
    slots = list(product(PLACES[:5], PLACES[5:11]))
    texts = [
        f"You are a careful analyst of old tables. Answer in one line for the schema below.\n"
        f"{prose(i, 14)}\nQ: {question.format(a=a, b=b, c=PLACES[i % 24])}"
        for question in questions
        for i, (a, b) in enumerate(slots)
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert len({*ids}) == len(questions)
