"""How unusual a group is among the groups of the same data: the expected innocents.

Each signal is ranked among the reference groups of the nearest sizes, and among all; a question's
ranks become normal scores and are combined (Stouffer et al. 1949), and ranked again; in the tails,
where ranks say nothing of distance, a fitted tail does. The number
of groups as extreme that chance would bring among as many innocent ones is the figure that an
investigator reads, as the E-value of a sequence search (Altschul et al. 1990).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from linkage.settings import ScoreSettings
from linkage.signals import QUESTIONS, SIGNALS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WINDOW = 101  # reference groups of the nearest sizes, at least, that say what is usual
LEAST_TAIL = 8  # fewer say nothing about it
SECOND_LOOK = 4  # a question that is asked twice is answered by chance more often
TAIL = 30  # most extreme references, at most a fifth of all, that say how a tail goes on


@dataclass(frozen=True)
class References:
    """Groups to compare with: accounts in each, and each signal's value (or none)."""

    size: Floats
    values: dict[str, Floats]


@dataclass(frozen=True)
class Scores:
    """One entry a group. p[question]; usual[signal]; rank[signal]: share of the references
    that are as extreme, in the tail as its fit has it; expected: groups as extreme among
    innocent ones (E); apart: what can be bought speaks for lives of their own, and is not
    counted."""

    p: dict[str, Floats]
    usual: dict[str, Floats]
    rank: dict[str, Floats]
    expected: Floats
    reference: Bools
    apart: Bools


def scores(
    size: Floats,
    values: dict[str, Floats],
    openly: Floats,
    settings: ScoreSettings,
    references: References | None = None,
) -> Scores:
    """Score groups against each other, or against another run's references.

    `openly` answers the third question where it is absolute: 1 for a group that is openly one
    (then p = 1), the cap where nobody has verified that, 0 for a group that pretends to be
    many (then its rank counts, up to the cap). Only the latter are references: a group that
    the third question clears tells nothing about those at risk of a wrong ban.

    A group that stands out (E at most `reference_expected`) leaves the references, and the
    ranks are taken again until nothing changes.
    """
    eligible = openly == 0
    if references is not None:
        whole = np.concatenate([size, references.size])
        answered = np.concatenate([openly, np.zeros(references.size.size)])
        joined = {n: np.concatenate([v, references.values[n]]) for n, v in values.items()}
        fixed = np.arange(whole.size) >= size.size
        found = _ranked(whole, joined, fixed, answered, settings)
        return _first(found, size.size)
    reference = eligible.copy()
    found = _ranked(size, values, reference, openly, settings)
    for _ in range(20):
        again = eligible & ~(found.expected <= settings.reference_expected)
        if np.array_equal(again, reference):
            break
        # Only ever fewer: what once stood out does not come back and hide its like.
        reference &= again
        found = _ranked(size, values, reference, openly, settings)
    return found


def _ranked(
    size: Floats,
    values: dict[str, Floats],
    reference: Bools,
    openly: Floats,
    settings: ScoreSettings,
) -> Scores:
    usual: dict[str, Floats] = {}
    rank: dict[str, Floats] = {}
    normal: dict[str, list[Floats]] = {question: [] for question in QUESTIONS}
    unbought: dict[str, list[Floats]] = {question: [] for question in QUESTIONS}
    for signal in SIGNALS:
        value = values[signal.name] if signal.high else -values[signal.name]
        middle, near = _near(size, value, reference)
        # Of its size and of all: the one knows what size explains, the other how far it goes.
        of_all, further = _tail(value - middle, reference)
        both = -(ndtri(near * further) + ndtri(of_all)) / 2
        rank[signal.name] = ndtr(-both)
        usual[signal.name] = middle if signal.high else -middle
        normal[signal.question].append(both)
        if not signal.for_sale:
            unbought[signal.question].append(both)
    p = {q: _answer(normal[q], reference) for q in QUESTIONS}
    apart = np.zeros(size.size, np.bool_)
    for question in QUESTIONS:
        if len(unbought[question]) == len(normal[question]):
            continue
        again = np.minimum(1.0, SECOND_LOOK * _answer(unbought[question], reference))
        no = p[question] > settings.question_cap
        p[question] = np.where(no, again, p[question])
        apart |= no & (again <= settings.question_cap)
    many = np.minimum(p["pretend"], settings.question_cap)
    p["pretend"] = np.where(openly > 0, openly, many)
    return Scores(p, usual, rank, expected(p, int(reference.sum()), settings), reference, apart)


def _answer(normal: list[Floats], reference: Bools) -> Floats:
    """A question's p from the normal scores of its signals; 1 without any."""
    return np.nan_to_num(_tail(_combined(normal), reference)[0], nan=1.0)


def _combined(normal: list[Floats]) -> Floats:
    """Sum of the normal scores over the root of their number; missing ones left out."""
    table = np.stack(normal)
    count = np.isfinite(table).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, np.nansum(table, axis=0) / np.sqrt(count), np.nan)


def expected(p: dict[str, Floats], groups: int, settings: ScoreSettings) -> Floats:
    """Groups as extreme among innocent ones, if the questions were independent.

    With t the product of three p, each at most the cap c, and L = ln(c^3 / t):
    G t (1 + L + L^2 / 2 + (1 - c) / c (1 + L)). The last part is for the third question,
    which counts as c wherever its rank is above. Infinite where one of the others is above.
    """
    cap = settings.question_cap
    table = np.stack([p[q] for q in QUESTIONS])
    product = table.prod(axis=0)
    depth = np.maximum(0, len(QUESTIONS) * np.log(cap) - np.log(product))
    ways = 1 + depth + depth**2 / 2 + (1 - cap) / cap * (1 + depth)
    return np.where((table <= cap).all(axis=0), max(1, groups) * product * ways, np.inf)


def _near(size: Floats, value: Floats, reference: Bools) -> tuple[Floats, Floats]:
    """Each group's usual value and its rank among the references of the nearest sizes.

    A rank, not a distance: what is usual is wide for some sizes and narrow for others.
    """
    known = np.flatnonzero(reference & np.isfinite(value))
    if known.size == 0:
        return np.zeros(size.size), np.where(np.isfinite(value), 1.0, np.nan)
    order = known[np.lexsort((value[known], size[known]))]
    width = min(order.size, max(WINDOW, order.size // 10))
    windows = np.lib.stride_tricks.sliding_window_view(value[order], width)
    low = np.searchsorted(size[order], size, "left")
    high = np.searchsorted(size[order], size, "right")
    at = np.clip((low + high) // 2 - width // 2, 0, windows.shape[0] - 1)
    place = np.full(size.size, -1)
    place[order] = np.arange(order.size)
    itself = (place >= at) & (place < at + width)
    middle, higher = np.empty(size.size), np.empty(size.size)
    for part in np.array_split(np.arange(size.size), 1 + size.size * width // 2_000_000):
        near = windows[at[part]]
        middle[part] = np.median(near, axis=1)
        higher[part] = (near >= value[part, None]).sum(axis=1)
    rank = (1 + higher - itself) / (1 + width)
    return middle, _inside(rank, width, np.isfinite(value))


def _inside(rank: Floats, count: int, known: Bools) -> Floats:
    """Never 1, whose normal score is infinite; not a number where there is no value."""
    return np.where(known, np.minimum(rank, 1 - 0.5 / (1 + count)), np.nan)


def _rank(value: Floats, reference: Bools) -> Floats:
    """(1 + others among the references that are at least as high) / (1 + references)."""
    known = np.sort(value[reference & np.isfinite(value)])
    higher = known.size - np.searchsorted(known, value, "left")
    itself = reference & np.isfinite(value)
    return _inside((1 + higher - itself) / (1 + known.size), known.size, np.isfinite(value))


def _tail(value: Floats, reference: Bools) -> tuple[Floats, Floats]:
    """The rank, in the tail by how it goes on; and by what part that is below the rank alone.

    Among n references no rank is below 1 / (n + 1), however far a value lies beyond them all.
    Exceedances follow a generalized Pareto distribution (Pickands 1975), fitted by its moments
    (Hosking and Wallis 1987) as for p-values from few permutations (Knijnenburg et al. 2009).
    No tail is taken to end, which a shape below 0 would say; where most references have the
    same value, too few exceed it to say anything.
    """
    rank = _rank(value, reference)
    known = np.sort(value[reference & np.isfinite(value)])
    number = min(TAIL, known.size // 5)
    above = known[known > known[-number - 1]] if number else known[:0]
    if 0 < above.size < number:
        # So many have the same value that the tail begins behind the gap.
        above = above[above > above[0]]
    if above.size < LEAST_TAIL or np.ptp(above) == 0:
        return rank, np.ones_like(rank)
    start = known[-above.size - 1]
    over = above - start
    mean = over.mean()
    shape = float(np.clip((1 - mean**2 / over.var(ddof=1)) / 2, 0.0, 0.5))
    beyond = np.maximum(0, value - start) / (mean * (1 - shape))
    left = np.exp(-beyond) if shape == 0 else (1 + shape * beyond) ** (-1 / shape)
    # No further than as many references again for each that there is would tell.
    fitted = np.maximum(left * (1 + over.size) / (1 + known.size), (1 + known.size) ** -2.0)
    result = np.where(beyond > 0, fitted, rank)
    return result, np.minimum(1.0, result / rank)


def _first(found: Scores, count: int) -> Scores:
    cut = {
        name: {k: v[:count] for k, v in getattr(found, name).items()}
        for name in ("p", "usual", "rank")
    }
    nobody = np.zeros(count, np.bool_)
    return Scores(
        cut["p"], cut["usual"], cut["rank"], found.expected[:count], nobody, found.apart[:count]
    )
