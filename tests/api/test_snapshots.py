"""What a decision rested on is kept with it, whatever becomes of the run; or nothing is decided."""

from __future__ import annotations

import shutil
from typing import Any

import pyarrow.parquet as pq

from linkage.run import Run
from linkage.state import Scope
from tests.api.conftest import Api


def got(api: Api, path: str, **parameters: Any) -> Any:
    answer = api.client.get(f"/v1{path}", params=parameters, headers=api.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(api: Api, key: str | None = None, **asked: Any) -> Any:
    headers = api.headers(Scope.review) | ({"Idempotency-Key": key} if key else {})
    return api.client.post("/v1/decisions", json=asked, headers=headers)


def network(api: Api) -> str:
    return str(got(api, "/clusters", proposal="ban")["rows"][0]["cluster_id"])


def folders(api: Api) -> set[str]:
    place = api.service.workspace.path / "snapshots"
    return {path.name for path in place.iterdir()} if place.is_dir() else set()


def test_the_evidence_of_a_decision_outlives_its_run(api: Api) -> None:
    cluster = network(api)
    run = Run.open(api.service.workspace.path / "runs" / got(api, "/run")["id"])
    whole = run.evidence(cluster=cluster)
    made = decide(api, action="ban", cluster_id=cluster, reason="a ticket").json()
    one = f"/decisions/{made['number']}"
    links = run.links(cluster)
    shutil.rmtree(run.path)
    rows: list[Any] = []
    after = "0"
    while after is not None:
        page = got(api, f"{one}/evidence", after=after, limit=500)
        rows += page["rows"]
        after = page["next"]
    names = ["account_id", "kind", "value", "events", "accounts", "degree"]
    assert [[row[n] for n in names] for row in rows] == whole[names].to_numpy().tolist()
    told = got(api, one)
    assert told["cluster"]["cluster_id"] == cluster
    assert told["cluster"]["signals"][0]["text"]
    assert {**told, "cluster": None} == {**made, "cluster": None}
    kept = api.service.workspace.snapshot(made["number"])
    assert pq.read_table(kept / "links.parquet").num_rows == len(links) > 0


def test_a_decision_about_accounts_keeps_theirs(api: Api) -> None:
    some = [row["account_id"] for row in got(api, f"/clusters/{network(api)}/members")["rows"][:2]]
    made = decide(api, action="clear", accounts=some, reason="known").json()
    page = got(api, f"/decisions/{made['number']}/evidence", limit=1000)
    assert {row["account_id"] for row in page["rows"]} == set(some)
    assert got(api, f"/decisions/{made['number']}")["cluster"] is None


def test_a_request_that_is_sent_again_keeps_one(api: Api) -> None:
    cluster = network(api)
    for _ in range(3):
        assert decide(api, "k", action="watch", cluster_id=cluster, reason="x").status_code < 300
    assert folders(api) == {"1"}


def test_what_a_crash_left_under_the_number_gives_way(api: Api) -> None:
    left = api.service.workspace.snapshot(1)
    left.mkdir(parents=True)
    (left / "half").touch()
    made = decide(api, action="watch", cluster_id=network(api), reason="x").json()
    assert made["number"] == 1
    assert not (left / "half").exists()
    assert got(api, "/decisions/1/evidence")["rows"]


def test_nothing_is_decided_where_nothing_can_be_kept(api: Api) -> None:
    cluster = network(api)
    (api.service.workspace.path / "snapshots").write_text("a file in the way")
    assert decide(api, action="ban", cluster_id=cluster, reason="x").status_code == 503
    assert got(api, "/decisions")["rows"] == []


def test_there_is_no_such_decision(api: Api) -> None:
    for path in ("/v1/decisions/7", "/v1/decisions/7/evidence"):
        answer = api.client.get(path, headers=api.headers())
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:linkage:problem:not-found"
