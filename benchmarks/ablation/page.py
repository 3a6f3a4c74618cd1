"""What `left_out` found, as Markdown and as a dot plot of the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.figures import COLOURS, MARKERS, SOFT, panels, svg
from linkage.signals import SIGNALS

Row = Mapping[str, Any]

NOTICED = 0.005  # share; smaller changes of recall are not named in the text
REVIEWED = 0.1  # of the innocents flagged with nothing left out, likewise
SORTS = {"signal": "Signals", "question": "Questions", "family": "Families"}
HEAD = """\
## What each part adds

{months} months with known truth were run again with one signal, all signals of a question, or all
artifacts of one family left out. A signal is left out of the score alone; a family is left out of
everything: of links and members, and of the signals that are measured by it. All months are taken
together. Networks of the careful kind, which share next to nothing, are counted by themselves.

A question without any signal counts as answered no (*operation*, *lives*), or as not answered
(*pretend*): that the list is then empty, or nearly so, is how E is made, and no finding. Months in
which too few groups or references are left have no list either (*no list*).

![changes of recall and precision](evaluation/ablation.svg)

| left out | precision | recall | recall, flagged | innocents listed | innocents flagged | \
networks found | B-cubed F1 | careful listed | careful flagged | no list |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
NOTE = """\
Shares in percent, with 95 % intervals (Wilson 1927) where accounts were drawn one by one. Networks
stand or fall whole, so the true uncertainty is larger. Precision is that of the list; listed and
flagged innocents are accounts. What is found and B-cubed judge the grouping alone, which no signal
changes."""


def page(found: Mapping[str, Any]) -> str:
    """The part of the page."""
    lines = [HEAD.format(months=found["months"]) + _line(_whole(found))]
    for sort, title in SORTS.items():
        lines.append(f"| **{title}** |" + " |" * 10)
        lines += [_line(row) for row in _rows(found, sort)]
    lines += ["", NOTE, ""]
    lines += [f"- {SORTS[sort]}: {_read(found, sort)}" for sort in ("signal", "family")]
    return "\n".join([*lines, f"- Review: {_review(found)}"]) + "\n"


def plots(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG: what is lost or won, in percentage points."""
    rows = [row for sort in SORTS for row in _rows(found, sort)]
    whole = _whole(found)
    shown = {"precision": "Precision of the list", "recall": "Recall of the list",
             "flagged_recall": "Recall, flagged"}  # fmt: skip
    with panels(len(shown), height=0.6 + 0.21 * len(rows)) as (figure, axes):
        for axis, (name, title) in zip(axes, shown.items(), strict=True):
            axis.axvline(0, color=SOFT, linewidth=1)
            for number, sort in enumerate(SORTS):
                points = [
                    (100 * change, place)
                    for place, row in enumerate(rows)
                    if row["sort"] == sort and (change := _change(row, whole, name)) is not None
                ]
                axis.plot(
                    [x for x, _ in points],
                    [y for _, y in points],
                    linestyle="none",
                    marker=MARKERS[number],
                    color=COLOURS[number],
                )
            low, high = axis.get_xlim()
            axis.set_xlim(min(low, -1.5), max(high, 1.5))
            axis.set_title(title, fontsize=10)
            axis.set_xlabel("change, points")
            axis.set_ylim(len(rows) - 0.5, -0.5)
            axis.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=8)
            if name != "precision":
                axis.tick_params(labelleft=False)
        return {"ablation": svg(figure)}


def _whole(found: Mapping[str, Any]) -> Row:
    """With nothing left out."""
    row: Row = found["rows"][0]
    return row


def _rows(found: Mapping[str, Any], sort: str) -> list[Row]:
    return [row for row in found["rows"] if row["sort"] == sort]


def _change(row: Row, whole: Row, name: str) -> float | None:
    """Of a share; None where there is none, as of precision where nobody is listed."""
    after, before = row[name]["share"], whole[name]["share"]
    return None if after is None or before is None else after - before


def _line(row: Row) -> str:
    """A row of the table."""
    shares = [_percent(row[name]) for name in ("precision", "recall", "flagged_recall")]
    numbers = [f"{row[name]['hits']:,}" for name in ("innocents_listed", "innocents_flagged")]
    of = row["networks_found"]
    f1 = "" if row["bcubed_f1"] is None else f"{row['bcubed_f1']:.3f}"
    careful = [
        f"{row[name]['hits']:,} of {row[name]['of']:,}"
        for name in ("careful_listed", "careful_flagged")
    ]
    name = f"`{row['name']}`" if row["sort"] == "signal" else row["name"]
    cells = [
        name,
        *shares,
        *numbers,
        f"{of['hits']} of {of['of']}",
        f1,
        *careful,
        str(row["too_few"]),
    ]
    return f"| {' | '.join(cells)} |"


def _percent(share: Mapping[str, Any]) -> str:
    if share["share"] is None:
        return "none"
    return f"{100 * share['share']:.1f} ({100 * share['low']:.1f} to {100 * share['high']:.1f})"


def _read(found: Mapping[str, Any], sort: str) -> str:
    """Which are needed, which make no difference, and which hurt."""
    whole = _whole(found)
    needed, hurts, neither = [], [], []
    for row in _rows(found, sort):
        recall = _change(row, whole, "recall") or 0.0
        listed = row["innocents_listed"]["hits"] - whole["innocents_listed"]["hits"]
        words = []
        if abs(recall) >= NOTICED:
            words.append(f"{100 * recall:+.1f} points of recall")
        if listed:
            words.append(f"{listed:+,} innocents listed")
        if row["too_few"] > whole["too_few"]:
            words.append(f"no list in {row['too_few'] - whole['too_few']} months more")
        if words and row["name"] in _alone():
            words.append("its question's only signal")
        text = f"{row['name']} ({', '.join(words)})"
        if not words:
            neither.append(row["name"])
        elif recall >= 0 and listed <= 0 and row["too_few"] <= whole["too_few"]:
            hurts.append(text)
        else:
            needed.append(text)
    parts = []
    if needed:
        parts.append(f"without them something is lost: {', '.join(needed)}")
    if hurts:
        parts.append(f"without them the list would be better: {', '.join(hurts)}")
    if neither:
        parts.append(f"the list hardly changes without {', '.join(neither)}")
    return "; ".join(parts) + "."


def _alone() -> set[str]:
    """Signals that are the only ones of their question."""
    questions = Counter(signal.question for signal in SIGNALS)
    return {signal.name for signal in SIGNALS if questions[signal.question] == 1}


def _review(found: Mapping[str, Any]) -> str:
    """What makes flagged innocents fewer or more, at what price."""
    whole = _whole(found)
    before = whole["innocents_flagged"]["hits"]
    parts = []
    for row in [*_rows(found, "signal"), *_rows(found, "family")]:
        change = row["innocents_flagged"]["hits"] - before
        recall = 100 * (_change(row, whole, "flagged_recall") or 0.0)
        if abs(change) > REVIEWED * before:
            parts.append((change, f"{row['name']} ({change:+,}, flagged recall {recall:+.1f})"))
    fewer = [text for change, text in sorted(parts) if change < 0]
    more = [text for change, text in sorted(parts, reverse=True) if change > 0]
    text = f"{before:,} innocents are flagged with nothing left out"
    text += f"; fewer without {', '.join(fewer)}" if fewer else ""
    text += f"; more without {', '.join(more)}" if more else ""
    return text + "."
