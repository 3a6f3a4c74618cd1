"""judged.parquet: what became of accounts that people had judged."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.results.bundle import Results

NEW = pa.struct([("kind", pa.string()), ("value", pa.string()), ("bits", pa.float64())])
JUDGED = pa.schema(
    [
        ("account_id", pa.string()),
        ("decision", pa.int64()),
        ("renewed", pa.bool_()),
        ("over", pa.float64()),
        ("new_evidence", pa.list_(NEW)),
    ]
)


def write_judged(found: Results, folder: Path) -> None:
    """One row a cleared account, by account: the decision that cleared it, and what is new.

    over: bits over the prior that this gives, null in no community; renewed: it would make the
    account a member by itself.
    """
    judged, standing = found.obeyed.judged, found.obeyed.standing
    ids = found.activity.order_by("account").account_id.to_pyarrow()
    artifacts = _artifacts(found)
    new = [
        [{**artifacts[artifact], "bits": bits} for artifact, bits in rows] for rows in standing.new
    ]
    columns = [
        ids.take(pa.array(judged.cleared)),
        pa.array(judged.decisions),
        pa.array(standing.renewed),
        pa.array(standing.over, mask=standing.over == float("-inf")),
        pa.array(new, pa.list_(NEW)),
    ]
    pq.write_table(pa.table(columns, schema=JUDGED), folder / "judged.parquet", compression="zstd")


def _artifacts(found: Results) -> dict[int, dict[str, str]]:
    """Kind and value of those that are named."""
    named = sorted({artifact for rows in found.obeyed.standing.new for artifact, _ in rows})
    table = found.evidence.artifacts
    rows = table.filter(table.artifact.isin(named)) if named else table.limit(0)
    return {
        row["artifact"]: {"kind": row["kind"], "value": row["value"]}
        for row in rows.select("artifact", "kind", "value").to_pyarrow().to_pylist()
    }
