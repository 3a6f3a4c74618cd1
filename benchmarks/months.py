"""Simulated months to measure with, made once and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from benchmarks.processes import run

COMMAND = ("-c", "from linkage.cli import main; main()")
EVENTS_PER_ACCOUNT = 40
FAKES = 0.024
LEAST_FAKES = 80  # of the simulator
ROOT = Path(__file__).resolve().parent.parent


def month(data: Path, events: int, seed: int) -> Path:
    """The folder of a month (events.parquet, truth.parquet); made once for a simulator, a size
    and a seed. One account for 40 events, 2.4 % of the accounts in networks."""
    accounts = max(400, events // EVENTS_PER_ACCOUNT)
    fakes = max(LEAST_FAKES, round(FAKES * accounts))
    folder = data / f"month-{events}-{seed}-{code(ROOT / 'linkage' / 'scenarios')}"
    if not (folder / "truth.parquet").exists() or not (folder / "whole").exists():
        run([*COMMAND, "simulate", folder, "--accounts", str(accounts), "--fakes", str(fakes),
             "--events", str(events), "--seed", str(seed), "--quiet"])  # fmt: skip
        (folder / "whole").touch()
    return folder


def code(folder: Path = ROOT / "linkage") -> str:
    """A name for the code in a folder: where it is another one, so may the figures be."""
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:8]
