"""Runs under new names: as a detection over the re-keyed events would have written them.

What is in the order of names is put into that of the new ones, and links of a verified organisation
go by its first account, which is another one then. A run is written anew beside the old one, which
it replaces by two renames; run.json stays as it is, and with it the run's id and its place.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage import naming
from linkage.disk import synced
from linkage.folder import literal
from linkage.privacy.rewriting import changed_groups, form
from linkage.results.banlist import harmless
from linkage.rotating.rekeying import Rekeying
from linkage.workspace import Workspace

_NEW, _OLD = ".rekeyed.", ".before."  # begin the names of a run that replaces another, and of that
_ROWS = 1 << 16  # at a time
# Table -> its rows in order. Links go by the first account of a verified organisation.
_ORDERED: Mapping[str, str] = {
    "activity": "FROM read_parquet($table) ORDER BY account_id",
    "members": "FROM read_parquet($table) ORDER BY account_id",
    "judged": "FROM read_parquet($table) ORDER BY account_id",
    "artifacts": "FROM read_parquet($table) ORDER BY kind, value",
    "evidence": "FROM read_parquet($table) ORDER BY account_id, kind, value",
    "links": """
        WITH firsts AS (
            SELECT organisation, min(account_id) AS first FROM read_parquet($activity)
            WHERE organisation IS NOT NULL GROUP BY organisation),
        names AS (
            SELECT account_id, coalesce(first, account_id) AS name
            FROM read_parquet($activity) LEFT JOIN firsts USING (organisation))
        SELECT least(a.name, b.name) AS account_a, greatest(a.name, b.name) AS account_b,
               l.* EXCLUDE (account_a, account_b)
        FROM read_parquet($table) l JOIN names a ON a.account_id = l.account_a
        JOIN names b ON b.account_id = l.account_b ORDER BY 1, 2""",
}


def rekey(workspace: Workspace, rekeying: Rekeying) -> int:
    """All runs; how many were re-keyed now. Their indexes go, and are made anew."""
    done = 0
    for name in workspace.runs():
        if naming.key_of(workspace.run(name)) == rekeying.old:
            _replaced(workspace, name, rekeying)
            done += 1
    return done


def recover(workspace: Workspace) -> None:
    """Put runs into their places that a kill left beside them. Before anybody sweeps there."""
    folder = workspace.path / "runs"
    for left in folder.glob(f"{_NEW}*"):
        run = folder / left.name.removeprefix(_NEW)
        if run.exists():
            shutil.rmtree(left)  # it may be half of it
        else:
            left.rename(run)
    synced(folder)
    for left in folder.glob(f"{_OLD}*"):
        shutil.rmtree(left)


def _replaced(workspace: Workspace, name: str, rekeying: Rekeying) -> None:
    run, folder = workspace.run(name), workspace.path / "runs"
    made, before = folder / f"{_NEW}{name}", folder / f"{_OLD}{name}"
    made.mkdir()
    _written(run, made, rekeying)
    for path in (*made.iterdir(), made):
        synced(path)
    shutil.rmtree(workspace.index(name), ignore_errors=True)
    run.rename(before)
    made.rename(run)
    synced(folder)
    shutil.rmtree(before)


def _written(run: Path, made: Path, rekeying: Rekeying) -> None:
    for path in sorted(run.iterdir()):
        match path.name:
            case "banlist.csv":
                _banlist(path, made / path.name, rekeying)
            case "quarantine.ndjson":
                lines = path.read_text("utf-8", "surrogatepass").splitlines(keepends=True)
                text = "".join(rekeying.texts(lines))
                (made / path.name).write_text(text, "utf-8", "surrogatepass")
            case naming.FILE:
                continue
            case _ if path.suffix == ".parquet":
                shutil.copyfile(path, made / path.name)
                changed_groups(made / path.name, rekeying.table)
            case _:
                os.link(path, made / path.name)
    _ordered(run, made, rekeying)
    naming.mark(made, rekeying.new)


def _ordered(run: Path, made: Path, rekeying: Rekeying) -> None:
    """Put tables into the order of the new names, not all of one in memory."""
    con = duckdb.connect(config={"temp_directory": str(made / "sorting")})
    try:
        con.execute("SET TimeZone = 'UTC'")
        for table, query in _ORDERED.items():
            path = made / f"{table}.parquet"
            files = {"table": path, "activity": made / "activity.parquet"}
            named = {name: literal(file) for name, file in files.items() if f"${name}" in query}
            with pq.ParquetFile(run / path.name) as file:
                schema = file.schema_arrow
                rows = file.metadata.row_group(0).num_rows if file.num_row_groups else 0
                how = form(file.metadata)
            new = path.with_suffix(".ordered")
            with pq.ParquetWriter(new, schema, **how) as writer:
                found: pa.RecordBatchReader = con.sql(query, params=named).to_arrow_reader(_ROWS)
                for batch in found:
                    part = pa.Table.from_batches([batch]).cast(schema)
                    writer.write_table(part, row_group_size=max(1, rows))
            new.rename(path)
    finally:
        con.close()
        shutil.rmtree(made / "sorting", ignore_errors=True)


def _banlist(path: Path, made: Path, rekeying: Rekeying) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    names = rekeying.texts(row[0] for row in rows)
    listed = sorted([harmless(name), *row[1:]] for name, row in zip(names, rows, strict=True))
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([head, *listed])
    made.write_text(text.getvalue(), "utf-8", newline="")
