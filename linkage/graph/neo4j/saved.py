"""Queries for investigators: files of `cypher/investigate/`, in the order of an investigation.

The form of a file: `// Title.`, lines that say what it is for and how to read it, then one line
`// $name: meaning, such as VALUE` for each parameter, then one statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

from linkage.errors import GraphError
from linkage.resources import cypher_folder

FOLDER = "investigate"
START = "MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)\n"  # of every one of them

_NAME = re.compile(r"(\d\d)_([a-z][a-z0-9_]*)")
_TITLE = re.compile(r"// (\S.*\S)\.")
_PARAMETER = re.compile(r"// \$([a-z_]+): (\S.*), such as (\d+(?:\.\d+)?|'[^'\\]+')")
_USED = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class SavedQuery:
    """One of them.

    number, name    as in the name of its file
    title           in plain words, without a full stop
    about           what it is for, how to read what it finds
    parameters      name -> meaning, in the order of the file
    examples        name -> a value to begin with, as Cypher writes it
    text            the statement, without the comment at its head
    """

    number: int
    name: str
    title: str
    about: str
    parameters: Mapping[str, str]
    examples: Mapping[str, str]
    text: str


@cache
def saved_queries() -> tuple[SavedQuery, ...]:
    """All of them in order; GraphError names a file that has not the form."""
    files = sorted((cypher_folder() / FOLDER).glob("*.cypher"))
    return tuple(read(file) for file in files)


def read(file: Path) -> SavedQuery:
    """One file; GraphError says what is wrong with its form."""
    named = _NAME.fullmatch(file.stem)
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    head = [line.rstrip("\n") for line in takewhile(lambda line: line.startswith("//"), lines)]
    body = "".join(lines[len(head) :])
    titled = _TITLE.fullmatch(head[0]) if head else None
    given = [found for line in head if (found := _PARAMETER.fullmatch(line))]
    about = head[1 : len(head) - len(given)]
    if named is None:
        raise _fault(file, "is not named like 01_review_queue.cypher")
    if titled is None:
        raise _fault(file, "does not begin with `// Title.`")
    if not about or any("$" in line or not line.startswith("// ") for line in about):
        raise _fault(
            file,
            "must say after its title what it is for, in lines that begin with `// `, and then of "
            "each parameter `// $name: meaning, such as VALUE`",
        )
    if not body.startswith(START) or "//" in body or ";" in body:
        raise _fault(file, f"must go on with one statement without comments, from {START.strip()}")
    parameters = {found[1]: found[2] for found in given}
    used = set(_USED.findall(body))
    if used != set(parameters) or len(given) != len(parameters):
        raise _fault(file, f"uses {sorted(used)}, and names {[found[1] for found in given]}")
    return SavedQuery(
        number=int(named[1]),
        name=named[2],
        title=titled[1],
        about=" ".join(line[3:] for line in about),
        parameters=parameters,
        examples={found[1]: found[3] for found in given},
        text=body.rstrip("\n"),
    )


def _fault(file: Path, what: str) -> GraphError:
    return GraphError(f"cypher/{FOLDER}/{file.name} {what}")
