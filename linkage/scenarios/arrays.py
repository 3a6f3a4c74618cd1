"""Arrays of the simulator: ragged choices, groups, and identifiers without a pattern."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Random = np.random.Generator


def mix(words: Words) -> Words:
    """Scatter 64-bit numbers one to one (the finaliser of splitmix64)."""
    out = words + np.uint64(0x9E3779B97F4A7C15)
    out ^= out >> np.uint64(30)
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def identity(tag: int, key: int, high: Ints | int, low: Ints | int) -> Words:
    """Identifier of (high, low) within a tag: no two are equal, none shows where it came from."""
    packed = (np.asarray(high, np.int64) << 33) + np.asarray(low, np.int64)
    place = packed.astype(np.uint64) ^ np.uint64(key * 0x9E3779B97F4A7C15 & 0x7FFFFFFFFFFFFFF)
    return mix(place | np.uint64(tag << 59))


def scramble(serials: Ints, bits: int, key: int) -> Ints:
    """Permute the numbers below 2**bits, so that neighbours end up far apart."""
    mask = np.int64((1 << bits) - 1)
    half = bits // 2
    out = serials.astype(np.int64) & mask
    for odd in (0x5851F42D, 0x14057B7E | 1, 0x2545F491):
        out = (out * np.int64(odd | 1) + np.int64(key & 0x3FFFFFFF)) & mask
        out ^= out >> np.int64(half)
    return out


@dataclass(frozen=True)
class Choices:
    """A list of values for each owner: an account's addresses, a group's templates."""

    starts: Ints
    values: Small

    def pick(self, owner: Ints, chance: Floats) -> Ints:
        """One of each owner's values; -1 where the owner has none."""
        start = self.starts[owner]
        count = self.starts[owner + 1] - start
        if not len(self.values):
            return np.full(len(owner), -1, np.int64)
        at = start + np.minimum((chance * count).astype(np.int64), count - 1)
        return np.where(count > 0, self.values[np.maximum(at, 0)], -1).astype(np.int64)

    def of(self, owner: int) -> Small:
        """All values of one owner."""
        return self.values[self.starts[owner] : self.starts[owner + 1]]


@dataclass
class Links:
    """Pairs of account and value, collected piece by piece."""

    owners: list[Ints] = field(default_factory=list)
    values: list[Small] = field(default_factory=list)

    def add(self, owners: Ints, values: Ints) -> None:
        self.owners.append(np.asarray(owners, np.int64))
        self.values.append(np.asarray(values, np.int32))

    def choices(self, owners: int) -> Choices:
        """The pairs so far, by owner, in the order in which they were added."""
        owner = np.concatenate([np.empty(0, np.int64), *self.owners])
        value = np.concatenate([np.empty(0, np.int32), *self.values])
        order = np.argsort(owner, kind="stable")
        return Choices(starts_of(np.bincount(owner, minlength=owners)), value[order])


def starts_of(counts: Ints) -> Ints:
    """Where each list begins, and where the last one ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


@dataclass(frozen=True)
class Groups:
    """Accounts in groups: ``members[i]`` belongs to group ``group[i]``."""

    members: Ints
    group: Ints
    sizes: Ints

    @property
    def count(self) -> int:
        return len(self.sizes)

    def pick(self, rng: Random, pool: Choices, times: Ints | int) -> tuple[Ints, Ints]:
        """Pairs of a member and one of its group's values, ``times`` for each member."""
        row = np.repeat(np.arange(len(self.members)), times)
        return self.members[row], pool.pick(self.group[row], rng.random(len(row)))


def cut(rng: Random, members: Ints, sizes: tuple[int, int, float]) -> Groups:
    """Cut accounts into groups with sizes from a truncated power law (low, high, exponent)."""
    low, high, exponent = sizes
    u = rng.random(len(members) // low + 1)
    span = 1 - (low / (high + 1)) ** exponent
    drawn = (low * (1 - u * span) ** (-1 / exponent)).astype(np.int64)
    counts = drawn[np.cumsum(drawn) <= len(members)]
    left = len(members) - int(counts.sum())
    if left >= low:  # what the last draw would have gone beyond
        counts = np.append(counts, left)
    used = members[: int(counts.sum())]
    return Groups(used, np.repeat(np.arange(len(counts)), counts), counts)


def hand_out(rng: Random, count: int, holders: tuple[int, int]) -> tuple[Ints, int]:
    """Give each of ``count`` accounts a number, each number to between low and high accounts."""
    low, high = holders
    counts = rng.integers(low, high + 1, count // low + 1)
    numbers = np.repeat(np.arange(len(counts)), counts)[:count]
    rng.shuffle(numbers)
    return numbers, int(numbers.max(initial=-1)) + 1


def zipf(rng: Random, count: int, size: int, exponent: float = 1.0) -> Ints:
    """Draw ``size`` numbers below ``count``, the first ones far more often."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    ends = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(ends, rng.random(size)), count - 1).astype(np.int64)


_HEX = np.frombuffer("".join(f"{i:04x}" for i in range(65536)).encode(), np.uint32)


def hex_bytes(words: Words) -> NDArray[np.uint8]:
    """Sixteen hexadecimal digits for each number, one row a number."""
    parts = np.ascontiguousarray(words, ">u8").view(">u2")
    rows: NDArray[np.uint8] = _HEX[parts].view(np.uint8).reshape(len(words), 16)
    return rows


def text_column(rows: NDArray[np.uint8], present: Flags | None = None) -> pa.Array:
    """A string array from rows of equal width; ``rows`` holds the present ones only."""
    count, width = len(rows) if present is None else len(present), rows.shape[1]
    held = np.ones(count, np.int64) if present is None else present.astype(np.int64)
    ends = starts_of(held * width).astype(np.int32)
    valid = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(rows))
    return pa.Array.from_buffers(pa.string(), count, [valid, pa.py_buffer(ends), data])


def hex_column(words: Words, prefix: str, digits: int, present: Flags | None = None) -> pa.Array:
    """Identifiers ``prefix`` + hexadecimal digits, null where not ``present``."""
    kept = words if present is None else words[present]
    rows = np.empty((len(kept), len(prefix) + digits), np.uint8)
    rows[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    rows[:, len(prefix) :] = hex_bytes(kept)[:, 16 - digits :]
    return text_column(rows, present)
