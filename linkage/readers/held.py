"""Rows of a text that are in memory, and never in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from linkage.readers.parts import given, typed
from linkage.readers.rejects import told
from linkage.readers.staging import LINE

REJECTED = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("row", pa.string())])
"""`line` from 1; `row` is JSON, so that what was sent can be sent again."""


class HeldRows:
    """Takes in rows of texts (`linkage.readers.staging.Rows`)."""

    def __init__(self, names: Sequence[str]) -> None:
        self._schema = pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in names)])
        self._tables: list[pa.Table] = []

    def write(self, lines: pa.Array, columns: Sequence[pa.Array]) -> None:
        """Rows with their line numbers; a column for each name, in order."""
        self._tables.append(pa.table([lines, *columns], schema=self._schema))

    def table(self) -> pa.Table:
        """All of them."""
        return pa.concat_tables([self._schema.empty_table(), *self._tables]).combine_chunks()


class HeldRejects:
    """Takes in what cannot be used (`linkage.readers.rejects.Quarantine`)."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, str]] = []

    def add(self, file: str, line: int, reason: str, raw: bytes) -> None:
        """One line of a text that could not be read."""
        self._rows.append((line, reason, told(raw)))

    def add_table(self, rows: pa.Table) -> None:
        """Rows of a table with REJECTED's columns."""
        self._rows += zip(*rows.select(REJECTED.names).to_pydict().values(), strict=True)

    def table(self) -> pa.Table:
        """All of them, by line."""
        rows = [(line, why, json.dumps(json.loads(row))) for line, why, row in sorted(self._rows)]
        if not rows:
            return REJECTED.empty_table()
        return pa.table(list(zip(*rows, strict=True)), schema=REJECTED)


@dataclass(frozen=True)
class HeldPart:
    """What statements about `HeldRows` are made of (`linkage.readers.checks.Checkable`).

    name      that the rows have in the statements, and in messages
    mapping   our column -> theirs
    """

    name: str
    mapping: Mapping[str, str]

    @property
    def raw(self) -> ir.Table:
        """The rows as they came."""
        theirs = dict.fromkeys(self.mapping.values(), "string")
        return ibis.table({LINE: "int64", **theirs}, name=self.name)

    @property
    def events(self) -> ir.Table:
        """Our columns with our types."""
        return self.raw.select(typed(self.raw, list(self.mapping), self.mapping, self.name))

    def placed(self) -> ir.Table:
        """The same, with `file`, `line`, `row` (the values as they came) and `raw_ts`."""
        raw = self.raw
        return raw.select(
            *typed(raw, list(self.mapping), self.mapping, self.name),
            file=ibis.literal(self.name),
            line=raw[LINE],
            raw_ts=raw[self.mapping["ts"]],
            row=given(raw, self.mapping),
        )
