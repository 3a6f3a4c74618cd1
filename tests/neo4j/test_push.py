"""Pushing runs into a real Neo4j: once, twice, several at once, and while somebody reads."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neo4j import Driver

from linkage.errors import GraphError
from linkage.graph import run_id
from linkage.graph.neo4j import Database, Neo4jGraph, Neo4jPublisher, Scope, Target, run_key
from linkage.pipeline import detect
from tests import worlds
from tests.contracts.made import made_result
from tests.neo4j.pushing import another, count, dump, in_a_process, pushed
from tests.test_run import info, small_result

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ALL, FLAGGED = Scope.all, Scope.flagged
HOLDERS = 20_000  # of one artifact


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of many ties and hostile words."""
    return made_result(tmp_path_factory.mktemp("result") / "made", clusters=20)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another run, with other clusters."""
    made = made_result(tmp_path_factory.mktemp("result") / "made", clusters=25)
    return another(made.parent / "later", made, version="0.0.later")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few accounts."""
    return small_result(tmp_path_factory.mktemp("result") / "small")


def keys(target: Target) -> dict[str, Any]:
    """The runs in the database: whether each is shown."""
    with closing(Database(target)) as database:
        return {row["run"]: row["shown"] for row in Neo4jPublisher(database).runs()}


def key(folder: Path, scope: Scope = ALL) -> str:
    """What a run's graph goes by."""
    return run_key(run_id(folder), scope)


def stopping(after: int) -> Callable[[str, float], None]:
    """Progress that fails when it is told of the so manieth time."""
    told = 0

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        told += 1
        if told == after:
            raise InterruptedError(stage)

    return progress


# --- once, and again


def test_a_second_push_changes_nothing(target: Target, driver: Driver, made: Path) -> None:
    first = pushed(target, made)
    assert not first.already
    assert first.parts["accounts"] > 0
    before = dump(driver)
    assert count(driver, "MATCH (a:Account) RETURN count(a)") > 90
    again = pushed(target, made)
    assert (again.already, again.parts, again.dropped) == (True, {}, ())
    assert dump(driver) == before
    assert max(before.values()) == 1


def test_scopes_take_each_others_place(target: Target, driver: Driver, small: Path) -> None:
    pushed(target, small)
    everything = dump(driver)
    assert pushed(target, small, FLAGGED).dropped == (key(small),)
    assert keys(target) == {key(small, FLAGGED): True}
    some = dump(driver)
    assert count(driver, "MATCH (a:Account) RETURN count(a)") == 7
    assert not pushed(target, small).already
    assert dump(driver) == everything
    pushed(target, small, FLAGGED)
    assert dump(driver) == some


def test_nothing_flagged_is_a_graph_as_well(target: Target, driver: Driver, tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    clusters = pq.read_table(folder / "clusters.parquet").to_pylist()
    rows = [{**row, "proposal": "none"} for row in clusters]
    pq.write_table(pa.Table.from_pylist(rows), folder / "clusters.parquet")
    assert not pushed(target, folder, FLAGGED).already
    assert count(driver, "MATCH (n) WHERE NOT n:Run AND NOT n:LinkageGraph RETURN count(n)") == 0
    assert keys(target) == {key(folder, FLAGGED): True}
    assert pushed(target, folder, FLAGGED).already


@pytest.mark.usefixtures("small_batches")
def test_what_was_interrupted_is_gone_on_with(
    target: Target, driver: Driver, made: Path, later: Path, seed: int
) -> None:
    pushed(target, made)
    done = pushed(target, later, keep=1)
    undisturbed = dump(driver)
    with closing(Database(target)) as database:
        pushed(target, made, keep=1)
        Neo4jPublisher(database).drop(key(later))
    # However much is there already, each step is told of twice, and two stages before them.
    for after in sorted(random.Random(seed).sample(range(3, 2 * len(done.parts) + 2), 4)):
        with pytest.raises(InterruptedError):
            pushed(target, later, progress=stopping(after), keep=1)
        assert keys(target).get(key(made))
    pushed(target, later, keep=1)
    assert dump(driver) == undisturbed


@pytest.mark.usefixtures("small_batches")
def test_readers_see_one_whole_run(target: Target, made: Path, later: Path) -> None:
    runs = {run_id(made): 20 + 1, run_id(later): 25 + 1}
    pushed(target, made)
    seen: list[str] = []
    stop = threading.Event()

    def reading() -> None:
        with closing(Neo4jGraph(Database(target))) as graph:
            while not stop.is_set() or len(seen) < 2:
                before = graph.run().id
                clusters = graph.clusters(limit=1000).rows
                members = [len(graph.members(row.cluster_id).rows) for row in clusters[:3]]
                if before == graph.run().id:  # else these were questions to two runs
                    assert len(clusters) == runs[before]
                    assert members == [row.accounts for row in clusters[:3]]
                    seen.append(before)

    with ThreadPoolExecutor(1) as threads:
        reader = threads.submit(reading)
        try:
            while not seen and not reader.done():
                stop.wait(0.01)
            pushed(target, later)
            done = len(seen)
        finally:
            stop.set()
        reader.result()
    assert seen[0] == run_id(made)
    assert set(seen[done + 1 :]) <= {run_id(later)}
    assert seen[-1] == run_id(later)
    assert seen == sorted(seen, key=[run_id(made), run_id(later)].index)


# --- several at once


@pytest.mark.usefixtures("small_batches")
def test_one_run_pushed_by_several_at_once(target: Target, driver: Driver, made: Path) -> None:
    pushed(target, made)
    once = dump(driver)
    driver.execute_query("MATCH (n) DETACH DELETE n")
    ready = threading.Barrier(3)

    def push() -> None:
        ready.wait()
        pushed(target, made)

    others = [in_a_process(target, made) for _ in range(2)]
    with ThreadPoolExecutor(3) as threads:
        for push_of_it in [threads.submit(push) for _ in range(3)]:
            push_of_it.result()
    for process in others:
        told, fault = process.communicate()
        assert process.returncode == 0, fault
        assert told in ("pushed\n", "already\n")
    assert dump(driver) == once


@pytest.mark.usefixtures("small_batches")
def test_different_runs_at_once(
    target: Target, driver: Driver, made: Path, later: Path, small: Path
) -> None:
    alone = {}
    folders = (made, later, small)
    for folder in folders:
        pushed(target, folder)
        alone[key(folder)] = dump(driver, "Account", "Cluster", "Device", "PromptTemplate")
        driver.execute_query("MATCH (n) DETACH DELETE n")
    ended: list[str] = []

    def push(folder: Path) -> None:
        pushed(target, folder, keep=9)
        ended.append(key(folder))

    with ThreadPoolExecutor(3) as threads:
        for one in [threads.submit(push, folder) for folder in folders]:
            one.result()
    there = keys(target)
    assert set(there) == set(alone)
    assert list(there.values()).count(True) == 1
    labels = ("Account", "Cluster", "Device", "PromptTemplate")
    whole = dump(driver, *labels)
    assert whole == sum(alone.values(), type(whole)())
    # The others go when nobody needs them any more.
    shown = next(name for name in there if there[name])
    pushed(target, next(folder for folder in folders if key(folder) == shown))
    assert keys(target) == {shown: True}
    assert dump(driver, *labels) == alone[shown]


# --- what is left of runs


def test_old_runs_are_taken_away(
    target: Target, driver: Driver, made: Path, later: Path, small: Path
) -> None:
    pushed(target, small)
    alone = dump(driver)
    pushed(target, made, keep=1)
    assert keys(target) == {key(small): False, key(made): True}
    assert pushed(target, later, keep=1).dropped == (key(small),)
    assert keys(target) == {key(made): False, key(later): True}
    with closing(Database(target)) as database:
        publisher = Neo4jPublisher(database)
        with pytest.raises(
            GraphError, match=f"{key(later)}: this run is shown by {target.url}; push another"
        ):
            publisher.drop(key(later))
        with pytest.raises(GraphError, match=f"{key(small)}: no such run in {target.url}"):
            publisher.drop(key(small))
    # An older run that is there is shown again; what was newer goes as what was older does.
    assert pushed(target, made).already
    assert keys(target) == {key(made): True}
    driver.execute_query("MATCH (n) DETACH DELETE n")
    pushed(target, small)
    assert dump(driver) == alone


@pytest.mark.usefixtures("small_batches")
def test_an_abandoned_push_is_taken_away(
    target: Target, driver: Driver, made: Path, later: Path, small: Path
) -> None:
    pushed(target, made)
    with pytest.raises(InterruptedError):
        pushed(target, later, progress=stopping(20))
    pushed(target, small)
    # It may come back, and then needs what it compares with.
    assert set(keys(target)) == {key(made), key(later), key(small)}
    pushed(target, small)
    assert set(keys(target)) == {key(made), key(later), key(small)}
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    driver.execute_query("MATCH (s:PushStep) SET s.touched = $when", when=long_ago)
    driver.execute_query("MATCH (r:Run {state: 'begun'}) SET r.begun = $when", when=long_ago)
    assert set(pushed(target, small).dropped) == {key(made), key(later)}
    assert keys(target) == {key(small): True}
    assert count(driver, "MATCH (n) WHERE n.run <> $run RETURN count(n)", run=key(small)) == 0


def test_a_run_goes_on_to_be_taken_away_where_that_was_interrupted(
    target: Target, driver: Driver, made: Path, small: Path
) -> None:
    pushed(target, made)
    pushed(target, small, keep=1)
    driver.execute_query("MATCH (r:Run {run: $run}) SET r.state = 'going'", run=key(made))
    driver.execute_query("MATCH (a:Account {run: $run}) DETACH DELETE a", run=key(made))
    # It cannot be shown as it is, and is brought in anew.
    assert not pushed(target, made, keep=1).already
    assert count(driver, "MATCH (a:Account {run: $r}) RETURN count(a)", r=key(made)) == 93
    driver.execute_query("MATCH (r:Run {run: $run}) SET r.state = 'going'", run=key(small))
    assert pushed(target, made, keep=1).dropped == (key(small),)
    assert keys(target) == {key(made): True}


# --- what a run may hold


def test_kinds_that_settings_declare(target: Target, driver: Driver, tmp_path: Path) -> None:
    planted = worlds.planted(ordinary=100)
    events = planted.events.assign(
        referral_code=[f"from {account[:2]}" for account in planted.events.account_id],
        sent_to=["n0-1" if account[0] == "n" else "" for account in planted.events.account_id],
    )
    settings = worlds.settings(
        artifacts={"referral_code": {"family": "identity"}, "sent_to": {"names_account": True}}
    )
    folder = detect(worlds.write(events, tmp_path / "e.parquet"), tmp_path / "result", settings)
    done = pushed(target, folder)
    evidence = pq.read_table(folder / "evidence.parquet").to_pandas()
    for kind, label, word in (
        ("referral_code", "ReferralCode", "HAS_REFERRAL_CODE"),
        ("sent_to", "SentTo", "HAS_SENT_TO"),
    ):
        mine = evidence[evidence.kind == kind]
        assert len(mine) > 40
        assert done.parts[f"artifacts {kind}"] == mine.value.nunique()
        found = f"MATCH (:Account)-[u:{word}]->(x:{label} {{kind: $kind}}) RETURN count(u)"
        assert count(driver, found, kind=kind) == len(mine)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"label": "IP`) DETACH DELETE (n"}, "no label or relationship type"),
        ({"label": "Account"}, "its label Account in the graph is taken"),
        ({"label": "Device"}, "its label Device in the graph is taken"),
        ({"label": "LowScore"}, "its label LowScore in the graph is taken"),
        ({"label": ""}, "no label or relationship type"),
        ({"label": None}, "no label or relationship type"),
        ({"label": "Größe"}, "no label or relationship type"),
        ({"relationship": "USED`]-() DELETE r //"}, "no label or relationship type"),
        ({"relationship": "LINKED_TO"}, "its relationship LINKED_TO in the graph is taken"),
        ({"relationship": "MEMBER_OF"}, "its relationship MEMBER_OF in the graph is taken"),
        ({"relationship": ""}, "no label or relationship type"),
        ({"relationship": 7}, "no label or relationship type"),
    ],
)
def test_hostile_words_are_refused(words: dict[str, Any], said: str, tmp_path: Path) -> None:
    told = info()
    folder = another(
        tmp_path / "hostile",
        small_result(tmp_path / "small"),
        kinds=[{**told["kinds"][0], **words}, *told["kinds"][1:]],
    )
    # Nobody listens there: no word may be sent before they are checked.
    with pytest.raises(GraphError) as refused:
        pushed(Target("bolt://127.0.0.1:1", "neo4j", "word"), folder)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_activity_that_nobody_knows(target: Target, driver: Driver, tmp_path: Path) -> None:
    planted = worlds.planted(ordinary=100)
    events = worlds.write(planted.events, tmp_path / "events.parquet")
    known = detect(events, tmp_path / "known", worlds.settings())
    gathered = tmp_path / "gathered"
    gathered.mkdir()
    shutil.copy(known / "evidence.parquet", gathered)
    out = tmp_path / "result"
    folder = detect(None, out, worlds.settings(), evidence=gathered)
    activity = pq.read_table(folder / "activity.parquet").to_pandas()
    assert activity.first_seen.isna().any() or activity.hours.isna().any()
    pushed(target, folder)
    assert count(driver, "MATCH (a:Account) RETURN count(a)") == len(activity)
    for name in ("first_seen", "last_seen", "days", "hours"):
        here = count(driver, f"MATCH (a:Account) WHERE a.{name} IS NULL RETURN count(a)")
        assert here == activity[name].isna().sum()


def test_a_hub(target: Target, driver: Driver, tmp_path: Path) -> None:
    folder = hub(tmp_path / "hub")
    began = monotonic()
    pushed(target, folder)
    took = monotonic() - began
    assert count(driver, "MATCH (x:UserAgent)<-[u:USED_AGENT]-() RETURN count(u)") == HOLDERS
    found = "MATCH (a:Account) WHERE COUNT { (a)-[:USED_AGENT]->() } = 1 RETURN count(a)"
    assert count(driver, found) == HOLDERS
    assert took < 120


def hub(folder: Path) -> Path:
    """A result in which everyone has one thing."""
    small_result(folder)
    names = [f"a{i:05}" for i in range(HOLDERS)]
    evidence = pq.read_table(folder / "evidence.parquet").to_pylist()[0]
    activity = pq.read_table(folder / "activity.parquet").to_pylist()[0]
    tables: dict[str, list[dict[str, Any]]] = {
        "evidence": [
            {**evidence, "account_id": name, "kind": "user_agent", "value": "hub"}
            for name in names
        ],
        "activity": [{**activity, "account_id": name} for name in names],
        "artifacts": [
            {"kind": "user_agent", "value": "hub", "accounts": HOLDERS, "degree": HOLDERS}
        ],
    }  # fmt: skip
    for name, rows in tables.items():
        like = pq.read_schema(folder / f"{name}.parquet")
        pq.write_table(pa.Table.from_pylist(rows, like), folder / f"{name}.parquet")
    for name in ("clusters", "members", "links"):
        table = pq.read_table(folder / f"{name}.parquet")
        pq.write_table(table.slice(0, 0), folder / f"{name}.parquet")
    told = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**told, "version": "0.0.hub"}))
    return folder
