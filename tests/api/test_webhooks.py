"""Webhooks of a running service: told by its threads, looked at and retried over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from standardwebhooks.webhooks import Webhook as Standard

from linkage.state import Scope, open_state, outbox
from linkage.webhooks import Webhook, office, signing
from linkage.workspace import Workspace
from tests.api.conftest import AT_ONCE, Api, served
from tests.webhooks.conftest import webhook
from tests.webhooks.receivers import Receiver, receiving, says
from tests.webhooks.test_telling import publish

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

WAIT = 60.0  # seconds; nothing here takes long


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "EVERY", 0.05)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return signing.make(tmp_path / "secret", rotate=False)


@pytest.fixture
def hook(receiver: Receiver, secret: str, tmp_path: Path) -> Webhook:
    return webhook("gateway", receiver.url.replace("hook", "hidden"), tmp_path / "secret")


@pytest.fixture
def api(hook: Webhook, tmp_path: Path) -> Iterator[Api]:
    """A service without a run, which tells one receiver."""
    with served(tmp_path / "workspace", None, terms=AT_ONCE, webhooks=[hook]) as made:
        until(lambda: told(made))
        yield made


def told(api: Api) -> bool:
    """Whether the service knows what was there when it began."""
    with api.service.state.read() as connection:
        return outbox.told_of(connection, "list:shadow") is not None


def until(there: Callable[[], Any]) -> None:
    end = time.monotonic() + WAIT
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def admin(api: Api, path: str) -> Any:
    answer = api.client.get(path, headers=api.headers(Scope.admin))
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(api: Api) -> str:
    return api.client.get("/v1/metrics", headers=api.headers()).text


def test_a_list_is_told_and_shown(api: Api, receiver: Receiver, secret: str) -> None:
    with structlog.testing.capture_logs() as log:
        publish(api.service.workspace)
        until(lambda: 'outcome="delivered",webhook="gateway"} 1.0' in figures(api))
    (request,) = receiver.received
    message = Standard(secret).verify(request.body, dict(request.headers))
    assert (message["type"], message["data"]["number"]) == ("list.published", 1)
    (row,) = admin(api, "/v1/webhooks/deliveries")["rows"]
    assert (row["message"], row["state"], row["status"]) == (message["id"], "delivered", 204)
    assert message["data"]["links"] == {"list": "/v1/banlists/1?channel=bans"}
    found = api.client.get(message["data"]["links"]["list"], headers=api.headers())
    assert found.status_code == 200
    (line,) = (line for line in log if line["event"] == "webhook")
    assert (line["outcome"], line["kind"]) == ("delivered", "list.published")
    assert 'linkage_webhook_oldest_seconds{webhook="gateway"} 0.0' in figures(api)
    for text in (json.dumps(log, default=str), json.dumps(admin(api, "/v1/webhooks"))):
        assert secret not in text
        assert "hidden" not in text


def test_jobs_are_told(api: Api, receiver: Receiver) -> None:
    api.with_an_event()
    asked = api.client.post("/v1/runs", headers=api.headers(Scope.publish)).json()
    until(lambda: receiver.received)
    message = json.loads(receiver.received[0].body)
    assert (message["type"], message["data"]["job"]) == ("run.finished", asked["id"])
    found = api.client.get(message["data"]["links"]["job"], headers=api.headers()).json()
    assert (found["id"], found["state"]) == (asked["id"], "done")


def test_dead_letters_are_retried(api: Api, receiver: Receiver) -> None:
    receiver.answer = says(410, b"\x1b[31mmoved away")
    publish(api.service.workspace)
    until(lambda: admin(api, "/v1/webhooks/deliveries?state=dead")["rows"])
    (letter,) = admin(api, "/v1/webhooks/deliveries?state=dead&webhook=gateway")["rows"]
    assert (letter["status"], letter["attempts"]) == (410, 1)
    (standing,) = admin(api, "/v1/webhooks")
    assert standing["disabled"] is not None
    assert (standing["dead"], standing["pending"], standing["host"]) == (1, 0, "127.0.0.1")
    receiver.answer = says(200)
    path = f"/v1/webhooks/deliveries/{letter['number']}/retry"
    answer = api.client.post(path, headers=api.headers(Scope.admin))
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    until(lambda: admin(api, "/v1/webhooks/deliveries?state=delivered")["rows"])
    again = api.client.post(path, headers=api.headers(Scope.admin))
    assert (again.status_code, again.json()["type"]) == (409, "urn:linkage:problem:conflict")
    path = "/v1/webhooks/deliveries/99/retry"
    assert api.client.post(path, headers=api.headers(Scope.admin)).status_code == 404
    audit = admin(api, "/v1/audit")
    assert ("retry", f"delivery {letter['number']}") in {(e["action"], e["subject"]) for e in audit}


def test_pages(api: Api, receiver: Receiver) -> None:
    for _ in range(3):
        publish(api.service.workspace)
    until(lambda: len(receiver.received) == 3)
    first = admin(api, "/v1/webhooks/deliveries?limit=2")
    rest = admin(api, f"/v1/webhooks/deliveries?limit=2&after={first['next']}")
    numbers = [row["number"] for page in (first, rest) for row in page["rows"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), rest["next"]) == (3, None)


def test_what_happened_while_the_service_was_away_is_told(
    hook: Webhook, receiver: Receiver, tmp_path: Path
) -> None:
    place = Workspace.at(tmp_path / "workspace")
    with served(place.path, None, webhooks=[hook]) as api:
        until(lambda: told(api))
    publish(place)
    assert not receiver.received
    with served(place.path, None, webhooks=[hook]):
        until(lambda: receiver.received)
    publish(place)
    with served(place.path, None):  # nobody is told of what comes while nobody is named
        pass
    with open_state(place.state) as state, state.read() as connection:
        assert not outbox.has_told(connection)
    with served(place.path, None, webhooks=[hook]) as api:
        until(lambda: told(api))
        publish(place)
        until(lambda: len(receiver.received) == 2)
    assert [json.loads(r.body)["data"]["number"] for r in receiver.received] == [1, 3]


def test_a_slow_receiver_keeps_no_other_waiting_nor_the_service_from_ending(
    receiver: Receiver, secret: str, tmp_path: Path
) -> None:
    with receiving() as slow:
        slow.answer = lambda _: slow.ended.wait(WAIT)
        hooks = [
            webhook("slow", slow.url, tmp_path / "secret", seconds=0.5),
            webhook("fast", receiver.url, tmp_path / "secret"),
        ]
        with served(tmp_path / "workspace", None, webhooks=hooks) as api:
            until(lambda: told(api))
            publish(api.service.workspace)
            until(lambda: slow.received and receiver.received)
        with open_state(tmp_path / "workspace" / "state.db") as state, state.read() as connection:
            counts = outbox.counts(connection)
        assert (counts["slow"].pending, counts["fast"].delivered) == (1, 1)


def test_the_document_has_the_messages(api: Api) -> None:
    document = api.client.get("/v1/openapi.json", headers=api.headers()).json()
    assert set(document["webhooks"]) == {
        "cluster.flagged", "cluster.growing", "list.published", "run.finished", "run.failed",
    }  # fmt: skip
    shapes = document["components"]["schemas"]
    for operations in document["webhooks"].values():
        told_as = operations["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        shape = shapes[told_as.rsplit("/", 1)[1]]
        assert shape["properties"]["data"]["$ref"].rsplit("/", 1)[1] in shapes
