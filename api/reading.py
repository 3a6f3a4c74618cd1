"""What several routes ask of the graph."""

from __future__ import annotations

from linkage.graph import Graph
from linkage.graph.questions import MOST_ROWS


def accounts_of(graph: Graph, cluster_id: str) -> list[str]:
    """All members of a cluster, by id."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = graph.members(cluster_id, after, MOST_ROWS)
        found += [row.account_id for row in page.rows]
        after = page.next
        if after is None:
            return found
