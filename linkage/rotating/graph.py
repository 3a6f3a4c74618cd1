"""A graph in Neo4j under new names: what it shows is taken away and brought in anew."""

from __future__ import annotations

from contextlib import closing
from typing import Literal

from linkage.workspace import Workspace


def anew(url: str, scope: Literal["flagged", "all"], workspace: Workspace) -> None:
    """Show the workspace's run in place of all that a database shows. GraphError where it cannot be
    reached."""
    from linkage.graph.neo4j import Database, Neo4jPublisher, Scope, Target  # a driver is loaded

    with closing(Database(Target.of(url))) as database:
        publisher = Neo4jPublisher(database, Scope(scope))
        publisher.clear()
        run = workspace.current()
        if run is not None:
            publisher.push(run)
