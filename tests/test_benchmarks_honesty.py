"""Whether the evaluation of weights, E and parts counts what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.ablation import left_out
from benchmarks.honesty import claims
from benchmarks.honesty.bits import of_accounts
from benchmarks.honesty.innocents import LIMITS, SHUFFLES, dealt, interval
from benchmarks.honesty.pool import Tail
from benchmarks.honesty.shuffles import shuffled
from benchmarks.honesty.tails import NO_CAP, Counts, independent, pair_counts, rare_pairs, reached
from benchmarks.stages import opened
from linkage.kernels.incidence import UNIT, Incidence, Int32s, grouped
from linkage.kernels.weights import rare_bits
from linkage.results import Results
from linkage.scenarios import Scenario, simulate
from linkage.settings import ScoreSettings, Settings
from linkage.signals import QUESTIONS, SIGNALS

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

Ints = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated month's folder."""
    folder = tmp_path_factory.mktemp("honesty") / "month"
    simulate(Scenario(accounts=2_000, fakes=80, events=16_000, seed=4), folder)
    return folder


@pytest.fixture(scope="module")
def stages(month: Path) -> Iterator[Results]:
    """Its stages."""
    with opened(month / "events.parquet") as found:
        yield found


@pytest.fixture(scope="module")
def measured(month: Path) -> dict[str, dict[str, Any]]:
    """What both modules found in it, as read again from JSON; of the parts, a few are left out."""
    every = left_out.variants(Settings())
    few = [variant for variant in every if variant.family in (None, "content")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(left_out, "variants", lambda _: few)
        return {
            module.__name__: json.loads(json.dumps(module.measure([month], 1)))
            for module in (claims, left_out)
        }


def independent_world(rng: np.random.Generator, units: int, degrees: list[int]) -> Incidence:
    """Kinds of a family each, one artifact after another held by units drawn at random."""
    kinds = 4
    entries = np.concatenate(
        [
            np.stack([rng.choice(units, degree, replace=False), np.full(degree, number)])
            for number, degree in enumerate(degrees * kinds)
        ],
        axis=1,
    ).astype(np.int32)
    unit, art = entries[:, np.lexsort((entries[1], entries[0]))]
    degree = np.array(degrees * kinds, np.int32)
    kind = np.repeat(np.arange(kinds, dtype=np.int32), len(degrees))
    unit_ptr, unit_art = grouped(unit, art, units)
    art_ptr, art_unit = grouped(art, unit[np.argsort(art, kind="stable")], degree.size)
    m, ones = np.full(kinds, 0.3), np.ones(kinds)
    chance = m[kind] * (units + 2) / (degree + 1.0)
    return Incidence(
        population=units, unit_ptr=unit_ptr, unit_art=unit_art, art_ptr=art_ptr,
        art_unit=art_unit, kind=kind, family=kind, degree=degree,
        parent=np.full(degree.size, -1, np.int32), chance=chance,
        most=rare_bits(chance, m[kind]), m=m, usual=ones,
        excess=np.ones((units, kinds), np.float32), contains=np.zeros((kinds, kinds), np.bool_),
        plantable=np.zeros(kinds, np.bool_), families=kinds,
        alone=np.zeros(kinds, np.bool_),
    )  # fmt: skip


def free_of(inc: Incidence) -> Int32s:
    """No cap on any family."""
    return np.full(inc.families, NO_CAP, np.int32)


def held(inc: Incidence) -> Ints:
    """Artifacts of each kind that each unit has."""
    units, kinds = inc.unit_ptr.size - 1, inc.m.size
    unit = np.repeat(np.arange(units), np.diff(inc.unit_ptr))
    cells = np.bincount(unit * kinds + inc.kind[inc.unit_art], minlength=units * kinds)
    return cells.reshape(units, kinds)


def entries(inc: Incidence) -> Ints:
    unit = np.repeat(np.arange(inc.unit_ptr.size - 1), np.diff(inc.unit_ptr))
    return (unit << 32) | inc.unit_art


def test_a_shuffle_keeps_both_degrees(stages: Results, seed: int) -> None:
    inc = stages.incidence
    mixed = shuffled(inc, seed)
    assert np.array_equal(np.diff(mixed.art_ptr), np.diff(inc.art_ptr))
    # Addresses move with their subnet, so that their number is the one thing that changes.
    kept = [i for i, kind in enumerate(stages.kinds) if kind.name != "ip"]
    assert np.array_equal(held(mixed)[:, kept], held(inc)[:, kept])
    assert held(mixed).sum() == held(inc).sum()
    assert np.unique(entries(mixed)).size == entries(inc).size
    assert np.array_equal(np.sort(mixed.art_unit), np.sort(np.repeat(
        np.arange(inc.unit_ptr.size - 1), np.diff(mixed.unit_ptr))))  # fmt: skip


def test_a_shuffle_leaves_addresses_in_their_subnets(stages: Results, seed: int) -> None:
    mixed = shuffled(stages.incidence, seed)
    every = entries(mixed)
    parent = mixed.parent[every & 0xFFFFFFFF]
    inner = parent >= 0
    assert inner.any()
    assert np.isin((every[inner] & ~0xFFFFFFFF) | parent[inner], every).all()


def test_a_shuffle_leaves_nothing_of_the_order(stages: Results, seed: int) -> None:
    inc = stages.incidence
    mixed = shuffled(inc, seed)
    few = (inc.degree <= 20)[inc.unit_art]
    again = np.isin(entries(inc)[few], entries(mixed)).mean()
    assert few.sum() > 500
    assert again < 0.1
    assert np.array_equal(entries(shuffled(inc, seed)), entries(mixed))
    assert not np.array_equal(entries(shuffled(inc, seed + 2)), entries(mixed))


def test_where_chance_alone_is_at_work_a_bit_is_a_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    degrees = [3] * 100 + [10] * 30 + [30] * 10 + [100] * 3 + [300]
    inc = independent_world(rng, 3_000, degrees)
    mixed = shuffled(inc, seed)
    every = np.arange(3_000, dtype=np.int32)
    counts = pair_counts(mixed, every, every, free_of(inc))
    assert counts.pairs == 3_000 * 2_999 // 2
    levels = np.arange(1, 14) * UNIT
    claimed = counts.pairs * 2.0 ** -np.arange(1, 14)
    found = reached(counts.whole, levels)
    print(found, claimed)
    assert (found <= claimed + 4 * np.sqrt(claimed)).all()
    assert found[5] > 0
    # Families are independent here, and so it is as if they were.
    share = reached(independent(counts, free_of(inc)), levels)
    assert np.allclose(share[:8], found[:8] / counts.pairs, rtol=0.3, atol=1e-4)


def test_pairs_are_counted_as_they_are_weighed(stages: Results) -> None:
    inc = stages.incidence
    caps = np.full(inc.families, 6 * UNIT, np.int32)
    every = np.arange(inc.unit_ptr.size - 1, dtype=np.int32)
    counts = pair_counts(inc, every, every, caps)
    heavy = rare_pairs(inc, caps, int(inc.degree.max()))
    levels = np.array([1, 2 * UNIT, 5 * UNIT, 9 * UNIT])
    for name in ("capped", "whole"):
        weights = getattr(heavy, name)
        expected = [(weights >= level).sum() for level in levels]
        assert reached(getattr(counts, name), levels).tolist() == expected
    assert (heavy.capped < heavy.whole).any()
    assert np.array_equal(counts.family.sum(axis=1), np.full(inc.families, counts.pairs))


def test_pairs_of_one_side_are_not_counted(stages: Results) -> None:
    inc, side = of_accounts(stages)
    chosen = np.flatnonzero(side >= 0).astype(np.int32)
    assert inc.population == side.size > stages.incidence.population
    numbers = np.bincount(side[chosen])
    counts: Counts = pair_counts(inc, chosen, side[chosen], free_of(inc))
    assert counts.pairs == (chosen.size**2 - (numbers**2).sum()) // 2


def test_independent_signals_are_as_rare_as_e_says(seed: int) -> None:
    worlds, counted = 6, dict.fromkeys(LIMITS, 0)
    for world in range(worlds):  # one alone is a noisy judge
        rng = np.random.default_rng([seed, world])
        size = np.exp(rng.uniform(np.log(5), np.log(300), 400)).round()
        # All signals say the same: only when they are dealt out anew is E what it says.
        same = rng.normal(size=size.size)
        values = {s.name: same if s.high else -same for s in SIGNALS}
        for limit, count in zip(LIMITS, dealt(size, values, ScoreSettings(), seed), strict=True):
            counted[limit] += count
    print(counted)
    shuffles = worlds * SHUFFLES
    assert 0.2 * shuffles <= counted[1.0] <= 1.8 * shuffles
    assert 5 * shuffles <= counted[10.0] <= 14 * shuffles


def test_interval_is_that_of_a_poisson_count() -> None:
    assert interval(0, 1) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert interval(10, 2) == pytest.approx((4.795 / 2, 18.390 / 2), abs=1e-3)


@pytest.mark.parametrize("module", [claims, left_out])
def test_page_and_figures(measured: dict[str, dict[str, Any]], module: ModuleType) -> None:
    found = measured[module.__name__]
    text = module.section(found)
    assert text.startswith("## ")
    assert "nan" not in text
    drawn = module.figures(found)
    assert drawn == module.figures(found)
    for name, svg in drawn.items():
        assert f"(evaluation/{name}.svg)" in text
        assert "</svg>" in svg
    widths = {
        tuple(line.count("|") for line in part.splitlines())
        for part in text.split("\n\n")
        if part.startswith("|")
    }
    assert widths
    assert all(len(set(width)) == 1 for width in widths)


def test_each_family_is_left_out() -> None:
    every = left_out.variants(Settings())
    families = {kind.family for kind in Settings().kinds()}
    assert {variant.family for variant in every} == families | {None}
    assert len(every) == 1 + len(SIGNALS) + len(QUESTIONS) + len(families)


def test_leaving_out_every_signal_of_a_question_lists_nobody(
    measured: dict[str, dict[str, Any]],
) -> None:
    rows = {(row["sort"], row["name"]): row for row in measured[left_out.__name__]["rows"]}
    assert len(rows) == 1 + len(SIGNALS) + len(QUESTIONS) + 1
    assert rows["question", "operation"]["recall"]["hits"] == 0
    whole = rows["none", "nothing"]
    assert whole["bcubed_f1"] == rows["signal", "own_device"]["bcubed_f1"]
    assert whole["bcubed_f1"] != rows["family", "content"]["bcubed_f1"]


def test_what_a_link_would_need_is_read_off_the_tail() -> None:
    share = 2.0 ** -np.append(np.arange(20) * 0.8, 0.8 * 12.5)
    tail = Tail(share, np.full(21, 100.0))
    assert tail.bits(10) == pytest.approx(8.0)
    assert tail.needed(12.5) == pytest.approx(12.5 / 0.8)
    assert tail.needed(16.0) is None
    assert Tail(share, np.full(21, 1.0)).bits(10) is None
