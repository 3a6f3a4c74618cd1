"""Wallets of an airdrop that a community searched for networks, grouped by whom they deal with.

`data/hop_dev` holds events.parquet (ts, account_id, funded_by, sent_to, chain, asset) and
labels.parquet (account_id, group, reported).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.real.caught import caught
from benchmarks.real.detected import detected, links_of
from benchmarks.real.fates import examples, fates, tally
from benchmarks.real.methods import METHODS, grouped
from benchmarks.real.wallets_page import page
from benchmarks.real.wallets_plots import plots
from linkage.evaluation import LEAST
from linkage.run import Run

COUNTERPARTIES = ("funded_by", "sent_to")
SETTINGS = """\
[artifacts.funded_by]
names_account = true

[artifacts.sent_to]
names_account = true

[artifacts.chain]
"""


def measure(data: Path) -> dict[str, Any]:
    """The product's clusters, and other groupings of the very same links."""
    folder = data / "hop_dev"
    labels = pd.read_parquet(folder / "labels.parquet")
    reported = list(labels.account_id[labels.reported.eq(True)])
    with detected(folder / "events.parquet", SETTINGS) as made:
        run = made.run
        fate = fates(run, reported, COUNTERPARTIES)
        own = caught(run.members[["account_id", "cluster_id"]], labels, LEAST)
        size = run.members.groupby("cluster_id").account_id.transform("size")
        large = run.members.account_id[size >= LEAST]
        for report in own["reports"]:
            wallets = labels.account_id[labels.group == report["name"]]
            report["fates"] = tally(fate, wallets)
        cleared = labels.account_id[labels.reported.eq(False)]
        print(f"wallets: {made.seconds:.1f} s, {own['found']['hits']} found", file=sys.stderr)
        return {
            **made.summary(),
            "settings": SETTINGS,
            "labels": {
                "wallets": len(labels),
                "reported": len(reported),
                "cleared": len(cleared),
                "cleared_clustered": int(cleared.isin(large).sum()),
                "groups": int(labels.group.nunique()),
            },
            "least": LEAST,
            "rare": run.info["settings"]["links"]["rare_accounts"],
            "linkage": own,
            "methods": _methods(run, labels),
            "fates": tally(fate, reported),
            "clustered": tally(fate, large),
            "examples": examples(run, own["reports"], labels),
        }


def _methods(run: Run, labels: pd.DataFrame) -> list[dict[str, Any]]:
    """Each method on the run's links; who is alone is in no cluster."""
    accounts = pd.Index(run.activity.account_id)
    links = links_of(run, accounts, COUNTERPARTIES)
    rows = []
    for method in METHODS:
        found = grouped(method, links)
        members = pd.DataFrame({"account_id": accounts, "cluster_id": found.labels})
        members = members[members.groupby("cluster_id").account_id.transform("size") > 1]
        judged = caught(members, labels, LEAST)
        largest = int(members.groupby("cluster_id").size().max()) if len(members) else 0
        rows.append(
            {
                "name": method.name,
                "what": method.what,
                "seconds": round(found.seconds, 3),
                "largest": largest,
                **{key: value for key, value in judged.items() if key != "reports"},
            }
        )
    return rows


def section(found: Mapping[str, Any]) -> str:
    """The page's part about wallets."""
    return page(found)


def figures(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    return plots(found)
