"""A service erases an account while it goes on, and ends what was killed when it starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linkage.erasing import plan
from linkage.erasing.plan import Plan
from linkage.jobs.tidying import alone
from linkage.state import Scope, audit, erasures, jobs, open_state
from linkage.state.erasures import Erasure, tombstone
from tests.api.conftest import AT_ONCE, Api, served
from tests.privacy.conftest import body

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NAME, OTHER = "n0-1", "n0-2"


@pytest.fixture
def api(planted_result: Path, tmp_path: Path) -> Iterator[Api]:
    with served(tmp_path / "workspace", planted_result, terms=AT_ONCE) as made:
        yield made


def get(api: Api, path: str, code: int = 200, *scopes: Scope) -> Any:
    answer = api.client.get(path, headers=api.headers(*scopes))
    assert answer.status_code == code, answer.text
    return answer.json()


def delete(api: Api, account: str, code: int, **asked: Any) -> Any:
    answer = api.client.delete(
        f"/v1/accounts/{account}", params=asked, headers=api.headers(Scope.admin)
    )
    assert answer.status_code == code, answer.text
    return answer.json()


def test_nobody_is_answered_about_it_any_more(api: Api) -> None:
    sent = [{"ts": "2026-06-01", "account_id": name} for name in (NAME, OTHER)]
    headers = api.headers(Scope.ingest)
    assert (
        api.client.post("/v1/events", content=body(sent), headers=headers).json()["accepted"] == 2
    )
    card = get(api, f"/v1/accounts/{NAME}")
    cluster = card["membership"]["cluster_id"]
    banned = {"action": "ban", "cluster_id": cluster, "reason": f"as {NAME} does"}
    headers = api.headers(Scope.review)
    assert api.client.post("/v1/decisions", json=banned, headers=headers).status_code == 201
    assert get(api, f"/v1/accounts/{NAME}")["state"] == "banned"
    assert delete(api, NAME, 422)["title"] == "The request is not as it must be"
    found = delete(api, NAME, 200, reason="she asked")
    assert (found["events"], found["runs"], found["snapshots"]) == (1, 1, 1)
    assert get(api, f"/v1/accounts/{NAME}", 404)
    other = get(api, f"/v1/accounts/{OTHER}")
    assert (other["state"], other["membership"]["cluster_id"]) == ("banned", cluster)
    stone = found["tombstone"]
    assert get(api, f"/v1/accounts/{stone}")["state"] == "banned"
    members = get(api, f"/v1/clusters/{cluster}/members?limit=1000")["rows"]
    assert {stone, OTHER} < {row["account_id"] for row in members}
    assert f"'{NAME}'" not in str(get(api, f"/v1/clusters/{cluster}/graph"))
    assert get(api, "/v1/run")["counts"]["erased"] == 1
    said = get(api, "/v1/audit?limit=1000", 200, Scope.admin)
    assert ("erase", f"{stone}: she asked") in {(e["action"], e["subject"]) for e in said}
    assert NAME not in {entry["subject"] for entry in said}
    assert stone in {entry["subject"] for entry in said}  # as it was read
    assert delete(api, NAME, 404, reason="again")["type"] == "urn:linkage:problem:not-found"


def test_not_while_a_detection_goes_on(api: Api) -> None:
    with alone(api.service.workspace):
        answer = delete(api, NAME, 503, reason="she asked")
    assert "a detection goes on" in answer["detail"]
    with api.service.state.write() as connection:
        jobs.ask(connection, "me", 1)
    assert "a detection goes on" in delete(api, NAME, 503, reason="she asked")["detail"]
    assert plan.read(api.service.workspace.path) is None
    assert get(api, f"/v1/accounts/{NAME}")["account_id"] == NAME


def test_a_start_ends_what_was_killed(planted_result: Path, tmp_path: Path) -> None:
    at = datetime(2026, 6, 30, tzinfo=UTC)
    gone = Erasure(NAME, (NAME,), tombstone(), (), "ana", "she asked", at)
    (tmp_path / "workspace").mkdir()
    plan.write(tmp_path / "workspace", Plan(gone, ()))
    with open_state(tmp_path / "workspace" / "state.db") as state, state.write() as connection:
        jobs.ask(connection, "me", 1)  # while it was killed
    with served(tmp_path / "workspace", planted_result, terms=AT_ONCE) as api:
        assert get(api, f"/v1/accounts/{NAME}", 404)
        assert plan.read(api.service.workspace.path) is None
        with api.service.state.read() as connection:
            assert erasures.known(connection) == {gone.tombstone}
            assert audit.latest(connection, 1)[0].actor == "ana"


def test_it_starts_where_a_report_cannot_be_read(planted_result: Path, tmp_path: Path) -> None:
    """What is begun stays so, and whoever erases next is told of it."""
    place = tmp_path / "workspace"
    report = place / "banlists" / "bans" / "00000001" / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text("{")
    gone = Erasure(NAME, (NAME,), tombstone(), (), "ana", "she asked", datetime.now(UTC))
    plan.write(place, Plan(gone, ()))
    with served(place, planted_result, terms=AT_ONCE) as api:
        assert get(api, f"/v1/accounts/{NAME}", 404)
        assert plan.read(place) is not None
        answer = delete(api, OTHER, 503, reason="he asked")
        assert "bans 1: damaged" in answer["detail"]
        shutil.rmtree(report.parent)
        delete(api, OTHER, 200, reason="he asked")
        assert plan.read(place) is None
        with api.service.state.read() as connection:
            assert len(erasures.known(connection)) == 2
