"""A run's graph in Neo4j: bringing it in, asking it, and detecting there.

    python -m benchmarks.neo4j --events 41000000 --data FOLDER --out benchmarks/results

A simulated month (one account for 40 events), its run, and local servers, each new. In turn:

    plain            one UNWIND ... CREATE loop without any guarantee
    push             `linkage graph push --scope all`, and the saved queries on that graph
    publish          `linkage graph push --scope flagged`
    detect           on a smaller month that was pushed: Leiden and Louvain of Graph Data Science,
                     and linkage beside them
    plain_integers   the loop with numbers for times

Writes neo4j.json and neo4j.md. Needs Java 17, Maven, and Linux for figures of memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.machine import LIBRARIES, machine, versions
from benchmarks.months import COMMAND, month
from benchmarks.neo4j.asked import asked
from benchmarks.neo4j.detected import detected
from benchmarks.neo4j.page import markdown
from benchmarks.neo4j.servers import HEAP_MB, PAGES_MB, environment, new_server, target
from benchmarks.processes import run as alone
from linkage.neo4j import Server, assembly
from linkage.run import Run

EVENTS, DETECT, SEED = 41_000_000, 4_000_000, 206
LOOPS = {"plain": [], "plain_integers": ["--integers"]}
PARTS = ("plain", "push", "publish", "detect", "plain_integers")
DRIVERS = ("neo4j", "neo4j-rust-ext")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=EVENTS, help="of the simulated month")
    parser.add_argument("--seed", type=int, default=SEED, help="of the month and the questions")
    parser.add_argument("--data", type=Path, help="where months and runs are kept")
    parser.add_argument("--detect", type=int, default=DETECT, help="events to detect in")
    parser.add_argument("--add", action="store_true", help="keep other parts that --out has")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args(arguments)
    data = options.data or Path(tempfile.gettempdir()) / "linkage-benchmark"
    data.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    run = _run(month(data, options.events, options.seed))
    found = _about(run, options.seed)
    if options.add:
        found = json.loads((options.out / "neo4j.json").read_text("utf-8")) | found
    for part in options.only:
        begun = time.perf_counter()
        of = _run(month(data, options.detect, options.seed)) if part == "detect" else run
        for figures in _measured(part, of, data, options.seed):
            found |= figures
            _publish(found, options.out)
        print(f"{part}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)


def _run(events: Path) -> Run:
    """The month's run, made once."""
    result = events / "result"
    if not (result / "run.json").exists():
        alone([*COMMAND, "detect", events / "events.parquet", "--out", result, "--quiet"])
    return Run.open(result)


def _about(run: Run, seed: int) -> dict[str, Any]:
    return {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(LIBRARIES) | {name: version(name) for name in DRIVERS}
        | {"neo4j server": assembly.VERSION},
        "month": run.path.parent.name,
        "seed": seed,
        "counts": run.info["counts"],
        "heap_mb": HEAP_MB,
        "page_cache_mb": PAGES_MB,
    }  # fmt: skip


def _measured(part: str, run: Run, data: Path, seed: int) -> Iterator[dict[str, Any]]:
    """The figures of one part, as they come: what is measured is not lost."""
    result = str(run.path)
    with new_server(data, gds=part == "detect") as server:
        if part in LOOPS:
            yield {part: _apart(server, "benchmarks.neo4j.plain", result, *LOOPS[part])}
        elif part == "publish":
            yield {part: _apart(server, "benchmarks.neo4j.pushed", result)}
        else:
            pushed = _apart(server, "benchmarks.neo4j.pushed", result, "--scope", "all")
            if part == "push":
                yield {part: pushed}
                yield {"asked": asked(target(server), run, seed)}
            else:
                with tempfile.TemporaryDirectory(prefix="linkage-detected-", dir=data) as work:
                    found = detected(server, run, run.path.parent, Path(work))
                counts = {name: run.info["counts"][name] for name in ("accounts", "evidence")}
                yield {part: {"month": run.path.parent.name, **counts, "methods": found}}


def _apart(server: Server, module: str, *words: str) -> dict[str, Any]:
    """What a program prints that is given the server by its environment."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=environment(server), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _publish(found: dict[str, Any], out: Path) -> None:
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (out / "neo4j.json").write_text(text, "utf-8")
    (out / "neo4j.md").write_text(markdown(found), "utf-8")


if __name__ == "__main__":
    main()
