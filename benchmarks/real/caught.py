"""Clusters against what was reported, where not reported only means not caught."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from benchmarks.intervals import pooled
from linkage.evaluation import FOUND
from linkage.shares import Share


def caught(members: pd.DataFrame, labels: pd.DataFrame, least: int) -> dict[str, Any]:
    """A grouping (account_id, cluster_id) against labels (account_id, group, reported).

    precision   of the accounts in clusters of `least` or more, those reported: a lower bound
    recall      of all that were reported, with or without an event, those in such a cluster
    bcubed      Bagga and Baldwin (1998) over the accounts of reports, clusters of any size;
                whoever is in none is alone. Recall is the share of one's report in one's
                cluster. Precision is the share of one's report among the accounts of one's
                cluster: those that are in any report (`reported`), or all (`all`, the stricter)
    reports     each with the cluster most like it (Jaccard index over all its accounts), the
                largest first

    Intervals as in `benchmarks.intervals`: clusters and reports stand or fall together.
    """
    reported = labels.account_id[labels.reported.eq(True)]
    size = members.groupby("cluster_id").size()
    large = members[members.cluster_id.map(size) >= least]
    right = large.account_id.isin(reported).groupby(large.cluster_id).agg(["sum", "size"])
    known = labels.dropna(subset=["group"])[["account_id", "group"]]
    table = known.merge(members, on="account_id", how="left")
    inside = table.account_id.isin(large.account_id).groupby(table.group).agg(["sum", "size"])
    single = reported[~reported.isin(known.account_id)]
    alone = [[int(hit), 1, 1] for hit in single.isin(large.account_id)]
    reports = list(_reports(table, size))
    return {
        "clusters": len(size),
        "large": len(right),
        "precision": pooled([[[int(hits), int(of), 1] for hits, of in right.to_numpy()]]),
        "recall": pooled([[*([int(hits), int(of), 1] for hits, of in inside.to_numpy()), *alone]]),
        "bcubed": _bcubed(table, size),
        "found": Share(sum(r["jaccard"] >= FOUND for r in reports), len(reports)).to_dict(),
        "reports": reports,
    }


def _bcubed(table: pd.DataFrame, size: pd.Series) -> dict[str, dict[str, float]]:
    """Both variants; their recall is the same."""
    together = table.groupby(["group", "cluster_id"]).cluster_id.transform("size").fillna(1)
    of_reports = table.groupby("cluster_id").cluster_id.transform("size").fillna(1)
    of_all = table.cluster_id.map(size).fillna(1)
    recall = float((together / table.groupby("group").group.transform("size")).mean())
    return {
        name: _both(float((together / others).mean()), recall)
        for name, others in (("reported", of_reports), ("all", of_all))
    }


def _both(precision: float, recall: float) -> dict[str, float]:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _reports(table: pd.DataFrame, size: pd.Series) -> Iterable[dict[str, Any]]:
    """name, accounts; its best cluster, the accounts of that, those of the report in it, and the
    Jaccard index of the two; clusters that hold any of it."""
    groups = [(str(name), rows) for name, rows in table.groupby("group")]
    for name, rows in sorted(groups, key=lambda group: (-len(group[1]), group[0])):
        inside = rows.groupby("cluster_id").size().sort_index()
        jaccard = inside / (len(rows) + size.reindex(inside.index) - inside)
        best: Any = jaccard.idxmax() if len(jaccard) else None
        yield {
            "name": name,
            "accounts": len(rows),
            "cluster": None if best is None else str(best),
            "size": 0 if best is None else int(size[best]),
            "inside": 0 if best is None else int(inside[best]),
            "jaccard": 0.0 if best is None else float(jaccard[best]),
            "pieces": len(inside),
        }
