"""IP addresses by the sort of network that they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios.arrays import Ints, mix, scramble, text_column


@dataclass(frozen=True)
class Block:
    """Where the addresses of one sort lie: four first octets and the size of the space."""

    octets: tuple[int, int, int, int]
    bits: int


BLOCKS = {
    "home": Block((24, 71, 82, 90), 26),
    "mobile": Block((37, 106, 174, 176), 18),
    "business": Block((12, 63, 145, 195), 22),
    "campus": Block((128, 129, 130, 141), 18),
    "datacentre": Block((3, 34, 52, 135), 24),
    "vpn": Block((45, 146, 185, 193), 18),
}
V6 = len(BLOCKS)
HOSTS = 3  # addresses that privacy extensions make within one /64 in a month
_NAMES = tuple(BLOCKS)


@dataclass
class Addresses:
    """Hands out addresses as codes; their text is made once, at the end."""

    key: int
    sorts: list[Ints] = field(default_factory=list)
    serials: list[Ints] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def new(self, sort: str, count: int) -> Ints:
        """Codes of ``count`` addresses that nobody has yet."""
        return self._take(_NAMES.index(sort), count)

    def new_v6(self, prefixes: int) -> Ints:
        """Codes of ``HOSTS`` addresses in each of ``prefixes`` /64, one row a prefix."""
        return self._take(V6, prefixes * HOSTS).reshape(prefixes, HOSTS)

    def _take(self, sort: int, count: int) -> Ints:
        first = self.used.get(sort, 0)
        self.used[sort] = first + count
        self.sorts.append(np.full(count, sort, np.int64))
        self.serials.append(np.arange(first, first + count, dtype=np.int64))
        self.count += count
        return np.arange(self.count - count, self.count, dtype=np.int64)

    def texts(self) -> pa.Array:
        """The text of every address handed out, by code."""
        sort, serial = np.concatenate(self.sorts), np.concatenate(self.serials)
        parts, order = [], []
        for number, name in enumerate(_NAMES):
            mine = np.flatnonzero(sort == number)
            parts.append(_v4(serial[mine], BLOCKS[name], self.key))
            order.append(mine)
        six = np.flatnonzero(sort == V6)
        place = np.argsort(np.concatenate([*order, six]), kind="stable")
        return pa.concat_arrays([*parts, _v6(serial[six], self.key)]).take(pa.array(place))


def _v4(serials: Ints, block: Block, key: int) -> pa.Array:
    place = scramble(serials, block.bits, key)
    rest = place >> 2
    octets = pa.array([str(i) for i in range(256)])
    numbers = (np.array(block.octets)[place & 3], rest >> 16 & 255, rest >> 8 & 255, rest & 255)
    return pc.binary_join_element_wise(*(octets.take(pa.array(n)) for n in numbers), ".")


def _v6(serials: Ints, key: int) -> pa.Array:
    """Every group is at least 0x1000, so the text is canonical and of one width."""
    prefix = scramble(serials // HOSTS, 28, key)
    host = mix(serials.astype(np.uint64) ^ np.uint64(key))
    groups = [np.full(len(serials), 0x2A02, np.int64), 0x1000 + (prefix >> 22)]
    groups += [0x1000 + (prefix >> 11 & 2047), 0x1000 + (prefix & 2047)]
    for shift in (0, 16, 32, 48):
        part = (host >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64)
        groups.append(0x1000 + part % 0xF000)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    rows = np.full((len(serials), 39), ord(":"), np.uint8)
    for at, group in enumerate(groups):
        for place in range(4):
            rows[:, at * 5 + place] = digits[group >> (12 - 4 * place) & 15]
    return text_column(rows)
