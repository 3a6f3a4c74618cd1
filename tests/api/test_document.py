"""The OpenAPI document against the service: schemathesis asks everything that it allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from api.app import openapi
from linkage.state import Scope
from tests.api.conftest import Api
from tests.api.test_scopes import TABLE
from tests.banlist.test_chain import KEY, draft

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

EXAMPLES = 20
# These never ask the graph: over the second adapter they are the same.
APART, FEW = ("/v1/banlists", "/taxii2"), 2
PHASES = (Phase.explicit, Phase.generate)  # what fails is told as it is: no minutes of shrinking


@pytest.fixture(scope="module")
def document(both: Api) -> Any:
    """What the service says of itself, with the service to ask."""
    app: Any = both.client.app
    schema = schemathesis.openapi.from_dict(openapi(app))

    async def goes_on(scope: Any, receive: Any, send: Any) -> None:
        """The app, whose life is the fixture's: schemathesis would end it after each request."""
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    schema.app = goes_on
    return schema


def asked(api: Api, operation: Any, given_path: dict[str, str] | None = None) -> None:
    """Ask an operation with whatever its description allows, and check each answer against it."""
    apart = api.service.settings.graph is not None and operation.path.startswith(APART)
    examples = FEW if apart else EXAMPLES

    @given(case=operation.as_strategy())
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), phases=PHASES)
    def every_answer_is_documented(case: Any) -> None:
        if given_path:
            case.path_parameters.update(given_path)
        case.call_and_validate(headers=api.headers(Scope.admin))

    every_answer_is_documented()


@pytest.mark.parametrize(("method", "route"), TABLE, ids=lambda word: word)
def test_every_answer_is_documented(both: Api, document: Any, method: str, route: str) -> None:
    asked(both, document[route.replace(":path", "")][method])


@pytest.mark.parametrize("part", ["", "/members", "/evidence", "/links", "/graph", "/timeline"])
def test_answers_about_what_is_there_are_documented(both: Api, document: Any, part: str) -> None:
    name = both.graph.clusters(limit=1).rows[0].cluster_id
    asked(both, document[f"/v1/clusters/{{cluster_id}}{part}"]["GET"], {"cluster_id": name})


def test_accounts_that_are_there_are_documented(both: Api, document: Any) -> None:
    name = both.graph.clusters(limit=1).rows[0].cluster_id
    accounts = [row.account_id for row in both.graph.members(name, limit=20).rows]
    for route in ("/v1/accounts/{account_id}", "/v1/accounts/{account_id}/statement"):
        asked(both, document[route]["GET"], {"account_id": accounts[0]})
    asked(both, document["/v1/links/{a}/{b}"]["GET"], {"a": accounts[0], "b": accounts[1]})


def test_jobs_that_are_there_are_documented(both: Api, document: Any) -> None:
    # Whoever the examples name may have been erased, by the example of that.
    event = {"ts": "2026-06-01T12:00:00Z", "account_id": "somebody"}
    both.client.post("/v1/events", json=[event], headers=both.headers(Scope.ingest))
    job = both.client.post("/v1/runs", headers=both.headers(Scope.publish)).json()["id"]
    for route in ("/v1/runs/{job_id}", "/v1/runs/{job_id}/progress"):
        asked(both, document[route]["GET"], {"job_id": job})


def test_lists_that_are_there_are_documented(both: Api, document: Any) -> None:
    lists = both.service.boards["bans"].lists
    now = datetime.now(UTC)
    found = draft("a", "b")
    entries = [replace(e, listed_at=now, expires_at=now + timedelta(days=9)) for e in found.entries]
    lists.publish(replace(found, entries=tuple(entries)), KEY, "me", now)
    for part in ("", "/head", "/report"):
        asked(both, document[f"/v1/banlists/{{number}}{part}"]["GET"], {"number": "1"})
    for part in ("", "/latest", "/changes"):
        asked(both, document[f"/v1/banlists{part}"]["GET"])
    asked(both, document["/v1/banlists/lookup/{account_id}"]["GET"], {"account_id": "a"})
    objects = "/taxii2/linkage/collections/{collection_id}/objects/"
    asked(both, document[objects]["GET"], {"collection_id": "bans"})


def test_the_document_can_be_read_by_others(both: Api) -> None:
    found = both.client.get("/v1/openapi.json", headers=both.headers()).json()
    assert found["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in found["components"]["schemas"]
    for operations in found["paths"].values():
        for operation in operations.values():
            assert operation["tags"]
            assert operation["description"]
