"""Neighbourhoods, refusals, and many threads at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import NotFound, QuestionError
from linkage.graph import AccountRef, ArtifactRef, ClusterFilter, ClusterRef, ClusterSort, Ref
from linkage.graph.neighbours import EDGES_A_NODE, Neighbourhood
from tests.contracts.conftest import Both
from tests.contracts.made import BITING, WIDE
from tests.test_run import NETWORK

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

UNKNOWN = ("nothing like it at all", "' OR 1=1 --" * 4, "\ud800", "nul\0", "x" * 20_000, "\u202e")


def missing_from(found: Neighbourhood) -> dict[str, int]:
    """What was left out: how many."""
    return {part.what: part.count for part in found.left_out}


def names(found: Neighbourhood) -> list[Ref]:
    return [node.ref for node in found.nodes]


def test_around_an_account(small: Both) -> None:
    found = small.graph.neighbourhood(AccountRef("n1"))
    assert names(found) == [
        AccountRef("n1"), ClusterRef(NETWORK), AccountRef("n2"), AccountRef("n3"),
        ArtifactRef("device", "d1"), ArtifactRef("ip", "1.1.1.1"), ArtifactRef("payment", "p1"),
        ArtifactRef("subnet", "1.1.1.0/24"),
    ]  # fmt: skip
    assert found.left_out == ()
    linked = [edge for edge in found.edges if edge.kind == "linked_to"]
    assert [(edge.target, edge.properties["bits"]) for edge in linked] == [
        (AccountRef("n2"), 22.9), (AccountRef("n3"), 14.0),
    ]  # fmt: skip
    kinds = {edge.kind: edge.type for edge in found.edges if edge.source == AccountRef("n1")}
    assert kinds["member_of"] == "MEMBER_OF"
    types = {edge.type for edge in found.edges if edge.kind == "uses"}
    assert types == {"USED_DEVICE", "USED_IP", "PAID_WITH", "USED_SUBNET"}
    node = found.nodes[0]
    assert (node.label, node.properties["proposal"], node.properties["events"]) == (
        "Account", "ban", 24,
    )  # fmt: skip
    assert found.nodes[4].properties == {"family": "client", "accounts": 3, "degree": 3}


def test_an_organisation_is_linked_by_its_first_account(small: Both) -> None:
    assert names(small.graph.neighbourhood(AccountRef("o2")))[2] == AccountRef("o1")


def test_an_organisation_that_is_linked_with_itself_shows_nobody_twice(made: Both) -> None:
    found = made.graph.neighbourhood(AccountRef("a011"))
    accounts = [ref for ref in names(found) if isinstance(ref, AccountRef)]
    assert accounts[:2] == [AccountRef("a011"), AccountRef("a010")]
    assert len(accounts) == len(set(accounts))
    assert made.graph.neighbourhood(AccountRef("a011"), len(found.nodes)).left_out == ()


def test_a_cap_says_what_it_left_out(small: Both) -> None:
    found = small.graph.neighbourhood(AccountRef("n1"), 5)
    assert names(found)[1:] == [
        ClusterRef(NETWORK), AccountRef("n2"), ArtifactRef("device", "d1"),
        ArtifactRef("ip", "1.1.1.1"),
    ]  # fmt: skip
    assert missing_from(found) == {"accounts": 1, "artifacts": 2}
    assert {part.what: part.why for part in found.left_out}["artifacts"] == "the rarest came first"
    found = small.graph.neighbourhood(ClusterRef("c012"), 1)
    assert names(found) == [ClusterRef(NETWORK)]
    assert missing_from(found) == {"accounts": 5, "artifacts": 8}


@given(nodes=st.integers(1, 60), data=st.data())
def test_neighbourhoods_keep_the_rules(made: Both, nodes: int, data: Any) -> None:
    accounts = st.sampled_from(sorted(made.run.activity.account_id))
    clusters = st.sampled_from(sorted(made.run.clusters.cluster_id))
    centre = data.draw(
        accounts.map(AccountRef)
        | clusters.map(ClusterRef)
        | st.just(ArtifactRef("user_agent", WIDE))
    )
    found = made.graph.neighbourhood(centre, nodes)
    assert found == made.graph.neighbourhood(centre, nodes)
    inside = names(found)
    assert inside[0] == found.centre == centre
    assert len(inside) == len(set(inside)) <= nodes
    assert all(edge.source in inside and edge.target in inside for edge in found.edges)
    ends = [(edge.source, edge.target) for edge in found.edges]
    assert len(ends) == len(set(ends))
    for kind in ("uses", "linked_to"):
        assert len([e for e in found.edges if e.kind == kind]) <= EDGES_A_NODE * len(inside)
    whole = made.graph.neighbourhood(centre, 500)
    for what, sort in (
        ("accounts", AccountRef), ("artifacts", ArtifactRef), ("clusters", ClusterRef),
    ):  # fmt: skip
        part = [ref for ref in inside[1:] if isinstance(ref, sort)]
        every = [ref for ref in names(whole)[1:] if isinstance(ref, sort)]
        assert part == every[: len(part)]
        assert len(part) + missing_from(found).get(what, 0) == len(every)
    if len(inside) < nodes:
        assert not {"accounts", "artifacts", "clusters"} & set(missing_from(found))


@pytest.mark.parametrize("nodes", [20, 80])
def test_what_joins_nodes_is_shown_or_counted(planted: Both, nodes: int) -> None:
    (largest, *_) = planted.graph.clusters(sort=ClusterSort("accounts")).rows
    member = planted.graph.members(largest.cluster_id, limit=1).rows[0].account_id
    centres: list[Ref] = [ClusterRef(largest.cluster_id), AccountRef(member)]
    for centre in centres:
        found = planted.graph.neighbourhood(centre, nodes)
        inside, missed = set(names(found)), missing_from(found)
        accounts = [ref.account_id for ref in inside if isinstance(ref, AccountRef)]
        used = planted.run.evidence(accounts)[["kind", "value"]].itertuples(index=False, name=None)
        uses = sum(ArtifactRef(*named) in inside for named in used)
        links = pd.read_parquet(planted.run.path / "links.parquet")
        joined = links[links.account_a.isin(accounts) & links.account_b.isin(accounts)]
        for kind, there in (("uses", uses), ("linked_to", len(joined))):
            drawn = [edge for edge in found.edges if edge.kind == kind]
            assert len(drawn) == min(there, EDGES_A_NODE * len(inside))
            assert len(drawn) + missed.get(kind, 0) == there
        rest = [
            edge.properties["bits"]
            for edge in found.edges
            if edge.kind == "linked_to" and centre not in (edge.source, edge.target)
        ]
        assert rest == sorted(rest, reverse=True)


def test_the_centres_edges_come_first(planted: Both) -> None:
    (largest, *_) = planted.graph.clusters(sort=ClusterSort("accounts")).rows
    for member in planted.graph.members(largest.cluster_id, limit=5).rows:
        found = planted.graph.neighbourhood(AccountRef(member.account_id), 30)
        mine = {edge.target for edge in found.edges if edge.source == found.centre}
        assert {ref for ref in names(found) if isinstance(ref, ArtifactRef)} <= mine


def test_unknown_ids_bring_near_ones(small: Both) -> None:
    graph = small.graph
    with pytest.raises(NotFound, match=r"alnoe: no such account; is it alone\?"):
        graph.account("alnoe")
    with pytest.raises(NotFound, match=r"nn: no such account; is it n1 or n2 or n3\?"):
        graph.link("n1", "nn")
    with pytest.raises(NotFound, match="c01: 2 clusters begin so"):
        graph.cluster("c01")
    with pytest.raises(NotFound, match=r"ip d1: no such artifact .*; is it of kind device\?"):
        graph.holders("ip", "d1")


def asks_about(graph: Any, name: str) -> list[Callable[[], object]]:
    """Everything that can be asked about one id or value."""
    return [
        lambda: graph.cluster(name),
        lambda: graph.members(name),
        lambda: graph.cluster_evidence(name),
        lambda: graph.cluster_links(name),
        lambda: graph.timeline(name),
        lambda: graph.account(name),
        lambda: graph.link(name, name),
        lambda: graph.artifact("ip", name),
        lambda: graph.holders("ip", name),
        lambda: graph.neighbourhood(AccountRef(name)),
        lambda: graph.neighbourhood(ArtifactRef("ip", name)),
        lambda: graph.neighbourhood(ClusterRef(name)),
    ]


@pytest.mark.parametrize("name", UNKNOWN, ids=range(len(UNKNOWN)))
def test_unknown_ids_are_not_found(small: Both, made: Both, name: str) -> None:
    for ask in [*asks_about(small.graph, name), *asks_about(made.graph, name)]:
        with pytest.raises(NotFound) as caught:
            ask()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400
    with pytest.raises(NotFound):
        small.graph.cluster("")


def test_what_cannot_be_asked(small: Both) -> None:
    graph, wrong = small.graph, "plan\x1bet"
    asks: list[tuple[Callable[[], object], str]] = [
        (lambda: graph.artifact(wrong, "x"), r"plan\\x1bet: no kind of artifact; there are ip"),
        (lambda: graph.holders(wrong, "x"), "no kind of artifact"),
        (lambda: graph.neighbourhood(ArtifactRef(wrong, "x")), "no kind of artifact"),
        (lambda: graph.neighbourhood(AccountRef("n1"), 501), "nodes 501: .* from 1 to 500"),
        (lambda: graph.neighbourhood(AccountRef("n1"), 0), "nodes 0"),
        (lambda: graph.timeline(NETWORK, "week"), "week: no size of buckets; there are day, hour"),  # type: ignore[arg-type]
        (lambda: graph.members(NETWORK, by="bits"), "bits: no order of members"),  # type: ignore[arg-type]
        (lambda: ClusterSort("name"), "name: no order of clusters; there are score"),  # type: ignore[arg-type]
        (lambda: ClusterFilter(proposals=("jail",)), "jail: no proposal"),
        (lambda: ClusterFilter(score_least=float("nan")), "score_least: not a number"),
        (lambda: ClusterFilter(accounts_most=10**30), "beyond any count"),
        (lambda: ClusterFilter(first_seen_to=datetime(2026, 6, 1)), "names no time zone"),
    ]
    for ask, message in asks:
        with pytest.raises(QuestionError, match=message):
            ask()


def test_many_threads_read_what_one_does(made: Both) -> None:
    graph = made.graph
    clusters = [row.cluster_id for row in graph.clusters(limit=6).rows]
    asks: list[Callable[[], object]] = [graph.clusters]
    for number, cluster in enumerate(clusters):
        account = BITING[number]
        asks += [
            lambda c=cluster: graph.members(c),  # type: ignore[misc]
            lambda c=cluster: graph.cluster_evidence(c),  # type: ignore[misc]
            lambda c=cluster: graph.cluster_links(c),  # type: ignore[misc]
            lambda c=cluster: graph.timeline(c),  # type: ignore[misc]
            lambda a=account: graph.account(a),  # type: ignore[misc]
            lambda a=account: graph.link(a, BITING[0]),  # type: ignore[misc]
            lambda c=cluster: graph.neighbourhood(ClusterRef(c), 20),  # type: ignore[misc]
        ]
    alone = [ask() for ask in asks]
    with ThreadPoolExecutor(8) as threads:
        rounds = [threads.submit(ask) for _ in range(4) for ask in asks]
        assert [done.result() for done in rounds] == alone * 4
