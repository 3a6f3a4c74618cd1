"""Measure all that docs/evaluation.md says, and write it.

    python -m benchmarks.evaluation --data FOLDER --months FOLDER
    python -m benchmarks.evaluation --only examples page
    python -m benchmarks.evaluation --quick --out FOLDER

Parts run one after another. The figures of each go to a JSON file with the date, the machine,
versions, seeds and rows; the page and its plots are always made from these files, so that parts
that are not asked for are as they were measured last. Speed is read from what `make bench` wrote,
and prompts from what `python -m benchmarks.templates --months` did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.evaluation import page
from benchmarks.evaluation.parts import NAMES, PARTS, ROOT, Part, Places
from benchmarks.evaluation.store import RESULTS, load, record, save
from benchmarks.speed.__main__ import main as bench

PAGE = "page"  # to make the page alone
QUICK = 800_000  # events: a month of 20,000 accounts
BENCH = ("--events", "100000", "400000", "--repeats", "1")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends with 1 where a part failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of real data; else those are left out")
    parser.add_argument("--months", type=Path, help="where simulated months are kept")
    parser.add_argument("--only", nargs="+", choices=[*NAMES, PAGE], help="parts to measure")
    parser.add_argument("--bench", action="store_true", help="measure speed first, as make bench")
    parser.add_argument("--quick", action="store_true", help="months of 20,000 accounts alone")
    parser.add_argument("--out", type=Path, help="for figures and page, in place of docs/")
    asked = parser.parse_args(arguments)
    if asked.quick and asked.out is None:
        parser.error("--quick needs --out: its figures are not for docs/")
    months = asked.months or Path(tempfile.gettempdir()) / "linkage-benchmark"
    months.mkdir(parents=True, exist_ok=True)
    places = Places(months, asked.data)
    folder, written = RESULTS, ROOT / "docs" / "evaluation.md"
    if asked.out is not None:
        folder, written = asked.out, asked.out / "evaluation.md"
    if asked.quick:
        places = replace(places, speed=asked.out / "bench" / "speed.json",
                         prompts=asked.out / "templates_months.json", events=QUICK)  # fmt: skip
    if asked.bench:
        options = BENCH if asked.quick else ()
        bench([*options, "--out", str(places.speed.parent), "--data", str(months)])
    wanted = asked.only or NAMES
    failed = measure([part for part in PARTS if part.name in wanted], places, folder)
    page.write(load(folder), written)
    print(f"wrote {written}", file=sys.stderr)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def measure(parts: Sequence[Part], places: Places, folder: Path) -> list[str]:
    """Measure and save each; names of those that failed, which the others do not suffer from."""
    begun, failed = time.perf_counter(), []
    for number, part in enumerate(parts, 1):
        _say(begun, f"{part.name} ({number} of {len(parts)})")
        try:
            made = record(part, places)
        except Exception:
            traceback.print_exc()
            failed.append(part.name)
            continue
        if made is None:
            _say(begun, f"{part.name}: left out, it needs {part.needs}")
        else:
            save(made, folder)
    _say(begun, "measured")
    return failed


def _say(begun: float, text: str) -> None:
    minutes, seconds = divmod(round(time.perf_counter() - begun), 60)
    print(f"[{minutes:>3} min {seconds:02} s] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
