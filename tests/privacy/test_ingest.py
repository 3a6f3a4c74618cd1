"""What is written of events that came in: nothing that could be read."""

from __future__ import annotations

import json
import re
import resource
import signal
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.artifacts.pseudonyms import FORM
from linkage.errors import InputError, PrivacyError, ResultError
from linkage.events import read
from linkage.journal import Checker
from linkage.journal.journal import Journal, Outdated
from linkage.journal.seen import Seen
from linkage.journal.vaulted import Vaulted
from linkage.naming import mark
from linkage.privacy import Privacy, admitted, pseudonymiser
from linkage.privacy.guard import FILE
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.privacy.sealing import ROWS
from linkage.readers.schema import REDUCED
from linkage.settings import Settings, parse
from linkage.state import open_state
from linkage.workspace import Workspace
from tests.feeding import forks
from tests.privacy.conftest import SECRET, Keys, body, taken_in

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

TS = "2026-06-01T12:00:00Z"
SETTINGS = parse(
    {
        "artifacts": {
            "sent_to": {"names_account": True},
            "mailbox": {"column": "email"},
            "raw_ip": {"column": "ip"},
        }
    }
)
# Every text that an event can have, each with a mark of its own.
MARKED = {
    "event_id": "xq-event", "account_id": "xq-account", "ip": "203.0.113.77",
    "device_id": "xq-device", "user_agent": "xq-agent/1.0", "tls_fingerprint": "xq-tls",
    "payment_id": "xq-card", "email": "Xq.Mailbox@xq-domain.example", "phone": "+49 30 987654321",
    "org_id": "xq-org", "conversation_id": "xq-conversation", "prompt": "xq tell me 77 things",
    "access_path": "xq path of nobody", "model": "xq@model", "type": "xq sort of event",
    "sent_to": "xq-other", "more": "xq-undeclared",
}  # fmt: skip
TRACES = re.compile(rb"xq[-/@ .]|203\.0\.113|198\.51\.100|987654321", re.IGNORECASE)


@pytest.fixture(scope="module")
def plain() -> Checker:
    """One that makes none."""
    return Checker(SETTINGS, 10_000)


@pytest.fixture(scope="module")
def checker() -> Checker:
    """One that makes pseudonyms, without a vault."""
    privacy = Privacy(Pseudonyms([SECRET]))
    return Checker(SETTINGS, 10_000, pseudonymiser(privacy, SETTINGS, lambda: Vaulted(Seen(10))))


def event(**more: Any) -> dict[str, Any]:
    return {"ts": TS, "account_id": "a", **more}


def columns(checker: Checker, *rows: dict[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = checker.checked(body(rows)).events.to_pydict()
    return found


def test_nothing_readable_is_on_disk(made_keys: Keys, tmp_path: Path) -> None:
    rows: list[Any] = [
        {"ts": TS, **MARKED},
        {"ts": TS, **{k: v for k, v in MARKED.items() if k != "event_id"}},
        {"ts": TS, **MARKED, "event_id": None, "prompt": None, "prompt_fingerprint": "xq-print"},
        {**MARKED},
        {"ts": "never", **MARKED, "account_id": "xq-late"},
        {"ts": TS, **MARKED, "ip": "198.51.100.999"},
        "xq-text", ["xq-list"],
    ]  # fmt: skip
    whole = body(rows) + b'\n{"account_id": "xq-broken", \nxq-nothing \xff'
    workspace = tmp_path / "workspace"
    with Journal(workspace) as journal:
        made = pseudonymiser(made_keys.privacy, SETTINGS, lambda: journal.vaulted)
        found = Checker(SETTINGS, 100, made).checked(whole)
        assert journal.append(found).accepted == 3
        unsealed = b"".join(file.read_bytes() for file in (workspace / "journal").iterdir())
        assert not TRACES.search(unsealed)
    written = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    assert {path.parent.name for path in written} >= {"events", "quarantine", "vault"}
    assert not [path for path, data in written.items() if TRACES.search(data)]
    # Parquet is packed: what comes out of it is looked at as well.
    for path in written:
        if path.suffix == ".parquet":
            assert not TRACES.search(repr(pq.read_table(path).to_pylist()).encode()), path


def in_no_file(whole: bytes, folder: Path) -> None:
    """Check a call where nothing can be written, what it is for included."""
    privacy = Privacy(Pseudonyms([SECRET]))
    made = pseudonymiser(privacy, SETTINGS, lambda: Vaulted(Seen(10)))
    checkers = [Checker(SETTINGS, 10_000), Checker(SETTINGS, 10_000, made)]
    for checker in checkers:
        checker.checked(whole)  # compiled code is kept in files
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with pytest.raises(OSError, match="large"):
        (folder / "written").write_text("anything")
    for checker in checkers:
        found = checker.checked(whole)
        assert (found.events.num_rows, found.rejected.num_rows) == (5000, 3)


def test_what_was_sent_is_in_no_file(tmp_path: Path) -> None:
    good = [{"ts": TS, **MARKED, "event_id": f"xq-{n}", "ip": f"::FFFF:{n:x}"} for n in range(5000)]
    bad = [{"ts": TS, **MARKED, "ip": "198.51.100.999"}, {**MARKED}, "xq-text"]
    process = forks().Process(target=in_no_file, args=(body([*good, *bad]), tmp_path))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_words_of_the_platform_stay(checker: Checker) -> None:
    found = columns(
        checker, event(type="signup", model="large-3", access_path="cloud/eu", input_tokens=7)
    )
    assert (found["type"], found["model"], found["access_path"], found["input_tokens"]) == (
        ["signup"], ["large-3"], ["cloud/eu"], [7],
    )  # fmt: skip


def test_equal_stays_equal_in_other_spellings(checker: Checker) -> None:
    found = columns(
        checker,
        event(ip="192.0.2.7", email="a@firm.example", phone="+49 30 1"),
        event(ip="::ffff:192.0.2.7", email="A@FIRM.example", phone="0049-30-1"),
        event(ip="192.0.2.8", email="b@firm.example", phone="1"),
        event(ip="2001:db8:1:2::1", email="a@gmail.com", phone=""),
        event(ip="2001:DB8:1:2:3:4:5:6", email="b@gmail.com", phone="-"),
        event(ip="2001:db8:1:3::1", email=None),
    )
    ip = [re.findall("~[a-z2-7]*", text) for text in found["ip"]]
    assert all(len(parts) == 3 for parts in ip)  # subnet, host, and the text as it came
    subnet, host, raw = zip(*ip, strict=True)
    assert subnet[0] == subnet[1] == subnet[2] != subnet[3] == subnet[4] == subnet[5]
    assert host[0] == host[1] != host[2]
    assert host[3] == host[4] != host[5]
    assert len(set(raw)) == 6
    domain = [text and text[:27] for text in found["email"]]
    assert domain[0] == domain[1] == domain[2]
    assert [text and text[:2] for text in found["email"][3:]] == ["~~", "~~", None]
    assert found["email"][0] != found["email"][1]  # the mailbox is a kind of its own here
    assert found["phone"][0] == found["phone"][1] != found["phone"][2]
    assert found["phone"][3:] == ["", "~", None]


def test_all_that_name_an_account_name_it_alike(checker: Checker) -> None:
    found = columns(checker, event(account_id="b", sent_to="a", device_id="a", org_id="a"), event())
    one, two = found["account_id"]
    assert found["sent_to"][0] == two != one
    assert len({two, found["device_id"][0], found["org_id"][0]}) == 3


def test_a_forged_pseudonym_is_a_text_like_any(checker: Checker) -> None:
    victim = columns(checker, event(device_id="d", email="a@firm.example"))
    forged = columns(
        checker,
        event(device_id=victim["device_id"][0], sent_to=victim["account_id"][0],
              email=victim["email"][0], phone=victim["email"][0]),
    )  # fmt: skip
    before = {text for texts in victim.values() for text in texts if isinstance(text, str)}
    for name in ("device_id", "sent_to", "email", "phone"):
        (text,) = forged[name]
        assert re.fullmatch(FORM, text)
        assert not before & {text, *re.findall("~[a-z2-7]{26}", text)}, name
    found = checker.checked(body([event(ip="~" + "a" * 26 + "~" + "b" * 26)]))
    assert found.rejected["reason"].to_pylist() == ["impossible address"]


def test_an_account_cannot_be_called_as_a_pseudonym_is(checker: Checker) -> None:
    (victim,) = columns(checker, event())["account_id"]
    found = checker.checked(body([event(account_id=victim), event(account_id=f"{victim} ")]))
    assert found.events.num_rows == 1
    assert found.rejected["reason"].to_pylist() == ["an account called as a pseudonym is"]


def test_rejected_rows_keep_line_reason_and_whose_they_are(checker: Checker) -> None:
    found = checker.checked(body([event(), {"account_id": "a"}, {"account_id": "a"}, "text"]))
    rows = [json.loads(row) for row in found.rejected["row"].to_pylist()]
    (account,) = found.events["account_id"].to_pylist()
    assert [row.get("account_id") for row in rows] == [account, account, None]
    assert rows[0] == rows[1] != rows[2]
    assert all(re.fullmatch(FORM, row["row"]) for row in rows)
    assert found.rejected["line"].to_pylist() == [2, 3, 4]


values = st.one_of(st.none(), st.text(max_size=40), st.integers(), st.booleans())


@settings(max_examples=15)  # two engines each
@given(rows=st.lists(st.dictionaries(st.sampled_from([*MARKED, "ts"]), values), max_size=5))
def test_any_rows_are_accepted_as_plain_ones_are(
    rows: list[dict[str, Any]], checker: Checker, plain: Checker
) -> None:
    rows = [{"ts": TS, "account_id": "a", **row} for row in rows]
    one, other = plain.checked(body(rows)), checker.checked(body(rows))
    assert other.rejected.select(["line", "reason"]) == one.rejected.select(["line", "reason"])
    assert other.events.num_rows == one.events.num_rows
    told = {name: one.events[name].to_pylist() for name in REDUCED}
    prints = other.events["prompt_fingerprint"].to_pylist()
    assert [text is None for text in prints] == [
        all(text is None for text in texts) for texts in zip(*told.values(), strict=True)
    ]
    assert other.events["prompt"].null_count == other.events.num_rows
    for name in one.events.drop_columns(REDUCED).column_names:
        before, after = one.events[name].to_pylist(), other.events[name].to_pylist()
        assert [text is None for text in before] == [text is None for text in after], name


def test_events_of_different_keys_are_not_read_together(made_keys: Keys, tmp_path: Path) -> None:
    for name, privacy in (
        ("plain", Privacy()), ("one", made_keys.privacy), ("other", Privacy(Pseudonyms([SECRET]))),
    ):  # fmt: skip
        taken_in(tmp_path / name, [body([event(ip="192.0.2.1")])], Settings(), privacy)
    con = ibis.duckdb.connect()
    for number, pair in enumerate((("plain", "one"), ("one", "other"))):
        folders = [tmp_path / name / "events" for name in pair]
        with pytest.raises(InputError, match="cannot be read together"):
            read(con, folders, Settings(), tmp_path / f"work{number}")
    found = read(con, [tmp_path / "one" / "events"], Settings(), tmp_path / "work")
    assert (found.pseudonyms, found.rows) == (made_keys.privacy.key, 1)
    con.disconnect()


def test_a_workspace_is_of_one_key(made_keys: Keys, tmp_path: Path) -> None:
    key, plain, keyed = made_keys.privacy.key, tmp_path / "plain", tmp_path / "keyed"
    with open_state(tmp_path / "state.db") as state:
        for workspace, privacy in ((plain, Privacy()), (keyed, made_keys.privacy)):
            workspace.mkdir()
            admitted(workspace, state, privacy.key)
            taken_in(workspace, [body([event()])], Settings(), privacy)
            admitted(workspace, state, privacy.key)
        assert not (plain / FILE).exists()
        with pytest.raises(PrivacyError, match="holds names as they came"):
            admitted(plain, state, key)
        with pytest.raises(PrivacyError, match="names no hmac_key"):
            admitted(keyed, state, None)
        with pytest.raises(PrivacyError, match="pseudonyms of another key"):
            admitted(keyed, state, Pseudonyms([SECRET]).name)
        (keyed / FILE).write_text("{}")
        with pytest.raises(PrivacyError, match="damaged"):
            admitted(keyed, state, key)


def test_a_result_of_other_names_is_not_served(made_keys: Keys, tmp_path: Path) -> None:
    from tests.test_run import small_result

    result = small_result(tmp_path / "result")
    workspace = Workspace.at(tmp_path / "workspace")
    with open_state(workspace.state) as state:
        admitted(workspace.path, state, made_keys.privacy.key)
    with pytest.raises(PrivacyError, match="names as they came"):
        workspace.add(result)
    assert made_keys.privacy.key is not None
    mark(result, made_keys.privacy.key)
    workspace.add(result)
    (result / "pseudonyms.json").write_text("[]")
    with pytest.raises(ResultError, match="damaged"):
        workspace.add(result)


def test_what_the_vault_has_can_be_forgotten(made_keys: Keys, tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        made = pseudonymiser(made_keys.privacy, Settings(), lambda: journal.vaulted)
        checker = Checker(Settings(), 10, made)
        journal.append(checker.checked(body([event(device_id="d")])))
        assert checker.checked(body([event(device_id="d")])).vault == ROWS.empty_table()
        late = checker.checked(body([event(device_id="d", event_id="2")]))
        journal.forget_vaulted()
        with pytest.raises(Outdated):
            journal.append(late)
        again = checker.checked(body([event(device_id="d", event_id="2")]))
        assert again.vault is not None
        assert again.vault.num_rows == 2
        assert journal.append(again).accepted == 1
