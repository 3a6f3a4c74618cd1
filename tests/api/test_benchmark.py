"""The benchmark of the service: its closed loop, what it feeds, and its page."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.service.__main__ import running
from benchmarks.service.client import Request, closed_loop
from benchmarks.service.feeding import bodies
from benchmarks.service.page import markdown
from docs.generate import ROOT
from tests import worlds

RESULTS = ROOT / "benchmarks" / "results"


def test_a_closed_loop_counts_what_is_answered() -> None:
    with running("-m", "benchmarks.service.empty") as (port, _):
        found = closed_loop(port, [Request.of("GET", "/empty")], 2, 0.5)
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
    assert found["reads"]["account"]["answered"] > 10
