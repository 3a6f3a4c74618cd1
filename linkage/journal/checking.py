"""One call's events: read, checked and typed, as `linkage detect` would do it from a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Protocol

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from linkage.errors import FormatError, QuestionError
from linkage.events import reduced
from linkage.readers import columns, ndjson
from linkage.readers.checks import bad_addresses, sift
from linkage.readers.parts import ParquetFile, together
from linkage.readers.rejects import Rejects
from linkage.readers.scan import IdHashes, pass_over
from linkage.readers.schema import SCHEMA
from linkage.readers.sniff import BOM
from linkage.readers.sources import Source
from linkage.readers.staging import LINE, Stage
from linkage.readers.typed import to_json
from linkage.render import clean
from linkage.settings import Settings

REJECTED = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("row", pa.string())])
CALL = "call"  # as messages name the body
CALLS = 200  # of one engine
CONTENT = "content:"  # begins the id of an event that came without one


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

    def applied(self, con: Backend, checked: Checked) -> Checked:
        """The same without anything readable of accounts and artifacts."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def md5(text: str) -> str:  # type: ignore[empty-body]
    """DuckDB's MD5 of a text, in hexadecimal."""


class Checker:
    """Checks bodies, in any thread. There are as many engines as were at work at once."""

    def __init__(self, settings: Settings, most: int, privacy: Privacy | None = None) -> None:
        self._settings, self._most, self._privacy = settings, most, privacy
        self._wanted = columns.wanted(settings)
        self._engines: LifoQueue[tuple[int, Backend]] = LifoQueue()
        types = {name: SCHEMA.get(name, dt.string) for name in columns.output(settings)}
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
        with tempfile.TemporaryDirectory(prefix="linkage-call-") as folder, self._engine() as con:
            return self._in(con, Path(folder), lines)

    def close(self) -> None:
        """Give the engines back."""
        while not self._engines.empty():
            self._engines.get_nowait()[1].disconnect()

    def _in(self, con: Backend, folder: Path, lines: bytes) -> Checked:
        rejects = Rejects(folder)
        (folder / "call").write_bytes(lines)
        source = Source(CALL, folder / "call", "ndjson", None, named=True)
        names = list(dict.fromkeys(self._wanted.values()))
        staged = folder / "staged.parquet"
        with Stage(staged, names) as stage:
            ndjson.stage(con.con, source, names, stage, rejects)
        events = self.schema.empty_table()
        if stage.rows:
            types = {LINE: "int64", **dict.fromkeys(names, "string")}
            (part,) = together(con, [ParquetFile(staged, CALL, types, stage.rows)], self._wanted)
            doubtful = pass_over(con, part, IdHashes(stage.rows))
            bad = bad_addresses(con, doubtful, folder / "bad.parquet")
            good = sift(con, part, bad, rejects, keyed=self._privacy is not None)
            present = {ours for ours, theirs in self._wanted.items() if theirs in stage.seen}
            kept = _named(reduced(good, frozenset(present)).select(self.schema.names))
            events = con.to_pyarrow(kept).cast(self.schema)
        checked = Checked(events, _rejected(con, rejects, folder))
        return checked if self._privacy is None else self._privacy.applied(con, checked)

    @contextmanager
    def _engine(self) -> Iterator[Backend]:
        """One that nobody else has for now. Each file that it reads leaves a name in it, so that
        after many calls another takes its place; one that failed is not used again."""
        try:
            calls, engine = self._engines.get_nowait()
        except Empty:
            calls, engine = 0, ibis.duckdb.connect(threads=1)
            engine.raw_sql("SET TimeZone = 'UTC'")
        yield engine
        if calls + 1 < CALLS:
            self._engines.put((calls + 1, engine))
        else:
            engine.disconnect()


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


def _rejected(con: Backend, rejects: Rejects, folder: Path) -> pa.Table:
    """By line. A row is JSON, so that what was sent can be sent again."""
    path = rejects.write(con, folder / "rejected.ndjson")
    if path is None:
        return REJECTED.empty_table()
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        rows = [json.loads(line) for line in file]
    told = [(row["line"], row["reason"], json.dumps(row["row"])) for row in rows]
    return pa.table(list(zip(*told, strict=True)), schema=REJECTED)
