"""The figures as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import words

HEAD = """\
# The service under load

Written by `python -m benchmarks.service`; the figures are in [service.json](service.json).

"""


def markdown(found: Mapping[str, Any]) -> str:
    """The page."""
    reads = found["reads"]
    empty = reads["empty route"]["per_second"]
    lines = [
        f"On {words(found['machine'])}, service and client together; {found['date']}; the "
        f"simulated month `{found['month']}`; {found['connections']} connections in a closed loop, "
        f"one process of the service; seed {found['seed']}; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        + ".",
        "",
        "## Single reads",
        "",
        "Asked for about clusters that are proposed for a ban, each account, link or artifact "
        "another one; *empty route*: a route of FastAPI that does nothing, served alike.",
        "",
        "| read | answered a second | of the empty route | p50, ms | p99, ms | longest, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in reads.items():
        lines.append(
            f"| {name} | {row['per_second']:,.0f} | {row['per_second'] / empty:.2f} | "
            f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['longest_ms']:.1f} |"
        )
    if "feeding" in found:
        row = found["feeding"]
        memory = ", ".join(f"{mb:,}" for mb in row["memory_mb_by_quarters"])
        lines += [
            "",
            "## Events coming in",
            "",
            f"In calls of 10,000 for {row['seconds']:,.0f} s, two at a time, while `linkage "
            f"detect` works beside: {row['events']:,} events, **{row['per_second']:,} a second**, "
            f"each on disk before it was acknowledged; a call took {row['call_p99_ms']:,.0f} ms at "
            f"the 99th of a hundred. Memory of the service by quarters of the time: {memory} MB.",
        ]
    return HEAD + "\n".join(lines) + "\n"
