"""The service over pseudonyms: asked by names of either sort, it answers by pseudonyms alone."""

from __future__ import annotations

import io
import json
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
import structlog

from api.server import log_to
from linkage.artifacts.pseudonyms import FORM
from linkage.errors import PrivacyError
from linkage.pipeline import detect
from linkage.privacy import keys
from linkage.state import Scope
from tests import worlds
from tests.api.conftest import Api, served
from tests.privacy.conftest import Keys, body, calls, taken_in, texts_in

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NETWORK = re.compile(r"n0-\d+")
READABLE = re.compile(
    rb"\bn[01]-\d|\bk\d+-\d|\bo\d+\b|card-|device-|agent popular|\d\.\d+\.\d+\.7\b"
)
# Figures of an index may look like anything short.
LONGER = re.compile(rb"n[01]-\d+@|card-[nok]|device-[nok\d]|agent popular|exit-n|\d\.\d+\.\d+\.7\b")


@pytest.fixture(scope="module")
def world_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(*keys.make(tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def found(world_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a detection found over pseudonyms; the workspace is beside it."""
    folder = tmp_path_factory.mktemp("keyed")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        events = worlds.planted(ordinary=300).events
        taken_in(folder / "fed", calls(events), worlds.settings(), world_keys.privacy)
        return detect(folder / "fed" / "events", folder / "result", worlds.settings())


@pytest.fixture
def api(found: Path, world_keys: Keys, tmp_path: Path) -> Iterator[Api]:
    with served(tmp_path / "workspace", found, privacy=world_keys.privacy) as made:
        yield made


def get(api: Api, path: str, code: int = 200, *scopes: Scope) -> Any:
    answer = api.client.get(path, headers=api.headers(*scopes))
    assert answer.status_code == code, answer.text
    assert not READABLE.search(answer.content), answer.text
    return answer.json()


def send(api: Api, method: str, path: str, told: Any, code: int, **headers: str) -> Any:
    answer = api.client.request(
        method, path, json=told, headers=api.headers(Scope.review) | headers
    )
    assert answer.status_code == code, answer.text
    assert not READABLE.search(answer.content), answer.text
    return answer.json()


def test_both_names_lead_to_the_same(api: Api) -> None:
    first = get(api, "/v1/accounts/n0-1")
    name = first["account_id"]
    assert re.fullmatch(FORM, name)
    assert first["membership"]["proposal"] in ("ban", "review")
    assert get(api, f"/v1/accounts/{name}") == first
    assert get(api, "/v1/accounts/n0-1/statement") == get(api, f"/v1/accounts/{name}/statement")
    other = get(api, "/v1/accounts/n0-2")["account_id"]
    assert get(api, "/v1/links/n0-1/n0-2") == get(api, f"/v1/links/{name}/{other}")
    assert "no such account" in get(api, "/v1/accounts/n0-999", 404)["detail"]


def test_artifacts_are_asked_for_as_they_are_known(api: Api) -> None:
    address = worlds.address("10.exit-n0-1")
    subnet = address.rsplit(".", 1)[0] + ".0/24"
    for kind, names in {
        "ip": [address, f"::ffff:{address}"],
        "subnet": [subnet, address],
        "email_domain": ["n0-1.example", "Anybody@N0-1.example"],
        "payment": ["card-n0-1"],
        "user_agent": ["agent client-n0"],
    }.items():
        answers = [get(api, f"/v1/artifacts/{kind}/{quote(name, safe='')}") for name in names]
        assert answers[0]["accounts"] > 1
        assert all(answer == answers[0] for answer in answers)
        assert get(api, f"/v1/artifacts/{kind}/{answers[0]['value']}") == answers[0]


def test_what_is_decided_is_kept_by_pseudonyms(api: Api) -> None:
    name = get(api, "/v1/accounts/n0-1")["account_id"]
    other = get(api, "/v1/accounts/n0-2")["account_id"]
    asked = {"action": "clear", "accounts": ["n0-1", other], "reason": "a researcher"}
    once = send(api, "POST", "/v1/decisions", asked, 201, **{"Idempotency-Key": "k"})
    again = {**asked, "accounts": [name, "n0-2"]}
    assert send(api, "POST", "/v1/decisions", again, 200, **{"Idempotency-Key": "k"}) == once
    for way in ("n0-1", name):
        assert get(api, f"/v1/decisions?account_id={way}")["rows"] == [once]
        assert get(api, f"/v1/accounts/{way}")["state"] == "cleared"
    twice = {**asked, "accounts": ["n0-1", name]}
    assert "named twice" in send(api, "POST", "/v1/decisions", twice, 422)["detail"]
    apart = {"action": "not_same_operator", "accounts": ["n0-3", "k0-1"], "reason": "siblings"}
    send(api, "POST", "/v1/decisions", apart, 201)
    cluster = get(api, "/v1/accounts/n0-3")["membership"]["cluster_id"]
    one = {
        "action": "not_same_operator", "account_id": "n0-3", "cluster_id": cluster, "reason": "x",
    }  # fmt: skip
    assert send(api, "POST", "/v1/decisions", one, 201)["others"] > 1


def test_the_allowlist_is_kept_by_pseudonyms(api: Api) -> None:
    entries = [
        {"sort": "account", "value": "n0-1", "reason": "a"},
        {"sort": "organisation", "value": "org-f0", "reason": "b"},
        {"sort": "artifact", "kind": "subnet", "value": "192.0.2.0/24", "reason": "c"},
        {"sort": "artifact", "kind": "ip", "value": "::ffff:192.0.2.7", "reason": "d"},
    ]
    made = send(api, "PUT", "/v1/allowlist", {"entries": entries}, 200)
    values = {entry["reason"]: entry["value"] for entry in made["entries"]}
    assert all(re.fullmatch(FORM, value) for value in values.values())
    assert values["a"] == get(api, "/v1/accounts/n0-1")["account_id"]
    assert values["d"].startswith(values["c"])
    kept = [{k: e[k] for k in ("sort", "kind", "value", "reason")} for e in made["entries"]]
    assert send(api, "PUT", "/v1/allowlist", {"entries": kept}, 200)["version"] == made["version"]


def test_nothing_readable_is_left_behind(found: Path, world_keys: Keys, tmp_path: Path) -> None:
    log = io.StringIO()
    log_to(log)
    try:
        with served(tmp_path / "workspace", found, privacy=world_keys.privacy) as api:
            rows = [
                {"ts": "2026-06-01", "account_id": "n0-1", "device_id": "device-9"},
                {"n0-1": 1},
            ]
            sent = api.client.post(
                "/v1/events", content=body(rows), headers=api.headers(Scope.ingest)
            )
            assert (sent.json()["accepted"], sent.json()["rejected"]) == (1, 1)
            test_both_names_lead_to_the_same(api)
            test_artifacts_are_asked_for_as_they_are_known(api)
            test_what_is_decided_is_kept_by_pseudonyms(api)
            test_the_allowlist_is_kept_by_pseudonyms(api)
            assert len(get(api, "/v1/audit?limit=1000", 200, Scope.admin)) > 20
    finally:
        structlog.reset_defaults()
    ours = [
        line for line in log.getvalue().splitlines() if "HTTP Request" not in line
    ]  # the client's
    assert any("/v1/accounts/{account_id}" in line for line in ours)
    assert not [line for line in ours if READABLE.search(line.encode())]
    files = texts_in(tmp_path / "workspace")
    assert {path.name for path in files} >= {"state.db", "run.json", "privacy.json"}
    for path, text in files.items():
        assert not (LONGER if path.suffix == ".npy" else READABLE).search(text), path


def test_a_service_without_the_keys_does_not_start(api: Api, world_keys: Keys) -> None:
    workspace = api.service.workspace.path
    with pytest.raises(PrivacyError, match="names no hmac_key"):
        served(workspace, None)
    assert json.loads((workspace / "privacy.json").read_text()) == {"key": world_keys.privacy.key}


def test_a_service_has_old_events_go_by_itself(world_keys: Keys, tmp_path: Path) -> None:
    rows = [
        {"ts": f"{year}-06-01", "account_id": f"{year}", "event_id": year} for year in (2001, 2150)
    ]
    taken_in(tmp_path, [body(rows)], worlds.settings(), world_keys.privacy)
    privacy = replace(world_keys.privacy, retention_days=30)
    with served(tmp_path, None, privacy=privacy) as api:
        for _ in range(500):
            (segment,) = (tmp_path / "events").glob("*.parquet")
            if pq.read_metadata(segment).num_rows == 1:
                break
            time.sleep(0.02)
        assert pq.read_table(segment)["ts"][0].as_py().year == 2150
        api.service.keeper.close()
