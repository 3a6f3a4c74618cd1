"""Constraints and indexes, made before anything is brought in; and whose database it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Database, Record
from linkage.graph.neo4j.model import FORMAT, NAME
from linkage.graph.neo4j.statements import OWN_RELATIONSHIPS, check_words
from linkage.render import clean

# A label of ours: the constraint that makes it ours, the statement of that, and its properties.
CONSTRAINTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "LinkageGraph": ("linkage_graph", "schema/graph", ("name",)),
    "Run": ("linkage_run", "schema/run", ("run",)),
    "PushStep": ("linkage_push_step", "schema/step", ("run", "part", "lane")),
    "Account": ("linkage_account", "schema/account", ("run", "account_id")),
    "Cluster": ("linkage_cluster", "schema/cluster", ("run", "cluster_id")),
}
INDEXES = (
    "schema/member", "schema/organisation", "schema/proposal", "schema/held", "schema/leaving",
    "schema/shares", "schema/was",
)  # fmt: skip
TRIES = 5
WAIT = 300  # seconds for indexes over what is there already
MAKING, POLL = 5.0, 0.05  # seconds that a constraint has to follow its index, and between looks


@dataclass(frozen=True)
class Unique:
    """A constraint: nodes with the label differ in these properties."""

    label: str
    properties: tuple[str, ...]


def ensure(database: Database, kinds: Sequence[KindWords]) -> None:
    """Make what is missing.

    A label is ours if our constraint on it is there. After an import there is none yet: then it is
    ours if each of its nodes is of the run that our pointer shows. GraphError where a label holds
    any other node, or an index of others stands where one of ours should be; nothing of others'
    is ever changed.
    """
    check_words(kinds)
    needed, making = _constraints(kinds)
    there = _indexes(database, needed)
    _refuse_others(database, needed, there)
    missing = [name for name in needed if not any(row["name"] == name for row in there)]
    _refuse_foreign(database, {name: needed[name].label for name in missing})
    for name in missing:
        _make(database, name, *making[name])
    for name, path in _plain().items():
        _make(database, name, path)
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


def _constraints(
    kinds: Sequence[KindWords],
) -> tuple[dict[str, Unique], dict[str, tuple[str, dict[str, str]]]]:
    """Ours by name, and the statement and words that make each."""
    needed: dict[str, Unique] = {}
    making: dict[str, tuple[str, dict[str, str]]] = {}
    for label, (name, path, properties) in CONSTRAINTS.items():
        needed[name], making[name] = Unique(label, properties), (path, {})
    for kind in kinds:
        name = artifact_constraint(kind.label)
        needed[name] = Unique(kind.label, ("run", "value"))
        making[name] = "schema/artifact", {"name": name, "label": kind.label}
    return needed, making


def _plain() -> dict[str, str]:
    """The statements of our indexes by name: that of the file, after `linkage_`."""
    return {"linkage_" + path.rpartition("/")[2]: path for path in INDEXES}


def _make(database: Database, name: str, path: str, words: Mapping[str, str] | None = None) -> None:
    """Make a constraint or index. Where another push makes the same one at the same time, the
    server refuses although the statement says IF NOT EXISTS."""
    for left in reversed(range(TRIES)):
        try:
            database.alone(path, words)
        except GraphError:
            if any(row["name"] == name for row in database.alone("schema/indexes")):
                return
            if not left:
                raise
        else:
            return


def _indexes(database: Database, needed: Mapping[str, Unique]) -> Sequence[Record]:
    """All that are there. A constraint's index comes before it: where another push is making one,
    it is waited for, lest its index be taken for that of others."""
    until = monotonic() + MAKING
    while True:
        there = database.alone("schema/indexes")
        begun = (row for row in there if not row["unique"] and _on(row) == needed.get(row["name"]))
        if not any(begun) or monotonic() > until:
            return there
        sleep(POLL)


def _on(row: Record) -> Unique:
    return Unique(row["labels"][0], tuple(row["properties"]))


def _refuse_others(
    database: Database, needed: Mapping[str, Unique], there: Sequence[Record]
) -> None:
    """Where an index has the name of one of ours, or does what one of our constraints does."""
    plain = _plain()
    words = {*CONSTRAINTS, *OWN_RELATIONSHIPS}
    for row in there:
        name, on = row["name"], _on(row)
        ranged = row["type"] == "RANGE"
        if name in needed:
            amiss = on != needed[name] or not row["unique"] or row["entity"] != "NODE"
        elif name in plain:
            amiss = not ranged or row["unique"] or on.label not in words
        else:
            amiss = ranged and row["entity"] == "NODE" and on in needed.values()
        if amiss:
            raise GraphError(
                f"{database.target.url}: {clean(name, 60)}, an index or constraint of others, is "
                "in the way of what linkage needs; rename or drop it, or give linkage a database "
                "of its own. Nothing was changed"
            )


def _refuse_foreign(database: Database, missing: Mapping[str, str]) -> None:
    """Where nodes have a label (by the name of its constraint) that is not ours."""
    runs = imported(database) if missing else []
    found = {
        name: label
        for name, label in missing.items()
        if database.alone("schema/foreign", {"label": label}, runs=runs, name=NAME)
    }
    if found:
        # Another push may have made a label ours meanwhile.
        now = {row["name"] for row in database.alone("schema/indexes")}
        found = {name: label for name, label in found.items() if name not in now}
    if found:
        raise GraphError(
            f"{database.target.url}: the database holds nodes labelled "
            f"{', '.join(found.values())} that linkage did not write; give it a database of its "
            "own. Nothing was changed"
        )
