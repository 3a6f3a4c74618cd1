"""Stage 2b: events -> activity, one row an account.

Everything in it adds up: the activity of two sets of events without common days is the sum of
their counts and histograms, and the minimum and maximum of their first and last times.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.artifacts import ArtifactKind
from linkage.tables import kept

HOURS = 24
HOUR_SECONDS = 3600


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
        paths        int64, number of access paths
        organisation string: the organisation that the platform has verified, null if none
        claimed      string: an organisation that the account merely claims
        with_<column> int64: events that carry the column, one for each counted column
        hour_0 .. hour_23 int64: events by hour of the day (UTC)
    """
    columns = dict.fromkeys(k.column for k in kinds if counted is None or k.name in counted)
    whole = _totals(events, list(columns))
    for more in (_days(events), _signups(events), _organisations(events), _paths(events)):
        whole = whole.left_join(more, "account_id").drop("account_id_right")
    whole = whole.mutate(paths=whole.paths.fill_null(0))
    number = ibis.row_number().over(order_by=whole.account_id).cast("int32")
    return kept(whole.mutate(account=number))


def histogram(table: pa.Table) -> npt.NDArray[np.int64]:
    """The hours of the day as an array [rows, 24]."""
    return np.stack([table[f"hour_{h}"].to_numpy() for h in range(HOURS)], axis=1)


def _totals(events: ir.Table, columns: list[str]) -> ir.Table:
    """The one pass over all events that counts them; 24 counters are cheaper than 24 groups."""
    hour = (events.ts.epoch_seconds() // HOUR_SECONDS % HOURS).cast("int8")
    timed = events.mutate(hour=hour)
    return timed.group_by("account_id").agg(
        events=timed.count(),
        first_seen=timed.ts.min(),
        last_seen=timed.ts.max(),
        **{f"with_{c}": timed[c].count() for c in columns},
        **{f"hour_{h}": timed.count(where=timed.hour == h) for h in range(HOURS)},
    )


def _days(events: ir.Table) -> ir.Table:
    day = events.ts.epoch_seconds() // (HOUR_SECONDS * HOURS)
    by_day = events.select("account_id", day=day).distinct()
    return by_day.group_by("account_id").agg(days=by_day.count())


def _signups(events: ir.Table) -> ir.Table:
    signups = events.filter(events.type == "signup")
    return signups.group_by("account_id").agg(signed_up=signups.ts.min())


def _organisations(events: ir.Table) -> ir.Table:
    named = events.filter(events.org_id.notnull())
    named = named.select("account_id", "org_id", ok=named.org_verified.fill_null(False)).distinct()
    return named.group_by("account_id").agg(
        organisation=named.org_id.min(where=named.ok), claimed=named.org_id.min(where=~named.ok)
    )


def _paths(events: ir.Table) -> ir.Table:
    used = events.filter(events.access_path.notnull())
    used = used.select("account_id", "access_path").distinct()
    return used.group_by("account_id").agg(paths=used.count())
