"""Stage 2a: events -> evidence, one row for each account and artifact that accounts share."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import ibis
import ibis.expr.types as ir

from linkage.artifacts import ArtifactKind
from linkage.tables import dropped, kept


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
    found = [kept(part) for part in _by_column(events, accounts, kinds)]
    rows = ibis.union(*found) if len(found) > 1 else found[0]
    family = {kind.name: f"{kind.family}\x00{kind.name}" for kind in kinds}
    artifacts = rows.group_by("kind", "value").agg(accounts=rows.count())
    place = artifacts.kind.cases(*family.items(), else_="")
    number = ibis.row_number().over(order_by=[place, artifacts.value]).cast("int32")
    artifacts = kept(artifacts.mutate(artifact=number))
    numbered = rows.join(artifacts, ["kind", "value"]).select(
        "account", "artifact", "events", "first_seen", "last_seen"
    )
    result = Evidence(kept(numbered), artifacts)
    for part in found:
        dropped(part)
    return result


def _by_column(
    events: ir.Table, accounts: ir.Table, kinds: Sequence[ArtifactKind]
) -> Iterator[ir.Table]:
    """One table for each kind: account, kind, value, events, first_seen, last_seen."""
    ordered = sorted(kinds, key=lambda kind: kind.column)
    for column, group in groupby(ordered, key=lambda kind: kind.column):
        readers = list(group)
        if all(kind.plain for kind in readers):
            yield from _as_it_is(events, accounts, column, readers)
        else:
            yield from _derived(events, accounts, column, readers)


def _as_it_is(
    events: ir.Table, accounts: ir.Table, column: str, kinds: Iterable[ArtifactKind]
) -> Iterator[ir.Table]:
    """Most values of such a column may belong to one account (conversations, own prompts).

    So the values that two accounts have are found first, by 64-bit hashes: a collision lets
    a value through that `_shared` then removes. Only their events are grouped.
    """
    for kind in kinds:
        carried = events.select("account_id", "ts", value=events[column])
        carried = carried.filter(carried.value.notnull() & (carried.value != ""))
        if kind.names_account:
            yield _named(_numbered(_grouped(carried), accounts), accounts, kind)
            continue
        hashed = carried.select(value=carried.value.hash(), account=carried.account_id.hash())
        ends = hashed.group_by("value").agg(low=hashed.account.min(), high=hashed.account.max())
        several = kept(ends.filter(ends.low != ends.high).select(several="value"))
        few = carried.semi_join(several, carried.value.hash() == several.several)
        yield _shared(_numbered(_grouped(few), accounts), kind)


def _derived(
    events: ir.Table, accounts: ir.Table, column: str, kinds: Iterable[ArtifactKind]
) -> Iterator[ir.Table]:
    """Readers are applied once to each distinct raw value, not to each event."""
    carried = events.select("account_id", "ts", value=events[column])
    raw = kept(_numbered(_grouped(carried.filter(carried.value.notnull())), accounts))
    values = kept(raw.select("value").distinct())
    for kind in kinds:
        read = values.select(raw="value", value=kind.read(values.value))
        read = read.filter(read.value.notnull())
        renamed = raw.rename(raw="value").join(read, "raw")
        again = renamed.group_by("account", "value").agg(
            events=renamed.events.sum(),
            first_seen=renamed.first_seen.min(),
            last_seen=renamed.last_seen.max(),
        )
        yield _named(again, accounts, kind) if kind.names_account else _shared(again, kind)


def _grouped(carried: ir.Table) -> ir.Table:
    return carried.group_by("account_id", "value").agg(
        events=carried.count(), first_seen=carried.ts.min(), last_seen=carried.ts.max()
    )


def _numbered(rows: ir.Table, accounts: ir.Table) -> ir.Table:
    return rows.join(accounts, "account_id").drop("account_id")


def _named(rows: ir.Table, accounts: ir.Table, kind: ArtifactKind) -> ir.Table:
    """The account that a value names has the artifact too: it took part in the same deal."""
    both = rows.join(accounts, rows.value == accounts.account_id)
    other = both.select(
        "value", "events", "first_seen", "last_seen", account=both.account_right
    ).select("account", "value", "events", "first_seen", "last_seen")
    every = rows.select("account", "value", "events", "first_seen", "last_seen").union(other)
    again = every.group_by("account", "value").agg(
        events=every.events.sum(),
        first_seen=every.first_seen.min(),
        last_seen=every.last_seen.max(),
    )
    return _shared(again, kind)


def _shared(rows: ir.Table, kind: ArtifactKind) -> ir.Table:
    """Rows of the values that two accounts or more have."""
    rows = kept(rows)
    sizes = rows.group_by("value").agg(accounts=rows.count())
    several = sizes.filter(sizes.accounts > 1).select("value")
    return rows.semi_join(several, "value").select(
        "account",
        "value",
        "events",
        "first_seen",
        "last_seen",
        kind=ibis.literal(kind.name),
    )
