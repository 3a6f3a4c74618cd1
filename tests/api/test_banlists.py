"""The ban list over HTTP: drafted, published by one of several, read in each form, looked up in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from httpx2 import Response

from api import prompt
from linkage.banlist import BanlistSettings
from linkage.banlist.chain import head_of
from linkage.banlist.changes import told_apart
from linkage.banlist.checking import verify_files
from linkage.banlist.store import REPORT, ROWS, Published
from linkage.privacy import Privacy
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.run import Run
from linkage.state import Scope, keys
from tests.api.conftest import Api, served
from tests.api.test_at_once import the_long_way
from tests.banlist.test_chain import KEY, NOW, draft
from tests.test_run import write_templates

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "stix": "application/stix+json;version=2.1",
}
LISTS = (["a", "b"], ["a", "b", "c"], ["b", "d/e"])
ENDS = NOW + timedelta(days=9)


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the key that signs."""
    path = tmp_path_factory.mktemp("keys") / "banlist.key"
    text = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(text)
    return path


@pytest.fixture
def rules(signing: Path) -> BanlistSettings:
    """Nothing of a planted world is over budget."""
    return BanlistSettings(signing_key=signing, most_share=1, most_hours=10**6)


@pytest.fixture
def desk(result: Path, tmp_path: Path, rules: BanlistSettings) -> Iterator[Api]:
    """A service that has a run and may publish."""
    with served(tmp_path / "workspace", result, banlist=rules) as made:
        yield made


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Api]:
    """A service with three lists of an hour ago, and no run."""
    with served(tmp_path / "workspace", None) as made:
        made.service.now = lambda: NOW + timedelta(hours=1)
        for accounts in LISTS:
            put(made, *accounts)
        yield made


def put(api: Api, *accounts: str, channel: str = "bans") -> Published:
    """Publish a list, as another process would."""
    return api.service.boards[channel].lists.publish(draft(*accounts), KEY, "me", NOW)


def get(api: Api, path: str, code: int = 200, **parameters: Any) -> Any:
    answer = api.client.get(f"/v1/banlists{path}", params=parameters, headers=api.headers())
    assert answer.status_code == code, answer.text
    return answer.json()


def post(api: Api, path: str, code: int, scope: Scope = Scope.publish, **asked: Any) -> Any:
    headers = api.headers(scope)
    answer = api.client.post(f"/v1/banlists{path}", json=asked, headers=headers)
    assert answer.status_code == code, answer.text
    return answer.json()


def sent(api: Api, path: str, method: str = "GET", **headers: str) -> Response:
    return api.client.request(method, f"/v1/banlists{path}", headers={**api.headers(), **headers})


def problem(told: Any) -> str:
    return str(told["type"]).rpartition(":")[2]


def audit(api: Api) -> list[tuple[str, str]]:
    told = api.client.get("/v1/audit", headers=api.headers(Scope.admin)).json()
    return [(row["action"], row["subject"]) for row in told]


def test_a_draft_is_read_and_published_as_it_was_read(desk: Api, result: Path) -> None:
    listed = set(Run.open(result).banlist.account_id)
    made = post(desk, "", 201, channel="bans")
    assert (made["number"], made["over"], made["report"]["entries"]) == (1, [], len(listed))
    assert {limit["name"] for limit in made["report"]["limits"]} >= {"most_share", "most_new"}
    assert get(desk, "/latest", 404)["type"].endswith("not-found")
    signed = post(desk, "/1/publish", 201, digest=made["digest"], channel="bans")
    assert signed["head"]["actor"].startswith("of publish (")
    assert signed["head"]["override"] is None
    assert signed == get(desk, "/1/head")
    assert {row["account_id"] for row in get(desk, "/latest")["entries"]} == listed
    assert get(desk, "/1/report") == made["report"]
    assert desk.service.boards["bans"].lists.verify(KEY.public_key()) == 1
    assert ("publish", "bans 1") in audit(desk)
    assert ("draft", "bans 1") in audit(desk)
    assert get(desk, "/latest", 404, channel="shadow")["type"].endswith("not-found")


def test_its_report_names_clusters_and_templates_in_words(desk: Api, result: Path) -> None:
    run = Run.open(result)
    said = desk.service.workspace.current()
    assert said is not None
    templates = dict.fromkeys(run.templates.template_id, "Sum up {…} for <b>jane@corp.example</b>")
    write_templates(said, templates)
    made = post(desk, "", 201)
    clusters = made["report"]["clusters"]
    assert sum(one["listed"] for one in clusters) == made["report"]["entries"]
    assert made["report"]["left_out"] == 0
    for one in clusters:
        assert one["new"] == one["listed"]
        assert [signal["name"] for signal in one["signals"]]
        assert all(signal["text"] for signal in one["signals"])
    told = [each for one in clusters for each in one["templates"]]
    assert {each["words"] for each in told} == {"Sum up {…} for <b>{…}</b>"}
    assert all(2 <= each["members"] <= each["accounts"] for each in told)
    post(desk, "/1/publish", 201, digest=made["digest"])
    assert get(desk, "/1/report")["clusters"] == clusters
    assert "Sum up" not in json.dumps(get(desk, "/latest"))
    for form in FORMS:
        assert "Sum up" not in sent(desk, f"/latest?format={form}").text


def test_another_draft_than_the_one_that_was_read_is_not_published(desk: Api) -> None:
    read = post(desk, "", 201)
    later = datetime.now(UTC) + timedelta(minutes=1)
    desk.service.now = lambda: later
    again = post(desk, "", 201)
    assert again["digest"] != read["digest"]
    told = post(desk, "/1/publish", 409, digest=read["digest"])
    assert problem(told) == "conflict"
    assert problem(post(desk, "/2/publish", 404, digest=read["digest"])) == "not-found"
    assert get(desk, "") == {"rows": [], "next": None}
    post(desk, "/1/publish", 201, digest=again["digest"])


def test_what_is_decided_meanwhile_stops_it(desk: Api) -> None:
    made = post(desk, "", 201)
    name = desk.graph.clusters(limit=1).rows[0].cluster_id
    account = desk.graph.members(name, limit=1).rows[0].account_id
    asked = {"action": "clear", "accounts": [account], "reason": "why"}
    answer = desk.client.post("/v1/decisions", json=asked, headers=desk.headers(Scope.review))
    assert answer.status_code == 201
    assert problem(post(desk, "/1/publish", 409, digest=made["digest"])) == "conflict"


def test_over_budget_takes_a_reason_and_an_admin(
    result: Path, tmp_path: Path, rules: BanlistSettings
) -> None:
    tight = rules.model_copy(update={"most_new": 3, "most_cluster": 40})
    with served(tmp_path / "workspace", result, banlist=tight) as api:
        made = post(api, "", 201)
        assert made["over"] == ["most_new", "most_cluster"]
        asked = {"digest": made["digest"], "channel": "bans"}
        refused = post(api, "/1/publish", 422, **asked)
        assert problem(refused) == "over-budget"
        assert [fault["where"] for fault in refused["faults"]] == made["over"]
        assert refused["faults"][1]["what"] == "48, at most 40"
        told = post(api, "/1/publish", 403, **asked, override="agreed")
        assert problem(told) == "forbidden"
        assert problem(post(api, "/1/publish", 422, **asked, override=" ")) == "invalid-request"
        signed = post(api, "/1/publish", 201, Scope.admin, **asked, override="agreed by the office")
        assert signed["head"]["override"] == "agreed by the office"
        assert ("publish", "bans 1, over budget: agreed by the office") in audit(api)
        # A key with both scopes may as well, and one that needs no override need not be an admin's.
        with api.service.state.write() as connection:
            both = keys.create(connection, "both", [Scope.publish, Scope.admin])[1]
        shadow = post(api, "", 201, channel="shadow")
        answer = api.client.post(
            "/v1/banlists/1/publish", headers={"Authorization": f"Bearer {both}"},
            json={"digest": shadow["digest"], "channel": "shadow", "override": "to watch it"},
        )  # fmt: skip
        assert answer.status_code == 201


def test_of_two_who_publish_at_once_one_wins(desk: Api) -> None:
    digest = post(desk, "", 201)["digest"]

    def publish(_: int) -> tuple[int, str]:
        answer = desk.client.post(
            "/v1/banlists/1/publish", json={"digest": digest}, headers=desk.headers(Scope.publish)
        )
        return answer.status_code, answer.json().get("type", "")

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(publish, range(6)))
    assert [code for code, _ in answers] == [201] + [409] * 5
    assert {kind for _, kind in answers[1:]} == {"urn:linkage:problem:conflict"}
    assert desk.service.boards["bans"].lists.numbers() == [1]


def test_without_a_key_that_signs_nothing_is_published(result: Path, tmp_path: Path) -> None:
    loose = BanlistSettings(most_share=1, most_hours=10**6)
    with served(tmp_path / "workspace", result, banlist=loose) as api:
        digest = post(api, "", 201)["digest"]
        told = post(api, "/1/publish", 503, digest=digest)
        assert problem(told) == "not-set-up"
        assert "banlist.signing_key" in told["detail"]


def test_without_a_run_there_is_nothing_to_draft(shelf: Api) -> None:
    assert problem(post(shelf, "", 503)) == "no-run"


@pytest.mark.parametrize("form", FORMS)
def test_a_list_in_each_form_by_name_and_by_accept(shelf: Api, form: str, tmp_path: Path) -> None:
    named = sent(shelf, f"/latest?format={form}")
    assert (named.status_code, named.headers["Content-Type"]) == (200, FORMS[form])
    bare = FORMS[form].partition(";")[0]
    for accept in (FORMS[form], f"image/png, {bare};q=0.5, */*;q=0.1", f"{bare}, text/*;q=0.2"):
        assert sent(shelf, "/latest", Accept=accept).content == named.content
    assert sent(shelf, f"/3?format={form}").content == named.content
    match form:
        case "csv":
            rows = csv.DictReader(io.StringIO(named.text))
            assert [row["account_id"] for row in rows] == ["b", "d/e"]
        case "ndjson":
            (tmp_path / "list.ndjson").write_bytes(named.content)
            (found,) = verify_files([tmp_path / "list.ndjson"], KEY.public_key())
            assert found == shelf.service.boards["bans"].lists.read(3)
        case "json":
            assert head_of(named.json()["head"]) == shelf.service.boards["bans"].lists.head(3)[0]
            assert [row["account_id"] for row in named.json()["entries"]] == ["b", "d/e"]
        case "stix":
            kinds = [each["type"] for each in named.json()["objects"]]
            assert kinds.count("indicator") == 2


def test_json_is_for_whoever_takes_all_and_nothing_for_whoever_takes_none(shelf: Api) -> None:
    for accept in ("*/*", "application/*", "application/json;q=0.9"):
        assert sent(shelf, "/latest", Accept=accept).headers["Content-Type"] == "application/json"
    for accept in ("image/png", "application/json;q=0", "application/stix+json;version=2.0", "x"):
        answer = sent(shelf, "/latest", Accept=accept)
        assert (answer.status_code, problem(answer.json())) == (406, "not-acceptable")
    assert sent(shelf, "/latest?format=xml").status_code == 422


def test_a_list_is_sent_once_until_something_changes(shelf: Api) -> None:
    first = sent(shelf, "/latest?format=csv")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Last-Modified"] == "Tue, 30 Jun 2026 12:00:00 GMT"
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{64}\.csv\.2"', tag)
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        again = sent(shelf, "/latest?format=csv", **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = sent(shelf, "/latest?format=json", **{"If-None-Match": tag})
    assert other.status_code == 200
    whole = sent(shelf, "/latest?format=ndjson").headers["ETag"]
    shelf.service.now = lambda: ENDS
    # It has all rows, also those that have ended.
    again = sent(shelf, "/latest?format=ndjson", **{"If-None-Match": whole})
    assert (again.status_code, again.headers["Last-Modified"]) == (
        304, first.headers["Last-Modified"],
    )  # fmt: skip
    over = sent(shelf, "/latest?format=csv", **{"If-None-Match": tag})
    assert over.status_code == 200
    assert over.headers["ETag"].endswith('.csv.0"')
    assert over.headers["Last-Modified"] == "Thu, 09 Jul 2026 12:00:00 GMT"
    assert len(over.text.splitlines()) == 1
    put(shelf, "z")
    assert sent(shelf, "/latest?format=csv", **{"If-None-Match": over.headers["ETag"]}).is_success


@pytest.mark.parametrize("path", ["/latest", "/2"])
def test_head_tells_the_same_without_the_list(shelf: Api, path: str) -> None:
    for query in ("", "?format=csv"):
        whole, bare = sent(shelf, path + query), sent(shelf, path + query, "HEAD")
        assert (bare.status_code, bare.content) == (200, b"")
        for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length", "Cache-Control"):
            assert bare.headers[name] == whole.headers[name]
    assert shelf.client.head(f"/v1/banlists{path}").status_code == 401
    headers = shelf.headers(Scope.ingest)
    assert shelf.client.head(f"/v1/banlists{path}", headers=headers).status_code == 403


def test_heads_page_by_page(shelf: Api) -> None:
    first = get(shelf, "", limit=2)
    assert [row["head"]["number"] for row in first["rows"]] == [3, 2]
    second = get(shelf, "", limit=2, after=first["next"])
    assert [row["head"]["number"] for row in second["rows"]] == [1]
    assert second["next"] is None
    rows = first["rows"] + second["rows"]
    assert [row["head"]["previous"] for row in rows[:2]] == [row["hash"] for row in rows[1:]]
    assert [head_of(row["head"]).hash for row in rows] == [row["hash"] for row in rows]
    assert problem(get(shelf, "/9/head", 404)) == "not-found"
    assert problem(get(shelf, "/9", 404)) == "not-found"
    assert problem(get(shelf, "/9/report", 404)) == "not-found"


def test_changes_since_each_list(shelf: Api) -> None:
    found = get(shelf, "/changes", since=1)
    assert (found["since"], found["number"]) == (1, 3)
    assert [row["account_id"] for row in found["listed"]] == ["d/e"]
    assert found["unlisted"] == ["a"]
    assert [row["head"]["number"] for row in found["heads"]] == [2, 3]
    assert found["heads"][0]["head"]["previous"] == get(shelf, "/1/head")["hash"]
    holds = shelf.service.boards["bans"].lists.read(3).entries
    assert (found["holds"]["entries"], found["holds"]["digest"]) == (2, told_apart(holds))
    whole = get(shelf, "/changes", since=0)
    assert [row["account_id"] for row in whole["listed"]] == ["b", "d/e"]
    assert [row["head"]["number"] for row in whole["heads"]] == [3]
    same = get(shelf, "/changes", since=3)
    assert (same["listed"], same["unlisted"], same["heads"]) == ([], [], [])
    shelf.service.now = lambda: ENDS
    over = get(shelf, "/changes", since=3)
    assert (over["listed"], over["unlisted"], over["holds"]["entries"]) == ([], ["b", "d/e"], 0)


def test_who_has_a_list_that_is_not_here_is_told_to_start_over(shelf: Api) -> None:
    for since in (4, 99):
        told = get(shelf, "/changes", 409, since=since)
        assert problem(told) == "start-over"
        assert "/v1/banlists/latest" in told["detail"]
    told = get(shelf, "/changes", 409, since=1, channel="shadow")
    assert problem(told) == "start-over"
    empty = get(shelf, "/changes", since=0, channel="shadow")
    assert (empty["number"], empty["listed"], empty["holds"]["entries"]) == (0, [], 0)


def test_a_change_can_be_waited_for(shelf: Api) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, shelf, "/changes", since=3, wait=30)
        put(shelf, "b", "new")
        found = waiting.result()
    assert (found["number"], [row["account_id"] for row in found["listed"]]) == (4, ["new"])
    assert get(shelf, "/changes", since=1, wait=30)["number"] == 4
    assert get(shelf, "/changes", since=4, wait=0.1)["listed"] == []
    assert sent(shelf, "/changes?since=4&wait=31").status_code == 422


def test_look_ups_alone_and_by_the_thousand(shelf: Api) -> None:
    one = get(shelf, "/lookup/b")
    assert (one["number"], one["age_seconds"], one["account_id"]) == (3, 3600.0, "b")
    assert one["entry"] == get(shelf, "/latest")["entries"][0]
    assert get(shelf, "/lookup/a")["entry"] is None
    assert get(shelf, "/lookup/d%2Fe", 404)["type"].endswith("no-route")
    many = [f"x{number}" for number in range(998)] + ["d/e", "b"]
    found = post(shelf, "/lookup", 200, Scope.read, accounts=many)
    assert (found["number"], found["age_seconds"], len(found["entries"])) == (3, 3600.0, 1000)
    assert {name for name, entry in found["entries"].items() if entry} == {"b", "d/e"}
    assert found["entries"]["b"] == one["entry"]
    post(shelf, "/lookup", 422, Scope.read, accounts=[*many, "y"])
    post(shelf, "/lookup", 422, Scope.read, accounts=[])
    shelf.service.now = lambda: ENDS
    assert get(shelf, "/lookup/b")["entry"] is None
    found = post(shelf, "/lookup", 200, Scope.read, accounts=["b"])
    assert (found["entries"], found["age_seconds"]) == ({"b": None}, 9 * 86400.0)


def test_before_the_first_list_nobody_is_on_it(shelf: Api) -> None:
    none = {"channel": "shadow", "number": 0, "published_at": None, "age_seconds": None}
    assert get(shelf, "/lookup/b", channel="shadow") == {**none, "account_id": "b", "entry": None}
    answer = shelf.client.post(
        "/v1/banlists/lookup?channel=shadow", json={"accounts": ["b"]}, headers=shelf.headers()
    )
    assert answer.json() == {**none, "entries": {"b": None}}


def test_a_look_up_takes_no_thread_unless_there_is_a_new_list(
    shelf: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(shelf, "/lookup/b")

    async def fails(*_: object, **__: object) -> Any:
        raise AssertionError("this was to be answered at once")

    with monkeypatch.context() as patch:
        patch.setattr(prompt, "run_in_threadpool", fails)
        assert get(shelf, "/lookup/b") == first
        put(shelf, "n")
        assert shelf.client.get("/v1/banlists/lookup/n", headers=shelf.headers()).is_server_error
    assert get(shelf, "/lookup/n")["number"] == 4
    with the_long_way():
        assert get(shelf, "/lookup/b") == {**first, "number": 4, "entry": None}


def test_accounts_are_known_by_their_own_name_and_by_their_pseudonym(tmp_path: Path) -> None:
    privacy = Privacy(Pseudonyms([bytes(32)]))
    with served(tmp_path / "workspace", None, privacy=privacy) as api:
        api.service.now = lambda: NOW
        (pseudonym,) = api.service.names.accounts(["ana"])
        put(api, pseudonym)
        for name in ("ana", pseudonym):
            assert get(api, f"/lookup/{name}")["entry"]["account_id"] == pseudonym
        found = post(api, "/lookup", 200, Scope.read, accounts=["ana", pseudonym, "bob"])
        assert [entry is not None for entry in found["entries"].values()] == [True, True, False]


def test_a_person_who_is_erased_is_on_it_no_longer(shelf: Api) -> None:
    path = shelf.service.boards["bans"].lists.folder / "00000003" / ROWS
    assert get(shelf, "/lookup/b")["entry"] is not None
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0] |= {"entry": None, "salt": None}
    new = path.with_name("new")
    new.write_text("".join(json.dumps(row) + "\n" for row in rows))
    new.replace(path)
    assert get(shelf, "/lookup/b")["entry"] is None
    assert [row["account_id"] for row in get(shelf, "/latest")["entries"]] == ["d/e"]
    assert get(shelf, "/changes", since=2)["unlisted"] == ["a", "b", "c"]


def test_a_damaged_list_is_a_problem_and_not_an_empty_one(shelf: Api) -> None:
    folder = shelf.service.boards["bans"].lists.folder / "00000003"
    (folder / ROWS).write_text("{")
    (folder / REPORT).write_text("[]")
    for path in ("/latest", "/3", "/lookup/b", "/changes?since=1", "/3/report"):
        answer = sent(shelf, path)
        assert (answer.status_code, problem(answer.json())) == (503, "list-unreadable"), path
    assert shelf.client.get("/v1/metrics", headers=shelf.headers()).status_code == 200


def test_age_and_entries_are_in_the_figures(shelf: Api) -> None:
    text = shelf.client.get("/v1/metrics", headers=shelf.headers()).text
    assert 'linkage_banlist_age_seconds{channel="bans"} 3600.0' in text
    assert 'linkage_banlist_entries{action="ban",channel="bans"} 2.0' in text
    assert 'linkage_banlist_entries{action="limit",channel="bans"} 0.0' in text
    assert 'channel="shadow"' not in text


def test_reads_are_in_the_audit(shelf: Api) -> None:
    get(shelf, "/latest")
    get(shelf, "/lookup/b")
    get(shelf, "/changes", since=1)
    post(shelf, "/lookup", 200, Scope.read, accounts=["a", "b"])
    assert set(audit(shelf)) >= {
        ("ban list", "bans 3"), ("look up", "b"), ("ban list", "bans 1 to 3"),
        ("look up", "2 accounts"),
    }  # fmt: skip


def test_entries_are_told_from_each_other_by_what_enforcement_goes_by() -> None:
    found = {entry.account_id: entry for entry in draft("a", "b").entries}
    other = replace(found["a"], reasons=("x",))
    assert told_apart({**found, "a": other}) == told_apart(found)
    later = replace(found["a"], expires_at=ENDS + timedelta(seconds=1))
    assert told_apart({**found, "a": later}) != told_apart(found)
