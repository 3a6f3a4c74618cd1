"""Cypher statements by name: each is a file of `cypher/`, and nothing else is ever run.

A statement can stand for several: `<label>` and `<relationship>` between backticks are a kind's
words in the graph. What lies between the lines `// for each kind` and `// end` is repeated, once
for each kind, with `$uses_kind` as the kind's own parameter. All words come from the registry of
artifact kinds or from a run's own list of them, and are checked here again: whoever can write a
run.json must not thereby write Cypher.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.render import clean
from linkage.resources import cypher_folder

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_PLACE = re.compile(r"`<([a-z]+)>`")
_REPEATED = re.compile(r"^ *// for each kind\n(.*?)^ *// end\n", re.MULTILINE | re.DOTALL)

OWN_LABELS = (
    "Account", "Flagged", "Listed", "Cluster", "HighScore", "MiddleScore", "LowScore",
    "Run", "LinkageGraph", "PushStep",
)  # fmt: skip


@cache
def _text(name: str) -> str:
    return (cypher_folder() / f"{name}.cypher").read_text("utf-8")


def statement(name: str, words: Mapping[str, str] | None = None) -> str:
    """A statement by its path below `cypher/`, without the suffix; `words` fill its places."""
    given = words or {}
    return _PLACE.sub(lambda place: f"`{_checked(given[place[1]])}`", _text(name))


@cache
def of_kinds(name: str, kinds: tuple[KindWords, ...]) -> str:
    """A statement with the part for each kind repeated."""

    def repeated(match: re.Match[str]) -> str:
        return "".join(
            _PLACE.sub(
                lambda place, kind=kind: f"`{_checked(words_of(kind)[place[1]])}`",
                match[1].replace("$uses_kind", f"$uses_{number}"),
            )
            for number, kind in enumerate(kinds)
        )

    return _REPEATED.sub(repeated, _text(name))


def words_of(kind: KindWords) -> dict[str, str]:
    """What a statement about one kind is filled with."""
    return {"label": kind.label, "relationship": kind.relationship}


def check_words(kinds: Sequence[KindWords]) -> None:
    """GraphError where a kind's words are none, are ours, or are those of another kind."""
    labels = [kind.label for kind in kinds]
    for kind in kinds:
        _checked(kind.label)
        _checked(kind.relationship)
        if kind.label in OWN_LABELS or labels.count(kind.label) > 1:
            raise GraphError(
                f"artifact kind {clean(kind.name, 60)}: its label {clean(kind.label, 60)} in the "
                "graph is taken already; give the kind another name"
            )


def _checked(word: str) -> str:
    if not _WORD.fullmatch(word):
        raise GraphError(
            f"{clean(word, 60)}: no label or relationship type; only letters, digits and _ are"
        )
    return word
