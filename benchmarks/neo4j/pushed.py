"""A push as `linkage graph push` does it, part by part.

    python -m benchmarks.neo4j.pushed RESULT --scope all|flagged

The address and who asks come from LINKAGE_GRAPH and its like. Prints JSON: seconds and rows of
each part, and the memory of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import closing
from pathlib import Path

from benchmarks.neo4j.servers import Watched
from linkage.graph.neo4j import Database, Neo4jPublisher, Scope, Target

EVIDENCE = ("artifacts", "accounts")  # parts that bring in what the plain loop does


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--scope", type=Scope, choices=list(Scope), default=Scope.flagged)
    asked = parser.parse_args()
    begun: list[tuple[str, float]] = []

    def tell(part: str, fraction: float) -> None:
        if not begun or begun[-1][0] != part:
            begun.append((part, time.perf_counter()))

    started = time.perf_counter()
    with closing(Database(Target.of(os.environ["LINKAGE_GRAPH"]))) as database, Watched() as memory:
        done = Neo4jPublisher(database, asked.scope, progress=tell).push(asked.result)
    ended = time.perf_counter()
    stops = [at for _, at in begun[1:]] + [ended]
    seconds: dict[str, float] = {}
    for (part, at), stop in zip(begun, stops, strict=True):
        seconds[part] = round(seconds.get(part, 0.0) + stop - at, 2)
    evidence = sum(s for part, s in seconds.items() if part.partition(" ")[0] in EVIDENCE)
    print(json.dumps({
        "seconds": round(ended - started, 2),
        "evidence_seconds": round(evidence, 2),
        "parts": seconds,
        "rows": done.parts,
        "memory_mb": memory.quarters(),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
