"""Seconds and memory over events, log-log, as an SVG drawn without a plotting library.

The two programs differ in colour, marker and dash, so that it also reads without colours; it
has a background of its own, for pages light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 860, 400
INK, SOFT, GRID, PAPER = "#1b1f24", "#59636e", "#dcdfe4", "#fcfcfa"
SERIES = (
    ("detect", "linkage detect", "#0072b2", ""),
    ("group_bys", "bare group-bys", "#d55e00", "5 4"),
)


@dataclass(frozen=True)
class Axis:
    """A logarithmic scale from `low` to `high`, drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Powers of ten; with 2 and 5 between where there would be few."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        tens = [10.0**power for power in powers]
        inside = [value for value in tens if self.low <= value <= self.high]
        if len(inside) < 3:
            fine = sorted(step * ten for ten in tens for step in (1, 2, 5))
            inside = [value for value in fine if self.low <= value <= self.high]
        return inside


def plot(sizes: Sequence[dict[str, Any]]) -> str:
    """Two panels: seconds; MB at the peak."""
    events = [float(row["events"]) for row in sizes]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif" '
        'font-size="13" role="img" aria-label="Seconds and memory over events">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{PAPER}"/>',
        *_panel(sizes, events, "seconds", "seconds", 70),
        *_panel(sizes, events, "peak_mb", "memory at the peak, MB", 500),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(
    sizes: Sequence[dict[str, Any]], events: Sequence[float], figure: str, title: str, left: float
) -> Iterable[str]:
    values = [float(row[name][figure]) for row in sizes for name, *_ in SERIES]
    x = Axis(min(events) / 1.5, max(events) * 1.5, left, left + 320)
    y = Axis(min(values) / 1.6, max(values) * 1.6, 330, 60)
    yield f'<text x="{left}" y="40" font-weight="600" fill="{INK}">{title}</text>'
    for tick in x.ticks():
        yield _line(x.at(tick), y.start, x.at(tick), y.end, GRID)
        yield _text(x.at(tick), y.start + 18, _short(tick), "middle")
    for tick in y.ticks():
        yield _line(x.start, y.at(tick), x.end, y.at(tick), GRID)
        yield _text(x.start - 8, y.at(tick) + 4, _short(tick), "end")
    yield _text((x.start + x.end) / 2, y.start + 38, "events", "middle")
    yield from _guide(x, y, events[-1], float(sizes[-1]["detect"][figure]))
    for name, _, colour, dash in SERIES:
        points = [(x.at(e), y.at(float(row[name][figure]))) for e, row in
                  zip(events, sizes, strict=True)]  # fmt: skip
        joined = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        yield (
            f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
        )
        yield from (_marker(name, px, py, colour) for px, py in points)


def _guide(x: Axis, y: Axis, events: float, value: float) -> Iterable[str]:
    """What is proportional to the events, through the largest run."""
    least = max(x.low, events * y.low / value)
    yield (
        f'<line x1="{x.at(least):.1f}" y1="{y.at(value * least / events):.1f}" '
        f'x2="{x.at(events):.1f}" y2="{y.at(value):.1f}" stroke="{SOFT}" '
        'stroke-dasharray="1 4" stroke-linecap="round" stroke-width="1.6"/>'
    )


def _legend() -> Iterable[str]:
    at = 70.0
    for name, words, colour, dash in SERIES:
        yield (
            f'<line x1="{at}" y1="385" x2="{at + 34}" y2="385" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        yield _marker(name, at + 17, 385, colour)
        yield _text(at + 42, 389, words, "start")
        at += 190
    yield (
        f'<line x1="{at}" y1="385" x2="{at + 34}" y2="385" stroke="{SOFT}" '
        'stroke-dasharray="1 4" stroke-linecap="round" stroke-width="1.6"/>'
    )
    yield _text(at + 42, 389, "in proportion to the events", "start")


def _marker(name: str, x: float, y: float, colour: str) -> str:
    if name == "detect":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    return (
        f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{PAPER}" '
        f'stroke="{colour}" stroke-width="2"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def _short(value: float) -> str:
    """10 000 000 as `10 M`."""
    scales: tuple[tuple[float, Callable[[float], str]], ...] = (
        (1e6, lambda v: f"{v / 1e6:g} M"),
        (1e4, lambda v: f"{v / 1e3:g} k"),
    )
    for least, words in scales:
        if value >= least:
            return words(value)
    return f"{value:g}"
