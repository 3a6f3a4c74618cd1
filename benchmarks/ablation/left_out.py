"""What each signal and each family of artifacts adds: all runs again with one of them left out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.ablation.page import page, plots
from benchmarks.stages import account_ids, members, opened, rescored
from linkage.evaluation import CAREFUL, FOUND, Evaluation, Judged, Share, compare, read_truth
from linkage.results import Results
from linkage.settings import Settings
from linkage.signals import QUESTIONS, SIGNALS

Make = Callable[[Evaluation], Share]


@dataclass(frozen=True)
class Variant:
    """What is left out: signals, or families. `sort` is `none`, `signal`, `question`, `family`."""

    sort: str
    name: str
    signals: tuple[str, ...] = ()
    family: str | None = None


def variants(settings: Settings) -> list[Variant]:
    """Nothing, each signal, each question's signals, each family."""
    by_question = {q: tuple(s.name for s in SIGNALS if s.question == q) for q in QUESTIONS}
    families = dict.fromkeys(kind.family for kind in settings.kinds())
    return [
        Variant("none", "nothing"),
        *(Variant("signal", signal.name, (signal.name,)) for signal in SIGNALS),
        *(Variant("question", question, names) for question, names in by_question.items()),
        *(Variant("family", family, family=family) for family in families),
    ]


def measure(months: Sequence[Path], seed: int) -> dict[str, Any]:
    """What is left out -> sums over the months (folders with events.parquet and truth.parquet).

    Nothing is drawn at random but what the product's own settings seed, so `seed` is only noted.
    """
    settings = Settings()
    table: dict[Variant, list[Evaluation]] = {variant: [] for variant in variants(settings)}
    too_few: dict[Variant, int] = dict.fromkeys(table, 0)
    for folder in months:
        print(f"ablation: {folder.name}", file=sys.stderr)
        truth = read_truth(folder / "truth.parquet")
        for variant, found in _runs(folder / "events.parquet", settings, list(table)):
            table[variant].append(compare(account_ids(found), members(found), truth))
            too_few[variant] += _too_few(found)
    rows = [
        {"sort": variant.sort, "name": variant.name, "too_few": too_few[variant]} | _pooled(every)
        for variant, every in table.items()
    ]
    return {"seed": seed, "months": len(months), "rows": rows}


def section(found: Mapping[str, Any]) -> str:
    """The part of the page, in Markdown."""
    return page(found)


def figures(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    return plots(found)


def _runs(
    events: Path, settings: Settings, wanted: Sequence[Variant]
) -> Iterator[tuple[Variant, Results]]:
    """Signals are left out after the members are known, families before anything is."""
    with opened(events, settings) as found:
        for variant in wanted:
            if variant.family is None:
                yield variant, rescored(found, variant.signals)
    for variant in wanted:
        if variant.family is not None:
            left = tuple(kind for kind in settings.kinds() if kind.family != variant.family)
            with opened(events, settings, left) as found:
                yield variant, found


def _too_few(found: Results) -> bool:
    """Whether no list is made because there are too few groups, or references, to compare with."""
    least, references = found.settings.score, int(found.clusters.scores.reference.sum())
    return found.clusters.groups < least.minimum_groups or references < least.minimum_references


def _pooled(every: Sequence[Evaluation]) -> dict[str, Any]:
    """Sums over the months; B-cubed, a mean over accounts, by the accounts of networks."""
    sums: dict[str, Make] = {
        "precision": lambda e: e.precision.listed,
        "recall": lambda e: e.recall.listed,
        "flagged_recall": lambda e: e.recall.flagged,
        "innocents_listed": lambda e: _sum([judged.listed for judged in e.innocents]),
        "innocents_flagged": lambda e: _sum([judged.flagged for judged in e.innocents]),
        "careful_listed": lambda e: _sum([judged.listed for judged in _careful(e)]),
        "careful_flagged": lambda e: _sum([judged.flagged for judged in _careful(e)]),
        "networks_found": lambda e: Share(
            sum(n.jaccard >= FOUND for n in e.found if n.kind != CAREFUL),
            sum(n.kind != CAREFUL for n in e.found),
        ),
        "careful_found": lambda e: Share(
            sum(n.jaccard >= FOUND for n in e.found if n.kind == CAREFUL),
            sum(n.kind == CAREFUL for n in e.found),
        ),
    }
    pooled = {name: _sum([make(e) for e in every]).to_dict() for name, make in sums.items()}
    return pooled | {"bcubed_f1": _f1(every)}


def _careful(evaluation: Evaluation) -> list[Judged]:
    return [judged for judged in evaluation.networks if judged.kind == CAREFUL]


def _sum(shares: Sequence[Share]) -> Share:
    return Share(sum(share.hits for share in shares), sum(share.of for share in shares))


def _f1(every: Sequence[Evaluation]) -> float | None:
    """F1 of the precision and recall over the accounts of all months."""
    known = pd.DataFrame(
        [
            (e.recall.listed.of, e.bcubed.precision, e.bcubed.recall)
            for e in every
            if e.bcubed is not None
        ],
        columns=["accounts", "precision", "recall"],
    )
    accounts = float(known.accounts.sum())
    if not accounts:
        return None
    precision = float((known.precision * known.accounts).sum()) / accounts
    recall = float((known.recall * known.accounts).sum()) / accounts
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
