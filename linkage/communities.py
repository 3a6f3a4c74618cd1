"""Stage 4: links -> communities. Arrays in, arrays out: no tables, no database.

Community detection is applied to each connected component, and again to each part it finds,
with the totals of that part: what it decides does not depend on how large the rest of the
graph is (the resolution limit, Fortunato and Barthelemy 2007). Among accounts that deal with each
other, a split must also be worth its description: money and invitations go along chains, and
modularity cuts any chain or tree into pieces.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from graspologic_native import leiden_csr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln

from linkage.settings import CommunitySettings

Labels = npt.NDArray[np.int32]
Nodes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any] | float
Split = Callable[[csr_array, CommunitySettings], Labels]

DEALING = 0.5  # share of a component's links, from which on it is one of dealings
SMALLEST = 4  # nodes; parts of fewer cannot fall into two groups that are linked within


def communities(
    a: Nodes,
    b: Nodes,
    weight: Weights,
    nodes: int,
    settings: CommunitySettings,
    threads: int = 1,
    deals: Bools | None = None,
) -> Labels:
    """Community of each node 0..nodes-1; -1 for a node without a link.

    `deals` says of each link whether the two dealt with each other (a transfer, an invitation).

    Labels are numbered by descending size, then by smallest node, so that they do not depend
    on the order of the links. Links must be unique, without loops.
    """
    if a.size == 0:
        return np.full(nodes, -1, np.int32)
    links = csr_array((np.ones(a.size, np.int8), (a, b)), shape=(nodes, nodes))
    _, component = connected_components(links, directed=False)
    # Components one after another: each is then a block of consecutive nodes.
    by_component = np.argsort(component, kind="stable").astype(np.int32)
    place = np.empty(nodes, np.int32)
    place[by_component] = np.arange(nodes, dtype=np.int32)
    graph = _symmetric(place[a], place[b], weight, nodes)
    ends = np.cumsum(np.bincount(component))
    labels = component.astype(np.int32)
    free = int(ends.size)
    blocks = [
        (int(first), int(last))
        for first, last in zip(ends - np.diff(ends, prepend=0), ends, strict=True)
        if last - first >= SMALLEST
    ]
    split, again = ALGORITHMS[settings.algorithm]
    dealing = _dealing(component[a], deals, ends.size)[component[by_component]]

    def parts_of(ends: tuple[int, int]) -> list[Nodes]:
        whole = again and bool(dealing[ends[0]])
        return _parts(_block(graph, *ends), split, again, whole, settings)

    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(parts_of, blocks)
        for (first, last), parts in zip(blocks, found, strict=True):
            for part in parts:
                labels[by_component[first:last][part]] = free
                free += 1
    labels[by_component[np.diff(graph.indptr) == 0]] = -1
    return _by_size(labels)


def _dealing(component: Nodes, deals: Bools | None, components: int) -> Bools:
    """Components whose links are dealings for the most part."""
    if deals is None:
        return np.zeros(components, np.bool_)
    links = np.bincount(component, minlength=components)
    return np.bincount(component, deals, components) >= DEALING * np.maximum(1, links)


def _symmetric(a: Nodes, b: Nodes, weight: Weights, nodes: int) -> csr_array:
    """The graph with ascending neighbours, whatever the order of the links."""
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    values = np.concatenate([weight, weight]).astype(np.float64)
    graph = csr_array((values, (rows, columns)), shape=(nodes, nodes))
    graph.sort_indices()
    return graph


def _block(graph: csr_array, first: int, last: int) -> csr_array:
    """The nodes first..last-1, which have links among themselves alone."""
    lo, hi = graph.indptr[first], graph.indptr[last]
    offsets = graph.indptr[first : last + 1] - lo
    columns = graph.indices[lo:hi] - first
    return csr_array((graph.data[lo:hi], columns, offsets), shape=(last - first, last - first))


def _parts(
    graph: csr_array,
    split: Split,
    again: bool,
    whole: bool,
    settings: CommunitySettings,
) -> list[Nodes]:
    """Split a connected graph, and its parts again if asked to: lists of its nodes.

    What should stay `whole` is split only where that is worth its description.
    """
    done: list[Nodes] = []
    waiting = [(graph, np.arange(graph.shape[0], dtype=np.int32))]
    while waiting:
        part, nodes = waiting.pop()
        size = nodes.size
        labels = _one(size) if part.nnz == size * (size - 1) else split(part, settings)
        if whole and labels.any():
            labels = _worth_it(part, labels)
        pieces = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        if len(pieces) == 1:
            done.append(nodes)
            continue
        for piece in pieces:
            if piece.size < SMALLEST or not again:
                done.append(nodes[piece])
            else:
                waiting.append((part[piece][:, piece], nodes[piece]))
    return done


def _worth_it(graph: csr_array, labels: Labels) -> Labels:
    """The parts of which only those are cut off that are worth it; what is left and still hangs
    together stays one.

    A cut is worth it if the links are described in so many nats less with the part by itself that
    it outweighs what the links that it cuts say for one operator (their weights, in bits). The
    description is that of the degree-corrected stochastic block model, with what it takes to say
    who is in which block, how many links are between blocks, and the degrees (Peixoto 2017,
    microcanonical, uniform priors). A piece of a path never is worth it.
    """
    _, piece = np.unique(labels, return_inverse=True)
    nodes = np.bincount(piece).astype(np.float64)
    degree = np.diff(graph.indptr)
    ends = np.bincount(piece, degree)
    node = np.repeat(np.arange(degree.size), degree)
    own = piece[node]
    crossing = own != piece[graph.indices]
    inside = np.bincount(own[~crossing], minlength=nodes.size) / 2
    links, rest = degree.sum() / 2, graph.shape[0] - nodes
    between = ends - 2 * inside
    whole = _nats(2 * links, links) + _ways(graph.shape[0], 2 * links)
    blocks = _nats(ends, inside) + _nats(2 * links - ends, links - inside - between)
    blocks += _ways(nodes, ends) + _ways(rest, 2 * links - ends) - gammaln(between + 1)
    cut = np.log(2) * np.bincount(own[crossing], graph.data[crossing], nodes.size)
    told = cut + _ways(3.0, links) + np.log(max(1, graph.shape[0] - 1))
    told += gammaln(graph.shape[0] + 1) - gammaln(nodes + 1) - gammaln(rest + 1)
    worth = blocks + told < whole
    kept = np.where(worth[piece], piece + 1, 0)
    joins = kept[node] == kept[graph.indices]
    inner = csr_array((joins.astype(np.int8), graph.indices, graph.indptr), shape=graph.shape)
    inner.eliminate_zeros()
    return connected_components(inner, directed=False)[1].astype(np.int32)


def _nats(ends: Numbers, inside: Numbers) -> Weights:
    """A block's part of the links' description: its link ends, and the links inside it."""
    return np.asarray(gammaln(ends + 1) - inside * np.log(2) - gammaln(inside + 1))


def _ways(bins: Numbers, balls: Numbers) -> Weights:
    """Log of the number of ways to put so many balls into so many bins."""
    return np.asarray(gammaln(bins + balls) - gammaln(balls + 1) - gammaln(bins))


def _one(size: int) -> Labels:
    return np.zeros(size, np.int32)


def _leiden(graph: csr_array, settings: CommunitySettings) -> Labels:
    """Leiden (Traag, Waltman and van Eck 2019), modularity with a resolution."""
    size = graph.shape[0]
    _, found = leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        size,
        resolution=settings.resolution,
        seed=settings.seed,
        iterations=1,
    )
    return np.fromiter((found[node] for node in range(size)), np.int32, size)


def _louvain(graph: csr_array, settings: CommunitySettings) -> Labels:
    """Louvain (Blondel et al. 2008): python-louvain over networkx, the well-known baseline.

    At its own resolution of 1: in 0.16 a factor weighs its moves one way, and the modularity
    that it stops by the other.
    """
    import community as python_louvain  # and networkx: slow to load, and seldom asked for
    import networkx as nx

    network = nx.from_scipy_sparse_array(graph)
    found = python_louvain.best_partition(network, random_state=settings.seed)
    return np.fromiter((found[node] for node in range(graph.shape[0])), np.int32, graph.shape[0])


def _components(graph: csr_array, settings: CommunitySettings) -> Labels:
    """Whatever is connected: for comparison; one chance link chains two networks."""
    return _one(graph.shape[0])


# Whether parts are split again: louvain at its resolution of 1 would shred any dense part.
ALGORITHMS: dict[str, tuple[Split, bool]] = {
    "leiden": (_leiden, True),
    "louvain": (_louvain, False),
    "components": (_components, False),
}


def _by_size(labels: Labels) -> Labels:
    """Number the labels by descending size, then by their smallest node; -1 stays."""
    linked = np.flatnonzero(labels >= 0)
    if linked.size == 0:
        return labels
    _, first, inverse, sizes = np.unique(
        labels[linked], return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(sizes.size, np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(sizes.size, dtype=np.int32)
    result = np.full_like(labels, -1)
    result[linked] = rank[inverse]
    return result
