"""How far a share may be off, where accounts stand or fall together.

Wilson's interval (linkage.evaluation.Share) is right where accounts were drawn one by one. They
were not: a network is found whole or not at all. So months are drawn again with replacement, and
in each of them its networks and groups (Davison and Hinkley 1997, section 3.8; percentiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.evaluation import Share

Rows = Sequence[Sequence[int]]  # hits, of, and how many blocks are alike: a line for each sort
DRAWS = 2000
SEED = 1


def pooled(months: Sequence[Rows]) -> dict[str, Any]:
    """Hits of all months together, with both intervals: `low` and `high` as if accounts were
    drawn one by one, `block_low` and `block_high` as they hang together. `blocks`: how many."""
    tables = [np.array(rows, np.int64).reshape(-1, 3) for rows in months]
    sums = sum(((t[:, :2] * t[:, 2:]).sum(axis=0) for t in tables), np.zeros(2, np.int64))
    share = Share(int(sums[0]), int(sums[1]))
    blocks = sum(int(table[:, 2].sum()) for table in tables)
    low, high = _block_interval(share, blocks, tables) or (None, None)
    return {**share.to_dict(), "blocks": blocks, "block_low": low, "block_high": high}


def _block_interval(
    share: Share, blocks: int, tables: Sequence[npt.NDArray[np.int64]]
) -> tuple[float, float] | None:
    """None where there are fewer than two blocks. Of all or none, however often drawn again,
    all or none is left: there Wilson's interval with a block for an account."""
    if share.of == 0 or blocks < 2:
        return None
    if share.hits in (0, share.of):
        return Share(blocks if share.hits else 0, blocks).interval
    drawn = resampled(tables, np.random.default_rng(SEED))
    kept = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(kept[:, 0] / kept[:, 1], [2.5, 97.5])
    return float(low), float(high)


def resampled(
    tables: Sequence[npt.NDArray[np.int64]], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """int64[draws, 2]: hits and of, each time with as many months, and in each as many blocks."""
    sums = np.zeros((DRAWS, 2), np.int64)
    months = len(tables)
    chosen = rng.multinomial(months, np.full(months, 1 / months), DRAWS)
    for table, times in zip(tables, chosen.T, strict=True):
        blocks = int(table[:, 2].sum())
        if blocks:
            picked = rng.multinomial(blocks, table[:, 2] / blocks, int(times.sum()))
            np.add.at(sums, np.repeat(np.arange(DRAWS), times), picked @ table[:, :2])
    return sums


def percent(share: float | None) -> str:
    """In words: never rounded to all or none where it is neither."""
    if share is None:
        return "none to count"
    return f"{share:.1%}" if share in (0, 1) or 0.001 <= share < 0.9995 else f"{share:.3%}"


def between(low: float | None, high: float | None) -> str:
    """An interval in words; nothing where there is none."""
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"
