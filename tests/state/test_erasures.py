"""An account's name goes out of the state, and nothing else does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkage.state import (
    Action,
    AuditEntry,
    DecisionLog,
    State,
    Subject,
    allowlist,
    audit,
    decisions,
    erasures,
    notes,
    open_state,
)
from linkage.state.allowlist import Entry, Sort
from linkage.state.erasures import FORM, Erasure, tombstone, withheld
from linkage.state.judging import holding, standing

NOW = datetime(2026, 6, 30, tzinfo=UTC)
NAME = "ada-7"
OTHERS = "17, 7-1, 7@x, a-7, 7.5, 5.7"
GONE = Erasure(NAME, (NAME, "Ada\tSeven"), tombstone(), ("sent_to",), "me", "she asked", NOW, "r1")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def filled(state: State) -> None:
    """Whatever can name an account, and neighbours of hers."""
    with state.write() as connection:
        for number, accounts in enumerate(([NAME, "bob"], [NAME], ["ada-77", "bob"])):
            decisions.append(
                connection, "me", Action.ban, Subject("c1", tuple(accounts)), f"as {NAME}, ada-77",
                key=f"k{number}",
            )  # fmt: skip
        decisions.append(
            connection, "me", Action.not_same_operator, Subject(None, ("bob",), (NAME,)), "kin"
        )
        listed = [
            Entry(Sort.account, "", NAME, "a", None), Entry(Sort.account, "", "bob", "b", None),
            Entry(Sort.artifact, "sent_to", NAME, "c", None),
            Entry(Sort.artifact, "device", NAME, "a device called so", None),
        ]  # fmt: skip
        allowlist.replace(connection, "me", listed, None)
        notes.append(connection, "me", "c1", f"{NAME} (Ada\tSeven) and ada-77; see {NAME}.")
        subjects = [("account", NAME), ("link", f"bob {NAME}"), ("link", "bob ada-77"),
                    ("account", r"Ada\tSeven"), ("decision", "7"), ("look up", NAME)]  # fmt: skip
        said = [AuditEntry(NOW, "key", action, subject, "") for action, subject in subjects]
        audit.append(connection, said)


def erased(state: State, gone: Erasure = GONE) -> int:
    with state.write() as connection:
        rows = erasures.replace(connection, gone)
        erasures.register(connection, gone)
    state.compact()
    return rows


def test_a_tombstone_stands_wherever_it_was_named(state: State) -> None:
    filled(state)
    with state.read() as connection:
        before = decisions.page(connection)
    assert erased(state) == 13
    with state.read() as connection:
        after = decisions.page(connection)
        assert [(d.number, d.at, d.accounts, d.others) for d in after] == [
            (d.number, d.at, d.accounts, d.others) for d in before
        ]
        assert decisions.accounts_of(connection, 1) == ["bob", GONE.tombstone]
        assert [d.reason for d in after[1:]] == [f"as {GONE.tombstone}, ada-77"] * 3
        (note,) = notes.of_cluster(connection, "c1")
        assert note.text == f"{GONE.tombstone} ({GONE.tombstone}) and ada-77; see {GONE.tombstone}."
        held = holding(connection)
        assert held.accounts == {"bob"}
        assert held.artifacts == {("device", NAME)}
        assert standing(connection).banned.keys() == {"bob", "ada-77"}
        said = [(entry.action, entry.subject) for entry in reversed(audit.latest(connection, 99))]
    gone = GONE.tombstone
    assert said == [
        ("account", gone), ("link", f"bob {gone}"), ("link", "bob ada-77"), ("account", gone),
        ("decision", "7"), ("look up", gone), ("erase", f"{gone}: she asked"),
    ]  # fmt: skip


def test_nothing_of_it_is_left_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with open_state(path) as state:
        with state.write() as connection:
            connection.exec_driver_sql("CREATE TABLE filling (text)")
            connection.exec_driver_sql(f"INSERT INTO filling VALUES ('{NAME} {'x' * 9000}')")
        filled(state)
        with sqlite3.connect(path) as other:  # as another process that has it open
            other.execute("SELECT count(*) FROM decisions").fetchone()
            with state.write() as connection:
                connection.exec_driver_sql("DROP TABLE filling")
                connection.exec_driver_sql("DELETE FROM allowlist WHERE kind = 'device'")
            erased(state)
            files = [file.read_bytes() for file in tmp_path.iterdir()]
    assert len(files) >= 2  # its log is looked at too
    assert not [file for file in files if NAME.encode() in file.replace(b"ada-77", b"")]


def test_again_is_the_same(state: State) -> None:
    filled(state)
    erased(state)
    assert erased(state) == 0
    with state.read() as connection:
        assert erasures.known(connection) == {GONE.tombstone}
        assert [e.action for e in audit.latest(connection, 99)].count("erase") == 1


def test_a_request_that_named_it_is_not_known_again(state: State) -> None:
    filled(state)
    erased(state)
    with state.write() as connection:
        again = decisions.append(
            connection, "me", Action.ban, Subject("c1", ("ada-77", "bob")), f"as {NAME}, ada-77",
            key="k2",
        )  # fmt: skip
        assert again.again
        other = decisions.append(connection, "me", Action.ban, Subject(None, ("x",)), "y", key="k1")
        assert not other.again


def test_the_log_in_memory_forgets(state: State) -> None:
    filled(state)
    log = DecisionLog(state)
    assert log.now().account_state(NAME) == "banned"
    erased(state)
    log.forget()
    assert log.now().account_state(NAME) == "open"
    assert log.now().account_state("bob") == "banned"
    log.close()


def test_long_names_are_found_where_they_were_cut(state: State) -> None:
    name = "x" * 400
    with state.write() as connection:
        audit.append(connection, [AuditEntry(NOW, "key", "link", f"bob {name}"[:299] + "…", "")])
    gone = Erasure(name, (name,), tombstone(), (), "me", "why", NOW)
    assert erased(state, gone) == 1
    with state.read() as connection:
        assert audit.latest(connection, 9)[-1].subject == gone.tombstone


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("7", "#"), ("see 7.", "see #."), (OTHERS, OTHERS), ("(7)", "(#)"),
        ("7, 7; 7", "#, #; #"), ("account:7 /a/7/b", "account:# /a/#/b"), ("", ""),
    ],
)  # fmt: skip
def test_a_name_is_replaced_where_it_stands_by_itself(text: str, told: str) -> None:
    assert withheld(text, ["7"], "#") == told


def test_tombstones_are_told_by_their_form() -> None:
    made = {tombstone() for _ in range(20)}
    assert len(made) == 20
    assert all(FORM.fullmatch(one) for one in made)
