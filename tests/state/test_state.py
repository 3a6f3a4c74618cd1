"""The state: keys, decisions, the allowlist, notes, and the schema that migrations make."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConflictError, NotFound, SettingsError, StateError
from linkage.state import (
    Action,
    AuditEntry,
    Scope,
    State,
    Subject,
    allowlist,
    audit,
    decisions,
    jobs,
    keys,
    notes,
    open_state,
)
from linkage.state.allowlist import Entry, Sort
from linkage.state.database import MIGRATIONS
from linkage.state.tables import metadata


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def test_migrations_make_the_tables(state: State) -> None:
    with state.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_each_revision_leads_to_the_last_with_its_rows(tmp_path: Path) -> None:
    for revision in sorted(path.stem[:4] for path in (MIGRATIONS / "versions").glob("0*.py")):
        path = tmp_path / f"{revision}.db"
        with open_state(path, upgrade=False) as old:
            old.upgrade(revision)
        with sqlite3.connect(path) as rows:
            rows.execute(
                "INSERT INTO decisions (at, actor, action, reason, basis) "
                "VALUES ('2026-06-01 00:00:00', 'me', 'ban', 'why', '{}')"
            )
            rows.execute(
                "INSERT INTO jobs (id, asked, actor, state) "
                "VALUES ('j00000001', '2026-06-01 00:00:00', 'me', 'done')"
            )
        with open_state(path) as new, new.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            assert [found.actor for found in decisions.page(connection)] == ["me"]
            assert [(job.id, job.deaths) for job in jobs.latest(connection)] == [("j00000001", 0)]


def test_a_schema_of_a_later_linkage_is_refused(tmp_path: Path) -> None:
    with open_state(tmp_path / "state.db"):
        pass
    with sqlite3.connect(tmp_path / "state.db") as rows:
        rows.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StateError, match="9999, which this linkage does not know"):
        open_state(tmp_path / "state.db")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database, and long enough to be seen as none" * 40)
    with pytest.raises(StateError, match="cannot be used"):
        open_state(tmp_path / "state.db")
    with pytest.raises(StateError, match="cannot be used"):
        open_state(tmp_path / "no such folder" / "state.db")
    with pytest.raises(StateError, match="cannot be opened"):
        open_state("nonsense")


def test_a_transaction_that_fails_leaves_nothing(state: State) -> None:
    def fail() -> None:
        with state.write() as connection:
            notes.append(connection, "me", "c1", "a note")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with state.read() as connection:
        assert notes.of_cluster(connection, "c1") == []


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    code = (
        "import os, pathlib, signal, sys\n"
        "from linkage.state import notes, open_state\n"
        "state = open_state(pathlib.Path(sys.argv[1]))\n"
        "with state.write() as c: notes.append(c, 'me', 'c1', 'kept')\n"
        "with state.write() as c:\n"
        "    notes.append(c, 'me', 'c1', 'lost')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -9
    with open_state(path) as state, state.read() as connection:
        assert [note.text for note in notes.of_cluster(connection, "c1")] == ["kept"]


def test_a_key_is_told_once_and_kept_as_a_hash(state: State, tmp_path: Path) -> None:
    with state.write() as connection:
        key, text = keys.create(connection, "gateway", [Scope.read, Scope.ingest])
    with state.read() as connection:
        assert keys.known(connection, text) == key
        assert keys.every(connection) == [key]
    secret = text[len("lk_") + 12 + 1 :].encode()
    for file in tmp_path.iterdir():
        assert secret not in file.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1] + ("x" if text[-1] != "x" else "y"),
        lambda text: text + "x",
        lambda text: text.replace("lk_", "lk"),
        lambda text: "lk_" + "0" * 12 + text[15:],
        lambda text: text.upper(),
        lambda text: "' OR 1=1 --",
        lambda text: "\ud800",
    ],
)
def test_nothing_else_is_the_key(state: State, change: object) -> None:
    assert callable(change)
    with state.write() as connection:
        _, text = keys.create(connection, "gateway", [Scope.read])
    with state.read() as connection:
        assert keys.known(connection, change(text)) is None


def test_a_key_ends(state: State) -> None:
    now = datetime.now(UTC)
    with state.write() as connection:
        key, text = keys.create(connection, "one", [Scope.read], now + timedelta(days=1))
        other, _ = keys.create(connection, "two", [Scope.admin])
    assert key.works(now)
    assert not key.works(now + timedelta(days=1))
    with state.write() as connection:
        gone = keys.revoke(connection, other.id)
        assert keys.revoke(connection, other.id) == gone
        with pytest.raises(NotFound, match="no such key"):
            keys.revoke(connection, "nobody")
    assert not gone.works(now)
    with state.read() as connection:
        assert keys.known(connection, text) == key


def test_a_key_must_be_somebodys(state: State) -> None:
    with pytest.raises(SettingsError) as fault, state.write() as connection:
        keys.create(connection, " ", [], datetime(2020, 1, 1, tzinfo=UTC))
    assert [line.split(":")[0] for line in fault.value.faults] == ["name", "scopes", "expires"]


def test_the_last_decision_holds(state: State) -> None:
    with state.write() as connection:
        for action, subject in (
            (Action.ban, Subject("c1", ("a", "b"))),
            (Action.watch, Subject("c2", ("c",))),
            (Action.clear, Subject(None, ("a",))),
            (Action.not_same_operator, Subject("c2", ("x",), ("c",))),
        ):
            decisions.append(connection, "me", action, subject, "why")
    with state.read() as connection:
        assert decisions.cluster_states(connection) == {"c1": "banned", "c2": "watched"}
        assert decisions.account_states(connection, ["a", "b", "c", "x", "nobody"]) == {
            "a": "cleared", "b": "banned", "c": "watched",
        }  # fmt: skip
        made = decisions.page(connection)
        assert [decision.number for decision in made] == [4, 3, 2, 1]
        assert (made[0].accounts, made[0].others) == (1, 1)
        assert [d.number for d in decisions.page(connection, account_id="c")] == [4, 2]
        assert [d.number for d in decisions.page(connection, cluster_id="c1")] == [1]
        assert [d.number for d in decisions.page(connection, before=3, most=1)] == [2]
        assert [d.number for d in decisions.page(connection, action=Action.clear)] == [3]
        assert decisions.accounts_of(connection, 4, side=1) == ["c"]


def test_a_request_that_is_sent_again_decides_once(state: State) -> None:
    with state.write() as connection:
        made = decisions.append(
            connection, "me", Action.ban, Subject("c1", ("a",)), "why", key="k1"
        )
    with state.write() as connection:
        # The cluster has grown meanwhile: it is the same request.
        again = decisions.append(
            connection, "me", Action.ban, Subject("c1", ("a", "b")), "why", key="k1"
        )
        other = decisions.append(
            connection, "you", Action.ban, Subject("c1", ("a",)), "why", key="k1"
        )
    assert (again.again, again.decision) == (True, made.decision)
    assert not other.again
    with pytest.raises(ConflictError, match="k1"), state.write() as connection:
        decisions.append(connection, "me", Action.clear, Subject("c1", ("a",)), "why", key="k1")


def test_decisions_at_once_are_all_kept(state: State) -> None:
    def decide(number: int) -> bool:
        with state.write() as connection:
            subject = Subject(None, (f"a{number}",))
            made = decisions.append(
                connection, "me", Action.ban, subject, "why", key=f"k{number % 20}"
            )
        return made.again

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(decide, range(20)))
    with state.read() as connection:
        assert len(decisions.page(connection)) == 20


def test_a_decision_about_very_many(state: State) -> None:
    accounts = tuple(f"a{number:05}" for number in range(24_000))
    with state.write() as connection:
        made = decisions.append(connection, "me", Action.ban, Subject("c", accounts), "why")
    assert made.decision.accounts == len(accounts)
    with state.read() as connection:
        assert set(decisions.account_states(connection, accounts)) == set(accounts)


def entry(value: str, reason: str = "why", expires: datetime | None = None) -> Entry:
    return Entry(Sort.account, "", value, reason, expires)


def test_the_allowlist_is_replaced_by_who_knows_it(state: State) -> None:
    with state.write() as connection:
        one = allowlist.replace(connection, "me", [entry("a"), entry("b")], None)
    with state.write() as connection:
        two = allowlist.replace(connection, "you", [entry("b"), entry("c")], one.version)
    assert [(each.entry.value, each.actor) for each in two.entries] == [("b", "me"), ("c", "you")]
    with pytest.raises(ConflictError, match="has changed"), state.write() as connection:
        allowlist.replace(connection, "me", [], one.version)
    with state.read() as connection:
        assert allowlist.current(connection) == two
        rows = connection.execute(sa.text("SELECT value, ended_by FROM allowlist")).all()
    assert sorted(tuple(row) for row in rows) == [("a", "you"), ("b", None), ("c", None)]


def test_an_entry_expires(state: State) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with state.write() as connection:
        found = allowlist.replace(connection, "me", [entry("a", expires=soon)], None)
    assert [each.entry.expires for each in found.entries] == [soon]
    with state.read() as connection:
        later = allowlist.current(connection, soon)
    assert later.entries == ()
    assert later.version != found.version


@given(lists=st.lists(st.lists(st.sampled_from("abcde"), unique=True), max_size=6))
def test_the_list_is_what_was_put_last(
    lists: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_state(tmp_path_factory.mktemp("state") / "state.db") as state:
        for values in lists:
            with state.write() as connection:
                allowlist.replace(connection, "me", [entry(value) for value in values], None)
        with state.read() as connection:
            found = allowlist.current(connection)
    assert [each.entry.value for each in found.entries] == sorted(lists[-1] if lists else [])


def test_the_audit_keeps_the_order(state: State) -> None:
    now = datetime.now(UTC)
    entries = [AuditEntry(now, "me", "account", f"a{number}", "r") for number in range(5)]
    with state.write() as connection:
        audit.append(connection, entries)
        audit.append(connection, [])
    with state.read() as connection:
        assert audit.latest(connection, 3) == entries[:1:-1]


def test_a_time_without_a_zone_is_refused(state: State) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a zone"), state.read() as connection:
        allowlist.current(connection, datetime(2026, 6, 1))
