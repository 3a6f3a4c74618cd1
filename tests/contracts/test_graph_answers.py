"""What a graph answers: figures known by hand, and what the run itself says."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from linkage.artifacts import BUILT_IN
from linkage.graph import AccountRef, ArtifactRef, ClusterFilter, ClusterSort
from linkage.graph.answers import AccountCard, ClusterRow
from linkage.render import plain
from tests.contracts.conftest import Both
from tests.contracts.made import BITING, WIDE
from tests.test_run import (
    EARLY,
    HOSTILE,
    HOSTILE_CLUSTER,
    LATE,
    NETWORK,
    PAIR,
    WORDS,
    threshold,
)

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ANY = ("small", "made", "planted")


@pytest.fixture(params=ANY)
def any_result(request: pytest.FixtureRequest, small: Both, made: Both, planted: Both) -> Both:
    """Each of the results."""
    return {"small": small, "made": made, "planted": planted}[request.param]


def the_same(row: Any, of_run: Any) -> bool:
    """Whether a row's values are those of the run, missing ones alike."""
    told = plain(asdict(row))
    return bool(told == {name: plain(dict(of_run))[name] for name in told})


def test_times_of_any_offset_are_times(made: Both) -> None:
    every = made.graph.clusters(limit=1000).rows
    for hours in (-23, -14, 0, 14, 23):
        zone = timezone(timedelta(hours=hours, minutes=59 if hours > 0 else 0))
        for first, last in (
            (datetime.min, datetime.max),
            (datetime(45, 3, 31), datetime(9000, 1, 1)),
        ):
            where = ClusterFilter(
                first_seen_from=first.replace(tzinfo=zone), first_seen_to=last.replace(tzinfo=zone)
            )
            assert made.graph.clusters(where, limit=1000).rows == every


def test_the_run(small: Both, made: Both) -> None:
    found = small.graph.run()
    assert found.counts == small.run.info["counts"]
    assert found.version == "0.1.0"
    assert found.thresholds["link_bits"] == threshold() / 1024
    assert found.thresholds["group_accounts"] == 5
    assert [(k.name, k.label, k.relationship) for k in found.kinds] == [
        (k.name, k.label, k.relationship) for k in BUILT_IN
    ]
    assert found.published.utcoffset() == timedelta(0)
    assert found.id == small.graph.run().id
    assert len(found.id) == 17
    assert found.id != made.graph.run().id


def test_clusters_of_the_small_result(small: Both) -> None:
    graph = small.graph
    assert [row.cluster_id for row in graph.clusters().rows] == [NETWORK, HOSTILE_CLUSTER, PAIR]
    by_size = graph.clusters(sort=ClusterSort("accounts", descending=False)).rows
    assert [row.cluster_id for row in by_size] == [HOSTILE_CLUSTER, PAIR, NETWORK]
    banned = graph.clusters(ClusterFilter(proposals=("ban",), only_groups=True)).rows
    assert [row.cluster_id for row in banned] == [NETWORK]
    assert graph.clusters(ClusterFilter(id_prefix="c01", score_most=0.0)).rows[0].accounts == 2
    assert graph.clusters(ClusterFilter(first_seen_to=EARLY)).rows == ()
    row = graph.cluster("c012")
    assert (row.cluster_id, row.score, row.proposal) == (NETWORK, 2.3, "ban")
    assert row.signals[0].name == "shared_work"
    assert (row.first_seen, row.last_seen) == (EARLY, LATE)
    assert graph.cluster(PAIR).expected is None


def test_members_of_the_small_result(small: Both) -> None:
    rows = small.graph.members(NETWORK, by="confidence").rows
    assert [row.account_id for row in rows] == ["n1", "n2", "n3", "n5", "n4"]
    assert [row.held_by for row in rows][-2:] == ["unplantable", "drop_one"]
    assert {row.cluster_id for row in rows} == {NETWORK}


def test_evidence_of_the_small_result(small: Both) -> None:
    rows = small.graph.cluster_evidence(NETWORK).rows
    assert [(row.kind, row.value, row.members, row.accounts) for row in rows[:3]] == [
        ("device", "d1", 3, 3), ("payment", "p1", 3, 3), ("template", "t1", 3, 3),
    ]  # fmt: skip
    assert (rows[0].events, rows[0].first_seen, rows[0].last_seen) == (9, EARLY, LATE)


def test_templates_are_named_in_words(small: Both, made: Both, unknown: Both) -> None:
    """The same words wherever a template is named, and none where nobody knows any."""
    graph = small.graph
    for template, words in {**WORDS, "t2": None}.items():
        assert graph.artifact("template", template).words == words
    card = {row.value: row.words for row in graph.account("n4").evidence}
    assert card == {"d2": None, "p2": None, "t1": WORDS["t1"], "t2": None}
    shared = {row.value: row.words for row in graph.cluster_evidence(NETWORK).rows}
    assert (shared["t1"], shared["t2"], shared["d1"]) == (WORDS["t1"], None, None)
    pair = {one.value: one.words for one in graph.link("n3", "n4").shared}
    assert pair == {"t1": WORDS["t1"], "t2": None}
    (hostile,) = (row for row in graph.account("h2").evidence if row.kind == "template")
    assert hostile.words == "[red]\\x1b[31mact as <b>one</b>: {…}"
    drawn = {node.ref: node.properties for node in graph.neighbourhood(AccountRef("n4")).nodes}
    assert drawn[ArtifactRef("template", "t1")]["words"] == WORDS["t1"]
    assert "words" not in drawn[ArtifactRef("template", "t2")]
    assert "words" not in drawn[ArtifactRef("device", "d2")]
    assert all(row.words is None for row in unknown.graph.account("n4").evidence)
    assert unknown.graph.artifact("template", "t1").words is None
    rows = [row for one in made.graph.clusters(limit=1000).rows
            for row in made.graph.cluster_evidence(one.cluster_id).rows]  # fmt: skip
    said = {row.words for row in rows if row.kind == "template"}
    assert {row.words for row in rows if row.kind != "template"} == {None}
    assert len(said) == 3  # nothing, one line, and one of all that bites
    assert {"Sum up {…} for me", None} < said
    assert all(words is None or words.isprintable() for words in said)
    for row in rows:
        if row.kind == "template":
            assert made.graph.artifact(row.kind, row.value).words == row.words


def test_links_of_the_small_result_have_reasons(small: Both) -> None:
    first, second = small.graph.cluster_links(NETWORK).rows
    assert (first.account_a, first.account_b, first.bits) == ("n1", "n2", 22.9)
    assert first.families == {"network": 8.9, "client": 7.0, "money": 7.0}
    assert first.reasons == small.run.explain("n1", "n2").shared
    assert second.bits == 14.0
    capped = small.graph.cluster_links(NETWORK, limit=1)
    assert (len(capped.rows), capped.left_out) == (1, 1)
    assert small.graph.cluster_links(PAIR).rows == ()


def test_an_account_of_the_small_result(small: Both) -> None:
    card = small.graph.account("n4")
    assert card.membership is not None
    assert card.membership.held_by == "drop_one"
    assert [(row.value, row.accounts, row.degree) for row in card.evidence] == [
        ("d2", 2, 2), ("p2", 2, 2), ("t1", 3, 3), ("t2", 3 - 1, 3),
    ]  # fmt: skip
    assert card.activity.hours == (1,) * 24
    alone = small.graph.account("alone")
    assert (alone.membership, alone.evidence, alone.activity.signed_up) == (None, (), None)
    assert small.graph.account("o1").activity.organisation == "acme"


def test_an_artifact_and_its_holders(small: Both) -> None:
    assert small.graph.artifact("subnet", "1.1.1.0/24").degree == 7
    rows = small.graph.holders("user_agent", "ua").rows
    assert [(row.account_id, row.cluster_id, row.proposal) for row in rows] == sorted([
        (HOSTILE, HOSTILE_CLUSTER, "review"), ("h2", HOSTILE_CLUSTER, "review"),
        ("n5", NETWORK, "review"),
    ])  # fmt: skip


def test_a_timeline_says_what_is_known(small: Both) -> None:
    found = small.graph.timeline(NETWORK, "hour")
    assert (found.events, found.hours) == (120, (5,) * 24)
    assert [(b.start, b.arrived, b.left, b.known_events) for b in found.buckets] == [
        (EARLY, 5, 0, 5), (LATE, 0, 5, 5),
    ]  # fmt: skip
    assert small.graph.timeline(NETWORK).buckets[1].start == LATE - timedelta(hours=12)


def test_clusters_are_the_runs(any_result: Both) -> None:
    ours = {row["cluster_id"]: row for row in any_result.run.clusters.to_dict("records")}
    rows = all_clusters(any_result)
    assert len(rows) == len(ours)
    assert all(the_same(row, ours[row.cluster_id]) for row in rows)
    assert any_result.graph.cluster(rows[0].cluster_id) == rows[0]


def test_clusters_parts_are_the_runs(any_result: Both) -> None:
    for row in all_clusters(any_result)[:8]:
        name, run, graph = row.cluster_id, any_result.run, any_result.graph
        cluster = run.cluster(name).members.set_index("account_id", drop=False)
        members = graph.members(name, limit=1000).rows
        assert len(members) == len(cluster) == row.accounts
        assert all(the_same(member, cluster.loc[member.account_id]) for member in members)
        links = graph.cluster_links(name, strongest=False, limit=5)
        theirs = run.links(name)
        pairs = [(link.account_a, link.account_b, link.bits) for link in links.rows]
        wanted = theirs[["account_a", "account_b", "bits"]].itertuples(index=False, name=None)
        assert pairs == list(wanted)[:5]
        assert links.left_out == len(theirs) - len(pairs)
        for link in links.rows[:2]:
            assert link.reasons == run.explain(link.account_a, link.account_b).shared
        strongest = graph.cluster_links(name, limit=3).rows
        assert [link.bits for link in strongest] == list(run.links(name, 3).bits)


def test_accounts_are_the_runs(any_result: Both) -> None:
    run, graph = any_result.run, any_result.graph
    ids = sorted(run.activity.account_id)
    for account in ids[:: max(1, len(ids) // 20)]:
        ours, card = run.account(account), graph.account(account)
        assert (card.membership is None) == (ours.membership is None)
        if card.membership is not None:
            assert the_same(card.membership, ours.membership)
        assert the_same(card.activity, ours.activity)
        assert len(card.evidence) == len(ours.evidence)
        records = ours.evidence.to_dict("records")
        assert all(the_same(a, b) for a, b in zip(card.evidence, records, strict=True))


def test_links_are_the_runs(any_result: Both) -> None:
    accounts = sorted(any_result.run.activity.account_id)
    for a, b in zip(accounts[::17], accounts[3::17], strict=False):
        assert any_result.graph.link(a, b) == any_result.run.explain(a, b)


def test_a_timeline_adds_up(any_result: Both) -> None:
    activity = any_result.run.activity.set_index("account_id")
    for row in all_clusters(any_result)[:8]:
        found = any_result.graph.timeline(row.cluster_id)
        inside = activity.loc[any_result.run.cluster(row.cluster_id).members.account_id]
        assert found.events == inside.events.sum()
        assert list(found.hours) == [sum(hours) for hours in zip(*inside.hours, strict=True)]
        assert sum(bucket.arrived for bucket in found.buckets) == row.accounts
        assert sum(bucket.left for bucket in found.buckets) == row.accounts
        starts = [bucket.start for bucket in found.buckets]
        assert starts == sorted(set(starts))
        days = inside.first_seen.dt.floor("D")
        for bucket in found.buckets:
            assert bucket.arrived == (days == pd.Timestamp(bucket.start)).sum()
            assert bucket.start.tzinfo is UTC
        sizes = zip(found.buckets, starts, strict=True)
        assert all(b.known_events >= max(b.arrived, b.left) for b, _ in sizes)


def test_hostile_ids_and_values_are_found(made: Both) -> None:
    for account in BITING:
        card = made.graph.account(account)
        assert card.account_id == account
        assert made.graph.link(account, BITING[0]) == made.run.explain(account, BITING[0])
        for row in card.evidence:
            assert made.graph.artifact(row.kind, row.value).accounts == row.accounts
    assert len(made.graph.holders("user_agent", WIDE, limit=1000).rows) == len(made.run.activity)


def all_clusters(result: Both) -> tuple[ClusterRow, ...]:
    """All of them, by score."""
    page = result.graph.clusters(limit=1000)
    assert page.next is None
    return page.rows


def test_answers_do_not_change(made: Both) -> None:
    cards: list[AccountCard] = [made.graph.account(BITING[0]) for _ in range(2)]
    assert cards[0] == cards[1]
    with pytest.raises(AttributeError):
        cards[0].account_id = "another"  # type: ignore[misc]
