"""The score: expected innocents that mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from linkage.decisions import APART, OPENLY, of_groups
from linkage.score import References, Scores, expected, scores
from linkage.settings import PolicySettings, ScoreSettings
from linkage.signals import QUESTIONS, SIGNALS

Floats = npt.NDArray[np.float64]
Values = dict[str, Floats]
NAMES = [signal.name for signal in SIGNALS]
HIGH = {signal.name: 1.0 if signal.high else -1.0 for signal in SIGNALS}


def innocent(rng: np.random.Generator, groups: int, trend: float = 0) -> tuple[Floats, Values]:
    """Sizes and independent signals; with a trend, the larger the more like a network's."""
    size = np.exp(rng.uniform(np.log(5), np.log(300), groups)).round()
    return size, {name: rng.normal(HIGH[name] * trend * np.log(size), 1.0) for name in NAMES}


def with_networks(size: Floats, values: Values, number: int) -> Values:
    """The first groups stand out by every signal."""
    first = np.arange(size.size) < number
    return {name: np.where(first, v + 12 * HIGH[name], v) for name, v in values.items()}


def scored(
    size: Floats,
    values: Values,
    openly: Floats | None = None,
    references: References | None = None,
    **settings: Any,
) -> Scores:
    openly = np.zeros(size.size) if openly is None else openly
    return scores(size, values, openly, ScoreSettings(**settings), references)


def below(seed: int, runs: int, groups: int, trend: float = 0) -> dict[float, float]:
    """E -> how many innocent groups are below it, on average."""
    counts = dict.fromkeys((0.05, 0.3, 1, 3, 10), 0.0)
    for run in range(runs):
        size, values = innocent(np.random.default_rng([seed, run]), groups, trend)
        found = scored(size, values)
        for limit in counts:
            counts[limit] += int((found.expected <= limit).sum()) / runs
    print(counts)
    return counts


def test_among_innocent_groups_as_many_are_below_an_e_as_it_says(seed: int) -> None:
    found = below(seed, runs=40, groups=1000)
    assert 0.1 <= found[1] <= 1.7
    assert 1.5 <= found[3] <= 4.2
    assert 7.0 <= found[10] <= 12.5


def test_among_few_innocent_groups_e_promises_no_less_than_there_are(seed: int) -> None:
    found = below(seed, runs=60, groups=250)
    assert all(number <= 1.3 * limit + 0.5 for limit, number in found.items())


def test_a_signal_that_few_groups_have_promises_no_more_than_it_knows(seed: int) -> None:
    """Of 280 groups, 20 share a card: each is rare, but none the rarer for it."""
    counts = dict.fromkeys((0.05, 0.3, 1), 0.0)
    for run in range(40):
        rng = np.random.default_rng([seed, run])
        size, values = innocent(rng, 280)
        few = np.where(rng.random(280) < 0.07, rng.exponential(0.05, 280), 0.0)
        found = scored(size, {**values, "strangers_at_one_work": few})
        for limit in counts:
            counts[limit] += int((found.expected <= limit).sum()) / 40
    print(counts)
    assert all(number <= 2 * limit + 0.15 for limit, number in counts.items())


def test_what_the_size_explains_makes_no_group_unusual(seed: int) -> None:
    found = below(seed, runs=40, groups=1000, trend=0.5)
    assert all(number <= 1.3 * limit + 0.5 for limit, number in found.items())


def test_expected_innocents_of_independent_questions_are_counted_right(seed: int) -> None:
    """Monte Carlo: how often chance brings three ranks as extreme as these."""
    rng = np.random.default_rng(seed)
    settings = ScoreSettings()
    drawn = rng.random((200_000, 3))
    p: Values = {question: drawn[:, i] for i, question in enumerate(QUESTIONS)}
    p["pretend"] = np.minimum(p["pretend"], settings.question_cap)
    e = expected(p, 1000, settings)
    for limit in (1, 3, 10, 30):
        assert np.mean(e <= limit) * 1000 == pytest.approx(limit, rel=0.25, abs=0.3)


def test_the_third_question_is_absolute(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    values = with_networks(size, values, 3)
    cap = ScoreSettings().question_cap
    openly = np.zeros(300)
    openly[:2] = 1.0, cap
    found = scored(size, values, openly)
    assert found.p["pretend"][0] == 1.0
    assert np.isinf(found.expected[0])
    assert found.p["pretend"][1] == cap
    assert found.expected[2] < found.expected[1] < np.inf
    assert not found.reference[:2].any()


def test_a_group_that_is_usual_on_one_of_the_first_questions_is_not_flagged(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    for question in ("operation", "lives"):
        usual = with_networks(size, values, 1)
        for signal in SIGNALS:
            if signal.question == question:
                usual[signal.name][0] = values[signal.name][0] - 9 * HIGH[signal.name]
        assert np.isinf(scored(size, usual).expected[0])
    assert scored(size, with_networks(size, values, 1)).expected[0] < 0.1


def test_pretending_less_than_usual_costs_no_more_than_the_cap(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    values = with_networks(size, values, 1)
    for signal in SIGNALS:
        if signal.question == "pretend":
            values[signal.name][0] -= 30 * HIGH[signal.name]
    assert scored(size, values).p["pretend"][0] == ScoreSettings().question_cap


def bought_apart(size: Floats, values: Values) -> Values:
    """The first group stands out, but for a device and an address for each account."""
    found = with_networks(size, values, 1)
    for signal in SIGNALS:
        if signal.question == "lives":
            found[signal.name][0] = HIGH[signal.name] * (-60 if signal.for_sale else 2.5)
    return found


def test_lives_of_their_own_cannot_be_bought(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    found = scored(size, bought_apart(size, values))
    assert found.apart[0]
    assert found.expected[0] < 1
    plain = scored(size, with_networks(size, values, 1))
    assert not plain.apart[0]
    assert plain.expected[0] < found.expected[0]


def test_what_is_bought_takes_no_group_to_the_list(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    found = scored(size, bought_apart(size, values))
    policy = PolicySettings(ban_expected=1.0)
    proposal, note = of_groups(found, np.zeros(300), policy, enough_references=True)
    assert (proposal[0], note[0]) == ("review", APART)
    verified, noted = of_groups(found, np.ones(300), policy, enough_references=True)
    assert (verified[0], noted[0]) == ("none", OPENLY)


def test_networks_leave_the_references_and_do_not_hide_one_another(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    values = with_networks(size, values, 12)
    found = scored(size, values)
    assert not found.reference[:12].any()
    assert found.reference[12:].mean() > 0.95
    # None counts against the others: with twelve in the way, it would be 12 times the rarest.
    rarest = 1 / (1 + found.reference.sum())
    for question in QUESTIONS:
        assert (found.p[question][:12] < 8 * rarest).all()
    assert (found.expected[:12] < 0.1).all()
    hidden = scored(size, values, reference_expected=1e-9)
    assert hidden.reference.all()
    assert (hidden.expected[:12] > found.expected[:12]).all()


def test_what_is_usual_depends_on_the_size(seed: int) -> None:
    """A value that is usual among large groups is less so among small ones."""
    size, values = innocent(np.random.default_rng(seed), 600, trend=1)
    size[:2], name = (6, 280), next(n for n in NAMES if HIGH[n] > 0)
    values[name][:2] = np.log(280)
    found = scored(size, values)
    assert found.usual[name][0] == pytest.approx(np.log(6), abs=0.8)
    assert found.usual[name][1] == pytest.approx(np.log(280), abs=0.8)
    assert found.rank[name][0] < 0.1
    assert found.rank[name][1] > 2 * found.rank[name][0]


def test_a_signal_that_a_group_cannot_have_is_left_out(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 300)
    values = with_networks(size, values, 1)
    lives = [signal.name for signal in SIGNALS if signal.question == "lives"]
    values[lives[0]][0] = np.nan
    found = scored(size, values)
    assert np.isnan(found.rank[lives[0]][0])
    assert found.expected[0] < 0.1
    for name in lives:
        values[name][0] = np.nan
    found = scored(size, values)
    assert found.p["lives"][0] == 1.0
    assert np.isinf(found.expected[0])


def test_how_far_a_group_lies_beyond_all_others_counts(seed: int) -> None:
    """By ranks alone, the one that is just beyond and the one far beyond were equal."""
    size, values = innocent(np.random.default_rng(seed), 300)
    for name in NAMES:
        values[name][:2] = HIGH[name] * 8, HIGH[name] * 3
    found = scored(size, values)
    for name in NAMES:
        assert found.rank[name][0] < found.rank[name][1] / 2
    assert found.expected[0] <= found.expected[1] < 0.01


def test_a_heavy_tail_makes_less_of_the_same_distance(seed: int) -> None:
    """Where values far out are usual, one more of them is."""
    rng = np.random.default_rng(seed)
    size, light = innocent(rng, 400)
    heavy = {n: HIGH[n] * np.abs(rng.standard_t(2, 400)) for n in NAMES}
    network = np.arange(400) == 0
    e = [
        scored(size, {n: np.where(network, HIGH[n] * 9, v) for n, v in values.items()}).expected[0]
        for values in (light, heavy)
    ]
    assert e[0] < e[1] / 10


def test_ranks_lie_between_one_over_the_references_squared_and_one(seed: int) -> None:
    size, values = innocent(np.random.default_rng(seed), 100)
    found = scored(size, with_networks(size, values, 2))
    for rank in found.rank.values():
        assert rank.min() > 0.999 / (1 + found.reference.sum()) ** 2
        assert rank.max() < 1


def test_other_groups_can_be_the_references(seed: int) -> None:
    rng = np.random.default_rng(seed)
    theirs = References(*innocent(rng, 400))
    size, values = innocent(rng, 5)
    found = scored(size, with_networks(size, values, 2), references=theirs)
    assert found.expected.size == found.p["lives"].size == 5
    assert (found.expected[:2] < 0.1).all()
    assert (found.expected[2:] > 0.1).all()
    # Each is scored as if it stood there alone.
    alone = scored(size[:1], {n: v[:1] for n, v in with_networks(size, values, 2).items()},
                   references=theirs)  # fmt: skip
    assert alone.expected[0] == pytest.approx(found.expected[0])


def test_the_order_of_the_groups_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, values = innocent(rng, 300)
    values = with_networks(size, values, 4)
    mixed = rng.permutation(300)
    first = scored(size, values)
    again = scored(size[mixed], {name: v[mixed] for name, v in values.items()})
    assert np.array_equal(first.expected[mixed], again.expected)
    assert np.array_equal(first.reference[mixed], again.reference)


def test_one_group_alone_stands_out_from_nothing() -> None:
    found = scored(np.array([50.0]), {name: np.array([3.0]) for name in NAMES})
    assert found.expected[0] > 0.5
