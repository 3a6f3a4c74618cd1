"""How many accounts have what some prompts have; without accounts, how many requests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.kernels.groups import different, taken
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
        mine = (item >= 0) & (self.codes >= 0)
        return _holders(item[mine], self.codes[mine], self.count, items)


class Holders:
    """Of the sample's prompts: how many hold what they have."""

    def __init__(self, found: Sample, accounts: Accounts | None) -> None:
        prompts = found.prompts.hashes.size
        self.requests: Ints = np.bincount(found.prompt, minlength=prompts)
        self._accounts = accounts
        if accounts is not None:
            codes = accounts.codes[found.inside]
            mine = codes >= 0
            pairs = _pairs(found.prompt[mine], codes[mine], accounts.count)
            prompt, self._account = np.divmod(pairs, accounts.count)
            self._offsets = np.searchsorted(prompt, np.arange(prompts + 1))

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
        account, ends = taken(self._account, self._offsets, prompt)
        items_of = np.repeat(item, np.diff(ends))
        return _holders(items_of, account, self._accounts.count, items).astype(np.float64)


def _holders(item: npt.NDArray[np.signedinteger], account: Ints, accounts: int, items: int) -> Ints:
    """How many different accounts each item has."""
    return np.bincount(_pairs(item, account, accounts) // accounts, minlength=items)


def _pairs(item: npt.NDArray[np.signedinteger], account: Ints, accounts: int) -> Ints:
    """item * accounts + account, ascending and each once."""
    pairs = item.astype(np.uint64) * np.uint64(accounts)
    pairs += account.astype(np.uint64)
    return different(pairs).astype(np.int64)
