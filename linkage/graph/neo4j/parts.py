"""What of a run is brought into a graph: its accounts, artifacts, clusters and links, as tables.

Each table has the column `batch`, 0, 1, 2 ...: what one transaction takes. The same run, scope
and previous figures give the same batches, so that what was begun can be gone on with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from linkage.folder import TABLES, Tables, literal
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.model import Scope, key_sql, text_sql
from linkage.run import Run
from linkage.wording import KIND, every

AROUND = 10  # accounts that have an artifact, for one step around to be taken through it
LINKS_EACH = 8  # strongest links of an account within its cluster, and as many out of it
REASONS = 3  # artifacts that a link's reasons name of each family
BATCH = 15_000  # nodes and relationships of a transaction, about
MEMORY = "1GB"

_US = "epoch_us({})"

_CHOSEN = {
    Scope.all: "SELECT account_id FROM activity",
    Scope.flagged: """
        WITH flagged AS (
            SELECT account_id FROM members JOIN clusters USING (cluster_id)
            WHERE clusters.proposal <> 'none'),
        theirs AS (SELECT DISTINCT organisation FROM activity
                   WHERE account_id IN (FROM flagged) AND organisation IS NOT NULL)
        FROM flagged UNION
        SELECT account_id FROM activity WHERE organisation IN (FROM theirs)""",
}
# Accounts of which everything is there (whole), those around them, and numbers for both.
_ACCOUNTS = """
    CREATE TABLE accounts AS
    WITH around AS (
        SELECT DISTINCT account_id FROM evidence JOIN chosen USING (kind, value)
        WHERE accounts <= $around)
    SELECT account_id, whole, (row_number() OVER (ORDER BY account_id) - 1)::INT AS n
    FROM (SELECT account_id, true AS whole FROM whole
          UNION ALL
          SELECT account_id, false AS whole FROM around
          WHERE account_id NOT IN (SELECT account_id FROM whole))"""
_ARTIFACTS_CHOSEN = {
    Scope.all: "SELECT * FROM artifacts",
    Scope.flagged: """
        SELECT * FROM artifacts SEMI JOIN
            (SELECT kind, value FROM evidence
             WHERE account_id IN (SELECT account_id FROM whole)) USING (kind, value)""",
}
_CHOSEN_NUMBERED = """
    CREATE TABLE chosen AS
    SELECT *, (row_number() OVER (ORDER BY kind, value) - 1)::INT AS number FROM ({})"""
_USES = f"""
    CREATE TABLE uses AS
    SELECT n, kind, number, events, {_US.format("first_seen")} AS first_us,
           {_US.format("last_seen")} AS last_us
    FROM evidence JOIN accounts USING (account_id) JOIN chosen USING (kind, value)
    WHERE whole OR chosen.accounts <= $around
    ORDER BY n, kind, number"""
# A batch of accounts has so many of them and of their artifacts together.
_BATCHES = """
    CREATE TABLE account_batches AS
    SELECT n, ((sum(1 + coalesce(many, 0)) OVER (ORDER BY n) - 1) // $size)::INT AS batch
    FROM accounts LEFT JOIN (SELECT n, count(*) AS many FROM uses GROUP BY n) USING (n)"""
# In steps of their own, so that no plan joins what comes from one cluster, or all that have one
# artifact, with itself.
_TIED = """
    CREATE TABLE tied AS
    SELECT links.*, a.cluster_id, coalesce(a.cluster_id = b.cluster_id, false) AS within
    FROM links LEFT JOIN members a ON account_a = a.account_id
    LEFT JOIN members b ON account_b = b.account_id"""
_USED_BY_A = """
    CREATE TABLE used_by_a AS
    SELECT number, account_b, kind, value FROM drawn JOIN evidence ON account_id = account_a"""
_ACCOUNT_ROWS = f"""
    CREATE TABLE account_rows AS
    WITH linked AS (
        SELECT account_id, count(*) AS links, max(bits) FILTER (NOT within) AS leaves
        FROM (SELECT account_a AS account_id, bits, within FROM tied
              UNION ALL SELECT account_b AS account_id, bits, within FROM tied)
        GROUP BY account_id)
    SELECT batch, n, {key_sql("account_id")} AS key, {text_sql("account_id")} AS text, whole,
           act.* EXCLUDE (account_id), members.cluster_id, members.confidence, members.proposal,
           members.held_by, coalesce(linked.links, 0) AS links, linked.leaves,
           was.was, was.was_in
    FROM accounts JOIN account_batches USING (n) JOIN activity act USING (account_id)
    LEFT JOIN members USING (account_id) LEFT JOIN linked USING (account_id)
    LEFT JOIN was ON was.key = {key_sql("account_id")}
    ORDER BY n"""
_ARTIFACT_ROWS = f"""
    CREATE TABLE artifact_rows AS
    WITH held AS (
        SELECT number, count(*) AS here,
               count(*) FILTER (c.proposal <> 'none') AS flagged,
               count(*) FILTER (m.proposal = 'ban') AS listed
        FROM uses JOIN accounts USING (n)
        LEFT JOIN members m USING (account_id) LEFT JOIN clusters c USING (cluster_id)
        GROUP BY number)
    SELECT kind, number, {key_sql("value")} AS key, {text_sql("value")} AS text, accounts, degree,
           flagged, listed, here = accounts AS whole, words,
           ((row_number() OVER (PARTITION BY kind ORDER BY value) - 1) // $size)::INT AS batch
    FROM chosen JOIN held USING (number) LEFT JOIN worded USING (kind, value)
    ORDER BY kind, batch, key"""
_CLUSTER_ROWS = """
    CREATE TABLE cluster_rows AS
    WITH there AS (
        SELECT cluster_id, count(*) AS here FROM members
        WHERE account_id IN (SELECT account_id FROM accounts WHERE whole) GROUP BY cluster_id),
    touched AS (
        SELECT DISTINCT cluster_id FROM members
        WHERE account_id IN (SELECT account_id FROM accounts)),
    within AS (
        SELECT cluster_id, count(*) AS links FROM tied WHERE within GROUP BY cluster_id),
    listed AS (
        SELECT cluster_id, count(*) AS listed FROM members WHERE proposal = 'ban'
        GROUP BY cluster_id)
    SELECT clusters.*, coalesce(here, 0) = accounts AS whole,
           coalesce(within.links, 0) AS links, coalesce(listed.listed, 0) AS listed,
           ((row_number() OVER (ORDER BY cluster_id) - 1) // ($size // 8))::INT AS batch
    FROM clusters JOIN touched USING (cluster_id) LEFT JOIN there USING (cluster_id)
    LEFT JOIN within USING (cluster_id) LEFT JOIN listed USING (cluster_id)
    ORDER BY cluster_id"""
# A cluster's artifacts have a rank, those first that belong to it most: a large one has a hundred
# thousand of them, and hardly anybody asks for more than the first.
_SHARE_ROWS = f"""
    CREATE TABLE share_rows AS
    WITH shared AS (
        SELECT cluster_id, kind, value, count(*) AS members,
               sum(evidence.events)::BIGINT AS events,
               {_US.format("min(evidence.first_seen)")} AS first_us,
               {_US.format("max(evidence.last_seen)")} AS last_us
        FROM evidence JOIN members USING (account_id) JOIN cluster_rows USING (cluster_id)
        WHERE whole GROUP BY cluster_id, kind, value HAVING count(*) > 1)
    SELECT cluster_id, kind, {key_sql("value")} AS key, members, events, first_us, last_us,
           row_number() OVER (PARTITION BY cluster_id ORDER BY
               members * members / artifacts.accounts DESC, kind, value) AS rank,
           ((row_number() OVER (PARTITION BY kind ORDER BY cluster_id, value) - 1) // $size)::INT
               AS batch
    FROM shared JOIN artifacts USING (kind, value)
    ORDER BY kind, batch, cluster_id, key"""
# The strongest of each end, within a cluster and out of it apart: what leaves a cluster is weaker,
# and is what tells of bridges.
_LINK_ROWS = """
    CREATE TABLE drawn AS
    WITH inside AS (
        SELECT tied.* EXCLUDE (cluster_id)
        FROM tied
        JOIN accounts x ON x.account_id = account_a JOIN accounts y ON y.account_id = account_b
        WHERE x.whole OR y.whole),
    ends AS (
        SELECT account_a AS one, account_b AS other, * FROM inside
        UNION ALL
        SELECT account_b AS one, account_a AS other, * FROM inside),
    strongest AS (
        SELECT DISTINCT account_a, account_b FROM ends
        QUALIFY row_number() OVER (PARTITION BY one, within ORDER BY bits DESC, other) <= $each)
    SELECT account_a, account_b, bits, families, within,
           (row_number() OVER (ORDER BY account_a, account_b) - 1)::INT AS number
    FROM inside JOIN strongest USING (account_a, account_b)"""
# Why, in words: each family's bits, and the rarest artifacts that both have.
_REASON_ROWS = """
    CREATE TABLE reason_rows AS
    WITH shared AS (
        SELECT u.number, f.family, u.kind, u.value, a.accounts, w.words,
               row_number() OVER (PARTITION BY u.number, f.family
                                  ORDER BY a.degree, u.kind, u.value) AS place
        FROM used_by_a u
        JOIN evidence o ON o.account_id = u.account_b AND o.kind = u.kind AND o.value = u.value
        JOIN artifacts a ON a.kind = u.kind AND a.value = u.value
        JOIN family_of f ON f.kind = u.kind
        LEFT JOIN worded w ON w.kind = u.kind AND w.value = u.value)
    SELECT number, family,
           string_agg(kind || ' ' || left(value, 80) || coalesce(' “' || left(words, 80) || '”', '')
                      || ' (' || accounts || ' accounts)', ', ' ORDER BY place) AS told
    FROM shared WHERE place <= $most GROUP BY number, family"""
_LINK_BATCHES = f"""
    CREATE TABLE link_rows AS
    SELECT (number // $size)::INT AS batch, number, {key_sql("account_a")} AS key_a,
           {key_sql("account_b")} AS key_b, bits, families, within, told
    FROM drawn LEFT JOIN (SELECT number, map_from_entries(list((family, told))) AS told
                          FROM reason_rows GROUP BY number) USING (number)
    ORDER BY number"""


class Parts:
    """The tables of one push, in an engine of their own; `close` gives its memory and files back.

    was     what the graph that was shown before says of accounts: key, was (their proposal there),
            was_in (their cluster there)
    nodes   int64[artifacts], the database's number of each artifact's node by `number`; -1 where
            there is none yet
    """

    def __init__(self, run: Run, kinds: Sequence[KindWords], scope: Scope, was: pa.Table) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="linkage-push-")
        self._lock = Lock()
        self._engine = duckdb.connect(
            Path(self._folder.name) / "parts.duckdb",
            config={"memory_limit": MEMORY, "temp_directory": self._folder.name},
        )
        self._engine.execute("SET GLOBAL TimeZone = 'UTC'")
        self.kinds, self.scope = tuple(kinds), scope
        try:
            self._made(run.path, was)
            self.nodes = np.full(self.count("chosen"), -1, np.int64)
        except BaseException:
            self.close()
            raise

    def rows(self, query: str, **values: Any) -> pa.Table:
        """Some rows; a cursor each, for threads."""
        with self._lock:
            cursor = self._engine.cursor()
        return cursor.sql(query, params=values).to_arrow_table()

    def stream(self, query: str, rows: int, **values: Any) -> Iterator[pa.Table]:
        """A long answer as it comes, some rows at a time."""
        with self._lock:
            cursor = self._engine.cursor()
        for batch in cursor.sql(query, params=values).to_arrow_reader(rows):
            yield pa.Table.from_batches([batch])

    def place(self, kind: str, keys: Sequence[str], nodes: Sequence[int]) -> int:
        """Say which nodes artifacts of a kind are, by their keys. Returns how many."""
        placed = self.rows(
            "SELECT number, node FROM (SELECT unnest($keys::VARCHAR[]) AS key, "
            "unnest($nodes::BIGINT[]) AS node) JOIN artifact_rows USING (key) WHERE kind = $kind",
            kind=kind,
            keys=keys,
            nodes=nodes,
        )
        self.nodes[placed["number"].to_numpy()] = placed["node"].to_numpy()
        return int(placed.num_rows)

    def count(self, table: str, kind: str | None = None) -> int:
        """How many rows a table has, or those of a kind."""
        return self._figure("count(*)", table, kind)

    def batches(self, table: str, kind: str | None = None) -> int:
        """How many transactions they take."""
        return self._figure("coalesce(max(batch) + 1, 0)", table, kind)

    def _figure(self, what: str, table: str, kind: str | None) -> int:
        where, values = ("WHERE kind = $kind", {"kind": kind}) if kind else ("", {})
        return int(self.rows(f"SELECT {what} AS n FROM {table} {where}", **values)["n"][0].as_py())

    def close(self) -> None:
        """Nothing is left behind."""
        self._engine.close()
        self._folder.cleanup()

    def _made(self, folder: Path, was: pa.Table) -> None:
        run, size = self._engine.execute, {"size": BATCH}
        for name in TABLES:
            self._engine.read_parquet(literal(folder / f"{name}.parquet")).create_view(name)
        self._table("was", was)
        names, families = [k.name for k in self.kinds], [k.family for k in self.kinds]
        self._table("worded", _worded(folder))
        self._table("family_of", pa.table({"kind": names, "family": families}))
        run(f"CREATE TABLE whole AS {_CHOSEN[self.scope]}")
        run(_CHOSEN_NUMBERED.format(_ARTIFACTS_CHOSEN[self.scope]))
        around = {"around": AROUND if self.scope is Scope.flagged else 0}
        run(_ACCOUNTS, around)
        run(_USES, around)
        run(_BATCHES, size)
        run(_TIED)
        run(_ACCOUNT_ROWS)
        run(_ARTIFACT_ROWS, size)
        run(_CLUSTER_ROWS, size)
        run(_SHARE_ROWS, size)
        run(_LINK_ROWS, {"each": LINKS_EACH})
        run(_USED_BY_A)
        run(_REASON_ROWS, {"most": REASONS})
        run(_LINK_BATCHES, size)

    def _table(self, name: str, rows: pa.Table) -> None:
        self._engine.register(f"{name}_given", rows)
        self._engine.execute(f"CREATE TABLE {name} AS FROM {name}_given")
        self._engine.unregister(f"{name}_given")


def _worded(folder: Path) -> pa.Table:
    """What the run's templates say."""
    text = pa.string()
    said = [(KIND, value, words) for value, words in every(Tables(folder))]
    schema = pa.schema([("kind", text), ("value", text), ("words", text)])
    return pa.Table.from_pylist([dict(zip(schema.names, one, strict=True)) for one in said], schema)
