"""Stages 1 and 2 where the evidence is gathered already: a folder -> evidence and activity.

The folder has `evidence.parquet`, and `activity.parquet` as far as that is known; a result folder
is one. Missing figures are derived where the evidence says something of them, and named as unknown
all the same, so that no signal takes a lower bound, or a zero, for what an account did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.activity import HOURS, UNKNOWN, counted_columns
from linkage.artifacts import ArtifactKind
from linkage.errors import FormatError, InputError, MissingColumns, MissingInput
from linkage.evidence import Evidence
from linkage.folder import literal
from linkage.render import clean, plural
from linkage.tables import dropped, kept
from linkage.templates.mining import TABLE

EVIDENCE, ACTIVITY, TEMPLATES = "evidence.parquet", "activity.parquet", "templates.parquet"
TIME = "timestamp('UTC')"


@dataclass(frozen=True)
class _Type:
    """What a column may be in a file, in words and by a test, and what becomes of it."""

    words: str
    fits: Callable[[pa.DataType], bool]
    ours: str


def _is_text(given: pa.DataType) -> bool:
    text = given.value_type if pa.types.is_dictionary(given) else given
    return any(
        test(text)
        for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _is_list(given: pa.DataType, inside: Callable[[pa.DataType], bool]) -> bool:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(given) for test in lists) and (
        inside(given.value_type) or pa.types.is_null(given.value_type)
    )


_TEXT = _Type("text", _is_text, "string")
_WHOLE = _Type("whole numbers", pa.types.is_integer, "int64")
_TIME = _Type("times", pa.types.is_timestamp, TIME)
_HOURS = _Type(
    f"lists of {HOURS} whole numbers", lambda t: _is_list(t, pa.types.is_integer), "array<int64>"
)
_NAMES = _Type("lists of texts", lambda t: _is_list(t, _is_text), "array<string>")

_OF_EVIDENCE = {
    "account_id": _TEXT, "kind": _TEXT, "value": _TEXT, "events": _WHOLE,
    "first_seen": _TIME, "last_seen": _TIME,
}  # fmt: skip
_OF_ACTIVITY = {
    "account_id": _TEXT, "events": _WHOLE, "days": _WHOLE, "first_seen": _TIME,
    "last_seen": _TIME, "signed_up": _TIME, "hours": _HOURS, "organisation": _TEXT,
    "claimed": _TEXT, UNKNOWN: _NAMES,
}  # fmt: skip


@dataclass(frozen=True)
class Gathered:
    """A folder of evidence, checked.

    files      what was read
    evidence   account_id, kind, value, events int64, first_seen, last_seen (UTC): one row for
               each account and artifact, those of one account alone too
    columns    event columns whose events are counted (`with_COLUMN`)
    stated     what `activity.parquet` says, with all columns that it may have (typed nulls where
               it has none), and `has_organisation`: whether it has that column
    """

    files: tuple[str, ...]
    columns: tuple[str, ...]
    evidence: ir.Table
    stated: ir.Table


def read(
    con: Backend,
    folder: Path,
    kinds: Sequence[ArtifactKind],
    counted: Sequence[str] | None = None,
) -> Gathered:
    """Read and check a folder; nothing depends on the order of rows. `counted`: as for `activity`.

    Rows of one account, kind and value are added up. Raises MissingInput, FormatError,
    MissingColumns or InputError (all InputError) with what to do about it.
    """
    # A time without a zone is UTC, wherever this runs.
    con.raw_sql("SET TimeZone = 'UTC'")
    columns = counted_columns(kinds, counted)
    types = _OF_ACTIVITY | {f"with_{column}": _WHOLE for column in columns}
    with _readable(folder):
        rows = _file(con, folder / EVIDENCE, _OF_EVIDENCE, tuple(_OF_EVIDENCE))
        if rows is None:
            raise MissingInput(f"{clean(folder)}: no folder with {EVIDENCE} in it")
        _check_evidence(rows, folder / EVIDENCE, kinds)
        stated = _file(con, folder / ACTIVITY, types, ("account_id",))
        if stated is None:
            stated = _nothing(con, types)
        else:
            _check_activity(stated, folder / ACTIVITY)
        given = Gathered(
            files=tuple(str(folder / n) for n in (EVIDENCE, ACTIVITY) if (folder / n).exists()),
            columns=tuple(columns),
            evidence=kept(_added_up(rows)),
            stated=kept(stated),
        )
    if not _count(given.evidence) and not _count(given.stated):
        raise MissingInput(f"{clean(folder)}: there are no rows in {EVIDENCE}")
    return given


def activity(given: Gathered, kinds: Sequence[ArtifactKind]) -> ir.Table:
    """One row an account that evidence or activity names: as `activity.activity` returns it.

    Nulls stand for days, hours and carried events that are not known. Where anything is not,
    there is one column more, `unknown`: the names of the account's figures that nobody stated, or
    that contradict the evidence. Of these, events are the least that the evidence leaves
    possible, first_seen and last_seen those of the evidence.
    """
    named = given.evidence.select("account_id").union(given.stated.select("account_id"))
    joined = named.distinct().left_join(given.stated, "account_id").drop("account_id_right")
    least = _least(given.evidence, kinds, given.columns)
    joined = joined.left_join(least, "account_id").drop("account_id_right")
    whole = _settled(joined, given.columns)
    number = ibis.row_number().over(order_by=whole.account_id).cast("int32")
    result = whole.mutate(account=number)
    known = whole.aggregate(all=(whole[UNKNOWN].length() == 0).all()).to_pyarrow()
    result = kept(result.drop(UNKNOWN) if known["all"][0].as_py() is not False else result)
    dropped(whole)
    return result


def evidence(given: Gathered, accounts: ir.Table, kinds: Sequence[ArtifactKind]) -> Evidence:
    """What accounts share, numbered as `evidence.evidence` does; `accounts` has account and
    account_id."""
    ordered = sorted(kinds, key=lambda kind: (kind.family, kind.name))
    place = ibis.memtable(
        {"kind": [kind.name for kind in ordered], "place": list(range(len(ordered)))},
        schema={"kind": "string", "place": "int32"},
    )
    sizes = given.evidence.group_by("kind", "value").agg(accounts=lambda t: t.count())
    several = sizes.filter(sizes.accounts > 1).join(place, "kind")
    number = ibis.row_number().over(order_by=[several.place, several.value]).cast("int32")
    artifacts = kept(several.select("kind", "value", "accounts", artifact=number))
    rows = given.evidence.join(artifacts.select("kind", "value", "artifact"), ["kind", "value"])
    rows = rows.join(accounts.select("account", "account_id"), "account_id")
    rows = rows.select("account", "artifact", "events", "first_seen", "last_seen")
    return Evidence(kept(rows), artifacts.select("artifact", "kind", "value", "accounts"))


def templates(folder: Path) -> pa.Table:
    """What templates of the evidence say, by template_id, as far as it is there.

    Raises FormatError where the file has other columns than a result's.
    """
    path = folder / TEMPLATES
    if not path.is_file():
        return TABLE.empty_table()
    try:
        return pq.read_table(path).select(TABLE.names).cast(TABLE).sort_by("template_id")
    except (pa.ArrowException, KeyError, OSError) as error:
        raise FormatError(f"{clean(path)}: cannot be read: {clean(error, 200)}") from error


def unknown(activity: ir.Table) -> dict[str, int]:
    """Figure -> the accounts of which it is not known, by name; empty where all is known."""
    if UNKNOWN not in activity.columns:
        return {}
    names = activity.select(name=activity[UNKNOWN].unnest()).to_pyarrow()["name"]
    counts = names.value_counts().to_pylist()
    return {found["values"]: found["counts"] for found in sorted(counts, key=lambda c: c["values"])}


# Reading and checking


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
        raise FormatError(f"{clean(folder)}: cannot be read: {clean(error, 200)}") from error


def _file(
    con: Backend, path: Path, types: Mapping[str, _Type], required: Sequence[str]
) -> ir.Table | None:
    """The columns that are meant, with our types, nulls for those that are not there; None where
    there is no such file."""
    if not path.is_file():
        return None
    schema = pq.read_schema(path)
    missing = [name for name in required if name not in schema.names]
    if missing:
        raise MissingColumns(f"{clean(path)}: no column {', '.join(missing)}: it needs {required}")
    table = con.read_parquet(literal(path.absolute()), hive_partitioning=False)
    columns = {name: _typed(table, name, wanted, schema, path) for name, wanted in types.items()}
    if "organisation" in types:
        columns["has_organisation"] = ibis.literal("organisation" in schema.names)
    return table.select(**columns)


def _nothing(con: Backend, types: Mapping[str, _Type]) -> ir.Table:
    """The columns of a file that is not there."""
    columns = {name: wanted.ours for name, wanted in types.items()}
    schema = ibis.schema({**columns, "has_organisation": "boolean"})
    return con.create_table(ibis.util.gen_name("linkage"), schema=schema, temp=True)


def _typed(table: ir.Table, name: str, wanted: _Type, schema: pa.Schema, path: Path) -> ir.Value:
    if name not in schema.names or pa.types.is_null(schema.field(name).type):
        return ibis.null(wanted.ours)
    found = schema.field(name).type
    if not wanted.fits(found):
        raise InputError(f"{clean(path)}: {name} is {found}, where {wanted.words} are wanted")
    return table[name].cast(wanted.ours)


def _check_evidence(rows: ir.Table, path: Path, kinds: Sequence[ArtifactKind]) -> None:
    _refuse(
        rows,
        path,
        {
            **{f"no {name}": _empty(rows[name]) for name in ("account_id", "kind", "value")},
            "no events, or fewer than 1": rows.events.isnull() | (rows.events < 1),
            "no first_seen": rows.first_seen.isnull(),
            "no last_seen, or one before first_seen": rows.last_seen.isnull()
            | (rows.last_seen < rows.first_seen),
        },
    )
    found = rows.select("kind").distinct().order_by("kind").to_pyarrow()["kind"].to_pylist()
    known = {kind.name for kind in kinds}
    strange = [kind for kind in found if kind not in known]
    if strange:
        names = ", ".join(clean(kind, 60) for kind in strange)
        raise InputError(
            f"{clean(path)}: kinds of artifact that the settings do not know: {names}. Declare "
            f"each in linkage.toml, as [artifacts.{clean(strange[0], 60)}], and give that as "
            "--settings"
        )


def _check_activity(rows: ir.Table, path: Path) -> None:
    counts = [c for c in rows.columns if c in ("events", "days") or c.startswith("with_")]
    hours = rows.hours
    _refuse(
        rows,
        path,
        {
            "no account_id": _empty(rows.account_id),
            **{f"{name} below 0": rows[name] < 0 for name in counts},
            f"hours that are not {HOURS} numbers": hours.notnull() & (hours.length() != HOURS),
            "hours below 0": hours.mins() < 0,
        },
    )
    twice = rows.group_by("account_id").agg(number=rows.count())
    twice = twice.filter(twice.number > 1).order_by("account_id").limit(1)
    for name in twice.to_pyarrow()["account_id"].to_pylist():
        raise InputError(
            f"{clean(path)}: account {clean(name, 60)} has more than one row; keep one of each"
        )


def _empty(column: ir.Value) -> ir.Value:
    return column.isnull() | (column == "")


def _refuse(rows: ir.Table, path: Path, faults: Mapping[str, ir.Value]) -> None:
    """An error that counts the rows of each fault, if there are any."""
    tests = {f"fault_{i}": test.fill_null(False).sum() for i, test in enumerate(faults.values())}
    (counts,) = rows.aggregate(**tests).to_pyarrow().to_pylist()
    found = [
        f"{plural(count, 'row')} with {fault}"
        for fault, count in zip(faults, counts.values(), strict=True)
        if count
    ]
    if found:
        raise InputError(f"{clean(path)}: {'; '.join(found)}. Mend or remove them")


def _added_up(rows: ir.Table) -> ir.Table:
    return rows.group_by("account_id", "kind", "value").agg(
        events=rows.events.sum().cast("int64"),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
    )


def _count(table: ir.Table) -> int:
    count: int = table.count().to_pyarrow().as_py()
    return count


# Deriving


def _least(evidence: ir.Table, kinds: Sequence[ArtifactKind], columns: Sequence[str]) -> ir.Table:
    """What an account did at least, by its evidence.

    An event has one artifact of a kind at most, so that the events of one kind are all different,
    and those of two kinds may be the same. Of a kind that names accounts, they may be another's.
    """
    own = {kind.name: kind.column for kind in kinds if not kind.names_account}
    rows = evidence.filter(evidence.kind.isin(list(own)))
    each = rows.group_by("account_id", "kind").agg(
        events=rows.events.sum().cast("int64"),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
    )
    return each.group_by("account_id").agg(
        least_events=each.events.max(),
        least_first=each.first_seen.min(),
        least_last=each.last_seen.max(),
        **{
            f"least_{column}": each.events.max(
                where=each.kind.isin([name for name, of in own.items() if of == column])
            )
            for column in columns
        },
    )


def _settled(table: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Each account's figures as far as they are known, and the names of those that are not.

    In steps that are computed one by one: an expression repeats what it refers to.
    """
    carried = [f"with_{column}" for column in columns]
    figures = ["events", "days", "first_seen", "last_seen", *carried]
    stated = kept(_stated(table, figures))
    hourly = kept(stated.mutate(**{f"hour_{hour}": stated.hours[hour] for hour in range(HOURS)}))
    total = reduce(add, [hourly[f"hour_{hour}"] for hour in range(HOURS)])
    summed = kept(hourly.mutate(total=total, events=ibis.coalesce(hourly.events, total)))
    judged = kept(_judged(summed, carried))
    missing = [
        judged[f"known_{figure}"].ifelse(_names(), _names(figure))
        for figure in (*figures, "hours", "organisation")
    ]
    nothing = ibis.null("int64")
    result = kept(
        judged.select(
            "account_id",
            events=ibis.greatest(ibis.coalesce(judged.events, judged.said_events, 0), judged.least),
            first_seen=ibis.coalesce(judged.said_first_seen, judged.least_first),
            last_seen=ibis.coalesce(judged.said_last_seen, judged.least_last),
            signed_up=judged.signed_up,
            organisation=judged.organisation,
            claimed=judged.claimed,
            **{c: judged[f"known_{c}"].ifelse(judged[c], nothing) for c in carried},
            **{f"hour_{h}": judged.known_hours.ifelse(judged[f"hour_{h}"], nothing)
               for h in range(HOURS)},
            days=judged.days,
            **{UNKNOWN: ibis.array(missing).flatten()},
        )
    )  # fmt: skip
    dropped(stated, hourly, summed, judged)
    return result


def _stated(table: ir.Table, figures: Sequence[str]) -> ir.Table:
    """What is stated and was not said to be unknown: that may be a lower bound, of a run that
    knew more, and stays as `said_` beside it."""
    denied = {
        name: table[UNKNOWN].contains(name).fill_null(False)
        for name in (*figures, "hours", "organisation")
    }
    own = {name: denied[name].ifelse(ibis.null(table[name].type()), table[name]) for name in denied}
    return table.mutate(
        **own,
        **{f"said_{name}": table[name] for name in ("events", "first_seen", "last_seen")},
        known_organisation=table.has_organisation.fill_null(False) & ~denied["organisation"],
        least=table.least_events.fill_null(0),
    )


def _judged(table: ir.Table, carried: Sequence[str]) -> ir.Table:
    """Which figures are known: what is stated, and agrees with the evidence and with itself."""
    given = {f"known_{name}": table[name].notnull() for name in ("days", "first_seen", "last_seen")}
    lower = {name: table[name.replace("with_", "least_", 1)].fill_null(0) for name in carried}
    enough = (table.events >= table.least).fill_null(False)
    return table.mutate(
        **given,
        known_events=enough,
        known_hours=enough & (table.total == table.events).fill_null(False),
        **{f"known_{name}": (table[name] >= lower[name]).fill_null(False) for name in carried},
    )


def _names(*names: str) -> ir.ArrayScalar:
    return ibis.literal(list(names), "array<string>")
