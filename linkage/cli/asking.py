"""What reading commands ask of a graph: where it is, answers of many pages, ids cut short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from linkage.cli import output
from linkage.cli.options import RESULT
from linkage.errors import SettingsError
from linkage.render import clean

if TYPE_CHECKING:
    from linkage.graph import Graph
    from linkage.graph.answers import Page
    from linkage.graph.neo4j import Database

A_PAGE = 10  # questions about one cluster that take as long as a page of them
Row = TypeVar("Row")


@dataclass(frozen=True)
class Place:
    """Where a graph is.

    where    a result folder, or a database's URL, which may hold a password: not to be printed
    folder   the result folder that is read, None where the database alone is
    """

    where: str | Path
    folder: Path | None

    def opened(self) -> closing[Graph]:
        """The graph, for a `with` statement."""
        from linkage.graph import open_graph

        return closing(open_graph(self.where, beyond=self.folder))


@contextmanager
def database_of(graph: str | None) -> Iterator[Database]:
    """The database that the options name; SettingsError where they name none."""
    from linkage.graph.opening import is_url

    if graph is None:
        fault = "missing: name a database, as neo4j://host:7687, or set LINKAGE_GRAPH"
        raise SettingsError([fault], "--graph")
    if not is_url(graph):
        fault = f"{clean(graph, 60)}: no URL of a database: name a database, as neo4j://host:7687"
        raise SettingsError([fault], "--graph")
    from linkage.graph.neo4j import Database, Target

    database = Database(Target.of(graph.strip()))
    try:
        yield database
    finally:
        database.close()


def place(graph: str | None, result: Path | None) -> Place:
    """Where the options say that the graph is.

    SettingsError where both name a folder: what the one says would be ignored.
    """
    if graph is None:
        return Place(result or RESULT, result or RESULT)
    if "://" in graph:
        return Place(graph.strip(), result)
    if result is not None:
        fault = "it names a folder, and so does --result: leave out one, or unset LINKAGE_GRAPH"
        raise SettingsError([fault], "--graph")
    return Place(graph, Path(graph))


@dataclass(frozen=True)
class Taken(Generic[Row]):
    """The first rows of an answer; `whole`: it has no others."""

    rows: Sequence[Row]
    whole: bool

    @property
    def total(self) -> int | None:
        """How many rows the answer has; None where there are more than were taken."""
        return len(self.rows) if self.whole else None

    def mappings(self, limit: int = 0) -> list[dict[str, Any]]:
        """The first of the rows, or all, as JSON and the tables take them."""
        return [asdict(cast(Any, row)) for row in output.cut(self.rows, limit)]


def taken(ask: Callable[[str | None, int], Page[Row]], limit: int) -> Taken[Row]:
    """The first rows of an answer, page by page; 0: all of them.

    ask   a page after a cursor (None: the first), with so many rows at most
    """
    from linkage.graph.questions import MOST_ROWS

    rows: list[Row] = []
    after: str | None = None
    while True:
        page = ask(after, min(limit - len(rows), MOST_ROWS) if limit else MOST_ROWS)
        rows += page.rows
        after = page.next
        if after is None or 0 < limit <= len(rows):
            return Taken(rows, after is None)


def short_ids(graph: Graph, shown: Sequence[str]) -> Mapping[str, str]:
    """The ids of some clusters, cut to a length at which no other of the graph begins so.

    Asks about each of them, or, where that is less, for all clusters page by page.
    """
    from linkage.graph import ClusterFilter
    from linkage.graph.questions import MOST_ROWS

    pages = 1 + graph.run().counts["clusters"] // MOST_ROWS
    if len(shown) > A_PAGE * pages:
        every = taken(lambda after, most: graph.clusters(after=after, limit=most), 0)
        return output.short_ids(row.cluster_id for row in every.rows)
    length = output.SHORT_ID
    for whole in shown:
        while length < len(whole):
            alike = graph.clusters(ClusterFilter(id_prefix=whole[:length]), limit=2)
            if len(alike.rows) < 2:
                break
            length += 1
    return {whole: whole[:length] for whole in shown}
