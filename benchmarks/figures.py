"""How all plots of the evaluation look: colours and markers that the colour-blind can tell apart,
and the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

# Okabe and Ito (2008); markers and dashes say the same without colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
INK, SOFT, GRID, PAPER = "#1b1f24", "#59636e", "#dcdfe4", "#fcfcfa"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "linkage",
    "svg.fonttype": "path",  # looks the same wherever it is read
    "font.size": 10,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.grid": True,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


@contextmanager
def panels(columns: int = 1, height: float = 3.6, width: float = 8.6) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes side by side (one axis alone for one column); sizes in inches."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, columns, figsize=(width, height))
        try:
            yield figure, axes
        finally:
            plt.close(figure)


def line(number: int) -> dict[str, Any]:
    """Colour, marker and dash of the so-many-th series."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": DASHES[number % len(DASHES)],
        "markersize": 4.5,
    }


def svg(figure: Any) -> str:
    """The figure as the text of an SVG file, without a date. To be called inside `panels`."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(text.rstrip() for text in stream.getvalue().splitlines()) + "\n"
