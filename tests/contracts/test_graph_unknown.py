"""What a graph answers of accounts of whom not all is known, as from gathered evidence."""

from __future__ import annotations

import pytest

from linkage.graph import AccountRef, ClusterFilter, ClusterRef, ClusterSort
from tests.contracts.conftest import Both
from tests.test_run import EARLY, HOSTILE_CLUSTER, LATE, NETWORK, PAIR

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def test_an_account_without_times(unknown: Both) -> None:
    activity = unknown.graph.account("n1").activity
    assert (activity.first_seen, activity.last_seen, activity.days) == (None, None, 7)
    assert activity.hours == (1,) * 24
    node = unknown.graph.neighbourhood(AccountRef("n1")).nodes[0]
    assert (node.properties["first_seen"], node.properties["events"]) == (None, 24)


def test_an_account_without_hours(unknown: Both) -> None:
    activity = unknown.graph.account("n2").activity
    assert (activity.days, activity.hours, activity.events) == (None, (), 24)
    assert (activity.first_seen, activity.last_seen) == (EARLY, LATE)


def test_a_cluster_without_times(unknown: Both) -> None:
    row = unknown.graph.cluster(PAIR)
    assert (row.first_seen, row.last_seen, row.accounts) == (None, None, 3)
    assert unknown.graph.neighbourhood(ClusterRef(PAIR)).nodes[0].properties["first_seen"] is None
    inside = unknown.graph.clusters(ClusterFilter(first_seen_from=EARLY)).rows
    assert {found.cluster_id for found in inside} == {NETWORK, HOSTILE_CLUSTER}
    by_time = unknown.graph.clusters(sort=ClusterSort("first_seen"), limit=1)
    after = unknown.graph.clusters(sort=ClusterSort("first_seen"), after=by_time.next)
    ids = [found.cluster_id for found in (*by_time.rows, *after.rows)]
    assert sorted(ids) == sorted([NETWORK, HOSTILE_CLUSTER, PAIR])
    assert ids[-1] == PAIR


def test_a_timeline_of_what_is_known(unknown: Both) -> None:
    found = unknown.graph.timeline(NETWORK, "hour")
    assert (found.events, found.hours) == (120, (4,) * 24)
    # Evidence says when n1 was there, though nobody knows when it came and left.
    assert [(b.start, b.arrived, b.left, b.known_events) for b in found.buckets] == [
        (EARLY, 4, 0, 5), (LATE, 0, 4, 5),
    ]  # fmt: skip
    nobody = unknown.graph.timeline(PAIR)
    assert (nobody.events, nobody.hours) == (72, ())
    assert sum(bucket.arrived + bucket.left for bucket in nobody.buckets) == 0
    assert [bucket.known_events for bucket in nobody.buckets] == [3, 3]
