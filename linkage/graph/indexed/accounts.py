"""Single accounts and artifacts, by the index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.graph.answers import (
    AccountCard,
    Activity,
    ArtifactRow,
    EvidenceRow,
    HolderRow,
    MemberRow,
    Page,
)
from linkage.graph.indexed.values import Ints, fraction, moment, moments, rows_of, whole
from linkage.graph.paging import a_text, cursor, place
from linkage.graph.questions import limited
from linkage.index import Index
from linkage.unknown import is_text, no_artifact

_EVIDENCE, _HOLDERS, _MEMBERS = rows_of(EvidenceRow), rows_of(HolderRow), rows_of(MemberRow)
FEW = 1000  # rows of evidence that are read in a millisecond or two


class AccountReader:
    """Reads accounts and artifacts of one run."""

    def __init__(self, index: Index, run: str) -> None:
        self._index, self._run = index, run

    def number(self, account_id: str) -> int | None:
        """An account's number; None where the run has no such account."""
        return self._index.accounts.id.number(account_id) if is_text(account_id) else None

    def at_hand(self, accounts: Sequence[str], together: bool) -> bool:
        """Whether the run has these accounts, and few rows of evidence in all of them."""
        rows = 0
        for account in accounts:
            number = self.number(account)
            if number is None:
                return False
            unit = self._index.unit(number) if together else (number,)
            if len(unit) > FEW:
                return False
            rows += sum(len(self._index.rows(one)) for one in unit)
        return rows <= FEW

    def card(self, number: int) -> AccountCard:
        """An account with all that it shares."""
        of, organisations = self._index.accounts, self._index.organisations
        verified, claimed = of.organisation[number], of.claimed[number]
        hours = of.hours[of.hours_at[number] : of.hours_at[number + 1]]
        return AccountCard(
            account_id=of.id[number],
            membership=self.members(np.array([number]))[0] if of.cluster[number] >= 0 else None,
            activity=Activity(
                events=of.events[number],
                days=whole(of.days[number]),
                first_seen=moment(of.first_seen[number]),
                last_seen=moment(of.last_seen[number]),
                signed_up=moment(of.signed_up[number]),
                hours=tuple(hours.tolist()),
                organisation=organisations.name[verified] if verified >= 0 else None,
                claimed=organisations.claimed[claimed] if claimed >= 0 else None,
                own_prompts=fraction(of.own_prompts[number]),
            ),
            evidence=self._evidence(number),
        )

    def members(self, numbers: Ints) -> tuple[MemberRow, ...]:
        """Accounts in their clusters."""
        of, clusters, known = self._index.accounts, self._index.clusters.id, self._index
        accounts = numbers.tolist()
        return _MEMBERS(
            of.id.of(numbers),
            [clusters[of.cluster[account]] for account in accounts],
            [fraction(of.confidence[account]) for account in accounts],
            [known.proposals[of.proposal[account]] for account in accounts],
            [known.held[of.held_by[account]] for account in accounts],
        )

    def artifact(self, kind: str, value: str) -> ArtifactRow:
        """One artifact; NotFound names the other kinds that have the value."""
        number, of = self._artifact(kind, value), self._index.artifacts
        (words,) = self._index.words(np.array([number]))
        return ArtifactRow(kind, value, int(of.accounts[number]), int(of.degree[number]), words)

    def holders(self, kind: str, value: str, after: str | None, limit: int) -> Page[HolderRow]:
        """A page of the accounts that have an artifact."""
        number, index = self._artifact(kind, value), self._index
        question, most = (self._run, "holders", kind, value), limited(limit)
        low, high = index.artifacts.holders_at[number], index.artifacts.holders_at[number + 1]
        if after is not None:
            (last,) = place(after, question, (a_text,))
            low = index.after(index.holders.account, low, high, str(last))
        end = min(high, low + most)
        rows, of, clusters = index.holders.row[low:end], index.accounts, index.clusters.id
        numbers = index.holders.account[low:end]
        accounts = numbers.tolist()
        found = _HOLDERS(
            of.id.of(numbers),
            index.evidence.events[rows].tolist(),
            moments(index.evidence.first_seen[rows]),
            moments(index.evidence.last_seen[rows]),
            [clusters[of.cluster[one]] if of.cluster[one] >= 0 else None for one in accounts],
            [index.proposals[of.proposal[account]] for account in accounts],
        )
        return Page(found, cursor(question, [found[-1].account_id]) if end < high else None)

    def _evidence(self, number: int) -> tuple[EvidenceRow, ...]:
        index, of = self._index, self._index.artifacts
        rows = index.rows(number)
        part = slice(rows.start, rows.stop)
        artifacts = index.evidence.artifact[part]
        return _EVIDENCE(
            [index.kinds[kind] for kind in of.kind[artifacts].tolist()],
            of.value.of(artifacts),
            index.evidence.events[part].tolist(),
            moments(index.evidence.first_seen[part]),
            moments(index.evidence.last_seen[part]),
            of.accounts[artifacts].tolist(),
            of.degree[artifacts].tolist(),
            index.words(artifacts),
        )

    def _artifact(self, kind: str, value: str) -> int:
        number = self._index.artifact(kind, value) if is_text(value) else None
        if number is None:
            kinds = self._index.kinds if is_text(value) else ()
            others = [other for other in kinds if self._index.artifact(other, value) is not None]
            raise no_artifact(kind, value, others)
        return number
