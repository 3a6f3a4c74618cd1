"""The benchmark of the graph in Neo4j measures what it says, and its page has the figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.evaluation.parts import ROOT
from benchmarks.neo4j.asked import asked
from benchmarks.neo4j.page import markdown
from linkage.graph.neo4j import Target
from linkage.graph.neo4j.saved import saved_queries
from linkage.run import Run
from tests.neo4j.servers import Address
from tests.test_run import small_result

STEPS = {"artifacts ip": 1.0, "accounts": 2.0, "links": 4.0}


def program(name: str, *words: str | Path) -> dict[str, Any]:
    """What one of the programs prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.neo4j.{name}", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_the_plain_loop_brings_in_the_evidence(spare: Address, tmp_path: Path) -> None:
    run = Run.open(small_result(tmp_path / "result"))
    found = program("plain", run.path)
    evidence = pd.read_parquet(run.path / "evidence.parquet")
    assert found["relationships"] == len(evidence)
    with spare.driver() as driver:
        used = "MATCH (:Account)-[u]->(x) RETURN count(u) AS n, min(u.first_seen) AS first"
        (row,) = driver.execute_query(used).records
    assert row["n"] == found["relationships"]
    assert row["first"].to_native() == evidence.first_seen.min()


def test_a_push_and_the_queries_are_timed(spare: Address, tmp_path: Path) -> None:
    run = Run.open(small_result(tmp_path / "result"))
    found = program("pushed", run.path, "--scope", "all")
    assert set(found["rows"]) <= set(found["parts"])
    assert 0 < found["evidence_seconds"] < found["seconds"]
    rows = asked(Target(spare.url, spare.user, spare.password), run, seed=1)
    assert len(rows) == len(saved_queries())
    assert all(0 < row["median_ms"] <= row["p95_ms"] <= row["longest_ms"] for row in rows)


@pytest.mark.parametrize("parts", [(), ("plain", "push"), ("asked", "publish", "detect")])
def test_the_page_has_what_was_measured(parts: tuple[str, ...]) -> None:
    group = {"accounts": 30, "of_network": 20, "innocents": 10}
    gds = {
        "method": "GDS Leiden", "graph": "links", "seconds": 12.0, "memory_mb": 900, "groups": 3,
        "bcubed": {"precision": 0.25, "recall": 0.5, "f1": 1 / 3},
        "networks_found": {"hits": 1, "of": 2}, "largest": group,
    }  # fmt: skip
    push = {
        "seconds": 9.0,
        "evidence_seconds": 3.0,
        "parts": STEPS,
        "rows": {"artifacts ip": 10, "accounts": 200, "links": 5},
        "memory_mb": [1, 2, 3, 4],
    }
    found = {
        "plain": {"seconds": 6.0, "memory_mb": [5, 6, 7, 8]},
        "push": push,
        "publish": push,
        "asked": [{"query": "01_x", "median_ms": 1.5, "p95_ms": 20.0, "longest_ms": 30.0,
                   "largest_cluster_ms": 25.0, "rows": 7}],
        "detect": {"month": "month-2", "accounts": 9, "evidence": 8, "methods": [gds]},
    }  # fmt: skip
    about = {
        "machine": {"cores": 2, "processor": "P", "memory_gb": 4.0, "system": "Linux"},
        "date": "2026-01-02", "month": "month-1", "seed": 7, "versions": {"neo4j": "6"},
        "counts": {"accounts": 100, "evidence": 300, "artifacts": 10, "listed": 3},
        "heap_mb": 1, "page_cache_mb": 3,
    }  # fmt: skip
    page = markdown(about | {part: found[part] for part in parts})
    assert "300 evidence relationships" in page
    assert ("2.00 times as fast" in page) is ("plain" in parts)
    assert ("| accounts | 2.0 | 200 |" in page) is (bool(parts))
    assert ("`01_x`, 20 ms" in page) is ("asked" in parts)
    assert ("| GDS Leiden | links | 12.0 | 900 | 3 | 0.250 |" in page) is ("detect" in parts)


def test_the_published_page_is_made_from_the_published_figures() -> None:
    results = ROOT / "benchmarks" / "results"
    figures = json.loads((results / "neo4j.json").read_text("utf-8"))
    assert (results / "neo4j.md").read_text("utf-8") == markdown(figures)
