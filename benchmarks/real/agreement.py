"""How far two groupings of the same things agree: 1 where they are the same.

Both take one label a thing, of any kind. Neither minds what the labels are called.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[Any]
Counts = npt.NDArray[np.float64]


def nmi(left: Labels, right: Labels) -> float:
    """Normalized mutual information, 2 I(left; right) / (H(left) + H(right)), 0 to 1 (Danon et
    al. 2005). Chance is not taken off: many small groups are well above 0 of anything."""
    table, rows, columns = _crossed(left, right)
    entropies = _entropy(rows) + _entropy(columns)
    if entropies == 0:
        return 1.0  # each is one group
    mutual = entropies - _entropy(table)
    return float(max(0.0, 2 * mutual / entropies))


def ari(left: Labels, right: Labels) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985): pairs that are together in both, over what
    chance would bring at these group sizes. 0 is chance, and it may fall below."""
    table, rows, columns = _crossed(left, right)
    both, ours, theirs = (_pairs(counts) for counts in (table, rows, columns))
    every = _pairs(np.array([rows.sum()]))
    expected = ours * theirs / every if every else 0.0
    most = (ours + theirs) / 2
    if most == expected:
        return 1.0  # both are one group, or both leave everybody alone
    return float((both - expected) / (most - expected))


def _crossed(left: Labels, right: Labels) -> tuple[Counts, Counts, Counts]:
    """How many things have both labels (those of some), and each label of the left, the right."""
    _, rows = np.unique(left, return_inverse=True)
    _, columns = np.unique(right, return_inverse=True)
    wide = int(columns.max(initial=0)) + 1
    _, cells = np.unique(rows.astype(np.int64) * wide + columns, return_counts=True)
    counts = (cells, np.bincount(rows), np.bincount(columns))
    table, row, column = (each.astype(np.float64) for each in counts)
    return table, row, column


def _entropy(counts: Counts) -> float:
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def _pairs(counts: Counts) -> float:
    return float((counts * (counts - 1) / 2).sum())
