"""The plot of `wallets`: methods next to one another, and the reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.figures import COLOURS, GRID, INK, MARKERS, SOFT, panels, svg
from linkage.evaluation import FOUND

FIGURE = "real-wallets"
OWN = "linkage detect"
PUBLISHED = {"precision": 0.605, "recall": 0.495, "f1": 0.605}


def plots(found: Mapping[str, Any]) -> dict[str, str]:
    """Precision over recall with lines of equal F1, and every report's best Jaccard index."""
    own = found["linkage"]
    with panels(2, height=4.2, width=11.0) as (figure, (left, right)):
        for f1 in (0.2, 0.4, 0.5, 0.6, 0.8):
            recall = np.linspace(f1 / (2 - f1), 1, 100)
            left.plot(recall, f1 * recall / (2 * recall - f1), color=GRID, linewidth=0.9)
        points = [(OWN, own["recall"]["share"], own["precision"]["share"])]
        points += [
            (row["name"], row["recall"]["share"], row["precision"]["share"])
            for row in found["methods"]
        ]
        points.append(("published, tuned", PUBLISHED["recall"], PUBLISHED["precision"]))
        for number, (name, x, y) in enumerate(points):
            if y is not None:
                look = {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": ""}
                left.plot([x], [y], **look, label=name)
        left.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall (lines: equal F1)", ylabel="precision")
        left.legend(loc="lower right")
        values = sorted((report["jaccard"] for report in own["reports"]), reverse=True)
        right.bar(range(len(values)), values, width=0.8, color=COLOURS[0])
        right.axhline(FOUND, color=INK, linewidth=0.9)
        right.text(len(values) - 0.5, FOUND, "found", color=SOFT, ha="right", va="bottom")
        right.set(ylim=(0, 1), xlabel="reports, best first", ylabel="Jaccard index, best cluster")
        return {FIGURE: svg(figure)}
