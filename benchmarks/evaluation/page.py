"""docs/evaluation.md and its figures, whole, from the records of the parts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.evaluation.goals import table
from benchmarks.evaluation.parts import PARTS, Part
from benchmarks.machine import words
from linkage.render import seconds

Records = Mapping[str, Mapping[str, Any]]

WIDTH = 100
BLOCK = "evaluation"  # its name, as `docs.generate` has it
HEAD = """\
# Evaluation

How well linkage finds, whom it wrongs, whether its figures mean what they say, how fast it is, and
how others do on the same evidence. `make evaluation` measures all of it but speed, which
`make bench` does, and prompts, which `python -m benchmarks.templates --months` does; and writes
this page from the figures in [benchmarks/results/evaluation](../benchmarks/results/evaluation).
With real data, or a part alone:

<!-- not run: takes half an hour -->
```sh
python -m benchmarks.evaluation --data real/ --months months/
python -m benchmarks.evaluation --only examples
```

"""
SMALL = (
    "**A dry run on small months: it shows that the page can be made, and says nothing of how well "
    "linkage does.**"
)
KEPT = re.compile(r"[|#!<>]|\s*$")  # tables, headings, images, code, comments: lines as they are


def whole(records: Records) -> str:
    """The page."""
    return f"{HEAD}<!-- begin {BLOCK} -->\n{generated(records)}<!-- end {BLOCK} -->\n"


def generated(records: Records) -> str:
    """All of it below the head."""
    lines = list(_summary(records))
    for part in PARTS:
        lines += ["", *_section(part, records.get(part.name))]
    return "\n".join(wrapped(lines)).strip("\n") + "\n"


def figures(records: Records) -> dict[str, str]:
    """Name -> SVG, of all parts."""
    drawn: dict[str, str] = {}
    for part in PARTS:
        if part.name in records:
            drawn |= part.figures(records[part.name]["found"])
    return drawn


def write(records: Records, page: Path) -> None:
    """The page, and its figures in the folder beside it; those of former pages go."""
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = figures(records)
    for old in folder.glob("*.svg"):
        if old.stem not in drawn:
            old.unlink()
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, "utf-8")
    page.write_text(whole(records), "utf-8")


def _summary(records: Records) -> Iterator[str]:
    if any(record["small"] for record in records.values()):
        yield from (SMALL, "")
    yield (
        "Most of this is **simulated**: months that the simulator of this repository makes, with "
        "networks and look-alikes of known kinds. It tells what linkage does with those. Real data "
        "with published truth is in the parts that say so."
    )
    yield from ("", "## Goals", "")
    yield (
        "Where months of one size were taken together, the interval minds that accounts stand or "
        "fall together ([below](#who-is-found)); a goal is reached or missed by the figure itself. "
        "Careful networks are not in precision and recall."
        if "detection" in records
        else "A goal is reached or missed by the figure itself, not by its interval."
    )
    yield from ("", *table(records), "", "## What was measured", "")
    yield "| part | data | rows | seeds | measured | took |"
    yield "| --- | --- | ---: | --- | --- | ---: |"
    for part in PARTS:
        yield _measured(part, records.get(part.name))


def _measured(part: Part, record: Mapping[str, Any] | None) -> str:
    data = "simulated" if part.simulated else f"real, `{part.folder}`"
    if record is None:
        return f"| {part.heading} | {data} | | | **left out** | |"
    took = seconds(record["seconds"]) if record["seconds"] is not None else ""
    return (
        f"| {part.heading} | {data} | {sum(record['rows'].values()):,} | {_seeds(record)} | "
        f"{record['date']} | {took} |"
    )


def _seeds(record: Mapping[str, Any]) -> str:
    return ", ".join(map(str, record["seeds"]))


def _section(part: Part, record: Mapping[str, Any] | None) -> Iterator[str]:
    """The part's own section, with its stamp below the heading; or why there is none."""
    if record is None:
        needs = f"It needs {part.needs}." if part.needs else f"`--only {part.name}` measures it."
        yield from (f"## {part.heading}", "", f"Left out: not measured. {needs}")
        return
    heading, _, text = part.section(record["found"]).partition("\n")
    yield from (heading, "", _stamp(part, record))
    yield from text.rstrip("\n").splitlines()


def _stamp(part: Part, record: Mapping[str, Any]) -> str:
    rows = [f"{name} ({number:,})" for name, number in record["rows"].items()]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    kind = "SIMULATED" if part.simulated else f"Real data (`{part.folder}`)"
    seeds = f" Seeds: {_seeds(record)}." if record["seeds"] else ""
    return (
        f"*{kind}. Rows: {', '.join(rows)}.{seeds} {record['date']}, {words(record['machine'])}; "
        f"{versions}.*"
    )


def wrapped(lines: Iterable[str]) -> Iterator[str]:
    """Long lines of prose and of lists broken; tables, headings, images and code as they are."""
    code = False
    for line in lines:
        code ^= line.startswith("```")
        if code or KEPT.match(line) or len(line) <= WIDTH:
            yield line
            continue
        indent = "  " if line.startswith("- ") else ""
        yield from textwrap.wrap(
            line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
