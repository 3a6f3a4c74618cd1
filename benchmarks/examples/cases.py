"""Missed accounts, innocents who are flagged or listed, and a careful network, out of one month.

All is read from the result that `linkage detect` wrote; the truth says only whom to look at.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.examples.page import page
from benchmarks.examples.words import network_shares, things, why_missed
from benchmarks.months import COMMAND
from benchmarks.processes import apart
from linkage.evaluation import CAREFUL, read_truth
from linkage.render import clean, innocents, reasons
from linkage.run import Run

FLAGGED = ("ban", "review")


def measure(month: Path) -> dict[str, Any]:
    """The cases of a folder (events.parquet, truth.parquet), as plain values."""
    with tempfile.TemporaryDirectory(prefix="linkage-examples-") as work:
        result = Path(work) / "result"
        apart([*COMMAND, "detect", month / "events.parquet", "--out", result, "--quiet"])
        print(f"examples: {month.name}", file=sys.stderr)
        return cases(Run.open(result), read_truth(month / "truth.parquet"), month.name)


def section(found: Mapping[str, Any]) -> str:
    """The part of the page, in Markdown."""
    return page(found)


def figures(found: Mapping[str, Any]) -> dict[str, str]:
    """None: the cases are words."""
    return {}


def cases(run: Run, truth: pd.DataFrame, month: str) -> dict[str, Any]:
    """The same of a result and its truth."""
    table = truth[truth.account_id.isin(run.activity.account_id)].merge(run.members, how="left")
    table = table.sort_values("account_id", ignore_index=True)
    networks, others = table[table.operator >= 0], table[table.operator < 0]
    return {
        "month": month,
        "accounts": len(table),
        "events": int(run.info["counts"]["events"]),
        "missed": list(_missed(run, networks)),
        "groups": list(_groups(run, table, others)),
        "listed": list(_listed(run, others)),
        "careful": _careful(run, networks),
    }


def _missed(run: Run, networks: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """One account of each kind that is not listed; one that is not even flagged if there is."""
    for kind, rows in networks.groupby("kind", sort=True):
        unlisted = rows[rows.proposal != "ban"]
        unflagged = unlisted[~unlisted.proposal.isin(FLAGGED)]
        if unlisted.empty:
            continue
        row = (unlisted if unflagged.empty else unflagged).iloc[0]
        own = list(rows[rows.operator == row.operator].account_id)
        yield {
            "kind": kind,
            "accounts": len(rows),
            "not_listed": len(unlisted),
            "not_flagged": len(unflagged),
            "account": row.account_id,
            "network": len(own),
            "why": why_missed(run, row),
            **things(run, row.account_id, own),
        }


def _groups(run: Run, table: pd.DataFrame, others: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Of each look-alike, the cluster with most flagged innocents of the kind; largest first."""
    flagged = others[others.proposal.isin(FLAGGED)]
    sizes = flagged.groupby(["kind", "cluster_id"]).size().rename("of_kind").reset_index()
    sizes = sizes.sort_values(["of_kind", "cluster_id"], ascending=[False, True])
    for kind, cluster_id, of_kind in sizes.drop_duplicates("kind").itertuples(index=False):
        row = run.cluster(str(cluster_id)).row
        inside = table[table.cluster_id == cluster_id]
        yield {
            "kind": kind,
            "flagged": int((flagged.kind == kind).sum()),
            "cluster": cluster_id,
            "accounts": int(row["accounts"]),
            "of_kind": int(of_kind),
            "of_networks": int((inside.operator >= 0).sum()),
            "proposal": row["proposal"],
            "expected": innocents(row["expected"]),
            "reasons": reasons(row["signals"]),
        }


def _listed(run: Run, others: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Every innocent on the ban list, with the strongest link that it has in its cluster."""
    why = run.banlist.set_index("account_id").reasons
    for cluster_id, rows in others[others.proposal == "ban"].groupby("cluster_id", sort=True):
        links = run.links(str(cluster_id)).sort_values("bits", ascending=False, kind="stable")
        for row in rows.itertuples():
            own = links[(links.account_a == row.account_id) | (links.account_b == row.account_id)]
            pair = [str(own.account_a.iloc[0]), str(own.account_b.iloc[0])] if len(own) else []
            yield {
                "account": row.account_id,
                "kind": row.kind,
                "cluster": cluster_id,
                "reasons": clean(why.get(row.account_id, "")),
                "explained": run.explain(*pair).text() if pair else "",
            }


def _careful(run: Run, networks: pd.DataFrame) -> dict[str, Any] | None:
    """The largest careful network; None where there is none."""
    every = networks[networks.kind == CAREFUL]
    if every.empty:
        return None
    rows = every[every.operator == every.operator.value_counts().sort_index().idxmax()]
    return {
        "networks": int(every.operator.nunique()),
        "accounts": len(rows),
        "clustered": int(rows.cluster_id.notna().sum()),
        "clusters": int(rows.cluster_id.nunique()),
        "flagged": int(rows.proposal.isin(FLAGGED).sum()),
        **network_shares(run, list(rows.account_id)),
    }
