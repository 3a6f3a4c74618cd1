"""Checking a list that somebody handed on, from its file alone."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from linkage.banlist.chain import check, check_follows, head_of
from linkage.banlist.store import Published, row_from
from linkage.errors import ListError
from linkage.render import clean


def read_file(path: Path) -> Published:
    """A list from the file that `linkage banlist export --format ndjson` or the service gives;
    ListError where it is none."""
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
            rows = tuple(row_from(json.loads(line)) for line in file if line.strip())
        return Published(head_of(first["head"]), str(first["signature"]), rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ListError(f"{clean(path)}: no ban list can be read: {clean(error, 200)}") from None


def verify_files(paths: list[Path], key: Ed25519PublicKey) -> list[Published]:
    """Check lists, and that each follows the one before where several of a channel are given.

    Returns them by channel and number; ListError where one is not what was signed.
    """
    found = sorted(
        (read_file(path) for path in paths), key=lambda f: (f.head.channel, f.head.number)
    )
    before: Published | None = None
    for one in found:
        if before is not None and before.head.channel == one.head.channel:
            check_follows(one.head, before.head)
        check(one.head, one.signature, one.rows, key)
        before = one
    return found
