"""Stage 2b: events -> activity, one row an account.

Everything in it adds up: the activity of two sets of events without common days is the sum of
their counts and histograms, and the minimum and maximum of their first and last times.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.artifacts import ArtifactKind
from linkage.tables import dropped, kept

HOURS = 24
HOUR_SECONDS = 3600
WORD_DAYS = 62  # bits of a signed 64-bit word, and one to spare
WORDS = 6  # a year
UNKNOWN = "unknown"  # a column that activity has only where some of it is not known


def activity(
    events: ir.Table, kinds: Sequence[ArtifactKind], counted: Sequence[str] | None = None
) -> ir.Table:
    """Count what each account did, and number the accounts in the order of their ids.

    `counted` names the kinds whose carrying events are counted; all if not given.

    Columns:
        account      int32, 0, 1, 2 ... in the order of account_id
        account_id   string
        events       int64
        days         int64, number of UTC days with an event
        first_seen, last_seen   timestamp(UTC)
        signed_up    timestamp(UTC) of the first event of type `signup`; null if none
        organisation string: the organisation that the platform has verified, null if none
        claimed      string: an organisation that the account merely claims
        with_<column> int64: events that carry the column, one for each counted column
        hour_0 .. hour_23 int64: events by hour of the day (UTC)

    Made of gathered evidence (`gathered.activity`) it may have one column more, `unknown`.
    """
    columns = counted_columns(kinds, counted)
    first, words = _calendar(events)
    if words <= WORDS:
        whole = _with_days(_totals(events, columns, first, words), words)
    else:
        whole = _totals(events, columns, first, 0).join(_days(events), "account_id")
    # Apart, since sorting and counting in one statement would not share the memory well.
    whole = kept(whole)
    number = ibis.row_number().over(order_by=whole.account_id).cast("int32")
    result = kept(whole.mutate(account=number))
    dropped(whole)
    return result


def counted_columns(
    kinds: Sequence[ArtifactKind], counted: Sequence[str] | None = None
) -> list[str]:
    """The columns whose events are counted, each once."""
    return list(dict.fromkeys(k.column for k in kinds if counted is None or k.name in counted))


def unknown(table: pa.Table) -> dict[str, npt.NDArray[np.bool_]]:
    """Figure -> whether it is not known, one value a row; empty where all is known."""
    if UNKNOWN not in table.column_names:
        return {}
    lists = table[UNKNOWN].combine_chunks()
    rows, names = lists.value_parent_indices().to_numpy(), lists.flatten().to_pandas()
    found = {str(name): np.zeros(table.num_rows, np.bool_) for name in names.unique()}
    for name, mask in found.items():
        mask[rows[names == name]] = True
    return found


def histogram(table: pa.Table) -> npt.NDArray[np.int64]:
    """The hours of the day as an array [rows, 24]; zeros where they are not known."""
    columns = [table[f"hour_{h}"].fill_null(0).to_numpy() for h in range(HOURS)]
    return np.stack(columns, axis=1)


def _calendar(events: ir.Table) -> tuple[int, int]:
    """The first day, and how many words of 62 bits hold a bit for each day up to the last."""
    span = events.aggregate(first=_day(events.ts.min()), last=_day(events.ts.max())).to_pyarrow()
    first, last = span["first"][0].as_py() or 0, span["last"][0].as_py() or 0
    return first, 1 + (last - first) // WORD_DAYS


def _day(time: ir.TimestampValue) -> ir.IntegerValue:
    """Days since 1970 (UTC)."""
    return time.epoch_seconds() // (HOUR_SECONDS * HOURS)


def _totals(events: ir.Table, columns: list[str], first: int, words: int) -> ir.Table:
    """One pass over all events: 24 counters are cheaper than 24 groups, and bits than days."""
    hour = (events.ts.epoch_seconds() // HOUR_SECONDS % HOURS).cast("int8")
    timed = events.mutate(hour=hour, day=_day(events.ts) - first)
    verified = timed.org_verified.fill_null(False)
    return timed.group_by("account_id").agg(
        events=timed.count(),
        first_seen=timed.ts.min(),
        last_seen=timed.ts.max(),
        signed_up=timed.ts.min(where=timed.type == "signup"),
        organisation=timed.org_id.min(where=verified),
        claimed=timed.org_id.min(where=~verified),
        **{f"with_{c}": timed[c].count() for c in columns},
        **{f"hour_{h}": timed.count(where=timed.hour == h) for h in range(HOURS)},
        **{f"word_{w}": _bits(timed.day, w) for w in range(words)},
    )


def _with_days(counted: ir.Table, words: int) -> ir.Table:
    """The days that the words have bits for, in the words' place."""
    names = [f"word_{w}" for w in range(words)]
    days = sum((_bit_count(counted[name]) for name in names), ibis.literal(0))
    return counted.mutate(days=days.cast("int64")).drop(*names)


def _bits(day: ir.IntegerColumn, word: int) -> ir.IntegerScalar:
    """One bit for each day of this word on which there was an event."""
    bit = day - word * WORD_DAYS
    inside = bit.between(0, WORD_DAYS - 1)
    # What is left out is shifted all the same, and must not be too far.
    shift = bit.clip(0, WORD_DAYS - 1)
    return (ibis.literal(1).cast("int64") << shift).bit_or(where=inside).fill_null(0)


@ibis.udf.scalar.builtin(name="bit_count")  # type: ignore[untyped-decorator]
def _bit_count(bits: dt.int64) -> dt.int8:
    """Number of ones (of DuckDB and of Spark)."""


def _days(events: ir.Table) -> ir.Table:
    """The same for years of events, whose bits would not fit."""
    by_day = events.select("account_id", day=_day(events.ts)).distinct()
    return by_day.group_by("account_id").agg(days=by_day.count())
