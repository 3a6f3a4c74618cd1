"""Detection by Graph Data Science in the database, next to linkage, on the very same graph.

Leiden and Louvain with their defaults, on two cores: over accounts and artifacts, as most tutorials
do it, and over the links that a push brought in, weighed by their bits. linkage takes the evidence
out of the graph (`linkage graph pull`) and detects from it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
import pandas as pd

from benchmarks.months import COMMAND
from benchmarks.neo4j.servers import Watched, environment, target
from benchmarks.others.judged import largest
from linkage.evaluation import Evaluation, compare, read_truth
from linkage.neo4j import Server
from linkage.run import Run

CORES, SEED = 2, 1
LEAST = 2  # accounts of a group
EMPTY = ("accounts", "of_network", "innocents")  # of the largest proxy network's group, if none
PROJECT = "CALL gds.graph.project($graph, $labels, $types) YIELD projectMillis RETURN projectMillis"
STREAM = """
CALL gds.{name}.stream($graph, $settings) YIELD nodeId, communityId
WITH gds.util.asNode(nodeId) AS node, communityId WHERE node:Account
RETURN node.account_id AS account_id, communityId AS cluster_id"""
DROP = "CALL gds.graph.drop($graph) YIELD graphName RETURN graphName"


@dataclass(frozen=True)
class Projected:
    """A graph for the algorithms. weight: a property of its relationships."""

    name: str
    labels: Sequence[str]
    types: Mapping[str, Mapping[str, Any]]
    weight: str | None = None


def detected(server: Server, run: Run, month: Path, work: Path) -> list[dict[str, Any]]:
    """Every method: seconds, memory, and what it found."""
    truth, accounts = read_truth(month / "truth.parquet"), run.activity.account_id
    to, pid = target(server), server.status().pid
    rows = []
    with (
        neo4j.GraphDatabase.driver(to.url, auth=(str(to.user), str(to.password)),
                                   notifications_min_severity="OFF") as driver,
        driver.session() as session,
    ):  # fmt: skip
        for graph in _graphs(run):
            projected = _project(session, graph)
            for name in ("leiden", "louvain"):
                with Watched(pid or 0) as memory:
                    begun = time.perf_counter()
                    members = _members(session, graph, name)
                    seconds = time.perf_counter() - begun
                rows.append({
                    "method": f"GDS {name.capitalize()}", "graph": graph.name,
                    "seconds": round(projected + seconds, 1),
                    "memory_mb": round(max(memory.seen)),
                    **_found(accounts, members, truth),
                })  # fmt: skip
            session.run(DROP, graph=graph.name).consume()
    rows.append(_linkage(server, accounts, truth, work))
    return rows


def _graphs(run: Run) -> tuple[Projected, ...]:
    kinds = run.info["kinds"]
    undirected = {"orientation": "UNDIRECTED"}
    evidence = {kind["relationship"]: undirected for kind in kinds}
    links = {"LINKED_TO": {**undirected, "properties": "bits"}}
    return (
        Projected("evidence", ["Account", *(kind["label"] for kind in kinds)], evidence),
        Projected("links", ["Account"], links, "bits"),
    )


def _project(session: neo4j.Session, graph: Projected) -> float:
    """Seconds of making the graph that algorithms run on."""
    begun = time.perf_counter()
    given = {"graph": graph.name, "labels": list(graph.labels), "types": dict(graph.types)}
    session.run(PROJECT, given).consume()
    return time.perf_counter() - begun


def _members(session: neo4j.Session, graph: Projected, name: str) -> pd.DataFrame:
    settings: dict[str, Any] = {"concurrency": CORES}
    if name == "leiden":
        settings["randomSeed"] = SEED
    if graph.weight is not None:
        settings["relationshipWeightProperty"] = graph.weight
    text = STREAM.format(name=name)
    found = session.run(text, graph=graph.name, settings=settings)
    table = pd.DataFrame(found.values(), columns=["account_id", "cluster_id"])
    sizes = table.cluster_id.map(table.cluster_id.value_counts())
    return table[sizes >= LEAST].assign(proposal="none")


def _found(accounts: pd.Series, members: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """B-cubed over the accounts of networks, networks found, and the group that holds most of the
    largest proxy network."""
    judged: Evaluation = compare(accounts, members, truth)
    found = judged.to_dict()
    number = pd.Series(pd.factorize(members.cluster_id)[0], members.account_id)
    of = number.reindex(accounts, fill_value=-1).to_numpy(np.int32)
    return {
        "groups": int(members.cluster_id.nunique()),
        "bcubed": found["bcubed"],
        "networks_found": found["networks_found"],
        "largest": largest(of, accounts, truth) or dict.fromkeys(EMPTY, 0),
    }


def _linkage(
    server: Server, accounts: pd.Series, truth: pd.DataFrame, work: Path
) -> dict[str, Any]:
    """The two commands, each a process of its own."""
    out, result = work / "pulled", work / "again"
    steps = {
        "pull": ["graph", "pull", str(out)],
        "detect": ["detect", "--evidence", str(out), "--out", str(result), "--quiet"],
    }
    seconds, peak = {}, 0.0
    for name, words in steps.items():
        begun = time.perf_counter()
        child = subprocess.Popen([sys.executable, *COMMAND, *words], env=environment(server))
        with Watched(child.pid) as memory:
            status = child.wait()
        if status:
            raise RuntimeError(f"linkage {' '.join(words)}: exit code {status}")
        seconds[name] = round(time.perf_counter() - begun, 1)
        peak = max(peak, *memory.seen)
    run = Run.open(result)
    return {
        "method": "linkage", "graph": "evidence", "seconds": round(sum(seconds.values()), 1),
        "parts": seconds, "memory_mb": round(peak), **_found(accounts, run.members, truth),
    }  # fmt: skip
