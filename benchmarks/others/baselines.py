"""Ways to group accounts that others use, on the very evidence that the product has.

    python -m benchmarks.others.baselines NAME IN.npz OUT.npy [--limit SECONDS]

Each is a function from `given.Given` to labels: int32, one a unit, -1 for a unit in
no group. Writes the labels, and prints the seconds of each part as JSON, reading the file not
among them. A method that takes longer than the limit is killed by the operating system.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import community as python_louvain
import networkx as nx
import numpy as np
from graspologic_native import leiden_csr
from scipy.sparse import csr_array

from benchmarks.others.given import Given, load
from benchmarks.others.grouping import Ints, Labels, connected, grouping, pairs, sharing
from linkage.attachment import membership
from linkage.communities import communities
from linkage.links import links
from linkage.settings import Settings

SEED = 1
THREADS = 2
FEW = 10  # accounts that may share a thing without its being a hub
ALIKE = 3  # things that two accounts share: a card or device, and two more


@dataclass
class Clock:
    """Seconds of a method's parts, in the order in which they ran."""

    parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What happens inside is the part so named."""
        begun = time.perf_counter()
        yield
        self.parts[name] = time.perf_counter() - begun


@dataclass(frozen=True)
class Method:
    """One way to group.

    name    as tables and the command line have it
    graph   what it works on: `evidence`, or `links`, which the product has made before
    what    what it does
    where   where it is common
    find    the function itself
    """

    name: str
    graph: str
    what: str
    where: str
    find: Callable[[Given, Clock], Labels]


def _by_address(given: Given, clock: Clock) -> Labels:
    return sharing(given, given.of_kinds("ip"))


def _by_rare_address(given: Given, clock: Clock) -> Labels:
    return sharing(given, given.of_kinds("ip") & (np.diff(given.incidence.art_ptr) <= FEW))


def _two_more(given: Given, clock: Clock) -> Labels:
    """Card or device of at most ten accounts; with it, three of cards, devices, addresses."""
    inc, money = given.incidence, given.of_kinds("payment", "device")
    a, b = pairs(given, money & (np.diff(inc.art_ptr) <= FEW))
    held = csr_array(
        (np.ones(inc.unit_art.size, np.int32), inc.unit_art, inc.unit_ptr),
        shape=(given.units, inc.kind.size),
    )[:, np.flatnonzero(money | given.of_kinds("ip"))]
    alike = held[a].multiply(held[b]).sum(axis=1) >= ALIKE
    return connected(a[alike], b[alike], given.units)


def _ends(given: Given) -> tuple[Ints, Ints]:
    """Edges between units and artifacts; these are numbered behind the units."""
    inc = given.incidence
    unit = np.repeat(np.arange(given.units), np.diff(inc.unit_ptr))
    return unit, inc.unit_art.astype(np.int64) + given.units


def _louvain_of_evidence(given: Given, clock: Clock) -> Labels:
    with clock.part("graph"):
        graph = nx.Graph()
        graph.add_nodes_from(range(given.units + given.incidence.kind.size))
        graph.add_edges_from(zip(*(ends.tolist() for ends in _ends(given)), strict=True))
    with clock.part("louvain"):
        found = python_louvain.best_partition(graph, random_state=SEED)
    return grouping(np.fromiter((found[unit] for unit in range(given.units)), np.int32))


def _leiden_of_evidence(given: Given, clock: Clock) -> Labels:
    unit, artifact = _ends(given)
    nodes = given.units + given.incidence.kind.size
    rows, columns = np.concatenate([unit, artifact]), np.concatenate([artifact, unit])
    graph = csr_array((np.ones(rows.size), (rows, columns)), shape=(nodes, nodes))
    graph.sort_indices()
    _, found = leiden_csr(
        graph.indptr.astype(np.int64), graph.indices.astype(np.int32), graph.data, nodes,
        resolution=1.0, seed=SEED, iterations=1,
    )  # fmt: skip
    return grouping(np.fromiter((found[node] for node in range(given.units)), np.int32))


def _splink(given: Given, clock: Clock) -> Labels:
    from benchmarks.others.splinked import find  # a large library that the others need not have

    return grouping(find(given, clock.part, THREADS, SEED))


def _components_of_links(given: Given, clock: Clock) -> Labels:
    return connected(given.a, given.b, given.units)


def _louvain_of_links(given: Given, clock: Clock) -> Labels:
    ends = (given.a.tolist(), given.b.tolist(), given.above.tolist())
    with clock.part("graph"):
        graph = nx.Graph()
        graph.add_weighted_edges_from(zip(*ends, strict=True))
    with clock.part("louvain"):
        found = python_louvain.best_partition(graph, random_state=SEED)
    return grouping(np.fromiter((found.get(unit, -1) for unit in range(given.units)), np.int32))


def _communities(given: Given, clock: Clock) -> Labels:
    return communities(given.a, given.b, given.above, given.units, Settings().communities, THREADS)


def _linkage(given: Given, clock: Clock) -> Labels:
    settings, inc = Settings(), given.incidence
    with clock.part("links"):
        link = links(inc, settings.links, THREADS)
    with clock.part("communities"):
        labels = communities(link.a, link.b, link.above, given.units, settings.communities, THREADS)
    with clock.part("attachment"):
        least = settings.score.group_accounts
        return membership(inc, labels, least, settings.attachment, THREADS).community


LOUVAIN, LINKAGE = "networkx + python-louvain", "linkage"
LOUVAIN_OF_LINKS, COMMUNITIES = "links, python-louvain", "links, communities"
ALL = (
    Method(LOUVAIN, "evidence",
           "Louvain, resolution 1, on the graph of accounts and artifacts",
           "notebooks; the usual first attempt in Python", _louvain_of_evidence),
    Method("Leiden", "evidence",
           "modularity, resolution 1, one iteration, on the same graph (graspologic)",
           "graph libraries and graph databases", _leiden_of_evidence),
    Method("same address", "evidence",
           "whatever is connected by shared IP addresses",
           "hand-written SQL, first aid after an incident", _by_address),
    Method("same rare address", "evidence",
           f"the same by addresses of at most {FEW} accounts",
           "the same, after its first false alarm", _by_rare_address),
    Method("card or device, and two more", "evidence",
           f"a card or device of at most {FEW} accounts in common, and two more cards, devices or "
           "addresses; whatever is connected",
           "Neo4j's worked example of fraud detection (entity resolution rule)", _two_more),
    Method("Splink", "evidence",
           "Fellegi-Sunter by expectation maximisation over arrays, clusters at .95",
           "record linkage in public statistics", _splink),
    Method("links, components", "links",
           "whatever is connected by linkage's links",
           "record linkage, entity resolution", _components_of_links),
    Method(LOUVAIN_OF_LINKS, "links",
           "Louvain, resolution 1, over linkage's links, through networkx",
           "notebooks", _louvain_of_links),
    Method(COMMUNITIES, "links",
           "linkage's own: Leiden by component, and again in each part", "linkage", _communities),
    Method(LINKAGE, "evidence",
           "links, communities, and every account weighed against each as a whole",
           "here", _linkage),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=[method.name for method in ALL])
    parser.add_argument("given", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="seconds; 0: none")
    asked = parser.parse_args(arguments)
    method = next(method for method in ALL if method.name == asked.name)
    evidence, clock = load(asked.given), Clock()
    signal.alarm(asked.limit)
    begun = time.perf_counter()
    labels = method.find(evidence, clock)
    seconds = time.perf_counter() - begun
    signal.alarm(0)
    np.save(asked.out, labels)
    print(json.dumps({"seconds": seconds, "parts": clock.parts}))


if __name__ == "__main__":
    main()
