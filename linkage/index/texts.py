"""Many texts in two flat arrays, found by bisection where they are in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

STEP = 64  # texts from one that is kept in memory, for a bisection to begin with, to the next


class Texts(Sequence[str]):
    """Texts one after the other. Those to be searched are in the order of their bytes, which is
    that of their characters, and each is there once."""

    def __init__(self, at: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> None:
        """at: where each begins in `data`, and where the last ends."""
        self._at, self._bytes = at, data
        self._places, self._data = at.data, data.data
        buffers = (pa.py_buffer(at), pa.py_buffer(data))
        self._arrow = pa.LargeStringArray.from_buffers(len(at) - 1, *buffers)

    def __len__(self) -> int:
        return len(self._places) - 1

    @overload
    def __getitem__(self, number: int) -> str: ...

    @overload
    def __getitem__(self, number: slice) -> list[str]: ...

    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return self._arrow[number].to_pylist()
        return str(self._data[self._places[number] : self._places[number + 1]], "utf-8")

    def of(self, numbers: npt.NDArray[np.integer]) -> list[str]:
        """Several, by their numbers."""
        return self._arrow.take(pa.array(numbers)).to_pylist()

    def part(self, low: int, high: int) -> Texts:
        """Those from one number to before another, as texts of their own."""
        return Texts(self._at[low : high + 1], self._bytes)

    def place(self, text: str) -> int:
        """Where a text is, or would be."""
        return self._place(text.encode())

    def number(self, text: str) -> int | None:
        """The number of a text; None where there is none such."""
        encoded = text.encode()
        place = self._place(encoded)
        return place if place < len(self) and self._encoded[place] == encoded else None

    def beginning(self, prefix: str) -> range:
        """The numbers of those that begin so."""
        start = prefix.encode()
        low = self._place(start)
        high = bisect_left(
            self._encoded, True, low, len(self), key=lambda text: text[: len(start)] != start
        )
        return range(low, high)

    def _place(self, encoded: bytes) -> int:
        after = bisect_left(self._marks, encoded)
        return bisect_left(
            self._encoded, encoded, max(0, (after - 1) * STEP), min(len(self), after * STEP)
        )

    @cached_property
    def _encoded(self) -> _Encoded:
        return _Encoded(self._places, self._data)

    @cached_property
    def _marks(self) -> list[bytes]:
        return [self._encoded[number] for number in range(0, len(self), STEP)]


class _Encoded:
    """The texts as bytes: what a bisection compares."""

    def __init__(self, places: memoryview, data: memoryview) -> None:
        self._places, self._data = places, data

    def __len__(self) -> int:
        return len(self._places) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._data[self._places[number] : self._places[number + 1]])
