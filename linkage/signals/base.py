"""What a signal sees, and what it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Question = Literal["operation", "lives", "pretend"]


@dataclass(frozen=True)
class Groups:
    """Groups of accounts, their members' activity, and what the members share with anyone.

    One entry a group (G): size, accounts in it.
    One entry a member (M), a group's members one after another: group (its number), events,
    signed_up (microseconds, -1 for unknown), hours [M, 24], claimed (number of the claimed
    organisation, -1 for none), carried (event column -> the member's events that carry it).
    One entry for each member and shared artifact (R): member, kind, artifact, row_events,
    inside (members of the group that have it), total (accounts that have it).
    kinds: names of the kinds by number; kind_columns: their event columns;
    accounts: accounts of the population.
    """

    size: Ints
    group: Ints
    events: Ints
    signed_up: Ints
    hours: Ints
    organisation: Ints
    claimed: Ints
    carried: dict[str, Ints]
    member: Ints
    kind: Ints
    artifact: Ints
    row_events: Ints
    inside: Ints
    total: Ints
    kinds: tuple[str, ...]
    plantable: tuple[bool, ...]
    kind_columns: tuple[str, ...]
    accounts: int

    def per_group(self, member_values: npt.NDArray[np.generic]) -> Floats:
        """Sum of a value of the members, by group."""
        return np.bincount(self.group, member_values, self.size.size).astype(np.float64)

    def per_member(self, row_values: npt.NDArray[np.generic]) -> Floats:
        """Sum of a value of the rows, by member."""
        return np.bincount(self.member, row_values, self.group.size).astype(np.float64)

    def of_kind(self, *names: str) -> Bools:
        """The rows of these kinds."""
        return np.isin(self.kind, [i for i, n in enumerate(self.kinds) if n in names])

    def carrying(self, kind: str) -> Ints:
        """Each member's events that carry the kind's column; zeros without such a kind."""
        if kind not in self.kinds:
            return np.zeros_like(self.events)
        return self.carried[self.kind_columns[self.kinds.index(kind)]]


@dataclass(frozen=True)
class Signal:
    """A named finding about a group.

    measure      groups -> one value a group; not a number where the group cannot have it
    high         whether a high value is what a network has (else a low one)
    for_sale     whether an operator can buy it: a device and a line for each account
    words        text for the investigator, with {value} and {usual}
    explanation  what it means
    """

    name: str
    question: Question
    high: bool
    words: str
    explanation: str
    measure: Callable[[Groups], Floats]
    for_sale: bool = False


def signal(
    question: Question, words: str, *, high: bool = True, for_sale: bool = False
) -> Callable[[Callable[[Groups], Floats]], Signal]:
    """Make a `Signal` of a function; its docstring is the explanation."""

    def make(measure: Callable[[Groups], Floats]) -> Signal:
        explanation = inspect.cleandoc(measure.__doc__ or "")
        name = measure.__name__
        return Signal(name, question, high, words, explanation, measure, for_sale)

    return make


def ratio(part: Floats, whole: Floats, at_least: float = 1.0) -> Floats:
    """part / whole, not a number where the whole is below `at_least`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole >= at_least, part / whole, np.nan)
