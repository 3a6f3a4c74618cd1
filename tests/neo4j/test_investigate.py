"""The saved queries: in form, answered from indexes, and right; and that all statements parse."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neo4j import Driver, EagerResult

from docs.generate import Demo
from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j import Database, Neo4jPublisher, Scope, Target, run_key
from linkage.graph.neo4j.model import FORMAT, NAME
from linkage.graph.neo4j.saved import SavedQuery, read, saved_queries
from linkage.graph.neo4j.statements import of_kinds, statement
from linkage.pipeline import detect
from linkage.resources import cypher_folder
from linkage.run import Run
from tests.neo4j.servers import Address
from tests.test_run import HOSTILE_CLUSTER, MEMBERS, NETWORK, PAIR, small_result

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ROOT = cypher_folder()
QUERIES = {f"{query.number:02}_{query.name}": query for query in saved_queries()}
STATEMENTS = sorted(
    f"{file.parent.name}/{file.stem}"
    for folder in ("read", "push", "drop", "schema")
    for file in (ROOT / folder).glob("*.cypher")
)
FEWEST = 14  # queries that an investigation needs at least
SEVERAL = 99  # runs that may be in the database side by side
WEEKS = pd.Timedelta(days=21)  # of the month that the run before saw
PARAMETER = re.compile(r"\$(\w+)")
Row = dict[str, Any]
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Pushed:
    """A run that is in the database. What is asked of it is asked with its being shown.

    values   of parameters, in place of the examples in a query's file
    """

    database: Database
    driver: Driver
    key: str
    run: Run
    values: Row

    def ask(self, name: str, **values: Any) -> list[Row]:
        """The rows of a query."""
        return [dict(record) for record in self._result(name, "", values).records]

    def profile(self, name: str) -> Row:
        """How it is answered."""
        made = self._result(name, "PROFILE ", {}).summary.profile
        assert made is not None
        return made

    def _result(self, name: str, prefix: str, values: Row) -> EagerResult:
        shown = {"run": self.key, "name": NAME, "format": FORMAT}
        assert self.database.write(lambda ask: ask.rows("push/show", **shown))
        query = QUERIES[name]
        known = {one: ast.literal_eval(text) for one, text in query.examples.items()}
        known |= {one: value for one, value in self.values.items() if one in known}
        return self.driver.execute_query(prefix + query.text, known | values)


Push = Callable[[Path, Scope, Row], Pushed]


@pytest.fixture(scope="module")
def driver(neo4j_server: Address) -> Iterator[Driver]:
    with neo4j_server.driver() as driver:
        yield driver


@pytest.fixture(scope="module")
def push(neo4j_server: Address, driver: Driver) -> Iterator[Push]:
    """Brings a result in."""
    target = Target(neo4j_server.url, neo4j_server.user, neo4j_server.password)
    with closing(Database(target)) as database:

        def pushed(folder: Path, scope: Scope, values: Row) -> Pushed:
            run = Neo4jPublisher(database, scope, keep=SEVERAL).publish(folder)
            return Pushed(database, driver, run_key(run, scope), Run.open(folder), values)

        yield pushed


@pytest.fixture(scope="module")
def month(demo: Demo, tmp_path_factory: pytest.TempPathFactory, push: Push) -> dict[Scope, Pushed]:
    """The demo's month in each scope; before it, that of its first three weeks was shown."""
    folder = tmp_path_factory.mktemp("weeks")
    seen = pd.read_parquet(demo.folder / "demo" / "month" / "events.parquet")
    seen[seen.ts < seen.ts.min() + WEEKS].to_parquet(folder / "weeks.parquet")
    push(detect(str(folder / "weeks.parquet"), folder / "before"), Scope.flagged, {})
    values = asked_about(demo.run)
    return {scope: push(demo.run.path, scope, values) for scope in (Scope.all, Scope.flagged)}


def asked_about(run: Run) -> Row:
    """The largest cluster that a ban is proposed for, and what is in it."""
    banned = run.clusters[run.clusters.proposal == "ban"].sort_values("accounts")
    cluster = str(banned.cluster_id.iloc[-1])
    link = run.links(cluster, strongest=1).iloc[0]
    shared = run.shared(cluster)
    address = shared[shared.kind == "ip"].sort_values("members").value.iloc[-1]
    return {
        "cluster": cluster, "a": link.account_a, "b": link.account_b, "account": link.account_a,
        "address": address,
    }  # fmt: skip


@pytest.fixture(scope="module", params=list(Scope))
def either(request: pytest.FixtureRequest, month: dict[Scope, Pushed]) -> Pushed:
    """The demo's run in each scope."""
    return month[request.param]


@pytest.fixture(scope="module")
def whole(month: dict[Scope, Pushed]) -> Pushed:
    """All of the demo's run."""
    return month[Scope.all]


@pytest.fixture(scope="module")
def made(whole: Pushed) -> Tables:
    """Its tables."""
    return tables(whole.run)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, push: Push) -> Pushed:
    """A few accounts, every figure known. Before, two of its network were in that, one of them
    listed, and so was one who is in the pair now; the others were in no cluster."""
    folder = tmp_path_factory.mktemp("small")
    before = small_result(folder / "before")
    was = [("n1", NETWORK, 9.5, "ban", None), ("n2", NETWORK, 9.0, "review", "families"),
           ("q1", NETWORK, 5.0, "ban", None)]  # fmt: skip
    names = ("account_id", "cluster_id", "confidence", "proposal", "held_by")
    rows = [dict(zip(names, member, strict=True)) for member in was]
    pq.write_table(pa.Table.from_pylist(rows), before / "members.parquet")
    now = small_result(folder / "now")
    for run in (before, now):  # runs that other tests have not brought in
        told = (run / "run.json").read_text().replace('"0.1.0"', f'"0.0.{run.name}"')
        (run / "run.json").write_text(told)
    push(before, Scope.all, {})
    return push(now, Scope.all, {"cluster": NETWORK})


def tables(run: Run) -> Tables:
    """A run's tables, and `shared`: what two members of a cluster have at least, by rank."""
    names = ("clusters", "members", "evidence", "artifacts", "activity")
    made = {name: pd.read_parquet(run.path / f"{name}.parquet") for name in names}
    held = made["evidence"].merge(made["members"][["account_id", "cluster_id"]])
    size = held.groupby(["cluster_id", "kind", "value"]).size().rename("members").reset_index()
    shared = size[size.members > 1].merge(made["artifacts"], on=["kind", "value"])
    shared["own"] = shared.members**2 / shared.accounts
    shared = shared.sort_values(["own", "kind", "value"], ascending=[False, True, True])
    shared["rank"] = shared.groupby("cluster_id").cumcount() + 1
    of = made["members"].merge(made["clusters"][["cluster_id", "proposal"]], on="cluster_id",
                               suffixes=("", "_cluster"))  # fmt: skip
    flagged = set(of[of.proposal_cluster != "none"].account_id)
    holders = made["evidence"][made["evidence"].account_id.isin(flagged)]
    count = holders.groupby(["kind", "value"]).size().rename("flagged").reset_index()
    shared = shared.merge(count, on=["kind", "value"], how="left").fillna({"flagged": 0})
    return made | {"shared": shared.merge(made["clusters"][["cluster_id", "proposal"]])}


def operators(plan: Row) -> Iterator[tuple[str, int]]:
    """Each operator of a profile, and what it asked of the store."""
    yield plan["operatorType"].partition("@")[0], plan["args"].get("DbHits", 0)
    for child in plan.get("children", ()):
        yield from operators(child)


def test_there_are_enough_in_order() -> None:
    assert len(QUERIES) >= FEWEST
    assert [query.number for query in QUERIES.values()] == list(range(1, len(QUERIES) + 1))


@pytest.mark.parametrize("name", QUERIES)
def test_each_gives_rows_from_an_index(either: Pushed, name: str) -> None:
    rows = either.ask(name)
    assert rows
    assert all(any(value not in (None, [], 0) for value in row.values()) for row in rows)
    found = list(operators(either.profile(name)))
    kinds = {kind for kind, _ in found}
    assert not {kind for kind in kinds if kind.endswith("Scan") or kind == "CartesianProduct"}
    assert {kind for kind in kinds if kind.endswith("IndexSeek")} - {"NodeUniqueIndexSeek"} or (
        [kind for kind, _ in found].count("NodeUniqueIndexSeek") > 1
    )
    # Nothing is asked of every account: that would be at least this much.
    assert sum(hits for _, hits in found) < either.run.info["counts"]["accounts"]


def test_the_review_queue_is_the_runs(whole: Pushed) -> None:
    rows = whole.ask("01_review_queue", most=1000)
    clusters = whole.run.clusters[whole.run.clusters.proposal != "none"]
    wanted = clusters.sort_values(["proposal", "score"], ascending=[True, False])
    assert [row["cluster"] for row in rows] == list(wanted.cluster_id)
    assert [row["expected by chance"] for row in rows] == list(wanted.expected)
    assert sum(row["listed"] for row in rows) == whole.run.info["counts"]["listed"]


def test_what_is_new_is_told_from_the_run_before(small: Pushed) -> None:
    row, other = small.ask("02_since_the_last_run")
    assert (row["cluster"], row["accounts"], row["new members"]) == (NETWORK, 5, 3)
    assert (row["flagged before"], row["clusters before"]) == (2, 1)
    assert (other["cluster"], other["new members"], other["clusters before"]) == (
        HOSTILE_CLUSTER, 2, 0,
    )  # fmt: skip


def test_one_cluster_is_drawn_with_what_joins_it(whole: Pushed, made: Tables) -> None:
    (row,) = whole.ask("03_one_cluster", members=30, artifacts=12)
    cluster = whole.run.cluster(row["cluster"]["cluster_id"])
    best = cluster.members.sort_values(["proposal", "confidence"], ascending=[True, False])
    drawn = [account["account_id"] for account in row["accounts"]]
    assert drawn == list(best.account_id[:30])
    shared = made["shared"]
    shared = shared[(shared.cluster_id == row["cluster"]["cluster_id"]) & (shared["rank"] <= 12)]
    artifacts = {(x["kind"], x["value"]) for x in row["artifacts"]}
    assert artifacts == set(zip(shared.kind, shared.value, strict=True))
    held = made["evidence"]
    held = held[held.account_id.isin(drawn)].merge(shared[["kind", "value"]])
    uses = {(u.start_node["account_id"], u.end_node["value"], u["events"]) for u in row["uses"]}
    assert uses == set(zip(held.account_id, held.value, held.events, strict=True))


def test_what_ties_a_cluster_is_in_the_order_of_the_run(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("04_what_ties_a_cluster", most=40)
    shared = made["shared"]
    wanted = shared[shared.cluster_id == whole.values["cluster"]][:40]
    found = [(r["kind"], r["value"], r["members"], r["accounts in all"]) for r in rows]
    columns = (wanted.kind, wanted.value, wanted.members, wanted.accounts)
    assert found == list(zip(*columns, strict=True))


def test_a_cluster_can_be_named_by_the_beginning_of_its_id(whole: Pushed) -> None:
    short = whole.values["cluster"][:9]
    rows = whole.ask("04_what_ties_a_cluster", cluster=short)
    assert rows == whole.ask("04_what_ties_a_cluster")


def test_why_two_accounts_are_linked(small: Pushed) -> None:
    rows = small.ask("05_why_two_are_linked", a="n2", b="n1")
    assert [(row["value"], row["accounts that have it"]) for row in rows] == [
        ("d1", 3), ("1.1.1.1", 2), ("p1", 3), ("1.1.1.0/24", 2),
    ]  # fmt: skip
    assert {row["bits of the link"] for row in rows} == {22.9}
    assert {len(row["drawing"].nodes) for row in rows} == {3}
    assert small.ask("05_why_two_are_linked", a="n1", b="n4") == []
    (row,) = small.ask("05_why_two_are_linked", a="n3", b="n5")
    assert (row["value"], row["bits of the link"]) == ("t1", None)


def test_the_timeline_counts_each_member_and_artifact(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("06_timeline", artifacts=100)
    members = made["members"][made["members"].cluster_id == whole.values["cluster"]]
    active = made["activity"][made["activity"].account_id.isin(members.account_id)]
    for column in ("first_seen", "last_seen"):
        days = active[column].dt.date.value_counts()
        found = {row["day"].to_native(): row[column.replace("_", " ")] for row in rows}
        assert {day: n for day, n in found.items() if n} == days.to_dict()
    assert sum(row["signed up"] for row in rows) == active.signed_up.notna().sum()
    assert sum(row["artifacts first seen"] for row in rows) == 100
    assert sum(row["artifacts last seen"] for row in rows) == 100


def test_hours_add_up(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("07_hours")
    members = made["members"][made["members"].cluster_id == whole.values["cluster"]]
    active = made["activity"][made["activity"].account_id.isin(members.account_id)]
    hours = np.stack(list(active.hours)).sum(axis=0)
    assert [row["hour"] for row in rows] == list(range(24))
    assert [row["events"] for row in rows] == list(hours)
    assert max(len(row["drawn"]) for row in rows) == 40


def test_what_a_cluster_shares_with_others(small: Pushed) -> None:
    (row,) = small.ask("08_shared_with_others", cluster=HOSTILE_CLUSTER)
    assert (row["value"], row["members"], row["others"], row["others flagged"]) == ("ua", 2, 1, 1)
    assert small.ask("08_shared_with_others") == []


def test_every_other_holder_counts(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("08_shared_with_others", artifacts=10_000, widest=500, most=10_000)
    shared = made["shared"]
    mine = shared[(shared.cluster_id == whole.values["cluster"]) & (shared.accounts <= 500)]
    mine = mine[mine.accounts > mine.members]
    wanted = zip(mine.kind, mine.value, mine.accounts - mine.members, mine.flagged - mine.members,
                 strict=True)  # fmt: skip
    found = [(r["kind"], r["value"], r["others"], r["others flagged"]) for r in rows]
    assert found == list(wanted)
    of = shared[shared.cluster_id != whole.values["cluster"]].groupby(["kind", "value"]).size()
    for row in rows[:50]:
        assert len(row["clusters"]) == min(5, of.get((row["kind"], row["value"]), 0))


def test_links_that_leave_are_the_strongest(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("09_links_that_leave", most=20)
    cluster = whole.values["cluster"]
    of = made["members"].set_index("account_id").cluster_id
    links = pd.read_parquet(whole.run.path / "links.parquet")
    links["of_a"], links["of_b"] = links.account_a.map(of), links.account_b.map(of)
    leaving = links[(links.of_a == cluster) != (links.of_b == cluster)]
    wanted = leaving.bits.sort_values(ascending=False)[:20].astype(float)
    assert [row["bits"] for row in rows] == pytest.approx(list(wanted))
    for row in rows:
        assert of[row["member"]] == cluster
        other = of.get(row["other"])
        assert row["cluster of the other"] == other
        assert other != cluster


def test_bridges_join_flagged_clusters(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("10_bridges", artifacts=100_000, widest=100, most=100_000)
    shared = made["shared"]
    flagged = shared[(shared.proposal != "none") & (shared.accounts <= 100)]
    of = flagged.groupby(["kind", "value"]).cluster_id.agg(set)
    wanted = {key: clusters for key, clusters in of.items() if len(clusters) > 1}
    found = {(r["kind"], r["value"]): {c["cluster_id"] for c in r["clusters"]} for r in rows}
    assert found == wanted
    widths = [row["accounts that have it"] for row in rows]
    assert widths == sorted(widths)


def test_an_address_has_its_accounts(small: Pushed) -> None:
    rows = small.ask("11_an_address", address="1.1.1.1")
    assert [row["account"]["account_id"] for row in rows] == ["n1", "n2"]
    assert {row["cluster"]["cluster_id"] for row in rows} == {NETWORK}
    rows = small.ask("11_an_address", address="2.2.2.2")
    assert [row["account"]["account_id"] for row in rows] == ["o2", "q1"]
    assert small.ask("11_an_address", address="9.9.9.9") == []


def test_one_account_whole(small: Pushed) -> None:
    (row,) = small.ask("12_one_account", account="n3")
    assert row["cluster"]["cluster_id"] == NETWORK
    assert [x["value"] for x in row["artifacts"]] == ["t3", "d1", "p1", "t1", "t2"]
    assert [account["account_id"] for account in row["linked"]] == ["n1"]
    (row,) = small.ask("12_one_account", account="alone")
    assert (row["cluster"], row["artifacts"], row["links"]) == (None, [], [])


def test_unflagged_holders(whole: Pushed, made: Tables) -> None:
    rows = whole.ask("13_unflagged_holders", artifacts=100_000, least=0.3, most=100_000)
    shared = made["shared"]
    wanted = shared[(shared.proposal != "none") & (shared.flagged < shared.accounts)]
    wanted = wanted[wanted.flagged >= 0.3 * wanted.accounts].drop_duplicates(["kind", "value"])
    figures = zip(wanted.kind, wanted.value, wanted.accounts - wanted.flagged, strict=True)
    assert {(row["kind"], row["value"], row["unflagged"]) for row in rows} == set(figures)
    most = [row["unflagged"] for row in rows]
    assert most == sorted(most, reverse=True)


def test_banned_clusters_that_grow(small: Pushed) -> None:
    """So does one that nothing is proposed for, if a listed account went there."""
    row, pair = small.ask("14_banned_and_growing", days=30)
    assert (row["cluster"], row["listed before"], row["new members"]) == (NETWORK, 1, 3)
    assert (row["of them listed"], row["held back"]) == (1, 2)
    assert sorted(row["some of them"]) == ["n3", "n4", "n5"]
    assert (pair["cluster"], pair["listed before"], pair["new members"]) == (PAIR, 1, 2)
    assert small.ask("14_banned_and_growing", days=1) == []  # they came four weeks before


def test_members_held_back(small: Pushed) -> None:
    rows = small.ask("15_held_back")
    held = {(name, rule) for name, _, _, _, rule in MEMBERS if rule}
    assert {(row["account"], row["rule"]) for row in rows} == held


def test_every_rule_tells_how_many_it_holds(whole: Pushed) -> None:
    rows = whole.ask("15_held_back", most=2)
    counts = whole.run.members.held_by.value_counts().to_dict()
    assert {row["rule"]: row["held by it"] for row in rows} == counts
    assert len(rows) == sum(min(2, n) for n in counts.values())


def test_what_a_ban_would_hit(small: Pushed) -> None:
    (row,) = small.ask("16_what_a_ban_would_hit")
    assert (row["would be banned"], row["events of theirs"]) == (3, 72)
    assert (row["held back"], sorted(row["by these rules"])) == (2, ["drop_one", "unplantable"])
    assert (row["accounts outside that share"], row["least confidence in bits"]) == (0, 8.0)
    (row,) = small.ask("16_what_a_ban_would_hit", cluster=HOSTILE_CLUSTER)
    assert (row["would be banned"], row["accounts outside that share"]) == (0, 1)
    (row,) = small.ask("16_what_a_ban_would_hit", cluster=PAIR)
    assert row["verified organisations"] == ["acme"]


def test_the_closest_calls_are_the_least_certain(whole: Pushed) -> None:
    rows = whole.ask("17_closest_calls", most=25)
    members = whole.run.members
    listed = members[members.proposal == "ban"].sort_values(["confidence", "account_id"])
    assert [row["account"] for row in rows] == list(listed.account_id[:25])


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_parses_and_names_its_parameters(driver: Driver, name: str) -> None:
    words = {"label": "IP", "relationship": "USED_IP", "name": "linkage_artifact_IP"}
    kinds = (KindWords("ip", "network", "IP", "USED_IP", True, "Both used one address."),)
    text = (ROOT / f"{name}.cypher").read_text("utf-8")
    repeated = "// for each kind" in text
    filled = of_kinds(name, kinds) if repeated else statement(name, words)
    lines = text.splitlines()
    head = lines[: len(lines) - len(body_of(lines))]
    assert head
    body = "\n".join(body_of(lines))
    assert set(PARAMETER.findall("\n".join(head))) == set(PARAMETER.findall(body))
    assert ("No parameters." in "\n".join(head)) == (not PARAMETER.findall(body))
    driver.execute_query("EXPLAIN " + filled, dict.fromkeys(PARAMETER.findall(filled)))


def body_of(lines: list[str]) -> list[str]:
    """A file's lines after the comment at its head."""
    first = next(number for number, line in enumerate(lines) if not line.startswith("//"))
    return lines[first:]


def test_the_table_of_queries_is_current() -> None:
    rows = [
        f"| [{query.number:02}](investigate/{name}.cypher) | {query.title} | "
        f"{', '.join(f'`{parameter}`' for parameter in query.parameters)} |"
        for name, query in QUERIES.items()
    ]
    assert "\n".join(rows) in (ROOT / "README.md").read_text("utf-8")


GOOD = """// A title.
// What it is for.
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
RETURN r LIMIT $most
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "07_a_file.cypher").write_text(GOOD)
    assert read(tmp_path / "07_a_file.cypher") == SavedQuery(
        number=7, name="a_file", title="A title", about="What it is for.",
        parameters={"most": "rows"}, examples={"most": "50"}, text="\n".join(GOOD.splitlines()[3:]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("// A title.", "// A title", "Title"),
        ("// What it is for.\n", "", "what it is for"),
        (", such as 50", "", "such as VALUE"),
        ("$most: rows", "$least: rows", "uses"),
        ("// $most: rows, such as 50\n", "", "uses"),
        ("RETURN r", "// why\nRETURN r", "without comments"),
        ("(:LinkageGraph {name: 'linkage'})-[:SHOWS]->", "", "from MATCH"),
        ("LIMIT $most", "LIMIT $most; MATCH (n) RETURN n", "one statement"),
    ],
)
def test_a_file_out_of_form_is_named(tmp_path: Path, before: str, after: str, fault: str) -> None:
    file = tmp_path / "07_a_file.cypher"
    file.write_text(GOOD.replace(before, after))
    with pytest.raises(GraphError, match=f"07_a_file.cypher .*{fault}"):
        read(file)


def test_a_file_out_of_order_is_named(tmp_path: Path) -> None:
    (tmp_path / "a_file.cypher").write_text(GOOD)
    with pytest.raises(GraphError, match="named like"):
        read(tmp_path / "a_file.cypher")
