"""Stage 1: event files -> one table of events.

Parquet, CSV and NDJSON, plain or packed, files, folders, globs and standard input. Parquet is
read where it lies, each time that the table is used, and only the columns that are asked for;
texts become Parquet once. What cannot be used goes to a quarantine file, with its place and
the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.errors import FormatError, InputError, MissingInput
from linkage.readers import columns, repeats
from linkage.readers.checks import bad_addresses, sift
from linkage.readers.parts import ParquetFile, Part, describe, together
from linkage.readers.rejects import Rejects
from linkage.readers.scan import Hashes, IdHashes, pass_over
from linkage.readers.schema import SCHEMA
from linkage.readers.sources import Source, find
from linkage.readers.texts import converted
from linkage.render import clean
from linkage.settings import Settings
from linkage.templates.fingerprints import is_fingerprint

__all__ = ["SCHEMA", "EventSet", "read", "reduced"]

QUARANTINE = "quarantine.ndjson"


@dataclass(frozen=True)
class EventSet:
    """The events of a run.

    table         expression: SCHEMA's columns (typed nulls where the input has none, but neither
                  prompt nor prompt_fingerprint), then those that declared kinds read, as text.
                  It reads the input's files and some in `workdir`: both must stay while it is used
    files         what was read, sorted, as it was named
    rows          events in the table
    quarantined   rows and lines that could not be used
    duplicates    rows left out because their event_id had come before
    quarantine    NDJSON file {"file", "line", "reason", "row"}, by file and line; None if empty
    present       SCHEMA's columns that the input has
    pseudonyms    the name of the key, where accounts and values are keyed pseudonyms
    """

    table: ir.Table
    files: tuple[str, ...]
    rows: int
    quarantined: int
    duplicates: int
    quarantine: Path | None
    present: frozenset[str]
    pseudonyms: str | None = None


def read(
    con: Backend, sources: Sequence[str | Path], settings: Settings, workdir: Path
) -> EventSet:
    """Read, check and unite events; the result does not depend on the order of files or rows.

    Raises MissingInput, FormatError, MissingColumns (all InputError) with what to do about it,
    InputError where no row can be used, SettingsError where a mapping is not of our columns.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    # A time without a zone is UTC, wherever this runs.
    con.raw_sql("SET TimeZone = 'UTC'")
    try:
        return _Reading(con, settings, workdir).read(sources)
    except duckdb.Error as error:
        # Of damaged pages, DuckDB says no more than that.
        if type(error) in (duckdb.Error, duckdb.InvalidInputException, duckdb.IOException):
            raise FormatError(f"the events cannot be read: {error}") from error
        raise


class _Reading:
    """The steps of one `read`."""

    def __init__(self, con: Backend, settings: Settings, workdir: Path) -> None:
        self.con = con
        self.settings = settings
        self.workdir = workdir
        self.wanted = columns.wanted(settings)
        self.rejects = Rejects(workdir)

    def read(self, sources: Sequence[str | Path]) -> EventSet:
        found = find(sources, self.workdir)
        files = [self._file(source, number) for number, source in enumerate(found)]
        pseudonyms = _one_key([f for f in files if f.rows])
        parts = together(self.con, [f for f in files if f.rows], self.wanted)
        present = frozenset(ours for part in parts for ours in part.mapping)
        events, repeated = self._good(parts)
        rows = sum(file.rows for file in files) - self.rejects.sifted
        quarantined, quarantine = self._quarantined(found, rows)
        columns.check_mapped(present, self.settings)
        events, duplicates = repeats.without(self.con, events, repeated, self.workdir)
        return EventSet(
            table=reduced(events, present).select(columns.output(self.settings, present)),
            files=tuple(source.name for source in found),
            rows=rows - duplicates,
            quarantined=quarantined,
            duplicates=duplicates,
            quarantine=quarantine,
            present=present & frozenset(SCHEMA.names),
            pseudonyms=pseudonyms,
        )

    def _file(self, source: Source, number: int) -> ParquetFile:
        """The source as a Parquet file: itself, or what becomes of a text."""
        before = self.rejects.count
        if source.format == "parquet":
            file = describe(source.path, source.name)
            columns.check_required(file.name, list(file.types), self.wanted)
        else:
            path = self.workdir / f"text-{number:06d}.parquet"
            file = converted(self.con, source, self.wanted, path, self.rejects)
        if source.named and not file.rows and self.rejects.count == before:
            raise MissingInput(f"{source.name}: there are no rows in it")
        return file

    def _good(self, parts: Sequence[Part]) -> tuple[ir.Table, Hashes]:
        """The good rows of all parts, and the hashes of event ids that may repeat."""
        ids = IdHashes(sum(file.rows for part in parts for file in part.files))
        good = [self._sifted(part, number, ids) for number, part in enumerate(parts)]
        return ibis.union(*good) if len(good) > 1 else good[0], ids.repeated()

    def _sifted(self, part: Part, number: int, ids: IdHashes) -> ir.Table:
        doubtful = pass_over(self.con, part, ids)
        path = self.workdir / f"impossible-addresses-{number:03d}.parquet"

        def kept(addresses: pa.Table) -> ir.Table:
            pq.write_table(addresses, path)
            return self.con.read_parquet(str(path))

        good = sift(self.con, part, bad_addresses(self.con, doubtful, kept), self.rejects)
        return self._typed_copy(part, good, number) if part.is_text else good

    def _typed_copy(self, part: Part, good: ir.Table, number: int) -> ir.Table:
        """Texts are parsed once: the strings that they were kept as give way to typed columns."""
        path = self.workdir / f"events-{number:03d}.parquet"
        self.con.to_parquet(good, path)
        for file in part.files:
            file.path.unlink()
        return self.con.read_parquet(str(path)).cast(good.schema())

    def _quarantined(self, found: Sequence[Source], rows: int) -> tuple[int, Path | None]:
        """How many rows went to quarantine, and its file; an error where no row is left."""
        reasons = self.rejects.reasons(self.con)
        path = self.rejects.write(self.con, self.workdir / QUARANTINE)
        if not rows and not reasons:
            names = ", ".join(source.name for source in found)
            raise MissingInput(f"there are no rows in {names}")
        if not rows:
            raise InputError(_none_left(reasons, path))
        return sum(reasons.values()), path


def _one_key(files: Sequence[ParquetFile]) -> str | None:
    """The key of all files' pseudonyms; InputError where they would not match each other."""
    of_keys = {file.pseudonyms: file.name for file in files}
    if len(of_keys) > 1:
        one, other = list(of_keys.values())[:2]
        raise InputError(
            f"{clean(one)} and {clean(other)} cannot be read together: accounts and values of one "
            "are keyed pseudonyms, and in the other they are not, or of another key. Where a "
            "rotation of keys was interrupted, `linkage privacy rotate` ends it"
        )
    return next(iter(of_keys), None)


def _none_left(reasons: Mapping[str, int], quarantine: Path | None) -> str:
    """The most frequent reasons, where every row is bad."""
    total = sum(reasons.values())
    width = len(str(total))
    lines = [f"  {count:>{width}}  {reason}" for reason, count in list(reasons.items())[:5]]
    head = f"no row can be used, of {total}:"
    return "\n".join([head, *lines, f"Each is in {quarantine}, with its line."])


def reduced(events: ir.Table, present: frozenset[str]) -> ir.Table:
    """Where no template came, `prompt_template` is a fingerprint of the platform's own making,
    which is compared as it is. Those of `linkage templates fingerprint` are mined as texts are."""
    if "prompt_fingerprint" not in present:
        return events
    own = is_fingerprint(events.prompt_fingerprint).ifelse(
        ibis.null("string"), events.prompt_fingerprint.nullif("")
    )
    return events.mutate(prompt_template=ibis.coalesce(events.prompt_template, own))
