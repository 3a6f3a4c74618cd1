"""The service and those who act on its lists: the example, over a connection; and the server that
consumers are tested with, which answers as the service does."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from examples.enforce import Enforcer, Settings
from linkage.banlist import BanlistSettings, Measure
from linkage.conformance.lists import HOUR, entry
from linkage.conformance.server import ListServer
from linkage.run import Run
from linkage.state import Scope
from tests.api.conftest import Api, listening, served
from tests.banlist.test_chain import KEY, draft

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the key that signs, and the one that checks."""
    folder = tmp_path / "keys"
    folder.mkdir()
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "banlist.key").write_bytes(private)
    (folder / "banlist.pub").write_bytes(public)
    return folder


def publish(api: Api, **asked_for: bool) -> int:
    """Draft the next list and publish it; its number."""
    headers = api.headers(Scope.publish)
    made = api.client.post("/v1/banlists", json=asked_for, headers=headers).json()
    asked = {"digest": made["digest"]}
    path = f"/v1/banlists/{made['number']}/publish"
    answer = api.client.post(path, json=asked, headers=headers)
    assert answer.status_code == 201, answer.text
    return int(made["number"])


def clear(api: Api, account: str) -> None:
    asked = {"action": "clear", "accounts": [account], "reason": "a reseller, as their papers say"}
    answer = api.client.post("/v1/decisions", json=asked, headers=api.headers(Scope.review))
    assert answer.status_code == 201, answer.text


def test_a_ban_is_published_and_acted_on_and_ends_when_a_person_clears_the_account(
    result: Path, tmp_path: Path, keys: Path
) -> None:
    rules = BanlistSettings(signing_key=keys / "banlist.key", most_share=1, most_hours=10**6)
    with served(tmp_path / "workspace", result, banlist=rules) as api, listening(api) as url:
        settings = Settings(
            url, api.keys[Scope.read], str(keys / "banlist.pub"), str(tmp_path / "kept")
        )
        enforcer = Enforcer(settings)
        listed = sorted(Run.open(result).banlist.account_id)
        cleared, stays = listed[0], listed[1]

        enforcer.poll()  # nothing is published yet
        assert enforcer.decide(cleared)["action"] == "none"
        assert enforcer.decide(cleared)["stale"] is False

        publish(api)
        enforcer.poll()
        looked_up = api.client.get(f"/v1/banlists/lookup/{cleared}", headers=api.headers()).json()
        assert enforcer.decide(cleared)["action"] == looked_up["entry"]["action"] != "none"
        assert all(enforcer.decide(account)["action"] != "none" for account in listed)
        assert enforcer.decide("stranger")["action"] == "none"
        etag = enforcer.held.etag
        enforcer.poll()
        assert enforcer.held.etag == etag

        clear(api, cleared)
        publish(api, freeing=True)  # which is never seen
        assert publish(api) == 3
        enforcer.poll()
        assert enforcer.decide(cleared) == {
            "action": "none", "would": "none", "stale": False, "number": 3,
        }  # fmt: skip
        assert enforcer.decide(stays)["action"] != "none"
        again = Enforcer(settings)
        assert (again.held.number, again.decide(stays)) == (3, enforcer.decide(stays))


PATHS = (
    *(f"{which}?format={form}" for which in ("latest", "2")
      for form in ("json", "csv", "ndjson", "stix")),
    "latest", "latest?channel=shadow", "latest?format=xml", "latest?channel=x", "9", "2/head",
    "9/head", "changes?since=0", "changes?since=1", "changes?since=3", "changes?since=7",
    "changes?since=0&channel=shadow",
)  # fmt: skip


def test_consumers_are_tested_with_a_server_that_answers_as_the_service_does(
    tmp_path: Path,
) -> None:
    with served(tmp_path / "workspace", None) as api, closing(ListServer("the key")) as server:
        lists = api.service.boards["bans"].lists
        for names in ("ab", "bc", "c'"):
            now = datetime.now(UTC)
            entries = tuple(entry(name, Measure.limit, HOUR, now) for name in names)
            lists.publish(replace(draft(), entries=entries), KEY, "me", now)
        server.serve([lists.read(number) for number in lists.numbers()])
        with httpx2.Client(base_url=server.url) as theirs:
            for path in PATHS:
                there = api.client.get(f"/v1/banlists/{path}", headers=api.headers())
                here = theirs.get(f"/v1/banlists/{path}", headers=bearing("the key"))
                assert told(here) == told(there), path
                if "ETag" in there.headers:
                    same = {**bearing("the key"), "If-None-Match": here.headers["ETag"]}
                    again = theirs.get(f"/v1/banlists/{path}", headers=same)
                    assert (again.status_code, again.content) == (304, b"")
                    assert again.headers["ETag"] == here.headers["ETag"]
            for headers in ({}, bearing("another"), {"Authorization": "the key"}):
                there = api.client.get("/v1/banlists/latest", headers=headers)
                here = theirs.get("/v1/banlists/latest", headers=headers)
                assert told(here) == told(there)


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def told(answer: httpx2.Response) -> tuple[Any, ...]:
    """What a consumer goes by."""
    kind, body = answer.headers["Content-Type"], answer.content
    found: Any = json.loads(body) if kind.endswith("json") and "ndjson" not in kind else body
    if kind.startswith("application/problem"):
        found = found["type"], found["status"]
    elif isinstance(found, dict) and "holds" in found:
        found["holds"].pop("at")
    caching = answer.headers["Cache-Control"], "ETag" in answer.headers
    return answer.status_code, kind, found, caching
