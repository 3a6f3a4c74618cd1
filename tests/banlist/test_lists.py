"""Who comes onto a list and who goes off it: a planted world, decisions, and time that goes by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from linkage.banlist import BanlistSettings, Draft, Entry, Measure
from linkage.banlist.changes import between
from linkage.banlist.settings import load
from linkage.banlist.store import Lists, Published
from linkage.errors import ConflictError, OverBudget
from linkage.pipeline import detect
from linkage.publishing import drafted, published
from linkage.run import Run
from linkage.state import Action, AuditEntry, State, Subject, allowlist, decisions, open_state
from linkage.state.allowlist import Entry as Allowed
from linkage.state.allowlist import Sort
from linkage.workspace import Workspace
from tests import worlds

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
RULES = BanlistSettings(most_share=1, most_hours=48)


@pytest.fixture(scope="module")
def planted() -> worlds.World:
    return worlds.planted()


@pytest.fixture(scope="module")
def result(planted: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed")
    source = worlds.write(planted.events, folder / "events.parquet")
    return detect(source, folder / "result", worlds.settings())


@pytest.fixture
def workspace(result: Path, tmp_path: Path) -> Workspace:
    made = Workspace.at(tmp_path / "workspace")
    made.add(result)
    return made


@pytest.fixture
def state(workspace: Workspace) -> Iterator[State]:
    with open_state(workspace.state) as opened:
        yield opened


Build = Callable[..., Draft]
Publish = Callable[..., Published]


@pytest.fixture
def build(workspace: Workspace, state: State) -> Build:
    def made(now: datetime = NOW, rules: BanlistSettings = RULES) -> Draft:
        return drafted(workspace, state, Lists(workspace.path), rules, now)

    return made


@pytest.fixture
def publish(workspace: Workspace, state: State, build: Build) -> Publish:
    def made(now: datetime = NOW, rules: BanlistSettings = RULES) -> Published:
        said = AuditEntry(now, "me", "publish", "", "")
        return published(workspace, build(now, rules), state, Lists(workspace.path), KEY, said)

    return made


def decide(state: State, action: str, accounts: Sequence[str], cluster: str | None = None) -> int:
    with state.write() as connection:
        made = decisions.append(
            connection, "me", Action(action), Subject(cluster, tuple(accounts)), "why"
        )
    return made.decision.number


def accounts(found: Draft) -> set[str]:
    return {entry.account_id for entry in found.entries}


def test_a_list_has_what_the_run_lists_each_with_reasons_and_an_end(
    result: Path, build: Build
) -> None:
    run = Run.open(result)
    found = build()
    assert accounts(found) == set(run.banlist.account_id)
    scores = dict(zip(run.clusters.cluster_id, run.clusters.score, strict=True))
    for entry in found.entries:
        assert entry.score == pytest.approx(scores[entry.cluster_id], abs=1e-3)
        assert entry.reasons[0] == "network"
        assert len(entry.reasons) == 4
        assert entry.listed_at == NOW < entry.expires_at
        bar = {"ban": RULES.ban_score, "limit": RULES.limit_score, "challenge": -9.0}
        assert entry.score is not None
        assert entry.score >= bar[entry.action]


def test_nobody_who_was_cleared_or_allowlisted_is_listed_whatever_else_is_decided(
    planted: worlds.World, state: State, build: Build
) -> None:
    network = sorted(planted.accounts("network0"))
    decide(state, "clear", network[:3])
    decide(state, "ban", [network[3], "stranger"])
    with state.write() as connection:
        entries = [Allowed(Sort.account, "", name, "ours", None) for name in network[3:5]]
        allowlist.replace(connection, "me", entries, None)
    found = build()
    assert not accounts(found) & set(network[:5])
    assert set(network[5:]) | {"stranger"} <= accounts(found)
    assert found.report.spared == 5


def test_a_decision_to_ban_lists_whoever_it_names_until_it_must_be_made_again(
    planted: worlds.World, state: State, build: Build
) -> None:
    one = min(planted.accounts("ordinary"))
    number = decide(state, "ban", [one])
    (entry,) = [e for e in build(datetime.now(UTC)).entries if e.account_id == one]
    assert (entry.action, entry.reasons) == (Measure.ban, ("decided_by_a_person",))
    assert (entry.decision, entry.cluster_id, entry.score) == (number, None, None)
    later = datetime.now(UTC) + timedelta(days=RULES.decided_days + 1)
    assert one not in accounts(build(later))
    decide(state, "watch", [one])
    assert one not in accounts(build(datetime.now(UTC)))


def test_what_the_run_says_stands_beside_what_a_person_decided(
    result: Path, state: State, build: Build
) -> None:
    run = Run.open(result)
    row = run.members[run.members.proposal == "review"].iloc[0]
    scores = dict(zip(run.clusters.cluster_id, run.clusters.score, strict=True))
    decide(state, "ban", [str(row.account_id)])
    (entry,) = [e for e in build(NOW).entries if e.account_id == row.account_id]
    assert (entry.action, entry.cluster_id) == (Measure.ban, row.cluster_id)
    assert entry.reasons[:2] == ("decided_by_a_person", "network")
    assert entry.score == pytest.approx(scores[row.cluster_id], abs=1e-3)
    assert entry.confidence == pytest.approx(row.confidence, abs=1e-2)


def test_who_is_on_the_list_and_does_nothing_any_more_stays_until_it_ends(
    planted: worlds.World, workspace: Workspace, publish: Publish, build: Build, tmp_path: Path
) -> None:
    first = publish()
    gone = sorted(planted.accounts("network0"))
    rest = planted.events[~planted.events.account_id.isin(gone)]
    source = worlds.write(rest, tmp_path / "later.parquet")
    workspace.add(detect(source, tmp_path / "later", worlds.settings()))
    soon = build(NOW + timedelta(days=1))
    assert set(gone) <= accounts(soon)
    assert all(entry == first.entries[entry.account_id]
               for entry in soon.entries if entry.account_id in gone)  # fmt: skip
    assert not set(gone) & accounts(build(NOW + timedelta(days=400)))


def test_who_is_listed_again_is_so_since_the_first_time_and_until_later(
    publish: Publish, build: Build
) -> None:
    first = publish()
    again = build(NOW + timedelta(days=1))
    for entry in again.entries:
        before = first.entries[entry.account_id]
        assert entry == replace(before, expires_at=before.expires_at + timedelta(days=1))
    assert (again.report.added, again.report.removed, again.report.changed) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        ({"most_share": 0.01}, "most_share"),
        ({"most_new": 10}, "most_new"),
        ({"most_cluster": 40}, "most_cluster"),
        ({"most_hours": 0.5}, "most_hours"),
    ],
)
def test_nothing_is_published_over_budget_unless_somebody_says_why(
    workspace: Workspace, state: State, build: Build, rules: dict[str, float], name: str
) -> None:
    lists = Lists(workspace.path)
    found = build(NOW, RULES.model_copy(update=rules))
    said = AuditEntry(NOW, "me", "publish", "", "")
    with pytest.raises(OverBudget, match=name):
        published(workspace, found, state, lists, KEY, said)
    assert lists.numbers() == []
    made = published(workspace, found, state, lists, KEY, said, "the office agreed")
    assert made.head.override == "the office agreed"
    assert lists.verify(KEY.public_key()) == 1


def test_a_cluster_that_a_person_decided_to_ban_needs_no_budget(
    planted: worlds.World, result: Path, state: State, build: Build
) -> None:
    network = planted.accounts("network0")
    run = Run.open(result)
    (cluster,) = run.members[run.members.account_id.isin(network)].cluster_id.unique()
    assert build().report.undecided == len(network)
    decide(state, "ban", sorted(network), cluster)
    assert build(datetime.now(UTC)).report.undecided == len(planted.accounts("network1"))


def test_what_is_decided_after_a_draft_stops_it(
    workspace: Workspace, state: State, build: Build
) -> None:
    found = build()
    decide(state, "clear", [found.entries[0].account_id])
    said = AuditEntry(NOW, "me", "publish", "", "")
    with pytest.raises(ConflictError, match="draft it again"):
        published(workspace, found, state, Lists(workspace.path), KEY, said)
    assert Lists(workspace.path).numbers() == []


def test_another_run_stops_a_draft(
    workspace: Workspace, state: State, build: Build, result: Path, tmp_path: Path
) -> None:
    found, said = build(), AuditEntry(NOW, "me", "publish", "", "")
    other = shutil.copytree(result, tmp_path / "other")
    info = json.loads((other / "run.json").read_text("utf-8"))
    (other / "run.json").write_text(json.dumps(info | {"version": "another"}), "utf-8")
    workspace.add(other)
    with pytest.raises(ConflictError, match="another run"):
        published(workspace, found, state, Lists(workspace.path), KEY, said)
    workspace.serve(found.run)
    assert published(workspace, found, state, Lists(workspace.path), KEY, said).head.number == 1


def test_a_draft_grows_old(workspace: Workspace, state: State, build: Build) -> None:
    found, lists = build(), Lists(workspace.path)
    assert not found.report.over
    late = AuditEntry(NOW + timedelta(hours=RULES.most_hours), "me", "publish", "", "")
    with pytest.raises(OverBudget, match="most_hours"):
        published(workspace, found, state, lists, KEY, late)
    made = published(workspace, found, state, lists, KEY, late, "nothing has changed")
    assert made.head.override == "nothing has changed"


def test_to_free_somebody_takes_neither_budget_nor_a_new_run(
    planted: worlds.World, workspace: Workspace, state: State, publish: Publish
) -> None:
    one = min(planted.accounts("ordinary"))
    number = decide(state, "ban", [one])
    first = publish()
    assert first.entries[one].decision == number
    network = sorted(planted.accounts("network0"))
    decide(state, "clear", network[:1])
    decide(state, "watch", [one])
    decide(state, "ban", sorted(planted.accounts("ordinary"))[-1:])  # comes onto the next list
    late, lists = NOW + timedelta(days=6), Lists(workspace.path)
    found = drafted(workspace, state, lists, RULES, late, freeing=True)
    assert (found.report.over, found.report.added, found.report.removed) == ((), 0, 2)
    assert lists.kept(lists.keep(found)) == found
    workspace.pointer.write_text("another\n")
    made = published(workspace, found, state, lists, KEY, AuditEntry(late, "me", "publish", "", ""))
    gone = {network[0], one}
    assert made.entries == {a: e for a, e in first.entries.items() if a not in gone}
    assert made.head.override is None


def test_a_draft_is_kept_as_it_was(workspace: Workspace, build: Build) -> None:
    lists, found = Lists(workspace.path), build()
    assert lists.kept(lists.keep(found)) == found


SETS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(list(Measure)), max_size=4)


@given(st.lists(SETS, min_size=1, max_size=5), st.lists(st.integers(0, 2), max_size=8))
def test_whoever_follows_the_changes_ends_with_the_list(
    lists: list[dict[str, Measure]], steps: list[int]
) -> None:
    """From any point, with repeats (a step of 0) and gaps (of 2)."""
    sets = [{}, *({a: _entry(a, m) for a, m in one.items()} for one in lists)]
    have: dict[str, Entry] = {}
    at = 0
    for step in [*steps, len(lists)]:
        to = min(len(lists), at + step)
        found = between(sets[at], sets[to], at, to)
        have = {a: e for a, e in have.items() if a not in found.unlisted}
        have |= {e.account_id: e for e in found.listed}
        at = to
        assert have == sets[at]
    assert at == len(lists)


def _entry(account: str, action: Measure) -> Entry:
    return Entry(account, action, (), None, None, None, None, NOW, NOW)


def test_a_key_that_a_file_names_is_where_that_file_is(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "linkage.toml"
    path.parent.mkdir()
    path.write_text('[banlist]\nsigning_key = "keys/banlist.key"\n')
    assert load(path, {}).signing_key == path.parent / "keys" / "banlist.key"
    given = {"LINKAGE_BANLIST_SIGNING_KEY": "keys/other.key"}
    assert load(path, given).signing_key == Path("keys/other.key")
    path.write_text('[banlist]\nsigning_key = "/keys/banlist.key"\n')
    assert load(path, {}).signing_key == Path("/keys/banlist.key")
