"""The graph port over Neo4j: bringing runs in, and reading them."""

from linkage.graph.neo4j.adapter import Neo4jGraph
from linkage.graph.neo4j.connection import Database, Target
from linkage.graph.neo4j.model import Scope, run_key
from linkage.graph.neo4j.publisher import Neo4jPublisher, Pushed

__all__ = ["Database", "Neo4jGraph", "Neo4jPublisher", "Pushed", "Scope", "Target", "run_key"]
