"""Detections over HTTP: asked for, followed, and what they find is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from linkage.state import Scope, jobs
from tests import worlds
from tests.api.conftest import AT_ONCE, Api, served

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

WORLD = worlds.planted(ordinary=60)
STAGES = ["events", "templates", "activity", "evidence", "links", "communities", "attachment",
          "clusters", "proposals", "results", "publish"]  # fmt: skip


def fed(api: Api) -> None:
    """The world's events, in calls."""
    rows = WORLD.events.assign(ts=[moment.isoformat() for moment in WORLD.events.ts])
    lines = rows.to_json(orient="records", lines=True).encode().splitlines()
    for start in range(0, len(lines), 10_000):
        answer = api.client.post(
            "/v1/events", content=b"\n".join(lines[start : start + 10_000]),
            headers=api.headers(Scope.ingest) | {"Content-Type": "application/x-ndjson"},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["rejected"]) == (200, 0)


def post(api: Api, scope: Scope = Scope.publish) -> Response:
    return api.client.post("/v1/runs", headers=api.headers(scope))


def get(api: Api, path: str) -> Any:
    answer = api.client.get(path, headers=api.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()


def events_of(text: str) -> list[dict[str, str]]:
    """Server-sent events, as a browser reads them; comments left out."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def followed(api: Api, job: str, last: str | None = None) -> list[dict[str, str]]:
    headers = api.headers() | ({"Last-Event-ID": last} if last else {})
    answer = api.client.get(f"/v1/runs/{job}/progress", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return events_of(answer.text)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, list[dict[str, str]]]]:
    """A service after a detection over what came in, and what was said of it meanwhile."""
    with served(tmp_path_factory.mktemp("runs") / "workspace", None) as api:
        fed(api)
        answer = post(api)
        assert (answer.status_code, answer.headers["Location"]) == (202, "/v1/runs/j00000001")
        again = post(api, Scope.admin)
        assert (again.status_code, again.headers["Location"]) == (200, "/v1/runs/j00000001")
        assert again.json()["id"] == answer.json()["id"]
        yield api, followed(api, "j00000001")


Found = tuple[Api, list[dict[str, str]]]


def test_what_a_detection_finds_is_served(found: Found) -> None:
    api, _ = found
    (job,) = get(api, "/v1/runs")["rows"]
    assert (job["state"], job["attempts"], job["fraction"], job["fault"]) == ("done", 1, 1.0, None)
    assert get(api, f"/v1/runs/{job['id']}") == job
    run = get(api, "/v1/run")
    assert (run["id"], run["counts"]["events"]) == (job["run"], len(WORLD.events))
    flagged = get(api, "/v1/clusters?proposal=ban&proposal=review&limit=1000")["rows"]
    members = {
        row["account_id"]
        for cluster in flagged
        for row in get(api, f"/v1/clusters/{cluster['cluster_id']}/members?limit=1000")["rows"]
    }
    assert WORLD.accounts("network") <= members


def test_progress_is_told_by_stage_as_it_is_made(found: Found) -> None:
    api, events = found
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    assert len({event["id"] for event in events}) == len(events) > 3
    told = [json.loads(event["data"]) for event in events]
    assert [job["fraction"] for job in told] == sorted(job["fraction"] for job in told)
    assert {job["state"] for job in told[:-1]} <= {"asked", "running"}
    assert told[-1] == get(api, "/v1/runs/j00000001")
    assert [stage["stage"] for stage in told[-1]["stages"]] == STAGES
    assert all(stage["seconds"] is not None for stage in told[-1]["stages"])


def test_whoever_comes_late_is_told_the_end(found: Found) -> None:
    api, events = found
    assert followed(api, "j00000001") == events[-1:]
    assert followed(api, "j00000001", events[-2]["id"]) == events[-1:]
    assert followed(api, "j00000001", events[-1]["id"]) == events[-1:]


def test_figures_tell_of_the_last_detection(found: Found) -> None:
    api, _ = found
    text = api.client.get("/v1/metrics", headers=api.headers()).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert figures['linkage_job_state{state="done"}'] == "1.0"
    assert figures['linkage_job_state{state="running"}'] == "0.0"
    for stage in STAGES:
        assert float(figures[f'linkage_run_stage_seconds{{stage="{stage}"}}']) >= 0
    assert float(figures["linkage_run_age_seconds"]) >= 0


def test_who_asked_is_in_the_audit_once(found: Found) -> None:
    api, _ = found
    audit = api.client.get("/v1/audit", headers=api.headers(Scope.admin)).json()
    asked = [line for line in audit if line["action"] == "run"]
    assert [(line["subject"], line["actor"].split()[1]) for line in asked] == [
        ("j00000001", "publish")
    ]


def test_jobs_by_pages_and_by_id(tmp_path: Path) -> None:
    with served(tmp_path / "workspace", None, terms=AT_ONCE) as api:
        assert get(api, "/v1/runs") == {"rows": [], "next": None}
        api.with_an_event()
        for _ in range(3):
            assert followed(api, post(api).json()["id"])[-1]["event"] == "done"
        first = get(api, "/v1/runs?limit=2")
        rest = get(api, f"/v1/runs?limit=2&after={first['next']}")
        assert [row["id"] for row in first["rows"] + rest["rows"]] == [
            f"j{number:08}" for number in (3, 2, 1)
        ]
        assert rest["next"] is None
        for path in ("/v1/runs/j9", "/v1/runs/j9/progress", "/v1/runs/..%2f"):
            answer = api.client.get(path, headers=api.headers())
            assert (answer.status_code, answer.headers["content-type"]) == (
                404, "application/problem+json",
            )  # fmt: skip


def test_without_events_there_is_nothing_to_detect(tmp_path: Path) -> None:
    with served(tmp_path / "workspace", None) as api:
        answer = post(api)
        assert (answer.status_code, answer.json()["type"]) == (
            409, "urn:linkage:problem:no-events",
        )  # fmt: skip
        with api.service.state.read() as connection:
            assert jobs.latest(connection) == []
