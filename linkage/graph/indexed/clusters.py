"""Clusters and their members, by the index."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from linkage.graph.answers import ClusterRow, MemberRow, Page, Signal
from linkage.graph.indexed.accounts import AccountReader
from linkage.graph.indexed.values import fraction, micros, moment, rows_of
from linkage.graph.paging import Key, a_number_or_none, a_text, cursor, place
from linkage.graph.questions import ClusterFilter, ClusterSort, MemberOrder, limited, one_of
from linkage.index import Index
from linkage.index.files import Array
from linkage.index.tables import NONE
from linkage.unknown import is_text, no_cluster

_SIGNALS = rows_of(Signal)

REMEMBERED = 4096  # clusters: a run does not change, and many ask for the same
AT_ONCE = 2048  # clusters that are looked at, until a page is full

Mask = npt.NDArray[np.bool_]


class ClusterReader:
    """Reads clusters of one run."""

    def __init__(self, index: Index, run: str, group_accounts: int) -> None:
        """group_accounts: as many make a group."""
        self._index, self._run, self._group_accounts = index, run, group_accounts
        self._accounts = AccountReader(index, run)
        self._row = lru_cache(maxsize=REMEMBERED)(self._made)

    def number(self, given: str) -> int:
        """The one cluster that is called so or whose id begins so; else NotFound."""
        ids = self._index.clusters.id
        exact = ids.number(given) if is_text(given) else None
        if exact is not None:
            return exact
        found = ids.beginning(given) if given and is_text(given) else range(0)
        if len(found) == 1:
            return found[0]
        raise no_cluster(given, ids[found.start : found.stop], len(ids))

    def one(self, given: str) -> ClusterRow:
        """One cluster."""
        return self._row(self.number(given))

    def page(
        self, where: ClusterFilter, sort: ClusterSort, after: str | None, limit: int
    ) -> Page[ClusterRow]:
        """A page of clusters."""
        question, most = (self._run, "clusters", where, sort), limited(limit)
        if not is_text(where.id_prefix):
            return Page((), None)
        let_through = self._let_through(where)
        if after is not None:
            beyond = self._beyond(sort, after, question)
            let_through = beyond if let_through is None else let_through & beyond
        direction = "down" if sort.descending else "up"
        order: Array = getattr(self._index.clusters, f"by_{sort.by}_{direction}")
        numbers = _first(order, let_through, most + 1)
        rows = tuple(self._row(number) for number in numbers[:most])
        return Page(rows, self._cursor(question, sort, rows[-1]) if len(numbers) > most else None)

    def members(
        self, given: str, after: str | None, limit: int, by: MemberOrder
    ) -> Page[MemberRow]:
        """A page of a cluster's accounts."""
        one_of(by, ("account_id", "confidence"), "order of members")
        number, index = self.number(given), self._index
        question = (self._run, "members", index.clusters.id[number], by)
        most, by_confidence = limited(limit), by == "confidence"
        low, high = index.clusters.members_at[number], index.clusters.members_at[number + 1]
        order = index.members.by_confidence if by_confidence else index.members.account
        if after is not None and by_confidence:
            last, account = place(after, question, (a_number_or_none, a_text))
            low = self._after(low, high, last, str(account))
        elif after is not None:
            (account,) = place(after, question, (a_text,))
            low = index.after(order, low, high, str(account))
        end = min(high, low + most)
        rows = self._accounts.members(order[low:end])
        if end == high:
            return Page(rows, None)
        keys: list[Key] = [rows[-1].confidence] if by_confidence else []
        return Page(rows, cursor(question, [*keys, rows[-1].account_id]))

    def _after(self, low: int, high: int, confidence: Key, account_id: str) -> int:
        """The first member after one with this confidence and id, by confidence."""
        confidences, order = self._index.accounts.confidence, self._index.members.by_confidence
        least = self._index.accounts.id.place(account_id)
        same = least + (self._index.accounts.id.number(account_id) is not None)

        def is_after(account: int) -> bool:
            found = fraction(confidences[account])
            if found is None or confidence is None:
                return found is None and (confidence is not None or account >= same)
            assert isinstance(confidence, int | float)
            return found < confidence or (found == confidence and account >= same)

        return bisect_left(order, True, low, high, key=is_after)

    def _made(self, number: int) -> ClusterRow:
        of, index = self._index.clusters, self._index
        return ClusterRow(
            cluster_id=of.id[number],
            accounts=of.accounts.item(number),
            events=of.events.item(number),
            score=fraction(of.score.item(number)),
            expected=fraction(of.expected.item(number)),
            proposal=index.proposals[of.proposal[number]],
            p_operation=fraction(of.p_operation.item(number)),
            p_lives=fraction(of.p_lives.item(number)),
            p_pretend=fraction(of.p_pretend.item(number)),
            note=index.notes[of.note[number]],
            signals=self._signals(of.signals_at[number], of.signals_at[number + 1]),
            first_seen=moment(of.first_seen.item(number)),
            last_seen=moment(of.last_seen.item(number)),
        )

    def _signals(self, low: int, high: int) -> tuple[Signal, ...]:
        index, of = self._index, self._index.signals
        return _SIGNALS(
            [index.names[name] for name in of.name[low:high]],
            [index.questions[question] for question in of.question[low:high]],
            of.value[low:high].tolist(),
            of.usual[low:high].tolist(),
            of.rank[low:high].tolist(),
            of.text[low:high],
        )

    def _let_through(self, where: ClusterFilter) -> Mask | None:
        """Which clusters the filter lets through, by their numbers; None for all."""
        of, found = self._index.clusters, []
        for values, least, most in (
            (of.score, where.score_least, where.score_most),
            (of.accounts, where.accounts_least, where.accounts_most),
            (of.accounts, self._group_accounts if where.only_groups else None, None),
        ):
            found += [values >= least] if least is not None else []
            found += [values <= most] if most is not None else []
        if where.proposals:
            wanted = [i for i, word in enumerate(self._index.proposals) if word in where.proposals]
            found.append(np.isin(of.proposal, wanted))
        if where.first_seen_from is not None:
            found.append(of.first_seen >= micros(where.first_seen_from))
        if where.first_seen_to is not None:
            found.append((of.first_seen < micros(where.first_seen_to)) & (of.first_seen != NONE))
        if where.id_prefix:
            found.append(self._those(of.id.beginning(where.id_prefix)))
        if where.among is not None:
            found.append(self._those(self._numbers(where.among)))
        if where.apart_from:
            found.append(~self._those(self._numbers(where.apart_from)))
        return np.logical_and.reduce(found) if found else None

    def _beyond(self, sort: ClusterSort, after: str, question: Sequence[object]) -> Mask:
        """Which clusters come after the place in a cursor."""
        last, cluster_id = place(after, question, (a_number_or_none, a_text))
        values: Array = getattr(self._index.clusters, sort.by)
        missing = np.isnan(values) if values.dtype.kind == "f" else values == NONE
        ids = self._index.clusters.id
        same = ids.place(str(cluster_id)) + (ids.number(str(cluster_id)) is not None)
        later: Mask = np.arange(len(values)) >= same
        if last is None:
            return missing & later
        further = values < last if sort.descending else values > last
        return missing | (further & ~missing) | ((values == last) & later)

    def _cursor(self, question: Sequence[object], sort: ClusterSort, last: ClusterRow) -> str:
        key = getattr(last, sort.by)
        if sort.by in ("first_seen", "last_seen") and key is not None:
            key = micros(key)
        return cursor(question, [key, last.cluster_id])

    def _numbers(self, ids: Iterable[str]) -> list[int]:
        known = self._index.clusters.id
        found = (known.number(one) for one in ids if is_text(one))
        return [number for number in found if number is not None]

    def _those(self, numbers: Sequence[int]) -> Mask:
        made = np.zeros(len(self._index.clusters.id), np.bool_)
        made[np.asarray(numbers, np.int64)] = True
        return made


def _first(order: Array, let_through: Mask | None, most: int) -> list[int]:
    """The first so many that are let through."""
    if let_through is None:
        return list(order[:most].tolist())
    found: list[int] = []
    for start in range(0, len(order), AT_ONCE):
        some = order[start : start + AT_ONCE]
        found += some[let_through[some]].tolist()
        if len(found) >= most:
            break
    return found[:most]
