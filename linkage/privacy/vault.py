"""What pseudonyms stand for, told from the vault alone, to whoever holds its private key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage.artifacts.pseudonyms import PART
from linkage.errors import PrivacyError
from linkage.journal.segments import Places
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.privacy.sealing import Opened, Opener
from linkage.render import clean

_WHOLE = re.compile(rf"({PART}|~)*({PART})")


@dataclass(frozen=True)
class Revealed:
    """What a pseudonym stands for.

    what      'account', 'organisation', or the kind or column that it is of; None: not in the vault
    value     as it came, or as the kind reads it
    certain   the sealed row names this very pseudonym; if not, it was re-keyed since it was sealed,
              and only the keys of pseudonyms can tell that it is the right row
    """

    pseudonym: str
    what: str | None
    value: str | None
    certain: bool


def reveal(
    workspace: Path,
    pseudonyms: Sequence[str],
    private: X25519PrivateKey,
    keys: Pseudonyms | None = None,
) -> list[Revealed]:
    """One for each, in order. `keys`, where they are at hand, make certain of what was re-keyed.

    PrivacyError where there is no vault, the key is another's, or something is no pseudonym.
    """
    found = [_WHOLE.fullmatch(one) for one in pseudonyms]
    strange = [one for one, match in zip(pseudonyms, found, strict=True) if match is None]
    if strange:
        raise PrivacyError(f"{clean(strange[0], 80)}: no pseudonym")
    last = [match[2] for match in found if match is not None]
    opener, known = Opener(private), dict[str, Revealed]()
    for row in _rows(workspace, set(last)):
        part = row["pseudonym"]
        opened = opener.opened(row["key"], row["number"], row["sealed"])
        if part not in known or not known[part].certain:
            certain = _is_of(opened, part, keys)
            known[part] = Revealed(part, opened.sort.split(" ", 1)[-1], opened.value, certain)
    return [
        Revealed(one, known[part].what, known[part].value, known[part].certain)
        if part in known else Revealed(one, None, None, False)
        for one, part in zip(pseudonyms, last, strict=True)
    ]  # fmt: skip


def _is_of(opened: Opened, part: str, keys: Pseudonyms | None) -> bool:
    if opened.first == part:
        return True
    return keys is not None and keys.leads(opened.first, part)


def _rows(workspace: Path, parts: set[str]) -> Iterator[dict[str, Any]]:
    places = Places(workspace)
    numbers = places.in_vault()
    if not numbers:
        raise PrivacyError(
            f"{clean(workspace)}: there is no vault here, or nothing of it is sealed yet"
        )
    wanted = pc.field("pseudonym").isin(pa.array(sorted(parts), pa.string()))
    for number in numbers:
        yield from pq.read_table(places.vaulted(number), filters=wanted).to_pylist()
