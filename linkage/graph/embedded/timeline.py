"""When a cluster's members were there, as far as a result without events can tell."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from linkage.folder import Tables
from linkage.graph.answers import Bucket, Timeline
from linkage.graph.embedded.clusters import cluster_id
from linkage.graph.questions import BucketSize, one_of
from linkage.graph.timelines import EPOCH, WIDTH

_ACTS = """
    SELECT account_id, events, first_seen, last_seen, hours FROM read_parquet($activity)
    WHERE account_id IN (SELECT account_id FROM read_parquet($members)
                         WHERE cluster_id = $cluster)"""
# UNION makes moments of one account distinct; whole numbers, so that days are those of UTC.
_BUCKETS = f"""
    WITH acts AS ({_ACTS}),
    seen AS (SELECT account_id, first_seen, last_seen FROM read_parquet($evidence)
             WHERE account_id IN (SELECT account_id FROM acts)),
    moments AS (
        SELECT account_id, first_seen AS moment FROM acts
        UNION SELECT account_id, last_seen FROM acts
        UNION SELECT account_id, first_seen FROM seen
        UNION SELECT account_id, last_seen FROM seen)
    SELECT epoch_us(moment) // $width AS number,
           count(*) FILTER (moment = first_seen) AS arrived,
           count(*) FILTER (moment = last_seen) AS gone,
           count(*) AS known_events
    FROM moments JOIN acts USING (account_id) WHERE moment IS NOT NULL
    GROUP BY number ORDER BY number"""
_HOURS = f"""
    SELECT hour, sum(events)::BIGINT AS events
    FROM (SELECT unnest(hours) AS events, generate_subscripts(hours, 1) AS hour FROM ({_ACTS}))
    GROUP BY hour ORDER BY hour"""


def timeline(tables: Tables, given: str, bucket: BucketSize) -> Timeline:
    """By day or hour."""
    one_of(bucket, get_args(BucketSize), "size of buckets")
    found, width = cluster_id(tables, given), WIDTH[bucket]
    rows = tables.rows(_BUCKETS, cluster=found, width=width // timedelta(microseconds=1))
    total = tables.rows(f"SELECT sum(events)::BIGINT AS events FROM ({_ACTS})", cluster=found)
    return Timeline(
        cluster_id=found,
        size=bucket,
        events=total[0]["events"] or 0,
        hours=tuple(row["events"] for row in tables.rows(_HOURS, cluster=found)),
        buckets=tuple(
            Bucket(EPOCH + row["number"] * width, row["arrived"], row["gone"], row["known_events"])
            for row in rows
        ),
    )
