"""Constraints and indexes, made before anything is brought in; and whose database it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Database
from linkage.graph.neo4j.statements import check_words

# A label of ours: the constraint that makes it ours, and the statement of that.
CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "LinkageGraph": ("linkage_graph", "schema/graph"),
    "Run": ("linkage_run", "schema/run"),
    "PushStep": ("linkage_push_step", "schema/step"),
    "Account": ("linkage_account", "schema/account"),
    "Cluster": ("linkage_cluster", "schema/cluster"),
}
INDEXES = (
    "schema/member", "schema/organisation", "schema/proposal", "schema/held", "schema/leaving",
    "schema/shares", "schema/was",
)  # fmt: skip
WAIT = 300  # seconds for indexes over what is there already


def ensure(database: Database, kinds: Sequence[KindWords]) -> None:
    """Make what is missing. GraphError where nodes of others have one of our labels: a label is
    ours if our constraint on it is there, and nothing of others' is ever changed."""
    check_words(kinds)
    there = {row["name"] for row in database.alone("schema/constraints")}
    words: dict[str, tuple[str, str, dict[str, str]]] = {
        label: (name, path, {}) for label, (name, path) in CONSTRAINTS.items()
    }
    for kind in kinds:
        name = artifact_constraint(kind.label)
        words[kind.label] = (name, "schema/artifact", {"name": name, "label": kind.label})
    missing = {label: made for label, made in words.items() if made[0] not in there}
    others = [label for label in missing if database.alone("schema/foreign", {"label": label})]
    if others:
        raise GraphError(
            f"{database.target.url}: the database holds nodes labelled {', '.join(others)} that "
            "linkage did not write; give it a database of its own. Nothing was changed"
        )
    for _, path, filled in missing.values():
        database.alone(path, filled)
    for path in INDEXES:
        database.alone(path)
    database.alone("schema/ready", seconds=WAIT)


def artifact_constraint(label: str) -> str:
    """What the constraint on artifacts with this label is called."""
    return f"linkage_artifact_{label}"
