"""The clusters that a list is of, in words: what is unusual about each, and which prompt templates
tell most of it. For whoever reads a draft; nothing of it is signed, or goes to whoever uses lists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkage.banlist.entries import DECIDED, NETWORK, Entry
from linkage.run import Run
from linkage.uses import most_telling

MOST = 100  # clusters that are named, the largest first
TEMPLATES = 3  # of each
TIES = 2  # members at least that have a template: what one has ties it to nobody

_TEXTS = """
    SELECT cluster_id, signals FROM read_parquet($clusters)
    WHERE cluster_id IN (SELECT unnest($asked::VARCHAR[]))"""


@dataclass(frozen=True)
class Unusual:
    """A signal. name: the code that entries have; text: in words, None where the run that the list
    was drafted from does not know the cluster by it."""

    name: str
    text: str | None


@dataclass(frozen=True)
class Template:
    """A prompt template. words: what it says, masked, on one line; None where only ids or
    fingerprints were there; members: accounts of the cluster that have it; accounts: all that
    do."""

    template_id: str
    words: str | None
    members: int
    accounts: int


@dataclass(frozen=True)
class Hit:
    """A cluster that has accounts on a list.

    listed      how many;  new: of them, who was not on the list before
    signals     that its entries give as reasons, the most unusual first
    templates   that tell most of it: three at most, which two of its accounts have at least
    """

    cluster_id: str
    listed: int
    new: int
    signals: tuple[Unusual, ...]
    templates: tuple[Template, ...]

    def without(self, templates: Collection[str]) -> Hit:
        """The same without some templates, by their ids."""
        kept = tuple(one for one in self.templates if one.template_id not in templates)
        return self if len(kept) == len(self.templates) else replace(self, templates=kept)


def hit_of(values: Mapping[str, Any]) -> Hit:
    """The one whose `asdict` these are."""
    signals = tuple(Unusual(**one) for one in values["signals"])
    templates = tuple(Template(**one) for one in values["templates"])
    return Hit(**{**values, "signals": signals, "templates": templates})


def hits(
    run: Run, entries: Sequence[Entry], before: Mapping[str, Entry]
) -> tuple[tuple[Hit, ...], int]:
    """The clusters of these entries, those with most first, MOST at most; and how many are left
    out. Entries that are of no cluster count in none."""
    theirs: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.cluster_id is not None:
            theirs[entry.cluster_id].append(entry)
    named = sorted(theirs, key=lambda cluster: (-len(theirs[cluster]), cluster))[:MOST]
    texts = _texts(run, named)
    telling = most_telling(run.tables, run.info, named, TIES, TEMPLATES)
    found = tuple(
        Hit(
            cluster_id=cluster,
            listed=len(theirs[cluster]),
            new=sum(entry.account_id not in before for entry in theirs[cluster]),
            signals=tuple(
                Unusual(code, texts.get((cluster, code))) for code in _codes(theirs[cluster])
            ),
            templates=tuple(Template(*one) for one in telling[cluster]),
        )
        for cluster in named
    )
    return found, len(theirs) - len(named)


def _codes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The signals that most entries name. Those from the list before may name others."""
    said = Counter(
        tuple(code for code in entry.reasons if code not in (DECIDED, NETWORK)) for entry in entries
    )
    del said[()]
    return max(said, key=lambda codes: (said[codes], codes), default=())


def _texts(run: Run, clusters: Sequence[str]) -> dict[tuple[str, str], str]:
    """Cluster and signal -> the signal in words."""
    return {
        (row["cluster_id"], signal["name"]): signal["text"]
        for row in run.tables.rows(_TEXTS, asked=list(clusters))
        for signal in row["signals"] or ()
    }
