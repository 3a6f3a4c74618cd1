"""The evaluation's part about real data: known answers, on tiny files of its shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.real import coaction, graphs, posts, wallets
from benchmarks.real.agreement import ari, nmi
from benchmarks.real.caught import caught
from benchmarks.real.methods import LINKAGE, METHODS, Links, Method, grouped
from linkage.evaluation import compare

START = pd.Timestamp("2021-09-01", tz="UTC")
STRANGERS = 4000  # enough that two rare things in common weigh more than the odds against a pair


def shown(module: ModuleType, found: dict[str, Any]) -> str:
    """The page's part, from the figures as they come back from their file."""
    kept = json.loads(json.dumps(found, allow_nan=False))
    drawn = module.figures(kept)
    page: str = module.section(kept)
    assert page.startswith("## ")
    assert page.endswith("\n")
    for name, text in drawn.items():
        assert f"](evaluation/{name}.svg)" in page
        assert "<svg" in text
    assert drawn == module.figures(kept)
    return page


@pytest.mark.parametrize(
    ("left", "right", "information", "rand"),
    [
        ("aabb", "xxyy", 1, 1),
        ("aabb", "xyxy", 0, -0.5),  # no pair in both, where 2/3 were to be expected, of 2
        ("aabb", "xxyz", 0.8, 4 / 7),  # 2 ln 2 / 2.5 ln 2; (1 - 1/3) / (3/2 - 1/3)
        ("aaaa", "xxyy", 0, 0),
        ("aaaa", "xxxx", 1, 1),
        ("abcd", "xyzw", 1, 1),
    ],
)
def test_agreement_by_hand(left: str, right: str, information: float, rand: float) -> None:
    one, other = np.array(list(left)), np.array(list(right))
    assert nmi(one, other) == pytest.approx(information, abs=1e-12)
    assert nmi(other, one) == pytest.approx(information, abs=1e-12)
    assert ari(one, other) == pytest.approx(rand)
    assert ari(other, one) == pytest.approx(rand)


def test_agreement_of_chance_is_none_by_the_rand_index() -> None:
    rng = np.random.default_rng(1)
    values = [ari(rng.integers(0, 9, 500), rng.integers(0, 9, 500)) for _ in range(50)]
    assert abs(float(np.mean(values))) < 0.002


def labelled(reports: Mapping[str, Sequence[str]], others: Sequence[str] = ()) -> pd.DataFrame:
    """Wallets of reports, and wallets without a label."""
    rows: list[tuple[str, str | None, bool | None]]
    rows = [(who, name, True) for name, members in reports.items() for who in members]
    rows += [(who, None, None) for who in others]
    return pd.DataFrame(rows, columns=["account_id", "group", "reported"]).astype(object)


def clustered(*clusters: str) -> pd.DataFrame:
    rows = [(who, f"c{number}") for number, cluster in enumerate(clusters) for who in cluster]
    return pd.DataFrame(rows, columns=["account_id", "cluster_id"])


def test_caught_by_hand() -> None:
    found = caught(clustered("abx", "ce"), labelled({"one": "abcd", "two": "ef"}, "x"), 3)
    assert (found["clusters"], found["large"]) == (2, 1)
    assert (found["precision"]["hits"], found["precision"]["of"]) == (2, 3)
    assert (found["recall"]["hits"], found["recall"]["of"]) == (2, 6)
    some, strict = found["bcubed"]["reported"], found["bcubed"]["all"]
    # a, b, c, d, e, f: of d and f, nobody else is there.
    recall = (2 / 4 + 2 / 4 + 1 / 4 + 1 / 4 + 1 / 2 + 1 / 2) / 6
    precision = (1 + 1 + 1 / 2 + 1 + 1 / 2 + 1) / 6
    assert some["precision"] == pytest.approx(precision)
    assert some["recall"] == strict["recall"] == pytest.approx(recall)
    assert some["f1"] == pytest.approx(2 * precision * recall / (precision + recall))
    assert strict["precision"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 2 + 1 + 1 / 2 + 1) / 6)
    first, second = found["reports"]
    assert (first["name"], first["cluster"], first["pieces"]) == ("one", "c0", 2)
    assert first["jaccard"] == pytest.approx(2 / 5)
    assert second["jaccard"] == pytest.approx(1 / 3)
    assert (found["found"]["hits"], found["found"]["of"]) == (0, 2)


def test_caught_counts_reported_wallets_without_a_report_and_without_a_cluster() -> None:
    labels = labelled({"one": "ab"}, "x")
    labels.loc[labels.account_id == "x", "reported"] = True
    found = caught(clustered("ab"), labels, 2)
    assert (found["recall"]["hits"], found["recall"]["of"]) == (2, 3)
    nobody = caught(clustered(), labels, 2)
    assert nobody["precision"]["share"] is None
    assert nobody["bcubed"]["all"] == {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert nobody["reports"][0]["cluster"] is None


def test_caught_agrees_with_the_product_where_everybody_has_an_event() -> None:
    rng = np.random.default_rng(1)
    names = [f"w{number}" for number in range(200)]
    report = rng.integers(0, 12, 200)  # the last four are none
    reports = {f"r{k}": [names[at] for at in np.flatnonzero(report == k)] for k in range(8)}
    of = pd.Series(rng.integers(0, 30, 200), names)
    members = pd.DataFrame({"account_id": of.index, "cluster_id": of.map("c{}".format)})
    known = {who for wallets in reports.values() for who in wallets}
    labels = labelled(reports, sorted(set(names) - known))
    found = caught(members, labels, 5)
    truth = labels[["account_id", "group"]]
    judged = compare(pd.Series(names), members.assign(proposal="none"), truth, least=5)
    assert judged.bcubed is not None
    assert found["bcubed"]["all"]["f1"] == pytest.approx(judged.bcubed.f1)
    assert found["recall"]["hits"] == judged.recall.clustered.hits
    assert found["precision"]["of"] == judged.precision.clustered.of
    jaccard = {network.name: network.jaccard for network in judged.found}
    assert {each["name"]: each["jaccard"] for each in found["reports"]} == pytest.approx(jaccard)


def cliques(size: int) -> list[tuple[int, int]]:
    """Two cliques and a link between their first nodes."""
    left = list(combinations(range(size), 2))
    return [*left, *((a + size, b + size) for a, b in left), (0, size)]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods_group_what_is_linked_and_leave_the_rest_alone(method: Method) -> None:
    a, b = np.array(cliques(6), np.int32).T
    labels = grouped(method, Links(a, b, np.ones(a.size), 14)).labels
    assert np.unique(labels[12:]).size == 2
    assert not np.isin(labels[12:], labels[:12]).any()
    whole = method.name.endswith("components")
    assert np.unique(labels[:12]).size == (1 if whole else 2)
    assert np.unique(labels[:6]).size == np.unique(labels[6:12]).size == 1


def test_graphs(tmp_path: Path) -> None:
    folder = tmp_path / "communities"
    folder.mkdir()
    edges = [*cliques(6), (3, 2), (4, 4)]  # one a second time, and a loop
    pd.DataFrame(
        [("two", f"n{a}", f"n{b}") for a, b in edges], columns=["graph", "src", "dst"]
    ).to_parquet(folder / "edges.parquet")
    pd.DataFrame(
        [("two", f"n{node}", "left" if node < 6 else "right") for node in range(12)],
        columns=["graph", "account_id", "group"],
    ).to_parquet(folder / "labels.parquet")
    found = graphs.measure(tmp_path)
    graph = found["graphs"][0]
    assert (graph["nodes"], graph["links"], graph["published"]) == (12, 31, 2)
    assert graph["inside"] == pytest.approx(30 / 31)
    assert graph["chance"] == pytest.approx(1 / 2)
    for method in METHODS:
        row = graph["methods"][method.name]
        perfect = 0.0 if method.name.endswith("components") else 1.0
        assert (row["nmi"], row["ari"]) == pytest.approx((perfect, perfect))
    page = shown(graphs, found)
    assert "ARI: linkage is as good as networkx in the mean" in page


def test_the_reading_says_where_linkage_is_behind() -> None:
    def row(index: float, communities: int) -> dict[str, float]:
        return {"nmi": index, "ari": index, "communities": communities, "seconds": 0.1}

    methods = {method.name: row(0.5, 2) for method in METHODS}
    graph = {"graph": "g", "nodes": 9, "links": 9, "inside": None, "chance": None, "published": 2,
             "methods": methods | {LINKAGE: row(0.2, 1)}}  # fmt: skip
    found = {"graphs": [graph], "edges": 9, "labels": 9, "seed": 1, "methods": {}}
    page = graphs.section(found)
    assert "ARI: linkage is 0.300 behind python-louvain in the mean." in page
    assert "Furthest behind: `g` (by 0.30)." in page
    assert "linkage leaves 1 whole: `g`." in page


def transfers() -> pd.DataFrame:
    """A ring of twelve wallets that pass money on, and its hub; six that only an exchange joins
    with a hundred others; one that deals with nobody else's counterparty; and strangers."""
    ring = [f"ring{number:02}" for number in range(12)]
    rows: list[tuple[str, str, str | None]]
    rows = [(who, ring[i - 1], ring[(i + 1) % 12]) for i, who in enumerate(ring)]
    rows += [(who, "paymaster", None) for who in ring]
    rows += [(f"exchanged{number}", "exchange", None) for number in range(6)]
    rows += [("single", "somebody", None)]
    for number in range(STRANGERS):
        source = "exchange" if number < 100 else f"source{number}"
        rows.append((f"stranger{number}", source, None))
    table = pd.DataFrame(rows, columns=["account_id", "funded_by", "sent_to"]).astype(object)
    return table.assign(ts=START, chain="one", asset="native")


def test_wallets(tmp_path: Path) -> None:
    folder = tmp_path / "hop_dev"
    folder.mkdir()
    transfers().to_parquet(folder / "events.parquet")
    ring = [f"ring{number:02}" for number in range(12)]
    others = [*(f"exchanged{number}" for number in range(6)), "single", "absent"]
    labels = labelled({"ring": [*ring, "gone"], "others": others}, ["stranger1", "stranger2"])
    labels.loc[labels.account_id == "stranger1", "reported"] = False
    labels.to_parquet(folder / "labels.parquet")
    found = wallets.measure(tmp_path)
    assert found["labels"] == {
        "wallets": 23, "reported": 21, "cleared": 1, "cleared_clustered": 0, "groups": 2,
    }  # fmt: skip
    own = found["linkage"]
    assert (own["precision"]["hits"], own["precision"]["of"]) == (12, 12)
    assert (own["recall"]["hits"], own["recall"]["of"]) == (12, 21)
    assert own["bcubed"]["all"]["recall"] == pytest.approx((12 * 12 / 13 + 1 / 13 + 8 / 8) / 21)
    fates = {"no event": 2, "nothing": 1, "hubs": 6, "weak": 0, "linked": 12}
    assert found["fates"] == fates
    assert found["clustered"] == {name: 12 * (name == "linked") for name in fates}
    report = own["reports"][0]
    assert (report["name"], report["size"], report["inside"]) == ("ring", 12, 12)
    assert report["jaccard"] == pytest.approx(12 / 13)
    assert report["fates"]["no event"] == 1
    assert found["methods"][0]["found"]["hits"] == 1
    linked, missed = found["examples"]
    assert (linked["report"], missed["report"]) == ("ring", "others")
    assert "Linked: " in linked["text"]
    assert missed["text"].startswith("exchanged0 and exchanged1\n")
    assert "Not linked: " in missed["text"]
    page = shown(wallets, found)
    assert "Of 21 reported wallets, 9 have no link (42.9%)." in page
    assert "1 of 2 reports are found" in page


def stream(rows: Sequence[tuple[float, str, str, str]]) -> pd.DataFrame:
    """Rows of seconds, account_id, kind, value."""
    table = pd.DataFrame(rows, columns=["ts", "account_id", "kind", "value"])
    return table.assign(ts=START + pd.to_timedelta(table.ts, unit="s"))


def test_the_rule_asks_for_two_posts_of_each_within_the_window() -> None:
    twice = [(0, "a", "url", "u"), (60, "b", "url", "u"), (500, "b", "tag", "t"),
             (470, "a", "tag", "t")]  # fmt: skip
    once = [(0, "c", "url", "v"), (0, "c", "tag", "v"), (9, "d", "url", "v"), (9, "d", "tag", "v")]
    late = [
        (0, "e", "url", "w"),
        (61, "f", "url", "w"),
        (0, "e", "tag", "w"),
        (61, "f", "tag", "w"),
    ]
    # Of g there is one post only, however often h posts; and other kinds are other objects.
    busy = [(0, "g", "url", "x"), (1, "h", "url", "x"), (2, "h", "url", "x"), (3, "h", "tag", "x")]
    found = coaction.pairs(stream([*twice, *once, *late, *busy]))
    assert found.to_numpy().tolist() == [["a", "b"]]
    assert coaction.pairs(stream(twice), window=59).to_numpy().tolist() == []
    assert coaction.pairs(stream(once), times=1).to_numpy().tolist() == [["c", "d"]]
    assert coaction.pairs(stream([])[["ts", "account_id", "kind", "value"]]).empty


def test_pairs_of_one_post_share_it_all_at_once() -> None:
    rows = [(0, "a", "url", "u"), (0, "a", "tag", "t"), (9, "b", "url", "u"), (9, "b", "tag", "t"),
            (5, "c", "url", "u"), (7, "c", "tag", "t"), (8, "c", "tag", "t")]  # fmt: skip
    pairs = pd.DataFrame([("a", "b"), ("a", "c"), ("b", "c")], columns=["account_a", "account_b"])
    assert coaction.of_one_post(stream(rows), pairs) == 1
    assert coaction.of_one_post(stream(rows), pairs[:0]) == 0


def test_posts(tmp_path: Path) -> None:
    folder = tmp_path / "cooccurrence"
    folder.mkdir()
    rows: list[tuple[float, str, str, str]] = []
    for number, who in enumerate(("a", "b", "c")):  # together twice, within a minute
        rows += [(number, who, "url", "u"), (1000 + number, who, "hashtag", "t")]
    for number, who in enumerate(("d", "e", "f")):  # one post, an hour apart
        rows += [(3600 * number, who, "url", "v"), (3600 * number, who, "hashtag", "v")]
    rows += [(0, f"s{n}", "domain", "hub" if n < 90 else f"own{n}") for n in range(STRANGERS)]
    stream(rows).to_parquet(folder / "german2021.parquet")
    single = [(number, who, "object", "o") for number, who in enumerate("abc")]
    single += [(0, f"s{number}", "object", f"own{number}") for number in range(STRANGERS)]
    stream(single).to_parquet(folder / "russian2021.parquet")
    found = posts.measure(tmp_path)
    german, russian = found["streams"]
    assert german["settings"].count('family = "link"') == 2
    assert (german["rows"], german["accounts"]) == (STRANGERS + 12, STRANGERS + 6)
    assert (german["links"], german["clusters"], german["of_one_post"]) == (6, 2, 3)
    assert german["kinds"]["domain"]["hub"] == 90
    assert [(group["accounts"], group["links"]) for group in german["strongest"]] == [(3, 3)] * 2
    together, *each = german["rules"]
    assert together == {"kind": "any", "pairs": 3, "both": 3, "accounts": 3, "accounts_both": 3}
    assert [(rule["kind"], rule["pairs"]) for rule in each] == [
        ("domain", 0), ("hashtag", 0), ("url", 0),
    ]  # fmt: skip
    assert (russian["links"], russian["strongest"], russian["example"]) == (0, [], None)
    page = shown(posts, found)
    assert "3 of 6 links (50.0%)" in page
    assert "there cannot be one" in page
