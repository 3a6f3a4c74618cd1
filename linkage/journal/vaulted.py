"""What the vault has already, so that a value is sealed once and not with each event that has
it."""

from __future__ import annotations

from dataclasses import dataclass

from linkage.journal.seen import Seen

MOST = 4_000_000  # parts of pseudonyms that are remembered, 8 bytes each


@dataclass(frozen=True)
class Vaulted:
    """seen: parts whose values are in the vault; epoch: grows when they are forgotten, so that what
    was made by what was known before can be told."""

    seen: Seen
    epoch: int = 0
