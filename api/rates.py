"""How many requests are answered: of each key, and of whoever fails to name one.

Counts are of a sliding minute: those of this minute, and of the one before the part that is less
than sixty seconds ago, as if they had come evenly. Kept in memory, of one process.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable

from api.problems import TooMany
from api.settings import ServiceSettings

MINUTE = 60.0


class Rates:
    """Counts of keys and of addresses."""

    def __init__(
        self, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._of_key = Sliding(settings.requests_per_minute, clock)
        self._of_stranger = Sliding(settings.failures_per_minute, clock)

    def key(self, identity: str) -> None:
        """One request of a key; TooMany where it has had its share."""
        self._of_key.hit(identity)

    def stranger(self, address: str) -> None:
        """One request that named no key that works; TooMany where there have been too many.

        Whoever has a key that works is answered all the same: behind a proxy, all come from one
        address.
        """
        self._of_stranger.hit(address)


class Sliding:
    """So many a minute of each name. Who has not come for two minutes is forgotten."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._minute = 0
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def hit(self, name: str) -> None:
        """One more; TooMany, which says when there is room, where there have been as many."""
        with self._lock:
            minute, passed = divmod(self._clock() / MINUTE, 1)
            if minute != self._minute:
                self._before = self._now if minute == self._minute + 1 else Counter()
                self._now, self._minute = Counter(), int(minute)
            now, before = self._now[name], self._before[name]
            if now + math.floor(before * (1 - passed)) < self._most:
                self._now[name] = now + 1
                return
        # When enough of the minute before has gone, or this one has.
        until = 1 - (self._most - now) / before if now < self._most else 1.0
        seconds = math.floor(MINUTE * (until - passed)) + 1
        raise TooMany(f"no more than {self._most} requests a minute", seconds)
