"""How long a run takes, how much memory, and what it writes to disk.

    python -m benchmarks.speed --events 100000 400000 1000000 --out benchmarks/results

For each size, a simulated month of so many events (one account for 40 of them, 2.4 % of the
accounts in networks); then, in turn, each in a process of its own:

    group-bys   the DuckDB queries of `benchmarks.speed.groupbys`
    detect      `linkage detect`, from the file of events to banlist.csv
    louvain     networkx and python-louvain on the same evidence, up to 4 M events

Writes speed.json, speed.md and speed.svg. Of repeats, the median counts; all are in the JSON.
Needs Linux or macOS.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.months import COMMAND, month
from benchmarks.processes import apart
from benchmarks.speed.measured import Plan, measure
from benchmarks.speed.page import markdown
from benchmarks.speed.plot import plot

SIZES = (100_000, 400_000, 1_000_000, 4_000_000, 10_000_000, 41_000_000)
WARM_UP = 20_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=SIZES, help="sizes to measure")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--data", type=Path, help="where simulated months are kept")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated months")
    parser.add_argument("--threads", type=int, default=2, help="of detect and the group-bys")
    parser.add_argument("--memory", default="2GB", help="DuckDB's limit in the group-bys")
    parser.add_argument("--repeats", type=int, help="at every size; else more where it is short")
    parser.add_argument("--add", action="store_true", help="keep other sizes that --out has")
    asked = parser.parse_args(arguments)
    data = asked.data or Path(tempfile.gettempdir()) / "linkage-benchmark"
    data.mkdir(parents=True, exist_ok=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    plan = Plan(data, asked.seed, asked.threads, asked.memory, asked.repeats)
    _warm_up(plan)
    rows = _kept(asked.out / "speed.json") if asked.add else {}
    for events in sorted(asked.events):
        begun = time.perf_counter()
        rows[events] = measure(events, plan)
        _say(rows[events], time.perf_counter() - begun)
        _publish(rows, asked.out)


def _warm_up(plan: Plan) -> None:
    """Compiled loops are kept from run to run; the first run of all makes them."""
    with tempfile.TemporaryDirectory(prefix="linkage-speed-", dir=plan.data) as work:
        file = month(plan.data, WARM_UP, plan.seed) / "events.parquet"
        apart([*COMMAND, "detect", file, "--out", Path(work) / "result", "--quiet"])


def _kept(path: Path) -> dict[int, dict[str, Any]]:
    if not path.exists():
        return {}
    return {row["asked"]: row for row in json.loads(path.read_text("utf-8"))["sizes"]}


def _publish(rows: dict[int, dict[str, Any]], out: Path) -> None:
    """All three files, after each size: what is measured is not lost."""
    sizes = [rows[events] for events in sorted(rows)]
    found: dict[str, Any] = {"machine": machine(), "sizes": sizes}
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (out / "speed.json").write_text(text, "utf-8")
    (out / "speed.md").write_text(markdown(found), "utf-8")
    (out / "speed.svg").write_text(plot(sizes), "utf-8")


def _say(row: dict[str, Any], seconds: float) -> None:
    bare, whole = row["group_bys"], row["detect"]
    print(
        f"{row['events']:>11,} events: group-bys {bare['seconds']} s, {bare['peak_mb']} MB; "
        f"detect {whole['seconds']} s, {whole['peak_mb']} MB; ratio {row['ratio']}; "
        f"louvain {row['louvain']['seconds'] if row['louvain'] else 'not run'} "
        f"(measured in {seconds:.0f} s)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
