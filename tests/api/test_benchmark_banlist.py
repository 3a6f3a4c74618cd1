"""The benchmark of the ban list: what it publishes, and its page."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.banlist.__main__ import main
from benchmarks.banlist.made import accounts, published
from benchmarks.banlist.page import markdown
from docs.generate import ROOT
from linkage.banlist.changes import between
from linkage.banlist.store import Lists

RESULTS = ROOT / "benchmarks" / "results"


def test_two_lists_have_most_accounts_in_common(tmp_path: Path) -> None:
    lists, named = Lists(tmp_path), accounts(200, 1)
    latest = published(lists, named, 1)
    before = lists.read(1)
    assert set(latest.entries) == set(named)
    found = between(before.entries, latest.entries, 1, 2)
    assert len(found.unlisted) == 10
    assert len(latest.entries.keys() - before.entries.keys()) == 10


def test_a_small_list_is_measured_and_told(tmp_path: Path) -> None:
    words = ["--accounts", "40", "--seconds", "0.2", "--connections", "2", "--out", str(tmp_path)]
    main(words)
    found = json.loads((tmp_path / "banlist.json").read_text("utf-8"))
    assert found["accounts"] == 40
    assert all(row["answered"] > 0 for row in found["look_ups"].values())
    assert all(row["look_ups"] >= row["per_second"] for row in found["look_ups"].values())
    page = (tmp_path / "banlist.md").read_text("utf-8")
    assert page == markdown(found)
    for name in ("stix", "changes since the latest", "TAXII, page by page"):
        assert f"| {name} | " in page


def test_the_published_page_is_made_from_the_published_figures() -> None:
    found = json.loads((RESULTS / "banlist.json").read_text("utf-8"))
    assert markdown(found) == (RESULTS / "banlist.md").read_text("utf-8")
    assert found["accounts"] == 24_000


def test_the_page_says_what_misses_the_goal() -> None:
    found = json.loads((RESULTS / "banlist.json").read_text("utf-8"))
    for row in found["forms"].values():
        row["seconds"] = 0.5
    found["lists"] |= {name: [1.0, 0.01] for name in ("csv", "ndjson", "json", "stix")}
    for row in found["look_ups"].values():
        row.update(look_ups=4000, p99_ms=50.0)
    page = markdown(found)
    assert "Missed" not in page
    assert "It is reached with 1000 at once, 100 at once, 10 at once." in page
    found["lists"]["stix"] = [1.2, 0.01]
    for row in found["look_ups"].values():
        row["p99_ms"] = 50.1
    page = markdown(found)
    assert "Missed: stix takes 1.20 s." in page
    assert "Missed: no size of a request reaches both." in page
