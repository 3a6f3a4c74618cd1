"""Who is on the list: from a run's proposals, people's decisions, and the list before.

Nobody is listed whom a person has cleared or the allowlist names, whatever else speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from linkage.banlist.settings import BanlistSettings
from linkage.run import Run

DECIDED, NETWORK = "decided_by_a_person", "network"
SIGNALS = 3  # that are named, the most unusual
_PROPOSED = """
    SELECT account_id, cluster_id, c.score, m.confidence,
           list_transform(c.signals, lambda s: s.name) AS signals
    FROM (SELECT * FROM read_parquet($members) WHERE proposal = 'ban') m
    JOIN read_parquet($clusters) c USING (cluster_id) ORDER BY account_id"""
_KNOWN = """
    SELECT account_id FROM read_parquet($activity)
    WHERE account_id IN (SELECT unnest($accounts))"""


class Measure(StrEnum):
    """What enforcement is to do, from the mildest."""

    challenge = "challenge"
    limit = "limit"
    ban = "ban"


@dataclass(frozen=True, order=True)
class Entry:
    """One account on a list.

    reasons      codes, for programs: `network` and the cluster's most unusual signals, or
                 `decided_by_a_person`
    score        -log10 of the cluster's expected innocents;  confidence: the account's, in bits;
                 both None where it is there by a person's decision alone
    decision     the number of the decision to ban it, None for none
    listed_at    since when it has been on the list without a break
    expires_at   it is off the list from then on, whether or not there is a newer list
    """

    account_id: str
    action: Measure
    reasons: tuple[str, ...]
    cluster_id: str | None
    score: float | None
    confidence: float | None
    decision: int | None
    listed_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Decided:
    """A decision to ban. cluster_id: of the cluster that it was about, if it was about one."""

    number: int
    at: datetime
    cluster_id: str | None


@dataclass(frozen=True)
class Standing:
    """What people have decided, of accounts.

    banned      account -> the decision to ban it, where no later one supersedes that
    spared      accounts that are cleared or allowlisted: never listed
    decisions   number of the last decision;  allowlist: version of the allowlist
    """

    banned: Mapping[str, Decided]
    spared: frozenset[str]
    decisions: int
    allowlist: str


def entries(
    run: Run,
    standing: Standing,
    before: Mapping[str, Entry],
    settings: BanlistSettings,
    now: datetime,
) -> list[Entry]:
    """Who is to be listed now, by account.

    before   the entries of the list before. Who is on it and has done nothing in this run stays
             until it expires: whoever is shut out does nothing any more
    """
    found = {entry.account_id: entry for entry in _proposed(run, settings, now)}
    for account, decided in standing.banned.items():
        entry = _decided(account, decided, found.get(account), settings, now)
        if entry.expires_at > now:
            found[account] = entry
    absent = _absent(run, [account for account in before if account not in found])
    for account in absent:
        if before[account].expires_at > now and before[account].decision is None:
            found[account] = before[account]
    return [
        _since(entry, before.get(account))
        for account, entry in sorted(found.items()) if account not in standing.spared
    ]  # fmt: skip


def _proposed(run: Run, settings: BanlistSettings, now: datetime) -> Iterator[Entry]:
    """Those that the run lists."""
    days = _days(settings)
    for row in run.tables.rows(_PROPOSED):
        action = _measure(row["score"], settings)
        yield Entry(
            account_id=row["account_id"],
            action=action,
            reasons=(NETWORK, *row["signals"][:SIGNALS]),
            cluster_id=row["cluster_id"],
            score=round(row["score"], 4),
            confidence=round(row["confidence"], 3),
            decision=None,
            listed_at=now,
            expires_at=now + timedelta(days=days[action]),
        )


def _measure(score: float, settings: BanlistSettings) -> Measure:
    if score >= settings.ban_score:
        return Measure.ban
    return Measure.limit if score >= settings.limit_score else Measure.challenge


def _days(settings: BanlistSettings) -> Mapping[Measure, int]:
    return {
        Measure.challenge: settings.challenge_days,
        Measure.limit: settings.limit_days,
        Measure.ban: settings.ban_days,
    }


def _decided(
    account: str,
    decided: Decided,
    proposed: Entry | None,
    settings: BanlistSettings,
    now: datetime,
) -> Entry:
    """As a person decided it, with what the run says of it beside."""
    ends = decided.at + timedelta(days=settings.decided_days)
    if proposed is not None:
        return replace(
            proposed,
            action=Measure.ban,
            reasons=(DECIDED, *proposed.reasons),
            decision=decided.number,
            expires_at=max(ends, proposed.expires_at),
        )
    return Entry(account, Measure.ban, (DECIDED,), decided.cluster_id, None, None, decided.number,
                 now, ends)  # fmt: skip


def _absent(run: Run, accounts: list[str]) -> list[str]:
    """Those of the accounts that the run knows nothing of."""
    known = {row["account_id"] for row in run.tables.rows(_KNOWN, accounts=accounts)}
    return [account for account in accounts if account not in known]


def _since(entry: Entry, before: Entry | None) -> Entry:
    return entry if before is None else replace(entry, listed_at=before.listed_at)
