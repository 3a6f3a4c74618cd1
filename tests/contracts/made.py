"""A result made at random for the contracts: many ties, many nulls, and ids that bite."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.results.judged import JUDGED
from tests.test_run import (
    DEGREE,
    FAMILIES,
    PAIR,
    info,
    link,
    signal,
    small_result,
    write_templates,
)

BITING = (
    "'; DROP TABLE members; --",
    '" OR ""="',
    "\\' \\\\ \\",
    "tab\tline\nreturn\r",
    "nul\0nul",
    "\x1b[31m\x07bell",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "l" * 5000,
    "%_*?[a]{b}",
    "$account $members",
    "\U0001f600 \uffff",
    " ",
    "",
)
START = datetime(2026, 6, 1, tzinfo=UTC)
WIDE = "everyone's"


def made_result(folder: Path, clusters: int = 45) -> Path:
    """Write it: few different figures, so that nearly everything ties."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    names = [*BITING, *(f"a{i:03}" for i in range(4 * clusters))]
    sizes = [int(rng.integers(2, 8)) for _ in range(clusters)]
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("clusters", "members", "links", "evidence")
    }
    ends = np.cumsum([len(BITING), *sizes])
    groups = [names[: ends[0]], *(names[lo:hi] for lo, hi in pairwise(ends))]
    for number, group in enumerate(g for g in groups if len(g) > 1):
        _cluster(rng, tables, f"c{number % 3}{number:03}", sorted(group))
    for account in names:
        tables["evidence"].append(_seen(rng, account, "user_agent", WIDE))
    tables["evidence"].sort(key=lambda row: (row["account_id"], row["kind"], row["value"]))
    tables["members"].sort(key=lambda row: str(row["account_id"]))
    tables["artifacts"] = _artifacts(tables["evidence"])
    tables["activity"] = [_activity(rng, account) for account in sorted(names)]
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet", row_group_size=64)
    pq.write_table(JUDGED.empty_table(), folder / "judged.parquet")
    named = [row["value"] for row in tables["artifacts"] if row["kind"] == "template"]
    says = [None, "Sum up {…} for me", f"{''.join(BITING)} {{…}}", ""]
    known = {value: says[number % 4] for number, value in enumerate(named) if number % 5}
    write_templates(folder, known | {"of nobody": "Sum up"})
    (folder / "banlist.csv").write_text("account_id,cluster_id,score,confidence,reasons\n")
    (folder / "run.json").write_text(json.dumps(info() | {"version": "0.0.made"}))
    return folder


def unknown_result(folder: Path) -> Path:
    """The small result as if it had begun with gathered evidence: nobody knows when n1 was there,
    nor at which hours n2 was; of the pair's cluster nothing is known but its events, and of
    templates nothing but their ids."""
    small_result(folder)
    (folder / "templates.parquet").unlink()
    activity = pq.read_table(folder / "activity.parquet").to_pylist()
    clusters = pq.read_table(folder / "clusters.parquet").to_pylist()
    for row in activity:
        lacking: tuple[str, ...] = ()
        if row["account_id"] in ("n2", "o1", "o2", "q1"):
            lacking = ("days", "hours", "with_ip")
        if row["account_id"] in ("n1", "o1", "o2", "q1"):
            lacking = (*lacking, "first_seen", "last_seen")
        row["with_ip"] = 5
        row.update(dict.fromkeys(lacking), unknown=list(lacking))
    for row in clusters:
        if row["cluster_id"] == PAIR:
            row.update(first_seen=None, last_seen=None)
    for name, rows in (("activity", activity), ("clusters", clusters)):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    told = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(told | {"version": "0.0.unknown"}), "utf-8")
    return folder


def _cluster(
    rng: np.random.Generator, tables: dict[str, list[dict[str, Any]]], name: str, group: list[str]
) -> None:
    score = [None, 0.1 + 0.2, 1.5, 2.5, -0.7][int(rng.integers(5))]
    p = None if score is None else 0.25
    tables["clusters"].append({
        "cluster_id": name, "accounts": len(group), "events": int(rng.integers(1, 4)),
        "score": score, "expected": None if score is None else 10**-score,
        "proposal": ["ban", "review", "none"][int(rng.integers(3))],
        "p_operation": p, "p_lives": p, "p_pretend": p, "note": None if score else "a note",
        "signals": [signal("shared_work", "operation", 0.25, name)] if score else [],
        "first_seen": START + timedelta(days=int(rng.integers(3)), microseconds=1),
        "last_seen": START + timedelta(days=int(rng.integers(9, 12))),
    })  # fmt: skip
    for account in group:
        tables["members"].append({
            "account_id": account, "cluster_id": name,
            "confidence": [None, 2.5, 7.0][int(rng.integers(3))],
            "proposal": ["ban", "review"][int(rng.integers(2))],
            "held_by": ["drop_one", None][int(rng.integers(2))],
        })  # fmt: skip
        for kind, values in (("device", BITING[:4]), ("template", BITING[4:])):
            for value in rng.choice(len(values), 2, replace=False):
                row = _seen(rng, account, kind, f"{values[value]}{name}")
                tables["evidence"].append(row)
    for a, b in pairwise(group):
        tables["links"].append(link(a, b, **{FAMILIES[int(rng.integers(3))]: 14.0}))


def _seen(rng: np.random.Generator, account: str, kind: str, value: str) -> dict[str, Any]:
    first = START + timedelta(hours=int(rng.integers(100)))
    return {"account_id": account, "kind": kind, "value": value, "events": int(rng.integers(1, 5)),
            "first_seen": first, "last_seen": first + timedelta(hours=30)}  # fmt: skip


def _artifacts(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    number: dict[tuple[str, str], int] = {}
    for row in evidence:
        number[row["kind"], row["value"]] = number.get((row["kind"], row["value"]), 0) + 1
    return [
        {"kind": kind, "value": value, "accounts": n, "degree": DEGREE.get(value, n)}
        for (kind, value), n in sorted(number.items())
    ]


def _activity(rng: np.random.Generator, account: str) -> dict[str, Any]:
    first = START + timedelta(minutes=int(rng.integers(3)))
    hours = [int(n) for n in rng.integers(0, 3, 24)]
    return {
        "account_id": account, "events": sum(hours), "days": 7, "first_seen": first,
        "last_seen": first + timedelta(days=11), "hours": hours,
        "signed_up": [None, first][int(rng.integers(2))],
        "organisation": "acme" if account in ("a010", "a011") else None,
        "claimed": "it's" if account == "a001" else None,
        "own_prompts": [None, 0.5][int(rng.integers(2))],
    }  # fmt: skip
