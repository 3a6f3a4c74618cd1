"""Every adapter of the graph port over the same results. Another adapter is one entry more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from linkage.graph import Graph, open_graph
from linkage.graph.neo4j import Database, Neo4jGraph, Neo4jPublisher, Scope, Target, run_key
from linkage.run import Run
from tests.contracts.made import made_result, unknown_result
from tests.neo4j.servers import Address
from tests.test_run import small_result

# The adapters; one that keeps runs in a database has of each what is named, and the result folder
# for the rest.
FOLDERS = ("embedded", "indexed")
DATABASES: Mapping[str, Scope] = {"neo4j": Scope.all, "neo4j-flagged": Scope.flagged}
SEVERAL = 99  # runs that are in the database side by side


@cache
def told(folder: Path) -> Run:
    """The result in a folder. It answers a question once, whichever adapter is compared with it."""
    run = Run.open(folder)
    asked = ("explain", "account", "cluster", "links", "shared")
    vars(run).update({name: cache(getattr(run, name)) for name in asked})
    return run


@dataclass(frozen=True)
class Both:
    """A graph, and the result that it is of."""

    graph: Graph
    run: Run


@pytest.fixture(scope="session", params=[*FOLDERS, *DATABASES])
def adapter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Graph]:
    """Opens a result folder's graph."""
    if request.param == "embedded":
        return open_graph
    if request.param == "indexed":
        indexes = tmp_path_factory.mktemp("in[d]exes")
        return lambda folder: open_graph(folder, index=indexes / folder.name)
    scope = DATABASES[request.param]
    address: Address = request.getfixturevalue("neo4j_server")
    target = Target(address.url, address.user, address.password)

    def opened(folder: Path) -> Graph:
        database = Database(target)
        try:
            run = Neo4jPublisher(database, scope, keep=SEVERAL).publish(folder)
        except BaseException:
            database.close()
            raise
        return Neo4jGraph(database, folder, run_key(run, scope))

    return opened


@pytest.fixture(scope="session")
def results(planted_result: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The results, written once for all adapters: by hand, at random, and of a planted world."""
    folder = tmp_path_factory.mktemp("resu[l]ts")
    return {
        "small": small_result(folder / "small"),
        "made": made_result(folder / "made"),
        "unknown": unknown_result(folder / "unknown"),
        "planted": planted_result,
    }


@pytest.fixture(scope="session")
def small(adapter: Callable[[Path], Graph], results: Mapping[str, Path]) -> Iterator[Both]:
    """A few accounts, every figure known."""
    with closing(adapter(results["small"])) as graph:
        yield Both(graph, told(results["small"]))


@pytest.fixture(scope="session")
def made(adapter: Callable[[Path], Graph], results: Mapping[str, Path]) -> Iterator[Both]:
    """Ties, nulls and hostile ids."""
    with closing(adapter(results["made"])) as graph:
        yield Both(graph, told(results["made"]))


@pytest.fixture(scope="session")
def unknown(adapter: Callable[[Path], Graph], results: Mapping[str, Path]) -> Iterator[Both]:
    """The few accounts again, as from gathered evidence without all of their figures."""
    with closing(adapter(results["unknown"])) as graph:
        yield Both(graph, told(results["unknown"]))


@pytest.fixture(scope="session")
def planted(adapter: Callable[[Path], Graph], results: Mapping[str, Path]) -> Iterator[Both]:
    """What a detection found: networks, companies, verified organisations."""
    with closing(adapter(results["planted"])) as graph:
        yield Both(graph, told(results["planted"]))
