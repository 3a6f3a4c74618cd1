"""A graph by where it is."""

from __future__ import annotations

import re
from pathlib import Path

from linkage.errors import SettingsError
from linkage.graph.base import Graph
from linkage.graph.embedded import EmbeddedGraph
from linkage.render import clean

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def open_graph(where: str | Path, beyond: str | Path | None = None) -> Graph:
    """The graph of a published run, by the adapter for the place.

    where    a result folder
    beyond   a result folder of the same run, for what a database does not hold; a folder
             given as `where` holds all of its run

    Raises ResultError where a folder is no result, SettingsError for a URL: no adapter for a
    graph database is built in.
    """
    url = _URL.match(where) if isinstance(where, str) else None
    if url is not None:
        # The rest of a URL may hold a password.
        fault = f"{clean(url[1])}://...: no adapter for it is built in; give a result folder"
        raise SettingsError([fault], "graph")
    return EmbeddedGraph(where)
