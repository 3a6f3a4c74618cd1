"""NDJSON: one object a line. DuckDB parses; a broken line costs no other line."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from linkage.readers.rejects import Quarantine
from linkage.readers.sources import Source, unpacked_head
from linkage.readers.staging import Rows
from linkage.readers.streams import Block, blocks

MALFORMED = "malformed JSON"
NO_OBJECT = "not a JSON object"
NOT_UTF8 = "not UTF-8 text"

# The paths are one parameter, so no name of a column comes near the statement. `lines` is the
# table registered below. A value that is no scalar comes out as its JSON text.
PARSE = """
SELECT line,
       text,
       CASE WHEN NOT json_valid(text) THEN 'malformed JSON'
            WHEN json_type(text) <> 'OBJECT' THEN 'not a JSON object' END AS reason,
       CASE WHEN json_valid(text) THEN json_extract_string(text, $paths) END AS found
FROM lines
WHERE trim(text, ' \t\r\n') <> ''
"""


def stage(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    names: Sequence[str],
    into: Rows,
    out: Quarantine,
) -> None:
    """Write the named keys of every object as strings, and what is none to the rejects."""
    for block in blocks(source):
        stage_block(con, block, source.name, names, into, out)


def stage_block(
    con: duckdb.DuckDBPyConnection,
    block: Block,
    file: str,
    names: Sequence[str],
    into: Rows,
    out: Quarantine,
) -> None:
    """The same of lines that are in memory; `file` is what the rejects call where they are from."""
    con.register("lines", _lines(block, file, out))
    paths = [pointer(name) for name in names]
    found = con.sql(PARSE, params={"paths": paths}).to_arrow_table()
    con.unregister("lines")
    _write(found.combine_chunks(), file, len(names), into, out)


def keys(source: Source) -> list[str]:
    """The keys in the first lines, in order of appearance: for messages."""
    found: dict[str, None] = {}
    for line in unpacked_head(source).splitlines()[:1000]:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        found |= dict.fromkeys(value if isinstance(value, dict) else ())
    return list(found)


def pointer(name: str) -> str:
    """The JSON pointer to a key, whatever characters it has."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _lines(block: Block, file: str, out: Quarantine) -> pa.Table:
    """The block's lines as one text column, without a copy of the text."""
    data = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(data == 10) + 1
    if not len(ends) or ends[-1] != len(data):
        ends = np.append(ends, len(data))
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    number = pa.array(np.arange(block.first, block.first + len(ends)))
    raw = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(block.data)]
    )
    table = pa.table({"line": number, "text": raw})
    return _decoded(table, block.data, file, out)


def _decoded(table: pa.Table, data: bytes, file: str, out: Quarantine) -> pa.Table:
    """The same with text for bytes; lines that are not UTF-8 go to the rejects."""
    try:
        data.decode()
    except UnicodeDecodeError:
        good = [_is_text(raw.as_py()) for raw in table["text"]]
        for row in table.filter(pa.array([not g for g in good])).to_pylist():
            out.add(file, row["line"], NOT_UTF8, row["text"])
        table = table.filter(pa.array(good))
    return table.set_column(1, "text", table["text"].cast(pa.large_string()))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _write(found: pa.Table, file: str, width: int, into: Rows, out: Quarantine) -> None:
    if found["reason"].null_count < found.num_rows:
        bad = found.filter(found["reason"].is_valid())
        for row in bad.select(["line", "text", "reason"]).to_pylist():
            out.add(file, row["line"], row["reason"], row["text"].encode())
        found = found.filter(found["reason"].is_null()).combine_chunks()
    if not found.num_rows:
        return
    values = pa.concat_arrays(found["found"].chunks).flatten()
    rows = np.arange(found.num_rows) * width
    columns = [values.take(pa.array(rows + i)).cast(pa.string()) for i in range(width)]
    into.write(pa.concat_arrays(found["line"].chunks), columns)
