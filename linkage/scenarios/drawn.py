"""Texts drawn by hashes: the same hash says the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios.arrays import Ints, Words, mix

SLOT = re.compile(r"\{(\w+)\}")


def made(number: Ints, make: Callable[[int, Ints], pa.Array]) -> pa.Array:
    """A text for each row: rows that have the same number are made together."""
    order = np.argsort(number, kind="stable")
    which, begins = np.unique(number[order], return_index=True)
    groups = zip(which, np.split(order, begins[1:]), strict=True)
    parts = [make(int(each), rows) for each, rows in groups if len(rows)]
    texts = pa.concat_arrays([pa.array([], pa.string()), *parts])
    return texts.take(pa.array(np.argsort(order, kind="stable")))


def filled(shape: str, size: int, slot: Callable[[str, int], pa.Array]) -> pa.Array:
    """So many texts of one shape; `slot` says what fills the slot of a name, at a place."""
    parts = [pa.array(np.full(size, ""), pa.string())]
    for place, piece in enumerate(SLOT.split(shape)):
        parts.append(slot(piece, place) if place % 2 else pa.scalar(piece))
    return pc.binary_join_element_wise(*parts, "")


def draw(words: Words, salt: int, count: int) -> Ints:
    """A number below `count` for each hash; another one for each salt."""
    scattered = mix(words ^ np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64))
    return (scattered % np.uint64(count)).astype(np.int64)


def word(options: tuple[str, ...], words: Words, salt: int) -> pa.Array:
    """One of the options for each hash."""
    return pa.array(options).take(pa.array(draw(words, salt, len(options))))


def number(event: Words, place: int) -> pa.Array:
    """A number of one to three digits for each hash."""
    size = 10 ** (1 + draw(event, place + 50, 3))
    return pa.array(1 + draw(event, place, 10**6) % size).cast(pa.string())
