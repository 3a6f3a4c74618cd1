"""A server for tests of graph databases that must be empty, or shown no run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.neo4j.servers import Address, empty, own_servers


@pytest.fixture(scope="session")
def spare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A running server that no other tests keep anything in."""
    with own_servers(tmp_path_factory) as own_server:
        server = own_server()
        status = server.up()
        assert status.bolt is not None
        yield Address(status.bolt, status.user, server.password())


@pytest.fixture
def spare(spare_server: Address, monkeypatch: pytest.MonkeyPatch) -> Address:
    """The same, emptied, and named in the environment as the graph."""
    with spare_server.driver() as driver:
        empty(driver)
    monkeypatch.setenv("LINKAGE_GRAPH", spare_server.url)
    monkeypatch.setenv("LINKAGE_GRAPH_USER", spare_server.user)
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", spare_server.password)
    return spare_server
