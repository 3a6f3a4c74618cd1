"""Seconds and memory over events, log-log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import SOFT, line, panels, svg
from benchmarks.speed.louvain import MOST

Row = Mapping[str, Any]

PANELS = {"seconds": "seconds", "peak_mb": "memory at the peak, MB"}
SERIES = {
    "detect": "linkage detect",
    "group_bys": "bare group-bys",
    "louvain": f"networkx + python-louvain, groups alone (not run above {MOST / 1e6:g} M)",
}


def plot(sizes: Sequence[Row]) -> str:
    """Two panels; what was not run at a size has no point there."""
    with panels(len(PANELS), 4.2) as (figure, axes):
        for axis, (value, title) in zip(axes, PANELS.items(), strict=True):
            _proportional(axis, sizes, value)
            for number, (name, words) in enumerate(SERIES.items()):
                rows = [row for row in sizes if row.get(name)]
                points = [row["events"] for row in rows], [row[name][value] for row in rows]
                axis.plot(*points, **line(number), label=words)
            axis.set(xscale="log", yscale="log", xlabel="events", title=title)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)


def _proportional(axis: Any, sizes: Sequence[Row], value: str) -> None:
    """What is proportional to the events, through the largest run, down to the least shown."""
    largest = sizes[-1]
    most, end = largest["detect"][value], largest["events"]
    least = min(row[name][value] for row in sizes for name in SERIES if row.get(name))
    start = max(sizes[0]["events"], end * least / most)
    axis.plot([start, end], [most * start / end, most], color=SOFT, linestyle=":", linewidth=1.2,
              label="in proportion")  # fmt: skip
