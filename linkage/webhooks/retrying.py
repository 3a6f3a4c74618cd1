"""When what failed is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

_DOUBLINGS = 30  # beyond, any pause is the longest


@dataclass(frozen=True)
class Pauses:
    """Each pause is twice the one before, up to the longest, and drawn from its upper half, so that
    what failed together does not come again together.

    first, longest   seconds
    most_asked       seconds that a receiver may ask for (Retry-After)
    """

    first: float = 5.0
    longest: float = 3600.0
    most_asked: float = 24 * 3600.0

    def after(self, attempts: int, asked: float | None, draw: random.Random) -> timedelta:
        """The pause after so many attempts failed. asked: seconds by the receiver; it gets them."""
        whole = min(self.longest, self.first * 2.0 ** min(attempts - 1, _DOUBLINGS))
        pause = whole * (0.5 + 0.5 * draw.random())
        return timedelta(seconds=max(pause, min(asked or 0.0, self.most_asked)))
