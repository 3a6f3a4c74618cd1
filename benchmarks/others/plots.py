"""The plots of `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.figures import COLOURS, GRID, INK, MARKERS, SOFT, panels, svg
from benchmarks.others.baselines import COMMUNITIES, LINKAGE

Found = Mapping[str, Any]


def _look(row: Found) -> dict[str, Any]:
    """Blue circles: linkage's; orange squares: others on its links; green triangles: others."""
    number = 0 if row["name"] in (LINKAGE, COMMUNITIES) else 1 if row["graph"] == "links" else 2
    return {"color": COLOURS[number], "marker": MARKERS[number]}


def points(rows: Sequence[Found]) -> str:
    """Precision over recall; the names beside, as far apart as they must be to be read."""
    with panels(1, 4.6) as (figure, ax):
        for f1 in (0.2, 0.4, 0.6, 0.8, 0.9):
            recall = np.linspace(f1 / (2 - f1), 1, 100)
            ax.plot(recall, f1 * recall / (2 * recall - f1), color=GRID, linewidth=0.9)
        below = -1.0
        for row in sorted(rows, key=lambda row: row["bcubed"]["precision"]):
            x, y = row["bcubed"]["recall"], row["bcubed"]["precision"]
            ax.plot([x], [y], linestyle="", **_look(row))
            if x < 0.6:  # room beside it
                ax.text(x + 0.02, y, row["name"], va="center")
                continue
            below = max(y, below + 0.065)
            ax.annotate(
                row["name"], (x, y), (1.06, below), va="center", annotation_clip=False, color=INK,
                arrowprops={"arrowstyle": "-", "color": SOFT, "linewidth": 0.6},
            )  # fmt: skip
        ax.set(xlim=(0, 1.03), ylim=(0, 1.05), xlabel="B-cubed recall (lines: equal F1)",
               ylabel="B-cubed precision")  # fmt: skip
        return svg(figure)


def bars(rows: Sequence[Found]) -> str:
    """A bar for each, the slowest above."""
    ordered = sorted(rows, key=lambda row: row["seconds"])
    with panels(1, 0.9 + 0.32 * len(rows)) as (figure, ax):
        for place, row in enumerate(ordered):
            ax.barh([place], [row["seconds"]], height=0.62, color=_look(row)["color"])
            ax.text(row["seconds"] * 1.1, place, f"{row['seconds']:.3g} s", va="center")
        ax.set_xscale("log")
        ax.set_xlim(right=ordered[-1]["seconds"] * 4)
        names = [f"{row['name']}{' (links given)' * (row['graph'] == 'links')}" for row in ordered]
        ax.set_yticks(range(len(ordered)), names)
        ax.set_xlabel("seconds, the method alone")
        return svg(figure)
