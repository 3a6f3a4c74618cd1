"""What is asked: single reads about members of clusters that are proposed for a ban."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.service.client import Request
from linkage.graph import open_graph
from linkage.run import Run

DRAWN = 2000  # different requests of each sort


def drawn(result: Path, index: Path, key: str, seed: int) -> dict[str, list[Request]]:
    """Requests of each sort. Two who are asked for together are of one cluster."""
    rng, run = np.random.default_rng(seed), Run.open(result)
    members = run.members[run.members.proposal == "ban"].sort_values("account_id")
    chosen = members.iloc[rng.choice(len(members), min(DRAWN, len(members)), replace=False)]
    accounts = chosen.account_id.tolist()
    groups = {name: group.account_id.tolist() for name, group in members.groupby("cluster_id")}
    pairs = [
        (a, str(rng.choice([b for b in groups[cluster] if b != a])))
        for a, cluster in zip(accounts, chosen.cluster_id, strict=True)
        if len(groups[cluster]) > 1
    ]
    graph = open_graph(result, index=index)
    cards = [graph.account(account).evidence for account in accounts]
    held = [evidence[int(rng.integers(len(evidence)))] for evidence in cards]
    graph.close()
    clusters = list(dict.fromkeys(chosen.cluster_id))
    paths = {
        "account": [f"/v1/accounts/{_quoted(a)}" for a in accounts],
        "statement": [f"/v1/accounts/{_quoted(a)}/statement" for a in accounts],
        "cluster": [f"/v1/clusters/{c}" for c in clusters],
        "link": [f"/v1/links/{_quoted(a)}/{_quoted(b)}" for a, b in pairs],
        "artifact": [f"/v1/artifacts/{row.kind}/{_quoted(row.value)}?limit=20" for row in held],
        "members of a cluster": [f"/v1/clusters/{c}/members?limit=20" for c in clusters],
        "queue": ["/v1/clusters?state=open&limit=20"],
        "decisions": ["/v1/decisions?limit=20"],
    }
    return {name: [Request.of("GET", path, key) for path in every] for name, every in paths.items()}


def _quoted(word: str) -> str:
    return quote(word, safe="")
