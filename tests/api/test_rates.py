"""A sliding minute: never more than the limit within any, and room when it was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.problems import TooMany
from api.rates import MINUTE, Sliding

MOST = 10


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def hit(counts: Sliding, name: str = "a") -> int:
    """Seconds to wait; 0 where it counts."""
    try:
        counts.hit(name)
    except TooMany as refused:
        return refused.seconds
    return 0


@given(steps=st.lists(st.floats(0.0, 90.0), max_size=120))
def test_who_waits_as_long_as_was_said_is_answered(steps: list[float]) -> None:
    clock = Clock()
    counts = Sliding(MOST, clock)
    for step in steps:
        clock.now += step
        seconds = hit(counts)
        assert 0 <= seconds <= 2 * MINUTE
        clock.now += seconds
        if seconds:
            assert hit(counts) == 0


@pytest.mark.parametrize("start", [0.0, 0.1, 30.0, 59.9])
def test_steady_requests_get_the_limit_and_a_burst_no_more(start: float) -> None:
    clock = Clock()
    clock.now = MINUTE * 20 + start
    counts = Sliding(MOST, clock)
    assert [hit(counts) == 0 for _ in range(2 * MOST)] == [True] * MOST + [False] * MOST
    answered = 0
    for _ in range(40 * MOST):  # four times as many as may be, for ten minutes
        clock.now += MINUTE / (4 * MOST)
        answered += hit(counts) == 0
    assert 0.85 * 10 * MOST <= answered <= 10 * MOST


def test_names_do_not_count_together_and_are_forgotten() -> None:
    clock = Clock()
    counts = Sliding(1, clock)
    assert [hit(counts, f"a{n}") for n in range(1000)] == [0] * 1000
    clock.now += 2 * MINUTE
    assert hit(counts) == 0
    assert len(counts._now) + len(counts._before) == 1
