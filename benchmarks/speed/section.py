"""What `make bench` measured, as a part of the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.speed.page import body
from benchmarks.speed.plot import plot

Found = Mapping[str, Any]


def section(found: Found) -> str:
    """The part of the page, in Markdown."""
    head = "## Speed, memory and disk\n\n![seconds and memory over events](evaluation/speed.svg)\n"
    return f"{head}\n{body(found, '###')}"


def figures(found: Found) -> dict[str, str]:
    """Name -> SVG."""
    return {"speed": plot(found["sizes"])}


def stamped(found: Found) -> dict[str, Any]:
    """When and on what it was measured, which is not when it is read."""
    last = found["sizes"][-1]
    return {
        "date": max(row["date"] for row in found["sizes"]),
        "machine": found["machine"],
        "versions": last["versions"],
        "seeds": [last["seed"]],
        "rows": {f"{row['events']:,} events": row["events"] for row in found["sizes"]},
        "seconds": None,
    }
