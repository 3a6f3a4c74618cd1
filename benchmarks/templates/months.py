"""Runs over the texts of prompts beside runs over template ids, on the same simulated months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from linkage import detect
from linkage.evaluation import evaluate, read_truth
from linkage.run import Run
from linkage.scenarios import DEFAULT_EVASIONS, Paraphrase, Scenario, simulate

SEEDS = (301, 302, 303)  # of months that nobody looked at when the method was worked out
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of the words that are reworded
RARE = 0.01  # a template that fewer of all accounts have may tell who belongs together
PARAPHRASE = "paraphrase"  # the evasion


class Way(NamedTuple):
    """How a month's prompts come.

    curve        `beside` or `replaced`, for what is reworded; else the way's own name. `unique` is
                 what would be left without any templates: each prompt has an id of its own
    paraphrase   of all prompts that networks make from their own templates; None: no rewording
    """

    name: str
    curve: str
    prompts: bool
    paraphrase: Paraphrase | None = None

    def scenario(self, seed: int) -> Scenario:
        """The month: the same rows for all ways, but for what is in prompts."""
        if self.paraphrase is None:
            evasions = DEFAULT_EVASIONS - {PARAPHRASE}
            return Scenario(seed=seed, prompts=self.prompts, evasions=evasions)
        return Scenario(seed=seed, prompts=self.prompts, paraphrase=self.paraphrase)


def _reworded(curve: str) -> Iterator[Way]:
    for share in SHARES:
        how = Paraphrase(requests=1, words=share, replaced=curve == "replaced")
        yield Way(f"{curve}_{100 * share:.0f}", curve, True, how)


WAYS = (
    Way("ids", "ids", False),
    Way("exact", "exact", True),
    Way("unique", "unique", False, Paraphrase(requests=1)),
    *_reworded("beside"),
    *_reworded("replaced"),
)


def measured(way: Way, seed: int, folder: Path) -> dict[str, Any]:
    """Simulate, detect and evaluate a month; `folder` takes them, and may go afterwards."""
    month = simulate(way.scenario(seed), folder / "month")
    run, truth = detect(month.events_path, folder / "result"), read_truth(month.truth_path)
    found = evaluate(run, truth)
    return {
        "seed": seed,
        "way": way.name,
        "events": month.events,
        "of": found.recall.listed.of,
        "listed": found.recall.listed.hits,
        "flagged": found.recall.flagged.hits,
        "innocents": sum(kind.listed.of for kind in found.innocents),
        "innocents_listed": sum(kind.listed.hits for kind in found.innocents),
        "innocents_to_review": sum(
            kind.flagged.hits - kind.listed.hits for kind in found.innocents
        ),
        **shared(run, truth),
    }


def shared(run: Run, truth: pd.DataFrame) -> dict[str, Any]:
    """What templates tell, whatever is made of it.

    holders   accounts of networks with a rare template that another of their network has
    made      events with such a template, of these accounts
    own       mean share of own prompts, over the innocents
    """
    evidence, artifacts = (
        pq.read_table(run.path / f"{name}.parquet", filters=[("kind", "=", "template")]).to_pandas()
        for name in ("evidence", "artifacts")
    )
    rare = artifacts[artifacts.accounts < RARE * len(run.activity)]
    held = evidence[evidence.value.isin(rare.value)].merge(truth, on="account_id")
    held = held[held.operator >= 0]
    several = held.groupby(["value", "operator"]).account_id.transform("size") > 1
    innocent = truth[truth.operator < 0].account_id
    own = run.activity[run.activity.account_id.isin(innocent)].own_prompts
    return {
        "holders": int(held[several].account_id.nunique()),
        "made": int(held[several].events.sum()),
        "own": float(own.mean()),
    }


def named(names: Sequence[str]) -> list[Way]:
    """The ways of these names, in their order of old."""
    return [way for way in WAYS if way.name in names]
