"""The measurements as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD = """\
# Speed and memory

Written by `python -m benchmarks.speed` (`make bench`); the figures with all repeats are in
[speed.json](speed.json).

![seconds and memory over events](speed.svg)

*group-bys*: the bare DuckDB queries that make the evidence, one a column, and nothing else.
*detect*: `linkage detect`, from the file of events to `banlist.csv`. Each ran in a process of its
own, in turn, and is timed from its start to its end; memory is the largest that the process had
(resident). Seconds are medians, memory is the largest, of the repeats; CPU is that of all threads
together, which other work on the machine disturbs less. Small sizes show what it
costs to start: Python, libraries, compiled loops.
"""


def markdown(found: Mapping[str, Any]) -> str:
    """Two tables: the whole, and the stages."""
    lines = [HEAD, _machine(found), "", *_whole(found["sizes"])]
    lines += ["", "## Stages of a run, in seconds", "", *_stages(found["sizes"])]
    return "\n".join(lines) + "\n"


def _machine(found: Mapping[str, Any]) -> str:
    machine, last = found["machine"], found["sizes"][-1]
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items())
    return (
        f"On {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, "
        f"{machine['system']}; {last['threads']} threads; {last['date']}; seed {last['seed']}; "
        f"{versions}. Limits of the table engine: {last['group_bys']['memory_limit']} for the "
        f"group-bys, {last['detect']['memory_limit']} for detect."
    )


def _whole(sizes: list[dict[str, Any]]) -> list[str]:
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


def _stages(sizes: list[dict[str, Any]]) -> list[str]:
    names = [stage["stage"] for stage in sizes[-1]["detect"]["stages"]]
    lines = [f"| size | {' | '.join(names)} |", "|" + " ---: |" * (len(names) + 1)]
    for row in sizes:
        taken = {stage["stage"]: stage["seconds"] for stage in row["detect"]["stages"]}
        cells = " | ".join(f"{taken[name]:.2f}" if name in taken else "" for name in names)
        lines.append(f"| {row['events']:,} | {cells} |")
    return lines
