"""Who is on the list: from a run's proposals, people's decisions, and the list before.

Nobody is listed whom a person has cleared or the allowlist names, whatever else speaks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite

from linkage.banlist.settings import BanlistSettings
from linkage.run import Run

DECIDED, NETWORK = "decided_by_a_person", "network"
SIGNALS = 3  # that are named, the most unusual
_SAID = """
    SELECT account_id, cluster_id, m.proposal, c.score, m.confidence,
           list_transform(c.signals, lambda s: s.name) AS signals
    FROM (SELECT * FROM read_parquet($members)
          WHERE proposal = 'ban' OR account_id IN (SELECT unnest($decided))) m
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
                 both None where a person has decided it and the run does not know it
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
    said = _said(run, list(standing.banned))
    found = {
        account: _proposed(of, settings, now)
        for account, of in said.items() if of.proposal == "ban"
    }  # fmt: skip
    for account, decided in standing.banned.items():
        of = said.get(account) or _Said(account, "none", decided.cluster_id, None, None, ())
        entry = _decided(of, decided, found.get(account), settings, now)
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


def remaining(before: Mapping[str, Entry], standing: Standing) -> list[Entry]:
    """The list before without whom people have freed since: cleared, allowlisted, or decided
    otherwise about than to ban. Nobody comes onto it, and nothing begins anew."""
    return [
        entry
        for account, entry in sorted(before.items())
        if account not in standing.spared
        and (entry.decision is None or account in standing.banned)
    ]  # fmt: skip


@dataclass(frozen=True)
class _Said:
    """What the run says of an account and its cluster. signals: names, the most unusual first."""

    account_id: str
    proposal: str
    cluster_id: str | None
    score: float | None
    confidence: float | None
    signals: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes, of an account that the run flags."""
        return () if self.proposal == "none" else (NETWORK, *self.signals[:SIGNALS])


def _said(run: Run, decided: list[str]) -> dict[str, _Said]:
    """Of those that the run lists, and those that people have decided to ban."""
    rows = run.tables.rows(_SAID, decided=decided)
    return {
        row["account_id"]: _Said(
            row["account_id"], row["proposal"], row["cluster_id"],
            _rounded(row["score"], 4), _rounded(row["confidence"], 3), tuple(row["signals"] or ()),
        )
        for row in rows
    }  # fmt: skip


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not isfinite(value) else round(value, digits)


def _proposed(of: _Said, settings: BanlistSettings, now: datetime) -> Entry:
    """One that the run lists."""
    assert of.score is not None  # what has none is no group, and nobody is listed for it
    action = _measure(of.score, settings)
    ends = now + timedelta(days=_days(settings)[action])
    return Entry(
        of.account_id, action, of.reasons, of.cluster_id, of.score, of.confidence, None, now, ends
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
    of: _Said, decided: Decided, proposed: Entry | None, settings: BanlistSettings, now: datetime
) -> Entry:
    """As a person decided it, with what the run says of it beside."""
    ends = decided.at + timedelta(days=settings.decided_days)
    ends = ends if proposed is None else max(ends, proposed.expires_at)
    return Entry(
        of.account_id, Measure.ban, (DECIDED, *of.reasons), of.cluster_id, of.score,
        of.confidence, decided.number, now, ends,
    )  # fmt: skip


def _absent(run: Run, accounts: list[str]) -> list[str]:
    """Those of the accounts that the run knows nothing of."""
    known = {row["account_id"] for row in run.tables.rows(_KNOWN, accounts=accounts)}
    return [account for account in accounts if account not in known]


def _since(entry: Entry, before: Entry | None) -> Entry:
    return entry if before is None else replace(entry, listed_at=before.listed_at)
