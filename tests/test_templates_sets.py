"""What a prompt carries when its parts are together nowhere else."""

from __future__ import annotations

from tests.test_templates import mined, prose

SAID = "If no arguments are given, the positional ends with it."


def test_a_sentence_that_is_with_many_templates_takes_a_prompt_from_none() -> None:
    """It is in more prompts than any of the templates, each of which is used three times."""
    texts = [
        f"{prose(100 + k, 10)}. {prose(200 + k, 8)}. {prose(300 + 3 * k + i, 9)}. {SAID * (i == 0)}"
        for k in range(6)
        for i in range(3)
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert [len({*ids[k : k + 3]}) for k in range(0, 18, 3)] == [1] * 6
    assert len({*ids}) == 6


def test_who_has_no_more_than_that_sentence_has_it() -> None:
    texts = [f"{prose(i, 9)}. {SAID}" for i in range(4)]
    assert len({*mined(texts).of_rows.to_pylist()} - {None}) == 1
