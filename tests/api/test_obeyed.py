"""What is decided over the API is obeyed by the next detection that is asked for over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linkage.state import Scope
from tests.api.conftest import Api, served
from tests.api.test_runs import fed, followed

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def got(api: Api, path: str, **parameters: Any) -> Any:
    answer = api.client.get(f"/v1{path}", params=parameters, headers=api.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()


def detected(api: Api) -> None:
    job = api.client.post("/v1/runs", headers=api.headers(Scope.publish)).json()["id"]
    followed(api, job)
    assert got(api, f"/runs/{job}")["state"] == "done"


def decide(api: Api, **asked: Any) -> int:
    headers = api.headers(Scope.review)
    answer = api.client.post("/v1/decisions", json={"reason": "why", **asked}, headers=headers)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["number"]
    return number


def test_decisions_and_the_allowlist_bind_the_next_detection(tmp_path: Path) -> None:
    with served(tmp_path / "workspace", None) as api:
        fed(api)
        detected(api)
        cluster = got(api, "/clusters", sort="accounts", only_groups=True)["rows"][0]["cluster_id"]
        members = got(api, f"/clusters/{cluster}/members", limit=1000)["rows"]
        innocent, other, *rest = sorted(row["account_id"] for row in members)
        cleared = decide(api, action="clear", accounts=[innocent])
        apart = decide(api, action="not_same_operator", account_id=other, cluster_id=cluster)
        entry = {"sort": "account", "value": rest[0], "reason": "ours"}
        headers = api.headers(Scope.review)
        api.client.put("/v1/allowlist", json={"entries": [entry]}, headers=headers)
        detected(api)
        told = got(api, f"/accounts/{innocent}")
        assert told["membership"]["proposal"] == "none"
        assert told["membership"]["held_by"] == "cleared"
        assert told["cleared"]["decision"] == cleared
        assert told["cleared"]["renewed"] is False
        assert told["cleared"]["new_evidence"] == []
        assert got(api, f"/accounts/{other}")["membership"] is None
        assert got(api, f"/accounts/{rest[0]}")["membership"] is not None
        assert got(api, f"/accounts/{rest[1]}")["cleared"] is None
        assert got(api, "/run")["counts"]
        run = api.service.runs.current().folder
        judged = (run / "run.json").read_text("utf-8")
        assert f'"decisions": {apart}' in judged
        assert '"allowed_accounts": 1' in judged
