"""What an index answers is what the files do: to the last digit, tie, cursor and word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import LinkageError
from linkage.graph import ClusterFilter, ClusterRef, ClusterSort, Graph, open_graph
from linkage.graph.answers import AccountCard
from tests.contracts.made import BITING
from tests.contracts.test_graph_around import UNKNOWN
from tests.contracts.test_graph_paging import filters, limits, sorts, walked

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@dataclass(frozen=True)
class Two:
    """The same run by both adapters."""

    files: Graph
    index: Graph

    def agree(self, question: str, *words: Any, **more: Any) -> Any:
        """Both answer the same, or refuse with the same words; returns the answer."""
        answer, other = (
            told(getattr(graph, question), *words, **more) for graph in (self.files, self.index)
        )
        assert other == answer
        assert written(other) == written(answer)  # as plain values, of no other sort
        return answer


def written(answer: Any) -> bytes:
    return orjson.dumps(answer, default=str)


def told(ask: Callable[..., Any], *words: Any, **more: Any) -> Any:
    try:
        return ask(*words, **more)
    except LinkageError as error:
        return type(error), str(error)


@pytest.fixture(scope="module")
def every(
    results: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Two]]:
    """All results."""
    indexes = tmp_path_factory.mktemp("indexes")
    with ExitStack() as opened:
        yield {
            name: Two(
                opened.enter_context(closing(open_graph(folder))),
                opened.enter_context(closing(open_graph(folder, index=indexes / name))),
            )
            for name, folder in results.items()
        }


@pytest.fixture(params=["small", "made", "unknown", "planted"])
def two(request: pytest.FixtureRequest, every: Mapping[str, Two]) -> Two:
    """One of them."""
    return every[request.param]


def clusters_of(two: Two) -> list[str]:
    rows = walked(lambda after, n: two.files.clusters(after=after, limit=n), 1000)
    return [row.cluster_id for row in rows]


def accounts_of(two: Two) -> list[str]:
    return [row.account_id for name in clusters_of(two) for row in two.files.members(name).rows]


def test_accounts_and_their_artifacts(two: Two) -> None:
    two.agree("run")
    artifacts = set()
    for account in accounts_of(two)[::5]:
        card = two.agree("account", account)
        assert isinstance(card, AccountCard)
        assert two.index.at_hand(account)
        artifacts |= {(row.kind, row.value) for row in card.evidence}
    for named in sorted(artifacts)[::9]:
        two.agree("artifact", *named)
        page = two.agree("holders", *named, limit=2)
        while page.next is not None:
            page = two.agree("holders", *named, page.next, 40)


def test_pairs_within_and_across_clusters_and_organisations(two: Two) -> None:
    accounts = accounts_of(two)
    organised = [a for a in accounts if two.files.account(a).activity.organisation is not None][:2]
    near, far = (zip(accounts, accounts[step:], strict=False) for step in (1, 7))
    together = [(a, b) for a in organised for b in (*organised, accounts[0])]
    for a, b in [*[*near, *far][::41], *together]:
        two.agree("link", a, b)
        assert two.index.at_hand(a, b, together=True)


def test_clusters_and_their_members(two: Two) -> None:
    for name in clusters_of(two)[::6]:
        two.agree("cluster", name)
        two.agree("cluster", name[:4])
        for by in ("account_id", "confidence"):
            page = two.agree("members", name, limit=2, by=by)
            while page.next is not None:
                page = two.agree("members", name, page.next, 3, by=by)
        two.agree("timeline", name)
        two.agree("cluster_evidence", name, limit=3)
        two.agree("cluster_links", name, limit=3)
        two.agree("neighbourhood", ClusterRef(name), 20)


@given(where=filters, sort=sorts, limit=limits, name=st.sampled_from(["made", "unknown"]))
def test_pages_of_clusters_however_they_are_filtered_and_sorted(
    every: Mapping[str, Two], where: ClusterFilter, sort: ClusterSort, limit: int, name: str
) -> None:
    page = every[name].agree("clusters", where, sort, limit=limit)
    while page.next is not None:
        page = every[name].agree("clusters", where, sort, page.next, limit)


@pytest.mark.parametrize("of", ["made", "small"])
def test_names_that_are_unknown_or_begin_several(every: Mapping[str, Two], of: str) -> None:
    two = every[of]
    for name in (*UNKNOWN, "c", "c0", "c01", "n", "alnoe", "", "d1", *BITING[:3]):
        for question in ("account", "cluster", "members"):
            two.agree(question, name)
        two.agree("link", name, "n1")
        two.agree("link", "n1", name)
        for kind in ("ip", name):
            two.agree("holders", kind, name)
            two.agree("artifact", kind, name)
        two.agree("clusters", ClusterFilter(id_prefix=name), after="x")
    two.agree("members", "c0", by="bits")


def test_files_and_unknown_accounts_are_not_at_hand(two: Two) -> None:
    (account, *_) = accounts_of(two)
    assert not two.files.at_hand()
    assert not two.files.at_hand(account)
    assert two.index.at_hand()
    assert not two.index.at_hand(account, "nobody")
    assert not two.index.at_hand("\ud800")
