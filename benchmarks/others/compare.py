"""The product next to what others do, on the very same evidence."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.intervals import percent
from benchmarks.others.baselines import (
    ALL,
    COMMUNITIES,
    LINKAGE,
    LOUVAIN,
    LOUVAIN_OF_LINKS,
    SEED,
    THREADS,
)
from benchmarks.others.judged import NETWORK
from benchmarks.others.plots import bars, points
from benchmarks.processes import apart, run

Found = Mapping[str, Any]

LIMIT = 900  # seconds
SHORT, REPEATS = 10.0, 3  # what takes fewer seconds runs so often; the median counts
POINTS, SECONDS = "compare-bcubed", "compare-seconds"


def measure(month: Path, limit: int = LIMIT) -> dict[str, Any]:
    """All methods on one folder (events.parquet, truth.parquet), each in its own process."""
    events, truth = month / "events.parquet", month / "truth.parquet"
    with tempfile.TemporaryDirectory(prefix="linkage-compare-") as work:
        file, folder = Path(work) / "given.npz", Path(work) / "labels"
        folder.mkdir()
        size = json.loads(run(["-m", "benchmarks.others.given", events, file]).output)
        rows = [{"name": m.name, "graph": m.graph, **_taken(m.name, file, folder, limit)}
                for m in ALL]  # fmt: skip
        judged = json.loads(run(["-m", "benchmarks.others.judged", events, truth, folder]).output)
    return {
        "month": month.name,
        **size,
        "limit": limit,
        "seed": SEED,
        "threads": THREADS,
        "methods": [{**row, **judged.get(row["name"], {})} for row in rows],
    }


def _taken(name: str, file: Path, folder: Path, limit: int) -> dict[str, Any]:
    """Seconds of the method alone, memory of its whole process; or why there are none."""
    out = folder / f"{name}.npy"
    command: list[str | Path] = ["-m", "benchmarks.others.baselines", name, file, out]
    command += ["--limit", str(limit)]
    runs: list[dict[str, Any]] = []
    peaks, labels = [], set()
    begun = time.perf_counter()
    try:
        while len(runs) < (REPEATS if not runs or runs[0]["seconds"] < SHORT else 1):
            taken = apart(command)
            runs.append(json.loads(taken.output))
            peaks.append(taken.peak_mb)
            labels.add(out.read_bytes())
    except RuntimeError as fault:
        out.unlink(missing_ok=True)
        spent = time.perf_counter() - begun
        print(f"{name}: failed after {spent:.1f} s", file=sys.stderr)
        if spent >= limit > 0:
            return {"stopped_after": limit}
        said = str(fault).strip().splitlines()[1:]  # the first line is the command
        return {"failed": said[-1] if said else "killed"}
    middle = sorted(runs, key=lambda each: each["seconds"])[len(runs) // 2]
    print(f"{name}: {middle['seconds']:.2f} s, {max(peaks):.0f} MB", file=sys.stderr)
    return {
        "seconds": round(middle["seconds"], 3),
        "parts": {part: round(value, 3) for part, value in middle["parts"].items()},
        "peak_mb": round(max(peaks)),
        "repeats": len(runs),
        "steady": len(labels) == 1,
    }


def section(found: Found) -> str:
    """The page's part about other methods."""
    methods = {row["name"]: row for row in found["methods"]}
    lines = [
        "## What others would find",
        "",
        f"One **simulated** month (`{found['month']}`: {found['accounts']:,} accounts, from a "
        f"fixed seed), turned into evidence once: {found['units']:,} units (a verified "
        f"organisation is one), {found['artifacts']:,} shared artifacts, "
        f"{found['edges']:,} pairs of the two. Every method gets these arrays and gives groups. "
        f"Each ran in a process of its own with {found['threads']} threads where it uses threads, "
        f"seed {found['seed']}, at most {found['limit']} s; what took less than {SHORT:.0f} s "
        f"ran {REPEATS} times, and the median counts. Seconds are the method's alone, memory is "
        "its whole process's with Python, libraries and evidence. Methods *on links* start from "
        "linkage's links, whose seconds come on top.",
        "",
        "| method | starts from | what it does | where it is common |",
        "| --- | --- | --- | --- |",
        *(f"| {m.name} | {m.graph} | {m.what} | {m.where} |" for m in ALL),
        "",
        "Splink takes one row a unit; each kind of artifact is two columns of arrays, what few "
        "have and what many have, because arrays have no adjustment by how common a value is. It "
        "weighs the pairs that share something few have. Its training takes no arrays to block "
        "on: there, the first entry stands for all. It is one plain model, and whoever knows "
        "Splink well may find a better one. linkage and the simulator come from the same hands, "
        "which no other method here has the good of.",
        "",
        *_headline(methods),
        "",
        "| method | B-cubed precision | recall | F1 | networks found | groups | seconds | MB |",
        "| --- |" + " ---: |" * 7,
        *(_grouped(row) for row in found["methods"]),
        "",
        f"![B-cubed precision over recall](evaluation/{POINTS}.svg)",
        "",
        f"![seconds of each method](evaluation/{SECONDS}.svg)",
        "",
        "Then the very same score and policy for all groups; the rules that hold single accounts "
        "back by their weight against their cluster can only hold for linkage itself."
        + _too_few(found["methods"]),
        "",
        "| method | listed, right of all | recall listed | innocents listed | networks' accounts "
        "flagged | innocents flagged |",
        "| --- |" + " ---: |" * 5,
        *(line for row in found["methods"] for line in _scored(row)),
        "",
        "And by no score at all: who is in the group that holds most of the largest network of "
        f"the kind `{NETWORK}`?",
        "",
        "| method | accounts in that group | of the network | innocent | share innocent |",
        "| --- |" + " ---: |" * 4,
        *(_raw(row) for row in found["methods"] if row.get("largest")),
    ]
    return "\n".join(lines) + "\n"


def _headline(methods: Found) -> Iterable[str]:
    """How many times as fast, and how much better or worse, from the figures."""
    own, usual = methods.get(LINKAGE, {}), methods.get(LOUVAIN, {})
    if "parts" in own and usual:
        grouping = own["parts"]["links"] + own["parts"]["communities"]
        begin = (
            f"linkage's links and communities take {grouping:.2f} s, with the weighing of each "
            f"account against its community {own['seconds']:.2f} s; "
        )
        if "seconds" in usual:
            yield (
                f"**{begin}networkx and python-louvain take {usual['seconds']:.1f} s on the same "
                f"evidence: {usual['seconds'] / grouping:.0f} and "
                f"{usual['seconds'] / own['seconds']:.0f} times as long.**"
            )
        else:
            yield f"**{begin}networkx and python-louvain: {_why(usual)}.**"
    ours, theirs = methods.get(COMMUNITIES, {}), methods.get(LOUVAIN_OF_LINKS, {})
    if "seconds" in ours and "seconds" in theirs:
        yield (
            "Over the same links, linkage's communities take "
            f"{ours['seconds']:.2f} s and python-louvain {theirs['seconds']:.2f} s, "
            f"{theirs['seconds'] / ours['seconds']:.0f} times as long; B-cubed F1 is "
            f"{ours['bcubed']['f1']:.3f} against {theirs['bcubed']['f1']:.3f}."
        )
    unsteady = [name for name, row in methods.items() if not row.get("steady", True)]
    if unsteady:
        yield f"Not the same groups each time, in spite of the seed: {', '.join(unsteady)}."


def _why(row: Found) -> str:
    if "stopped_after" in row:
        return f"stopped after {row['stopped_after']} s"
    return f"failed ({row['failed']})"


def _grouped(row: Found) -> str:
    if "seconds" not in row:
        return f"| {row['name']} | {_why(row)} | | | | | | |"
    bcubed, networks = row["bcubed"], row["networks_found"]
    plus = "links + " if row["graph"] == "links" else ""
    return (
        f"| {row['name']} | {bcubed['precision']:.3f} | {bcubed['recall']:.3f} | "
        f"{bcubed['f1']:.3f} | {networks['hits']} of {networks['of']} | {row['groups']:,} | "
        f"{plus}{row['seconds']:.3g} | {row['peak_mb']:,} |"
    )


def _scored(row: Found) -> Iterable[str]:
    """One line, and a second where there were too few groups."""
    kinds = (("scored", row["name"]), ("scored_all_the_same", f"{row['name']}, *all the same*"))
    for key, name in kinds:
        if not row.get(key):
            continue
        scored, recall = row[key], row[key]["recall"]
        right = scored["precision"]["listed"]
        listed = f"{right['hits']:,} of {right['of']:,}"
        if key == "scored" and row["too_few"]:
            listed = "too few groups"
        yield (
            f"| {name} | {listed} | {percent(recall['listed']['share'])} | "
            f"{scored['innocents_listed']:,} | {percent(recall['flagged']['share'])} | "
            f"{scored['innocents_flagged']:,} |"
        )


def _too_few(rows: Iterable[Found]) -> str:
    """A sentence about methods that the policy refuses to ban for, where there are any."""
    names = ", ".join(row["name"] for row in rows if row.get("too_few"))
    return names and (
        " The policy lists nobody where there are too few groups to compare with; those methods "
        f"({names}) are judged once more without that rule (*all the same*)."
    )


def _raw(row: Found) -> str:
    most = row["largest"]
    return (
        f"| {row['name']} | {most['accounts']:,} | {most['of_network']:,} of {most['network']:,} | "
        f"{most['innocents']:,} | {percent(most['innocents'] / most['accounts'])} |"
    )


def figures(found: Found) -> dict[str, str]:
    """Groups against networks, and seconds; of the methods that came to an end."""
    rows = [row for row in found["methods"] if "seconds" in row]
    return {POINTS: points(rows), SECONDS: bars(rows)}
