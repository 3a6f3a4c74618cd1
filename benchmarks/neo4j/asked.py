"""The saved queries on a graph that is there: how long an investigator waits.

Each is asked with its own examples for how much is shown, and with clusters, accounts and addresses
drawn from the run: flagged clusters, the largest always among them. Answers are read whole.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from typing import Any

import neo4j
import numpy as np

from linkage.graph.neo4j import Target
from linkage.graph.neo4j.saved import SavedQuery, saved_queries
from linkage.run import Run

TIMES = 40  # each query is asked so often, after some that are not counted
BEFORE = 5
ADDRESS = "ip"


def asked(target: Target, run: Run, seed: int) -> list[dict[str, Any]]:
    """Milliseconds of each query: the median, the 95th of a hundred, the longest, of the largest
    cluster; and rows."""
    auth = (str(target.user), str(target.password))
    with (
        neo4j.GraphDatabase.driver(
            target.url, auth=auth, notifications_min_severity="OFF"
        ) as driver,
        driver.session(default_access_mode=neo4j.READ_ACCESS) as session,
    ):
        drawn = list(_drawn(run, seed))
        return [_query(session, query, drawn) for query in saved_queries()]


def _query(
    session: neo4j.Session, query: SavedQuery, drawn: Sequence[dict[str, str]]
) -> dict[str, Any]:
    shown = {name: ast.literal_eval(text) for name, text in query.examples.items()}
    taken, rows = [], []
    for values in [*drawn[:BEFORE], *drawn]:
        begun = time.perf_counter()
        given = shown | {name: value for name, value in values.items() if name in shown}
        rows.append(len(list(session.run(query.text, given))))
        taken.append(1000 * (time.perf_counter() - begun))
    taken, rows = taken[BEFORE:], rows[BEFORE:]
    return {
        "query": f"{query.number:02}_{query.name}",
        "title": query.title,
        "median_ms": round(float(np.median(taken)), 1),
        "p95_ms": round(float(np.percentile(taken, 95)), 1),
        "longest_ms": round(max(taken), 1),
        "largest_cluster_ms": round(taken[0], 1),
        "rows": round(float(np.median(rows))),
    }


def _drawn(run: Run, seed: int) -> Iterator[dict[str, str]]:
    """What is asked about: the largest flagged cluster first."""
    chance = np.random.default_rng(seed)
    flagged = run.clusters[run.clusters.proposal != "none"]
    flagged = flagged.sort_values(["accounts", "cluster_id"], ascending=False)
    chosen = [0, *chance.integers(len(flagged), size=TIMES - 1)]
    for number in chosen:
        cluster = str(flagged.cluster_id.iloc[int(number)])
        links, members = run.links(cluster, strongest=5), run.cluster(cluster).members.account_id
        pair = links.iloc[int(chance.integers(len(links)))] if len(links) else None
        shared = run.shared(cluster)
        addresses = shared[shared.kind == ADDRESS].value
        yield {
            "cluster": cluster,
            "account": str(members.iloc[int(chance.integers(len(members)))]),
            **({"a": pair.account_a, "b": pair.account_b} if pair is not None else {}),
            **({"address": addresses.iloc[0]} if len(addresses) else {}),
        }
