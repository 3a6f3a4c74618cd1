"""What a database holds, whole, for comparisons; and runs brought into it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from neo4j import Driver

# What says when something was done, and after what; not what is there.
MOMENTS = ("begun", "published", "touched", "previous")

_NODES = """
    MATCH (n) WHERE NOT 'PushStep' IN labels(n)
      AND ($run IS NULL OR n.run = $run OR 'LinkageGraph' IN labels(n))
    RETURN labels(n) AS labels, properties(n) AS properties"""
_BETWEEN = """
    MATCH (a)-[r]->(b) WHERE $run IS NULL OR b.run = $run
    RETURN type(r) AS type, properties(r) AS properties, labels(a) AS of_a, labels(b) AS of_b,
      coalesce(a.account_id, a.cluster_id, a.value, a.run, a.name) AS a,
      coalesce(b.account_id, b.cluster_id, b.value, b.run, b.name) AS b"""


def held(driver: Driver, run: str | None = None) -> tuple[Counter[Any], Counter[Any]]:
    """All nodes and relationships with all their properties, or those of a run's key."""
    with driver.session() as session:
        nodes = Counter(
            (tuple(sorted(row["labels"])), _plain(row["properties"]))
            for row in session.run(_NODES, run=run)
        )
        relationships = Counter(
            (
                row["type"],
                row["a"],
                row["b"],
                *sorted(row["of_a"]),
                *sorted(row["of_b"]),
                _plain(row["properties"]),
            )
            for row in session.run(_BETWEEN, run=run)
        )
    return nodes, relationships


def _plain(properties: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Properties in order, lists as tuples, times as text."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else _told(value))
        for name, value in sorted(properties.items())
        if name not in MOMENTS
    )


def _told(value: Any) -> Any:
    return value.iso_format() if hasattr(value, "iso_format") else value
