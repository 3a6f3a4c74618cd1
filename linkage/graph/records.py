"""Pages of rows that a query gives in order, one row more than asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from linkage.graph.answers import Page
from linkage.graph.paging import Key, cursor

Row = TypeVar("Row")
Record = dict[str, Any]


def page(
    found: Sequence[Record],
    limit: int,
    question: Sequence[object],
    keys: Sequence[str],
    made: Callable[[Record], Row],
) -> Page[Row]:
    """The first `limit` of the rows; `keys` are the columns that say where the page ends."""
    taken = found[:limit]
    last: list[Key] = [taken[-1][key] for key in keys] if len(found) > limit else []
    rows = tuple(made(row) for row in taken)
    return Page(rows, cursor(question, last) if last else None)


def total(found: Sequence[Record]) -> int:
    """How many rows there are in all, of a query that counts them in its column `total`."""
    return int(found[0]["total"]) if found else 0


def columns(row: Record, names: Sequence[str]) -> Record:
    """Some columns of a row."""
    return {name: row[name] for name in names}
