"""What a list would do: whom it hits, and how much of that is doubtful. The collateral report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from linkage.banlist.entries import Entry
from linkage.banlist.hit import Hit, hit_of, hits
from linkage.banlist.settings import BanlistSettings
from linkage.run import Run

# What listed accounts have in common with somebody whom the platform or a person vouches for.
_TOUCHING = """
    WITH listed AS (SELECT unnest($accounts) AS account_id),
    vouched AS (
        SELECT account_id FROM read_parquet($activity)
        WHERE organisation IS NOT NULL OR account_id IN (SELECT unnest($spared))),
    theirs AS (
        SELECT DISTINCT kind, value FROM read_parquet($evidence)
        WHERE account_id IN (FROM vouched) AND kind IN (SELECT unnest($kinds)))
    SELECT count(DISTINCT account_id) AS accounts
    FROM (SELECT account_id, kind, value FROM read_parquet($evidence)
          WHERE account_id IN (FROM listed)
            AND account_id NOT IN (FROM vouched)) JOIN theirs USING (kind, value)"""
_ALLOWED = """
    SELECT count(DISTINCT account_id) AS accounts
    FROM (SELECT account_id, kind, value FROM read_parquet($evidence)
          WHERE account_id IN (SELECT unnest($accounts)))
    JOIN read_parquet($artifacts) USING (kind, value)
    WHERE degree = $everybody"""
_ORGANISATIONS = """
    SELECT organisation, count(*) AS accounts,
           count(*) FILTER (account_id IN (SELECT unnest($accounts))) AS listed
    FROM read_parquet($activity) WHERE organisation IS NOT NULL
    GROUP BY organisation HAVING listed > 0 ORDER BY listed DESC, organisation"""
_HELD = """
    SELECT held_by, count(*) AS accounts FROM read_parquet($members)
    WHERE held_by IS NOT NULL AND account_id IN (SELECT unnest($accounts))
    GROUP BY held_by ORDER BY held_by"""
_LAST = "SELECT max(last_seen) AS last, count(*) AS accounts FROM read_parquet($activity)"


@dataclass(frozen=True)
class Organisation:
    """A verified organisation that loses accounts. accounts: all that it has in the run."""

    organisation: str
    accounts: int
    listed: int


@dataclass(frozen=True)
class Limit:
    """A figure that the settings limit. over: whether it is above."""

    name: str
    value: float
    most: float

    @property
    def over(self) -> bool:
        """Whether it is too much."""
        return self.value > self.most


@dataclass(frozen=True)
class Report:
    """The collateral report of a draft.

    actions         measure -> accounts
    added, removed, changed   accounts, against the list before
    share           of the run's accounts that it lists
    allowed         listed accounts that have an allowlisted artifact
    vouched         listed accounts that share what no outsider can plant with an account that a
                    person has cleared or whose organisation is verified
    held            rule that would hold an account -> listed accounts that it is true of: those
                    that a person decided to ban
    organisations   verified ones that lose accounts
    spared          accounts that are cleared or allowlisted and would be listed else
    undecided       largest number of accounts of one cluster that no person decided to ban
    hours           since the last event that the run has seen
    limits          what the settings limit
    clusters        that have accounts on it, those with most first, in words; of lists from before
                    there were such, none
    left_out        clusters that are not among these, there being too many
    """

    entries: int
    actions: Mapping[str, int]
    added: int
    removed: int
    changed: int
    share: float
    allowed: int
    vouched: int
    held: Mapping[str, int]
    organisations: tuple[Organisation, ...]
    spared: int
    undecided: int
    hours: float
    limits: tuple[Limit, ...]
    clusters: tuple[Hit, ...] = ()
    left_out: int = 0

    @property
    def over(self) -> tuple[Limit, ...]:
        """The limits that it is above."""
        return tuple(limit for limit in self.limits if limit.over)

    def later(self, hours: float) -> Report:
        """The same, so many hours afterwards."""
        limits = (
            replace(limit, value=limit.value + hours) if limit.name == "most_hours" else limit
            for limit in self.limits
        )
        return replace(self, hours=self.hours + hours, limits=tuple(limits))

    @property
    def templates(self) -> set[str]:
        """Ids of those that it names."""
        return {one.template_id for cluster in self.clusters for one in cluster.templates}

    def without(self, templates: Collection[str]) -> Report:
        """The same without some templates, by their ids."""
        return replace(self, clusters=tuple(one.without(templates) for one in self.clusters))


def report_of(values: Mapping[str, Any]) -> Report:
    """The report whose `asdict` these are."""
    given = dict(values)
    given["organisations"] = tuple(Organisation(**one) for one in given["organisations"])
    given["limits"] = tuple(Limit(**one) for one in given["limits"])
    given["clusters"] = tuple(hit_of(one) for one in given.get("clusters", ()))
    return Report(**given)


def report(
    run: Run,
    entries: Sequence[Entry],
    before: Mapping[str, Entry],
    spared: frozenset[str],
    settings: BanlistSettings,
    now: datetime,
) -> Report:
    """What these entries would do, beside the list `before`."""
    listed = {entry.account_id: entry for entry in entries}
    accounts = sorted(listed)
    last = run.tables.rows(_LAST)[0]
    hours = (now - last["last"]).total_seconds() / 3600 if last["last"] else float("inf")
    share = len(listed) / max(1, int(last["accounts"]))
    added = len(listed.keys() - before.keys())
    undecided = max(_undecided(entries).values(), default=0)
    clusters, left_out = hits(run, entries, before)
    proposed = run.members[run.members.proposal == "ban"].account_id
    return Report(
        entries=len(listed),
        actions=dict(sorted(Counter(entry.action.value for entry in entries).items())),
        added=added,
        removed=len(before.keys() - listed.keys()),
        changed=sum(listed[a].action != before[a].action for a in listed.keys() & before.keys()),
        share=share,
        allowed=_count(run, _ALLOWED, accounts, everybody=run.info["baseline"]["accounts"]),
        vouched=_count(run, _TOUCHING, accounts, spared=sorted(spared), kinds=_unplantable(run)),
        held={row["held_by"]: row["accounts"] for row in run.tables.rows(_HELD, accounts=accounts)},
        organisations=tuple(
            Organisation(**row) for row in run.tables.rows(_ORGANISATIONS, accounts=accounts)
        ),
        spared=int(proposed.isin(sorted(spared)).sum()),
        undecided=undecided,
        hours=hours,
        limits=(
            Limit("most_share", share, settings.most_share),
            Limit("most_new", added, settings.most_new),
            Limit("most_cluster", undecided, settings.most_cluster),
            Limit("most_hours", hours, settings.most_hours),
        ),
        clusters=clusters,
        left_out=left_out,
    )


def _undecided(entries: Sequence[Entry]) -> Counter[str]:
    return Counter(e.cluster_id for e in entries if e.cluster_id and e.decision is None)


def _count(run: Run, query: str, accounts: Sequence[str], **values: object) -> int:
    return int(run.tables.rows(query, accounts=list(accounts), **values)[0]["accounts"])


def _unplantable(run: Run) -> list[str]:
    return [kind["name"] for kind in run.info["kinds"] if not kind["plantable"]]
