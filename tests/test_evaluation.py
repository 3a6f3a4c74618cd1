"""A run against known truth, with figures worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from linkage.errors import FormatError, InputError, MissingColumns, MissingInput
from linkage.evaluation import BCubed, Share, compare, evaluate, read_truth
from linkage.run import Run
from tests.test_run import HOSTILE, HOSTILE_CLUSTER, NETWORK, small_result

TRUTH = [
    ("n1", 0, "proxy", None),
    ("n2", 0, "proxy", None),
    ("n3", 0, "proxy", None),
    ("n4", 0, "proxy", None),
    ("n5", 1, "farm", None),
    ("alone", 1, "farm", None),
    (HOSTILE, 2, "careful", None),
    ("h2", -1, "vpn", None),
    ("o1", -1, "corporate", "acme"),
    ("o2", -1, "corporate", "acme"),
    ("ghost", 0, "proxy", None),
]


def truth() -> pd.DataFrame:
    """Known truth about all but `q1`, and an account that did nothing."""
    return pd.DataFrame(TRUTH, columns=["account_id", "operator", "kind", "org_id"])


def write_truth(path: Path) -> Path:
    """The truth as a file."""
    table = pa.Table.from_pandas(truth(), preserve_index=False)
    if path.suffix == ".csv":
        pc.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.open(small_result(tmp_path / "result"))


def test_precision_and_recall_leave_careful_networks_aside(run: Run) -> None:
    found = evaluate(run, truth())
    assert (found.accounts, found.only_in_truth, found.only_in_run) == (10, 1, 1)
    assert found.precision.listed == Share(3, 3)
    assert found.precision.flagged == Share(5, 6)  # n1 to n5, and h2 wrongly
    assert found.recall.listed == Share(3, 6)
    assert found.recall.flagged == Share(5, 6)


def test_kinds_of_networks_and_of_innocents(run: Run) -> None:
    found = evaluate(run, truth())
    assert [(j.kind, j.listed.hits, j.flagged.hits, j.flagged.of) for j in found.networks] == [
        ("careful", 0, 1, 1), ("farm", 0, 1, 2), ("proxy", 3, 4, 4),
    ]  # fmt: skip
    assert [(j.kind, j.listed.hits, j.flagged.hits, j.flagged.of) for j in found.innocents] == [
        ("corporate", 0, 0, 2), ("vpn", 0, 1, 1),
    ]  # fmt: skip


def test_bcubed_counts_innocents_in_the_cluster_and_accounts_in_none(run: Run) -> None:
    found = evaluate(run, truth()).bcubed
    assert found is not None
    assert found.precision == pytest.approx((4 * 4 / 5 + 1 / 5 + 1) / 6)
    assert found.recall == pytest.approx((4 * 1 + 1 / 2 + 1 / 2) / 6)
    assert found.f1 == pytest.approx(2 / (6 / 4.4 + 6 / 5))


def test_networks_found_by_their_best_cluster(run: Run) -> None:
    found = evaluate(run, truth())
    assert [(n.operator, n.cluster_id, n.accounts, n.listed, n.flagged) for n in found.found] == [
        (0, NETWORK, 4, 3, 4), (1, NETWORK, 2, 0, 1), (2, HOSTILE_CLUSTER, 1, 0, 1),
    ]  # fmt: skip
    assert [n.jaccard for n in found.found] == pytest.approx([4 / 5, 1 / 6, 1 / 2])
    assert found.networks_found == Share(2, 3)


def test_verified_organisations_listed_whole(run: Run) -> None:
    assert evaluate(run, truth()).organisations == Share(0, 1)
    table = truth()
    table.loc[table.account_id.isin(["n1", "n2"]), "org_id"] = "whole"
    table.loc[table.account_id.isin(["n3", "n4"]), "org_id"] = "in part"
    assert evaluate(run, table).organisations == Share(1, 3)
    assert evaluate(run, table.drop(columns="org_id")).organisations == Share(0, 0)


def test_a_month_without_networks(run: Run) -> None:
    found = evaluate(run, truth().assign(operator=-1))
    assert found.bcubed is None
    assert found.recall.listed.share is None
    assert found.precision.listed == Share(0, 3)
    assert json.loads(json.dumps(found.to_dict()))["recall"]["listed"]["low"] is None


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(5, 10), 0.2366, 0.7634),
        (Share(3, 3), 0.4385, 1.0),
        (Share(0, 20), 0.0, 0.1611),
    ],
)
def test_wilson_intervals(share: Share, low: float, high: float) -> None:
    assert share.interval == pytest.approx((low, high), abs=1e-4)
    assert Share(0, 0).interval is None


@pytest.mark.parametrize("name", ["truth.csv", "truth.parquet"])
def test_truth_from_files(run: Run, tmp_path: Path, name: str) -> None:
    read = read_truth(write_truth(tmp_path / name))
    assert evaluate(run, read).to_dict() == evaluate(run, truth()).to_dict()


def test_account_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("account_id,operator,kind\n007,-1,vpn\n8,1,farm\n")
    assert list(read_truth(tmp_path / "truth.csv").account_id) == ["007", "8"]


def test_truth_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no such file"):
        read_truth(tmp_path / "truth.csv")
    for name, message in (("truth.txt", r"is a \.parquet or a \.csv"), ("t.parquet", "cannot be")):
        (tmp_path / name).write_text("nothing")
        with pytest.raises(FormatError, match=message):
            read_truth(tmp_path / name)


def test_truth_that_does_not_fit(run: Run) -> None:
    with pytest.raises(
        MissingColumns, match="no column operator, group or fraud; it has: account_id, l"
    ):
        evaluate(run, pd.DataFrame({"account_id": ["n1"], "label": [1]}))
    with pytest.raises(InputError, match=r"no account of the truth \(x0, x1, x2, \.\.\.\) is in"):
        evaluate(run, truth().assign(account_id=[f"x{i}" for i in range(len(TRUTH))]))
    with pytest.raises(InputError, match="names n1 more than once"):
        evaluate(run, pd.concat([truth(), truth().head(1)]))
    with pytest.raises(InputError, match="operator must be a whole number"):
        evaluate(run, truth().assign(operator="A"))


def own(rows: list[tuple[object, ...]], *columns: str) -> pd.DataFrame:
    """Labels in a user's own words."""
    return pd.DataFrame(rows, columns=["account_id", *columns])


def test_networks_by_their_names_are_as_good_as_by_numbers(run: Run) -> None:
    names = {0: "the [b]proxies", 1: "7", 2: "x"}
    named = truth().rename(columns={"operator": "group"})
    named["group"] = named.group.map(names)
    found, numbered = evaluate(run, named), evaluate(run, truth())
    assert found.precision == numbered.precision
    assert found.recall == numbered.recall
    assert found.bcubed == numbered.bcubed
    assert [n.name for n in found.found] == ["the [b]proxies", "7", "x"]
    assert [n.jaccard for n in found.found] == [n.jaccard for n in numbered.found]


def test_labels_of_few_columns_have_usual_kinds(run: Run) -> None:
    found = evaluate(run, own([("n1", 5.0), ("n2", 5.0), ("n3", float("nan"))], "group"))
    assert [(j.kind, j.listed.of) for j in found.networks] == [("network", 2)]
    assert [(j.kind, j.listed.of) for j in found.innocents] == [("innocent", 1)]
    assert [n.name for n in found.found] == ["5"]
    none = evaluate(run, own([("n1", -1), ("n2", 5)], "group"))
    assert none.innocents[0].listed == Share(1, 1)


def test_an_account_of_an_unknown_network_has_no_part_in_bcubed(run: Run) -> None:
    """n1 and n2 are of a known network, n3 and n5 of none that is known, of q1 nothing is."""
    rows: list[tuple[object, ...]] = [
        ("n1", "a", True), ("n2", "a", None), ("n3", None, "yes"), ("n5", "", 1),
        ("o1", None, False), ("q1", None, None),
    ]  # fmt: skip
    found = evaluate(run, own(rows, "group", "reported"))
    assert (found.accounts, found.only_in_run) == (5, 6)
    assert found.recall.listed == Share(3, 4)
    assert found.precision.flagged == Share(4, 4)
    assert found.bcubed is not None
    assert (found.bcubed.precision, found.bcubed.recall) == (2 / 4, 1)
    assert [(n.name, n.jaccard) for n in found.found] == [("a", 2 / 4)]


def test_who_is_of_a_network_may_be_all_that_is_known(run: Run) -> None:
    found = evaluate(run, own([("n1", "1"), ("n4", "YES"), ("o1", "No"), ("o2", None)], "fraud"))
    assert found.recall.listed == Share(1, 2)
    assert found.innocents[0].listed == Share(0, 1)
    assert found.bcubed is None
    assert found.found == ()
    assert found.networks_found == Share(0, 0)


def test_unlabelled_accounts_are_left_out_or_taken_for_innocents(run: Run) -> None:
    labels = own([("n1", True), ("n2", None), ("o1", False)], "fraud")
    out = evaluate(run, labels)
    assert (out.accounts, out.only_in_run, out.unlabelled) == (2, 9, 0)
    assert out.precision.listed == Share(1, 1)
    found = evaluate(run, labels, unlabelled=True)
    assert (found.accounts, found.only_in_run, found.unlabelled) == (11, 9, 9)
    assert found.precision.listed == Share(1, 3)
    assert [(j.kind, j.listed) for j in found.innocents] == [
        ("innocent", Share(0, 1)), ("unlabelled", Share(2, 9)),
    ]  # fmt: skip


def test_clustered_is_who_is_in_a_large_cluster_whatever_is_proposed(run: Run) -> None:
    found = evaluate(run, truth(), least=3)  # a cluster of 5 with n1 to n5, and one of 3
    assert found.recall.clustered == Share(5, 6)
    assert found.precision.clustered == Share(5, 7)  # o1 and o2 wrongly; q1 is not in the truth
    assert [n.clustered for n in found.found] == [4, 1, 0]
    assert evaluate(run, truth(), least=4).precision.clustered == Share(5, 5)
    assert evaluate(run, truth()).recall.clustered == Share(0, 6)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([("n1", 0, "a")], ("operator", "group"), "both operator and group: leave one of them"),
        ([("n1", 0, 1)], ("fraud", "reported"), "both fraud and reported"),
        ([("n1", "maybe\x1b")], ("fraud",), r"says maybe\\x1b in fraud of n1 \(row 1\): write"),
        ([("o1", None, None), ("n1", "a", False)], ("group", "fraud"), r"n1 \(row 2\) in the net"),
        ([("n1", 1), (None, 1)], ("fraud",), "names no account in row 2"),
        ([("n1", float("inf"))], ("operator",), "operator must be a whole number"),
        ([("n1", None)], ("fraud",), "says nothing about any account"),
    ],
)
def test_labels_that_contradict_themselves(
    run: Run, rows: list[tuple[object, ...]], columns: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(run, own(rows, *columns))


def test_labels_from_csv(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("account_id,group,fraud\nn1,01,true\nn2,01,\nn3,,yes\no1,,0\no2,,\n")
    found = evaluate(run, read_truth(file))
    assert (found.accounts, found.recall.listed) == (4, Share(3, 3))
    assert [n.name for n in found.found] == ["01"]
    file.write_text("account_id,group,group\nn1,1,2\n")
    with pytest.raises(FormatError, match="has the column group more than once"):
        read_truth(file)


def test_networks_whose_accounts_are_in_no_cluster() -> None:
    truth = pd.DataFrame({"account_id": ["a", "b"], "operator": [1, 1], "kind": "farm"})
    nobody = pd.DataFrame({"account_id": [], "cluster_id": [], "proposal": []}, dtype=str)
    found = compare(truth.account_id, nobody, truth)
    assert found.bcubed == BCubed(precision=1.0, recall=0.5)
    assert found.networks_found == Share(0, 1)
