"""A detection over pseudonyms is the one over plain events, but for names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from linkage.naming import key_of
from linkage.pipeline import detect
from linkage.privacy import Privacy
from linkage.privacy.names import Names
from linkage.run import Run
from tests.privacy.conftest import Keys, calls, taken_in
from tests.privacy.worlds import many_ways, settings

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

RANKED = ["score", "expected", "p_operation", "p_lives", "p_pretend"]


def rows(table: pd.DataFrame) -> list[Any]:
    """In an order that no name decides but the ones compared."""
    return sorted((rounded(list(row)) for row in table.to_numpy(object)), key=repr)


def rounded(value: Any) -> Any:
    """As a sum is in any order of what is added up."""
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return None if pd.isna(value) else value
    return [rounded(each) for each in value]


def signals_of(signals: Any) -> list[Any]:
    """By name, without ranks."""
    return sorted(([s["name"], s["value"], s["usual"], s["text"]] for s in signals), key=repr)


def ranked(run: Run, names: Names) -> pd.DataFrame:
    """What follows from ranks, by the first member of each cluster."""
    first = names.accounts(run.members.account_id.tolist())
    by = run.members.assign(first=first).groupby("cluster_id")["first"].min()
    table = run.clusters.set_index(run.clusters.cluster_id.map(by))
    return table[RANKED].astype(float).sort_index()


def used(run: Run) -> dict[str, str]:
    """Id of a template that was mined -> how it is used."""
    rows = pq.read_table(run.path / "templates.parquet").to_pylist()
    return {row["template_id"]: f"~mined {row['accounts']} {row['requests']}" for row in rows}


def told(run: Run, names: Names) -> dict[str, Any]:
    """What a run says, with clusters by their members, and names as they are kept."""
    evidence = run.tables.frame("SELECT * FROM read_parquet($evidence)")
    artifacts = run.tables.frame("SELECT * FROM read_parquet($artifacts)")
    links = run.tables.frame("SELECT * FROM read_parquet($links)")
    activity, members, clusters = run.activity, run.members, run.clusters
    activity["hours"] = activity.hours.map(tuple)
    for table in (evidence, activity, members):
        table["account_id"] = names.accounts(table.account_id.tolist())
    # What was mined has an id that its words under a key give; it is named by its use.
    mined = used(run)
    for table in (evidence, artifacts):
        table["value"] = table.value.map(lambda value: mined.get(value, value))
    for kind in run.info["kinds"]:
        for table in (evidence, artifacts):
            those = table.kind == kind["name"]
            those &= ~table.value.str.startswith("~mined")
            table.loc[those, "value"] = names.artifacts(kind["name"], table[those].value.tolist())
    for column in ("organisation", "claimed"):
        there = activity[column].notna()
        activity.loc[there, column] = names.organisations(activity[there][column].tolist())
    ends = [names.accounts(links[end].tolist()) for end in ("account_a", "account_b")]
    pairs = ["-".join(sorted(pair)) for pair in zip(*ends, strict=True)]
    of = members.groupby("cluster_id").account_id.agg(lambda ids: " ".join(sorted(ids)))
    return {
        # Which neighbours a composite brings to be weighed goes by the order of names.
        "counts": run.info["counts"] | {"pairs_weighed": None},
        "evidence": rows(evidence),
        "artifacts": rows(artifacts),
        "activity": rows(activity),
        "members": rows(members.assign(cluster_id=members.cluster_id.map(of))),
        "clusters": rows(
            clusters.drop(columns=RANKED).assign(
                cluster_id=clusters.cluster_id.map(of),
                signals=clusters.signals.map(signals_of),
            )
        ),
        "links": rows(links.drop(columns=["account_a", "account_b"]).assign(pair=pairs)),
    }


def test_what_is_found_is_the_same_but_for_names(made_keys: Keys, tmp_path: Path) -> None:
    world, of_runs = many_ways(), settings()
    runs = {}
    for name, privacy in (("plain", Privacy()), ("keyed", made_keys.privacy)):
        receipt = taken_in(tmp_path / name, calls(world.events), of_runs, privacy)
        assert receipt.accepted == len(world.events)
        detect(tmp_path / name / "events", tmp_path / f"{name}-result", of_runs)
        runs[name] = Run.open(tmp_path / f"{name}-result")
    assert key_of(runs["keyed"].path) == made_keys.privacy.key
    assert key_of(runs["plain"].path) is None
    assert {"ip", "subnet", "phone", "mailbox", "sent_to", "wallet", "email_domain"} <= set(
        runs["plain"].tables.frame("SELECT DISTINCT kind FROM read_parquet($artifacts)").kind
    )
    names = made_keys.names(of_runs)
    plain, keyed = told(runs["plain"], names), told(runs["keyed"], names)
    for what, found in plain.items():
        assert keyed[what] == found, what
    # Two groups whose signal is the same but for the order of a sum may change places.
    one, other = (ranked(runs[name], names) for name in ("plain", "keyed"))
    pd.testing.assert_frame_equal(one, other, rtol=0.05, atol=0.02)
    assert plain["counts"]["ban_clusters"] >= 2
    assert used(runs["plain"]).keys().isdisjoint(used(runs["keyed"]))
    assert len(used(runs["plain"])) == len(used(runs["keyed"])) > 50
