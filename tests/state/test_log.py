"""What is decided by now: the log in memory against the database, whoever decides."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import StateError
from linkage.state import Action, DecisionLog, State, Subject, decisions, open_state
from linkage.state.decisions import OPEN

ACCOUNTS, CLUSTERS = [f"a{n}" for n in range(5)], ["c1", "c2", None]
subjects = st.builds(
    Subject,
    st.sampled_from(CLUSTERS),
    st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=4).map(tuple),
    st.lists(st.sampled_from(ACCOUNTS), max_size=3).map(tuple),
)
judgements = st.lists(st.tuples(st.sampled_from(list(Action)), subjects), max_size=6)

ANOTHER = """
import sys
from pathlib import Path
from linkage.state import Action, Subject, decisions, open_state
with open_state(Path(sys.argv[1])) as state, state.write() as connection:
    decisions.append(connection, "other", Action.ban, Subject("c1", ("a1", "a2")), "from elsewhere")
"""


@pytest.fixture(params=["counted", "asked"])
def log(state: State, request: pytest.FixtureRequest) -> Iterator[DecisionLog]:
    """A log over a database that counts what is written, or as over one that must be asked."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "asked":
            patch.setattr(State, "watch", lambda _: None)
        made = DecisionLog(state)
    assert made.at_hand == (request.param == "counted")
    yield made
    made.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as made:
        yield made


def decided(state: State, action: Action, subject: Subject) -> None:
    with state.write() as connection:
        decisions.append(connection, "ana", action, subject, "looked at it")


def agrees(state: State, log: DecisionLog) -> None:
    """The log says what the database says, of everything."""
    now = log.now()
    with state.read() as connection:
        states = decisions.account_states(connection, ACCOUNTS)
        clusters = decisions.cluster_states(connection)
        assert now.cluster_states == clusters
        for account in ACCOUNTS:
            assert now.account_state(account) == states.get(account, OPEN)
            about = decisions.page(connection, account_id=account, most=3)
            assert now.about_account(account, 3) == about
        for cluster in ("c1", "c2", "c3"):
            assert now.cluster_state(cluster) == clusters.get(cluster, OPEN)
            about = decisions.page(connection, cluster_id=cluster, most=2)
            assert now.about_cluster(cluster, 2) == about


@given(made=judgements)
@settings(max_examples=30)
def test_the_log_says_what_the_database_says(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[Action, Subject]]
) -> None:
    with open_state(tmp_path_factory.mktemp("log") / "state.db") as state:
        log = DecisionLog(state)
        for action, subject in made:
            agrees(state, log)
            decided(state, action, subject)
        agrees(state, log)
        log.close()


def test_decisions_of_another_process_are_there_at_once(
    state: State, log: DecisionLog, tmp_path: Path
) -> None:
    assert log.now().account_state("a1") == OPEN
    subprocess.run([sys.executable, "-c", ANOTHER, str(tmp_path / "state.db")], check=True)
    assert log.now().account_state("a1") == "banned"
    assert log.now().cluster_state("c1") == "banned"
    agrees(state, log)


def test_one_with_a_lower_number_may_be_committed_later(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    for action in (Action.ban, Action.watch):
        decided(state, action, Subject(None, ("a1",)))
    monkeypatch.setattr(State, "watch", lambda _: None)
    log = DecisionLog(state)
    # As a database does that numbers decisions when they begin: the first is not there yet.
    with monkeypatch.context() as patch:
        patch.setattr(decisions, "count", lambda _: 1)
        patch.setattr(decisions, "after", lambda connection, _: [decisions.one(connection, 2)])
        patch.setattr(decisions, "accounts_after", lambda *_: [("a1", 2)])
        assert [made.number for made in log.now().about_account("a1", 9)] == [2]
    agrees(state, log)


def test_many_threads_see_their_own_decisions(state: State, log: DecisionLog) -> None:
    def decides(number: int) -> bool:
        account = f"b{number}"
        decided(state, Action.clear, Subject(None, (account,)))
        return log.now().account_state(account) == "cleared"

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(decides, range(40)))
    assert len(log.now().by_number) == 40


def test_what_cannot_be_asked_is_not_taken_for_known(
    state: State, log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.now()
    decided(state, Action.ban, Subject(None, ("a1",)))

    def fails(_: object) -> int:
        raise StateError("away")

    with monkeypatch.context() as patch:
        patch.setattr(decisions, "count", fails)
        for _ in range(2):
            with pytest.raises(StateError):
                log.now()
    assert log.now().account_state("a1") == "banned"


def test_accounts_of_a_decision_share_its_number(state: State, log: DecisionLog) -> None:
    decided(state, Action.ban, Subject("c1", tuple(ACCOUNTS)))
    now = log.now()
    assert len({id(now.of_account[account]) for account in ACCOUNTS}) == 1
