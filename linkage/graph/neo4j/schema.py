"""Constraints and indexes, made before anything is brought in; and whose database it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Database
from linkage.graph.neo4j.statements import check_words
from linkage.render import clean

# A label of ours: the constraint that makes it ours, the statement of that, and its properties.
CONSTRAINTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "LinkageGraph": ("linkage_graph", "schema/graph", ("name",)),
    "Run": ("linkage_run", "schema/run", ("run",)),
    "PushStep": ("linkage_push_step", "schema/step", ("run", "part", "lane")),
    "Account": ("linkage_account", "schema/account", ("run", "account_id")),
    "Cluster": ("linkage_cluster", "schema/cluster", ("run", "cluster_id")),
}
# Indexes of ours: the label and properties of each, and its statement.
INDEXES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "linkage_member": ("schema/member", "Account", ("run", "cluster_id", "account_id")),
    "linkage_organisation": ("schema/organisation", "Account", ("run", "organisation")),
    "linkage_proposal": ("schema/proposal", "Cluster", ("run", "proposal", "score")),
}
WAIT = 300  # seconds for indexes over what is there already


@dataclass(frozen=True)
class Rule:
    """An index on nodes with a label, by its name; `unique`: that of a constraint."""

    name: str
    label: str
    properties: tuple[str, ...]
    unique: bool


def ensure(database: Database, kinds: Sequence[KindWords]) -> None:
    """Make what is missing. GraphError where nodes of others have one of our labels, or an index
    of theirs stands where one of ours should be: a label is ours if our constraint on it is there,
    and nothing of others' is ever changed."""
    check_words(kinds)
    made: dict[Rule, tuple[str, dict[str, str]]] = {
        Rule(name, label, properties, unique=True): (path, {})
        for label, (name, path, properties) in CONSTRAINTS.items()
    } | {
        Rule(artifact_constraint(kind.label), kind.label, ("run", "value"), unique=True): (
            "schema/artifact",
            {"name": artifact_constraint(kind.label), "label": kind.label},
        )
        for kind in kinds
    }
    plain = {
        Rule(name, label, properties, unique=False): path
        for name, (path, label, properties) in INDEXES.items()
    }
    there = _there(database)
    _refuse_others(database, [*made, *plain], there)
    _refuse_foreign(database, [rule for rule in made if rule not in there.values()])
    for rule, (path, words) in made.items():
        if rule not in there.values():
            database.alone(path, words)
    for path in plain.values():
        database.alone(path)
    database.alone("schema/ready", seconds=WAIT)


def _there(database: Database) -> dict[str, Rule | None]:
    """All indexes by name; None for what none of ours could be."""
    return {
        row["name"]: Rule(
            row["name"], row["labels"][0], tuple(row["properties"]), unique=row["unique"]
        )
        if row["type"] == "RANGE" and row["entity"] == "NODE"
        else None
        for row in database.alone("schema/indexes")
    }


def _refuse_others(
    database: Database, rules: Sequence[Rule], there: Mapping[str, Rule | None]
) -> None:
    """Where an index has the name of one of ours, or does what one of our constraints does."""
    places = {
        (rule.label, rule.properties): name for name, rule in there.items() if rule is not None
    }
    for rule in rules:
        name = rule.name
        if rule.unique and name not in there:
            name = places.get((rule.label, rule.properties), name)
        if there.get(name, rule) != rule:
            raise GraphError(
                f"{database.target.url}: {clean(name, 60)}, an index or constraint of others, is "
                f"in the way of one that linkage needs on nodes labelled {rule.label}; drop it, "
                "or give linkage a database of its own. Nothing was changed"
            )


def _refuse_foreign(database: Database, missing: Sequence[Rule]) -> None:
    """Where nodes have a label whose constraint is missing."""
    labels = [
        rule.label for rule in missing if database.alone("schema/foreign", {"label": rule.label})
    ]
    # Another push may have made the label ours meanwhile.
    if labels:
        there = _there(database).values()
        labels = [rule.label for rule in missing if rule.label in labels and rule not in there]
    if labels:
        raise GraphError(
            f"{database.target.url}: the database holds nodes labelled {', '.join(labels)} that "
            "linkage did not write; give it a database of its own. Nothing was changed"
        )


def artifact_constraint(label: str) -> str:
    """What the constraint on artifacts with this label is called."""
    return f"linkage_artifact_{label}"
