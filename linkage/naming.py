"""Whether a folder's accounts and artifacts go by keyed pseudonyms, and of which key.

`pseudonyms.json` beside its tables says so: {"key": NAME}. A folder without it has names as they
came.
"""

from __future__ import annotations

import json
from pathlib import Path

from linkage.errors import InputError, ResultError
from linkage.render import clean

FILE = "pseudonyms.json"


def key_of(folder: Path) -> str | None:
    """The name of the key; None where names are as they came. ResultError where it cannot be
    read."""
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
        return str(told["key"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"{clean(folder / FILE)}: damaged: {clean(error, 200)}") from None


def mark(folder: Path, key: str) -> None:
    """Say of a folder that nobody reads yet that its names are pseudonyms of a key."""
    (folder / FILE).write_text(json.dumps({"key": key}) + "\n", "utf-8")


def check_alike(one: str | None, other: str | None, words: str) -> None:
    """InputError where things that are to be compared go by names of different keys."""
    if one != other:
        raise InputError(
            f"{words}: names of one are keyed pseudonyms, and those of the other are not, or of "
            "another key, so that nothing would match"
        )
