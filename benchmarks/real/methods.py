"""Ways to make groups of links: the product's own, and what the libraries give as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import community as python_louvain
import networkx as nx
import numpy as np
import numpy.typing as npt

from linkage.communities import communities
from linkage.settings import CommunitySettings

Labels = npt.NDArray[np.int32]

SEED = 1
LINKAGE, LOUVAIN = "linkage", "python-louvain"


@dataclass(frozen=True)
class Links:
    """Links a < b between nodes 0 .. nodes-1, each once; weights above 0; deals: whether the two
    dealt with each other, None where nobody did."""

    a: Labels
    b: Labels
    weight: npt.NDArray[np.float64]
    nodes: int
    deals: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Method:
    """`ready` turns links into what the method works on, before the clock starts; `group` gives
    each node's group."""

    name: str
    what: str
    ready: Callable[[Links], Any]
    group: Callable[[Any], Labels]


@dataclass(frozen=True)
class Grouped:
    """Each node's group (whoever has no link is alone), and the seconds that it took."""

    labels: Labels
    seconds: float


def grouped(method: Method, links: Links) -> Grouped:
    """Let a method group the nodes, once, on one thread."""
    given = method.ready(links)
    begun = time.perf_counter()
    labels = method.group(given)
    seconds = time.perf_counter() - begun
    alone = np.flatnonzero(labels < 0)
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(alone.size, dtype=np.int32)
    return Grouped(labels, seconds)


Algorithm = Literal["leiden", "louvain", "components"]


def _own(algorithm: Algorithm) -> Callable[[Links], Labels]:
    settings = CommunitySettings(algorithm=algorithm)

    def group(links: Links) -> Labels:
        return communities(links.a, links.b, links.weight, links.nodes, settings, deals=links.deals)

    return group


def _network(links: Links) -> nx.Graph:
    network = nx.Graph()
    network.add_nodes_from(range(links.nodes))
    ends = zip(links.a.tolist(), links.b.tolist(), links.weight.tolist(), strict=True)
    network.add_weighted_edges_from(ends)
    return network


def _networkx_louvain(network: nx.Graph) -> Labels:
    labels = np.full(len(network), -1, np.int32)
    for number, group in enumerate(nx.community.louvain_communities(network, seed=SEED)):
        labels[list(group)] = number
    return labels


def _python_louvain(network: nx.Graph) -> Labels:
    found = python_louvain.best_partition(network, random_state=SEED)
    return np.array([found[node] for node in range(len(network))], np.int32)


def _as_it_is(links: Links) -> Links:
    return links


METHODS = (
    Method(
        LINKAGE,
        "Leiden at resolution 0.4, parts split again: the default",
        _as_it_is,
        _own("leiden"),
    ),
    Method(
        "linkage, louvain",
        "`--algorithm louvain`: python-louvain in each connected component",
        _as_it_is,
        _own("louvain"),
    ),
    Method(
        "linkage, components",
        "`--algorithm components`: whatever is connected",
        _as_it_is,
        _own("components"),
    ),
    Method(
        "networkx",
        "`louvain_communities` over the whole graph, at its defaults",
        _network,
        _networkx_louvain,
    ),
    Method(
        LOUVAIN,
        "`best_partition` over the whole graph, at its defaults",
        _network,
        _python_louvain,
    ),
)
