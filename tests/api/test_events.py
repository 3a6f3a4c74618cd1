"""Events in, over HTTP."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.state import Scope
from tests.api.conftest import Api, served

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NDJSON = "application/x-ndjson"


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"event_id": f"e{number}", "ts": "2026-06-01T12:00:00Z", "account_id": "a", **more}


def lines(*rows: Any) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in rows)


def sent(api: Api, body: bytes, code: int = 200, **headers: str) -> Any:
    named = {"Content-Type": NDJSON} | {k.replace("_", "-"): v for k, v in headers.items()}
    answer = api.client.post("/v1/events", content=body, headers=api.headers(Scope.ingest) | named)
    assert answer.status_code == code, answer.text
    return answer.json()


def test_events_are_taken_in_once(api: Api) -> None:
    first = sent(api, lines(row(1), row(2), row(1), {"account_id": "x"}, 7))
    assert first == {
        "accepted": 2, "repeated": 1, "rejected": 2,
        "rejects": [
            {"line": 4, "reason": "no time"}, {"line": 5, "reason": "not a JSON object"},
        ],
    }  # fmt: skip
    again = sent(api, lines(row(1), row(2), row(1), {"account_id": "x"}, 7))
    assert (again["accepted"], again["repeated"]) == (0, 3)
    (segment,) = api.service.journal.seal()
    assert pq.read_table(segment)["event_id"].to_pylist() == ["e1", "e2"]
    quarantine = (api.service.workspace.path / "quarantine").glob("*.ndjson")
    assert sum(len(file.read_text("utf-8").splitlines()) for file in quarantine) == 2
    metrics = api.client.get("/v1/metrics", headers=api.headers()).text
    assert 'linkage_events_total{outcome="repeated"} 4.0' in metrics


def test_arrays_and_packed_bodies(api: Api) -> None:
    rows = [row(n) for n in range(5)]
    found = sent(api, json.dumps(rows).encode(), Content_Type="application/json")
    assert found["accepted"] == 5
    found = sent(api, gzip.compress(lines(*rows, row(6))), Content_Encoding="gzip")
    assert (found["accepted"], found["repeated"]) == (1, 5)


def test_bodies_that_cannot_be_unpacked(api: Api) -> None:
    whole = gzip.compress(lines(row(1)))
    for body, encoding in (
        (b"no gzip", "gzip"), (whole[:-9], "gzip"), (whole + b"more", "gzip"), (whole, "br"),
    ):  # fmt: skip
        found = sent(api, body, 415, Content_Encoding=encoding)
        assert found["type"] == "urn:linkage:problem:unsupported"


def test_a_body_that_unpacks_into_too_much(result: Path, tmp_path: Path) -> None:
    with served(tmp_path / "workspace", result, most_bytes=100_000) as api:
        sent(api, gzip.compress(b" " * 50_000_000), 413, Content_Encoding="gzip")
        assert sent(api, gzip.compress(lines(row(1))), Content_Encoding="gzip")["accepted"] == 1


def test_a_call_has_ten_thousand_events_at_most(api: Api) -> None:
    body = lines(*(row(n) for n in range(10_001)))
    assert "10,000 events" in sent(api, body, 422)["detail"]
    assert sent(api, body.rpartition(b"\n")[0])["accepted"] == 10_000


@pytest.mark.parametrize("body", [b"", b"[", b"[" * 50_000, b"\xff" * 100, b"null", b"{}\n" * 3])
def test_nothing_that_is_sent_is_a_fault_of_the_service(api: Api, body: bytes) -> None:
    answer = api.client.post("/v1/events", content=body, headers=api.headers(Scope.ingest))
    assert answer.status_code in (200, 422)


def test_events_that_came_in_are_what_detect_reads(api: Api, tmp_path: Path) -> None:
    import ibis

    from linkage.events import read
    from linkage.settings import Settings

    sent(api, lines(*(row(n, ip="192.0.2.1") for n in range(10))))
    api.service.journal.seal()
    found = read(
        ibis.duckdb.connect(), [api.service.workspace.path / "events"], Settings(), tmp_path / "w"
    )
    assert (found.rows, found.quarantined, found.duplicates) == (10, 0, 0)
