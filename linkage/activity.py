"""Stage 2b: events -> activity, one row an account.

Everything in it adds up: the activity of two sets of events without common events is the sum
of their counts and histograms, and the minimum and maximum of their first and last times.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from linkage.artifacts import ArtifactKind
from linkage.tables import dropped, kept

HOURS = 24


def activity(events: ir.Table, kinds: Sequence[ArtifactKind]) -> ir.Table:
    """Count what each account did, and number the accounts in the order of their ids.

    Columns:
        account      int32, 0, 1, 2 ... in the order of account_id
        account_id   string
        events       int64
        days         int64, number of UTC days with an event
        first_seen, last_seen   timestamp(UTC)
        signed_up    timestamp(UTC) of the first event of type `signup`; null if none
        hours        array<int64> of 24: events by hour of the day (UTC)
        paths        int64, number of access paths
        organisation string: the organisation that the platform has verified, null if none
        claimed      string: an organisation that the account merely claims
        with_<column> int64: events that carry the column, one for each artifact column
    """
    columns = dict.fromkeys(kind.column for kind in kinds)
    by_hour = kept(_by_hour(events, list(columns)))
    hours = [by_hour.events.sum(where=by_hour.hour == h).fill_null(0) for h in range(HOURS)]
    counted = by_hour.group_by("account_id").agg(
        events=by_hour.events.sum(),
        first_seen=by_hour.first_seen.min(),
        last_seen=by_hour.last_seen.max(),
        hours=ibis.array(hours),
        **{f"with_{c}": by_hour[f"with_{c}"].sum() for c in columns},
    )
    whole = counted
    for more in (_days(events), _signups(events), _organisations(events), _paths(events)):
        whole = whole.left_join(more, "account_id").drop("account_id_right")
    whole = whole.mutate(paths=whole.paths.fill_null(0))
    number = ibis.row_number().over(order_by=whole.account_id).cast("int32")
    result = kept(whole.mutate(account=number))
    dropped(by_hour)
    return result


def _by_hour(events: ir.Table, columns: list[str]) -> ir.Table:
    """One row for each account and hour of the day: few rows, from one pass over the events."""
    timed = events.mutate(hour=(events.ts.epoch_seconds() // 3600 % HOURS).cast("int8"))
    return timed.group_by("account_id", "hour").agg(
        events=timed.count(),
        first_seen=timed.ts.min(),
        last_seen=timed.ts.max(),
        **{f"with_{c}": timed[c].count() for c in columns},
    )


def _days(events: ir.Table) -> ir.Table:
    day = events.ts.epoch_seconds() // (3600 * HOURS)
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
