"""Rows that could not be used: those in which an account is named go whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linkage.privacy.rewriting import replaced_bytes
from linkage.state.erasures import Erasure, withheld


def without_rows(path: Path, erasure: Erasure) -> int:
    """Take them out of a file, if it is there; how many went."""
    if not path.is_file():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not _names(line, erasure)]
    if len(kept) < len(lines):
        replaced_bytes(path, b"".join(kept))
    return len(lines) - len(kept)


def _names(line: bytes, erasure: Erasure) -> bool:
    """Whether it has the name as a value, or, in what could not be read, anywhere by itself."""
    try:
        row = json.loads(line)["row"]
    except (ValueError, TypeError, KeyError):
        row = line.decode("utf-8", "replace")
    return _has(row, erasure)


def _has(value: Any, erasure: Erasure) -> bool:
    match value:
        case dict():
            return any(_has(part, erasure) for pair in value.items() for part in pair)
        case list():
            return any(_has(part, erasure) for part in value)
        case str():
            return withheld(value, erasure.names, "") != value
    return str(value) in erasure.names
