"""The laws of pages: put together they are the whole, once each, in a total order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import QuestionError
from linkage.graph import ClusterFilter, ClusterSort
from linkage.graph.answers import ClusterRow, Page
from tests.contracts.conftest import Both
from tests.contracts.made import START, WIDE

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

Row = TypeVar("Row")
Ask = Callable[[str | None, int], Page[Row]]
ORDERS = ("score", "accounts", "events", "first_seen", "last_seen")

scores = st.none() | st.sampled_from([-1.0, -0.7, 0.1 + 0.2, 0.3, 1.5, 2.5, 9.0])
sizes = st.none() | st.integers(0, 14)
moments = st.none() | st.sampled_from([START + timedelta(days=d, microseconds=1) for d in range(4)])
ids = st.lists(
    st.sampled_from([f"c{number % 3}{number:03}" for number in range(46)] + ["'", "\ud800"]),
    max_size=30,
).map(tuple)
filters = st.builds(
    ClusterFilter,
    score_least=scores,
    score_most=scores,
    accounts_least=sizes,
    accounts_most=sizes,
    proposals=st.lists(st.sampled_from(["ban", "review", "none"]), max_size=2).map(tuple),
    first_seen_from=moments,
    first_seen_to=moments,
    id_prefix=st.sampled_from(["", "c", "c1", "c1001", "x", "%", "c_", "'", "\ud800"]),
    only_groups=st.booleans(),
    among=st.none() | ids,
    apart_from=ids,
)
sorts = st.builds(ClusterSort, by=st.sampled_from(ORDERS), descending=st.booleans())
limits = st.integers(1, 60)


def walked(ask: Ask[Row], limit: int) -> list[Row]:
    """All pages put together; each but the last is full."""
    rows: list[Row] = []
    page = ask(None, limit)
    while page.next is not None:
        assert len(page.rows) == limit
        rows += page.rows
        page = ask(page.next, limit)
    assert len(page.rows) <= limit
    return [*rows, *page.rows]


def let_through(row: Any, where: ClusterFilter) -> bool:
    """The filter, said again."""
    score: Any = None if pd.isna(row.score) else row.score
    bounded = where.score_least is not None or where.score_most is not None
    return bool(
        (not bounded or score is not None)
        and (where.score_least is None or score >= where.score_least)
        and (where.score_most is None or score <= where.score_most)
        and (where.accounts_least is None or row.accounts >= where.accounts_least)
        and (where.accounts_most is None or row.accounts <= where.accounts_most)
        and (not where.proposals or row.proposal in where.proposals)
        and (where.first_seen_from is None or row.first_seen >= where.first_seen_from)
        and (where.first_seen_to is None or row.first_seen < where.first_seen_to)
        and row.cluster_id.startswith(where.id_prefix)
        and (not where.only_groups or row.accounts >= 5)
        and (where.among is None or row.cluster_id in where.among)
        and row.cluster_id not in where.apart_from
    )


def in_order(rows: list[Any], sort: ClusterSort) -> list[str]:
    """The order, said again: those without a value last, ties by id."""
    known = sorted(
        (r for r in rows if not pd.isna(getattr(r, sort.by))), key=lambda r: r.cluster_id
    )
    known.sort(key=lambda row: getattr(row, sort.by), reverse=sort.descending)
    unknown = sorted(row.cluster_id for row in rows if pd.isna(getattr(row, sort.by)))
    return [*(row.cluster_id for row in known), *unknown]


@given(where=filters, sort=sorts, limit=limits)
def test_pages_of_clusters_are_the_whole(
    made: Both, where: ClusterFilter, sort: ClusterSort, limit: int
) -> None:
    def ask(after: str | None, limit: int) -> Page[ClusterRow]:
        return made.graph.clusters(where, sort, after, limit)

    rows = [row for row in made.run.clusters.itertuples() if let_through(row, where)]
    assert [row.cluster_id for row in walked(ask, limit)] == in_order(rows, sort)


@given(limit=limits, by=st.sampled_from(["account_id", "confidence"]), data=st.data())
def test_pages_of_members_are_the_whole(made: Both, limit: int, by: Any, data: Any) -> None:
    table = made.run.members
    cluster = data.draw(st.sampled_from(sorted(set(table.cluster_id))))
    table = table[table.cluster_id == cluster].sort_values("account_id")
    if by == "confidence":
        table = table.sort_values(by, ascending=False, na_position="last", kind="stable")
    rows = walked(lambda after, n: made.graph.members(cluster, after, n, by=by), limit)
    assert [row.account_id for row in rows] == list(table.account_id)


@given(limit=limits, data=st.data())
def test_pages_of_evidence_are_the_whole(made: Both, limit: int, data: Any) -> None:
    cluster = data.draw(st.sampled_from(sorted(made.run.clusters.cluster_id)))
    rows = walked(lambda after, n: made.graph.cluster_evidence(cluster, after, n), limit)
    shared = made.run.shared(cluster)
    assert [(row.kind, row.value) for row in rows] == list(
        shared[["kind", "value"]].itertuples(index=False, name=None)
    )


@given(limit=st.integers(9, 250))
def test_pages_of_holders_are_the_whole(made: Both, limit: int) -> None:
    rows = walked(lambda after, n: made.graph.holders("user_agent", WIDE, after, n), limit)
    assert [row.account_id for row in rows] == sorted(made.run.activity.account_id)


@given(garbled=st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.hex()))
def test_a_garbled_cursor_is_refused(made: Both, garbled: str) -> None:
    with pytest.raises(QuestionError, match="this cursor is"):
        made.graph.clusters(after=garbled)
    with pytest.raises(QuestionError, match="this cursor is"):
        made.graph.holders("user_agent", WIDE, garbled)


def test_a_cursor_of_another_question_or_run_is_refused(made: Both, small: Both) -> None:
    after = made.graph.clusters(limit=1).next
    assert after is not None
    assert made.graph.clusters(after=after, limit=3).rows  # another limit is the same question
    for ask in (
        lambda: made.graph.clusters(sort=ClusterSort("events"), after=after),
        lambda: made.graph.clusters(ClusterFilter(only_groups=True), after=after),
        lambda: made.graph.holders("user_agent", WIDE, after),
        lambda: small.graph.clusters(after=after),
    ):
        with pytest.raises(QuestionError, match="of another question or run"):
            ask()


@pytest.mark.parametrize("limit", [0, -1, 1001, True, 10**30])
def test_limits_have_bounds(made: Both, limit: int) -> None:
    asks: list[Callable[[], object]] = [
        lambda: made.graph.clusters(limit=limit),
        lambda: made.graph.members("c0000", limit=limit),
        lambda: made.graph.cluster_evidence("c0000", limit=limit),
        lambda: made.graph.cluster_links("c0000", limit=limit),
        lambda: made.graph.holders("user_agent", WIDE, limit=limit),
    ]
    for ask in asks:
        with pytest.raises(QuestionError, match="give a whole number from 1 to 1000"):
            ask()
