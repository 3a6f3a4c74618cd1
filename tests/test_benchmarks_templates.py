"""The benchmark of templates: known answers, and a page from figures as they come back."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.templates.judged import judged
from benchmarks.templates.methods import METHODS
from benchmarks.templates.page import markdown
from benchmarks.templates.planted import PLANTED
from benchmarks.templates.texts import prompts


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
