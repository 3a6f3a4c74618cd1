"""The steps of a push: which table of `Parts` each brings in, by which statement, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.activity import UNKNOWN
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.parts import Parts
from linkage.render import decimals, reasons

Values = dict[str, Any]

# -log10 of expected innocents from which a cluster is drawn large, middling, or small.
SIZES = ((2.0, 2), (0.0, 1), (-np.inf, 0))
SIZE_LABELS = {2: "HighScore", 1: "MiddleScore", 0: "LowScore"}
SHORT_ID = 9  # characters of a cluster's id in a drawing
# Of an account's properties those that are no times and not counted.
OF_ACCOUNT = (
    "text", "events", "days", "hours", "organisation", "claimed", "own_prompts", "cluster_id",
    "confidence", "proposal", "held_by", "links", "leaves", "whole", "was", "was_in",
)  # fmt: skip
OF_CLUSTER = (
    "cluster_id", "accounts", "events", "score", "expected", "proposal", "p_operation", "p_lives",
    "p_pretend", "note", "listed", "links", "whole",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One part of a push. `values` makes a batch's parameters; `kind`: whose words fill the
    statement, None for none; `rows` and `batches`: how much there is to do."""

    part: str
    statement: str
    kind: KindWords | None
    values: Callable[[Parts, int], Values]
    rows: int
    batches: int


def steps(parts: Parts) -> list[Step]:
    """All steps in order: what a statement looks up is there before it."""
    made = [
        *(_of_kind(parts, "artifacts", "artifact_rows", kind, _artifacts) for kind in parts.kinds),
        _whole(parts, "clusters", "cluster_rows", _clusters),
        _whole(parts, "accounts", "account_rows", _accounts),
        *(_of_kind(parts, "shares", "share_rows", kind, _shares) for kind in parts.kinds),
        _whole(parts, "links", "link_rows", _links),
    ]
    return [step for step in made if step.batches]


def _whole(parts: Parts, part: str, table: str, values: Callable[[Parts, int], Values]) -> Step:
    rows = parts.count(table) + (parts.count("uses") if part == "accounts" else 0)
    return Step(part, f"push/{part}", None, values, rows, parts.batches(table))


def _of_kind(
    parts: Parts,
    part: str,
    table: str,
    kind: KindWords,
    values: Callable[[Parts, int, KindWords], Values],
) -> Step:
    return Step(
        part=f"{part} {kind.name}",
        statement=f"push/{part}",
        kind=kind,
        values=lambda parts, batch: values(parts, batch, kind),
        rows=parts.count(table, kind.name),
        batches=parts.batches(table, kind.name),
    )


def _artifacts(parts: Parts, batch: int, kind: KindWords) -> Values:
    found = parts.rows(
        "SELECT key, text, accounts, degree, flagged, listed, whole, words FROM artifact_rows "
        "WHERE kind = $kind AND batch = $batch",
        kind=kind.name,
        batch=batch,
    )
    return {"kind": kind.name, "family": kind.family, "rows": _lists(found)}


def _shares(parts: Parts, batch: int, kind: KindWords) -> Values:
    found = parts.rows(
        "SELECT cluster_id, key, members, events, first_us, last_us, rank FROM share_rows "
        "WHERE kind = $kind AND batch = $batch",
        kind=kind.name,
        batch=batch,
    )
    return {"rows": _lists(found)}


def _clusters(parts: Parts, batch: int) -> Values:
    found = parts.rows(
        "SELECT *, epoch_us(first_seen) AS first_us, epoch_us(last_seen) AS last_us "
        "FROM cluster_rows WHERE batch = $batch",
        batch=batch,
    )
    return {"rows": [cluster_values(row) for row in found.to_pylist()]}


def cluster_values(row: Values) -> Values:
    """A cluster's properties, of its row."""
    score, signals = row["score"], row["signals"] or []
    return {
        **{name: row[name] for name in (*OF_CLUSTER, "first_us", "last_us")},
        "name": f"{row['cluster_id'][:SHORT_ID]} · {row['accounts']} accounts",
        "reasons": reasons(signals) or None,
        "signals": json.dumps(signals, allow_nan=False),
        "size": None if score is None else next(size for least, size in SIZES if score >= least),
    }


def _accounts(parts: Parts, batch: int) -> Values:
    found = parts.rows(
        "SELECT *, epoch_us(first_seen) AS first_us, epoch_us(last_seen) AS last_us, "
        "epoch_us(signed_up) AS signed_up_us FROM account_rows WHERE batch = $batch ORDER BY n",
        batch=batch,
    )
    counted = [n for n in found.column_names if n.startswith("with_") or n == UNKNOWN]
    named = {"account_id": found["key"]} | {name: found[name] for name in (*OF_ACCOUNT, *counted)}
    names = list(named)
    plain = zip(*(column.to_pylist() for column in named.values()), strict=True)
    properties = [
        # What nobody knows, and a list of nothing, is no property.
        {name: value for name, value in zip(names, row, strict=True) if value not in (None, [])}
        for row in plain
    ]
    times = (found[f"{name}_us"].to_pylist() for name in ("first", "last", "signed_up"))
    rows = [list(row) for row in zip(properties, *times, strict=True)]
    return {"accounts": rows, **_uses(parts, found["n"])}


def _uses(parts: Parts, numbers: pa.ChunkedArray) -> Values:
    """What each of the accounts used, by kind; artifacts by the numbers of their nodes."""
    bounds = pc.min_max(numbers)
    first, last = bounds["min"].as_py(), bounds["max"].as_py()
    found = parts.rows(
        "SELECT kind, (n - $first)::INT AS place, number, events, first_us, last_us FROM uses "
        "WHERE n BETWEEN $first AND $last ORDER BY kind",
        first=first,
        last=last,
    )
    kinds = found["kind"].to_numpy(zero_copy_only=False)
    columns = [found[name].to_pylist() for name in ("place", "events", "first_us", "last_us")]
    columns.insert(1, parts.nodes[found["number"].to_numpy()].tolist())
    rows = [list(row) for row in zip(*columns, strict=True)]
    lows = np.searchsorted(kinds, [kind.name for kind in parts.kinds], "left")
    highs = np.searchsorted(kinds, [kind.name for kind in parts.kinds], "right")
    return {
        f"uses_{number}": rows[low:high]
        for number, (low, high) in enumerate(zip(lows, highs, strict=True))
    }


def _links(parts: Parts, batch: int) -> Values:
    found = parts.rows("SELECT * FROM link_rows WHERE batch = $batch ORDER BY number", batch=batch)
    return {"rows": [link_values(row) for row in found.to_pylist()]}


def link_values(row: Values) -> Sequence[Any]:
    """Of a link's row: both accounts, bits, families, bits of each, reasons, whether within, and
    what a drawing has room for."""
    giving = {name: bits for name, bits in row["families"].items() if bits}
    told = dict(row["told"] or ())
    strongest = sorted(giving.items(), key=lambda part: (-part[1], part[0]))
    words = [
        f"{name} {decimals(bits)} bits" + (f": {told[name]}" if name in told else "")
        for name, bits in strongest
    ]
    families = [list(giving), list(giving.values())]
    name = f"{decimals(row['bits'])} bits"
    return [row["key_a"], row["key_b"], row["bits"], *families, words, row["within"], name]


def _lists(table: pa.Table) -> list[list[Any]]:
    """A table's rows as lists of plain values."""
    return [
        list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)
    ]
