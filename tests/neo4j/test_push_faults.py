"""What goes wrong while a run is pushed: the pusher is killed, the server is, or it refuses."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import neo4j
import pytest
from neo4j import Driver, GraphDatabase
from neo4j.exceptions import IncompleteCommit

from linkage.errors import GraphError
from linkage.graph import run_id
from linkage.graph.neo4j import Database, Neo4jGraph, Target, parts, publisher
from linkage.graph.neo4j import connection as connecting
from linkage.neo4j import Server
from tests.contracts.made import made_result
from tests.neo4j.pushing import BATCH, Dump, another, dump, in_a_process, pushed, refusal

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

CLUSTERS = 12  # of each run
BOOT = 300.0  # seconds in which a server starts, however busy the machine
SOON = 90.0  # seconds in which a refusal comes, however busy the machine; never minutes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of many ties and hostile words."""
    return made_result(tmp_path_factory.mktemp("result") / "made", CLUSTERS)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    """Another run."""
    return another(tmp_path_factory.mktemp("result") / "later", made, version="0.0.later")


@pytest.fixture(scope="module")
def undisturbed(push_server: Server, made: Path, later: Path) -> Dump:
    """What is there when the one was pushed and then the other, and nothing went wrong."""
    status = push_server.up(patience=BOOT)
    target = Target(str(status.bolt), status.user, push_server.password())
    with GraphDatabase.driver(target.url, auth=(status.user, push_server.password())) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        with pytest.MonkeyPatch.context() as patch:
            for module in (parts, publisher):
                patch.setattr(module, "BATCH", BATCH)
            pushed(target, made)
            pushed(target, later)
        return dump(driver)


@contextmanager
def soon() -> Iterator[None]:
    """A user does not wait for minutes."""
    began = monotonic()
    yield
    assert monotonic() - began < SOON


def shown(target: Target) -> str:
    """The run that a reader sees."""
    with closing(Neo4jGraph(Database(target))) as graph:
        assert len(graph.clusters(limit=1000).rows) == CLUSTERS
        return graph.run().id


@pytest.mark.usefixtures("small_batches")
def test_killed_and_pushed_again(
    target: Target, driver: Driver, made: Path, later: Path, undisturbed: Dump, seed: int
) -> None:
    steps = len(pushed(target, made).parts)
    # However much is there already, each step is told of twice, and two stages before them.
    for last in sorted(random.Random(seed).sample(range(3, 2 * steps + 2), 2)):
        with in_a_process(target, later, last=last) as process:
            told, fault = process.communicate()
        assert (process.returncode, told) == (-signal.SIGKILL, ""), fault
        assert shown(target) == run_id(made)
    with in_a_process(target, later) as process:
        told, fault = process.communicate()
    assert (process.returncode, told) == (0, "pushed\n"), fault
    assert dump(driver) == undisturbed
    assert shown(target) == run_id(later)


@pytest.mark.usefixtures("small_batches")
def test_ctrl_c_stops_after_a_batch(target: Target, driver: Driver, made: Path) -> None:
    pushed(target, made)
    undisturbed = dump(driver)
    driver.execute_query("MATCH (n) DETACH DELETE n")
    told = 0

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        told += 1
        if told == 8:
            os.kill(os.getpid(), signal.SIGINT)

    # Whoever started the tests in the background has the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            pushed(target, made, progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(GraphError, match="no run has been brought into this database"):
        shown(target)
    pushed(target, made)
    assert dump(driver) == undisturbed


def killing(server: Server, seed: int, steps: int, *, again: bool) -> Callable[[str, float], None]:
    """Progress that kills the server at some time, and starts it again if asked to."""
    when, told = random.Random(seed).randrange(5, 2 * steps), 0

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        told += 1
        if told == when:
            pid = server.status().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            while server.status().pid is not None:
                sleep(0.05)
            if again:
                server.up(patience=BOOT)

    return progress


@pytest.mark.usefixtures("small_batches")
def test_the_server_dies_and_comes_back(
    push_server: Server,
    target: Target,
    driver: Driver,
    made: Path,
    later: Path,
    undisturbed: Dump,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = len(pushed(target, made).parts)
    monkeypatch.setattr(connecting, "PATIENCE", BOOT)
    pushed(target, later, progress=killing(push_server, seed, steps, again=True))
    assert dump(driver) == undisturbed
    assert shown(target) == run_id(later)


@pytest.mark.usefixtures("small_batches")
def test_answers_to_commits_are_lost(
    target: Target,
    driver: Driver,
    made: Path,
    later: Path,
    undisturbed: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when the server dies once it has committed, and before it says so."""
    usual, losses, before = neo4j.Session.execute_write, count(), threading.local()
    pushed(target, made)

    def lost(session: neo4j.Session, *words: Any, **options: Any) -> Any:
        answer = usual(session, *words, **options)
        if threading.current_thread() is not threading.main_thread():  # a batch
            before.lost = not getattr(before, "lost", False)
            if before.lost:
                next(losses)
                raise IncompleteCommit("the connection was lost")
        return answer

    monkeypatch.setattr(neo4j.Session, "execute_write", lost)
    pushed(target, later)
    assert next(losses) > 10
    assert dump(driver) == undisturbed
    assert shown(target) == run_id(later)


@pytest.mark.usefixtures("small_batches")
def test_the_server_dies_and_comes_back_read_only(
    push_server: Server,
    target: Target,
    driver: Driver,
    made: Path,
    later: Path,
    undisturbed: Dump,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = len(pushed(target, made).parts)
    monkeypatch.setattr(connecting, "PATIENCE", 1.0)
    with soon():
        said = refusal(target, later, progress=killing(push_server, seed, steps, again=False))
    assert "nothing answers there as Neo4j does, or it went away: is it running?" in said
    usual = push_server.options
    push_server.options = replace(usual, extra={"server.databases.default_to_read_only": "true"})
    try:
        push_server.up(patience=BOOT)
        before = dump(driver)
        for folder in (made, later):
            with soon():
                said = refusal(target, folder)
            assert "the database takes no writes, it is read-only; nothing was changed" in said
        assert dump(driver) == before
        assert shown(target) == run_id(made)  # reading goes on
    finally:
        push_server.down(patience=30.0)
        push_server.options = usual
        push_server.up(patience=BOOT)
    pushed(target, later)
    assert dump(driver) == undisturbed
    assert shown(target) == run_id(later)


def test_no_server_there(made: Path) -> None:
    for scheme in ("bolt", "neo4j"):
        with soon():
            said = refusal(Target(f"{scheme}://127.0.0.1:1", "neo4j", "S3cret!"), made)
        assert "nothing answers there as Neo4j does, or it went away: is it running?" in said
        assert "`linkage neo4j status` tells of a local one" in said
        assert scheme == "neo4j" or "refused" in said
    with soon():
        said = refusal(Target("bolt://no-such-host.invalid:7687", "neo4j", "S3cret!"), made)
    assert "nothing answers there" in said


def test_something_else_there(push_server: Server, target: Target, made: Path) -> None:
    browser = push_server.status().browser
    assert browser is not None
    port = browser.split(":")[2].split("/")[0]
    with soon():
        said = refusal(replace(target, url=f"bolt://127.0.0.1:{port}"), made)
    assert "nothing answers there as Neo4j does" in said


def test_a_wrong_password(target: Target, driver: Driver, made: Path) -> None:
    pushed(target, made)
    before = dump(driver)
    wanted = "the user or the password is wrong, or missing: set LINKAGE_GRAPH_USER and"
    for user, password in (("neo4j", "S3cret!"), ("nobody", "S3cret!"), (None, None)):
        with soon():
            said = refusal(replace(target, user=user, password=password), made)
        assert f"{wanted} LINKAGE_GRAPH_PASSWORD" in said
    # A server that has seen too many of them asks to wait.
    for _ in range(4):
        said = refusal(replace(target, password="S3cret!"), made)
    assert "wrong too often: wait some seconds, and set LINKAGE_GRAPH_USER and" in said
    assert dump(driver) == before


def test_an_unknown_database(target: Target, made: Path) -> None:
    with soon():
        said = refusal(replace(target, database="elsewhere"), made)
    assert "there is no such database: set LINKAGE_GRAPH_DATABASE to another" in said
