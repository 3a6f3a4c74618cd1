"""Grouping accuracy, as papers on log parsing define it.

GA (Zhu et al., 2019): the share of prompts whose group is exactly the group of their label.
FGA (Jiang et al., 2024, after Khan et al., 2022): the F1 of groups, whatever their size: how many
of those found are right, and how many of those there are were found.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Judged:
    """GA and FGA; groups found and there are; own: share of the prompts from no template that got
    one (None where there are none)."""

    ga: float
    fga: float
    found: int
    true: int
    own: float | None


def judged(given: Sequence[Hashable | None], labels: Sequence[Hashable | None]) -> Judged:
    """Of what each prompt was given, by its label; None is a group of its own on either side."""
    mine, truth = _numbers(given), _numbers(labels)
    pairs, sizes = np.unique(np.stack([mine, truth], 1), axis=0, return_counts=True)
    of_mine, of_truth = np.bincount(mine), np.bincount(truth)
    right = (sizes == of_mine[pairs[:, 0]]) & (sizes == of_truth[pairs[:, 1]])
    groups, hits = of_mine.size, int(right.sum())
    own = [one is not None for one, label in zip(given, labels, strict=True) if label is None]
    return Judged(
        ga=float(sizes[right].sum() / max(1, mine.size)),
        fga=2 * hits / max(1, groups + of_truth.size),
        found=groups,
        true=of_truth.size,
        own=sum(own) / len(own) if own else None,
    )


def _numbers(values: Sequence[Hashable | None]) -> npt.NDArray[np.int64]:
    known: dict[Hashable, int] = {}
    return np.array(
        [known.setdefault(("own", i) if v is None else ("of", v), len(known))
         for i, v in enumerate(values)], np.int64,
    )  # fmt: skip
