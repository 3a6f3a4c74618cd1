"""The benchmark of the service: its closed loop, what it feeds, and its page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.service.__main__ import main
from benchmarks.service.client import Request, closed_loop, summary
from benchmarks.service.feeding import bodies
from benchmarks.service.page import SINGLE, markdown
from benchmarks.service.servers import running
from docs.generate import ROOT
from tests import worlds

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

RESULTS = ROOT / "benchmarks" / "results"


def test_a_closed_loop_counts_what_is_answered() -> None:
    with running("-m", "benchmarks.service.empty") as (port, _):
        found = summary(closed_loop(port, [Request.of("GET", "/empty")], 2, 0.5), 0.5)
        assert found["answered"] > 10
        assert found["per_second"] == found["answered"] / 0.5
        assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["longest_ms"]
        with pytest.raises(RuntimeError, match="404"):
            closed_loop(port, [Request.of("GET", "/nothing")], 1, 0.5)


def test_calls_are_the_months_events(tmp_path: Path) -> None:
    path = worlds.write(worlds.planted(ordinary=50).events, tmp_path / "events.parquet")
    (one, *_) = bodies(path, 2)
    rows = [json.loads(line) for line in one.splitlines()]
    accounts = pq.read_table(path)["account_id"].to_pylist()
    assert [row["account_id"] for row in rows] == accounts[: len(rows)]
    assert {row["event_id"] for row in rows} == {"e-0000000000"}


def test_the_published_page_is_made_from_the_published_figures() -> None:
    found = json.loads((RESULTS / "service.json").read_text("utf-8"))
    assert markdown(found) == (RESULTS / "service.md").read_text("utf-8")
    assert found["reads"]["rows"]["account"]["answered"] > 10


def test_parts_are_measured_one_by_one(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = tmp_path / "month"
    shutil.copytree(result, month / "result")
    monkeypatch.setattr("benchmarks.service.__main__.month", lambda *_: month)
    words = ["--data", str(tmp_path), "--out", str(tmp_path), "--connections", "2"]
    main([*words, "--parts", "index"])
    assert "## Single reads" not in (tmp_path / "service.md").read_text("utf-8")
    main([*words, "--parts", "reads", "--seconds", "0.4"])
    found = json.loads((tmp_path / "service.json").read_text("utf-8"))
    assert found["index"]["mb"] >= 0 < found["index"]["peak_mb"]
    assert set(SINGLE) < set(found["reads"]["rows"])
    assert all(row["answered"] > 0 for row in found["reads"]["rows"].values())
    assert min(found["reads"]["memory_mb"].values()) > 10
    page = (tmp_path / "service.md").read_text("utf-8")
    assert page == markdown(found)
    assert "The goal for single reads" in page


def test_the_page_says_which_reads_miss_the_goal() -> None:
    found = json.loads((RESULTS / "service.json").read_text("utf-8"))
    rows = found["reads"]["rows"]
    for row in rows.values():
        row.update(per_second=1000, p99_ms=25.0)
    assert "All of them reach both." in markdown(found)
    rows["link"].update(per_second=490, p99_ms=25.1)
    assert "Missed: link answers 0.49 of it; link takes 25.1 ms at p99." in markdown(found)
