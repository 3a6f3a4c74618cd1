"""Rows that cannot be used: found with one cheap scan, kept out with a filter only if any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.artifacts.network import normal_ip
from linkage.artifacts.pseudonyms import MARK, is_pseudonym
from linkage.readers.parts import Part
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


@dataclass(frozen=True)
class Addresses:
    """Impossible addresses of a part, in a file, so that a filter of any length is one join."""

    con: Backend
    path: Path

    @property
    def table(self) -> ir.Table:
        return self.con.read_parquet(str(self.path))


def bad_addresses(con: Backend, unsure: pa.Array, path: Path) -> Addresses | None:
    """Those of the distinct values that are neither blank nor an address, written to `path`."""
    if not len(unsure):
        return None
    pq.write_table(pa.table({"ip": unsure}), path)
    table = con.read_parquet(str(path))
    bad = table.filter((table.ip.strip() != "") & normal_ip(table.ip).isnull())
    found = con.to_pyarrow(bad)
    if not found.num_rows:
        return None
    pq.write_table(found, path)
    return Addresses(con, path)


def sift(
    con: Backend, part: Part, addresses: Addresses | None, out: Rejects, *, keyed: bool = False
) -> ir.Table:
    """The part's good rows, lazily; the bad ones go to `out`. No filter where none is bad.

    `keyed`: pseudonyms will be made of them, and no account may be called as one is. Who asks by
    either could else be told of another, and decide about it.
    """
    events = part.events
    if not _surely_complete(con, events, keyed) and out.add_table(con, _incomplete(part, keyed)):
        events = events.filter(_reason(events, events.ts.isnull(), keyed).isnull())
    if addresses is not None and out.add_table(con, _misplaced(part, addresses, keyed)):
        # The selection ends the join: on an open one, Ibis mistakes columns of its two sides.
        events = events.anti_join(addresses.table, "ip").select(part.ours)
    return events


def _surely_complete(con: Backend, events: ir.Table, keyed: bool) -> bool:
    """Every row has an account and a possible time, going by minimum, maximum and counts.

    DuckDB answers these from the footers of Parquet files. What is blank sorts before `!`, so
    the smallest account shows whether any is; looking at each row took 8 s for 41 M.
    """
    figures = events.aggregate(
        rows=events.count(),
        accounts=events.account_id.count(),
        times=events.ts.count(),
        not_blank=events.account_id.min() > "!",
        not_called_so=(events.account_id.max() < MARK) | ibis.literal(not keyed),
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


def _placed(part: Part, keyed: bool) -> ir.Table:
    table = part.placed()
    raw = text(table.raw_ts)
    return table.mutate(reason=_reason(table, raw.isnull() | (raw.strip() == ""), keyed))


def _incomplete(part: Part, keyed: bool) -> ir.Table:
    rows = _placed(part, keyed)
    return _reject(rows.filter(rows.reason.notnull()))


def _misplaced(part: Part, addresses: Addresses, keyed: bool) -> ir.Table:
    rows = _placed(part, keyed)
    rows = rows.filter(rows.reason.isnull()).semi_join(addresses.table, "ip").select(rows.columns)
    return _reject(rows.mutate(reason=ibis.literal(BAD_ADDRESS)))


def _reject(rows: ir.Table) -> ir.Table:
    return rows.select("file", "line", "reason", row=to_json(rows.row))
