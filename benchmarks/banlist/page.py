"""The figures as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import words

HEAD = """\
# The ban list as enforcement uses it

Written by `python -m benchmarks.banlist`; the figures are in [banlist.json](banlist.json).

"""
# What was aimed at.
FORM_SECONDS, LOOK_UPS, P99_MS = 1.0, 4_000, 50.0


def markdown(found: Mapping[str, Any]) -> str:
    """The page."""
    lines = [
        f"{found['date']}, on {words(found['machine'])}, service and client together; a list of "
        f"{found['accounts']:,} accounts; seed {found['seed']}; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        + ".",
        "",
        *_forms(found),
        "",
        *_look_ups(found),
    ]
    return HEAD + "\n".join(lines) + "\n"


def _forms(found: Mapping[str, Any]) -> list[str]:
    forms, lists = found["forms"], found["lists"]
    lines = [
        "## Whole lists",
        "",
        "*Written*: the bytes made of a list that is in memory, without HTTP. *First*: asked over "
        "HTTP right after the service began, which for the first of them includes reading the list "
        "from its folder and for each writing its form. *Again*: asked once more.",
        "",
        "| asked for | written, s | MB | first, s | again, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, (first, again) in lists.items():
        row = forms.get(name, {})
        written = f"{row['seconds']:.2f} | {row['mb']:.1f}" if row else " | "
        lines.append(f"| {name} | {written} | {first:.2f} | {again:.2f} |")
    slow = [
        f"{name} takes {max(forms[name]['seconds'], lists[name][0]):.2f} s"
        for name in forms
        if name in lists and max(forms[name]["seconds"], lists[name][0]) > FORM_SECONDS
    ]
    return [
        *lines,
        "",
        f"Reading the list from its folder takes {forms['read']['seconds']:.2f} s. The goal was "
        f"{FORM_SECONDS:g} s for each form at most, written or the first time over HTTP. "
        f"{_reached(slow)}",
    ]


def _look_ups(found: Mapping[str, Any]) -> list[str]:
    rows, memory = found["look_ups"], found["memory_mb"]
    lines = [
        "## Look-ups",
        "",
        f"{found['connections']} connections in a closed loop, one process of the service; half of "
        "the accounts are on the list. *Processor*: time of the server for one account.",
        "",
        "| accounts of a request | requests a second | look-ups a second | processor, ms | "
        "p50, ms | p99, ms | longest, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['per_second']:,.0f} | {row['look_ups']:,} | "
            f"{row['processor_us'] / 1e3:.4f} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | "
            f"{row['longest_ms']:.1f} |"
        )
    reached = [
        name for name, row in rows.items()
        if name != "one" and row["look_ups"] >= LOOK_UPS and row["p99_ms"] <= P99_MS
    ]  # fmt: skip
    missed = [] if reached else ["no size of a request reaches both"]
    return [
        *lines,
        "",
        f"The goal was {LOOK_UPS:,} look-ups a second by requests of several accounts, with "
        f"{P99_MS:g} ms at p99. {_reached(missed, reached)}",
        "",
        f"Memory of the service after that: {memory['own']:,} MB of its own, the list in every "
        f"form included, and {memory['mapped']:,} MB of libraries mapped into it.",
    ]


def _reached(missed: list[str], reached: list[str] | None = None) -> str:
    if missed:
        return f"Missed: {'; '.join(missed)}."
    return "It is reached" + (f" with {', '.join(reached)}." if reached else ".")
