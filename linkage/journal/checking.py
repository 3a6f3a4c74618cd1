"""One call's events: read, checked and typed, as `linkage detect` would do it from a file.

All of it is in memory: what was sent is in no file before pseudonyms are made of it. What is asked
of the rows is compiled once for all calls, for Ibis takes longer to understand it than DuckDB to
answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, LifoQueue
from typing import Protocol

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import FormatError, QuestionError
from linkage.events import reduced
from linkage.readers import columns, ndjson
from linkage.readers.addresses import unsure
from linkage.readers.checks import fault, impossible, incomplete, misplaced, well_placed
from linkage.readers.held import HeldPart, HeldRejects, HeldRows
from linkage.readers.schema import REDUCED, SCHEMA
from linkage.readers.sniff import BOM
from linkage.readers.streams import Block
from linkage.readers.typed import to_json
from linkage.render import clean
from linkage.settings import Settings

CALL = "call"  # as messages name the body, and statements its rows
ADDRESSES = "addresses"  # a table of these, with the column `ip`
CONTENT = "content:"  # begins the id of an event that came without one
_NO_ADDRESSES = pa.table({"ip": pa.array([], pa.string())})


@dataclass(frozen=True)
class Checked:
    """events: the columns that detections read, each with an event_id; rejected: REJECTED.

    vault: rows of `linkage.privacy.sealing`, None where no vault is kept; epoch: of what was known
    to be in it already (`Vaulted`).
    """

    events: pa.Table
    rejected: pa.Table
    vault: pa.Table | None = None
    epoch: int = 0


class Privacy(Protocol):
    """What makes events pseudonymous before they are written."""

    def applied(self, con: duckdb.DuckDBPyConnection, checked: Checked) -> Checked:
        """The same without anything readable of accounts and artifacts."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def md5(text: str) -> str:  # type: ignore[empty-body]
    """DuckDB's MD5 of a text, in hexadecimal."""


class Statements:
    """What is asked of a call's rows (CALL), as DuckDB's SQL."""

    def __init__(self, settings: Settings, *, keyed: bool) -> None:
        """`keyed`: pseudonyms will be made of the events (`linkage.readers.checks.complete`)."""
        self._part = HeldPart(CALL, columns.wanted(settings))
        self._names, self._keyed = columns.output(settings, REDUCED), keyed
        self._dropped = [name for name in REDUCED if name not in columns.output(settings)]
        self._addresses = ibis.table({"ip": "string"}, name=ADDRESSES)
        self.impossible = _sql(impossible(self._addresses))
        self.incomplete = _sql(incomplete(self._part, keyed=keyed))
        self.misplaced = _sql(misplaced(self._part, self._addresses, keyed=keyed))
        self.events = lru_cache(maxsize=64)(self._events)

    def _events(self, present: frozenset[str], placed: bool) -> str:
        """The events, with the reason why one is not complete: to filter by it in the same
        statement has DuckDB read each time twice. present: our columns of which a row has a value;
        placed: no address of ADDRESSES is among them."""
        events = self._part.events
        events = events if placed else well_placed(events, self._addresses)
        events = _needed(reduced(events, present), self._dropped)
        named = _named(events.select(self._names))
        return _sql(named.mutate(reason=fault(named, keyed=self._keyed)))


class Checker:
    """Checks bodies, in any thread. There are as many engines as were at work at once."""

    def __init__(self, settings: Settings, most: int, privacy: Privacy | None = None) -> None:
        self._most, self._privacy = most, privacy
        self._wanted = columns.wanted(settings)
        self._ask = Statements(settings, keyed=privacy is not None)
        self._engines: LifoQueue[duckdb.DuckDBPyConnection] = LifoQueue()
        types = {name: SCHEMA.get(name, dt.string) for name in columns.output(settings, REDUCED)}
        self.schema: pa.Schema = ibis.schema(types).to_pyarrow()

    def checked(self, body: bytes) -> Checked:
        """The events of a body: NDJSON, or one JSON array. An event without an id is named by its
        content, so that the same one is the same again.

        QuestionError where it has more events than a call may have, FormatError where an array
        cannot be read.
        """
        lines = _lines(body)
        if lines.count(b"\n") > self._most:
            raise QuestionError(f"a call may have {self._most:,} events; send them in parts")
        with self._engine() as con:
            return self._in(con, lines)

    def close(self) -> None:
        """Give the engines back."""
        while not self._engines.empty():
            self._engines.get_nowait().close()

    def _in(self, con: duckdb.DuckDBPyConnection, lines: bytes) -> Checked:
        rejects = HeldRejects()
        names = list(dict.fromkeys(self._wanted.values()))
        held = HeldRows(names)
        if lines:
            ndjson.stage_block(con, Block(1, lines), CALL, names, held, rejects)
        rows = held.table()
        events = self.schema.empty_table()
        if rows.num_rows:
            with _known(con, CALL, rows):
                events = self._good(con, rows, rejects)
        checked = Checked(events, rejects.table())
        return checked if self._privacy is None else self._privacy.applied(con, checked)

    def _good(
        self, con: duckdb.DuckDBPyConnection, rows: pa.Table, rejects: HeldRejects
    ) -> pa.Table:
        addresses = self._impossible(con, rows)
        with _known(con, ADDRESSES, addresses):
            if addresses.num_rows:
                rejects.add_table(_answer(con, self._ask.misplaced))
            present = frozenset(
                ours
                for ours, theirs in self._wanted.items()
                if rows[theirs].null_count < rows.num_rows
            )
            statement = self._ask.events(present, not addresses.num_rows)
            events = _answer(con, statement)
        if events["reason"].null_count < events.num_rows:
            rejects.add_table(_answer(con, self._ask.incomplete))
            events = events.filter(pc.is_null(events["reason"]))
        return events.drop_columns("reason").cast(self.schema)

    def _impossible(self, con: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Table:
        doubtful = unsure(rows[self._wanted["ip"]].combine_chunks())
        if not len(doubtful):
            return _NO_ADDRESSES
        with _known(con, ADDRESSES, pa.table({"ip": doubtful})):
            return _answer(con, self._ask.impossible)

    @contextmanager
    def _engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One that nobody else has for now; one that failed is not used again."""
        try:
            engine = self._engines.get_nowait()
        except Empty:
            # Without a folder for what does not fit into memory, which would be readable.
            engine = duckdb.connect(config={"threads": 1, "temp_directory": ""})
            engine.execute("SET TimeZone = 'UTC'")
        yield engine
        self._engines.put(engine)


@contextmanager
def _known(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    con.register(name, table)
    yield
    con.unregister(name)


def _answer(con: duckdb.DuckDBPyConnection, statement: str) -> pa.Table:
    return con.sql(statement).to_arrow_table()


def _sql(table: ir.Table) -> str:
    return str(ibis.to_sql(table, dialect="duckdb"))


def _named(events: ir.Table) -> ir.Table:
    """Each event with an id: its own, or one made of its content."""
    own = events.event_id.strip()
    content = md5(to_json(ibis.struct({name: events[name] for name in events.columns})))
    return events.mutate(
        event_id=ibis.cases(
            (own.notnull() & (own != ""), events.event_id),
            else_=ibis.literal(CONTENT) + content,
        )
    )


def _needed(events: ir.Table, names: Sequence[str]) -> ir.Table:
    """Of a prompt no more than its template can be found by: the first of template, fingerprint
    and text that came. `names`: those of REDUCED that no kind reads."""
    known = events.prompt_template.notnull()
    surplus = {"prompt_fingerprint": known, "prompt": known | events.prompt_fingerprint.notnull()}
    nothing = ibis.null("string")
    return events.mutate(**{n: surplus[n].ifelse(nothing, events[n].nullif("")) for n in names})


def _lines(body: bytes) -> bytes:
    """An object a line."""
    text = body.lstrip(b" \t\r\n\xef\xbb\xbf")
    if not text.startswith(b"["):
        return body.removeprefix(BOM).rstrip(b"\n") + b"\n" if body.strip() else b""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the body is no JSON array: {clean(error, 200)}") from None
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
