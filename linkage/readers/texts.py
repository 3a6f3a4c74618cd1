"""A text file as a Parquet file of strings with line numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ibis.backends.duckdb import Backend

from linkage.readers import csvtext, ndjson
from linkage.readers.columns import check_required
from linkage.readers.parts import ParquetFile
from linkage.readers.rejects import Rejects
from linkage.readers.schema import REQUIRED
from linkage.readers.sources import Source
from linkage.readers.staging import LINE, Stage


def converted(
    con: Backend, source: Source, wanted: Mapping[str, str], path: Path, out: Rejects
) -> ParquetFile:
    """Write the wanted columns that a text has to `path`, and lines that are no rows to `out`.

    Raises MissingColumns without a time or an account, FormatError where it cannot be read.
    """
    if source.format == "ndjson":
        return _of_ndjson(con, source, wanted, path, out)
    names = csvtext.header(source).names
    if names:
        check_required(source.name, names, wanted)
    here = [name for name in dict.fromkeys(wanted.values()) if name in names]
    with Stage(path, here) as stage:
        csvtext.stage(source, here, stage, out)
    return _file(source, path, stage, here)


def _of_ndjson(
    con: Backend, source: Source, wanted: Mapping[str, str], path: Path, out: Rejects
) -> ParquetFile:
    names = list(dict.fromkeys(wanted.values()))
    with Stage(path, names) as stage:
        ndjson.stage(con.con, source, names, stage, out)
    required = {wanted[ours] for ours in REQUIRED}
    if stage.rows and not required <= stage.seen:
        # A key may be there and always null: then each row is at fault, not the file.
        keys = dict.fromkeys([*ndjson.keys(source), *sorted(stage.seen)])
        check_required(source.name, list(keys), wanted)
    here = [name for name in names if name in stage.seen | required]
    return _file(source, path, stage, here)


def _file(source: Source, path: Path, stage: Stage, names: list[str]) -> ParquetFile:
    types = {LINE: "int64", **dict.fromkeys(names, "string")}
    return ParquetFile(path, source.name, types, stage.rows)
