"""Why reported wallets are linked or not, and two pairs of them in the product's own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks.real.detected import linked
from linkage.evaluation import FOUND
from linkage.run import Run

NO_EVENT, NOTHING, HUBS, WEAK, LINKED = "no event", "nothing", "hubs", "weak", "linked"
FATES = (NO_EVENT, NOTHING, HUBS, WEAK, LINKED)


def fates(run: Run, wallets: Sequence[str], kinds: Sequence[str]) -> pd.Series:
    """What holds for each wallet, by its name:

    no event   none in the file
    nothing    no artifact of these kinds that another wallet has
    hubs       each is had by so many that pairs are not weighed for it (links.rare_accounts)
    weak       something rarer is shared, and no link came of it
    linked     with one wallet at least
    """
    accounts, links = run.activity.account_id, linked(run)
    held = run.evidence(list(accounts[accounts.isin(list(wallets))]))
    held = held[held.kind.isin(list(kinds))]
    rare = held[held.accounts <= run.info["settings"]["links"]["rare_accounts"]]
    fate = pd.Series(dict.fromkeys(wallets, NO_EVENT), dtype=object)
    # The last that holds counts.
    for name, those in (
        (NOTHING, accounts),
        (HUBS, held.account_id),
        (WEAK, rare.account_id),
        (LINKED, pd.concat([links.account_a, links.account_b])),
    ):
        fate[fate.index.isin(those)] = name
    return fate


def tally(fate: pd.Series, chosen: Collection[str]) -> dict[str, int]:
    """How many of the chosen wallets each holds for."""
    counts = fate[fate.index.isin(list(chosen))].value_counts()
    return {name: int(counts.get(name, 0)) for name in FATES}


def examples(
    run: Run, reports: Sequence[Mapping[str, Any]], labels: pd.DataFrame
) -> list[dict[str, Any]]:
    """The largest report that was found, by the middle one of its links; and of those missed,
    the one with most wallets out of its best cluster, by the unlinked pair that shares most.
    Each: report, found, a, b, text."""
    found = [report for report in reports if report["jaccard"] >= FOUND]
    missed = [report for report in reports if report["jaccard"] < FOUND]
    missed.sort(key=lambda report: report["inside"] - report["accounts"])
    pairs = [(r, _middle(run, r, _wallets(labels, r))) for r in found[:1]]
    pairs += [(r, _nearest(run, _wallets(labels, r))) for r in missed[:1]]
    return [
        {
            "report": report["name"],
            "found": report["jaccard"] >= FOUND,
            "a": pair[0],
            "b": pair[1],
            "text": run.explain(*pair).text(),
        }
        for report, pair in pairs
        if pair is not None
    ]


def _wallets(labels: pd.DataFrame, report: Mapping[str, Any]) -> list[str]:
    return sorted(labels.account_id[labels.group == report["name"]])


def _middle(
    run: Run, report: Mapping[str, Any], wallets: Collection[str]
) -> tuple[str, str] | None:
    links = run.links(report["cluster"])
    own = links[links.account_a.isin(list(wallets)) & links.account_b.isin(list(wallets))]
    own = own.sort_values(["bits", "account_a", "account_b"], ignore_index=True)
    if own.empty:
        return None
    middle = own.iloc[len(own) // 2]
    return str(middle.account_a), str(middle.account_b)


def _nearest(run: Run, wallets: Collection[str]) -> tuple[str, str] | None:
    """The pair without a link that shares most, each thing at log2 of how rare it is."""
    accounts = run.activity.account_id
    held = run.evidence(list(accounts[accounts.isin(list(wallets))]))
    who, names = pd.factorize(held.account_id, sort=True)
    what = held.groupby(["kind", "value"]).ngroup().to_numpy()
    rarity = np.log2(len(accounts) / held.accounts.to_numpy(np.float64))
    rows = csr_array((np.sqrt(rarity), (who, what)), shape=(len(names), what.max(initial=-1) + 1))
    shared = np.triu((rows @ rows.T).toarray(), 1)
    links = linked(run)
    a, b = (pd.Index(names).get_indexer(links[end]) for end in ("account_a", "account_b"))
    both = (a >= 0) & (b >= 0)
    shared[np.minimum(a, b)[both], np.maximum(a, b)[both]] = 0
    if not shared.any():
        return None
    first, second = np.unravel_index(shared.argmax(), shared.shape)
    return str(names[first]), str(names[second])
