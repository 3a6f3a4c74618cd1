"""The measurements as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.machine import words

Row = Mapping[str, Any]

HEAD = """\
# Speed and memory

Written by `python -m benchmarks.speed` (`make bench`); the figures with all repeats are in
[speed.json](speed.json).

![seconds and memory over events](speed.svg)

"""
WHAT = """\
*group-bys*: the bare DuckDB queries that make the evidence, one a column, and nothing else.
*detect*: `linkage detect`, from the file of events to `banlist.csv`. *Louvain*: networkx and
python-louvain on the same evidence, from its arrays to groups, and no more; *whole*: with the
seconds of detect's own stages up to the evidence. It is not run where it would take many minutes.
Each ran in a process of its own, in turn, and is timed from its start to its end (Louvain's own
seconds without Python's start and reading the arrays); memory is the largest that the process had
(resident). Seconds are medians, memory is the largest, of the repeats; CPU is that of all threads
together, which other work on the machine disturbs less. Small sizes show what it costs to start:
Python, libraries, compiled loops.
"""
TABLES = {
    "seconds": ("Stages of a run, in seconds", "{:.2f}"),
    "peak_mb": ("Memory of the process by the end of each stage, MB", "{:,.0f}"),
    "written_mb": ("Written to disk in each stage, temporary files too, MB", "{:,.1f}"),
}


def markdown(found: Mapping[str, Any]) -> str:
    """A page of its own."""
    return HEAD + body(found, "##")


def body(found: Mapping[str, Any], level: str) -> str:
    """Tables: the whole, Louvain, and the stages; their headings begin with `level`."""
    sizes = found["sizes"]
    lines = [WHAT, _ran(found), "", *_whole(sizes), "", *_louvain(sizes)]
    for figure, (title, form) in TABLES.items():
        # A result of an earlier version has no such figure.
        if all(figure in stage for row in sizes for stage in row["detect"]["stages"]):
            lines += ["", f"{level} {title}", "", *_stages(sizes, figure, form)]
    return "\n".join(lines) + "\n"


def _ran(found: Mapping[str, Any]) -> str:
    last = found["sizes"][-1]
    dates = sorted({row["date"] for row in found["sizes"]})
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items())
    return (
        f"On {words(found['machine'])}; {last['threads']} threads; {' to '.join(dates)}; "
        f"seed {last['seed']}; {versions}. Limits of the table engine: "
        f"{last['group_bys']['memory_limit']} for the group-bys, "
        f"{last['detect']['memory_limit']} for detect."
    )


def _whole(sizes: Sequence[Row]) -> list[str]:
    lines = [
        "| events | accounts | links | repeats | group-bys, s | CPU, s | MB | detect, s | "
        "CPU, s | MB | ratio of seconds | result, MB | written to disk, MB |",
        "|" + " ---: |" * 13,
    ]
    for row in sizes:
        bare, whole = row["group_bys"], row["detect"]
        lines.append(
            f"| {row['events']:,} | {whole['counts']['accounts']:,} | "
            f"{whole['counts']['links']:,} | {row['repeats']} | {bare['seconds']} | "
            f"{bare['cpu_seconds']} | {bare['peak_mb']:,} | {whole['seconds']} | "
            f"{whole['cpu_seconds']} | {whole['peak_mb']:,} | {row['ratio']} | "
            f"{whole['result_mb']} | {whole['disk_mb']} |"
        )
    return lines


def _louvain(sizes: Sequence[Row]) -> list[str]:
    lines = [
        "| events | Louvain, s | MB | whole, s | detect, s | times as long as links, communities "
        "and attachment |",
        "|" + " ---: |" * 6,
    ]
    for row in sizes:
        usual, whole = row.get("louvain"), row["detect"]["seconds"]
        cells = (
            f"{usual['seconds']} | {usual['peak_mb']:,} | {usual['whole_seconds']} | {whole} | "
            f"{usual['times_as_long']}"
            if usual
            else f"not run | | | {whole} | "
        )
        lines.append(f"| {row['events']:,} | {cells} |")
    return lines


def _stages(sizes: Sequence[Row], figure: str, form: str) -> list[str]:
    names = [stage["stage"] for stage in sizes[-1]["detect"]["stages"]]
    lines = [f"| size | {' | '.join(names)} |", "|" + " ---: |" * (len(names) + 1)]
    for row in sizes:
        taken = {stage["stage"]: stage[figure] for stage in row["detect"]["stages"]}
        cells = " | ".join(form.format(taken[name]) if name in taken else "" for name in names)
        lines.append(f"| {row['events']:,} | {cells} |")
    return lines
