"""Constraints and indexes, made before anything is brought in; and whose database it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Database
from linkage.graph.neo4j.model import FORMAT, NAME
from linkage.graph.neo4j.statements import check_words

# A label of ours: the constraint that makes it ours, and the statement of that.
CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "LinkageGraph": ("linkage_graph", "schema/graph"),
    "Run": ("linkage_run", "schema/run"),
    "PushStep": ("linkage_push_step", "schema/step"),
    "Account": ("linkage_account", "schema/account"),
    "Cluster": ("linkage_cluster", "schema/cluster"),
}
INDEXES = ("schema/member", "schema/organisation", "schema/proposal")
WAIT = 300  # seconds for indexes over what is there already


def ensure(database: Database, kinds: Sequence[KindWords]) -> None:
    """Make what is missing.

    A label is ours if our constraint on it is there. After an import there is none yet: then it is
    ours if each of its nodes is of the run that our pointer shows. GraphError where a label holds
    any other node, and nothing of others' is ever changed.
    """
    check_words(kinds)
    there = ours(database)
    words: dict[str, tuple[str, str, dict[str, str]]] = {
        label: (name, path, {}) for label, (name, path) in CONSTRAINTS.items()
    }
    for kind in kinds:
        name = artifact_constraint(kind.label)
        words[kind.label] = (name, "schema/artifact", {"name": name, "label": kind.label})
    missing = {label: made for label, made in words.items() if made[0] not in there}
    runs = imported(database) if missing else []
    others = [
        label
        for label in missing
        if database.alone("schema/foreign", {"label": label}, runs=runs, name=NAME)
    ]
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


def ours(database: Database) -> set[str]:
    """The names of our constraints that are there."""
    return {row["name"] for row in database.alone("schema/constraints")}


def imported(database: Database) -> list[str]:
    """The keys of the runs that are there as an import brings them."""
    return [row["run"] for row in database.alone("schema/imported", name=NAME, format=FORMAT)]


def artifact_constraint(label: str) -> str:
    """What the constraint on artifacts with this label is called."""
    return f"linkage_artifact_{label}"
