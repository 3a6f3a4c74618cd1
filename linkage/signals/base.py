"""What a signal sees, and what it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Question = Literal["operation", "lives", "pretend"]

LEAST_KNOWN = 0.5  # of the members must be known, to speak of the group


@dataclass(frozen=True)
class Groups:
    """Groups of accounts, their members' activity, and what the members share with anyone.

    One entry a group (G): size, accounts in it.
    One entry a member (M), a group's members one after another: group (its number), events,
    signed_up (microseconds, -1 for unknown), hours [M, 24], claimed (number of the claimed
    organisation, -1 for none), carried (event column -> the member's events that carry it).
    One entry for each member and shared artifact (R): member, kind, artifact, row_events,
    inside (members of the group that have it), total (accounts that have it).
    unknown: figure -> the members of whom it is not known, and is zero here (events, hours,
    organisation, with_COLUMN); without a figure that is known of all.
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
    unknown: dict[str, Bools] = field(default_factory=dict)

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

    def having(self, kind: str) -> Bools:
        """The members with events that carry the kind's column, as far as that is known: of the
        others, those with evidence of the kind."""
        carrying = self.carrying(kind) > 0
        missing = self.not_known(kind)
        return carrying | (missing & (self.per_member(self.of_kind(kind)) > 0))

    def not_known(self, figure: str) -> Bools:
        """The members of whom a figure is not known; a kind's name stands for the events that
        carry its column."""
        if figure in self.kinds:
            figure = f"with_{self.kind_columns[self.kinds.index(figure)]}"
        return self.unknown.get(figure, np.zeros(self.group.size, np.bool_))

    def only(self, members: Bools) -> Groups:
        """The groups as if they were made of these members alone; no group may lose all."""
        place = np.cumsum(members) - 1
        group, rows = self.group[members], members[self.member]
        pairs = (self.group[self.member[rows]] << 32) | self.artifact[rows]
        _, inverse, inside = np.unique(pairs, return_inverse=True, return_counts=True)
        each = ("events", "signed_up", "hours", "organisation", "claimed")
        kept = ("kind", "artifact", "row_events", "total")
        return replace(
            self,
            size=np.bincount(group, minlength=self.size.size),
            group=group,
            member=place[self.member[rows]],
            inside=inside[inverse],
            carried={column: events[members] for column, events in self.carried.items()},
            unknown={figure: mask[members] for figure, mask in self.unknown.items()},
            **{name: getattr(self, name)[members] for name in each},
            **{name: getattr(self, name)[rows] for name in kept},
        )


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
    question: Question,
    words: str,
    *,
    high: bool = True,
    for_sale: bool = False,
    needs: str | None = None,
) -> Callable[[Callable[[Groups], Floats]], Signal]:
    """Make a `Signal` of a function; its docstring is the explanation.

    needs   the figure that must be known of a member for the signal to see it: `events`,
            `hours`, or a kind, for the events that carry its column
    """

    def make(measure: Callable[[Groups], Floats]) -> Signal:
        explanation = inspect.cleandoc(measure.__doc__ or "")
        name = measure.__name__
        seen = measure if needs is None else _where_known(measure, needs)
        return Signal(name, question, high, words, explanation, seen, for_sale)

    return make


def _where_known(measure: Callable[[Groups], Floats], needs: str) -> Callable[[Groups], Floats]:
    """Measured over the members of whom the figure is known, as if the others were none; not a
    number for groups of which that leaves less than half."""

    def measured(groups: Groups) -> Floats:
        missing = groups.not_known(needs)
        if not missing.any():
            return measure(groups)
        enough = groups.per_group(~missing) >= LEAST_KNOWN * groups.size
        return np.where(enough, measure(groups.only(~missing | ~enough[groups.group])), np.nan)

    return measured


def ratio(part: Floats, whole: Floats, at_least: float = 1.0) -> Floats:
    """part / whole, not a number where the whole is below `at_least`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole >= at_least, part / whole, np.nan)
