"""What the tests of pushes share: the whole graph as a value, results to push, and pushes in
processes of their own.

`python -m tests.neo4j.pushing URL FOLDER SCOPE BATCH LAST` pushes, and kills itself when it has
told of its progress LAST times (0: never). It prints whether the run was there already.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from neo4j import Driver

from linkage.errors import GraphError
from linkage.graph.neo4j import Database, Neo4jPublisher, Pushed, Scope, Target, parts, publisher

BATCH = 150  # nodes and relationships of a transaction: some dozen batches for a small result
# When things were done, and after what: differs from push to push.
PASSING = ("begun", "published", "touched", "previous")

# Everything that is there, as text: nodes by their labels and properties, relationships by their
# type, properties and ends. What is there twice is counted twice.
Dump = Counter[str]


def dump(driver: Driver, *labels: str) -> Dump:
    """All nodes and relationships; or nodes that have one of the labels, and what joins them."""
    where = "WHERE any(label IN labels(n) WHERE label IN $labels)" if labels else ""
    nodes = {
        row["id"]: _text(sorted(row["labels"]), row["properties"])
        for row in driver.execute_query(
            f"MATCH (n) {where} RETURN elementId(n) AS id, labels(n) AS labels, "
            "properties(n) AS properties",
            {"labels": labels},
        ).records
    }
    joined = [
        _text(row["type"], row["properties"], nodes[row["a"]], nodes[row["b"]])
        for row in driver.execute_query(
            "MATCH (a)-[r]->(b) RETURN type(r) AS type, properties(r) AS properties, "
            "elementId(a) AS a, elementId(b) AS b"
        ).records
        if row["a"] in nodes and row["b"] in nodes
    ]
    return Counter([*nodes.values(), *joined])


def schema(driver: Driver) -> set[str]:
    """All constraints and indexes."""
    shown = ("name", "type", "entityType", "labelsOrTypes", "properties")
    found = [
        *driver.execute_query(f"SHOW CONSTRAINTS YIELD {', '.join(shown)}").records,
        *driver.execute_query(f"SHOW INDEXES YIELD {', '.join(shown)}").records,
    ]
    return {_text(*(row[name] for name in shown)) for row in found}


def count(driver: Driver, query: str, **values: Any) -> int:
    """The number that a query finds."""
    return int(driver.execute_query(query, values).records[0][0])


def _text(*parts: Any) -> str:
    return json.dumps([_plain(part) for part in parts], sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: value[name] for name in value if name not in PASSING}
    return value


def another(folder: Path, of: Path, **info: Any) -> Path:
    """The same tables as another run: its run.json says something else."""
    folder.mkdir()
    for file in of.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    told = json.loads((of / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**told, **info}))
    return folder


def pushed(target: Target, folder: Path, scope: Scope = Scope.all, **options: Any) -> Pushed:
    """Push a result folder, over connections of its own."""
    with closing(Database(target)) as database:
        return Neo4jPublisher(database, scope, **options).push(folder)


def refusal(target: Target, folder: Path, scope: Scope = Scope.all, **options: Any) -> str:
    """Why it is refused, in a message that is fit for a user."""
    with pytest.raises(GraphError) as refused:
        pushed(target, folder, scope, **options)
    said = str(refused.value)
    assert refused.value.exit_code == 6
    assert said.startswith(f"{target.url}: ")
    assert not target.password or target.password not in said
    assert "Traceback" not in said
    assert said.isprintable()
    return said


def in_a_process(
    target: Target, folder: Path, scope: Scope = Scope.all, batch: int = BATCH, last: int = 0
) -> subprocess.Popen[str]:
    """The same as a process, which kills itself after so many steps."""
    words = [target.url, str(folder), scope.value, str(batch), str(last)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.neo4j.pushing", *words],
        env={**os.environ, "LINKAGE_GRAPH_USER": str(target.user),
             "LINKAGE_GRAPH_PASSWORD": str(target.password)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def main(url: str, folder: str, scope: str, batch: str, last: str) -> None:
    """As a process."""
    for module in (parts, publisher):
        vars(module)["BATCH"] = int(batch)
    told = 0

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        told += 1
        if told == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    done = pushed(Target.of(url), Path(folder), Scope(scope), progress=progress)
    print("already" if done.already else "pushed")


if __name__ == "__main__":
    main(*sys.argv[1:])
