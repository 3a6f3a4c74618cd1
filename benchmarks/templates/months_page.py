"""Months and ordinary prompts as a page, and a plot of the months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.figures import SOFT, line, panels, svg
from benchmarks.machine import words
from benchmarks.templates.months import SHARES, WAYS, Way
from linkage.scenarios import Scenario

Row = Mapping[str, Any]
Found = Mapping[str, Any]
PLOT = "templates_months.svg"
CURVES = {
    "beside": "words put in beside, or synonyms",
    "replaced": "other words in their place, or synonyms",
}
MEASURED = (
    "listed",
    "innocents_listed",
    "flagged",
    "innocents_to_review",
    "holders",
    "made",
    "own",
)
PLAIN = {
    "ids": "template ids",
    "exact": "texts, exact",
    "unique": "an id for each prompt of a network's templates",
}
PANELS = {
    "listed": "accounts of networks listed",
    "holders": "holders",
    "innocents_to_review": "innocents to review",
}
HEAD = """\
# Prompts of simulated months

Written by `python -m benchmarks.templates --months`; all figures are in
[templates_months.json](templates_months.json). How templates are mined from the prompts of events:
[templates.md](../../docs/templates.md).

"""
MONTHS = f"""\
Texts beside template ids

Months of {Scenario().accounts:,} accounts with all usual evasions. Their rows are the same for all
ways, but for what stands for the prompt: the id of its template; its text; or its text reworded.
Then **every** prompt that a network makes from its own templates is, slots and all, so that no two
are alike; what some make from public templates is not. A reworded word gives way to its synonym if
the simulator has one (26 common words have). Else, in the one curve, another word is put in beside
it, so that the template's words stay; in the other, a word of some other prompt takes its place.
What is left if nothing is found stands beside them: each such prompt with an id of its own.

*Made* are the events of networks whose template another account of the same network has, and fewer
than 1 % of all accounts; *holders* are the accounts that have such a template. *Own* is the mean
share of own prompts over the innocents. Listed and flagged are of networks that are not careful.

"""
PICTURE = "![accounts listed, holders and innocents to review, over the share of words reworded]"
MEANS = (
    "Means over the months. *Of exact* is what is listed of what the same months give with exact\n"
    "texts:"
)
OWN = """\
People's own prompts

Accounts that wrote prompts themselves, and how many of them a run gives at least one rare template
for these: one that two accounts have, and fewer than 1 % of all. Nobody was given a template there,
so that each is wrong. Of the accounts, *same* are those whose wrong prompts all have a sentence
that somebody else with that template wrote word for word, numbers aside; *near*, those with at
least a sentence of which six tenths of the words are in the other's, in the same order; all
*others* have less in common. Networks were planted among them, to see that those are found.

"""


def markdown(found: Found) -> str:
    """The page."""
    made = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        HEAD
        + "".join(body(found, "##", PLOT))
        + "".join(_examples(found["own"]))
        + f"\nMeasured on {words(found['machine'])}; {made}.{_codes(found)}\n"
    )


def body(found: Found, level: str, picture: str) -> Iterator[str]:
    """Both measurements, below headings of that level; `picture` is where the plot is."""
    if found["runs"]:
        yield f"{level} {MONTHS}{PICTURE}({picture})\n\n{MEANS}\n\n"
        yield from _table(_means(found["runs"]))
        yield "\nEach month:\n\n"
        yield from _table(_each(found["runs"]))
    if found["own"]:
        yield f"\n{level} {OWN}"
        yield from _table(_own(found["own"]))


def _codes(found: Found) -> str:
    """Which code was measured, if rows that were kept are of another."""
    codes: dict[str, list[str]] = {}
    for row in (*found["runs"], *found["own"]):
        codes.setdefault(row["code"], []).append(row.get("name") or f"{row['seed']} {row['way']}")
    if len(codes) < 2:
        return ""
    lists = (f"\n- `{name}`: {', '.join(rows)}" for name, rows in codes.items())
    return "\n\nNot all of it with the same code:\n" + "".join(lists)


def mean(runs: Sequence[Row], way: str, value: str) -> float | None:
    """Over the months of a way; None where there is none."""
    values = [row[value] for row in runs if row["way"] == way]
    return float(np.mean(values)) if values else None


def of_others(runs: Sequence[Row], way: str, other: str, value: str = "listed") -> float | None:
    """What a way gives, of what another gives in the same months."""
    others = {row["seed"]: row[value] for row in runs if row["way"] == other}
    rows = [row for row in runs if row["way"] == way and row["seed"] in others]
    there = sum(others[row["seed"]] for row in rows)
    return sum(row[value] for row in rows) / there if there else None


def _words(way: Way) -> str:
    if way.name in PLAIN:
        return PLAIN[way.name]
    assert way.paraphrase is not None
    how = "replaced" if way.paraphrase.replaced else "beside"
    return f"texts, {100 * way.paraphrase.words:.0f} % of words reworded, {how}"


def _ways(runs: Sequence[Row]) -> list[Way]:
    there = {row["way"] for row in runs}
    return [way for way in WAYS if way.name in there]


def _means(runs: Sequence[Row]) -> Iterator[Sequence[str]]:
    yield ("prompts", "months", "listed", "of exact", "innocents listed", "flagged",
           "innocents to review", "holders", "made", "own")  # fmt: skip
    for way in _ways(runs):
        of = {name: mean(runs, way.name, name) or 0.0 for name in MEASURED}
        exact = 100 * (of_others(runs, way.name, "exact") or 0)
        yield (
            _words(way), str(sum(row["way"] == way.name for row in runs)), f"{of['listed']:.1f}",
            f"{exact:.1f} %", f"{of['innocents_listed']:.1f}",
            f"{of['flagged']:.1f}", f"{of['innocents_to_review']:,.0f}", f"{of['holders']:.1f}",
            f"{of['made']:,.0f}", f"{of['own']:.2f}",
        )  # fmt: skip


def _each(runs: Sequence[Row]) -> Iterator[Sequence[str]]:
    yield ("seed", "prompts", "listed, of them innocent", "flagged", "innocents to review",
           "holders", "made")  # fmt: skip
    rows = {(row["seed"], row["way"]): row for row in runs}
    for seed in sorted({row["seed"] for row in runs}):
        for way in WAYS:
            if (seed, way.name) in rows:
                row = rows[seed, way.name]
                yield (
                    str(seed), _words(way),
                    f"{row['listed'] + row['innocents_listed']} of {row['of']}, "
                    f"{row['innocents_listed']}",
                    f"{row['flagged']} of {row['of']}", f"{row['innocents_to_review']:,}",
                    f"{row['holders']}", f"{row['made']:,}",
                )  # fmt: skip


def _own(sets: Sequence[Row]) -> Iterator[Sequence[str]]:
    yield ("prompts", "accounts", "with a wrong template", "same", "near", "others",
           "own prompts with one", "planted accounts found")  # fmt: skip
    for row in sets:
        shares = (_share(row[name], row["accounts"]) for name in ("wronged", "same", "near"))
        yield (
            f"**{row['name']}**: {row['what']}", f"{row['accounts']:,}", *shares,
            _share(row["other"], row["accounts"]), f"{100 * row['own']:.2f} %",
            f"{row['found']} of {row['networks']}",
        )  # fmt: skip


def _share(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / max(1, of):.2f} %)"


def _examples(sets: Sequence[Row]) -> Iterator[str]:
    yield "\nOf each set, some prompts with a wrong template, beside what somebody else wrote:\n"
    for row in sets:
        for kind in dict.fromkeys(each["kind"] for each in row["examples"]):
            yield f"\n{row['name']}, {kind}:\n\n```text\n"
            pairs = [each for each in row["examples"] if each["kind"] == kind]
            yield "\n\n".join(f"{_line(each['prompt'])}\n{_line(each['other'])}" for each in pairs)
            yield "\n```\n"


def _line(text: str) -> str:
    """On one line, cut."""
    flat = " ".join(text.replace("`", "'").split())
    return flat if len(flat) <= 160 else flat[:159] + "…"


def _table(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield "| " + " | ".join(row) + " |\n"
        if number == 0:
            yield "|" + " --- |" * len(row) + "\n"


def plot(runs: Sequence[Row]) -> str:
    """Both curves from exact texts on, a point for each month, and the ids' mean as a level."""
    with panels(len(PANELS)) as (figure, axes):
        for axis, (value, title) in zip(axes, PANELS.items(), strict=True):
            level = mean(runs, "ids", value)
            if level is not None:
                axis.axhline(level, color=SOFT, linestyle=":", label="template ids given")
            for number, (curve, label) in enumerate(CURVES.items()):
                _curve(axis, runs, value, curve, line(number), label)
            axis.set(xlabel="% of words reworded", title=title, ylim=(0, None))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return svg(figure)


def _curve(
    axis: Any, runs: Sequence[Row], value: str, curve: str, style: Mapping[str, Any], label: str
) -> None:
    names = {0.0: "exact"} | {share: f"{curve}_{100 * share:.0f}" for share in SHARES}
    points = {100 * share: mean(runs, name, value) for share, name in names.items()}
    there = {share: level for share, level in points.items() if level is not None}
    axis.plot(list(there), list(there.values()), **style, label=label)
    for share, name in names.items():
        months = [row[value] for row in runs if row["way"] == name]
        axis.plot([100 * share] * len(months), months, linestyle="", marker=style["marker"],
                  color=style["color"], markersize=3, alpha=0.5)  # fmt: skip
