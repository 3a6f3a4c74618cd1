"""One reading of a run's graph: a transaction, the run it is of, and how much of that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from linkage.errors import GraphError, OutsideGraph
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.connection import Asking
from linkage.graph.neo4j.model import FORMAT, Scope, native
from linkage.graph.neo4j.statements import words_of
from linkage.graph.records import Record
from linkage.render import clean


@dataclass(frozen=True)
class Described:
    """What never changes of a run that is in a database.

    run      its key there;  id: of the run;  info: its run.json
    """

    run: str
    id: str
    scope: Scope
    info: Mapping[str, Any]
    kinds: Mapping[str, KindWords]


class Reading:
    """Asks about one run, with its key in every question."""

    def __init__(self, asking: Asking, described: Described, *, alone: bool) -> None:
        """alone: nobody else can answer what is not here, so that a part is better than nothing."""
        self._asking, self.described, self.alone = asking, described, alone
        self.kinds = described.kinds

    @property
    def complete(self) -> bool:
        """Whether every account, artifact and cluster of the run is here."""
        return self.described.scope is Scope.all

    def rows(self, name: str, of: str | None = None, /, **values: Any) -> list[Record]:
        """What a statement of `cypher/read` finds; `of`: the kind whose words fill it."""
        words = words_of(self.kinds[of]) if of is not None else None
        found = self._asking.rows(f"read/{name}", words, run=self.described.run, **values)
        return [{column: native(value) for column, value in row.items()} for row in found]

    def first(self, name: str, of: str | None = None, /, **values: Any) -> Record | None:
        """Its first row, if there is one."""
        found = self.rows(name, of, **values)
        return found[0] if found else None

    def outside(self, what: object) -> NoReturn:
        """What was asked may be in the run, but not in this part of it."""
        raise OutsideGraph(
            f"{clean(what, 80)}: the graph of {self.described.id} holds flagged clusters and what "
            "is around them alone, and this is not among it. Name the run's result folder as well "
            "(--result), or bring all of it in: `linkage graph push --scope all`"
        )


def check_format(shown: Record, url: str) -> None:
    """GraphError where the graph that a database shows is of another version's model."""
    if shown["format"] != FORMAT:
        raise GraphError(
            f"{url}: its graph has format {clean(shown['format'], 20)}, and this version reads "
            f"{FORMAT}: push the run again with this version"
        )


def families(row: Record) -> Record:
    """A link's row, its families as a mapping."""
    parts = zip(row.pop("families"), row.pop("family_bits"), strict=True)
    return {**row, "families": dict(parts)}


def properties(row: Record, name: str, wanted: Sequence[str]) -> Record:
    """Some of a node's properties: what is missing there is none."""
    node = row[name]
    return {column: native(node.get(column)) for column in wanted}
