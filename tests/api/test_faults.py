"""What is wrong, broken or hostile gets a problem document, never a fault of the service."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.state import Scope
from linkage.workspace import Workspace
from tests.api.conftest import Api, served

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NASTY = (
    "' OR 1=1 --", "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%ED%A0%80", "%0d%0aX-Evil:%201",
    "x" * 7000, "%E2%80%AE", "{cluster_id}", "a%2Fb", "*", "%F0%9F%98%80", ";DROP", "\\",
)  # fmt: skip
ROUTES = (
    "/v1/clusters/{}", "/v1/clusters/{}/members", "/v1/clusters/{}/notes", "/v1/accounts/{}",
    "/v1/accounts/{}/statement", "/v1/links/{}/{}", "/v1/artifacts/ip/{}", "/v1/artifacts/{}/x",
)  # fmt: skip


def is_a_problem(answer: Any) -> bool:
    found = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and found["status"] == answer.status_code
        and found["type"].startswith("urn:linkage:problem:")
        and found["request_id"] == answer.headers["X-Request-ID"]
    )


@pytest.mark.parametrize("route", ROUTES)
def test_hostile_names(both: Api, route: str) -> None:
    for name in NASTY:
        answer = both.client.get(route.replace("{}", name), headers=both.headers())
        assert answer.status_code in (404, 422), (name, answer.text)
        assert is_a_problem(answer)
        assert "X-Evil" not in answer.headers


@given(after=st.text(max_size=80) | st.binary(max_size=60).map(repr))
def test_broken_cursors(module_api: Api, after: str) -> None:
    answer = module_api.client.get(
        "/v1/clusters", params={"after": after}, headers=module_api.headers()
    )
    assert answer.status_code in (200, 409, 422)


BODIES = (
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"action":' * 5000,
    b'{"action": "ban", "cluster_id": "\\ud800", "reason": "surrogate"}',
    b'{"action": "ban", "accounts": ["\\ud800"], "reason": "surrogate"}',
    b'{"action": "ban", "cluster_id": "c", "reason": "\\udfff\\udfff\\udfff"}',
    b'{"action": "ban", "cluster_id": 1e400, "reason": "huge"}',
    b'{"action": "ban", "cluster_id": ' + b"9" * 5000 + b', "reason": "huge"}',
    b'{"\\ud800": 1}', b'{"action": NaN}', b'"text"', b"{}" * 3, b'{"entries": [{"sort": 1}]}',
    json.dumps({"action": "ban", "accounts": [[[[[1]]]]], "reason": "deep"}).encode(),
)  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/decisions"), ("PUT", "/v1/allowlist"), ("POST", "/v1/clusters/c/notes")],
)
def test_broken_bodies(module_api: Api, body: bytes, method: str, path: str) -> None:
    headers = module_api.headers(Scope.review) | {"Content-Type": "application/json"}
    answer = module_api.client.request(method, path, content=body, headers=headers)
    assert answer.status_code in (404, 422), answer.text
    assert is_a_problem(answer)


def test_a_body_that_is_too_large(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result, most_bytes=2000) as api:

        def sent(content: Any) -> Any:
            headers = api.headers(Scope.review) | {"Content-Type": "application/json"}
            return api.client.post("/v1/decisions", content=content, headers=headers)

        for content in (b" " * 2001, (b" " * 100 for _ in range(30))):
            answer = sent(content)
            assert (answer.status_code, is_a_problem(answer)) == (413, True)
        assert sent(b" " * 2000).status_code == 422


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/events", "/v1/allowlist", "/none"])
def test_no_body_is_read_of_who_has_no_key(module_api: Api, path: str) -> None:
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": b"", "scheme": "http", "client": ("192.0.2.1", 5),
        "server": ("localhost", 80), "http_version": "1.1",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"20000")],
    }  # fmt: skip
    anyio.run(module_api.client.app, scope, receive, send)
    assert told[0]["status"] == 401
    assert json.loads(told[1]["body"])["type"] == "urn:linkage:problem:unauthenticated"


def test_what_is_sent_is_not_repeated(module_api: Api) -> None:
    answer = module_api.client.post(
        "/v1/decisions", json={"action": "secret-123", "reason": ["secret-456"]},
        headers=module_api.headers(Scope.review),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "secret" not in answer.text


@pytest.mark.parametrize("given_id", ["ok-1", "a b", "x" * 65, "é", "<script>", ""])
def test_request_ids(module_api: Api, given_id: str) -> None:
    headers = {b"X-Request-ID": given_id.encode()}
    found = module_api.client.get("/healthz", headers=headers).headers["X-Request-ID"]
    assert (found == given_id) == (given_id == "ok-1")
    assert found.replace("-", "").isalnum()


def test_headers_that_protect(module_api: Api) -> None:
    for path in ("/healthz", "/v1/run", "/nothing"):
        headers = module_api.client.get(path, headers=module_api.headers()).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_no_run_yet(tmp_path: Path) -> None:
    with served(tmp_path / "workspace", None) as api:
        answer = api.client.get("/v1/clusters", headers=api.headers())
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:linkage:problem:no-run")
        assert answer.headers["Retry-After"]
        ready = api.client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["graph"]) == (503, "no run yet")
        assert api.client.get("/healthz").status_code == 200
        assert api.client.get("/v1/decisions", headers=api.headers()).status_code == 200


def test_a_run_that_is_damaged(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result) as api:
        name = api.graph.clusters(limit=1).rows[0].cluster_id
        folder = api.service.workspace.current()
        assert folder is not None
        (folder / "links.parquet").write_bytes(b"not parquet at all")
        answer = api.client.get(f"/v1/clusters/{name}/links", headers=api.headers())
        assert (answer.status_code, is_a_problem(answer)) == (503, True)
        # What is looked up in the index is still there, until the index is gone as well.
        assert api.client.get(f"/v1/clusters/{name}", headers=api.headers()).status_code == 200
    shutil.rmtree(tmp_path / "workspace" / "index")
    with served(tmp_path / "workspace", None) as api:
        answer = api.client.get("/v1/clusters", headers=api.headers())
        assert (answer.status_code, answer.json()["type"]) == (
            503, "urn:linkage:problem:run-unreadable",
        )  # fmt: skip
        assert api.client.get("/readyz").json()["parts"]["graph"] == "not reachable"
        assert api.client.get("/v1/decisions", headers=api.headers()).status_code == 200


def test_an_index_that_is_gone_or_damaged_is_made_again(result: Path, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "workspace")
    index = workspace.index(workspace.add(result))
    whole = {path.name: path.read_bytes() for path in index.iterdir()}
    for spoilt in (index, index / "accounts.id.npy"):
        shutil.rmtree(spoilt) if spoilt.is_dir() else spoilt.unlink()
        with served(tmp_path / "workspace", None) as api:
            assert api.client.get("/v1/clusters", headers=api.headers()).json()["rows"]
        assert {path.name: path.read_bytes() for path in index.iterdir()} == whole


def test_another_run_takes_its_place(result: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(result, other)
    told = json.loads((other / "run.json").read_text("utf-8"))
    (other / "run.json").write_text(json.dumps(told | {"version": "0.0.other"}), "utf-8")
    with served(tmp_path / "workspace", result) as api:

        def served_now() -> str:
            return str(api.client.get("/v1/run", headers=api.headers()).json()["id"])

        before = served_now()
        name = Workspace.at(tmp_path / "workspace").add(other)
        for _ in range(300):  # nobody waits while the other is opened
            if served_now() != before:
                break
            time.sleep(0.1)
        assert served_now() == name != before


def test_a_state_that_is_gone(api: Api) -> None:
    api.service.state.close()
    folder = api.service.workspace.path
    for file in folder.glob("state.db*"):
        file.unlink()
    api.service.workspace.state.mkdir()
    answer = api.client.get("/v1/decisions", headers=api.headers())
    assert (answer.status_code, answer.json()["type"]) == (
        503, "urn:linkage:problem:state-unavailable",
    )  # fmt: skip
    assert api.client.get("/readyz").json()["parts"]["state"] == "not reachable"
    api.service.workspace.state.rmdir()


def test_a_fault_of_ours_is_told_by_its_request_alone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(api.service.runs, "current", broken)
    answer = api.client.get("/v1/run", headers=api.headers())
    assert (answer.status_code, is_a_problem(answer)) == (500, True)
    assert "inside" not in answer.text


@pytest.fixture(scope="module")
def module_api(result: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("faults") / "workspace", result) as made:
        yield made
