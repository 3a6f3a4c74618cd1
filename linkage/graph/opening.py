"""A graph by where it is."""

from __future__ import annotations

import re
from pathlib import Path

from linkage.graph.base import Graph
from linkage.graph.embedded import EmbeddedGraph
from linkage.graph.indexed import IndexedGraph

# One slash is enough: a password in a URL that is mistyped must not be printed as a path.
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]+:/")


def is_url(where: str | Path) -> bool:
    """Whether it names a database, not a folder."""
    return isinstance(where, str) and _URL.match(where) is not None


def open_graph(
    where: str | Path, beyond: str | Path | None = None, index: Path | None = None
) -> Graph:
    """The graph of a published run, by the adapter for the place.

    where    a result folder, or the URL of a Neo4j database (neo4j://host:7687, bolt://...);
             user, password and database come from LINKAGE_GRAPH_USER, LINKAGE_GRAPH_PASSWORD and
             LINKAGE_GRAPH_DATABASE
    beyond   result folder of the run that the database shows, for what is not in it; a folder
             needs none
    index    folder for the index of a result folder, which makes single reads fast; made where it
             is not there. A database needs none

    Raises ResultError where a folder is no result, SettingsError for any other URL; a database is
    connected to when it is asked.
    """
    if not is_url(where):
        return EmbeddedGraph(where) if index is None else IndexedGraph(where, index)
    # A driver need not be loaded to read a folder.
    from linkage.graph.neo4j import Database, Neo4jGraph, Target

    return Neo4jGraph(Database(Target.of(str(where).strip())), beyond)
