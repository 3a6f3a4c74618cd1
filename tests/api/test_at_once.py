"""Single reads: answered at once where they are a few look-ups, and the same from a thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

import linkage.graph.indexed.accounts
from api import prompt, schemas
from api.prompt import Prompt, written
from linkage.errors import StateError
from linkage.state import Action, Scope, Subject, decisions
from tests.api.conftest import Api, served
from tests.api.test_answers import decided, got, network

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def reads(api: Api) -> dict[str, type[BaseModel]]:
    """A path for each sort of single read, and the shape of its answer."""
    name = network(api)
    a, b = (row.account_id for row in api.graph.members(name, limit=2).rows)
    used = api.graph.account(a).evidence[0]
    artifact = f"/v1/artifacts/{used.kind}/{quote(used.value, safe='')}"
    return {
        f"/v1/accounts/{a}": schemas.Account,
        f"/v1/accounts/{a}/statement": schemas.Statement,
        f"/v1/links/{a}/{b}": schemas.Explanation,
        f"{artifact}?limit=2": schemas.ArtifactHolders,
        artifact: schemas.ArtifactHolders,
        f"/v1/clusters/{name}": schemas.ClusterDetail,
        f"/v1/clusters/{name[:9]}": schemas.ClusterDetail,
        f"/v1/clusters/{name}/members?by=confidence&limit=3": schemas.Page[schemas.MemberState],
        "/v1/clusters?state=open&limit=20": schemas.Page[schemas.Cluster],
        "/v1/clusters?state=banned": schemas.Page[schemas.Cluster],
    }


def bodies(api: Api, paths: Any) -> dict[str, bytes]:
    found = {}
    for path in paths:
        answer = api.client.get(path, headers=api.headers())
        assert answer.status_code == 200, (path, answer.text)
        assert answer.headers["content-type"] == "application/json"
        found[path] = answer.content
    return found


def judged(api: Api) -> None:
    """Decisions about a cluster and one of its accounts."""
    name = network(api)
    account = api.graph.members(name, limit=1).rows[0].account_id
    decided(api, action="ban", cluster_id=name, reason="looked at it")
    decided(api, action="clear", accounts=[account], reason="a mistake")


@pytest.mark.parametrize("decisions_made", [False, True])
def test_answers_are_whole_and_in_their_shape(both: Api, decisions_made: bool) -> None:
    if decisions_made:
        judged(both)
    shapes = reads(both)
    for path, body in bodies(both, shapes).items():
        again = shapes[path].model_validate_json(body, strict=True, extra="forbid")
        assert json.loads(body) == json.loads(again.model_dump_json()), path


@contextmanager
def only_at_once(api: Api) -> Iterator[None]:
    """Whoever takes a thread, or asks the database, fails."""

    def fails(*_: object, **__: object) -> Any:
        raise AssertionError("this was to be answered at once")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompt, "run_in_threadpool", fails)
        patch.setattr(api.service.state, "read", fails)
        yield


@contextmanager
def the_long_way() -> Iterator[None]:
    """FastAPI answers everything."""

    async def passes(self: Prompt, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Prompt, "__call__", passes)
        yield


def test_fastapi_would_answer_the_same(both: Api) -> None:
    paths = reads(both)
    with the_long_way():
        before = bodies(both, paths)
    after = bodies(both, paths)
    assert {path: json.loads(body) for path, body in after.items()} == {
        path: json.loads(body) for path, body in before.items()
    }


ASKED = (
    "/v1/clusters?limit=0", "/v1/clusters?limit=1001", "/v1/clusters?limit=7&limit=3",
    "/v1/clusters?limit=", "/v1/clusters?state=open&state=banned&proposal=ban", "/v1/clusters?x=1",
    "/v1/clusters?state=jailed", "/v1/clusters?descending=no&only_groups=1&sort=events",
    "/v1/clusters?first_seen_from=2026-06-01T00:00:00%2B02:00", "/v1/clusters?after=%ff",
    "/v1/clusters?first_seen_from=2026-06-01", "/v1/clusters?score_least=nan", "/v1/clusters/",
    "/v1/clusters?accounts_least=-1", "/v1/clusters?accounts_most=9999999999999999999999",
    "/v1/clusters/c/members?by=bits", "/v1/clusters/c/members?cluster_id=d&caller=e",
    "/v1/accounts/" + "x" * 8001, "/v1/accounts/%ED%A0%80", "/v1/accounts/a%2Fb", "/v1/accounts//",
    "/v1/artifacts/ip/", "/v1/artifacts/ip/a/b?limit=x", "/v1/artifacts/" + "k" * 41 + "/v",
    "/v1/links/a/b/c", "/v1/links/a", "/v1/links/a/b?after=1",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_is_wrong_is_refused_alike(both: Api, method: str) -> None:
    def asked(path: str, **headers: str) -> Any:
        answer = both.client.request(method, path, headers=headers or both.headers())
        told = answer.json() if answer.content else {}
        told.pop("request_id", None)
        return answer.status_code, told, answer.headers["content-type"]

    for path in ASKED:
        found = asked(path), asked(path, Authorization="Bearer guess")
        with the_long_way():
            assert (asked(path), asked(path, Authorization="Bearer guess")) == found, path


def test_a_route_is_logged_and_counted_by_its_pattern(api: Api) -> None:
    (path, *_) = reads(api)
    bodies(api, [path])
    text = api.client.get("/v1/metrics", headers=api.headers()).text
    assert 'method="GET",route="/v1/accounts/{account_id}",status="200"' in text


def test_no_thread_and_no_database_is_asked(api: Api) -> None:
    paths = reads(api)
    before = bodies(api, paths)
    with only_at_once(api):
        assert bodies(api, paths) == before


def test_what_is_much_comes_from_a_thread_and_is_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = reads(api)
    before = bodies(api, paths)
    monkeypatch.setattr(linkage.graph.indexed.accounts, "FEW", 0)
    taken: list[object] = []

    async def counted(ask: Any, *words: Any, **given: Any) -> Any:
        taken.append(ask)
        return await run_in_threadpool(ask, *words, **given)

    monkeypatch.setattr(prompt, "run_in_threadpool", counted)
    assert bodies(api, paths) == before
    assert len(taken) == 3  # of accounts


def test_decisions_of_others_are_seen_by_the_next_read(api: Api) -> None:
    name = network(api)
    account = api.graph.members(name, limit=1).rows[0].account_id
    for action, state in ((Action.ban, "banned"), (Action.clear, "cleared")):
        with api.service.state.write() as connection:  # as another process would
            decisions.append(connection, "other", action, Subject(name, (account,)), "elsewhere")
        assert got(api, f"/accounts/{account}")["state"] == state
        assert got(api, f"/clusters/{name}")["state"] == state
        assert [row["cluster_id"] for row in got(api, "/clusters", state=state)["rows"]] == [name]
        assert name not in [
            row["cluster_id"] for row in got(api, "/clusters", state="open")["rows"]
        ]


def test_a_state_that_cannot_be_asked_is_a_problem(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise StateError("away")

    paths = reads(api)
    monkeypatch.setattr(api.service.decided, "now", away)
    for path in paths:
        if path.startswith(("/v1/accounts", "/v1/clusters")):
            answer = api.client.get(path, headers=api.headers())
            assert answer.json()["type"] == "urn:linkage:problem:state-unavailable", path


def test_reads_at_once_are_in_the_audit_and_limited(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result, requests_per_minute=30) as made:
        paths = [path for path in reads(made) if "/accounts/" in path]
        bodies(made, paths)
        audit = made.client.get("/v1/audit", headers=made.headers(Scope.admin)).json()
        told = {(row["action"], row["subject"]) for row in audit}
        account = paths[0].rpartition("/")[2]
        assert told >= {("account", account), ("statement", account)}
        answers = [made.client.get(paths[0], headers=made.headers()) for _ in range(30)]
        assert answers[-1].status_code == 429


def test_a_value_without_a_form_in_json_is_not_sent() -> None:
    for value in (object(), {"events": 2**70}, {1: "a"}):
        with pytest.raises(TypeError):
            written(value)
