"""All decisions in memory, right after every one of them, whoever made it.

Reads ask for states far more often than anybody decides. So what was decided is kept here, and each
time only whether more was decided since: SQLite counts what is committed itself, so that this takes
microseconds; another database is asked how many decisions it has.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from linkage.state import decisions
from linkage.state.database import State
from linkage.state.decisions import OPEN, STATES, Decision


@dataclass(frozen=True)
class Decided:
    """What was decided, at one moment. by_number: all decisions in their order; of_cluster,
    of_account: the numbers of those about it, in order."""

    by_number: Mapping[int, Decision] = field(default_factory=dict)
    of_cluster: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    of_account: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def account_state(self, account_id: str) -> str:
        """An account's state, by a decision about itself or its cluster."""
        return self._state(self.of_account.get(account_id, ()))

    def cluster_state(self, cluster_id: str) -> str:
        """A cluster's state."""
        return self._state(self.of_cluster.get(cluster_id, ()))

    @cached_property
    def cluster_states(self) -> Mapping[str, str]:
        """Cluster -> state, of those that are not open."""
        states = {cluster: self._state(numbers) for cluster, numbers in self.of_cluster.items()}
        return {cluster: state for cluster, state in states.items() if state != OPEN}

    def about_account(self, account_id: str, most: int) -> list[Decision]:
        """The latest decisions about an account, also through its cluster."""
        return self._latest(self.of_account.get(account_id, ()), most)

    def about_cluster(self, cluster_id: str, most: int) -> list[Decision]:
        """The latest decisions about a cluster."""
        return self._latest(self.of_cluster.get(cluster_id, ()), most)

    def _latest(self, numbers: tuple[int, ...], most: int) -> list[Decision]:
        return [self.by_number[number] for number in reversed(numbers[-most:])]

    def _state(self, numbers: tuple[int, ...]) -> str:
        for number in reversed(numbers):
            state = STATES.get(self.by_number[number].action)
            if state is not None:
                return state
        return OPEN


class DecisionLog:
    """Keeps them; any number of threads may ask."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._watch = state.watch()
        self._decided, self._stale = Decided(), True

    @property
    def at_hand(self) -> bool:
        """Whether asking takes microseconds, so that no thread is worth it."""
        return self._watch is not None

    def now(self) -> Decided:
        """What is decided by now, in this process or another. StateError where that cannot be
        known."""
        with self._lock:
            if self._watch is None or self._watch.changed():
                self._stale = True
            if self._stale:
                self._decided = self._read(self._decided)
                self._stale = False
            return self._decided

    def forget(self) -> None:
        """Read all of them anew: names in them were replaced."""
        with self._lock:
            self._decided, self._stale = Decided(), True

    def close(self) -> None:
        """Give back its connection."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()

    def _read(self, known: Decided) -> Decided:
        """What is known and what has come since. Decisions are never taken away, so that as many
        are the same ones."""
        with self._state.read() as connection:
            there = decisions.count(connection)
            if there == len(known.by_number):
                return known
            new = decisions.after(connection, max(known.by_number, default=0))
            if there != len(known.by_number) + len(new):
                # One with a lower number was committed later, as some databases do.
                known, new = Decided(), decisions.after(connection, 0)
            about = decisions.accounts_after(connection, max(known.by_number, default=0))
        return Decided(
            {**known.by_number, **{made.number: made for made in new}},
            _with(
                known.of_cluster,
                ((made.cluster_id, made.number) for made in new if made.cluster_id is not None),
            ),
            _with(known.of_account, about),
        )


def _with(
    known: Mapping[str, tuple[int, ...]], more: Iterable[tuple[str, int]]
) -> Mapping[str, tuple[int, ...]]:
    """With more numbers at the end of each. Who has the same numbers shares them: a decision about
    a cluster is about all of its accounts."""
    made = dict(known)
    same: dict[tuple[int, ...], tuple[int, ...]] = {}
    for name, number in more:
        before = made.get(name, ())
        if before[-1:] != (number,):  # both sides of a decision may name it
            numbers = (*before, number)
            made[name] = same.setdefault(numbers, numbers)
    return made
