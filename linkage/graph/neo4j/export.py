"""A run's graph as files for `neo4j-admin database import full`: what a push would bring in.

CSV in gzip with headers apart, made of the tables that a push takes, and a script that imports
them. Nodes go by the properties that a push looks them up by, in a space of ids for each label.
Constraints and indexes are not in the files: the push that comes last makes them.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import GzipFile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import CSVWriter, WriteOptions

from linkage.activity import UNKNOWN
from linkage.errors import ResultError
from linkage.folder import new_folder
from linkage.graph.answers import KindWords
from linkage.graph.base import run_id
from linkage.graph.neo4j.model import FORMAT, NAME, Scope, run_key
from linkage.graph.neo4j.parts import Parts
from linkage.graph.neo4j.publisher import plan_of, run_properties
from linkage.graph.neo4j.statements import check_words
from linkage.graph.neo4j.steps import (
    OF_ACCOUNT,
    OF_CLUSTER,
    SIZE_LABELS,
    cluster_values,
    link_values,
)
from linkage.render import command
from linkage.run import Run

Progress = Callable[[str, float], None]

SCRIPT = "import.sh"
ROWS = 50_000  # at a time
PACKED = 6  # of 9, at which gzip takes nearly four times as long for a thirtieth less
BUFFER = 4 << 20  # bytes of a value that the importer has room for, unless it is told of more
# Between the elements of a list: the first that is in none of them.
BETWEEN = (*(chr(code) for code in (31, 30, 29, 28, *range(1, 9))), *map(chr, range(57344, 57600)))

_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "string", pa.int32(): "long", pa.int64(): "long", pa.float32(): "double",
    pa.float64(): "double", pa.bool_(): "boolean",
}  # fmt: skip
# What is text in the table, and else in the graph.
_TIMES = dict.fromkeys(("first_seen", "last_seen", "signed_up", "begun", "published"), "datetime")
_LISTS = {"hours": "long[]", "family_bits": "double[]"} | dict.fromkeys(
    (UNKNOWN, "reasons", "families"), "string[]"
)


@dataclass(frozen=True)
class Exported:
    """What was written: rows by file of nodes or relationships, and the command that imports it."""

    run: str
    scope: Scope
    folder: Path
    files: dict[str, int]
    command: str


def export(
    run_folder: str | Path, out: Path, scope: Scope, progress: Progress | None = None
) -> Exported:
    """Write the graph of a result folder into the folder `out`, whole or not at all.

    Raises ResultError where the folder is no result, or `out` is in the way or cannot be written.
    """
    run = Run.open(run_folder)
    kinds = KindWords.of_run(run.info)
    check_words(kinds)
    tell = progress or (lambda stage, fraction: None)
    nothing = pa.table({name: pa.array([], pa.string()) for name in ("key", "was", "was_in")})
    with new_folder(out) as made:
        tell("tables", 0.0)
        with closing(Parts(run, kinds, scope, nothing)) as parts:
            files = _Files(made, parts)
            _write(files, run, tell)
        (made / SCRIPT).write_text(_script(run, scope, files), "utf-8")
    tell("done", 1.0)
    return Exported(run_id(run.path), scope, out, files.rows, command("sh", out / SCRIPT, "neo4j"))


class _Files:
    """The files of an export as they are written, and the importer's words for them."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        self._folder, self.parts = folder, parts
        self.between = _between(parts)
        self.rows: dict[str, int] = {}
        self.words: list[str] = []
        self.several_lines, self.longest = False, 0

    def add(
        self, option: str, name: str, fields: Mapping[str, str], rows: Iterable[pa.Table]
    ) -> None:
        """A file and its header. `option`: what the importer is told that it holds; `fields`:
        columns whose names in the header are others than they and their types say."""
        count = 0
        data, header = f"{name}.csv.gz", f"{name}.header.csv"
        with GzipFile(self._folder / data, "wb", PACKED, mtime=0) as sink:
            writer: CSVWriter | None = None
            for table in rows:
                if writer is None:
                    (self._folder / header).write_text(_header(table.schema, fields), "utf-8")
                    quoted = WriteOptions(include_header=False, quoting_style="all_valid")
                    writer = CSVWriter(sink, table.schema, write_options=quoted)
                writer.write_table(table)
                count += table.num_rows
                self._look(table)
            if writer is not None:
                writer.close()
        if not count:
            for file in (data, header):
                (self._folder / file).unlink(missing_ok=True)
            return
        self.rows[name] = count
        self.words.append(f"{option}={header},{data}")

    def _look(self, table: pa.Table) -> None:
        """What the importer must be told of the texts: whether some have several lines, and the
        length of the longest, in bytes."""
        for field in table.schema:
            if field.type == pa.string():
                texts = table[field.name]
                lines = pc.any(pc.match_substring_regex(texts, "[\r\n]")).as_py()
                self.several_lines = self.several_lines or bool(lines)
                self.longest = max(self.longest, pc.max(pc.binary_length(texts)).as_py() or 0)

    def select(self, query: str, **values: Any) -> Iterator[pa.Table]:
        """Rows of the parts."""
        return self.parts.stream(query, ROWS, **values)

    def made(
        self, query: str, make: Callable[[dict[str, Any]], dict[str, Any]], schema: pa.Schema
    ) -> Iterator[pa.Table]:
        """Rows of the parts, each made into another."""
        for rows in self.parts.stream(query, ROWS // 10):
            yield pa.Table.from_pylist([make(row) for row in rows.to_pylist()], schema)

    def listed(self, values: Sequence[object] | None) -> str | None:
        """A list as the importer takes it."""
        return None if values is None else self.between.join(str(value) for value in values)


def _write(files: _Files, run: Run, tell: Progress) -> None:
    """All nodes, and then all relationships."""
    key, parts = run_key(run_id(run.path), files.parts.scope), files.parts
    uses = {kind: parts.count("uses", kind.name) for kind in parts.kinds}
    every = sum(uses.values()) + parts.count("account_rows") + parts.count("artifact_rows") or 1
    done = 0
    _of_run(files, run, key)
    for kind in parts.kinds:
        tell(f"artifacts {kind.name}", 0.1 + 0.8 * done / every)
        _artifacts(files, kind, key)
        done += parts.count("artifact_rows", kind.name)
    _clusters(files, key)
    tell("accounts", 0.1 + 0.8 * done / every)
    _accounts(files, key)
    done += parts.count("account_rows")
    _members(files, key)
    for kind in parts.kinds:
        tell(f"uses {kind.name}", 0.1 + 0.8 * done / every)
        _uses(files, kind, key)
        done += uses[kind]
    tell("links", 0.9)
    _links(files, key)


def _of_run(files: _Files, run: Run, key: str) -> None:
    """The run's node, whole, and the pointer to it."""
    scope = files.parts.scope
    properties = run_properties(run, key, scope, plan_of(files.parts.kinds, scope), None)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    node = {"run": key, **{name: value for name, value in properties.items() if value is not None},
            "state": "whole", "begun": now, "published": now}  # fmt: skip
    files.add("--nodes=Run", "nodes-Run", {"run": "run:ID(Run)"}, [pa.Table.from_pylist([node])])
    pointer = pa.table({"name": [NAME], "format": [FORMAT]})
    fields = {"name": "name:ID(LinkageGraph)"}
    files.add("--nodes=LinkageGraph", "nodes-LinkageGraph", fields, [pointer])
    fields = {"from": ":START_ID(LinkageGraph)", "to": ":END_ID(Run)"}
    shows = pa.table({"from": [NAME], "to": [key]})
    files.add("--relationships=SHOWS", "relationships-SHOWS", fields, [shows])


def _artifacts(files: _Files, kind: KindWords, key: str) -> None:
    rows = files.select(
        "SELECT $run AS run, key AS value, text, kind, $family AS family, accounts, degree, "
        "flagged, listed, whole, words FROM artifact_rows WHERE kind = $kind ORDER BY batch, key",
        run=key, family=kind.family, kind=kind.name,
    )  # fmt: skip
    label = kind.label
    files.add(f"--nodes={label}", f"nodes-{label}", {"value": f"value:ID({label})"}, rows)


def _clusters(files: _Files, key: str) -> None:
    texts = ("run", "cluster_id", "name", "proposal", "note", "reasons", "signals", "label",
             "first_seen", "last_seen")  # fmt: skip
    whole = ("accounts", "events", "listed", "links")
    fractions = ("score", "expected", "p_operation", "p_lives", "p_pretend")
    schema = pa.schema([
        *((name, pa.string()) for name in texts), *((name, pa.int64()) for name in whole),
        *((name, pa.float64()) for name in fractions), ("whole", pa.bool_()),
    ])  # fmt: skip

    def made(row: dict[str, Any]) -> dict[str, Any]:
        values = cluster_values(row)
        size = values["size"]
        return {
            **{name: values[name] for name in (*OF_CLUSTER, "name", "signals")},
            "run": key,
            "reasons": files.listed(values["reasons"]),
            "label": None if size is None else SIZE_LABELS[size],
            **{name: _moment(row[name]) for name in ("first_seen", "last_seen")},
        }

    query = (
        "SELECT *, epoch_us(first_seen) AS first_us, epoch_us(last_seen) AS last_us "
        "FROM cluster_rows ORDER BY cluster_id"
    )
    fields = {"cluster_id": "cluster_id:ID(Cluster)", "label": ":LABEL"}
    files.add("--nodes=Cluster", "nodes-Cluster", fields, files.made(query, made, schema))


def _accounts(files: _Files, key: str) -> None:
    there = files.parts.rows("SELECT * FROM account_rows LIMIT 0").column_names
    counted = "".join(f', "{n}"' for n in there if n.startswith("with_") and '"' not in n)
    lists = [name for name in ("hours", UNKNOWN) if name in there]
    own = [name for name in OF_ACCOUNT if name not in lists]
    listed = "".join(f", nullif(array_to_string({n}, $between), '') AS {n}" for n in lists)
    times = ", ".join(_time(name, f"epoch_us({name})") for name in _TIMES if name in there)
    labels = (
        "CASE proposal WHEN 'ban' THEN 'Flagged' || $between || 'Listed' "
        "WHEN 'review' THEN 'Flagged' END AS label"
    )
    rows = files.select(
        f"SELECT $run AS run, key AS account_id, {', '.join(own)}, {times}{listed}{counted}"
        f", {labels} FROM account_rows ORDER BY n",
        run=key, between=files.between,
    )  # fmt: skip
    fields = {"account_id": "account_id:ID(Account)", "label": ":LABEL"}
    files.add("--nodes=Account", "nodes-Account", fields, rows)


def _members(files: _Files, key: str) -> None:
    rows = files.select(
        'SELECT key AS "from", cluster_id AS "to", $run AS run, confidence, proposal, held_by '
        "FROM account_rows WHERE cluster_id IS NOT NULL ORDER BY n",
        run=key,
    )
    fields = {"from": ":START_ID(Account)", "to": ":END_ID(Cluster)"}
    files.add("--relationships=MEMBER_OF", "relationships-MEMBER_OF", fields, rows)


def _uses(files: _Files, kind: KindWords, key: str) -> None:
    """Who used an artifact of a kind; and what the members of clusters share of it."""
    times = f"{_time('first_seen', 'first_us')}, {_time('last_seen', 'last_us')}"
    rows = files.select(
        f'SELECT a.key AS "from", x.key AS "to", u.events, {times} '
        "FROM (FROM uses WHERE kind = $kind) u JOIN account_rows a USING (n) "
        "JOIN artifact_rows x USING (number) ORDER BY n, number",
        kind=kind.name,
    )
    fields = {"from": ":START_ID(Account)", "to": f":END_ID({kind.label})"}
    option, name = f"--relationships={kind.relationship}", f"relationships-uses-{kind.label}"
    files.add(option, name, fields, rows)
    rows = files.select(
        f'SELECT cluster_id AS "from", key AS "to", $run AS run, cluster_id, rank, members, '
        f"events, {times} FROM share_rows WHERE kind = $kind ORDER BY batch, cluster_id, key",
        run=key, kind=kind.name,
    )  # fmt: skip
    fields = {"from": ":START_ID(Cluster)", "to": f":END_ID({kind.label})"}
    files.add("--relationships=SHARES", f"relationships-shares-{kind.label}", fields, rows)


def _links(files: _Files, key: str) -> None:
    texts = ("from", "to", "run", "name", "families", "family_bits", "reasons")
    schema = pa.schema([
        *((name, pa.string()) for name in texts), ("bits", pa.float64()), ("within", pa.bool_()),
    ])  # fmt: skip

    def made(row: dict[str, Any]) -> dict[str, Any]:
        a, b, bits, *lists, within, name = link_values(row)
        named = zip(("families", "family_bits", "reasons"), lists, strict=True)
        listed = {name: files.listed(values) for name, values in named}
        drawn = {"name": name, "within": within}
        return {"from": a, "to": b, "run": key, "bits": bits, **drawn, **listed}

    fields = {"from": ":START_ID(Account)", "to": ":END_ID(Account)"}
    rows = files.made("FROM link_rows ORDER BY number", made, schema)
    files.add("--relationships=LINKED_TO", "relationships-LINKED_TO", fields, rows)


def _between(parts: Parts) -> str:
    """What no text in a list has: those are reasons, which name artifacts."""
    for character in BETWEEN:
        found = parts.rows(
            "SELECT 1 FROM link_rows WHERE contains(array_to_string(map_values(told), ' '), $c) "
            "LIMIT 1",
            c=character,
        )
        if not found.num_rows:
            return character
    raise ResultError(
        "artifacts of this run have every character that could part the items of a list for the "
        "importer: bring the run in by `linkage graph push`"
    )


def _time(name: str, us: str) -> str:
    """A moment in SQL as the importer takes it, of microseconds since 1970."""
    return f"strftime(make_timestamp({us}), '%Y-%m-%dT%H:%M:%S.%fZ') AS {name}"


def _moment(value: datetime | None) -> str | None:
    """The same of a value."""
    return None if value is None else f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _header(schema: pa.Schema, fields: Mapping[str, str]) -> str:
    """The line that says what the columns are: names are ours, and columns' of the settings."""
    other = _TIMES | _LISTS
    return ",".join(
        fields.get(field.name, f"{field.name}:{other.get(field.name, _TYPES.get(field.type))}")
        for field in schema
    )


def _script(run: Run, scope: Scope, files: _Files) -> str:
    """What imports the files, and what is to be done before and after."""
    words = [
        *files.words,
        f"--array-delimiter=U+{ord(files.between):04X}",
        *([f"--read-buffer-size={2 * files.longest}"] if 2 * files.longest > BUFFER else []),
        *(["--multiline-fields=true"] if files.several_lines else []),
    ]
    lines = " \\\n    ".join(shlex.quote(word) for word in words)
    push = command("linkage", "graph", "push", run.path.absolute(), "--scope", scope.value)
    return f"""#!/bin/sh
# Imports the graph of the run {run_id(run.path)} (scope {scope}) into a Neo4j 5.26 database that is
# empty, on the machine of a server that is stopped:  sh {SCRIPT} [DATABASE]
# NEO4J_ADMIN names the program where it is not on the path.
# The last step, once the server runs again, makes the constraints and indexes:
#   {push}
set -eu
cd "$(dirname "$0")"
exec "${{NEO4J_ADMIN:-neo4j-admin}}" database import full "${{1:-neo4j}}" \\
    {lines}
"""
