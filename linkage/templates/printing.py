"""A file of texts with fingerprints in their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import FormatError, MissingColumns, SettingsError
from linkage.folder import literal
from linkage.readers.sources import Source
from linkage.render import clean
from linkage.templates.cutting import secret
from linkage.templates.files import source_of
from linkage.templates.fingerprints import fingerprints
from linkage.templates.writing import whole

COLUMN = "prompt_fingerprint"
ROWS = 1 << 14  # at once
LEAST = 16  # bytes of a key


def key_of(file: Path) -> bytes:
    """What a key file holds, without white space around it; SettingsError where it is short."""
    try:
        key = file.read_bytes().strip()
    except OSError as error:
        raise SettingsError([f"cannot be read: {clean(error.strerror)}"], clean(file)) from None
    if len(key) < LEAST:
        fault = f"a key has {LEAST} bytes at least; `openssl rand -hex 32` makes one"
        raise SettingsError([fault], clean(file))
    return key


def printed(file: str, column: str, key: bytes, out: Path, workdir: Path) -> int:
    """Write all columns of a file but its texts, and their fingerprints, as Parquet that is whole
    or not there; returns how many rows.

    Columns of CSV stay texts. Raises MissingInput, FormatError, MissingColumns or ResultError.
    """
    source, salt, rows = source_of(file, workdir), secret(key), 0
    with _batches(source) as batches, whole(out) as (part,):
        names = batches.schema.names
        if column not in names:
            has = ", ".join(clean(name, 40) for name in names[:20])
            raise MissingColumns(f"{clean(source.name)}: no column {clean(column)}; it has: {has}")
        if COLUMN in names:
            raise FormatError(f"{clean(source.name)}: has a column {COLUMN} already")
        place = names.index(column)
        field = pa.field(COLUMN, pa.large_string())
        with pq.ParquetWriter(part, batches.schema.set(place, field), compression="zstd") as writer:
            for batch in batches:
                prints = fingerprints(batch.column(place).cast(pa.large_string()), salt)
                writer.write_batch(batch.set_column(place, field, prints))
                rows += batch.num_rows
    return rows


@contextmanager
def _batches(source: Source) -> Iterator[pa.RecordBatchReader]:
    readers = {
        "parquet": "read_parquet($file)",
        "csv": "read_csv($file, all_varchar = true, header = true, delim = ',')",
        "tsv": "read_csv($file, all_varchar = true, header = true, delim = '\t')",
        "ndjson": "read_json($file, format = 'newline_delimited', sample_size = -1)",
    }
    con = duckdb.connect(config={"threads": 1})
    try:
        con.execute("SET TimeZone = 'UTC'")
        files = {"file": literal(source.path.absolute())}
        yield con.sql(f"FROM {readers[source.format]}", params=files).to_arrow_reader(ROWS)
    except (duckdb.Error, pa.ArrowException) as error:
        fault = f"{clean(source.name)}: cannot be read: {clean(error, 200)}"
        raise FormatError(fault) from None
    finally:
        con.close()
