"""A database that somebody else uses as well: what is theirs stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from neo4j import Driver

from linkage.graph import run_id
from linkage.graph.neo4j import Database, Neo4jGraph, Neo4jPublisher, Scope, Target
from tests.neo4j.pushing import another, count, dump, in_a_process, pushed, refusal, schema
from tests.neo4j.servers import empty
from tests.test_run import small_result

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

FILMS = """
    CREATE (p:Person {name: 'Keanu'})-[:ACTED_IN {roles: ['Neo']}]->(m:Movie {title: 'Matrix'}),
           (p)-[:OWNS]->(:Wallet {run: 'r1', kind: 'ip', value: '1.1.1.1'})"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few accounts."""
    return small_result(tmp_path_factory.mktemp("result") / "small")


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """Another run of the same."""
    return another(tmp_path_factory.mktemp("result") / "later", small, version="0.0.later")


@pytest.fixture
def bare(driver: Driver) -> Iterator[Driver]:
    """A database without our constraints; nothing is left in it."""
    empty(driver)
    yield driver
    empty(driver)


@pytest.mark.parametrize(
    ("theirs", "labels"),
    [
        ("CREATE (:Account {owner: 'bank', run: 'r1'})-[:AT]->(:Bank)", "Account"),
        ("CREATE (:Run {km: 42}), (:Cluster {stars: 9}), (:IP)", "Run, Cluster, IP"),
    ],
)
def test_nodes_with_labels_that_linkage_needs(
    bare: Driver, target: Target, small: Path, theirs: str, labels: str
) -> None:
    bare.execute_query(theirs)
    bare.execute_query("CREATE CONSTRAINT theirs FOR (b:Bank) REQUIRE b.id IS UNIQUE")
    before = dump(bare), schema(bare)
    said = refusal(target, small)
    assert f"nodes labelled {labels} that linkage did not write" in said
    assert "give it a database of its own. Nothing was changed" in said
    with closing(Database(target)) as database:
        assert Neo4jPublisher(database).runs() == []
    assert (dump(bare), schema(bare)) == before


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE CONSTRAINT linkage_account FOR (p:Person) REQUIRE p.name IS UNIQUE",
        "CREATE INDEX linkage_member FOR (m:Movie) ON (m.title)",
        "CREATE INDEX linkage_artifact_IP FOR ()-[r:ACTED_IN]-() ON (r.year)",
        "CREATE FULLTEXT INDEX linkage_proposal FOR (m:Movie) ON EACH [m.title]",
        "CREATE INDEX mine FOR (a:Account) ON (a.run, a.account_id)",
        "CREATE CONSTRAINT mine FOR (a:Account) REQUIRE (a.run, a.account_id) IS UNIQUE",
    ],
)
def test_indexes_that_are_in_the_way(
    bare: Driver, target: Target, small: Path, theirs: str
) -> None:
    bare.execute_query(theirs)
    name = theirs.split(" FOR ")[0].split()[-1]
    before = dump(bare), schema(bare)
    said = refusal(target, small)
    assert f"{name}, an index or constraint of others, is in the way" in said
    assert "Nothing was changed" in said
    assert (dump(bare), schema(bare)) == before


def test_others_live_beside_it(bare: Driver, target: Target, small: Path, later: Path) -> None:
    bare.execute_query(FILMS)
    for statement in (
        "CREATE CONSTRAINT people FOR (p:Person) REQUIRE p.name IS UNIQUE",
        "CREATE INDEX linkage_of_films FOR (m:Movie) ON (m.title)",
        "CREATE CONSTRAINT customers FOR (a:Account) REQUIRE a.customer IS UNIQUE",
        "CREATE TEXT INDEX names FOR (a:Account) ON (a.account_id)",
    ):
        bare.execute_query(statement)
    before, theirs = dump(bare), schema(bare)
    pushed(target, small)
    # From now on they take our labels, and names of our runs, too.
    strangers = """
        CREATE (:Account {customer: 1})-[:HAS]->(:Device {serial: 7}), (:Account {run: 'r1'}),
               (:Cluster {stars: 9}), (:PushStep), (:LinkageGraph {name: 'theirs'}),
               (:Run {km: 42, state: 'whole'}), (:Run {run: 'r1', state: 'going'}),
               (:Run {run: 'r1-all', id: 'r2', scope: 'all', state: 'begun', plan: '{'})"""
    bare.execute_query(strangers)
    strangers_dump = dump(bare) - before
    ours = dump(bare, "Account", "Cluster", "Device")
    bare.execute_query("MATCH (n) WHERE n.run = $run DETACH DELETE n", run=f"{run_id(small)}-all")
    strangers_dump -= strangers_dump - dump(bare)
    pushed(target, small)
    assert dump(bare, "Account", "Cluster", "Device") == ours
    done = pushed(target, later)
    assert done.dropped == (f"{run_id(small)}-all",)
    pushed(target, small, Scope.flagged, keep=1)
    with closing(Database(target)) as database:
        publisher = Neo4jPublisher(database)
        assert [row["id"] for row in publisher.runs()] == [run_id(later), run_id(small)]
        publisher.drop(f"{run_id(later)}-all")
        assert Neo4jGraph(database).cluster("c012").accounts == 5
    now = dump(bare)
    assert before <= now
    assert strangers_dump <= now
    assert len(strangers_dump) > 8
    assert theirs <= schema(bare)
    mine = count(bare, "MATCH (n {run: $run}) RETURN count(n)", run=f"{run_id(small)}-flagged")
    nodes = count(bare, "MATCH (n) RETURN count(n)")
    assert nodes == mine + 1 + 3 + 9


def test_a_constraint_of_theirs_that_runs_break(
    bare: Driver, target: Target, small: Path, later: Path
) -> None:
    bare.execute_query("CREATE CONSTRAINT once FOR (a:Account) REQUIRE a.account_id IS UNIQUE")
    pushed(target, small)
    before, theirs = dump(bare), schema(bare)
    said = refusal(target, later)
    assert "an index or constraint of others is in the way, or data that breaks one" in said
    assert "account_id" in said
    assert before <= dump(bare)
    assert schema(bare) == theirs
    bare.execute_query("DROP CONSTRAINT once")
    pushed(target, later)
    assert count(bare, "MATCH (a:Account) RETURN count(a)") == 11


@pytest.mark.usefixtures("small_batches")
def test_several_make_the_schema_at_once(bare: Driver, target: Target, small: Path) -> None:
    process = in_a_process(target, small)
    ready = Barrier(3)

    def push() -> None:
        ready.wait()
        pushed(target, small)

    with ThreadPoolExecutor(3) as threads:
        for one in [threads.submit(push) for _ in range(3)]:
            one.result()
    fault = process.communicate()[1]
    assert process.returncode == 0, fault
    assert count(bare, "MATCH (a:Account) RETURN count(a)") == 11
