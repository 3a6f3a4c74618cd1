"""The graph port over a result folder itself: its Parquet files, through an embedded engine."""

from linkage.graph.embedded.adapter import EmbeddedGraph

__all__ = ["EmbeddedGraph"]
