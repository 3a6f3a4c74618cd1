"""Every route with every scope, allowed and refused, as one table; and keys as they come."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response

from linkage.state import Scope, keys
from tests.api.conftest import AT_ONCE, Api, served

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

READ, REVIEW = {Scope.read, Scope.admin}, {Scope.review, Scope.admin}
PUBLISH = {Scope.publish, Scope.admin}
OPEN = {*Scope, None}
# Method and route -> who may. What the routes are asked with is unknown to the run or not as it
# must be: whoever may is told so, and whoever may not is not.
TABLE = {
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("POST", "/v1/events"): {Scope.ingest, Scope.admin},
    ("POST", "/v1/runs"): PUBLISH,
    ("GET", "/v1/runs"): READ,
    ("GET", "/v1/runs/{job_id}"): READ,
    ("GET", "/v1/runs/{job_id}/progress"): READ,
    ("GET", "/v1/clusters"): READ,
    ("GET", "/v1/clusters/{cluster_id}"): READ,
    ("GET", "/v1/clusters/{cluster_id}/members"): READ,
    ("GET", "/v1/clusters/{cluster_id}/evidence"): READ,
    ("GET", "/v1/clusters/{cluster_id}/links"): READ,
    ("GET", "/v1/clusters/{cluster_id}/graph"): READ,
    ("GET", "/v1/clusters/{cluster_id}/timeline"): READ,
    ("GET", "/v1/clusters/{cluster_id}/notes"): READ,
    ("POST", "/v1/clusters/{cluster_id}/notes"): REVIEW,
    ("GET", "/v1/accounts/{account_id}"): READ,
    ("GET", "/v1/accounts/{account_id}/statement"): READ,
    ("DELETE", "/v1/accounts/{account_id}"): {Scope.admin},
    ("GET", "/v1/links/{a}/{b}"): READ,
    ("GET", "/v1/artifacts/{kind}/{value:path}"): READ,
    ("POST", "/v1/decisions"): REVIEW,
    ("GET", "/v1/decisions"): READ,
    ("GET", "/v1/decisions/{number}"): READ,
    ("GET", "/v1/decisions/{number}/evidence"): READ,
    ("GET", "/taxii2/"): READ,
    ("GET", "/taxii2/linkage/"): READ,
    ("GET", "/taxii2/linkage/collections/"): READ,
    ("GET", "/taxii2/linkage/collections/{collection_id}/"): READ,
    ("GET", "/taxii2/linkage/collections/{collection_id}/manifest/"): READ,
    ("GET", "/taxii2/linkage/collections/{collection_id}/objects/"): READ,
    ("GET", "/taxii2/linkage/collections/{collection_id}/objects/{object_id}/"): READ,
    ("GET", "/taxii2/linkage/collections/{collection_id}/objects/{object_id}/versions/"): READ,
    ("GET", "/v1/allowlist"): READ,
    ("POST", "/v1/banlists"): PUBLISH,
    ("POST", "/v1/banlists/{number}/publish"): PUBLISH,
    ("GET", "/v1/banlists"): READ,
    ("GET", "/v1/banlists/latest"): READ,
    ("GET", "/v1/banlists/changes"): READ,
    ("GET", "/v1/banlists/lookup/{account_id}"): READ,
    ("POST", "/v1/banlists/lookup"): READ,
    ("GET", "/v1/banlists/{number}"): READ,
    ("GET", "/v1/banlists/{number}/head"): READ,
    ("GET", "/v1/banlists/{number}/report"): READ,
    ("PUT", "/v1/allowlist"): REVIEW,
    ("GET", "/v1/run"): READ,
    ("GET", "/v1/metrics"): READ,
    ("GET", "/v1/audit"): {Scope.admin},
    ("GET", "/v1/webhooks"): {Scope.admin},
    ("GET", "/v1/webhooks/deliveries"): {Scope.admin},
    ("POST", "/v1/webhooks/deliveries/{number}/retry"): {Scope.admin},
    ("GET", "/v1/openapi.json"): READ,
}
WORDS = (
    "number",
    "job_id",
    "collection_id",
    "object_id",
    "cluster_id",
    "account_id",
    "a",
    "b",
    "kind",
    "value:path",
)


def filled(route: str) -> str:
    for word in WORDS:
        route = route.replace(f"{{{word}}}", "unknown")
    return route


def test_the_table_has_every_route(api: Api) -> None:
    routes = routes_of(api)
    assert routes == set(TABLE)


def routes_of(api: Api) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    document = api.client.get("/v1/openapi.json", headers=api.headers()).json()
    for path, operations in document["paths"].items():
        found |= {
            (method.upper(), path.replace("{value}", "{value:path}")) for method in operations
        }
    return found


@pytest.mark.parametrize(("method", "route"), TABLE, ids=lambda word: word)
def test_who_may(module_api: Api, method: str, route: str) -> None:
    for scope in (*Scope, None):
        headers = module_api.headers(scope) if scope else {}
        answer = module_api.client.request(method, filled(route), headers=headers)
        if scope in TABLE[method, route]:
            assert answer.status_code in (200, 202, 404, 422), (scope, answer.text)
        else:
            assert answer.status_code == (403 if scope else 401), (scope, answer.text)
            kind, told = "forbidden" if scope else "unauthenticated", answer.json()
            if route.startswith("/taxii2"):
                assert (told["error_code"], told["http_status"]) == (kind, str(answer.status_code))
            else:
                assert told["type"] == f"urn:linkage:problem:{kind}"
        if scope is None and route.startswith("/v1"):
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="linkage"'


@pytest.fixture(scope="module")
def module_api(result: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(tmp_path_factory.mktemp("scopes") / "workspace", result, terms=AT_ONCE) as made:
        yield made.with_an_event()


def asked(api: Api, authorization: str) -> Response:
    return api.client.get("/v1/run", headers={"Authorization": authorization})


def test_a_key_may_come_as_a_password(api: Api) -> None:
    named = base64.b64encode(f"anybody:{api.keys[Scope.read]}".encode()).decode()
    assert asked(api, f"Basic {named}").status_code == 200
    assert asked(api, f"basic {named}").status_code == 200
    for wrong in ("Basic", "Basic !!", f"Basic {named[:-8]}", "Basic w6k6w6k=", "Digest x", "lk_"):
        assert asked(api, wrong).status_code == 401, wrong


def test_a_key_that_is_revoked_or_expired_does_not_work(api: Api) -> None:
    text = f"Bearer {api.keys[Scope.read]}"
    assert asked(api, text).status_code == 200
    with api.service.state.write() as connection:
        keys.revoke(connection, api.keys[Scope.read].split("_")[1])
    api.service.keyring.forget()
    assert asked(api, text).status_code == 401


def test_guessing_is_slowed(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result, failures_per_minute=5) as api:
        answers = [asked(api, "Bearer guess").status_code for _ in range(8)]
        assert answers == [401] * 5 + [429] * 3
        refused = asked(api, "Bearer guess")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        # Behind a proxy everybody has one address: who guesses must not shut out the others.
        assert asked(api, f"Bearer {api.keys[Scope.read]}").status_code == 200


def test_each_key_has_its_share(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result, requests_per_minute=5) as api:
        answers = [asked(api, f"Bearer {api.keys[Scope.read]}").status_code for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert asked(api, f"Bearer {api.keys[Scope.admin]}").status_code == 200


def test_nothing_is_answered_past_the_table(api: Api) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/v1", "/v1/", "/", "/v1/nothing"):
        answer = api.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:linkage:problem:no-route")
    answer = api.client.delete("/v1/run", headers=api.headers())
    assert answer.status_code == 405
    assert answer.json()["type"] == "urn:linkage:problem:method-not-allowed"
