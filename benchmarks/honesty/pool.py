"""The months of `honesty` by their size: sums of what was counted, means of what is a share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ENOUGH = 10  # pairs or groups; fewer say nothing about how often there are more


@dataclass(frozen=True)
class Tail:
    """Share of pairs that weigh so much or more, one entry a level (the last is the threshold),
    and how many pairs were counted there."""

    share: Floats
    counted: Floats

    def bits(self, level: int) -> float | None:
        """-log2 of the share: what the weight should have been. None if too few were counted."""
        return -log2(self.share[level]) if self.counted[level] >= ENOUGH else None

    def needed(self, bits: float) -> float | None:
        """The weight that as few pairs reach as should reach so many bits; None if too few were
        counted to say. The threshold itself, being no whole number, is left out."""
        levels = [(x, y) for x in range(self.share.size - 1) if (y := self.bits(x)) is not None]
        for (low, below), (high, above) in pairwise(levels):
            if below < bits <= above:
                return low + (bits - below) / (above - below) * (high - low)
        return None


@dataclass(frozen=True)
class Size:
    """Months of about as many accounts. units, threshold: means."""

    accounts: int
    months: list[Mapping[str, Any]]
    units: float
    threshold: float

    def shuffled(self, name: str) -> Tail:
        """Pairs of units in shuffled worlds; `name` is `capped` or `whole`."""
        parts = [month["shuffled"][name] for month in self.months]
        return Tail(
            np.mean([part["share"] for part in parts], axis=0),
            np.sum([part["counted"] for part in parts], axis=0),
        )

    def busy(self) -> float | None:
        """Of the links of shuffled worlds, the share between two units with many artifacts."""
        links = sum(month["shuffled"]["links"] for month in self.months)
        busy = sum(month["shuffled"]["busy_links"] for month in self.months)
        return busy / links if links >= ENOUGH else None

    def organisations(self, which: str, name: str) -> Tail:
        """Pairs of accounts of different verified organisations, likewise; `which` is `any`, or
        `apart` for those that no mail domain joins."""
        return _share(self._parts(which), lambda part: part[name])

    def independent(self, which: str) -> Tail:
        """The same if what one family gives said nothing about the others'."""
        parts = self._parts(which)
        pairs = [max(1, part["pairs"]) for part in parts]
        share = np.average([part["independent"] for part in parts], axis=0, weights=pairs)
        return Tail(share, share * sum(pairs))

    def family(self, which: str, name: str) -> Tail:
        """The same by what one family gives."""
        return _share(self._parts(which), lambda part: part["families"][name])

    def _parts(self, which: str) -> list[Mapping[str, Any]]:
        return [month["organisations"][which] for month in self.months]

    def innocents(self, name: str) -> Floats:
        """Groups with E up to each limit, a month; `name` is `within` or `shuffled`."""
        sums = self.innocents_counted(name)
        return sums / self.deals(name)

    def innocents_counted(self, name: str) -> Floats:
        """The same, of all months (and deals) together."""
        total: Floats = np.sum([m["innocents"][name] for m in self.months], axis=0)
        return total

    def deals(self, name: str) -> int:
        """Over how many months, or deals of one, that is the sum."""
        each = [m["innocents"]["shuffles"] if name == "shuffled" else 1 for m in self.months]
        return max(1, sum(each))


def sizes(found: Mapping[str, Any]) -> list[Size]:
    """The months by size, to two digits; smallest first."""
    table: dict[int, list[Mapping[str, Any]]] = {}
    for month in found["months"]:
        accounts = month["accounts"]
        table.setdefault(round(accounts, 2 - len(str(accounts))), []).append(month)
    return [
        Size(
            accounts,
            months,
            float(np.mean([month["units"] for month in months])),
            float(np.mean([month["threshold"] for month in months])),
        )
        for accounts, months in sorted(table.items())
    ]


def families(found: Mapping[str, Any], which: str) -> list[str]:
    """Families to which at least one pair of different organisations owes something."""
    together = [month["organisations"][which]["together"] for month in found["months"]]
    return [name for name in together[0] if any(table[name][name] for table in together)]


def lift(found: Mapping[str, Any], which: str, first: str, second: str) -> tuple[float, float]:
    """P(both > 0) / (P(first > 0) P(second > 0)) over all months, and pairs expected with both.

    Expected month by month: a family that is commoner in one month is so in that month only.
    """
    both = expected = 0.0
    for month in found["months"]:
        part = month["organisations"][which]
        table, pairs = part["together"], max(1, part["pairs"])
        both += table[first][second]
        expected += table[first][first] * table[second][second] / pairs
    return (both / expected if expected else float("nan")), expected


def _share(parts: Sequence[Mapping[str, Any]], counted: Any) -> Tail:
    total = np.sum([counted(part) for part in parts], axis=0).astype(float)
    return Tail(total / max(1, sum(part["pairs"] for part in parts)), total)
