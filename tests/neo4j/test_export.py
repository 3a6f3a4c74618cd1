"""A run's graph by files and the real importer: the same that a push brings in."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from neo4j import Driver, GraphDatabase
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import GraphError, ResultError
from linkage.graph import AccountRef, open_graph
from linkage.graph.neo4j import Database, Neo4jGraph, Neo4jPublisher, Scope, Target, run_key
from linkage.graph.neo4j.export import SCRIPT, export
from linkage.graph.neo4j.schema import CONSTRAINTS, ours
from linkage.neo4j import Server, assembly, tools
from tests.contracts.made import BITING, made_result
from tests.neo4j.graphs import held
from tests.neo4j.servers import Address, own_servers
from tests.test_run import small_result

ADMIN = "org.neo4j.server.startup.Neo4jAdminBoot"


@dataclass(frozen=True)
class Imported:
    """A running server with a graph that was imported, and the result that it is of."""

    target: Target
    folder: Path

    def driver(self) -> Driver:
        """For Cypher of the tests' own."""
        return GraphDatabase.driver(
            self.target.url, auth=(str(self.target.user), str(self.target.password))
        )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """Hostile ids, ties and nulls, imported by the script of the export as anybody runs it."""
    folder = tmp_path_factory.mktemp("ex'po[r]t")
    result = made_result(folder / "made")
    told = export(result, folder / "files", Scope.all)
    with own_servers(tmp_path_factory) as own_server:
        server: Server = own_server()
        server.admin("--version")  # writes the configuration
        program = str(admin(server, folder / "neo4j-admin"))
        done = subprocess.run(
            ["sh", "-c", told.command],
            env={"PATH": "/usr/bin:/bin", "NEO4J_ADMIN": program},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        status = server.up(patience=300.0)
        assert status.bolt is not None
        yield Imported(Target(status.bolt, status.user, server.password()), result)


def admin(server: Server, path: Path) -> Path:
    """A program neo4j-admin for a server, as an installed one has it."""
    home = server.home
    words = [tools.java(), "-cp", assembly.class_path(), ADMIN]
    path.write_text(
        f"#!/bin/sh\nexport NEO4J_HOME={shlex.quote(str(home.folder))} "
        f'NEO4J_CONF={shlex.quote(str(home.conf))}\nexec {shlex.join(words)} "$@"\n'
    )
    path.chmod(0o755)
    return path


def test_an_import_is_what_a_push_brings_in(imported: Imported, neo4j_server: Address) -> None:
    target = Target(neo4j_server.url, neo4j_server.user, neo4j_server.password)
    with closing(Database(target)) as database:
        run = Neo4jPublisher(database, Scope.all, keep=99).publish(imported.folder)
    with neo4j_server.driver() as theirs, imported.driver() as ours:
        pushed, there = held(theirs, run_key(run, Scope.all)), held(ours)
    for of_push, of_import in zip(pushed, there, strict=True):
        assert of_import - of_push == of_push - of_import == {}
        assert sum(of_push.values()) > 400


def test_an_import_answers_as_the_folder_does(imported: Imported) -> None:
    with (
        closing(Neo4jGraph(Database(imported.target))) as graph,
        closing(open_graph(imported.folder)) as folder,
    ):
        assert graph.run().id == folder.run().id
        assert graph.clusters(limit=1000).rows == folder.clusters(limit=1000).rows
        for account in BITING:
            assert graph.account(account) == folder.account(account)
            around = graph.neighbourhood(AccountRef(account), 30)
            assert around.nodes == folder.neighbourhood(AccountRef(account), 30).nodes
        assert graph.timeline("c0000") == folder.timeline("c0000")


def test_a_push_makes_the_rest_of_an_import(
    imported: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = imported.target
    monkeypatch.setenv("LINKAGE_GRAPH_USER", str(target.user))
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", str(target.password))
    listed = CliRunner().invoke(app, ["graph", "status", "--graph", target.url, "--json"])
    (run,) = json.loads(listed.stdout)
    assert (run["state"], run["shown"], run["scope"]) == ("whole", True, "all")
    # What somebody else put beside it since is not ours, and the push leaves all as it is.
    with imported.driver() as driver, closing(Database(target)) as database:
        before = held(driver)
        for theirs in ("(:Device {run: 'my run'})", "(:Cluster)", "(:LinkageGraph {name: 'x'})"):
            driver.execute_query(f"CREATE {theirs}")
            with pytest.raises(GraphError, match="that linkage did not write"):
                Neo4jPublisher(database, Scope.all).publish(imported.folder)
            assert not ours(database)
            driver.execute_query(f"MATCH (x{theirs[1:]} DELETE x" if "{" in theirs else
                                 "MATCH (x:Cluster) WHERE x.run IS NULL DELETE x")  # fmt: skip
        told = CliRunner().invoke(
            app,
            ["graph", "push", str(imported.folder), "--scope", "all", "--graph", target.url],
        )
        assert told.exit_code == 0, told.output
        assert "was there already" in told.stdout
        assert {name for name, *_ in CONSTRAINTS.values()} <= ours(database)
        assert held(driver) == before


def test_an_export_takes_nobodys_place(tmp_path: Path) -> None:
    result = small_result(tmp_path / "result")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(ResultError, match="not empty"):
        export(result, tmp_path / "out", Scope.flagged)
    told = export(result, tmp_path / "new" / "out", Scope.flagged)
    assert told.command.endswith(f"{SCRIPT} neo4j")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "out", "result"]
    script = (told.folder / SCRIPT).read_text("utf-8")
    assert f"linkage graph push {result} --scope flagged" in script
    names = {word for line in script.splitlines() for word in line.split() if ".csv" in word}
    assert len(names) == len(told.files)
    assert told.files["nodes-Cluster"] == 2  # the flagged
