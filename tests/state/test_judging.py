"""Which judgements hold, and what was known when they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.judgements import KNOWN, Apart
from linkage.obeying import judgements
from linkage.state import Action, State, Subject, allowlist, decisions, open_state
from linkage.state.allowlist import Entry, Sort
from linkage.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def state(workspace: Workspace) -> Iterator[State]:
    with open_state(workspace.state) as opened:
        yield opened


def decide(
    state: State, action: str, accounts: Sequence[str], others: Sequence[str] = (), **named: str
) -> int:
    subject = Subject(named.get("cluster"), tuple(accounts), tuple(others))
    with state.write() as connection:
        made = decisions.append(
            connection, "me", Action(action), subject, "why", run=named.get("run")
        )
    return made.decision.number


def test_the_last_decision_about_an_account_says_whether_it_is_cleared(
    workspace: Workspace, state: State
) -> None:
    decide(state, "clear", ["a", "b", "c"], cluster="c1")
    decide(state, "ban", ["b"])
    decide(state, "watch", ["c"])
    last = decide(state, "clear", ["c", "d"])
    found = judgements(workspace, state)
    assert found.cleared == {"a": 1, "c": last, "d": last}
    assert found.decisions == last


def test_not_the_same_operator_is_of_two_or_of_one_and_a_cluster(
    workspace: Workspace, state: State
) -> None:
    decide(state, "not_same_operator", ["a"], ["b"])
    decide(state, "not_same_operator", ["x"], ["a", "b", "c"], cluster="c1")
    found = judgements(workspace, state)
    assert found.apart == (
        Apart(1, "a", ("b",), strict=False),
        Apart(2, "x", ("a", "b", "c"), strict=True),
    )


def test_who_bans_two_together_later_says_that_they_are_one(
    workspace: Workspace, state: State
) -> None:
    decide(state, "ban", ["a", "b"])
    decide(state, "not_same_operator", ["a"], ["b"])
    decide(state, "not_same_operator", ["x"], ["b", "c"], cluster="c1")
    decide(state, "ban", ["x"])
    assert len(judgements(workspace, state).apart) == 2
    decide(state, "ban", ["a", "b", "x"])
    assert judgements(workspace, state).apart == (Apart(3, "x", ("c",), strict=True),)


def test_what_was_known_is_in_the_snapshot_or_else_in_the_run(
    workspace: Workspace, state: State
) -> None:
    rows = [("a", "ip", "in the run"), ("b", "ip", "in the run"), ("z", "ip", "of another")]
    evidence(workspace.run("r1"), rows)
    decide(state, "clear", ["a", "b", "c"], run="r1")
    second = decide(state, "clear", ["b"], run="r1")
    evidence(workspace.snapshot(second), [("b", "device", "in the snapshot")])
    decide(state, "clear", ["d"], run="gone")
    known = judgements(workspace, state).known
    assert known.schema == KNOWN
    assert {tuple(row.values()) for row in known.to_pylist()} == {
        ("a", "ip", "in the run"), ("b", "device", "in the snapshot"),
    }  # fmt: skip


def evidence(folder: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    folder.mkdir(parents=True)
    table = pa.table(list(zip(*rows, strict=True)), schema=KNOWN)
    events = pa.array([1] * table.num_rows)
    pq.write_table(table.append_column("events", events), folder / "evidence.parquet")


def test_the_allowlist_holds_until_it_ends(workspace: Workspace, state: State) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    entries = [
        Entry(Sort.account, "", "a", "ours", None),
        Entry(Sort.organisation, "", "o", "ours", soon),
        Entry(Sort.artifact, "ip", "192.0.2.1", "a campus", None),
        Entry(Sort.artifact, "ip", "192.0.2.2", "was one", soon - timedelta(hours=2)),
    ]
    with state.write() as connection:
        listed = allowlist.replace(connection, "me", entries, None)
    found = judgements(workspace, state)
    assert found.accounts == {"a"}
    assert found.organisations == {"o"}
    assert found.artifacts == {("ip", "192.0.2.1")}
    assert found.allowlist == listed.version
