"""Who is listed and flagged in simulated months whose truth is known.

    found = measure([month(data, 4_000_000, seed) for seed in (1, 2, 3)])

Each month goes through the public command in a process of its own, and so does its comparison
with the truth.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection.counted import JUDGEMENTS
from benchmarks.figures import SOFT, line, panels, svg
from benchmarks.intervals import DRAWS, SEED, between, percent, pooled
from benchmarks.months import COMMAND
from benchmarks.processes import apart, run

Found = Mapping[str, Any]

GROUPS = {"networks": "network", "innocents": "look-alike"}  # tables by kind, and what they hold
FIGURES = {"networks": "detection-networks", "innocents": "detection-lookalikes"}


def measure(months: Sequence[Path]) -> dict[str, Any]:
    """Each folder (events.parquet, truth.parquet) by itself, and months of a size together."""
    rows = [_month(folder) for folder in months]
    sizes = sorted({row["size"] for row in rows})
    return {
        "months": [{k: v for k, v in row.items() if k != "blocks"} for row in rows],
        "sizes": [_of_size(size, [row for row in rows if row["size"] == size]) for size in sizes],
        "draws": DRAWS,
        "seed": SEED,
    }


def _month(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="linkage-detection-") as work:
        result = Path(work) / "result"
        events, truth = folder / "events.parquet", folder / "truth.parquet"
        taken = apart([*COMMAND, "detect", events, "--out", result, "--quiet"])
        info = json.loads((result / "run.json").read_text("utf-8"))
        row = json.loads(run(["-m", "benchmarks.detection.counted", result, truth]).output)
    recall = row["evaluation"]["recall"]["listed"]["share"]
    print(f"{folder.name}: {taken.seconds:.1f} s, recall listed {recall}", file=sys.stderr)
    return {
        "month": folder.name,
        "size": int(float(f"{row['evaluation']['accounts']:.1g}")),
        "events": info["counts"]["events"],
        "seconds": round(taken.seconds, 1),
        "peak_mb": round(taken.peak_mb),
        **row,
    }


def _of_size(size: int, rows: Sequence[Found]) -> dict[str, Any]:
    blocks = [row["blocks"] for row in rows]
    found: dict[str, Any] = {"accounts": size, "months": len(rows)}
    for name in ("precision", "recall"):
        found[name] = _pooled([block[name] for block in blocks])
    for name in GROUPS:
        kinds = sorted({kind for block in blocks for kind in block[name]})
        found[name] = {
            kind: _pooled([block[name][kind] for block in blocks if kind in block[name]])
            for kind in kinds
        }
    judged = [row["evaluation"] for row in rows]
    for name in ("organisations_listed_whole", "networks_found"):
        # Each is one thing to begin with: a block is a row.
        shares = [each[name] for each in judged]
        found[name] = pooled([[[1, 1, s["hits"]], [0, 1, s["of"] - s["hits"]]] for s in shares])
    both = [each["bcubed"] for each in judged if each["bcubed"]]
    found["bcubed"] = {
        name: {"mean": sum(values) / len(values), "low": min(values), "high": max(values)}
        for name in ("precision", "recall", "f1")
        if (values := [each[name] for each in both])
    }
    return found


def _pooled(months: Sequence[Found]) -> dict[str, Any]:
    return {name: pooled([month[name] for month in months]) for name in JUDGEMENTS}


def section(found: Found) -> str:
    """The page's part about detection."""
    lines = [
        "## Who is found",
        "",
        f"{len(found['months'])} simulated months (their names: events asked for, seed, simulator) "
        "went through `linkage detect` with default settings, each in a process of its own, and "
        "the result was compared with what the simulator knows. **All of this is simulated**: it "
        "says what the product does with networks and look-alikes as the simulator makes them, "
        "not what it does with yours. "
        "*Listed* is on the ban list, *flagged* proposed for a ban or a review. Networks of the "
        "kind `careful` are not in precision, recall and B-cubed.",
        "",
        "The first interval (95 %, Wilson) is as if accounts had been drawn one by one. The second "
        "minds that accounts stand or fall together: months are drawn again with replacement, "
        "and in each its networks, verified organisations and clusters "
        f"({found['draws']:,} times, seed {found['seed']}); where all or none were hit, it is "
        "Wilson's with a network or group for an account, large or small; with fewer than two "
        "of them there is none. Drawn again from a handful, it is narrower than it should be.",
        "",
        *_months(found["months"]),
    ]
    for size in found["sizes"]:
        lines += ["", *_size(size)]
    for name, thing in GROUPS.items():
        lines += ["", f"![{thing} by kind, listed and flagged](evaluation/{FIGURES[name]}.svg)"]
    return "\n".join(lines) + "\n"


def _months(months: Sequence[Found]) -> Iterable[str]:
    yield "| month | accounts | events | s | MB | precision listed | recall listed | flagged |"
    yield "| --- |" + " ---: |" * 7
    for row in months:
        judged = row["evaluation"]
        shares = (judged["precision"]["listed"], judged["recall"]["listed"],
                  judged["recall"]["flagged"])  # fmt: skip
        yield (
            f"| `{row['month']}` | {judged['accounts']:,} | {row['events']:,} | {row['seconds']} | "
            f"{row['peak_mb']:,} | {' | '.join(percent(share['share']) for share in shares)} |"
        )


def _size(size: Found) -> Iterable[str]:
    months = "one month" if size["months"] == 1 else f"{size['months']} months"
    yield f"### {size['accounts']:,} accounts, {months}"
    yield ""
    yield _reading(size)
    yield ""
    yield "| | hits | share | one by one | as they hang together |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name in ("precision", "recall"):
        for judgement in JUDGEMENTS:
            yield _row(f"{name} {judgement}", size[name][judgement])
    yield _row("networks found (Jaccard index .5)", size["networks_found"])
    yield _row("verified organisations listed whole", size["organisations_listed_whole"])
    for name, each in size["bcubed"].items():
        spread = f"{each['low']:.3f} to {each['high']:.3f} by month" if size["months"] > 1 else ""
        yield f"| B-cubed {name} | | {each['mean']:.3f} | {spread} | |"
    for group, thing in GROUPS.items():
        yield ""
        yield f"| {thing} | judged | hits | share | one by one | as they hang together |"
        yield "| --- | --- | ---: | ---: | ---: | ---: |"
        for kind, judged in size[group].items():
            for judgement in JUDGEMENTS:
                yield _row(f"`{kind}` | {judgement}", judged[judgement])


def _row(name: str, share: Found) -> str:
    return (
        f"| {name} | {share['hits']:,} of {share['of']:,} | {percent(share['share'])} | "
        f"{between(share['low'], share['high'])} | "
        f"{between(share['block_low'], share['block_high'])} |"
    )


def _reading(size: Found) -> str:
    """What the tables say, in words."""
    listed, recall = size["precision"]["listed"], size["recall"]
    innocents = size["innocents"].values()
    wrong = sum(kind["listed"]["hits"] for kind in innocents)
    looked_at = sum(kind["flagged"]["hits"] for kind in innocents)
    all_innocents = sum(kind["listed"]["of"] for kind in innocents)
    missed = [kind for kind, judged in size["networks"].items() if not judged["flagged"]["hits"]]
    unseen = ", ".join(f"`{kind}`" for kind in missed)
    return (
        f"Of {listed['of']:,} listed accounts, {listed['of'] - listed['hits']:,} are not of a "
        f"network; of {all_innocents:,} innocent accounts, {wrong:,} are listed and "
        f"{looked_at:,} flagged. Of the networks' accounts, {percent(recall['listed']['share'])} "
        f"are listed and {percent(recall['flagged']['share'])} flagged. "
        + (f"Of {unseen} nobody is flagged." if missed else "Of every kind, somebody is flagged.")
    )


def figures(found: Found) -> dict[str, str]:
    """Networks and look-alikes by kind: a panel for each size."""
    return {name: _figure(found["sizes"], group) for group, name in FIGURES.items()}


def _figure(sizes: Sequence[Found], group: str) -> str:
    """Shares with the interval as accounts hang together, where there is one."""
    kinds = sorted({kind for size in sizes for kind in size[group]}, reverse=True)
    with panels(len(sizes), 0.9 + 0.3 * len(kinds)) as (figure, axes):
        for column, (ax, size) in enumerate(zip(_list(axes), sizes, strict=True)):
            rare = group == "innocents"
            zero = _zero(size[group]) if rare else 0.0
            for number, judgement in enumerate(JUDGEMENTS):
                for place, kind in enumerate(kinds):
                    if kind in size[group]:
                        at = place + 0.16 - 0.32 * number
                        _point(ax, size[group][kind][judgement], at, number, zero)
            if rare:
                ax.set_xscale("log")
                ax.set_xlim(zero / 1.5, 1.5)
                ax.axvline(zero, color=SOFT, linewidth=0.8)
                ax.text(zero, len(kinds) - 0.4, "0", color=SOFT, ha="center", va="bottom")
            ax.set_yticks(range(len(kinds)), kinds if column == 0 else [""] * len(kinds))
            ax.set_ylim(-0.6, len(kinds) - 0.4)
            ax.set_xlabel(f"share of the accounts, {size['accounts']:,} a month")
        for number, judgement in enumerate(JUDGEMENTS):
            _list(axes)[0].plot([], [], **{**line(number), "linestyle": ""}, label=judgement)
        figure.legend(loc="outside upper right", ncols=2)
        return svg(figure)


def _point(ax: Any, share: Found, at: float, number: int, zero: float) -> None:
    """A share with its interval, if it has one; hollow where it is none."""
    look = line(number)
    if share["block_low"] is not None:
        ends = [max(share[end], zero) for end in ("block_low", "block_high")]
        ax.plot(ends, [at, at], color=look["color"], linewidth=1.4)
    face = look["color"] if share["hits"] else "white"
    ax.plot([max(share["share"], zero)], [at], **{**look, "markerfacecolor": face})


def _zero(kinds: Found) -> float:
    """Where zero is marked on a logarithmic axis: below all that is to be shown."""
    shown = [
        value
        for kind in kinds.values()
        for share in kind.values()
        for value in (share["share"], share["block_low"], share["block_high"])
        if value
    ]
    return float(10 ** np.floor(np.log10(min(shown, default=0.1)))) / 3


def _list(axes: Any) -> list[Any]:
    return list(np.atleast_1d(axes))
