"""The figures as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import words

HEAD = """\
# The service under load

Written by `python -m benchmarks.service`; the figures are in [service.json](service.json).

"""
# What was aimed at for single reads of a million accounts.
OF_EMPTY, P99_MS = 0.5, 25.0
SINGLE = ("account", "statement", "cluster", "link", "artifact")


def markdown(found: Mapping[str, Any]) -> str:
    """The page: of each part that has been measured."""
    lines = [
        f"On {words(found['machine'])}, service and client together; the simulated month "
        f"`{found['month']}`; seed {found['seed']}; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        + ".",
    ]
    for part, written in (("index", _index), ("reads", _reads), ("events", _events)):
        if part in found:
            lines += ["", *written(found[part], found["connections"])]
    return HEAD + "\n".join(lines) + "\n"


def _index(row: Mapping[str, Any], _: int) -> list[str]:
    return [
        "## The index",
        "",
        f"{row['date']}: made of the result ({row['result_mb']:,} MB) in {row['make_seconds']:,} "
        f"s, with {row['peak_mb']:,} MB at the peak, Python and libraries included; "
        f"{row['mb']:,} MB on disk; opened, which compares all checksums, in "
        f"{row['open_seconds']:,} s.",
    ]


def _reads(found: Mapping[str, Any], connections: int) -> list[str]:
    rows, memory = found["rows"], found["memory_mb"]
    empty, asynchronous = (rows[f"empty {word}"]["per_second"] for word in ("route", "async route"))
    lines = [
        "## Single reads",
        "",
        f"{found['date']}: {connections} connections in a closed loop, one process of the service. "
        "Asked for about members of clusters that are proposed for a ban, each account, link or "
        "artifact another one. *Empty route*: one of FastAPI that does nothing, served alike and "
        "in turn with the others, as a plain function (which FastAPI runs in a thread) and as an "
        "asynchronous one. *Processor*: time of the server for one answer.",
        "",
        "| read | answered a second | of the empty route | of the async one | processor, ms | "
        "p50, ms | p99, ms | longest, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['per_second']:,.0f} | {row['per_second'] / empty:.2f} | "
            f"{row['per_second'] / asynchronous:.2f} | {row['processor_us'] / 1e3:.2f} | "
            f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['longest_ms']:.1f} |"
        )
    return [
        *lines,
        "",
        f"The goal for single reads ({', '.join(SINGLE)}) was {P99_MS:.0f} ms at p99 and half of "
        f"what an empty route answers. {_reached(rows, empty)}",
        "",
        f"Memory of the service after that: {memory['own']:,} MB of its own, and "
        f"{memory['mapped']:,} MB of the index and of libraries mapped into it, which the system "
        "takes back where it needs room.",
    ]


def _reached(rows: Mapping[str, Any], empty: float) -> str:
    """Which reads reach the goal, and what the others miss."""
    missed = []
    for name in SINGLE:
        share, p99 = rows[name]["per_second"] / empty, rows[name]["p99_ms"]
        if share < OF_EMPTY:
            missed.append(f"{name} answers {share:.2f} of it")
        if p99 > P99_MS:
            missed.append(f"{name} takes {p99:.1f} ms at p99")
    return f"Missed: {'; '.join(missed)}." if missed else "All of them reach both."


def _events(row: Mapping[str, Any], _: int) -> list[str]:
    memory = ", ".join(f"{mb:,}" for mb in row["memory_mb_by_quarters"])
    return [
        "## Events coming in",
        "",
        f"{row['date']}: in calls of 10,000 for {row['seconds']:,.0f} s, two at a time, while "
        f"`linkage detect` works beside: {row['events']:,} events, **{row['per_second']:,} a "
        f"second**, each on disk before it was acknowledged; a call took {row['call_p99_ms']:,.0f} "
        f"ms at the 99th of a hundred. Memory of the service by quarters of the time: {memory} MB, "
        "of which 8 bytes are for each id that is remembered, 20 million at most (160 MB).",
    ]
