"""Figures of each part as a JSON file, with when, on what and from what they were measured."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.evaluation.parts import PARTS, ROOT, Part, Places
from benchmarks.machine import LIBRARIES, OTHERS, machine, versions

Record = Mapping[str, Any]

RESULTS = ROOT / "benchmarks" / "results" / "evaluation"


def record(part: Part, places: Places) -> dict[str, Any] | None:
    """Measure a part; None where what it needs is not there."""
    begun = time.perf_counter()
    sources = part.sources(places)
    if not sources:
        return None
    found = part.measure(sources)
    return {
        "part": part.name,
        "small": places.events is not None,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.perf_counter() - begun),
        "machine": machine(),
        "versions": versions(LIBRARIES + OTHERS),
        "seeds": part.seeds,
        "rows": part.rows(sources),
        **part.stamped(found),
        "found": found,
    }


def save(made: Record, folder: Path) -> None:
    """Write it as PART.json."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, indent=1, ensure_ascii=False)
    (folder / f"{made['part']}.json").write_text(text + "\n", "utf-8")


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """What there is of each part."""
    files = {part.name: folder / f"{part.name}.json" for part in PARTS}
    return {n: json.loads(file.read_text("utf-8")) for n, file in files.items() if file.exists()}
