"""Stage 2a: events -> evidence, one row for each account and artifact that accounts share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import ibis
import ibis.expr.types as ir

from linkage.artifacts import ArtifactKind
from linkage.tables import dropped, kept

SAMPLE = 100_000  # events
FEW = 2_000  # distinct values in the sample: clients, not conversations


@dataclass(frozen=True)
class Evidence:
    """rows: account int32, artifact int32, events int64, first_seen, last_seen (UTC).

    artifacts: artifact int32 (0, 1 ... by family, kind and value, so that kinds weighed
    together are neighbours), kind string, value string, accounts int64 (two at least).
    """

    rows: ir.Table
    artifacts: ir.Table


def evidence(events: ir.Table, accounts: ir.Table, kinds: Sequence[ArtifactKind]) -> Evidence:
    """Find what accounts share.

    `events` has the columns that the kinds read; `accounts` has account and account_id.
    Artifacts of one account alone are left out: they link nobody. How many of an account's
    events they cover follows from the activity.
    """
    accounts = accounts.select("account", "account_id")
    parts = list(_by_column(events, accounts, kinds))
    if not parts:
        return _nothing(events)
    parts.sort(key=lambda part: (part.kind.family, part.kind.name))
    rows, artifacts, before = [], [], 0
    for part in parts:
        values = part.values.mutate(
            artifact=(part.values.number + before).cast("int32"),
            kind=ibis.literal(part.kind.name),
        )
        artifacts.append(values.select("artifact", "kind", "value", "accounts"))
        numbered = part.rows.join(values.select("key", "artifact"), "key")
        rows.append(numbered.select("account", "artifact", "events", "first_seen", "last_seen"))
        before += values.count().to_pyarrow().as_py()
    result = Evidence(kept(_together(rows)), kept(_together(artifacts)))
    for part in parts:
        dropped(part.rows, part.values)
    return result


@dataclass(frozen=True)
class _Part:
    """What accounts have of one kind. rows: account, key, events, first_seen, last_seen;
    values: key, value, accounts (two at least), number (0, 1 ... by value)."""

    kind: ArtifactKind
    rows: ir.Table
    values: ir.Table


def _by_column(
    events: ir.Table, accounts: ir.Table, kinds: Sequence[ArtifactKind]
) -> Iterator[_Part]:
    """A column's events are gone through once for all kinds that are read from it; nothing is
    asked of a column that nobody filled."""
    ordered = sorted(kinds, key=lambda kind: kind.column)
    for column, group in groupby(ordered, key=lambda kind: kind.column):
        readers = list(group)
        carried = events.select("account_id", "ts", value=events[column])
        carried = carried.filter(carried.value.notnull() & (carried.value != ""))
        distinct = carried.limit(SAMPLE).value.nunique().to_pyarrow().as_py()
        if not distinct:
            continue
        if all(kind.plain and not kind.names_account for kind in readers):
            few = distinct <= FEW
            rows, names = _of_few(carried, accounts) if few else _of_many(carried, accounts)
            # Kinds of one plain column differ in name and weight only.
            yield from (_part(kind, rows, names) for kind in readers)
            dropped(rows, *([] if names is None else [names]))
        else:
            yield from _derived(carried, accounts, readers)


def _of_few(carried: ir.Table, accounts: ir.Table) -> tuple[ir.Table, ir.Table]:
    """A column of few values (clients): numbers are grouped faster than long texts."""
    names = _keyed(carried.select("value"))
    numbered = carried.join(names, "value").select("account_id", "ts", "key")
    return kept(_numbered(_grouped(numbered), accounts)), names


def _of_many(carried: ir.Table, accounts: ir.Table) -> tuple[ir.Table, None]:
    """Most values of such a column may belong to one account (conversations, own prompts).

    So the values that two accounts have are found first, by 64-bit hashes: a collision lets
    a value through that `_part` then leaves out. Only their events are grouped.
    """
    hashed = carried.select(value=carried.value.hash(), account=carried.account_id.hash())
    ends = hashed.group_by("value").agg(low=hashed.account.min(), high=hashed.account.max())
    several = kept(ends.filter(ends.low != ends.high).select(several="value"))
    shared = carried.semi_join(several, carried.value.hash() == several.several)
    rows = kept(_numbered(_grouped(shared.rename(key="value")), accounts))
    dropped(several)
    return rows, None


def _derived(
    carried: ir.Table, accounts: ir.Table, kinds: Sequence[ArtifactKind]
) -> Iterator[_Part]:
    """Readers are applied once to each distinct raw value, not to each event; all at once, since
    what they have in common is then computed once."""
    raw = kept(_numbered(_grouped(carried.rename(key="value")), accounts))
    texts = _keyed(raw.select(value="key"))
    coded = raw.join(texts, raw.key == texts.value).select(
        "account", "events", "first_seen", "last_seen", raw=texts.key
    )
    coded = kept(coded)
    readings = {f"value_{i}": kind.read(texts.value) for i, kind in enumerate(kinds)}
    read = kept(texts.select(raw="key", **readings))
    dropped(raw, texts)
    for i, kind in enumerate(kinds):
        each = read.select("raw", value=f"value_{i}").filter(lambda t: t.value.notnull())
        names = _keyed(each.select("value"))
        keys = each.join(names, "value").select("raw", "key")
        rows = _added_up(coded.join(keys, "raw"))
        if kind.names_account:
            rows = _added_up(_with_the_named(rows, names, accounts))
        rows = kept(rows)
        yield _part(kind, rows, names)
        dropped(rows, names)
    dropped(coded, read)


def _keyed(values: ir.Table) -> ir.Table:
    """Each distinct value with a number; which one does not matter."""
    values = values.distinct()
    return kept(values.mutate(key=ibis.row_number().over()))


def _grouped(carried: ir.Table) -> ir.Table:
    return carried.group_by("account_id", "key").agg(
        events=carried.count(), first_seen=carried.ts.min(), last_seen=carried.ts.max()
    )


def _added_up(rows: ir.Table) -> ir.Table:
    return rows.group_by("account", "key").agg(
        events=rows.events.sum(),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
    )


def _numbered(rows: ir.Table, accounts: ir.Table) -> ir.Table:
    return rows.join(accounts, "account_id").drop("account_id")


def _with_the_named(rows: ir.Table, names: ir.Table, accounts: ir.Table) -> ir.Table:
    """The account that a value names has the artifact too: it took part in the same deal."""
    columns = ("account", "key", "events", "first_seen", "last_seen")
    named = names.join(accounts, names.value == accounts.account_id).select("key", other="account")
    other = rows.join(named, "key").drop("account").rename(account="other")
    return rows.select(*columns).union(other.select(*columns))


def _part(kind: ArtifactKind, rows: ir.Table, names: ir.Table | None) -> _Part:
    """The values that two accounts or more have; without `names`, a key is the value itself."""
    sizes = rows.group_by("key").agg(accounts=rows.count())
    several = sizes.filter(sizes.accounts > 1)
    named = several.mutate(value=several.key) if names is None else several.join(names, "key")
    number = ibis.row_number().over(order_by=named.value)
    values = kept(named.select("key", "value", "accounts", number=number))
    return _Part(kind, kept(rows.semi_join(values, "key")), values)


def _nothing(events: ir.Table) -> Evidence:
    """Where no column that kinds are read from has any value."""
    none = events.limit(0)
    number, count, text = (ibis.null(kind) for kind in ("int32", "int64", "string"))
    times = {"first_seen": none.ts, "last_seen": none.ts}
    rows = none.select(account=number, artifact=number, events=count, **times)
    artifacts = none.select(artifact=number, kind=text, value=text, accounts=count)
    return Evidence(kept(rows), kept(artifacts))


def _together(tables: Sequence[ir.Table]) -> ir.Table:
    return ibis.union(*tables) if len(tables) > 1 else tables[0]
