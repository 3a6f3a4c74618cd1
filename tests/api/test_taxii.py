"""The lists over TAXII 2.1, asked by OASIS's own client: whoever asks again and again what was
added since has at any time what holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stix2validator import ValidationOptions, validate_string
from taxii2client.exceptions import AccessError
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from api.taxii import LATE
from linkage.banlist.entries import Entry
from linkage.banlist.store import ROWS
from linkage.exports.feed import STEP
from linkage.state import Scope
from tests.api.conftest import Api, listening, served
from tests.banlist.test_chain import KEY, NOW, draft

ROOT = "/taxii2/linkage/"
TAXII = "application/taxii+json;version=2.1"
ENDS = NOW + timedelta(days=9)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Api]:
    """A service without a list."""
    with served(tmp_path / "workspace", None) as made:
        made.service.now = lambda: NOW + timedelta(hours=1)
        yield made


def put(api: Api, *accounts: str, at: datetime = NOW, ends: datetime = ENDS) -> None:
    """Publish a list of accounts, each listed since the list that it came onto."""
    lists = api.service.boards["bans"].lists
    latest = lists.latest()
    before = {} if latest is None else latest.active(at)
    entries = []
    for entry in draft(*accounts).entries:
        since = before[entry.account_id].listed_at if entry.account_id in before else at
        entries.append(_of(entry, since, ends))
    found = draft()
    lists.publish(type(found)(**{**found.__dict__, "entries": tuple(entries)}), KEY, "me", at)


def _of(entry: Entry, since: datetime, ends: datetime) -> Entry:
    return Entry(**{**entry.__dict__, "listed_at": since, "expires_at": ends})


def asked(api: Api, path: str, code: int = 200, accept: str = TAXII, **parameters: Any) -> Any:
    named = base64.b64encode(f"anybody:{api.keys[Scope.read]}".encode()).decode()
    headers = {"Authorization": f"Basic {named}", "Accept": accept}
    answer = api.client.get(ROOT + path, params=parameters, headers=headers)
    assert answer.status_code == code, answer.text
    assert answer.headers["Content-Type"] == TAXII
    return answer


def objects(api: Api, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of the collection's objects."""
    found: list[dict[str, Any]] = []
    while True:
        answer = asked(api, "collections/bans/objects/", **parameters)
        page = answer.json()
        found += page.get("objects", [])
        if not page.get("more"):
            return found
        parameters["next"] = page["next"]


def standing(found: list[dict[str, Any]]) -> set[str]:
    """The accounts of those indicators that are not revoked."""
    return {
        each["pattern"].split("'")[1]
        for each in found
        if each["type"] == "indicator" and not each.get("revoked")
    }


@pytest.fixture
def address(shelf: Api) -> Iterator[str]:
    """Where the service listens."""
    with listening(shelf) as made:
        yield made


def test_the_client_of_oasis_finds_and_reads_the_list(shelf: Api, address: str) -> None:
    put(shelf, "a", "b'c")
    known = {"user": "anybody", "password": shelf.keys[Scope.read]}
    with Server(f"{address}/taxii2/", **known) as server:
        assert server.title == "linkage"
        assert server.default.url == f"{address}{ROOT}"
        root: ApiRoot = server.default
        assert root.versions == [TAXII]
        assert [each.title for each in root.collections] == ["bans", "shadow"]
        found: Collection = root.collections[0]
        assert (found.can_read, found.can_write, found.alias) == (True, False, "bans")
        whole = found.get_objects()["objects"]
        kinds = [each["type"] for each in whole]
        assert sorted(set(kinds)) == [
            "grouping", "identity", "indicator", "observed-data", "user-account",
        ]  # fmt: skip
        assert kinds.count("indicator") == kinds.count("user-account") == 2
        pages = list(as_pages(found.get_objects, per_request=3))
        assert [each for page in pages for each in page["objects"]] == whole
        assert [len(page["objects"]) for page in pages] == [3, 3, 1]
        some = found.get_objects(type=["indicator", "grouping"])["objects"]
        assert sorted({each["type"] for each in some}) == ["grouping", "indicator"]
        (one,) = found.get_object(some[0]["id"])["objects"]
        assert one == some[0]
        entries = found.get_manifest()["objects"]
        assert [entry["id"] for entry in entries] == [each["id"] for each in whole]
        assert len({entry["date_added"] for entry in entries}) == len(entries)
        (version,) = found.object_versions(some[0]["id"])["versions"]
        assert version == some[0]["modified"]
        assert found.get_objects(id=some[0]["id"], version=version)["objects"] == [one]
        assert found.get_objects(version="2001-01-01T00:00:00.000Z") == {}
        with pytest.raises(AccessError):
            found.add_objects({"objects": []})
        assert root.collections[1].get_objects() == {}


def test_what_is_read_is_as_the_standard_has_it(shelf: Api) -> None:
    put(shelf, "a", "b", "c")
    put(shelf, "b", at=NOW + timedelta(hours=1))
    shelf.service.now = lambda: ENDS + LATE
    found = objects(shelf, added_after="2026-06-01T00:00:00Z")
    assert sum(each.get("revoked", False) for each in found) == 3
    text = json.dumps({
        "type": "bundle",
        "id": "bundle--7d0ddc0c-5b0f-4b8b-8f0c-0a2e2bd5a6a1",
        "objects": found,
    })  # fmt: skip
    result = validate_string(text, ValidationOptions(version="2.1", strict=True))
    assert result.is_valid, [str(error) for error in result.errors][:5]


def test_whoever_asks_what_was_added_since_gets_every_change(shelf: Api) -> None:
    known: dict[str, dict[str, Any]] = {}
    last: str | None = None

    def poll() -> list[dict[str, Any]]:
        """As OpenCTI does it: page by page, each from the last date that it saw."""
        nonlocal last
        got: list[dict[str, Any]] = []
        while True:
            since: dict[str, Any] = {} if last is None else {"added_after": last}
            answer = asked(shelf, "collections/bans/objects/", limit=4, **since)
            last = answer.headers.get("X-TAXII-Date-Added-Last", last)
            page = answer.json()
            got += page.get("objects", [])
            if not page.get("more"):
                break
        for each in got:
            before = known.get(each["id"])
            if before is not None and "modified" in each and each["type"] == "indicator":
                assert each["modified"] > before["modified"]
                assert each["created"] == before["created"]
                assert not before.get("revoked")
            known[each["id"]] = each
        return got

    assert poll() == []
    put(shelf, "a", "b", "c")
    poll()
    assert standing(list(known.values())) == {"a", "b", "c"}
    assert poll() == []
    put(shelf, "b", "c", "d", at=NOW + timedelta(hours=1), ends=ENDS + timedelta(hours=1))
    poll()
    assert standing(list(known.values())) == {"b", "c", "d"}
    # Two lists later, one of which nobody asked for.
    put(shelf, "a", "d", at=NOW + timedelta(hours=2))
    put(shelf, "a", "b", "d", at=NOW + timedelta(hours=3))
    poll()
    assert standing(list(known.values())) == {"a", "b", "d"}
    assert poll() == []
    # It ends by itself, a minute later for those who ask.
    shelf.service.now = lambda: ENDS + LATE - timedelta(seconds=1)
    assert poll() == []
    shelf.service.now = lambda: ENDS + LATE
    assert [each["revoked"] for each in poll()] == [True] * 3
    assert standing(list(known.values())) == set()
    # Whoever is listed again is so by another indicator.
    put(shelf, "a", at=ENDS + timedelta(hours=1), ends=ENDS + timedelta(days=9))
    shelf.service.now = lambda: ENDS + timedelta(hours=2)
    poll()
    assert standing(list(known.values())) == {"a"}
    of_a = [each for each in known.values() if "'a'" in each.get("pattern", "")]
    assert len(of_a) == 3
    assert sum(each.get("revoked", False) for each in of_a) == 2


def test_a_list_that_comes_between_pages_is_missed_by_nobody(shelf: Api) -> None:
    put(shelf, "a", "b", "c", "d")
    first = asked(shelf, "collections/bans/objects/", limit=5)
    put(shelf, "c", "e", at=NOW + timedelta(minutes=5))
    rest = objects(shelf, limit=5, next=first.json()["next"])
    known = {each["id"]: each for each in [*first.json()["objects"], *rest]}
    indicators = [each for each in known.values() if each["type"] == "indicator"]
    assert standing(indicators) == {"c", "e"}


def test_lists_of_one_moment_are_apart(shelf: Api) -> None:
    put(shelf, "a")
    before = asked(shelf, "collections/bans/objects/").headers["X-TAXII-Date-Added-Last"]
    put(shelf, "b")
    put(shelf, "c", at=NOW - timedelta(days=1))
    answer = asked(shelf, "collections/bans/objects/", added_after=before)
    assert standing(answer.json()["objects"]) == {"c"}
    first = datetime.fromisoformat(answer.headers["X-TAXII-Date-Added-First"])
    assert NOW + STEP <= first <= NOW + 2 * STEP


def test_a_list_that_was_drafted_before_an_entry_ended_takes_it_up_again(shelf: Api) -> None:
    put(shelf, "a", "b")
    shelf.service.now = lambda: ENDS + timedelta(minutes=10)
    since = "2026-07-09T00:00:00Z"
    assert standing(objects(shelf, added_after=since)) == set()
    lists = shelf.service.boards["bans"].lists
    stale = [_of(entry, NOW, ENDS + timedelta(days=9)) for entry in draft("a").entries]
    over = [_of(entry, NOW, ENDS) for entry in draft("b").entries]
    found = draft()
    late = type(found)(**{**found.__dict__, "entries": (*stale, *over)})
    lists.publish(late, KEY, "me", ENDS + timedelta(minutes=5))
    assert standing(objects(shelf, added_after=since)) == {"a"}
    assert standing(objects(shelf)) == {"a"}


def test_a_person_who_is_erased_is_in_it_no_longer(shelf: Api) -> None:
    put(shelf, "a", "b")
    put(shelf, "b", at=NOW + timedelta(minutes=1))
    since = {"added_after": "2026-06-01T00:00:00Z"}
    assert "'a'" in json.dumps(objects(shelf, **since))
    for number in (1, 2):
        path = shelf.service.boards["bans"].lists.folder / f"{number:08}" / ROWS
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        gone = [{**row, "entry": None, "salt": None} for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in gone))
    assert objects(shelf, **since) == [each for each in objects(shelf) if each]
    assert [each["type"] for each in objects(shelf)] == ["identity"]


def test_what_is_refused_is_refused_as_the_standard_has_it(shelf: Api) -> None:
    put(shelf, "a")
    for path in (
        "collections/none/", "collections/none/objects/",
        "collections/bans/objects/indicator--1/", "status/1/",
    ):  # fmt: skip
        told = asked(shelf, path, 404).json()
        assert told["http_status"] == "404"
        assert told["title"]
    for wrong in ({"added_after": "yesterday"}, {"limit": -1}, {"next": "x"}):
        told = asked(shelf, "collections/bans/objects/", 400, **wrong).json()
        assert (told["http_status"], told["error_code"]) == ("400", "invalid-request")
    for accept in ("application/json", "application/taxii+json;version=2.0", "text/html"):
        assert asked(shelf, "collections/", 406, accept).json()["error_code"] == "not-acceptable"
    for accept in ("application/taxii+json", "*/*", f"text/html, {TAXII};q=0.4"):
        asked(shelf, "collections/", 200, accept)
    answer = shelf.client.get(ROOT)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="linkage"',
    )
    assert shelf.client.post(f"{ROOT}collections/bans/objects/").status_code == 401
