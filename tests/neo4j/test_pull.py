"""Evidence out of a graph: of a run that was pushed, and of a graph that others made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from neo4j import Driver
from typer.testing import CliRunner

from linkage.cli import app
from linkage.run import Run
from tests.neo4j.servers import Address

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

EARLY, LATE = datetime(2026, 6, 1, 0, 0, 0, 7, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
SETTINGS = """
[artifacts.referral_code]
plantable = false
"""


def ran(*words: object, code: int = 0) -> str:
    """What a command prints: on standard output, or the fault where it is to fail."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stderr if code else result.stdout


@pytest.fixture(scope="module")
def planted(planted_result: Path) -> Run:
    """A detection that lists a network, with settings of its own."""
    return Run.open(planted_result)


def test_a_run_comes_back_as_it_was_pushed(spare: Address, planted: Run, tmp_path: Path) -> None:
    ran("graph", "push", planted.path, "--scope", "all", "--quiet")
    told = json.loads(ran("graph", "pull", tmp_path / "one", "--json"))
    assert told["run"].startswith("r")
    assert (told["accounts"], told["evidence"]) == tuple(
        planted.info["counts"][name] for name in ("accounts", "evidence")
    )
    words = ran("graph", "pull", tmp_path / "two")
    for name in ("evidence.parquet", "activity.parquet", "linkage.toml"):
        one, two = ((tmp_path / which / name).read_bytes() for which in ("one", "two"))
        assert one == two
    assert pq.read_table(tmp_path / "one" / "evidence.parquet").equals(
        pq.read_table(planted.path / "evidence.parquet")
    )
    theirs = pq.read_table(planted.path / "activity.parquet").drop_columns(["own_prompts"])
    ours = pq.read_table(tmp_path / "one" / "activity.parquet")
    assert ours.select(theirs.column_names).equals(theirs)
    # The command that it prints, word by word.
    line = next(line for line in words.splitlines() if "--evidence" in line)
    assert line.split()[:4] == ["linkage", "detect", "--evidence", str(tmp_path / "two")]
    again = tmp_path / "again"
    ran(*line.split()[1:-1], again, "--quiet")
    found = Run.open(again)
    assert len(planted.banlist) > 40
    assert (again / "banlist.csv").read_bytes() == (planted.path / "banlist.csv").read_bytes()
    pd.testing.assert_frame_equal(found.members, planted.members)
    pd.testing.assert_frame_equal(found.clusters, planted.clusters)


def test_a_part_of_a_run_is_no_evidence(spare: Address, planted: Run, tmp_path: Path) -> None:
    said = ran("graph", "pull", tmp_path / "out", code=6)
    assert "no nodes labelled Account" in said
    ran("graph", "push", planted.path, "--quiet")
    said = ran("graph", "pull", tmp_path / "out", code=6)
    assert "--scope all" in said
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_changed_is_refused(spare: Address, planted: Run, tmp_path: Path) -> None:
    ran("graph", "push", planted.path, "--scope", "all", "--quiet")
    with spare.driver() as driver:
        driver.execute_query("MATCH (:Account)-[u:USED_DEVICE]->() WITH u LIMIT 1 DELETE u")
        assert "was changed" in ran("graph", "pull", tmp_path / "out", code=6)
        driver.execute_query("MATCH (g:LinkageGraph) DETACH DELETE g")
    assert "no run is shown" in ran("graph", "pull", tmp_path / "out", code=6)
    assert list(tmp_path.iterdir()) == []


def foreign(driver: Driver, uses: Sequence[Mapping[str, Any]], **of_account: Any) -> None:
    """A graph in the model, by plain Cypher as others would write it."""
    driver.execute_query("UNWIND $ids AS id CREATE (a:Account {account_id: id}) SET a += $more",
                         ids=sorted({use["a"] for use in uses}), more=of_account)  # fmt: skip
    for label, kind in (("Device", "USED_DEVICE"), ("PaymentMethod", "PAID_WITH"),
                        ("ReferralCode", "HAS_REFERRAL_CODE")):  # fmt: skip
        driver.execute_query(
            f"UNWIND $uses AS use MATCH (a:Account {{account_id: use.a}}) "
            f"MERGE (x:{label} {{value: use.v}}) "
            f"CREATE (a)-[:{kind} {{events: use.n, first_seen: $early, last_seen: $late}}]->(x)",
            uses=[use for use in uses if use["k"] == kind], early=EARLY, late=LATE,
        )  # fmt: skip


def test_a_graph_of_others(spare: Address, tmp_path: Path) -> None:
    uses: list[dict[str, Any]] = [
        {"a": account, "k": kind, "v": f"{kind} {number // 5}", "n": 2}
        for number, account in enumerate(f"it's\n{n:03}" for n in range(600))
        for kind in ("USED_DEVICE", "PAID_WITH", "HAS_REFERRAL_CODE")
    ]
    uses.append({**uses[0], "n": 5})
    (tmp_path / "linkage.toml").write_text(SETTINGS)
    with spare.driver() as driver:
        foreign(driver, uses, events=60, run_by="nobody", text="not ours")
        driver.execute_query("CREATE (:Account {account_id: 'alone'}), (:Person {name: 'x'})")
    out = tmp_path / "out"
    told = ran("graph", "pull", out, "--settings", tmp_path / "linkage.toml")
    assert "1,800 rows of evidence of 601 accounts" in told
    evidence = pq.read_table(out / "evidence.parquet").to_pylist()
    assert evidence[0] == {
        "account_id": "it's\n000", "kind": "device", "value": "USED_DEVICE 0", "events": 7,
        "first_seen": EARLY, "last_seen": LATE,
    }  # fmt: skip
    assert {row["kind"] for row in evidence} == {"device", "payment", "referral_code"}
    activity = pq.read_table(out / "activity.parquet")
    assert "organisation" not in activity.column_names
    assert activity["events"].to_pylist() == [None, *[60] * 600]
    words = ("--settings", tmp_path / "linkage.toml", "--out", tmp_path / "result", "--quiet")
    ran("detect", "--evidence", out, *words)
    found = Run.open(tmp_path / "result")
    assert sorted(found.clusters.accounts) == [5] * 120
    assert found.info["unknown"]["organisation"] == 601
    # Without the settings the kind is none that anybody knows.
    ran("graph", "pull", tmp_path / "less", "--quiet")
    assert pq.read_metadata(tmp_path / "less" / "evidence.parquet").num_rows == 1200


def test_what_others_say_of_organisations(spare: Address, tmp_path: Path) -> None:
    uses = [{"a": f"a{n}", "k": "USED_DEVICE", "v": "d", "n": 1} for n in range(3)]
    with spare.driver() as driver:
        foreign(driver, uses, events=24, days=1, hours=[1] * 24, first_seen=EARLY, with_ip=24)
        driver.execute_query("MATCH (a:Account {account_id: 'a1'}) SET a.organisation = 'acme'")
        driver.execute_query("MATCH (a:Account {account_id: 'a2'}) SET a.organisation = ''")
    ran("graph", "pull", tmp_path / "out", "--quiet")
    rows = pq.read_table(tmp_path / "out" / "activity.parquet").to_pylist()
    assert [row["organisation"] for row in rows] == [None, "acme", None]
    assert [rows[0][name] for name in ("hours", "first_seen", "last_seen", "with_ip")] == [
        [1] * 24, EARLY, None, 24,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("MATCH ()-[u:USED_DEVICE]->() SET u.events = '3'",
         "3 relationships USED_DEVICE whose events is STRING NOT NULL"),
        ("MATCH ()-[u:USED_DEVICE]->() SET u.events = 0", "whose events is below 1"),
        ("MATCH ()-[u:USED_DEVICE]->() SET u.first_seen = localdatetime()",
         "whose first_seen is LOCAL DATETIME NOT NULL"),
        ("MATCH ()-[u:USED_DEVICE]->() REMOVE u.last_seen", "whose last_seen is NULL"),
        ("MATCH ()-[u:USED_DEVICE]->() SET u.last_seen = datetime('1999-01-01T00:00:00Z')",
         "whose last_seen is before first_seen"),
        ("MATCH (x:Device) SET x.value = 7", "whose value is INTEGER NOT NULL"),
        ("MATCH (a:Account) REMOVE a.account_id", "3 Account nodes whose account_id is NULL"),
        ("MATCH (a:Account) SET a.account_id = 'one'", "1 account ids of several Account nodes"),
        ("MATCH (a:Account) SET a.events = 2.0", "3 Account nodes whose events is FLOAT NOT NULL"),
        ("MATCH (a:Account) SET a.hours = [1, 2]", "3 Account nodes whose hours are not 24"),
        ("MATCH (a:Account) SET a.with_ip = 'many'", "whose with_ip is STRING NOT NULL"),
        ("MATCH (x:Device) REMOVE x:Device SET x:Gadget",
         "3 relationships USED_DEVICE that do not go from Account to Device"),
    ],
)  # fmt: skip
def test_what_others_did_otherwise_is_counted(
    change: str, told: str, spare: Address, tmp_path: Path
) -> None:
    uses = [{"a": f"a{n}", "k": "USED_DEVICE", "v": "d", "n": 1} for n in range(3)]
    with spare.driver() as driver:
        foreign(driver, uses)
        driver.execute_query(change)
    said = ran("graph", "pull", tmp_path / "out", code=3)
    assert told in said
    assert "docs/graph.md" in said
    assert list(tmp_path.iterdir()) == []
