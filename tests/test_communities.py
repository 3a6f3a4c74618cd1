"""Communities: against networkx, and where modularity over a whole graph would go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest

from linkage.communities import communities
from linkage.settings import CommunitySettings

Algorithm = Literal["leiden", "louvain", "components"]
Partition = set[frozenset[int]]
DETECTING: tuple[Algorithm, ...] = ("leiden", "louvain")


def labels_of(
    graph: nx.Graph, algorithm: Algorithm = "leiden", resolution: float = 0.4
) -> npt.NDArray[np.int32]:
    """The stage over a graph with the nodes 0, 1 ..."""
    links = sorted((min(edge), max(edge)) for edge in graph.edges)
    weight = np.array([graph.edges[edge].get("weight", 1.0) for edge in links], float)
    a, b = (np.array([edge[i] for edge in links], np.int32) for i in (0, 1))
    chosen = CommunitySettings(algorithm=algorithm, resolution=resolution)
    return communities(a, b, weight, graph.number_of_nodes(), chosen)


def parts(labels: npt.NDArray[np.int32]) -> Partition:
    """The nodes of each community."""
    return {frozenset(np.flatnonzero(labels == k).tolist()) for k in set(labels.tolist()) - {-1}}


def cliques(sizes: Sequence[int], bridges: Iterable[tuple[int, int]] = ()) -> nx.Graph:
    """Cliques side by side, and a link from the first node of one to the last of another."""
    graph = nx.disjoint_union_all(nx.complete_graph(size) for size in sizes)
    starts = np.cumsum([0, *sizes])
    graph.add_edges_from((starts[i], starts[j + 1] - 1) for i, j in bridges)
    nx.set_edge_attributes(graph, 1.0, "weight")
    return graph


def blocks(sizes: Sequence[int]) -> Partition:
    """The nodes of each clique."""
    starts = np.cumsum([0, *sizes])
    return {frozenset(range(starts[i], starts[i + 1])) for i in range(len(sizes))}


def test_components_are_those_of_networkx(seed: int) -> None:
    for n in range(10):
        graph = nx.fast_gnp_random_graph(300, 0.003, seed=seed + n)
        expected = {frozenset(c) for c in nx.connected_components(graph) if len(c) > 1}
        labels = labels_of(graph, "components")
        assert parts(labels) == expected
        assert {i for i in range(300) if labels[i] < 0} == set(nx.isolates(graph))


def test_labels_are_numbered_by_size_and_then_by_smallest_node() -> None:
    labels = labels_of(cliques([3, 5, 3, 8, 2]))
    assert labels.tolist() == [2] * 3 + [1] * 5 + [3] * 3 + [0] * 8 + [4] * 2


def test_without_links_there_are_no_communities() -> None:
    none = np.empty(0, np.int32)
    assert communities(none, none, none.astype(float), 3, CommunitySettings()).tolist() == [-1] * 3


@pytest.mark.parametrize("algorithm", DETECTING)
def test_two_cliques_with_a_bridge_are_two(algorithm: Algorithm) -> None:
    assert parts(labels_of(cliques([8, 8], [(0, 1)]), algorithm)) == blocks([8, 8])


@pytest.mark.parametrize("algorithm", DETECTING)
def test_a_thousand_cliques_beside_them_change_nothing(algorithm: Algorithm) -> None:
    """Modularity with the totals of the whole graph would merge the two that are bridged."""
    sizes = [8, 8] + [5] * 1000
    found = parts(labels_of(cliques(sizes, [(0, 1)]), algorithm))
    assert found == blocks(sizes)


def test_cliques_in_a_ring_are_found_within_one_component() -> None:
    """The classic case of the resolution limit: one component, many small communities."""
    number = 150
    ring = cliques([5] * number, [(i, (i + 1) % number) for i in range(number)])
    assert nx.is_connected(ring)
    assert parts(labels_of(ring)) == blocks([5] * number)


def test_a_chance_link_that_is_weak_does_not_hold_two_networks_together() -> None:
    graph = cliques([20, 30], [(0, 1)])
    graph.add_edge(3, 25, weight=0.1)
    graph.add_edge(7, 40, weight=0.1)
    assert parts(labels_of(graph)) == blocks([20, 30])


def test_a_sparse_network_without_parts_stays_whole(seed: int) -> None:
    """Rotation leaves a random sparse graph; splitting it would lose the network."""
    for n in range(5):
        graph = nx.random_regular_graph(12, 200, seed=seed + n)
        assert len(parts(labels_of(graph))) == 1


@pytest.mark.parametrize("algorithm", DETECTING)
def test_planted_communities_are_recovered(algorithm: Algorithm, seed: int) -> None:
    for n in range(5):
        graph = nx.planted_partition_graph(6, 40, 0.5, 0.005, seed=seed + n)
        assert parts(labels_of(graph, algorithm)) == blocks([40] * 6)


def test_modularity_is_no_worse_than_that_of_networkx(seed: int) -> None:
    for n in range(5):
        graph = nx.planted_partition_graph(5, 30, 0.4, 0.01, seed=seed + n)
        rng = np.random.default_rng(seed + n)
        for edge in graph.edges:
            graph.edges[edge]["weight"] = float(rng.uniform(0.5, 1.5))
        theirs = nx.community.louvain_communities(graph, resolution=0.4, seed=n)
        ours = parts(labels_of(graph, resolution=0.4))
        assert modularity(graph, ours) >= 0.98 * modularity(graph, theirs)


def modularity(graph: nx.Graph, found: Iterable[Iterable[int]]) -> float:
    """Of a partition, links weighed, at the usual resolution."""
    return float(nx.community.modularity(graph, found, weight="weight", resolution=0.4))


def test_every_community_is_connected(seed: int) -> None:
    graph = nx.fast_gnp_random_graph(400, 0.006, seed=seed)
    assert all(nx.is_connected(graph.subgraph(part)) for part in parts(labels_of(graph)))


@pytest.mark.parametrize("algorithm", DETECTING)
def test_labels_do_not_depend_on_the_order_of_the_links(algorithm: Algorithm, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = nx.relaxed_caveman_graph(30, 8, 0.25, seed=seed)
    a, b = np.array(sorted((min(e), max(e)) for e in graph.edges if e[0] != e[1]), np.int32).T
    weight = rng.uniform(1, 20, a.size)
    chosen = CommunitySettings(algorithm=algorithm)
    first = communities(a, b, weight, 240, chosen)
    for _ in range(3):
        mixed = rng.permutation(a.size)
        again = communities(a[mixed], b[mixed], weight[mixed], 240, chosen)
        assert np.array_equal(first, again)


def test_a_component_is_split_the_same_whatever_else_there_is(seed: int) -> None:
    """Nodes of other components before and after it, as far as the partition goes."""
    component = nx.relaxed_caveman_graph(12, 8, 0.2, seed=seed)
    component.remove_edges_from(nx.selfloop_edges(component))
    alone = parts(labels_of(component))
    both = nx.disjoint_union_all([cliques([30]), component, cliques([40, 6], [(0, 1)])])
    inside = {part for part in parts(labels_of(both)) if min(part) >= 30 and max(part) < 30 + 96}
    assert {frozenset(node - 30 for node in part) for part in inside} == alone


@pytest.mark.parametrize(
    ("change", "merged"), [(lambda r: r / 1000, True), (lambda r: r, False)], ids=["low", "usual"]
)
def test_the_resolution_says_how_much_holds_together(
    change: Callable[[float], float], merged: bool
) -> None:
    graph = cliques([8, 8], [(0, 1)])
    found = parts(labels_of(graph, resolution=change(0.4)))
    assert (len(found) == 1) is merged


def dealing(graph: nx.Graph, share: float = 1.0, bits: float = 1.0) -> npt.NDArray[np.int32]:
    """Communities where this share of the links are dealings, of so many bits each."""
    links = sorted((min(edge), max(edge)) for edge in graph.edges)
    a, b = (np.array([edge[i] for edge in links], np.int32) for i in (0, 1))
    deals = np.arange(a.size) < share * a.size
    nodes = graph.number_of_nodes()
    return communities(a, b, np.full(a.size, bits), nodes, CommunitySettings(), 1, deals)


@pytest.mark.parametrize(
    "tree",
    [nx.path_graph(12), nx.path_graph(60), nx.balanced_tree(2, 5), nx.star_graph(9)],
    ids=["path", "long path", "tree", "star"],
)
def test_a_chain_or_a_tree_of_dealings_is_one_community(tree: nx.Graph) -> None:
    assert parts(dealing(tree)) == {frozenset(tree.nodes)}


def test_any_tree_of_dealings_stays_whole(seed: int) -> None:
    for n in range(10):
        tree = nx.random_labeled_tree(80, seed=seed + n)
        assert parts(dealing(tree)) == {frozenset(range(80))}


@pytest.mark.parametrize(("size", "expected"), [(4, 1), (7, 2)])
def test_a_split_of_dealings_must_be_worth_its_description(size: int, expected: int) -> None:
    assert len(parts(dealing(cliques([size, size], [(0, 1)])))) == expected


@pytest.mark.parametrize(("bits", "expected"), [(3.0, 2), (60.0, 1)])
def test_a_cut_must_outweigh_the_links_that_it_cuts(bits: float, expected: int) -> None:
    assert len(parts(dealing(cliques([9, 9], [(0, 1)]), bits=bits))) == expected


def test_only_what_is_worth_it_is_cut_off() -> None:
    graph = cliques([12])
    nx.add_path(graph, [0, *range(12, 40)], weight=1.0)
    found = parts(dealing(graph))
    assert frozenset(range(12)) in found
    assert len(found) <= 3 < len(parts(labels_of(graph)))


def test_a_chain_of_things_in_common_is_no_community() -> None:
    path = nx.path_graph(60)
    assert len(parts(dealing(path, 0.3))) == len(parts(labels_of(path))) > 1


def test_what_hangs_on_a_dense_network_is_cut_off() -> None:
    graph = cliques([14])
    nx.add_path(graph, [0, 14, 15, 16], weight=1.0)
    assert frozenset(range(14)) in parts(labels_of(graph))
