"""A run's Parquet tables. Rows and bytes do not depend on threads or on the order of input."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.activity import HOURS, UNKNOWN, histogram
from linkage.kernels.weights import to_bits
from linkage.results.bundle import Results
from linkage.signals import SIGNALS

LINKS_AT_ONCE = 500_000
ACCOUNTS_AT_ONCE = 100_000
ROWS_AT_ONCE = 250_000
# What is looked up by the order of the rows is found by reading one such group.
ROWS_IN_GROUP = 16_384
# Hardly a value comes twice in a group: a dictionary of them would be as large as they are.
DISTINCT = frozenset(
    (
        "account_id", "cluster_id", "value", "first_seen", "last_seen", "signed_up", "confidence",
        "own_prompts",
    )
)  # fmt: skip
EVIDENCE = pa.schema(
    [
        ("account_id", pa.string()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("events", pa.int64()),
        ("first_seen", pa.timestamp("us", "UTC")),
        ("last_seen", pa.timestamp("us", "UTC")),
    ]
)


def write_evidence(found: Results, folder: Path) -> None:
    """evidence.parquet by account, kind, value; artifacts.parquet by kind, value."""
    artifacts = found.evidence.artifacts.order_by("artifact").to_pyarrow()
    artifacts = artifacts.append_column("degree", pa.array(found.incidence.degree))
    order = artifacts.select(["kind", "artifact"]).append_column(
        "row", pa.array(np.arange(artifacts.num_rows))
    )
    order = order.sort_by([("kind", "ascending"), ("artifact", "ascending")])["row"].to_numpy()
    artifacts = artifacts.take(pa.array(order)).select(["kind", "value", "accounts", "degree"])
    _write(artifacts, folder / "artifacts.parquet")
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    texts, ids = _texts(artifacts), _ids(found)
    with pq.ParquetWriter(folder / "evidence.parquet", EVIDENCE, compression="zstd") as writer:
        for rows in _by_accounts(found.evidence.rows, len(ids)):
            account, at = rows["account"].to_numpy(), place[rows["artifact"].to_numpy()]
            sort = np.argsort((account.astype(np.int64) << 32) | at)
            for start in range(0, sort.size, ROWS_AT_ONCE):
                part = sort[start : start + ROWS_AT_ONCE]
                columns = [
                    ids.take(pa.array(account[part])),
                    *texts.take(pa.array(at[part])).columns,
                ]
                columns += [rows[name].take(pa.array(part)) for name in EVIDENCE.names[3:]]
                names = EVIDENCE.names
                writer.write_table(pa.table(dict(zip(names, columns, strict=True))).cast(EVIDENCE))


def _texts(artifacts: pa.Table) -> pa.Table:
    """Kinds and values in one piece each, which may be larger than a string array can be."""
    wide = pa.schema([("kind", pa.large_string()), ("value", pa.large_string())])
    return artifacts.select(wide.names).cast(wide).combine_chunks()


def _by_accounts(rows: ir.Table, accounts: int) -> Iterator[pa.Table]:
    """The rows of so many consecutive accounts at a time."""
    for first in range(0, max(1, accounts), ACCOUNTS_AT_ONCE):
        last = first + ACCOUNTS_AT_ONCE - 1
        yield rows.filter(rows.account.between(first, last)).to_pyarrow()


def write_activity(found: Results, folder: Path) -> None:
    """activity.parquet by account; own_prompts is null for accounts without prompts, and what is
    not known is null too."""
    acts, rows = found.activity, found.evidence.rows
    templates = found.evidence.artifacts
    templates = templates.filter(templates.kind == "template").select("artifact")
    shared = rows.semi_join(templates, "artifact")
    shared = shared.group_by("account").agg(shared=shared.events.sum())
    joined = acts.left_join(shared, "account").drop("account_right")
    own = 1 - joined.shared.fill_null(0) / joined.with_prompt_template.nullif(0)
    wanted = joined.order_by("account").select(
        "account_id",
        "events",
        "days",
        "first_seen",
        "last_seen",
        "signed_up",
        "organisation",
        "claimed",
        *[c for c in acts.columns if c.startswith(("with_", "hour_"))],
        own_prompts=own,
        **({UNKNOWN: UNKNOWN} if UNKNOWN in acts.columns else {}),
    )
    table = wanted.to_pyarrow()
    hours, unknown = histogram(table), pa.array(table["hour_0"].is_null())
    table = table.drop_columns([c for c in table.column_names if c.startswith("hour_")])
    values = pa.array(hours.ravel(), pa.int32())
    lists = pa.FixedSizeListArray.from_arrays(values, HOURS, mask=unknown)
    table = table.add_column(6, "hours", lists.cast(pa.list_(pa.int32())))
    _write(table, folder / "activity.parquet")


def write_templates(found: Results, folder: Path) -> None:
    """templates.parquet by template_id: what was mined, and two accounts or more have."""
    _write(found.templates, folder / "templates.parquet")


def write_links(found: Results, folder: Path) -> None:
    """links.parquet by account_a, account_b; a unit goes by its first account."""
    link, names = found.links, list(dict.fromkeys(k.family for k in found.kinds))
    ids = _ids(found)
    schema = pa.schema(
        [
            ("account_a", pa.string()),
            ("account_b", pa.string()),
            ("bits", pa.float32()),
            ("families", pa.struct([(name, pa.float32()) for name in names])),
        ]
    )
    with pq.ParquetWriter(folder / "links.parquet", schema, compression="zstd") as writer:
        for start in range(0, max(1, link.a.size), LINKS_AT_ONCE):
            part = slice(start, start + LINKS_AT_ONCE)
            families = [_bits(link.families[part, f]) for f in range(len(names))]
            writer.write_table(
                pa.table(
                    [
                        ids.take(pa.array(found.units.first[link.a[part]])),
                        ids.take(pa.array(found.units.first[link.b[part]])),
                        _bits(link.weight[part]),
                        pa.StructArray.from_arrays(families, names),
                    ],
                    schema=schema,
                )
            )


def write_clusters(found: Results, folder: Path) -> None:
    """clusters.parquet, the highest score first, then the largest."""
    table = clusters_table(found)
    pq.write_table(table, folder / "clusters.parquet", compression="zstd")


def write_members(found: Results, folder: Path) -> None:
    """members.parquet by account."""
    inside = np.flatnonzero(found.clusters.of >= 0)
    ids = np.array(found.clusters.ids, object)
    table = pa.table(
        {
            "account_id": _ids(found).take(pa.array(inside)),
            "cluster_id": pa.array(ids[found.clusters.of[inside]], pa.string()),
            "confidence": pa.array(
                found.proposals.confidence[inside], mask=_unweighed(found)[inside]
            ),
            "proposal": pa.array(found.proposals.account[inside], pa.string()),
            "held_by": pa.array(found.proposals.held_by[inside], pa.string()),
        }
    )
    _write(table, folder / "members.parquet")


def write_references(found: Results, folder: Path) -> None:
    """references.parquet: the groups that another run can take as usual, by size."""
    values, kept = found.clusters.values, found.clusters.scores.reference
    size = found.clusters.size[: found.clusters.groups][kept]
    save_references(size, {n: v[kept] for n, v in values.items()}, folder)


def save_references(
    size: npt.NDArray[np.int32], values: Mapping[str, npt.NDArray[np.float64]], folder: Path
) -> None:
    """What `baseline.load` reads: accounts and signals of each group, null where it has none."""
    table = pa.table({"size": size} | {n: _finite(v) for n, v in values.items()})
    pq.write_table(table, folder / "references.parquet", compression="zstd")


def clusters_table(found: Results) -> pa.Table:
    """One row a cluster, with its signals as the investigator reads them."""
    c = found.clusters
    expected = np.full(len(c.ids), np.nan)
    expected[: c.groups] = c.scores.expected
    inside = np.flatnonzero(c.of >= 0)
    acts = found.activity.order_by("account").select("events", "first_seen", "last_seen")
    acts = acts.to_pyarrow().take(pa.array(inside))
    by = pa.table({"cluster": c.of[inside], **{n: acts[n] for n in acts.column_names}})
    totals = (
        by.group_by("cluster")
        .aggregate([("events", "sum"), ("first_seen", "min"), ("last_seen", "max")])
        .sort_by("cluster")
    )
    asked = {
        f"p_{q}": _finite(np.append(p, np.full(len(c.ids) - c.groups, np.nan)))
        for q, p in c.scores.p.items()
    }
    with np.errstate(divide="ignore"):
        score = -np.log10(expected)
    table = pa.table(
        {
            "cluster_id": pa.array(c.ids, pa.string()),
            "accounts": pa.array(c.size, pa.int64()),
            "events": totals["events_sum"],
            "score": _finite(score),
            "expected": _finite(expected),
            "proposal": pa.array(found.proposals.cluster, pa.string()),
            **asked,
            "note": pa.array(found.proposals.note, pa.string()),
            "signals": signal_lists(found),
            "first_seen": totals["first_seen_min"],
            "last_seen": totals["last_seen_max"],
        }
    )
    order = np.lexsort((np.array(c.ids), -c.size, np.nan_to_num(expected, nan=np.inf)))
    return table.take(pa.array(order))


def signal_lists(found: Results) -> pa.Array:
    """Each cluster's signals, the most unusual first."""
    c = found.clusters
    return pa.array(
        [signals_of(found, g) if g < c.groups else [] for g in range(len(c.ids))],
        pa.list_(
            pa.struct(
                [
                    ("name", pa.string()),
                    ("question", pa.string()),
                    ("value", pa.float64()),
                    ("usual", pa.float64()),
                    ("rank", pa.float64()),
                    ("text", pa.string()),
                ]
            )
        ),
    )


def signals_of(found: Results, group: int) -> list[dict[str, Any]]:
    """A group's signals, the most unusual first."""
    values, scores = found.clusters.values, found.clusters.scores
    listed: list[dict[str, Any]] = []
    for signal in SIGNALS:
        value, usual = values[signal.name][group], scores.usual[signal.name][group]
        if np.isfinite(value):
            listed.append(
                {
                    "name": signal.name,
                    "question": signal.question,
                    "value": float(value),
                    "usual": float(usual),
                    "rank": float(scores.rank[signal.name][group]),
                    "text": signal.words.format(value=value, usual=usual),
                }
            )
    return sorted(listed, key=lambda s: (s["rank"], s["name"]))


def _write(table: pa.Table, path: Path) -> None:
    """A table that is in order, in groups so small that little is read for one row."""
    repeating = [
        f"{column.name}.list.element" if pa.types.is_list(column.type) else column.name
        for column in table.schema
        if column.name not in DISTINCT
    ]
    pq.write_table(
        table, path, compression="zstd", row_group_size=ROWS_IN_GROUP, use_dictionary=repeating
    )


def _ids(found: Results) -> pa.Array:
    column = found.activity.order_by("account").account_id.to_pyarrow()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _unweighed(found: Results) -> npt.NDArray[np.bool_]:
    """Accounts that no community weighed: those of a verified organisation on its own."""
    return ~np.isfinite(found.proposals.confidence)


def _bits(weights: npt.NDArray[np.int32]) -> pa.Array:
    return pa.array(to_bits(weights))


def _finite(values: npt.NDArray[np.float64]) -> pa.Array:
    """Null where there is no number."""
    return pa.array(values, mask=~np.isfinite(values))
