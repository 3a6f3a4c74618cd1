"""How many accounts have what some prompts have; without accounts, how many requests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.kernels.groups import distinct, reached, singled, spread, taken
from linkage.kernels.incidence import Int32s, Ints
from linkage.templates.sampling import Sample

Places = npt.NDArray[np.intp]


class Accounts:
    """A number for each row's account, -1 for none, and how many numbers there are."""

    def __init__(self, accounts: pa.ChunkedArray) -> None:
        held = accounts if pa.types.is_dictionary(accounts.type) else accounts.dictionary_encode()
        coded = held.unify_dictionaries()
        indices = [chunk.indices.fill_null(-1).to_numpy() for chunk in coded.chunks]
        self.codes: Ints = np.concatenate([np.zeros(0, np.int64), *indices]).astype(np.int64)
        self.count = max(1, len(coded.chunk(0).dictionary) if coded.num_chunks else 0)

    def of(self, item: Int32s, items: int) -> Ints:
        """How many accounts have each item, of which each row has one, or a negative number."""
        accounts, ends = spread(item, self.codes, items)
        _, offsets = singled(accounts, ends, self.count)
        return np.diff(offsets)


class Shares(NamedTuple):
    """How many requests of an account have an item, ascending by item; and whether it has more than
    one request in all."""

    item: Ints
    account: Ints
    requests: Ints
    able: npt.NDArray[np.bool_]


class Holders:
    """Of the sample's prompts: how many hold what they have."""

    def __init__(self, found: Sample, accounts: Accounts | None) -> None:
        prompts = found.prompts.hashes.size
        self.requests: Ints = np.bincount(found.prompt, minlength=prompts)
        self._accounts = accounts
        if accounts is not None:
            codes = accounts.codes[found.inside]
            self._sent, self._ends = spread(found.prompt, codes, prompts)
            self._account, self._offsets = singled(
                self._sent.copy(), self._ends.copy(), accounts.count
            )

    @property
    def are_accounts(self) -> bool:
        """Whether it is known whose the requests are."""
        return self._accounts is not None

    @property
    def everyone(self) -> int:
        """How many there are in all."""
        return self._accounts.count if self._accounts else int(self.requests.sum())

    def of(self, prompt: Ints, item: Ints, items: int) -> npt.NDArray[np.float64]:
        """Of (prompt, item) pairs: how many hold each item."""
        if self._accounts is None:
            return np.bincount(item, self.requests[prompt], minlength=items).astype(np.float64)
        prompts, ends = spread(item, prompt, items)
        held = reached(prompts, ends, self._account, self._offsets, self._accounts.count)
        return held.astype(np.float64)

    def each(self, prompt: Ints, item: Ints) -> Shares:
        """Of (prompt, item) pairs: how often each account has each item. None where it is not known
        whose requests are."""
        if self._accounts is None:
            none = np.zeros(0, np.int64)
            return Shares(none, none, none, none > 0)
        account, ends = taken(self._sent, self._ends, prompt)
        of_each = np.repeat(item, np.diff(ends))
        first, _, times = distinct((of_each * self._accounts.count + account).astype(np.uint64))
        more = np.bincount(self._sent, minlength=self._accounts.count) > 1
        return Shares(of_each[first], account[first], times, more[account[first]])
