"""A server that tests may empty, kill or show no run on, apart from the one that other tests keep
their graphs in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from neo4j import Driver, GraphDatabase

from linkage.graph.neo4j import Target, parts, publisher
from linkage.neo4j import Server
from tests.neo4j.pushing import BATCH
from tests.neo4j.servers import Address, empty, own_servers


@pytest.fixture(scope="session")
def push_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that may be killed and emptied; whoever needs it running calls `up`."""
    with own_servers(tmp_path_factory) as own_server:
        yield own_server()


@pytest.fixture
def target(push_server: Server) -> Target:
    """It runs, and holds no node; our constraints stay where they are."""
    status = push_server.up(patience=300.0)  # the machine may be busy
    assert status.bolt is not None
    target = Target(status.bolt, status.user, push_server.password())
    with GraphDatabase.driver(target.url, auth=(status.user, push_server.password())) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return target


@pytest.fixture
def driver(target: Target) -> Iterator[Driver]:
    """To look at the database with, past our own code."""
    with GraphDatabase.driver(target.url, auth=(str(target.user), str(target.password))) as driver:
        yield driver


@pytest.fixture
def spare(target: Target, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Address:
    """The same without constraints and indexes, and named in the environment as the graph."""
    empty(driver)
    address = Address(target.url, str(target.user), str(target.password))
    monkeypatch.setenv("LINKAGE_GRAPH", address.url)
    monkeypatch.setenv("LINKAGE_GRAPH_USER", address.user)
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", address.password)
    return address


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small results take many transactions."""
    for module in (parts, publisher):
        monkeypatch.setattr(module, "BATCH", BATCH)
