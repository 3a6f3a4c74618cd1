"""Twins that differ in a word are two templates; what fills a slot makes no others."""

from __future__ import annotations

from itertools import product

import numpy as np

from linkage.kernels.alignment import marked
from linkage.kernels.edges import echoed, edges
from linkage.kernels.groups import FIRST, LAST
from tests.test_templates import WORDS, mined, prose


def test_edges_are_the_words_beside_what_is_fixed() -> None:
    words = np.array([10, 1, 2, 20, 21, 3, 1, 2, 3], np.uint64)
    fixed, ends = np.array([1, 2, 3], np.uint64), np.array([0, 3])
    found = edges(words, np.array([0, 6, 9]), np.arange(2), np.zeros(2, np.int64), fixed, ends)
    told = dict(zip(zip(found.member.tolist(), found.side.tolist(), strict=True),
                    found.word.tolist(), strict=True))  # fmt: skip
    assert [told[0, side] for side in range(8)] == [10, 10, 2, 1, 20, 21, LAST, 3]
    assert [told[1, side] for side in range(8)] == [1, FIRST, 2, 1, 3, 2, LAST, 3]
    assert found.beside[(found.member == 0) & (found.side == 4)].tolist() == [21]
    assert found.side[found.empty & (found.member == 0)].tolist() == [2, 3, 6, 7]


def test_words_without_a_place_have_no_edges() -> None:
    words, fixed = np.array([1, 5], np.uint64), np.array([1, 2], np.uint64)
    found = edges(
        words, np.array([0, 2]), np.arange(1), np.zeros(1, np.int64), fixed, np.array([0, 2])
    )
    assert found.side.tolist() == [0, 1, 2, 5]


def test_words_echo_where_they_are_free_in_another_segment() -> None:
    words = np.array([5, 7, 7, 6, 8, 5], np.uint64)
    offsets = np.array([0, 2, 4, 6])
    which = np.array([0, 1, 1])
    free = ~marked(np.array([5], np.uint64), np.array([0, 1, 1]), which, words, offsets)
    pairs = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2])
    echo = echoed(words, offsets, free, *pairs, np.ones(3, bool))
    assert echo.tolist() == [0, 0.5, 1, 0, 0, 0]
    echo = echoed(words, offsets, free, *pairs, np.array([True, False, False]))
    assert echo.tolist() == [0, 0.5, 0, 0, 0, 0]


def test_greater_and_lower_are_two_templates() -> None:
    texts = [
        f"how many {a} of the {b} have a weight {than} than {i}"
        for i, (a, b) in enumerate(product(WORDS[:8], WORDS[8:16]))
        for than in ("greater", "lower")
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert len(set(ids)) == 2
    assert len(set(ids[::2])) == 1


def test_what_stands_in_two_slots_is_no_template() -> None:
    """Two people, either first: their names are fillings, few as they are."""
    texts = [
        f"{a} met {b} near the {word} by the river, and {a} was late for {prose(i, 1)}"
        for i, (word, (a, b)) in enumerate(
            product(WORDS[:25], [("Greta", "Tomas"), ("Tomas", "Greta")])
        )
    ]
    assert len(set(mined(texts).of_rows.to_pylist())) == 1


def test_an_article_agrees_with_the_word_after_it() -> None:
    fruit = [*(f"an a{word}" for word in WORDS[:12]), *(f"a {word}" for word in WORDS[12:24])]
    places = ["harbour", "castle", "library", "station"]
    texts = [
        f"the {place} keeper found {one} under the bridge this morning {place}"
        for one in fruit
        for place in places
    ]
    others = [
        f"{start} a {noun} and an {other} for {prose(i, 4)}"
        for start, noun, other in [
            ("please draw up", "plan", "outline"),
            ("kindly send me", "letter", "envelope"),
            ("they would build", "tower", "arch"),
        ]
        for i in range(10)
    ]
    ids = mined(texts + others).of_rows.to_pylist()
    assert len(set(ids[: len(texts)])) == 1


def test_documents_that_are_sent_again_fill_a_slot() -> None:
    frame = "Answer as the clerk of the harbour would, from these pages alone.\n{}\n{}\n{}"
    pages = [(prose(3 * i, 9) + ".", prose(3 * i + 1, 9) + ".") for i in range(30)]
    texts = [frame.format(*page, prose(100 + 3 * i + j, 5) + "?")
             for i, page in enumerate(pages) for j in range(3)]  # fmt: skip
    assert len(set(mined(texts).of_rows.to_pylist())) == 1


def test_light_words_around_a_story_are_another_template() -> None:
    story = "The miller of {} sold {} sacks at the summer fair. How much grain is left?"
    texts = [
        wrap.format(story.format(WORDS[i % 29], i))
        for i in range(60)
        for wrap in ("{}", "Question: {} Answer:")
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert len(set(ids)) == 2
    assert len(set(ids[::2])) == 1


def test_a_phrase_amid_own_prompts_is_no_template() -> None:
    texts = [
        f"{prose(i, 9 + i % 9)}. my back hurts from carrying. {prose(500 + i, 9 + i % 7)}."
        for i in range(40)
    ]
    assert set(mined(texts).of_rows.to_pylist()) == {None}


def test_what_is_sent_word_for_word_again_is_no_filling() -> None:
    """Two tasks that differ in a word are two templates, whatever else ends as they do."""
    texts = [
        f"Given a text, extract all the {('verbs', 'numbers')[i % 2]} and return them as a comma "
        f"separated list.\n{prose(i, 12)}"
        for i in range(80)
    ]
    odd = [f"{prose(i, 5)} as a comma separated list.\n{prose(i, 9)}" for i in range(80, 84)]
    for more in ([], odd):
        ids = mined([*texts, *more]).of_rows.to_pylist()
        assert len({*ids[:80:2]}) == len({*ids[1:80:2]}) == 1
        assert ids[0] != ids[1]


def test_a_word_that_is_often_chosen_fills_a_slot() -> None:
    texts = [
        f"Please write the answer in {'english' if i % 5 < 2 else WORDS[i % 30]} for my friend.\n"
        + prose(i, 12)
        for i in range(90)
    ]
    assert len({*mined(texts).of_rows.to_pylist()}) == 1
