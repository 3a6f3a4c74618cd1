"""The evidence in a graph as a folder of gathered evidence, which a detection can start from.

The graph is of the run that is shown, brought in with all of its accounts; or somebody else made
it in the same model: `Account` nodes with `account_id`, artifacts with `value` and the labels of
the kinds, relationships of the kinds' types with `events`, `first_seen` and `last_seen`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.activity import UNKNOWN, counted_columns
from linkage.artifacts import ArtifactKind
from linkage.baseline import OWN_EVENTS
from linkage.calibration.settings_file import to_toml
from linkage.errors import GraphError, InputError, SettingsError
from linkage.folder import check_new, new_folder
from linkage.gathered import ACTIVITY, EVIDENCE
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Database
from linkage.graph.neo4j.model import NAME, Scope
from linkage.graph.neo4j.reading import check_format
from linkage.graph.neo4j.statements import check_words, words_of
from linkage.render import clean, plural
from linkage.results.tables import EVIDENCE as EVIDENCE_SCHEMA
from linkage.settings import Settings, parse
from linkage.signals import CARRIED

Progress = Callable[[str, float], None]

SETTINGS = "linkage.toml"
MEMORY = "1GB"
GROUP = 250_000  # rows of a file's row group
SHOWN = 5  # faults that a message names
TIME = pa.timestamp("us", "UTC")

_EVIDENCE = pa.schema([
    ("account_id", pa.string()), ("value", pa.string()), ("events", pa.int64()),
    ("first_us", pa.int64()), ("last_us", pa.int64()),
])  # fmt: skip
_ACTIVITY = pa.schema([
    ("account_id", pa.string()), ("events", pa.int64()), ("days", pa.int64()),
    ("first_us", pa.int64()), ("last_us", pa.int64()), ("signed_up_us", pa.int64()),
    ("hours", pa.list_(pa.int64())), ("organisation", pa.string()), ("claimed", pa.string()),
    (UNKNOWN, pa.list_(pa.string())), ("counts", pa.list_(pa.int64())),
])  # fmt: skip
# An artifact that an account used twice, by relationships of their own: as one.
_ORDERED_EVIDENCE = """
    SELECT account_id, kind, value, sum(events)::BIGINT AS events,
           make_timestamptz(min(first_us)) AS first_seen,
           make_timestamptz(max(last_us)) AS last_seen
    FROM evidence GROUP BY account_id, kind, value ORDER BY account_id, kind, value"""
_ORDERED_ACTIVITY = """
    SELECT account_id, events, days, make_timestamptz(first_us) AS first_seen,
           make_timestamptz(last_us) AS last_seen, make_timestamptz(signed_up_us) AS signed_up,
           hours, nullif(organisation, '') AS organisation, claimed, counts, unknown
    FROM activity ORDER BY account_id"""


@dataclass(frozen=True)
class Pulled:
    """What was read.

    run         the id of the run that the graph is of; None where somebody else made it
    evidence    rows: an artifact of an account each
    accounts    of the graph
    settings    file with the run's settings, which a detection needs for the same result; None
                where they are the defaults, or not known
    baseline    what the run was weighed against, where that was another run; None else
    """

    folder: Path
    run: str | None
    evidence: int
    accounts: int
    settings: Path | None
    baseline: str | None


@dataclass(frozen=True)
class _Graph:
    """What is in the database: a run's graph (`run`: its key, `info`: its run.json), or another's
    (`run` is '')."""

    run: str
    id: str | None
    info: Mapping[str, Any]
    kinds: tuple[KindWords, ...]
    counted: tuple[str, ...]
    settings: Settings


def pull(
    database: Database,
    out: Path,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Write evidence.parquet and activity.parquet to the folder `out`, whole or not at all; the
    same bytes for the same graph.

    settings   of a graph that somebody else made: they declare its kinds

    Raises GraphError where there is nothing to pull, or a part of a run alone; InputError where
    somebody else's graph is not in the model, with what is wrong how often; ResultError where
    `out` is in the way.
    """
    check_new(out)
    tell = progress or (lambda stage, fraction: None)
    graph = _graph(database, settings)
    with new_folder(out) as made:
        with _Staged(made.parent, graph.counted) as staged:
            _read(database, graph, staged, tell)
            tell("writing", 0.9)
            accounts = staged.write_activity(made / ACTIVITY, own=bool(graph.run))
            evidence = staged.write_evidence(made / EVIDENCE)
        _check_whole(database, graph, accounts, evidence)
        changed = to_toml(graph.settings) if graph.run else ""
        if changed.strip():
            remark = f"# Settings of the run {graph.id}, for `linkage detect --evidence`.\n"
            (made / SETTINGS).write_text(remark + changed, "utf-8")
    tell("done", 1.0)
    source = graph.info["baseline"]["source"] if graph.run else OWN_EVENTS
    return Pulled(
        folder=out,
        run=graph.id,
        evidence=evidence,
        accounts=accounts,
        settings=out / SETTINGS if changed.strip() else None,
        baseline=None if source == OWN_EVENTS else str(source),
    )


# What there is


def _graph(database: Database, settings: Settings | None) -> _Graph:
    """The run that is shown, or what belongs to none."""
    url = database.target.url
    shown = database.read(lambda ask: ask.first("read/shown", name=NAME))
    if shown is None:
        return _of_others(database, settings or Settings())
    check_format(shown, url)
    if settings is not None:
        fault = "the graph is of a run, which has settings of its own: leave it out"
        raise SettingsError([fault], "--settings")
    if shown["scope"] != Scope.all:
        raise GraphError(
            f"{url}: the run that it shows was brought in with the scope {shown['scope']}: its "
            "evidence is not all there. Push it with `linkage graph push --scope all`, or start "
            "from its result folder: `linkage detect --evidence RESULT`"
        )
    run = str(shown["run"])
    row = database.read(lambda ask: ask.first("read/run", run=run))
    if row is None:
        raise GraphError(f"{url}: {clean(run, 60)} is being taken away: try again")
    info = json.loads(row["info"])
    own = parse(info["settings"], f"the settings of {row['id']}")
    return _Graph(run, row["id"], info, KindWords.of_run(info), _counted(own.kinds()), own)


def _of_others(database: Database, settings: Settings) -> _Graph:
    """A graph that no run was brought into."""
    url = database.target.url
    found = database.read(lambda ask: ask.rows("pull/of_runs"))[0]
    if found["of_runs"]:
        raise GraphError(
            f"{url}: no run is shown, and {plural(found['of_runs'], 'account')} have the property "
            "`run`, as those of a run have that is not whole yet. Go on with its push: "
            "`linkage graph push RESULT --scope all`"
        )
    if not found["of_none"]:
        raise GraphError(f"{url}: there are no nodes labelled Account, so there is nothing to pull")
    kinds = tuple(KindWords.of(kind) for kind in settings.kinds())
    return _Graph("", None, {}, kinds, _counted(settings.kinds()), settings)


def _counted(kinds: Sequence[ArtifactKind]) -> tuple[str, ...]:
    return tuple(f"with_{column}" for column in counted_columns(kinds, CARRIED))


# Reading


def _read(database: Database, graph: _Graph, staged: _Staged, tell: Progress) -> None:
    """All accounts and all that they used; an error that counts what is wrong."""
    check_words(graph.kinds)
    faults: Counter[str] = Counter()
    tell("accounts", 0.0)
    for page in database.long("pull/accounts", run=graph.run, counted=list(graph.counted)):
        staged.add("activity", _ACTIVITY, page, "Account nodes", faults)
    for number, kind in enumerate(graph.kinds):
        tell(f"evidence {kind.name}", 0.1 + 0.8 * number / len(graph.kinds))
        words, what = words_of(kind), f"relationships {kind.relationship}"
        for page in database.long("pull/evidence", words, run=graph.run):
            staged.add("evidence", _EVIDENCE, page, what, faults, kind=kind.name)
        if not graph.run:
            others = f"{what} that do not go from Account to {kind.label}"
            faults[others] += _others(database, words)
    several = staged.several()
    if several:
        faults[f"account ids of several Account nodes, e.g. {clean(several[0], 60)}"] += len(
            several
        )
    found = [f"{number:,} {fault}" for fault, number in faults.most_common() if number]
    if found:
        more = f" ... and {len(found) - SHOWN} faults more" if len(found) > SHOWN else ""
        raise InputError(
            f"{database.target.url}: the graph is not as docs/graph.md says: "
            f"{'; '.join(found[:SHOWN])}{more}. Mend or remove them: ids and values are text, "
            "events whole numbers, times zoned datetimes; or pull from another database"
        )


def _others(database: Database, words: Mapping[str, str]) -> int:
    """How many relationships of a kind's type are not in the model."""
    return int(database.read(lambda ask: ask.rows("pull/others", words))[0]["others"])


def _check_whole(database: Database, graph: _Graph, accounts: int, evidence: int) -> None:
    """A run was there to the end, and is as it was brought in."""
    if not graph.run:
        return
    url, counts = database.target.url, graph.info["counts"]
    if database.read(lambda ask: ask.first("read/run", run=graph.run)) is None:
        raise GraphError(f"{url}: another run took the place of {graph.id} meanwhile: pull again")
    wanted = (counts["accounts"], counts["evidence"])
    if (accounts, evidence) != wanted:
        raise GraphError(
            f"{url}: the graph of {graph.id} was changed: it has {plural(accounts, 'account')} and "
            f"{evidence:,} rows of evidence, and the run had {wanted[0]:,} and {wanted[1]:,}. "
            "Start from its result folder, or push it anew into an empty database"
        )


class _Staged:
    """What was read, in an engine of its own that sorts it on disk."""

    def __init__(self, folder: Path, counted: Sequence[str]) -> None:
        self._counted = counted
        self._engine = duckdb.connect(
            folder / "pulled.duckdb",
            config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")},
        )
        self._engine.execute("SET GLOBAL TimeZone = 'UTC'")
        kind = pa.schema([("kind", pa.string())])
        for name, schema in (("activity", _ACTIVITY), ("evidence", [*_EVIDENCE, *kind])):
            self._add(name, pa.schema(schema).empty_table(), create=True)

    def __enter__(self) -> _Staged:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def add(
        self,
        table: str,
        schema: pa.Schema,
        page: Sequence[Sequence[Any]],
        what: str,
        faults: Counter[str],
        kind: str | None = None,
    ) -> None:
        """Some rows, whose last value says what is wrong with them; once anything is, faults are
        counted and nothing is kept."""
        for row in page:
            if row[-1] is not None:
                faults[f"{what} whose {row[-1]}"] += 1
        if faults.total() or not page:
            return
        columns = list(zip(*page, strict=True))[:-1]
        arrays = [pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)]
        rows = pa.table(arrays, schema=schema)
        if kind is not None:
            rows = rows.append_column("kind", pa.array([kind] * len(page), pa.string()))
        self._add(table, rows)

    def several(self) -> list[str]:
        """Account ids that more than one node has."""
        query = "SELECT account_id FROM activity GROUP BY account_id HAVING count(*) > 1 ORDER BY 1"
        return [row[0] for row in self._engine.execute(query).fetchall()]

    def write_evidence(self, path: Path) -> int:
        """evidence.parquet by account, kind and value; returns its rows."""
        return _written(self._sorted(_ORDERED_EVIDENCE), EVIDENCE_SCHEMA, path)

    def write_activity(self, path: Path, *, own: bool) -> int:
        """activity.parquet by account; returns its rows. `own`: of a run, where an account without
        an organisation has none. Else nobody knows it, unless some accounts have one."""
        said, unknown = self._engine.execute(
            "SELECT count(organisation), count(unknown) FROM activity"
        ).fetchall()[0]
        names = ["account_id", "events", "days", "first_seen", "last_seen", "signed_up", "hours"]
        types = [pa.string(), pa.int64(), pa.int64(), TIME, TIME, TIME, pa.list_(pa.int32())]
        fields = list(zip(names, types, strict=True))
        fields += [("organisation", pa.string())] if own or said else []
        fields += [("claimed", pa.string()), *((name, pa.int64()) for name in self._counted)]
        fields += [(UNKNOWN, pa.list_(pa.string()))] if unknown else []
        return _written(map(self._counts_apart, self._sorted(_ORDERED_ACTIVITY)), fields, path)

    def _counts_apart(self, rows: pa.Table) -> pa.Table:
        """A column for each number of events that was counted."""
        lists = rows["counts"].to_pylist()
        for number, name in enumerate(self._counted):
            values = pa.array([counts[number] for counts in lists], pa.int64())
            rows = rows.append_column(name, values)
        return rows

    def _sorted(self, query: str) -> Iterable[pa.Table]:
        for batch in self._engine.sql(query).to_arrow_reader(GROUP):
            yield pa.Table.from_batches([batch])

    def _add(self, name: str, rows: pa.Table, *, create: bool = False) -> None:
        self._engine.register("page", rows)
        into = f"CREATE TABLE {name} AS" if create else f"INSERT INTO {name}"
        self._engine.execute(f"{into} FROM page")
        self._engine.unregister("page")


def _written(parts: Iterable[pa.Table], fields: Any, path: Path) -> int:
    """A file of such columns, in groups of the same size however the parts come; its rows."""
    schema, count, waiting = pa.schema(fields), 0, pa.schema(fields).empty_table()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            count += part.num_rows
            waiting = pa.concat_tables([waiting, part.select(schema.names).cast(schema)])
            while waiting.num_rows >= GROUP:
                writer.write_table(waiting.slice(0, GROUP), row_group_size=GROUP)
                waiting = waiting.slice(GROUP)
        writer.write_table(waiting, row_group_size=GROUP)
    return count
