"""One run as a graph of accounts, artifacts and clusters: a port, and adapters behind it.

with closing(open_graph("result")) as graph:
    page = graph.clusters(ClusterFilter(proposals=("ban",)), limit=20)
"""

from linkage.graph.base import Graph, Publisher, run_id
from linkage.graph.opening import open_graph
from linkage.graph.questions import (
    AccountRef,
    ArtifactRef,
    ClusterFilter,
    ClusterRef,
    ClusterSort,
    Ref,
)

__all__ = [
    "AccountRef",
    "ArtifactRef",
    "ClusterFilter",
    "ClusterRef",
    "ClusterSort",
    "Graph",
    "Publisher",
    "Ref",
    "open_graph",
    "run_id",
]
