"""Columns of a result as flat arrays: numbers, times, words, and numbers in place of names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.index.files import Array
from linkage.index.tables import NO_WORD, NONE

Ints = npt.NDArray[np.int64]


def column(result: Path, table: str, name: str) -> pa.Array:
    """One column of one of the result's tables, in one piece."""
    found = pq.read_table(result / f"{table}.parquet", columns=[name])[name]
    return one_piece(found)


def one_piece(found: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Texts get room for more than an ordinary array of them has."""
    if pa.types.is_string(found.type):
        found = found.cast(pa.large_string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def wholes(found: pa.Array) -> Ints:
    """Whole numbers, NONE where one is missing."""
    return np.asarray(found.cast(pa.int64()).fill_null(NONE).to_numpy(zero_copy_only=False))


def moments(found: pa.Array) -> Ints:
    """Times as microseconds since 1970, NONE where one is missing."""
    return wholes(found.cast(pa.timestamp("us", "UTC")).cast(pa.int64()))


def fractions(found: pa.Array) -> npt.NDArray[np.float64]:
    """Fractions, no number where one is missing."""
    return np.asarray(found.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def words(found: pa.Array) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Different words in order, and the number of each entry's, NO_WORD where it is missing."""
    texts = found.cast(pa.large_string())
    known = sorted(word for word in pc.unique(texts).to_pylist() if word is not None)
    numbers = pc.index_in(texts, pa.array(known, pa.large_string())).fill_null(NO_WORD)
    return known, np.asarray(numbers.to_numpy(zero_copy_only=False), np.int32)


def numbered(names: pa.Array, known: pa.Array, what: str) -> npt.NDArray[np.int32]:
    """The number of each name among those that are known; LookupError where one is not."""
    numbers = pc.index_in(names, known)
    if numbers.null_count:
        raise LookupError(f"{what} that is in no other table")
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.int32)


def ordered(names: pa.Array, what: str) -> Ints | None:
    """How names are to be taken to be in the order of their bytes, None where they are already.
    LookupError where one is there twice or missing."""
    if names.null_count:
        raise LookupError(f"{what} without a name")
    if len(names) < 2 or pc.all(pc.less(names[:-1], names[1:])).as_py():
        return None
    order = pc.sort_indices(names)
    in_order = names.take(order)
    if not pc.all(pc.less(in_order[:-1], in_order[1:])).as_py():
        raise LookupError(f"{what} that is there twice")
    return np.asarray(order.to_numpy(zero_copy_only=False), np.int64)


def offsets(numbers: Array, groups: int) -> Ints:
    """Where the entries of each group begin, of entries whose groups are given, and the end."""
    return ends(np.bincount(numbers, minlength=groups))


def ends(counts: Array) -> Ints:
    """Likewise, of the sizes of the groups."""
    made = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=made[1:])
    return made


def narrow(values: Ints) -> Array:
    """The same in half or a quarter of the room, where they fit."""
    for kind in (np.int16, np.int32):
        limits = np.iinfo(kind)
        if not values.size or (values.min() > limits.min and values.max() <= limits.max):
            return values.astype(kind)
    return values


def taken(found: pa.Array, order: Ints | None) -> pa.Array:
    """In this order."""
    return found if order is None else found.take(pa.array(order))


def texts(found: Sequence[str]) -> pa.Array:
    """Some texts as a column."""
    return pa.array(found, pa.large_string())
