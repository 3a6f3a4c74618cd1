"""How many requests are answered: of each key, and of whoever fails to name one."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.problems import TooMany
from api.settings import ServiceSettings


class Rates:
    """Counts in memory: of one process."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._of_key = RateLimitItemPerMinute(settings.requests_per_minute)
        self._of_stranger = RateLimitItemPerMinute(settings.failures_per_minute)

    def key(self, identity: str) -> None:
        """One request of a key; TooMany where it has had its share."""
        self._hit(self._of_key, "key", identity)

    def stranger(self, address: str) -> None:
        """One request that named no key that works; TooMany where there have been too many.

        Whoever has a key that works is answered all the same: behind a proxy, all come from one
        address.
        """
        self._hit(self._of_stranger, "stranger", address)

    def _hit(self, item: RateLimitItemPerMinute, *names: str) -> None:
        if self._counter.hit(item, *names):
            return
        until = self._counter.get_window_stats(item, *names).reset_time
        seconds = max(1, math.ceil(until - time.time()))
        raise TooMany(f"no more than {item.amount} requests a minute", seconds)
