"""What most would write to bring the evidence of a run in: one UNWIND ... CREATE after another.

    python -m benchmarks.neo4j.plain RESULT [--integers]

No key of a run, no checkpoint, no going on after a fault, no pointer; accounts and artifacts have
their id and value alone. `--integers` leaves times as numbers, which no drawing or query can use
as times. The address and who asks come from LINKAGE_GRAPH and its like. Prints seconds as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import neo4j

from benchmarks.neo4j.servers import Watched

BATCH = 10_000
ACCOUNT = "CREATE CONSTRAINT FOR (a:Account) REQUIRE a.account_id IS UNIQUE"
ARTIFACT = "CREATE CONSTRAINT FOR (x:`{label}`) REQUIRE x.value IS UNIQUE"
ACCOUNTS = "UNWIND $rows AS row CREATE (:Account {{account_id: row[0]}})"
ARTIFACTS = "UNWIND $rows AS row CREATE (:`{label}` {{value: row[0]}})"
USES = """
UNWIND $rows AS row
MATCH (a:Account {{account_id: row[0]}})
MATCH (x:`{label}` {{value: row[1]}})
CREATE (a)-[:`{relationship}` {{events: row[2], first_seen: {first}, last_seen: {last}}}]->(x)"""
NUMBERS = {"first": "row[3]", "last": "row[4]"}
TIMES = {
    name: f"datetime({{epochSeconds: row[{at}] / 1000000, nanosecond: row[{at}] % 1000000 * 1000}})"
    for name, at in (("first", 3), ("last", 4))
}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--integers", action="store_true")
    asked = parser.parse_args()
    auth = (os.environ["LINKAGE_GRAPH_USER"], os.environ["LINKAGE_GRAPH_PASSWORD"])
    with (
        neo4j.GraphDatabase.driver(os.environ["LINKAGE_GRAPH"], auth=auth) as driver,
        driver.session() as session,
        Watched() as memory,
    ):
        found = brought_in(session, asked.result, NUMBERS if asked.integers else TIMES)
    print(json.dumps({**found, "memory_mb": memory.quarters()}))


def brought_in(session: neo4j.Session, result: Path, times: dict[str, str]) -> dict[str, float]:
    """Seconds for nodes and for relationships, and how many of the latter."""
    kinds = json.loads((result / "run.json").read_text("utf-8"))["kinds"]
    session.run(ACCOUNT).consume()
    for kind in kinds:
        session.run(ARTIFACT.format(**kind)).consume()
    begun = time.perf_counter()
    _each(session, ACCOUNTS.format(), result / "activity.parquet", "account_id")
    for kind in kinds:
        text = ARTIFACTS.format(**kind)
        _each(session, text, result / "artifacts.parquet", "value", kind["name"])
    nodes = time.perf_counter()
    columns = "account_id, value, events, epoch_us(first_seen), epoch_us(last_seen)"
    relationships = sum(
        _each(session, USES.format(**kind, **times), result / "evidence.parquet", columns,
              kind["name"])
        for kind in kinds
    )  # fmt: skip
    done = time.perf_counter()
    return {
        "nodes_seconds": round(nodes - begun, 2),
        "uses_seconds": round(done - nodes, 2),
        "seconds": round(done - begun, 2),
        "relationships": relationships,
    }


def _each(
    session: neo4j.Session, text: str, file: Path, columns: str, kind: str | None = None
) -> int:
    """Run a statement for the rows of a file, a batch at a time."""
    count = 0
    for rows in _batches(file, columns, kind):
        session.run(text, rows=rows).consume()
        count += len(rows)
    return count


def _batches(file: Path, columns: str, kind: str | None) -> Iterator[list[list[object]]]:
    with duckdb.connect(config={"memory_limit": "1GB"}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        where, values = ("WHERE kind = $kind", {"kind": kind}) if kind is not None else ("", {})
        query = f"SELECT {columns} FROM read_parquet($file) {where}"
        found = engine.execute(query, {"file": str(file), **values})
        while rows := found.fetchmany(BATCH):
            yield [list(row) for row in rows]


if __name__ == "__main__":
    main()
