"""A detection with a graph in Neo4j: it is brought in, shown and served, and nothing of the run
before is missed meanwhile."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest
from neo4j import Driver

from linkage.errors import GraphError
from linkage.graph import open_graph
from linkage.graph.neo4j import Scope, Target
from linkage.jobs import child
from linkage.jobs.task import Task
from linkage.settings import Settings
from linkage.workspace import Workspace
from tests.neo4j.pushing import another, pushed
from tests.test_run import small_result

OUTSIDE = "alone"  # an account that is not in what is pushed


def test_a_run_is_shown_before_it_is_served(
    target: Target, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKAGE_GRAPH_USER", str(target.user))
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", str(target.password))
    workspace = Workspace.at(tmp_path / "workspace")
    before = workspace.add(small_result(tmp_path / "before"))
    pushed(target, workspace.run(before), Scope.flagged)
    after = workspace.publish(another(tmp_path / "after", workspace.run(before), version="after"))
    task = Task(
        job="j1", workspace=workspace.path, through=0, settings=Settings(), memory_mb=2000,
        graph=target.url, scope="flagged", judgements=tmp_path, run=after,
    )  # fmt: skip
    with closing(open_graph(target.url, beyond=workspace.current())) as graph:
        assert graph.account(OUTSIDE).account_id == OUTSIDE
        assert graph.run().id == before
        out = io.StringIO()
        assert child.attempt(task, out) == 0, out.getvalue()
        assert '"stage":"graph","fraction":1.0' in out.getvalue()
        # Whoever has opened the graph while another run was served answers from the one that is
        # shown, beyond what was pushed as well: the workspace has it.
        assert graph.run().id == after
        assert graph.account(OUTSIDE).account_id == OUTSIDE
        assert workspace.current() == workspace.run(after)
        there = driver.execute_query("MATCH (r:Run) RETURN r.id AS id ORDER BY r.id").records
        assert {row["id"] for row in there} == {before, after}
        # An id that somebody wrote into the database leads nowhere else.
        driver.execute_query("MATCH (r:Run {id: $id}) SET r.id = '../runs/current'", id=after)
        with (
            closing(open_graph(target.url, beyond=workspace.run(before))) as other,
            pytest.raises(GraphError, match="the result folder is of"),
        ):
            other.account(OUTSIDE)
