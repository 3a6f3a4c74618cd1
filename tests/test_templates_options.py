"""Lines that a template has or not make no other one; what takes turns with something does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import numpy as np
import pytest

from linkage.kernels.options import FREE, TURNS, Sets, Usual, cores, lacking
from tests.test_templates import mined, prose

HEAD = (
    "You are a patient clerk who answers what tenants write to the office.",
    "Act as a broker of used boats and weigh the offer that follows.",
)
RULES = ("Never promise money.", "Mention the opening hours at the end.")
LINES = (
    "Write no more than three sentences in all.",
    "Use the formal form of address throughout.",
    "Leave out whatever was answered before.",
)


def usual(prompts: list[list[int]]) -> Usual:
    """Of the parts of prompts, which weigh the same."""
    sizes = [len(each) for each in prompts]
    part = np.array([each for some in prompts for each in some])
    count = int(part.max()) + 1
    owner = np.repeat(np.arange(len(prompts)), sizes)
    by_part = np.argsort(part, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=count))])
    return Usual(
        Sets(np.concatenate([[0], np.cumsum(sizes)]), part),
        Sets(ends, owner[by_part]),
        np.where(np.arange(count) == 0, 40.0, 10.0),
        np.ones(count),
        len(prompts),
    )


def test_what_is_there_or_not_is_free_and_what_takes_turns_is_not() -> None:
    both = [[0, *(1 + np.flatnonzero(some))] for some in product((0, 1), repeat=2)] * 20
    turns = [[0, 1 + i % 2] for i in range(80)]
    asked = Sets(np.array([0, 3]), np.arange(3))
    none = np.zeros(3, np.bool_)
    assert cores(usual(both), asked, none).tolist()[1:] == [FREE, FREE]
    assert cores(usual(turns), Sets(np.array([0, 2]), np.arange(2)), none)[1] == TURNS


def test_a_part_that_nearly_all_others_have_is_lacking() -> None:
    prompts = [[0, 1, 2]] * 30 + [[0, 1]]
    found = lacking(usual(prompts), Sets(np.array([0, 2, 4]), np.array([0, 1, 0, 2])))
    assert found.offsets.tolist() == [0, 1, 2]
    assert found.held.tolist() == [2, 1]
    # Too much to be lacking.
    alone = lacking(usual(prompts), Sets(np.array([0, 1]), np.array([1])))
    assert alone.held.size == 0


def clerks(random: Random, rate: float) -> Iterator[tuple[str, int]]:
    """Prompts of two templates with lines that each may have."""
    for i in range(160):
        lines = [line for line in LINES if random.random() < rate]
        yield "\n".join([HEAD[i % 2], *RULES, *lines, prose(random.randrange(10**6), 20)]), i % 2


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.6])
def test_lines_that_a_template_may_have_make_no_other(rate: float) -> None:
    texts, labels = zip(*clerks(Random(1), rate), strict=True)
    ids = mined(list(texts)).of_rows.to_pylist()
    assert len(set(zip(ids, labels, strict=True))) == 2
    assert len(set(ids) - {None}) == 2


def test_others_than_the_sample_have_their_lines_left_out_as_well() -> None:
    texts, _ = zip(*clerks(Random(2), 0.4), strict=True)
    whole, part = mined(list(texts)), mined(list(texts), words=4000)
    assert part.sampled < 1
    assert part.of_rows.equals(whole.of_rows)


def test_tasks_in_the_same_frame_are_several() -> None:
    random = Random(3)
    tasks = [prose(random.randrange(10**6), 9) for _ in range(12)]
    texts = [
        f"{HEAD[0]}\n{tasks[i % 12]}\n{RULES[0]}\n{prose(random.randrange(10**6), 20)}"
        for i in range(240)
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert len(set(ids)) == 12
    assert all(ids[i] == ids[i % 12] for i in range(240))


def test_a_prompt_that_has_lost_a_line_is_of_the_template() -> None:
    random = Random(4)
    texts = [
        "\n".join([HEAD[0], *RULES, LINES[0], prose(random.randrange(10**6), 20)])
        for _ in range(40)
    ]
    texts += ["\n".join([HEAD[0], RULES[0], LINES[0], prose(random.randrange(10**6), 20)])]
    assert len(set(mined(texts).of_rows.to_pylist())) == 1
