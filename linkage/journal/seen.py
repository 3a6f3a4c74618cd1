"""Which event ids have come already: a hash of each, of so many of the latest.

Two of twenty million ids have the same 64-bit hash once in 90,000 times; the second would then be
taken for a repeat.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def hashed(names: pa.ChunkedArray, sort: bytes) -> Hashes:
    """A hash of each name, the same in every process; of another sort, another."""
    key = sort.decode().ljust(16, "-")
    return pd.util.hash_array(names.to_numpy(), hash_key=key, categorize=False)


class Seen:
    """The last `most` ids at most, and half as many at least, 8 bytes each."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._before: list[Hashes] = []
        self._now: list[Hashes] = []  # sorted, each more than twice as long as the next

    def new(self, hashes: Hashes) -> Mask:
        """Which of these are neither known nor again among them; nothing is remembered yet."""
        mask = np.zeros(hashes.size, np.bool_)
        mask[np.unique(hashes, return_index=True)[1]] = True
        for known in (*self._now, *self._before):
            place = np.searchsorted(known, hashes)
            place[place == known.size] = 0
            mask &= known[place] != hashes
        return mask

    def add(self, hashes: Hashes) -> None:
        """Remember these, which are new."""
        if not hashes.size:
            return
        self._now.append(np.sort(hashes))
        while len(self._now) > 1 and self._now[-2].size <= 2 * self._now[-1].size:
            last = self._now.pop()
            # Two sorted runs: a stable sort merges them.
            self._now[-1] = np.sort(np.concatenate([self._now[-1], last]), kind="stable")
        if sum(part.size for part in self._now) >= self._half:
            self._before, self._now = self._now, []

    def copy(self) -> Seen:
        """Another that learns by itself; what both know is shared."""
        other = Seen(2 * self._half)
        other._before, other._now = list(self._before), list(self._now)
        return other
