"""What the first bytes of a file look like."""

from __future__ import annotations

import json
from typing import Literal

HEAD_BYTES = 1 << 16
BOM = b"\xef\xbb\xbf"

MAGIC: dict[bytes, str] = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "a ZIP archive (or a spreadsheet)",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
    b"ARROW1": "an Arrow file",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}
DELIMITERS = (",", "\t", ";", "|")


def looks_like(head: bytes) -> str:
    """A word or two for the content: `parquet`, `gzip`, `zstd`, `CSV`, `NDJSON`, or another."""
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            return what
    if b"\0" in head:
        return "binary data"
    kind = text_format(head)
    if kind:
        return "NDJSON" if kind == "ndjson" else "CSV"
    if head.removeprefix(BOM).lstrip().startswith(b"["):
        return "a JSON array; one object a line is needed (jq -c '.[]' makes that)"
    return "text that is neither CSV nor NDJSON"


def text_format(head: bytes) -> Literal["csv", "ndjson"] | None:
    """CSV or NDJSON; None for neither. A broken line or two does not confuse it."""
    lines = [line.strip() for line in head.removeprefix(BOM).splitlines() if line.strip()]
    if not lines:
        return None
    if lines[0].startswith(b"{") or any(_is_object(line) for line in lines[:100]):
        return "ndjson"
    header = lines[0].decode("utf-8", "replace")
    if any(mark in header for mark in DELIMITERS) and not header.startswith("["):
        return "csv"
    return None


def _is_object(line: bytes) -> bool:
    """A whole JSON object: a field of a CSV may begin with a brace as well."""
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def delimiter(header: str) -> str:
    """What stands most often between the names of a CSV's header."""
    return max(DELIMITERS, key=header.count)
