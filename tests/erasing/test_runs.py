"""An account goes out of a run, and the run stays one: for its neighbours, its clusters, its id."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.erasing import runs
from linkage.errors import NotFound
from linkage.graph import Graph, open_graph
from linkage.graph.base import run_id
from linkage.graph.questions import AccountRef, ClusterRef
from linkage.run import ERASED, Run
from linkage.state.erasures import Erasure, tombstone
from linkage.workspace import Workspace
from tests.test_run import write_templates

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

MEMBER, FIRST, LONE = "n0-1", "f0-0", "o7"  # of a network; of a verified organisation; of nothing


def gone(account: str, kinds: tuple[str, ...] = ()) -> Erasure:
    at = datetime(2026, 6, 30, tzinfo=UTC)
    return Erasure(account, (account,), tombstone(), kinds, "me", "because", at)


@pytest.fixture
def workspace(planted_result: Path, tmp_path: Path) -> Workspace:
    """With a run, its index, and rows that could not be used."""
    made = Workspace.at(tmp_path / "workspace")
    copy = Path(shutil.copytree(planted_result, tmp_path / "copy"))
    rows = [
        {"account_id": MEMBER},
        {"sent": [MEMBER, 1]},
        f"\u2028{MEMBER},x",
        {"account_id": "n0-11"},
    ]
    lines = [json.dumps({"line": n, "reason": "bad", "row": row}) for n, row in enumerate(rows)]
    (copy / "quarantine.ndjson").write_text("\n".join(lines) + "\n")
    made.add(copy)
    return made


def served(workspace: Workspace) -> Path:
    found = workspace.current()
    assert found is not None
    return found


def cells(value: Any) -> set[str]:
    """All texts in a value."""
    if isinstance(value, dict):
        return {text for part in value.values() for text in cells(part)}
    if isinstance(value, list):
        return {text for part in value for text in cells(part)}
    return {value} if isinstance(value, str) else set()


def texts(run: Path) -> set[str]:
    """All texts of a run's files."""
    found = {
        text for file in run.glob("*.parquet") for text in cells(pq.read_table(file).to_pylist())
    }
    found |= set(Run.open(run).banlist.account_id)
    for line in (run / "quarantine.ndjson").read_text().splitlines():
        found |= cells(json.loads(line))
    return found


def ask(graph: Graph, account: str, cluster: str) -> list[Any]:
    """All that can be asked about a neighbour and a cluster."""
    return [
        graph.account(account), graph.cluster(cluster), graph.members(cluster, limit=500),
        graph.members(cluster, limit=500, by="confidence"), graph.cluster_evidence(cluster),
        graph.cluster_links(cluster), graph.neighbourhood(AccountRef(account)),
        graph.neighbourhood(ClusterRef(cluster)), graph.timeline(cluster),
    ]  # fmt: skip


def test_a_member_of_a_network(workspace: Workspace) -> None:
    run, erasure = served(workspace), gone(MEMBER)
    before = Run.open(run)
    cluster = before.account("n0-2").membership["cluster_id"]  # type: ignore[index]
    size, links = before.cluster(cluster).row["accounts"], before.links(cluster)
    old = {table: pq.read_table(run / f"{table}.parquet") for table in ("evidence", "activity")}
    name, order = run_id(run), (run / "run.json").stat().st_mtime_ns
    assert MEMBER in texts(run)
    assert runs.erase(workspace, erasure) == 1
    assert not workspace.index(name).exists()
    assert MEMBER not in texts(run)
    assert "n0-11" in texts(run)
    assert (run_id(run), (run / "run.json").stat().st_mtime_ns) == (name, order)
    after = Run.open(run)
    assert after.info["counts"] == before.info["counts"] | {"erased": 1}
    members = after.cluster(cluster).members
    assert len(members) == size
    (stone,) = members[members.account_id == erasure.tombstone].to_dict("records")
    assert stone["proposal"] == "none"
    assert after.banlist.account_id.tolist() == [
        a for a in before.banlist.account_id if a != MEMBER
    ]
    kept = links[(links.account_a != MEMBER) & (links.account_b != MEMBER)]
    assert after.links(cluster).reset_index(drop=True).equals(kept.reset_index(drop=True))
    for table, was in old.items():
        now = pq.read_table(run / f"{table}.parquet").to_pylist()
        assert [row for row in now if row["account_id"] != erasure.tombstone] == [
            row for row in was.to_pylist() if row["account_id"] != MEMBER
        ]
    workspace.serve(name)
    answers = []
    for index in (None, workspace.index(name)):
        with closing(open_graph(run, index=index)) as graph:
            answers.append(ask(graph, "n0-2", cluster))
            card = graph.account(erasure.tombstone)
            assert (card.activity.events, card.activity.first_seen, card.evidence) == (0, None, ())
            assert graph.run().counts["erased"] == 1
            with pytest.raises(NotFound):
                graph.account(MEMBER)
    assert answers[0] == answers[1]


def test_what_its_organisation_is_linked_by_is_another(workspace: Workspace) -> None:
    run = served(workspace)
    path = run / "links.parquet"
    before = pq.read_table(path)
    theirs = before.slice(0, 3).to_pylist()
    # A verified organisation that is linked with others on both sides of its name.
    ends = [("a-before", FIRST), ("f0-05", FIRST), (FIRST, "n0-2")]
    rows = [
        {**row, "account_a": a, "account_b": b} for row, (a, b) in zip(theirs, ends, strict=True)
    ]
    pq.write_table(before.from_pylist(rows, before.schema), path)
    runs.erase(workspace, gone(FIRST))
    found = pq.read_table(path)
    assert found["account_a"].to_pylist() == ["a-before", "f0-05", "f0-1"]
    assert found["account_b"].to_pylist() == ["f0-1", "f0-1", "n0-2"]
    assert found.drop_columns(["account_a", "account_b"]) == before.slice(0, 3).drop_columns(
        ["account_a", "account_b"]
    )
    assert FIRST not in texts(run)


def test_who_is_in_no_cluster_goes_whole(workspace: Workspace) -> None:
    run, erasure = served(workspace), gone(LONE)
    assert LONE in texts(run)
    accounts = pq.read_table(run / "activity.parquet").num_rows
    assert runs.erase(workspace, erasure) == 1
    assert not {LONE, erasure.tombstone} & texts(run)
    assert pq.read_table(run / "activity.parquet").num_rows == accounts - 1
    assert json.loads((run / ERASED).read_text()) == {"accounts": [erasure.tombstone]}
    assert runs.erase(workspace, gone(LONE)) == 0
    assert runs.erase(workspace, gone("nobody")) == 0
    assert Run.open(run).info["counts"]["erased"] == 1


def test_what_some_shared_goes_with_the_last(workspace: Workspace) -> None:
    run = served(workspace)
    evidence = pq.read_table(run / "evidence.parquet").to_pandas()
    pairs = evidence.groupby(["kind", "value"]).account_id.agg(list)
    (kind, value), holders = min(pairs.items(), key=lambda pair: len(pair[1]))
    *others, last = holders

    def has() -> bool:
        rows = pq.read_table(run / "artifacts.parquet").to_pylist()
        return (kind, value) in {(row["kind"], row["value"]) for row in rows}

    for one in others:
        runs.erase(workspace, gone(one))
    assert has()
    workspace.serve(run.name)
    with closing(open_graph(run, index=workspace.index(run.name))) as graph:
        assert [row.account_id for row in graph.holders(kind, value).rows] == [last]
    runs.erase(workspace, gone(last))
    assert not has()
    assert Run.open(run).info["counts"]["erased"] == len(holders)


def test_what_a_template_says_goes_with_the_last_who_has_it(workspace: Workspace) -> None:
    run = served(workspace)
    kept = Run.open(run).templates
    few, *_, many = kept.sort_values(["accounts", "template_id"]).template_id
    write_templates(run, dict.fromkeys([few, many, "of nobody"], "Sum up {…}"))
    rows = pq.read_table(run / "evidence.parquet").to_pylist()
    theirs = [row["account_id"] for row in rows if row["value"] == few]
    *others, last = theirs
    for one in others:
        runs.erase(workspace, gone(one))
    assert Run.open(run).words([few, many]) == dict.fromkeys([few, many], "Sum up {…}")
    runs.erase(workspace, gone(last))
    assert pq.read_table(run / "templates.parquet")["template_id"].to_pylist() == [many]
    workspace.serve(run.name)
    with closing(open_graph(run, index=workspace.index(run.name))) as graph:
        assert graph.artifact("template", many).words == "Sum up {…}"
    assert few not in set(Run.open(run).templates.template_id)


def test_an_account_that_is_an_artifact(workspace: Workspace) -> None:
    run, erasure = served(workspace), gone(MEMBER)
    told = json.loads((run / "run.json").read_text())
    told["settings"]["artifacts"] = {"sent_to": {"names_account": True}}
    (run / "run.json").write_text(json.dumps(told))
    figures = {"account_id": "n0-2", "events": 1, "accounts": 2, "degree": 2}
    for table in ("evidence", "artifacts"):
        was = pq.read_table(run / f"{table}.parquet")
        row = {name: figures.get(name) for name in was.column_names}
        # A device that is called so is nobody.
        more = [row | {"kind": kind, "value": MEMBER} for kind in ("sent_to", "device")]
        both = [*was.to_pylist(), *more]
        pq.write_table(was.from_pylist(both, was.schema), run / f"{table}.parquet")
    judged = pq.read_table(run / "judged.parquet")
    new = [
        {"kind": "sent_to", "value": MEMBER, "bits": 3.0},
        {"kind": "ip", "value": "x", "bits": 2.0},
    ]
    rows = [{"account_id": a, "decision": 1, "renewed": True, "over": 1.0, "new_evidence": new}
            for a in (MEMBER, "n0-2")]  # fmt: skip
    pq.write_table(judged.from_pylist(rows, judged.schema), run / "judged.parquet")
    assert runs.kinds(workspace) == {"sent_to": "sent_to"}
    runs.erase(workspace, erasure)
    for table in ("evidence", "artifacts"):
        rows = pq.read_table(run / f"{table}.parquet").to_pylist()
        assert [row["kind"] for row in rows if row["value"] == MEMBER] == ["device"]
    (row,) = pq.read_table(run / "judged.parquet").to_pylist()
    assert (row["account_id"], row["new_evidence"][0]["value"]) == ("n0-2", erasure.tombstone)
    assert row["new_evidence"][1] == new[1]
