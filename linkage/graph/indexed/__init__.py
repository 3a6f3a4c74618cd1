"""The graph port over a result folder and its index: single reads are a few look-ups."""

from linkage.graph.indexed.adapter import IndexedGraph

__all__ = ["IndexedGraph"]
