"""CSV for spreadsheets and gateways: an account a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from linkage.banlist.chain import moment
from linkage.banlist.store import Published
from linkage.results.banlist import harmless

COLUMNS = (
    "account_id", "action", "reasons", "cluster_id", "score", "confidence", "decision",
    "listed_at", "expires_at",
)  # fmt: skip
_AT_ONCE = 1000


def as_csv(found: Published, now: datetime) -> Iterator[bytes]:
    """RFC 4180, all quoted, by account; no cell that a spreadsheet would run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for count, entry in enumerate(found.active(now).values(), 1):
        cells = {
            **entry.__dict__,
            "reasons": " ".join(entry.reasons),
            "listed_at": moment(entry.listed_at),
            "expires_at": moment(entry.expires_at),
        }
        writer.writerow(["" if cells[c] is None else harmless(str(cells[c])) for c in COLUMNS])
        if not count % _AT_ONCE:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode("utf-8", "backslashreplace")
    text.seek(0)
    text.truncate()
    return found
