"""Cursors: where a page ended, as one opaque word, which only the same question takes."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable, Sequence

from linkage.errors import CursorError
from linkage.unknown import is_text

Key = str | int | float | None
Check = Callable[[object], bool]


def cursor(question: Sequence[object], keys: Sequence[Key]) -> str:
    """The place after the row with these keys, in the answer to the question."""
    text = json.dumps([_digest(question), *keys], allow_nan=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(after: str, question: Sequence[object], checks: Sequence[Check]) -> tuple[Key, ...]:
    """The keys in a cursor; CursorError where it is broken, or another question's."""
    try:
        padded = after.encode("ascii") + b"=" * (-len(after) % 4)
        read = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        read = None
    digest, *keys = read if isinstance(read, list) and read else [None]
    if isinstance(digest, str) and digest != _digest(question):
        raise CursorError(
            "this cursor is of another question or run: ask again with the same words, or "
            "without a cursor for the first page"
        )
    fitting = len(keys) == len(checks) and all(
        check(key) for check, key in zip(checks, keys, strict=True)
    )
    if not isinstance(digest, str) or not fitting:
        raise CursorError("this cursor is broken: take it from the page before, as it is")
    return tuple(keys)


def a_text(key: object) -> bool:
    """A string that a table could hold."""
    return isinstance(key, str) and is_text(key)


def a_number(key: object) -> bool:
    """A finite number within 64 bits."""
    if isinstance(key, bool) or not isinstance(key, int | float):
        return False
    return abs(key) < 2**63 if isinstance(key, int) else math.isfinite(key)


def a_number_or_none(key: object) -> bool:
    """Likewise, or none."""
    return key is None or a_number(key)


def _digest(question: Sequence[object]) -> str:
    return hashlib.sha256(repr(tuple(question)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
