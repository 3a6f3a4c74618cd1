"""Names that go out of a database, or become others."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from neo4j import Driver

from linkage.erasing import graph
from linkage.errors import GraphError
from linkage.graph.neo4j import Database, Neo4jGraph, Neo4jPublisher, Scope, Target
from linkage.graph.neo4j.connection import PASSWORD, USER
from linkage.rotating.graph import anew
from linkage.state.erasures import Erasure, tombstone
from linkage.workspace import Workspace
from tests.neo4j.pushing import another, dump, pushed
from tests.test_run import small_result

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture
def url(target: Target, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(USER, str(target.user))
    monkeypatch.setenv(PASSWORD, str(target.password))
    return target.url


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_result(tmp_path_factory.mktemp("result") / "small")


def test_an_account_goes_with_what_tied_it(
    driver: Driver, target: Target, url: str, small: Path
) -> None:
    pushed(target, small)
    driver.execute_query("CREATE (:Account {account_id: $name})", {"name": "somebody else's"})
    before = dump(driver)
    with closing(Database(target)) as database:
        (run,) = Neo4jPublisher(database).runs()
        account = driver.execute_query(
            "MATCH (a:Account {run: $run}) RETURN a.account_id AS name LIMIT 1", run=run["run"]
        ).records[0]["name"]
    gone = Erasure(account, (account,), tombstone(), ("sent_to",), "me", "why", datetime.now(UTC))
    driver.execute_query(
        "CREATE (:SentTo {run: $run, value: $name}), (:SentTo {run: $run, value: 'x'})",
        {"run": run["run"], "name": account},
    )
    assert graph.erase(url, gone) == 2
    after = dump(driver)
    assert not [text for text in after if f"'{account}'" in text]
    assert set(after - before) == {text for text in after if "SentTo" in text}
    assert [text for text in after if "somebody else" in text]
    assert graph.erase(url, gone) == 0


def test_what_is_shown_is_shown_anew(
    driver: Driver, target: Target, url: str, small: Path, tmp_path: Path
) -> None:
    workspace = Workspace.at(tmp_path / "workspace")
    pushed(target, another(tmp_path / "before", small, version="0.0.before"))
    anew(url, "all", workspace)
    with closing(Database(target)) as database:
        assert Neo4jPublisher(database).runs() == []
        with pytest.raises(GraphError):
            Neo4jGraph(database).run()
    workspace.add(Path(shutil.copytree(small, tmp_path / "copy")))
    for _ in range(2):
        anew(url, "all", workspace)
        with closing(Database(target)) as database:
            (run,) = Neo4jPublisher(database, Scope.all).runs()
            current = workspace.current()
            assert current is not None
            assert run["id"] == Neo4jGraph(database).run().id == current.name
