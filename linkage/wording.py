"""What a run's prompt templates say, as others may read it.

A template is text that accounts sent, and whoever sent it may have put anything into it: it is
shown on one line, cut, without what could move a cursor or turn the reading direction, and what
looks like personal data (addresses of mail, pages and machines, paths, long numbers, keys) is a
slot like any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Protocol
from unicodedata import category, decimal, normalize

import pyarrow.parquet as pq

from linkage.folder import Tables
from linkage.render import clean

KIND = "template"  # whose artifacts' values are templates' ids
FILE = "templates.parquet"  # of a result that mined its prompts: template_id, template, parts
SLOT = "{…}"
WIDTH = 200  # characters that are shown beside an id
LONGEST = 10_000  # characters that are looked at
ROWS = 10_000  # read at once

_SAY = """
    SELECT template_id, template FROM read_parquet($templates)
    WHERE template_id IN (SELECT unnest($asked::VARCHAR[])) AND template IS NOT NULL"""
# Each alternative takes a bounded look ahead of every character: no text makes it slow.
_PERSONAL = re.compile(
    r"""
      \b(?:https?|ftps?|wss?|file)://\S+ | \bwww\.\S+
    | [^\s@<>()\[\]{}"',;:]{1,64}@[^\s@<>()\[\]{}"',;:]{1,255}
    | (?<!\w)(?!\d{1,2}\.\D)(?:  # a machine: small letters in the end, or capital ones throughout
        (?:\w[\w\-]{0,62}\.){1,8} (?:xn--[a-z0-9\-]{1,59} | (?:(?![A-ZÄ])[^\W\d_]){2,24})
      | (?:[A-ZÄ0-9][A-ZÄ0-9\-]{0,62}\.){1,8} [A-ZÄ]{2,24}
      )(?!\w) (?::\d{1,5})? (?:[/?\#][^\s<>()\[\]{}"']*)?
    | (?<!\w)(?:~|[A-Za-z]:)?(?:[/\\][\w.\-]+){2,}[/\\]?
    | (?:\d{1,3}\.){3}\d{1,3}
    | (?<!\w)(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?!\w)
    | [+(]?\d(?:[ .()/\-]{0,2}\d){4,}
    | (?P<key>[A-Za-z0-9_\-]{20,})
    """,
    re.VERBOSE,
)
_SLOTS = re.compile(rf"{re.escape(SLOT)}(?:\s*{re.escape(SLOT)})+")
_DIGIT = re.compile(r"\d")
# Shown as nothing, and yet of no category that says so.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0"


class Artifact(Protocol):
    """Anything that names an artifact."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def value(self) -> str:
        """Its value."""


def in_words(template: str | None, width: int = WIDTH) -> str | None:
    """A template as others may read it, cut to `width` (0: not cut); None where it says nothing."""
    text = (template or "")[:LONGEST]
    masked = " ".join(_masked(seen(text)).split())
    return clean(_SLOTS.sub(SLOT, masked), width) or None


def seen(text: str) -> str:
    """A text without what nobody sees, which parts words that are to be masked, too."""
    if text.isascii():
        return text
    return "".join(c for c in text if category(c) != "Cf" and c not in _BLANK)


def _masked(text: str) -> str:
    """What looks like personal data is a slot, in whatever characters it is written."""
    plain = text if text.isascii() else "".join(map(_plain, text))
    shown: list[str] = []
    after = 0
    for found in _PERSONAL.finditer(plain):
        # A long word is a key only with digits in it.
        if found["key"] is None or _DIGIT.search(found["key"]):
            shown += text[after : found.start()], SLOT
            after = found.end()
    return "".join([*shown, text[after:]])


@cache
def _plain(one: str) -> str:
    """A character as the pattern knows it, in its place: one of ASCII if there is such, a digit as
    one of ASCII; any other capital letter, and any mark on a letter, as one for all."""
    same = normalize("NFKC", one)
    one = same if len(same) == 1 else one
    if one.isascii():
        return one
    if one.isdecimal():
        return str(decimal(one))
    if one.isupper() or one.istitle():
        return "Ä"
    return "ä" if category(one).startswith("M") else one


def quoted(words: str | None) -> str:
    """What a template says, to stand after its id; nothing of any other artifact."""
    return "" if words is None else f" “{words}”"


def asked(artifacts: Iterable[Artifact]) -> list[str]:
    """Which of some artifacts are templates, by their values."""
    return [artifact.value for artifact in artifacts if artifact.kind == KIND]


def words_of(tables: Tables, values: Collection[str], width: int = WIDTH) -> dict[str, str]:
    """What a result's templates say, by their ids; nothing of those that are ids alone."""
    if not values or not (tables.folder / FILE).is_file():
        return {}
    rows = tables.rows(_SAY, asked=list(values))
    said = {row["template_id"]: in_words(row["template"], width) for row in rows}
    return {value: words for value, words in said.items() if words is not None}


def worded(tables: Tables, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with a kind and a value, each with what the template says (`words`)."""
    said = words_of(tables, [row["value"] for row in rows if row["kind"] == KIND])
    return [
        {**row, "words": said.get(row["value"]) if row["kind"] == KIND else None} for row in rows
    ]


def every(tables: Tables) -> Iterator[tuple[str, str]]:
    """Each template of a result that says something: its id, and what it says."""
    path = tables.folder / FILE
    if not path.is_file():
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS, columns=["template_id", "template"]):
            for value, template in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                words = in_words(template)
                if words is not None:
                    yield value, words
