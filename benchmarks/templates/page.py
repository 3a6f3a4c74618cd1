"""The measurements as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import words
from benchmarks.templates.methods import METHODS

HEAD = """\
# Prompt templates

Written by `python -m benchmarks.templates`; all figures are in [templates.json](templates.json).
How the mining works: [templates.md](../../docs/templates.md).

## How well prompts are grouped

GA: the share of prompts whose group is exactly that of their label (Zhu et al., 2019). FGA: the
F1 of groups, whatever their size (Jiang et al., 2024). A prompt without a template is a group of
its own, found or true. No method is given labels, and each has the same settings for all sets.

The method was worked out while looking at BBQ and at the sets in bold, so that it may fit these
better than others; what each gave when it was first looked at is in the page on templates. The set
in italics was planted when all was done, and nothing was changed after it.
"""
COMPARED = """
## How fast, on the same prompts

Seconds are of grouping alone, after a few prompts that are not counted; memory is that of the
whole process. How fast Drain3 is depends on how many groups it has: an own prompt is one more.
"""
GROWING = """
## As there are more

Texts are read from a Parquet file a piece at a time. *Sampled* is the share of the different
prompts that templates were mined from; all others are held against what these gave.
"""


def markdown(found: Mapping[str, Any]) -> str:
    """The page."""
    quality = ["| set | prompts | " + " | ".join(method.what for method in METHODS) + " |"]
    quality.append("| --- | --- |" + " --- |" * len(METHODS))
    for each in found["quality"]:
        cells = [_grouped(each["methods"][method.name]) for method in METHODS]
        mark = "*" if each["after"] else "**"
        what = f"{mark}{each['name']}{mark}: {each['what']}"
        quality.append(f"| {what} | {each['prompts']:,} | " + " | ".join(cells) + " |")
    return (
        HEAD
        + "\nGA / FGA:\n\n"
        + "\n".join(quality)
        + "\n"
        + _own(found)
        + COMPARED
        + "".join(map(_compared, found["compared"]))
        + GROWING
        + _growing(found)
        + f"\nMeasured on {words(found['machine'])}; "
        + ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        + ".\n"
    )


def _grouped(row: Mapping[str, Any]) -> str:
    return f"{row['ga']:.3f} / {row['fga']:.3f}"


def _own(found: Mapping[str, Any]) -> str:
    lines = [
        f"Of the own prompts in *{each['name']}*, linkage gives "
        f"{100 * each['methods']['linkage']['own']:.1f} % a template.\n"
        for each in found["quality"]
        if each["methods"]["linkage"]["own"] is not None
    ]
    return "\n" + "".join(lines)


def _compared(found: Mapping[str, Any]) -> str:
    base = found["methods"]["drain3"]["seconds"]
    lines = [
        f"\n{found['prompts']:,} prompts of {found['bytes']:.0f} bytes, {found['what']}:\n",
        "| method | seconds | prompts a second | times Drain3 | MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for method in METHODS:
        row = found["methods"][method.name]
        lines.append(
            f"| {method.what} | {row['seconds']:.2f} | {row['prompts'] / row['seconds']:,.0f} | "
            f"{base / row['seconds']:.1f} | {row['peak_mb']:,.0f} |"
        )
    return "\n".join(lines) + "\n"


def _growing(found: Mapping[str, Any]) -> str:
    lines = [
        "\n| prompts | seconds | prompts a second | MB | templates | own | sampled |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['prompts']:,} | {row['seconds']:.1f} | {row['prompts'] / row['seconds']:,.0f} "
        f"| {row['peak_mb']:,.0f} | {row['templates']:,} | {100 * row['own']:.1f} % "
        f"| {100 * row['sampled']:.1f} % |"
        for row in found["growing"]
    ]
    return "\n".join(lines) + "\n"
