"""A result, or a decision's snapshot, with other names: what it says of them stays.

Rows are put in order again, since looking things up relies on it; and an organisation's links go by
whichever of its accounts is the first then. `run.json` stays as it is, and with it the run's id;
clusters keep theirs.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.folder import literal
from linkage.results.banlist import harmless
from linkage.results.tables import ROWS_IN_GROUP

NAMES = pa.schema([("kind", pa.string()), ("old", pa.string()), ("new", pa.string())])
ACCOUNT, ORGANISATION = " account", " organisation"  # beside kinds, in which there is no space
_ACCOUNTS = f"(SELECT old, new FROM names WHERE kind = '{ACCOUNT}')"
_ORGANISATIONS = f"(SELECT old, new FROM names WHERE kind = '{ORGANISATION}')"
_ENDS = {
    # The accounts of a verified organisation are linked by the first of them.
    True: f"""
        named AS (
            SELECT a.account_id AS old, coalesce(n.new, a.account_id) AS new, a.organisation
            FROM read_parquet($activity) a LEFT JOIN {_ACCOUNTS} n ON n.old = a.account_id),
        first AS (
            SELECT organisation, min(new) AS new FROM named
            WHERE organisation IS NOT NULL GROUP BY organisation),
        ends AS (
            SELECT old, coalesce(first.new, named.new) AS new
            FROM named LEFT JOIN first USING (organisation))""",
    False: f"ends AS {_ACCOUNTS}",
}
_QUERIES = {
    "activity": f"""
        SELECT a.* REPLACE (
            coalesce(n.new, a.account_id) AS account_id,
            coalesce(o.new, a.organisation) AS organisation, coalesce(c.new, a.claimed) AS claimed)
        FROM read_parquet($activity) a
        LEFT JOIN {_ACCOUNTS} n ON n.old = a.account_id
        LEFT JOIN {_ORGANISATIONS} o ON o.old = a.organisation
        LEFT JOIN {_ORGANISATIONS} c ON c.old = a.claimed""",
    "evidence": f"""
        SELECT e.* REPLACE (
            coalesce(n.new, e.account_id) AS account_id, coalesce(v.new, e.value) AS value)
        FROM read_parquet($evidence) e
        LEFT JOIN {_ACCOUNTS} n ON n.old = e.account_id
        LEFT JOIN names v ON v.kind = e.kind AND v.old = e.value""",
    "artifacts": """
        SELECT a.* REPLACE (coalesce(v.new, a.value) AS value)
        FROM read_parquet($artifacts) a
        LEFT JOIN names v ON v.kind = a.kind AND v.old = a.value""",
    "members": f"""
        SELECT m.* REPLACE (coalesce(n.new, m.account_id) AS account_id)
        FROM read_parquet($members) m LEFT JOIN {_ACCOUNTS} n ON n.old = m.account_id""",
    "links": """
        SELECT l.* REPLACE (
            least(coalesce(x.new, l.account_a), coalesce(y.new, l.account_b)) AS account_a,
            greatest(coalesce(x.new, l.account_a), coalesce(y.new, l.account_b)) AS account_b)
        FROM read_parquet($links) l
        LEFT JOIN ends x ON x.old = l.account_a LEFT JOIN ends y ON y.old = l.account_b""",
}
_ORDER = {
    "activity": "account_id", "evidence": "account_id, kind, value", "artifacts": "kind, value",
    "members": "account_id", "links": "account_a, account_b",
}  # fmt: skip
_JUDGED, _LISTED = "judged.parquet", "banlist.csv"


@dataclass(frozen=True)
class Renamed:
    """names: NAMES, of all that is called otherwise from now on. line: what becomes of a line of
    text, such as one of a row that could not be used; None where it goes."""

    names: pa.Table
    line: Callable[[str], str | None]


def rename(folder: Path, out: Path, renamed: Renamed) -> None:
    """Write a folder anew, into another that is there; nothing of it is changed."""
    tables = {f"{name}.parquet" for name in _QUERIES}
    with closing(duckdb.connect()) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("names", renamed.names)
        for path in (path for path in folder.iterdir() if path.is_file()):
            if path.name in tables:
                _table(engine, folder, path.stem, out / path.name)
            elif path.name in (_JUDGED, _LISTED):
                known = _known(renamed.names)
                _SMALL[path.name](path, out / path.name, known)
            elif path.suffix == ".ndjson":
                lines = path.read_text("utf-8").splitlines(keepends=True)
                (out / path.name).write_text("".join(_lines(lines, renamed)), "utf-8")
            else:
                shutil.copy2(path, out / path.name)


def names_of(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    """NAMES of these (kind, old, new)."""
    columns = list(zip(*rows, strict=True)) or [[], [], []]
    return pa.table([pa.array(c, pa.string()) for c in columns], schema=NAMES)


def _table(engine: duckdb.DuckDBPyConnection, folder: Path, name: str, out: Path) -> None:
    """One table in its order, in groups of as many rows as it had."""
    query, order = _QUERIES[name], _ORDER[name]
    if name == "links":
        query = f"WITH {_ENDS[(folder / 'activity.parquet').exists()]} {query}"
    files = {table: literal(folder / f"{table}.parquet") for table in _QUERIES}
    used = {table: path for table, path in files.items() if f"${table})" in query}
    found = engine.sql(f"SELECT * FROM ({query}) ORDER BY {order}", params=used)
    schema = pq.read_schema(folder / f"{name}.parquet")
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in found.to_arrow_reader(ROWS_IN_GROUP):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def _known(names: pa.Table) -> dict[tuple[str, str], str]:
    kinds, old, new = (names[name].to_pylist() for name in NAMES.names)
    return dict(zip(zip(kinds, old, strict=True), new, strict=True))


def _judged(path: Path, out: Path, known: dict[tuple[str, str], str]) -> None:
    table = pq.read_table(path)
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row["account_id"] = known.get((ACCOUNT, row["account_id"]), row["account_id"])
        for new in row["new_evidence"]:
            new["value"] = known.get((new["kind"], new["value"]), new["value"])
    rows.sort(key=lambda row: str(row["account_id"]).encode())
    pq.write_table(pa.Table.from_pylist(rows, table.schema), out, compression="zstd")


def _listed(path: Path, out: Path, known: dict[tuple[str, str], str]) -> None:
    """A cell that a spreadsheet would run has a quote before it, in the file."""
    cells = {harmless(old): harmless(new) for (kind, old), new in known.items() if kind == ACCOUNT}
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    for row in rows:
        row[0] = cells.get(row[0], row[0])
    rows.sort(key=lambda row: row[0].encode())
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([head, *rows])


_SMALL = {_JUDGED: _judged, _LISTED: _listed}


def _lines(lines: Iterable[str], renamed: Renamed) -> Iterator[str]:
    made = (renamed.line(line) for line in lines)
    return (line for line in made if line is not None)
