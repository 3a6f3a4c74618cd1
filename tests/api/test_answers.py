"""What the service answers is what the graph says and what was decided, over both adapters."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from linkage.graph import ClusterFilter
from linkage.run import Run
from linkage.state import Scope
from tests.api.conftest import Api, served
from tests.test_run import write_templates

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def got(api: Api, path: str, **parameters: Any) -> Any:
    answer = api.client.get(f"/v1{path}", params=parameters, headers=api.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()


def decided(api: Api, code: int = 201, key: str | None = None, **asked: Any) -> Any:
    headers = api.headers(Scope.review) | ({"Idempotency-Key": key} if key else {})
    answer = api.client.post("/v1/decisions", json=asked, headers=headers)
    assert answer.status_code == code, answer.text
    return answer.json()


def network(api: Api) -> str:
    """A cluster that is proposed for a ban."""
    found = got(api, "/clusters", proposal="ban")["rows"]
    assert found
    return str(found[0]["cluster_id"])


def test_clusters_are_the_graphs(both: Api) -> None:
    wanted = both.graph.clusters(ClusterFilter(accounts_least=4), limit=1000).rows
    rows: list[Any] = []
    page = got(both, "/clusters", accounts_least=4, limit=7)
    while page["next"]:
        rows += page["rows"]
        page = got(both, "/clusters", accounts_least=4, limit=7, after=page["next"])
    rows += page["rows"]
    assert [row["cluster_id"] for row in rows] == [row.cluster_id for row in wanted]
    assert [row["expected"] for row in rows] == [row.expected for row in wanted]
    assert {row["state"] for row in rows} == {"open"}
    assert rows[0]["signals"][0].keys() == {"name", "question", "value", "usual", "rank", "text"}


def test_one_cluster_and_all_about_it(both: Api) -> None:
    name = network(both)
    wanted = both.graph.cluster(name)
    assert got(both, f"/clusters/{name[:8]}")["cluster_id"] == name
    assert got(both, f"/clusters/{name}")["change"] is None
    members = got(both, f"/clusters/{name}/members", by="confidence", limit=1000)["rows"]
    assert [row["account_id"] for row in members] == [
        row.account_id for row in both.graph.members(name, limit=1000, by="confidence").rows
    ]
    shared = got(both, f"/clusters/{name}/evidence", limit=5)
    assert [(row["kind"], row["value"]) for row in shared["rows"]] == [
        (row.kind, row.value) for row in both.graph.cluster_evidence(name, limit=5).rows
    ]
    assert shared["next"]
    links = got(both, f"/clusters/{name}/links", limit=3)
    assert [row["bits"] for row in links["rows"]] == [
        row.bits for row in both.graph.cluster_links(name, limit=3).rows
    ]
    assert links["rows"][0]["reasons"]
    drawn = got(both, f"/clusters/{name}/graph", nodes=12)
    assert len(drawn["nodes"]) == 12
    assert drawn["nodes"][0]["thing"] == {"sort": "cluster", "id": name, "kind": None}
    assert {part["what"] for part in drawn["left_out"]} >= {"accounts"}
    assert got(both, f"/clusters/{name}/timeline")["events"] == wanted.events


def test_accounts_links_and_artifacts(both: Api) -> None:
    a, b = (row.account_id for row in both.graph.members(network(both), limit=2).rows)
    card = got(both, f"/accounts/{a}")
    wanted = both.graph.account(a)
    assert [(row["kind"], row["value"]) for row in card["evidence"]] == [
        (row.kind, row.value) for row in wanted.evidence
    ]
    assert card["activity"]["events"] == wanted.activity.events
    weighed = got(both, f"/links/{a}/{b}")
    assert weighed["bits"] == both.graph.link(a, b).bits
    row = wanted.evidence[0]
    found = got(both, f"/artifacts/{row.kind}/{quote(row.value, safe='')}", limit=1000)
    assert found["accounts"] == row.accounts == len(found["holders"]["rows"])
    subnet = next(each for each in wanted.evidence if "/" in each.value)
    assert got(both, f"/artifacts/{subnet.kind}/{subnet.value}")["value"] == subnet.value


def test_templates_are_named_in_words_but_not_to_who_is_behind_an_account(
    result: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(result, tmp_path / "result"))
    first = Run.open(folder).templates.iloc[0]
    write_templates(folder, {first.template_id: "Sum up {…} for <b>jane@corp.example</b>"})
    words = "Sum up {…} for <b>{…}</b>"

    def said(rows: list[dict[str, Any]]) -> set[str | None]:
        """Of that template; of everything else nothing is said."""
        others = {row["words"] for row in rows if row["value"] != first.template_id}
        assert others <= {None}
        return {row["words"] for row in rows if row["value"] == first.template_id}

    with served(tmp_path / "workspace", folder) as api:
        cluster = f"/clusters/{first.cluster_id}"
        assert said(got(api, f"{cluster}/evidence", limit=1000)["rows"]) == {words}
        links = got(api, f"{cluster}/links", limit=1000)["rows"]
        assert said([one for link in links for one in link["reasons"]]) == {words}
        found = got(api, f"/artifacts/template/{first.template_id}", limit=1000)
        assert found["words"] == words
        a, b = (row["account_id"] for row in found["holders"]["rows"][:2])
        assert said(got(api, f"/accounts/{a}")["evidence"]) == {words}
        assert said(got(api, f"/links/{a}/{b}")["shared"]) == {words}
        drawn = got(api, f"{cluster}/graph", nodes=500)["nodes"]
        assert words in {node["properties"].get("words") for node in drawn}
        told = api.client.get(f"/v1/accounts/{a}/statement", headers=api.headers()).text
        assert "template" in told
        assert "Sum up" not in told


def test_a_statement_names_nobody_else(both: Api) -> None:
    members = [row.account_id for row in both.graph.members(network(both), limit=1000).rows]
    told = both.client.get(f"/v1/accounts/{members[0]}/statement", headers=both.headers())
    assert told.status_code == 200
    others = set(members[1:])
    values = {row.value for row in both.graph.account(members[0]).evidence}
    assert len(values) > 5
    assert not [word for word in others | values if word in told.text]
    found = told.json()
    assert f"{len(members) - 1} other accounts" in found["text"]
    assert {tie["kind"] for tie in found["ties"]} == {
        row.kind for row in both.graph.account(members[0]).evidence
    }
    assert "No person has decided" in found["text"]


def test_what_was_decided_shows_everywhere(api: Api) -> None:
    name = network(api)
    members = [row.account_id for row in api.graph.members(name, limit=1000).rows]
    made = decided(api, action="ban", cluster_id=name[:8], reason="looked at it")
    assert (made["accounts"], made["cluster_id"]) == (len(members), name)
    assert made["actor"].startswith("of review (")
    detail = got(api, f"/clusters/{name}")
    assert (detail["state"], detail["decisions"]) == ("banned", [made])
    assert detail["change"]["joined"] == detail["change"]["left"] == 0
    assert detail["change"]["expected_then"] == detail["expected"]
    decided(api, action="clear", accounts=members[:1], reason="a mistake")
    states = {
        row["account_id"]: row["state"]
        for row in got(api, f"/clusters/{name}/members", limit=1000)["rows"]
    }
    assert states[members[0]] == "cleared"
    assert {states[member] for member in members[1:]} == {"banned"}
    assert got(api, f"/accounts/{members[0]}")["state"] == "cleared"
    assert "cleared it" in got(api, f"/accounts/{members[0]}/statement")["text"]
    assert len(got(api, f"/accounts/{members[0]}")["decisions"]) == 2
    assert [row["number"] for row in got(api, "/decisions")["rows"]] == [2, 1]


def test_the_queue_goes_on_while_decisions_are_made(api: Api) -> None:
    every = [row["cluster_id"] for row in got(api, "/clusters", limit=1000)["rows"]]
    seen: list[str] = []
    page = got(api, "/clusters", state="open", limit=2)
    while page["rows"] and len(seen) < 8:
        for row in page["rows"]:
            seen.append(row["cluster_id"])
            decided(api, action="watch", cluster_id=row["cluster_id"], reason="seen")
        page = got(api, "/clusters", state="open", limit=2, after=page["next"])
    assert seen == every[: len(seen)]
    watched = got(api, "/clusters", state="watched", limit=1000)["rows"]
    assert [row["cluster_id"] for row in watched] == seen
    assert got(api, "/clusters", state="cleared")["rows"] == []
    rest = got(api, "/clusters", state=["open", "banned"], limit=1000)["rows"]
    assert [row["cluster_id"] for row in rest] == every[len(seen) :]


def test_not_the_same_operator(api: Api) -> None:
    name = network(api)
    a, b, c = (row.account_id for row in api.graph.members(name, limit=3).rows)
    two = decided(api, action="not_same_operator", accounts=[a, b], reason="siblings")
    assert (two["accounts"], two["others"], two["cluster_id"]) == (1, 1, None)
    size = api.graph.cluster(name).accounts
    one = decided(api, action="not_same_operator", account_id=c, cluster_id=name, reason="not it")
    assert (one["accounts"], one["others"]) == (1, size - 1)
    assert got(api, f"/clusters/{name}")["state"] == "open"
    for wrong in ([a], [a, b, c], []):
        decided(api, 422, action="not_same_operator", accounts=wrong, reason="wrong")


def test_a_request_sent_again_is_answered_the_same(api: Api) -> None:
    name = network(api)
    asked: dict[str, Any] = {"action": "ban", "cluster_id": name, "reason": "looked at it"}
    made = decided(api, key="k-1", **asked)
    assert decided(api, 200, key="k-1", **asked) == made
    conflict = decided(api, 409, key="k-1", **(asked | {"action": "clear"}))
    assert conflict["type"] == "urn:linkage:problem:conflict"
    assert len(got(api, "/decisions")["rows"]) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "ban", "reason": "nothing named"},
        {"action": "ban", "cluster_id": "c", "accounts": ["a"], "reason": "two things"},
        {"action": "ban", "cluster_id": "c", "reason": "  "},
        {"action": "ban", "cluster_id": "c", "reason": "\x85\ufeff\u2003"},
        {"action": "ban", "cluster_id": "c"},
        {"action": "shoot", "cluster_id": "c", "reason": "no such thing"},
        {"action": "ban", "accounts": ["a", "a"], "reason": "twice"},
        {"action": "ban", "cluster_id": "c", "reason": "more", "more": 1},
    ],
)
def test_decisions_that_make_no_sense(api: Api, asked: dict[str, Any]) -> None:
    found = decided(api, 422, **asked)
    assert found["type"] == "urn:linkage:problem:invalid-request"
    assert found["faults"]
    assert got(api, "/decisions")["rows"] == []


def test_only_what_the_run_has_can_be_decided_about(api: Api) -> None:
    decided(api, 404, action="ban", cluster_id="unknown", reason="nobody")
    found = decided(api, 404, action="ban", accounts=["nobody-at-all"], reason="nobody")
    assert "nobody-at-all" in found["detail"]


def test_notes(api: Api) -> None:
    name = network(api)
    for text in ("one", "two", "three"):
        answer = api.client.post(
            f"/v1/clusters/{name}/notes", json={"text": text}, headers=api.headers(Scope.review)
        )
        assert answer.status_code == 201
    first = got(api, f"/clusters/{name[:8]}/notes", limit=2)
    assert [row["text"] for row in first["rows"]] == ["one", "two"]
    rest = got(api, f"/clusters/{name}/notes", limit=2, after=first["next"])
    assert ([row["text"] for row in rest["rows"]], rest["next"]) == (["three"], None)


def test_the_allowlist(api: Api) -> None:
    def put(entries: list[Any], version: str | None = None) -> Any:
        headers = api.headers(Scope.review) | ({"If-Match": version} if version else {})
        return api.client.put("/v1/allowlist", json={"entries": entries}, headers=headers)

    campus = {"sort": "artifact", "kind": "subnet", "value": "10.0.0.0/24", "reason": "a campus"}
    first = put([campus])
    assert first.status_code == 200
    assert got(api, "/allowlist") == first.json()
    assert first.headers["ETag"] == f'"{first.json()["version"]}"'
    acme = {
        "sort": "organisation",
        "value": "acme",
        "reason": "known",
        "expires": "2099-01-01T00:00:00Z",
    }
    assert put([campus, acme], first.headers["ETag"]).status_code == 200
    assert put([], first.headers["ETag"]).status_code == 409
    assert len(got(api, "/allowlist")["entries"]) == 2
    for wrong in (
        {**campus, "kind": ""}, {**acme, "kind": "ip"}, {**acme, "expires": "2099-01-01T00:00:00"},
    ):  # fmt: skip
        assert put([wrong]).status_code == 422
    assert put([acme, acme]).status_code == 200
    assert put([acme, {**acme, "reason": "another"}]).status_code == 409


def test_reads_of_people_and_changes_are_in_the_audit(api: Api) -> None:
    name = network(api)
    account = api.graph.members(name, limit=1).rows[0].account_id
    api.client.get(f"/v1/accounts/{account}", headers=api.headers() | {"X-Request-ID": "mine-1"})
    decided(api, action="watch", accounts=[account], reason="look again")
    found = api.client.get("/v1/audit", headers=api.headers(Scope.admin)).json()
    assert {(row["action"], row["subject"]) for row in found} >= {
        ("account", account), ("decide", "decision 1"),
    }  # fmt: skip
    (read,) = [row for row in found if row["action"] == "account"]
    assert (read["request_id"], read["actor"].split(" (")[0]) == ("mine-1", "of read")


def test_health_readiness_and_figures(both: Api) -> None:
    assert both.client.get("/healthz").json()["status"] == "ok"
    ready = both.client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (
        200, {"graph": "ok", "state": "ok", "workspace": "ok"},
    )  # fmt: skip
    account = both.graph.members(network(both), limit=1).rows[0].account_id
    got(both, f"/accounts/{account}")
    text = both.client.get("/v1/metrics", headers=both.headers()).text
    assert 'linkage_requests_total{method="GET",route="/v1/accounts/{account_id}"' in text
    assert "linkage_run_age_seconds" in text
    assert account not in text


def test_the_run(both: Api) -> None:
    found = got(both, "/run")
    assert found["id"] == both.graph.run().id
    assert found["counts"]["accounts"] == both.graph.run().counts["accounts"]
