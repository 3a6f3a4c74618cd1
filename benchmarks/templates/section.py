"""What `python -m benchmarks.templates --months` measured, as a part of the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.templates.months_page import body, plot

Found = Mapping[str, Any]


def section(found: Found) -> str:
    """The part of the page, in Markdown."""
    return "## Prompts\n\n" + "".join(body(found, "###", "evaluation/prompts.svg"))


def figures(found: Found) -> dict[str, str]:
    """Name -> SVG."""
    return {"prompts": plot(found["runs"])}


def stamped(found: Found) -> dict[str, Any]:
    """When and on what it was measured, which is not when it is read."""
    runs = [row for row in found["runs"] if row["way"] == "exact"]
    return {
        "date": found["date"],
        "machine": found["machine"],
        "versions": found["versions"],
        "seeds": sorted({row["seed"] for row in runs}),
        "rows": {f"month {row['seed']}": row["events"] for row in runs},
        "seconds": None,
    }
