"""Two accounts of an index, as they are weighed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from linkage.explain import Holding
from linkage.graph.indexed.values import Ints
from linkage.index import Index
from linkage.wording import KIND


class Pair:
    """`linkage.explain.Weighed` for two accounts and whoever stands with them.

    What only one side has is counted, but not named: nobody asks for it.
    """

    def __init__(self, index: Index, info: Mapping[str, Any], numbers: Mapping[str, int]) -> None:
        """numbers: of the two, by their ids."""
        self._index, self._info = index, info
        self._units = {account: index.unit(number) for account, number in numbers.items()}
        ids = index.accounts.id
        self._numbers = {ids[one]: one for unit in self._units.values() for one in unit}
        first, *others = self._units.values()
        self._apart = bool(others) and first[0] != others[0][0]
        sides = [self._artifacts(unit) for unit in (first, *others)]
        self._common = np.intersect1d(sides[0], sides[-1], assume_unique=True)
        self._named = self._names(self._common)

    @property
    def info(self) -> Mapping[str, Any]:
        """The run's run.json."""
        return self._info

    def unit_of(self, account_id: str) -> tuple[str | None, list[str]]:
        """As the protocol says."""
        unit, of = self._units[account_id], self._index.accounts
        organisation = of.organisation[unit[0]]
        if organisation < 0:
            return None, [account_id]
        return self._index.organisations.name[organisation], [of.id[one] for one in unit]

    def holding(self, accounts: Sequence[str]) -> Holding:
        """As the protocol says."""
        kinds = self._index.kinds
        has = self._artifacts(self._numbers[account] for account in accounts)
        counts = np.bincount(self._index.artifacts.kind[has], minlength=len(kinds)).tolist()
        # Two who stand together are not weighed: then each is asked for by itself.
        named = self._named if self._apart else self._names(has)
        return Holding(named, Counter(dict(zip(kinds, counts, strict=True))))

    def linked(self, unit_a: Sequence[str], unit_b: Sequence[str]) -> bool:
        """As the protocol says."""
        a, b = ({self._numbers[account] for account in unit} for unit in (unit_a, unit_b))
        return any(
            not others.isdisjoint(self._index.linked(account))
            for some, others in ((a, b), (b, a))
            for account in some
        )

    def words(self, templates: Collection[str]) -> Mapping[str, str]:
        """As the protocol says."""
        numbers = {one: self._index.artifact(KIND, one) for one in templates}
        known = {one: number for one, number in numbers.items() if number is not None}
        said = self._index.words(np.array(list(known.values()), np.int64))
        return {one: words for one, words in zip(known, said, strict=True) if words is not None}

    def _artifacts(self, accounts: Iterable[int]) -> Ints:
        """What they have between them, in order."""
        rows = (self._index.rows(account) for account in accounts)
        found = [self._index.evidence.artifact[part.start : part.stop] for part in rows]
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _names(self, artifacts: Ints) -> Mapping[tuple[str, str], tuple[int, int]]:
        """Artifacts by kind and value, with their figures."""
        of, kinds = self._index.artifacts, self._index.kinds
        of_kind = [kinds[kind] for kind in of.kind[artifacts].tolist()]
        names = zip(of_kind, of.value.of(artifacts), strict=True)
        figures = zip(of.accounts[artifacts].tolist(), of.degree[artifacts].tolist(), strict=True)
        return dict(zip(names, figures, strict=True))
