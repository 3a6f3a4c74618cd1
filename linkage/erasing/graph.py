"""An account goes out of the graph in Neo4j, and all that was tied by it there; whoever looks for
what is missing finds it in the run's files."""

from __future__ import annotations

from contextlib import closing

from linkage.artifacts import label_of
from linkage.state.erasures import Erasure


def erase(url: str, erasure: Erasure) -> int:
    """Take it out of all runs that a database has; how many nodes went. GraphError where it cannot
    be reached."""
    from linkage.graph.neo4j import Database, Neo4jPublisher, Target  # a driver is loaded

    with closing(Database(Target.of(url))) as database:
        labels = [label_of(kind) for kind in erasure.kinds]
        return Neo4jPublisher(database).erase(erasure.account, labels)
