"""Rows that cannot be used: found with one cheap scan, kept out with a filter only if any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from linkage.artifacts.network import normal_ip
from linkage.artifacts.pseudonyms import is_pseudonym
from linkage.readers.rejects import Rejects
from linkage.readers.schema import TIME
from linkage.readers.typed import text, to_json

NO_ACCOUNT = "no account"
NO_TIME = "no time"
UNPARSED_TIME = "time does not parse"
STRANGE_TIME = "time before 1990 or after 2199"
BAD_ADDRESS = "impossible address"
CALLED_SO = "an account called as a pseudonym is"

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class Checkable(Protocol):
    """Rows to be checked (`Part`)."""

    @property
    def events(self) -> ir.Table:
        """Our columns with our types."""

    def placed(self) -> ir.Table:
        """The same, with `file`, `line`, `row` (the file's own values) and `raw_ts`."""


def bad_addresses(
    con: Backend, unsure: pa.Array, kept: Callable[[pa.Table], ir.Table]
) -> ir.Table | None:
    """Those of the distinct values that are neither blank nor an address, as `kept` keeps them: a
    filter of any length is one join with that."""
    if not len(unsure):
        return None
    found = con.to_pyarrow(impossible(kept(pa.table({"ip": unsure}))))
    return kept(found) if found.num_rows else None


def impossible(addresses: ir.Table) -> ir.Table:
    """Which values of the column `ip` are neither blank nor an address."""
    ip = addresses.ip
    return addresses.filter((ip.strip() != "") & normal_ip(ip).isnull())


def sift(con: Backend, part: Checkable, addresses: ir.Table | None, out: Rejects) -> ir.Table:
    """The part's good rows, lazily; the bad ones go to `out`. No filter where none is bad."""
    events = part.events
    if not _surely_complete(con, events) and out.add_table(con, incomplete(part)):
        events = events.filter(fault(events).isnull())
    if addresses is not None and out.add_table(con, misplaced(part, addresses)):
        events = well_placed(events, addresses)
    return events


def fault(events: ir.Table, *, keyed: bool = False) -> ir.StringValue:
    """Why a row is not complete; null for one with an account and a possible time.

    `keyed`: pseudonyms will be made of them, and no account may be called as one is. Who asks by
    either could else be told of another, and decide about it.
    """
    return _reason(events, events.ts.isnull(), keyed)


def incomplete(part: Checkable, *, keyed: bool = False) -> ir.Table:
    """Rows with such a fault, as the quarantine has them."""
    rows = _placed(part, keyed)
    return _reject(rows.filter(rows.reason.notnull()))


def well_placed(events: ir.Table, addresses: ir.Table) -> ir.Table:
    """Those without one of the impossible addresses."""
    # The selection ends the join: on an open one, Ibis mistakes columns of its two sides.
    return events.anti_join(addresses, "ip").select(events.columns)


def misplaced(part: Checkable, addresses: ir.Table, *, keyed: bool = False) -> ir.Table:
    """Those that have one and no other fault, as the quarantine has them."""
    rows = _placed(part, keyed)
    rows = rows.filter(rows.reason.isnull()).semi_join(addresses, "ip").select(rows.columns)
    return _reject(rows.mutate(reason=ibis.literal(BAD_ADDRESS)))


def _surely_complete(con: Backend, events: ir.Table) -> bool:
    """Every row has an account and a possible time, going by minimum, maximum and counts.

    DuckDB answers these from the footers of Parquet files. What is blank sorts before `!`, so
    the smallest account shows whether any is; looking at each row took 8 s for 41 M.
    """
    figures = events.aggregate(
        rows=events.count(),
        accounts=events.account_id.count(),
        times=events.ts.count(),
        not_blank=events.account_id.min() > "!",
        not_early=events.ts.min() >= _time(EARLIEST),
        not_late=events.ts.max() < _time(LATEST),
    )
    found = con.to_pyarrow(figures).to_pylist()[0]
    if not found["rows"]:
        return True
    whole = found["rows"] == found["accounts"] == found["times"]
    return bool(whole and all(told for name, told in found.items() if name.startswith("not_")))


def _time(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment.isoformat()).try_cast(TIME)


def _reason(events: ir.Table, without_time: ir.BooleanValue, keyed: bool) -> ir.StringValue:
    """What is wrong with a row's account or time; null if nothing is."""
    strange = (events.ts < _time(EARLIEST)) | (events.ts >= _time(LATEST))
    return ibis.cases(
        (events.account_id.isnull() | (events.account_id.strip() == ""), NO_ACCOUNT),
        (without_time, NO_TIME),
        (events.ts.isnull(), UNPARSED_TIME),
        (strange, STRANGE_TIME),
        (is_pseudonym(events.account_id) & ibis.literal(keyed), CALLED_SO),
    )


def _placed(part: Checkable, keyed: bool) -> ir.Table:
    table = part.placed()
    raw = text(table.raw_ts)
    return table.mutate(reason=_reason(table, raw.isnull() | (raw.strip() == ""), keyed))


def _reject(rows: ir.Table) -> ir.Table:
    return rows.select("file", "line", "reason", row=to_json(rows.row))
