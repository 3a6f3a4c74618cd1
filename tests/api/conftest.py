"""A service over a small world, in this process, with a key for each scope and both adapters."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.settings import ServiceSettings
from linkage.banlist import BanlistSettings
from linkage.graph.embedded import EmbeddedGraph
from linkage.graph.neo4j import Database, Neo4jPublisher, Target
from linkage.graph.neo4j import Scope as Part
from linkage.jobs.terms import Terms
from linkage.journal import Checked
from linkage.privacy import Privacy
from linkage.readers.held import REJECTED
from linkage.settings import Settings
from linkage.state import Scope, keys
from linkage.webhooks import Webhook
from linkage.workspace import Workspace
from tests import worlds
from tests.neo4j.servers import Address

MANY = 10_000_000  # requests a minute: nothing is refused for its rate
# Detections whose process says at once that it is done.
AT_ONCE = replace(
    ServiceSettings().terms(Settings()),
    command=(sys.executable, "-c", """print('{"says":"end"}')"""),
)
EVENT = {"event_id": "e-1", "ts": datetime(2026, 6, 1, 12), "account_id": "a_1"}


@dataclass
class Api:
    """A running service and its keys. `of`: the same run, asked past the service."""

    client: TestClient
    service: Service
    keys: Mapping[Scope, str]
    of: EmbeddedGraph | None

    @property
    def graph(self) -> EmbeddedGraph:
        """The run's graph."""
        assert self.of is not None
        return self.of

    def headers(self, *scopes: Scope) -> dict[str, str]:
        """Those of a request by a key with one scope."""
        return {"Authorization": f"Bearer {self.keys[scopes[0] if scopes else Scope.read]}"}

    def with_an_event(self) -> Api:
        """The same, with something to detect in."""
        events = pa.Table.from_pylist([EVENT], schema=self.service.checker.schema)
        self.service.journal.append(Checked(events, REJECTED.empty_table()))
        return self


@pytest.fixture(scope="session")
def result(planted_result: Path) -> Path:
    """What a detection found in a planted world."""
    return planted_result


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def graph_url(request: pytest.FixtureRequest, result: Path) -> Iterator[str | None]:
    """Where the service's graph is: None for the run's files."""
    if request.param == "embedded":
        yield None
        return
    address: Address = request.getfixturevalue("neo4j_server")
    database = Database(Target(address.url, address.user, address.password))
    try:
        Neo4jPublisher(database, Part.all, keep=99).push(result)
    finally:
        database.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINKAGE_GRAPH_USER", address.user)
        patch.setenv("LINKAGE_GRAPH_PASSWORD", address.password)
        yield address.url


@pytest.fixture(scope="module")
def both(
    graph_url: str | None, result: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    """A service over each adapter."""
    folder = tmp_path_factory.mktemp("workspace")
    with served(folder, result, graph=graph_url, terms=AT_ONCE) as made:
        yield made.with_an_event()


@pytest.fixture
def api(result: Path, tmp_path: Path) -> Iterator[Api]:
    """A service of one's own, over the run's files."""
    with served(tmp_path / "workspace", result) as made:
        yield made


class served:  # noqa: N801 - used like a function
    """A service for as long as the context lasts."""

    def __init__(
        self,
        folder: Path,
        result: Path | None,
        graph: str | None = None,
        terms: Terms | None = None,
        privacy: Privacy | None = None,
        banlist: BanlistSettings | None = None,
        webhooks: Sequence[Webhook] = (),
        **settings: int,
    ) -> None:
        rates: dict[str, Any] = {"requests_per_minute": MANY, "failures_per_minute": MANY}
        workspace = Workspace.at(folder)
        if result is not None:
            workspace.add(result)
        self._result = result
        chosen = ServiceSettings(graph=graph, **(rates | settings))
        self._service = Service(
            workspace, chosen, worlds.settings(), terms, privacy, banlist, webhooks
        )
        self._client = TestClient(create_app(self._service), raise_server_exceptions=False)

    def __enter__(self) -> Api:
        with self._service.state.write() as connection:
            made = {scope: keys.create(connection, f"of {scope}", [scope])[1] for scope in Scope}
        self._client.__enter__()
        graph = EmbeddedGraph(self._result) if self._result is not None else None
        return Api(self._client, self._service, made, graph)

    def __exit__(self, *fault: object) -> None:
        self._client.__exit__(*fault)


@contextmanager
def listening(api: Api) -> Iterator[str]:
    """Where the service can be asked over a connection."""
    config = uvicorn.Config(
        api.client.app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()
