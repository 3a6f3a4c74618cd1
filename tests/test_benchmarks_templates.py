"""The benchmark of templates: known answers, and a page from figures as they come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.templates import __main__ as command
from benchmarks.templates import months, months_page, ordinary
from benchmarks.templates.judged import judged
from benchmarks.templates.methods import METHODS
from benchmarks.templates.months import WAYS, Way, measured
from benchmarks.templates.ordinary import wronged
from benchmarks.templates.page import markdown
from benchmarks.templates.planted import PLANTED
from benchmarks.templates.texts import prompts
from linkage.scenarios import Scenario

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.mark.parametrize(
    ("given", "labels", "ga", "fga"),
    [
        ("aabb", "xxyy", 1, 1),
        ("aabc", "xxyy", 0.5, 2 / 5),  # one of three found, of two
        ("aaaa", "xxyy", 0, 0),
        ("ab", "xx", 0, 0),
    ],
)
def test_grouping_accuracy_by_hand(given: str, labels: str, ga: float, fga: float) -> None:
    found = judged(list(given), list(labels))
    assert found.ga == pytest.approx(ga)
    assert found.fga == pytest.approx(fga)
    assert found.own is None


def test_own_prompts_are_groups_of_one() -> None:
    found = judged([None, None, "a", "b"], [None, "x", "y", None])
    assert (found.ga, found.found, found.true) == (1, 4, 4)
    assert found.own == 0.5
    assert judged(["a", "a"], [None, None]).ga == 0


@pytest.mark.parametrize("name", [each.name for each in PLANTED if each.name != "many"])
def test_sets_are_the_same_each_time(name: str) -> None:
    planted = next(each for each in PLANTED if each.name == name)
    texts, labels = planted.labelled()
    assert len(texts) == len(labels)
    assert len(set(labels)) > 7
    assert (texts, labels) == planted.labelled()


def test_prompts_by_the_million() -> None:
    texts = prompts(300)
    assert texts.equals(prompts(300))
    assert len(set(texts.to_pylist())) == 300
    assert 250 < texts.nbytes / 300 < 400


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_finds_the_plainest_template(method: Any) -> None:
    same = [f"Count the ships that came in after {n} days at sea" for n in range(20)]
    groups = method.group(pa.chunked_array([pa.array([*same, "what else is there to say"])]))
    assert len(set(groups[:20])) == 1
    assert groups[20] != groups[0]


def test_the_page() -> None:
    row = {"ga": 0.5, "fga": 0.25, "own": 0.125, "seconds": 2.0, "prompts": 10, "peak_mb": 100.0}
    methods = {method.name: row for method in METHODS}
    found = {
        "machine": {"cores": 2, "processor": "x", "memory_gb": 4, "system": "Linux"},
        "versions": {"numpy": "1"},
        "quality": [
            {"name": "a", "what": "b", "after": True, "prompts": 10, "methods": methods},
        ],
        "compared": [{"what": "c", "prompts": 10, "bytes": 300.0, "methods": methods}],
        "growing": [{**row, "templates": 3, "sampled": 0.5}],
    }
    page = markdown(json.loads(json.dumps(found)))
    assert "| *a*: b | 10 | 0.500 / 0.250 |" in page
    assert "linkage gives 12.5 % a template" in page
    assert page.endswith("numpy 1.\n")


def test_wrong_templates_are_counted_by_what_prompts_have_in_common() -> None:
    """Of 1,000 accounts: two with the same sentence, two with nearly the same, two with neither;
    one whose template is a network's; all others with what is too common to count, or nothing."""
    said = [
        ("one", "Why does 17 men in a boat sink?", "t1"),
        ("two", "Hello! Why does 3 men in a boat sink?", "t1"),
        ("three", "He sold the old boat at noon", "t2"),
        ("four", "He sold the new boat at noon", "t2"),
        ("five", "Rain fell on all the hills today", "t3"),
        ("six", "Nobody knows whether the hills are green", "t3"),
        *((f"all{number}", "Some more words that people wrote", "t4") for number in range(994)),
    ]
    rows = [(name, text, -1, given, True) for name, text, given in said]
    rows += [(f"net{number}", "work", 0, "t5", False) for number in range(2)]
    columns = ["account_id", "prompt", "operator", "given", "own"]
    found = wronged("a", "b", pd.DataFrame(rows, columns=columns))
    assert (found.accounts, found.wronged, found.same, found.near, found.other) == (
        1000,
        6,
        2,
        2,
        2,
    )
    assert found.own == pytest.approx(6 / 1000)
    assert (found.networks, found.found) == (2, 2)
    assert [each["kind"] for each in found.examples] == ["same", "near", "other"]


def test_planted_networks_are_found_among_own_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordinary, "PEOPLE", 100)
    monkeypatch.setattr(ordinary, "RARE", 0.2)
    found = ordinary.of_prose()
    assert (found.accounts, found.prompts, found.networks) == (100, 1000, 100)
    assert found.found > 30
    assert found.wronged < 5


def test_a_month_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = Scenario(accounts=400, fakes=80, events=4_000, prompts=True)
    monkeypatch.setattr(Way, "scenario", lambda way, seed: small)
    monkeypatch.setattr(months, "RARE", 0.1)
    row = measured(WAYS[1], 1, tmp_path)
    assert 60 < row["of"] < 80
    assert row["innocents"] == 320
    assert 0 <= row["listed"] <= row["flagged"] <= row["of"]
    assert 20 < row["holders"] <= 80
    assert row["made"] > row["holders"]
    assert 0 < row["own"] < 1


def test_ways_of_a_month_differ_in_their_prompts_alone() -> None:
    assert [way.name for way in WAYS if way.name.endswith("50")] == ["beside_50", "replaced_50"]
    ids, exact, unique, *reworded = (way.scenario(5) for way in WAYS)
    assert (ids.prompts, unique.prompts) == (False, False)
    assert not exact.evades("paraphrase")
    for scenario in (unique, *reworded):
        assert scenario.paraphrase.requests == 1
        assert scenario.evasions == exact.evasions | {"paraphrase"}
        assert (scenario.seed, scenario.accounts) == (exact.seed, exact.accounts)


def test_the_page_of_months() -> None:
    runs = [
        {"seed": seed, "way": way.name, "of": 490, "listed": 400 - 40 * (number > 1) - seed,
         "flagged": 480, "innocents": 19_500, "innocents_listed": number, "holders": 470,
         "innocents_to_review": 700, "made": 5000, "own": 0.75, "code": f"c{seed}"}
        for number, way in enumerate(WAYS)
        for seed in (1, 3)
    ]  # fmt: skip
    own = {"name": "prose", "what": "w", "accounts": 2000, "prompts": 20_000, "wronged": 4,
           "same": 1, "near": 2, "other": 1, "own": 0.0002, "networks": 100, "found": 99,
           "code": "c1",
           "examples": [{"kind": "near", "prompt": "a\nb", "other": "c `d`"}]}  # fmt: skip
    found = {
        "machine": {"cores": 2, "processor": "x", "memory_gb": 4, "system": "Linux"},
        "versions": {"numpy": "1"}, "runs": runs, "own": [own],
    }  # fmt: skip
    page = months_page.markdown(found)
    assert "| texts, exact | 2 | 398.0 | 100.0 % | 1.0 | 480.0 | 700 |" in page
    assert "| texts, 50 % of words reworded, replaced | 2 | 358.0 | 89.9 % |" in page
    assert "| 3 | template ids | 397 of 490, 0 | 480 of 490 | 700 | 470 | 5,000 |" in page
    assert "| **prose**: w | 2,000 | 4 (0.20 %) | 1 (0.05 %) |" in page
    assert "prose, near:\n\n```text\na b\nc 'd'\n```" in page
    assert "same code:\n\n- `c1`: 1 ids, 1 exact, 1 unique" in page
    drawn = months_page.plot(runs)
    assert drawn == months_page.plot(runs)
    assert drawn.count('<g id="axes_') == 3


def test_months_that_are_not_asked_for_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"of": 10, "listed": 9, "flagged": 9, "innocents": 90, "innocents_listed": 0,
           "innocents_to_review": 2, "holders": 8, "made": 20, "own": 0.5, "events": 9}  # fmt: skip
    monkeypatch.setattr(
        command, "measured", lambda way, seed, work: {"seed": seed, "way": way.name, **row}
    )
    own = ordinary.Wronged("prose", "w", 10, 20, 0, 0, 0, 0, 0.0, 5, 5, [])
    monkeypatch.setattr(command, "SETS", {"prose": lambda: own})
    out = ["--months", "--out", str(tmp_path)]
    command.main([*out, "--seeds", "8", "7", "--ways", "ids", "exact", "--own"])
    command.main([*out, "--seeds", "7", "--ways", "exact", "--own", "prose"])
    found = json.loads((tmp_path / "templates_months.json").read_text("utf-8"))
    assert [(each["seed"], each["way"]) for each in found["runs"]] == [
        (7, "ids"), (7, "exact"), (8, "ids"), (8, "exact"),
    ]  # fmt: skip
    assert [each["name"] for each in found["own"]] == ["prose"]
    page = (tmp_path / "templates_months.md").read_text("utf-8")
    assert "| **prose**: w | 10 | 0 (0.00 %) |" in page
    assert (tmp_path / months_page.PLOT).exists()
