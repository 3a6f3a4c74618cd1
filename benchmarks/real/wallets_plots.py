"""The plot of `wallets`: methods next to one another, and the reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.figures import COLOURS, INK, SOFT, line, panels, svg
from linkage.evaluation import FOUND

FIGURE = "real-wallets"
OWN = "linkage detect"
PUBLISHED = {"precision": 0.605, "recall": 0.495, "f1": 0.605}
MEASURES = {"precision": "precision", "recall": "recall", "f1": "B-cubed F1"}


def plots(found: Mapping[str, Any]) -> dict[str, str]:
    """Precision, recall and B-cubed F1 by method, and every report's best Jaccard index."""
    own = found["linkage"]
    with panels(2, height=4.2, width=11.0) as (figure, (left, right)):
        rows: list[tuple[str, Mapping[str, float | None]]]
        rows = [(OWN, _measures(own)), ("published, tuned", PUBLISHED)]
        rows += [(row["name"], _measures(row)) for row in found["methods"]]
        for number, (measure, name) in enumerate(MEASURES.items()):
            places = [place for place, (_, row) in enumerate(rows) if row[measure] is not None]
            shares = [rows[place][1][measure] for place in places]
            # Side by side, so that equal shares do not hide one another.
            at = [place + 0.18 * (number - 1) for place in places]
            left.plot(shares, at, **{**line(number), "linestyle": ""}, label=name)
        left.set_yticks(range(len(rows)), [name for name, _ in rows])
        left.invert_yaxis()
        left.set(xlim=(0, 1), xlabel="share")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=3)
        values = sorted((report["jaccard"] for report in own["reports"]), reverse=True)
        right.bar(range(len(values)), values, width=0.8, color=COLOURS[0])
        right.axhline(FOUND, color=INK, linewidth=0.9)
        right.text(len(values) - 0.5, FOUND, "found", color=SOFT, ha="right", va="bottom")
        right.set(ylim=(0, 1), xlabel="reports, best first", ylabel="Jaccard index, best cluster")
        return {FIGURE: svg(figure)}


def _measures(row: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        "precision": row["precision"]["share"],
        "recall": row["recall"]["share"],
        "f1": row["bcubed"]["reported"]["f1"],
    }
