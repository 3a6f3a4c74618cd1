"""A run's graph in Neo4j: how long bringing it in takes, asking it, and detecting there."""
