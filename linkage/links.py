"""Stage 3: evidence -> links, pairs that one operator more likely runs than two.

The weight of a pair is the log2 of a likelihood ratio (Fellegi and Sunter 1969): how much
more often two accounts of one operator share this than two that chance brought together.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.artifacts import ArtifactKind
from linkage.kernels.composites import Keys, composite_keys, frequent, holders, neighbours
from linkage.kernels.incidence import UNIT, Incidence, Int32s, Ints, even_pieces, grouped
from linkage.kernels.pairs import Bounds, hub_bits, link_units
from linkage.kernels.weights import family_caps
from linkage.settings import LinkSettings

COMPOSITES_AT_ONCE = 30_000_000  # keys in memory: 240 MB


@dataclass(frozen=True)
class Links:
    """Units a < b, ascending; weight and families [links, families] in 1/1024 bit.

    threshold       weight that a link needs; prior: log2 N, of the odds against a random pair
    pairs_weighed   with one rare artifact at least, or a composite
    composites      two common artifacts held together more often than chance explains
    common_left_out common artifacts of accounts with too many to form all composites
    """

    a: Int32s
    b: Int32s
    weight: Int32s
    families: Int32s
    threshold: int
    pairs_weighed: int
    composites: int
    common_left_out: int
    prior: int

    @property
    def above(self) -> npt.NDArray[np.float64]:
        """Bits over log2 N: what speaks for a link once the odds against it are paid."""
        return (self.weight - self.prior) / UNIT


def threshold_bits(population: int, settings: LinkSettings) -> int:
    """log2 N and the margin, in 1/1024 bit: the odds against a random pair, and some more."""
    return round(UNIT * (math.log2(max(2, population)) + settings.margin_bits))


def dealings(found: Links, kinds: Sequence[ArtifactKind]) -> npt.NDArray[np.bool_]:
    """bool[links]: whether artifacts that name accounts give a link some of its weight."""
    families = dict.fromkeys(kind.family for kind in kinds)
    dealing = {kind.family for kind in kinds if kind.names_account}
    numbers = [number for number, family in enumerate(families) if family in dealing]
    return np.asarray(found.families[:, numbers].any(axis=1))


def links(inc: Incidence, settings: LinkSettings, threads: int) -> Links:
    """Weigh all pairs that share something rare, or two common things rarely held together."""
    threshold = threshold_bits(inc.population, settings)
    bounds = Bounds(threshold, family_caps(inc.alone, threshold), settings.rare_accounts)
    with ThreadPoolExecutor(threads) as pool:
        more_ptr, more, composites = _composite_pairs(
            inc, threshold / UNIT / 2, settings, pool, threads
        )
        pieces = _pieces(inc, settings.rare_accounts, more_ptr, 16 * threads)
        hubs = hub_bits(inc, bounds)
        found = list(
            pool.map(lambda p: link_units(inc, bounds, more_ptr, more, hubs, p[0], p[1]), pieces)
        )
    a, b, weight, families = (np.concatenate([part[i] for part in found]) for i in range(4))
    return Links(
        a=a,
        b=b,
        weight=weight,
        families=families,
        threshold=threshold,
        pairs_weighed=sum(part[4] for part in found),
        composites=composites,
        common_left_out=_left_out(inc, settings),
        prior=threshold - round(UNIT * settings.margin_bits),
    )


def _composite_pairs(
    inc: Incidence, least: float, settings: LinkSettings, pool: ThreadPoolExecutor, threads: int
) -> tuple[Ints, Int32s, int]:
    """Pairs that meet in a composite, by the smaller unit: offsets, larger units, composites."""
    rare, most = settings.rare_accounts, settings.composite_artifacts
    units = inc.unit_ptr.size - 1
    parts = threads * (1 + units * most * (most - 1) // 2 // COMPOSITES_AT_ONCE)

    def of_part(part: int) -> Keys:
        keys = composite_keys(inc, rare, most, least, part, parts)
        keys.sort()
        return frequent(inc, keys, settings.composite_accounts, settings.composite_lift)

    composites = np.sort(np.concatenate(list(pool.map(of_part, range(parts)))))
    if composites.size == 0:
        return np.zeros(units + 1, np.int64), np.empty(0, np.int32), 0
    number, unit = holders(inc, composites, rare, most, least)
    # Another order in each composite: chains of neighbours would not hold a network together.
    order = np.argsort(_scattered(number, unit), kind="stable")
    offsets, unit = grouped(number[order], unit[order], composites.size)
    pairs = np.sort(neighbours(offsets, unit, settings.composite_neighbours))
    left, right = (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)
    return *grouped(left, right, units), int(composites.size)


def _scattered(number: Int32s, unit: Int32s) -> npt.NDArray[np.uint64]:
    """The numbers, and below them a fixed shuffle of the units, different in each composite
    (splitmix64's finisher)."""
    x = (number.astype(np.uint64) << np.uint64(32)) | unit.astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (number.astype(np.uint64) << np.uint64(32)) | (x >> np.uint64(32))


def _pieces(inc: Incidence, rare: int, more_ptr: Ints, count: int) -> list[tuple[int, int]]:
    """Consecutive units with about the same number of pairs in each piece."""
    sizes = np.diff(inc.art_ptr)
    work = np.where(sizes <= rare, sizes, 0)[inc.unit_art]
    per_unit = np.add.reduceat(np.append(work, 0), inc.unit_ptr[:-1]) + np.diff(more_ptr) + 1
    per_unit[np.diff(inc.unit_ptr) == 0] = 1
    return even_pieces(per_unit, count)


def _left_out(inc: Incidence, settings: LinkSettings) -> int:
    """Common artifacts of accounts with so many that not all took part in composites."""
    common = (np.diff(inc.art_ptr) > settings.rare_accounts)[inc.unit_art]
    held = np.add.reduceat(np.append(common, False).astype(np.int64), inc.unit_ptr[:-1])
    held[np.diff(inc.unit_ptr) == 0] = 0
    return int(np.maximum(0, held - settings.composite_artifacts).sum())
