"""How well templates are found, how fast, and next to what others do.

    python -m benchmarks.templates --data ../shared/data --out benchmarks/results

Groups labelled prompts with each method: BBQ (`bbq/prompts.parquet` with the columns prompt and
template, in the folder that --data names; left out without), and the sets that
`benchmarks.templates.planted` plants. Then the seconds of each on the same prompts, and what the
mining takes as there are more. Each in a process of its own, in turn. Writes templates.json and
templates.md.

    python -m benchmarks.templates --months

runs over simulated months instead, with the texts of prompts and with template ids, and gives
people's own prompts to the mining; it takes hours. Writes templates_months.json, .md and .svg;
months of other seeds and ways, and sets that are not asked for, are kept as they were.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import machine, versions
from benchmarks.months import code
from benchmarks.processes import Arguments, apart
from benchmarks.templates import months_page
from benchmarks.templates.growing import write
from benchmarks.templates.judged import judged
from benchmarks.templates.methods import METHODS
from benchmarks.templates.months import SEEDS, WAYS, Way, measured, named
from benchmarks.templates.ordinary import SETS
from benchmarks.templates.page import markdown
from benchmarks.templates.planted import PLANTED

LIBRARIES = ("linkage", "numpy", "numba", "pyarrow", "drain3", "datasketch")
SIZES = (100_000, 1_000_000, 4_000_000, 16_000_000)
METHOD = "benchmarks.templates.methods"
PARTS = ("quality", "compared", "growing")
MONTHS = ("linkage", "duckdb", "numpy", "numba", "pyarrow")
ORDER = [way.name for way in WAYS]
COMPARED = 20_000  # prompts that all methods are timed on


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with bbq/prompts.parquet")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--prompts", type=int, nargs="*", default=SIZES, help="sizes to measure")
    parser.add_argument("--compared", type=int, default=COMPARED, help="prompts for all methods")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="others are kept")
    parser.add_argument("--months", action="store_true", help="simulated months, instead")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS, help="of the months")
    ways = [way.name for way in WAYS]
    parser.add_argument("--ways", nargs="*", choices=ways, default=ways, help="of their prompts")
    parser.add_argument("--own", nargs="*", choices=list(SETS), default=list(SETS),
                        help="sets of own prompts")  # fmt: skip
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.months:
        _months(asked.out, asked.seeds, named(asked.ways), asked.own)
        return
    file = asked.out / "templates.json"
    found = json.loads(file.read_text("utf-8")) if file.exists() else {}
    found |= {"machine": machine(), "versions": versions(LIBRARIES)}
    with tempfile.TemporaryDirectory(prefix="linkage-templates-") as work:
        folder = Path(work)
        if "quality" in asked.parts:
            found["quality"] = [_quality(*each, folder) for each in _sets(asked.data)]
        if "compared" in asked.parts:
            found["compared"] = _compared(asked.data, asked.compared, folder)
        if "growing" in asked.parts:
            found["growing"] = [_grown(count, folder) for count in sorted(asked.prompts)]
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    file.write_text(text, "utf-8")
    (asked.out / "templates.md").write_text(markdown(found), "utf-8")


def _months(out: Path, seeds: Sequence[int], ways: Sequence[Way], sets: Sequence[str]) -> None:
    """Each row is written as soon as it is there: what is cut off can be gone on with."""
    file = out / "templates_months.json"
    found = json.loads(file.read_text("utf-8")) if file.exists() else {"runs": [], "own": []}
    today = datetime.now(UTC).date().isoformat()
    found |= {"date": today, "machine": machine(), "versions": versions(MONTHS)}

    def keep(rows: str, row: dict[str, Any], by: Callable[[Mapping[str, Any]], Any]) -> None:
        row["code"] = code()
        found[rows] = sorted([*(r for r in found[rows] if by(r) != by(row)), row], key=by)
        print(row, file=sys.stderr)
        _write_months(found, out)

    for way in ways:
        for seed in seeds:
            with tempfile.TemporaryDirectory(prefix="linkage-months-") as work:
                row = measured(way, seed, Path(work))
            keep("runs", row, lambda row: (row["seed"], ORDER.index(row["way"])))
    for name in sets:
        keep("own", asdict(SETS[name]()), lambda row: list(SETS).index(row["name"]))
    _write_months(found, out)


def _write_months(found: Mapping[str, Any], out: Path) -> None:
    text = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    (out / "templates_months.json").write_text(text, "utf-8")
    (out / "templates_months.md").write_text(months_page.markdown(found), "utf-8")
    (out / months_page.PLOT).write_text(months_page.plot(found["runs"]), "utf-8")


def _sets(data: Path | None) -> list[tuple[str, str, bool, pa.Table]]:
    """name, what it is, whether it was planted after the method was done, prompts and labels."""
    made = []
    if data is None:
        print("no --data: BBQ is left out", file=sys.stderr)
    else:
        table = pq.read_table(data / "bbq" / "prompts.parquet", columns=["prompt", "template"])
        made.append(("bbq", "questions from 600 templates, by people (nyu-mll/BBQ)", False, table))
    for each in PLANTED:
        texts, labels = each.labelled()
        made.append(
            (each.name, each.what, each.after, pa.table({"prompt": texts, "template": labels}))
        )
    return made


def _quality(name: str, what: str, after: bool, table: pa.Table, folder: Path) -> dict[str, Any]:
    file, out = folder / "set.parquet", folder / "groups.parquet"
    pq.write_table(table, file)
    rows: dict[str, Mapping[str, Any]] = {}
    for method in METHODS:
        words: Arguments = ["-m", METHOD, method.name, file, "--groups", out]
        told = json.loads(apart(words).output)
        groups = pq.read_table(out)["group"].to_pylist()
        rows[method.name] = {**asdict(judged(groups, table["template"].to_pylist())), **told}
        print(name, method.name, rows[method.name], file=sys.stderr)
    return {"name": name, "what": what, "after": after, "prompts": table.num_rows, "methods": rows}


def _compared(data: Path | None, count: int, folder: Path) -> list[dict[str, Any]]:
    """Seconds of each method on the same prompts: made, and of BBQ."""
    files = {"half own, half from 2,000 templates": write(folder / f"{count}.parquet", count)}
    if data is not None:
        files["BBQ, all from 600 templates"] = data / "bbq" / "prompts.parquet"
    made = []
    for what, file in files.items():
        rows = {}
        for method in METHODS:
            taken = apart(["-m", METHOD, method.name, file, "--warm"])
            rows[method.name] = {**json.loads(taken.output), "peak_mb": taken.peak_mb}
            print(what, method.name, rows[method.name], file=sys.stderr)
        texts = pq.read_table(file, columns=["prompt"])["prompt"]
        size = texts.nbytes / len(texts)
        made.append({"what": what, "prompts": len(texts), "bytes": size, "methods": rows})
    return made


def _grown(count: int, folder: Path) -> dict[str, Any]:
    file = write(folder / f"{count}.parquet", count)
    row: dict[str, Any] = json.loads(apart(["-m", "benchmarks.templates.growing", file]).output)
    file.unlink()
    print("growing", row, file=sys.stderr)
    return row


if __name__ == "__main__":
    main()
