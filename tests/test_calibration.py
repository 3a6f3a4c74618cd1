"""What decisions say about weights and references: by hand, on planted networks, and written."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_array

import linkage
from linkage.calibration.estimates import LEAST_DECIDED, calibrate, estimate, with_estimates
from linkage.calibration.settings_file import to_toml, write
from linkage.calibration.sharing import Held, Pairs, by_network
from linkage.calibration.verdicts import Verdicts, read_verdicts, verdicts
from linkage.errors import InputError, MissingColumns, ResultError
from linkage.run import Run
from linkage.settings import Settings, load, parse
from linkage.signals import SIGNALS
from tests import worlds
from tests.test_cli import failed, linked
from tests.test_run import HOSTILE, HOSTILE_CLUSTER, NETWORK, PAIR, small_result

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def result_of(folder: Path) -> Path:
    """The result written by hand, with references."""
    made = small_result(folder)
    columns = {s.name: pa.array([None], pa.float64()) for s in SIGNALS}
    pq.write_table(pa.table({"size": [7], **columns}), made / "references.parquet")
    info = json.loads((made / "run.json").read_text())
    info["baseline"]["source"] = "own events"
    (made / "run.json").write_text(json.dumps(info))
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.open(result_of(tmp_path / "result"))


def decided(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    """Decisions as a table."""
    return pd.DataFrame(rows, columns=["decision", "account_id", "cluster_id"])


def judged(run: Run, table: pd.DataFrame) -> Verdicts:
    return verdicts(run.activity.account_id, run.members, table)


def of(found: Verdicts) -> dict[str, bool]:
    return dict(zip(found.table.account_id, found.table.banned, strict=True))


def digest(folder: Path) -> str:
    """All bytes below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files)).hexdigest()


# --- verdicts


def test_a_clusters_row_stands_for_its_members(run: Run) -> None:
    found = judged(run, decided(("ban", None, NETWORK), ("Clear ", None, PAIR[:4])))
    assert of(found) == dict.fromkeys(("n1", "n2", "n3", "n4", "n5"), True) | dict.fromkeys(
        ("o1", "o2", "q1"), False
    )
    assert set(found.table.network.dropna()) == {f"cluster {NETWORK}"}
    assert (found.banned, found.cleared, found.contradictory) == (5, 3, 0)


def test_an_accounts_row_prevails_over_its_clusters_and_the_later_over_the_earlier(
    run: Run,
) -> None:
    found = judged(
        run,
        decided(
            ("clear", "n1", None), ("ban", "n2", None), ("clear", "n2", NETWORK),
            ("clear", None, NETWORK), ("ban", None, NETWORK), ("watch", "n5", None),
        ),
    )  # fmt: skip
    assert of(found) == {"n1": False, "n2": False, "n3": True, "n4": True, "n5": True}
    assert (found.contradictory, found.watched) == (5, 1)


def test_unknown_ids_are_counted(run: Run) -> None:
    rows = ("ban", "nobody", None), ("ban", None, "cffff"), ("ban", "alone", None)
    found = judged(run, decided(*rows))
    assert (found.unknown_accounts, found.unknown_clusters) == (1, 1)
    assert found.table.network.isna().all()  # in no cluster: nobody to compare with
    with pytest.raises(InputError, match=r"no account or cluster .* \(2 rows\): are they about"):
        judged(run, decided(*rows[:2]))


def test_labels_are_decisions(run: Run) -> None:
    rows = [("n1", "a"), ("h2", "a"), ("o1", None)]
    found = judged(run, pd.DataFrame(rows, columns=["account_id", "group"]))
    assert of(found) == {"n1": True, "h2": True, "o1": False}
    assert list(found.table.network.dropna()) == ["network a", "network a"]
    only = judged(run, pd.DataFrame({"account_id": ["n1", "n2"], "reported": [True, True]}))
    assert set(only.table.network) == {f"cluster {NETWORK}"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (decided(("ban", "n1", None), ("b\x1ban", "n2", None)), r"row 2 .* decision is b\\x1ban"),
        (decided(("ban", None, None)), "row 1 of the decisions names neither an account nor"),
        (pd.DataFrame({"decision": ["ban"]}), "no column account_id, nor cluster_id"),
        (pd.DataFrame({"a\x1b": [1]}), r"no column decision, nor operator.*they have: a\\x1b"),
    ],
)
def test_decisions_that_cannot_be_understood(run: Run, table: pd.DataFrame, message: str) -> None:
    with pytest.raises((InputError, MissingColumns), match=message):
        judged(run, table)


# --- m, by hand


def pairs_of(*ends: tuple[int, int, int]) -> Pairs:
    """Linked pairs (a, b, network): 20 bits, of which 5 are of the family `client`."""
    a, b, network = (np.array(column, np.int64) for column in zip(*ends, strict=True))
    ones = np.ones(a.size)
    bits = {"client": 5.0 * ones, "money": 15.0 * ones}
    return Pairs([str(i) for i in range(int(max(a.max(), b.max())) + 1)], a, b, network, 20 * ones,
                 bits)  # fmt: skip


def test_pairs_that_their_family_alone_makes_links_do_not_count() -> None:
    pairs = pairs_of((0, 1, 0), (0, 2, 0))
    assert pairs.without("client", 15).a.size == 2
    assert pairs.without("client", 15.5).a.size == 0
    assert pairs.without("money", 6).a.size == 0
    assert pairs.without("none", 20).a.size == 2


def test_shares_by_hand() -> None:
    """0 has v and w, 1 has v, 2 has x, 3 and 4 nothing."""
    rows = csr_array(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]))
    pairs = pairs_of((0, 1, 0), (0, 2, 0), (3, 4, 1))
    rare = by_network(pairs, Held(rows, np.zeros(3)))
    assert rare.to_dict("list") == {
        "network": [0], "accounts": [3], "share": [pytest.approx(2 / 6)], "telling": [1.0],
    }  # fmt: skip
    common = by_network(pairs, Held(rows, np.full(3, 0.1)))
    assert common.share[0] == pytest.approx((2 - 0.6) / (6 - 0.6))
    assert common.telling[0] == pytest.approx(0.9)
    assert by_network(pairs, Held(rows, np.ones(3))).empty  # what everyone has


def networks(*rows: tuple[int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["accounts", "share"]).assign(telling=1.0)


def test_m_by_hand() -> None:
    """Of the largest network a hundred accounts count: 160 in all, beside the prior's 20."""
    found = estimate("device", 0.3, networks((20, 0.5), (20, 0.5), (20, 0.5), (150, 0.5)))
    assert found.m == pytest.approx((20 * 0.3 + 160 * 0.5) / 180, abs=0.0005)
    assert (found.low, found.high) == pytest.approx((0.405, 0.551), abs=0.002)
    assert (found.accounts, found.networks) == (210, 4)


def test_networks_that_differ_count_for_less() -> None:
    """Variance .03 between the networks, where 90 accounts one by one would give .25 / 90."""
    found = estimate("device", 0.2, networks((30, 0.2), (30, 0.5), (30, 0.8)))
    left = 90 * (0.25 / 90) / 0.03
    assert found.m == pytest.approx((20 * 0.2 + left * 0.5) / (20 + left), abs=0.0005)


def test_too_few_keep_their_m() -> None:
    assert estimate("ip", 0.3, networks((24, 0.5), (15, 0.5), (10, 0.5))).m is None
    assert estimate("ip", 0.3, networks((99, 0.5), (99, 0.5))).m is None
    assert estimate("ip", 0.3, networks((99, 0.5), (99, 0.5), (9, 0.5)), enough=False).m is None
    assert estimate("ip", 0.3, networks((24, 0.5), (15, 0.5), (11, 0.5))).m is not None


def test_m_stays_between_its_bounds() -> None:
    none = estimate("ip", 0.001, networks(*[(100, 0.0)] * 30))
    every = estimate("ip", 0.999, networks(*[(100, 1.0)] * 30))
    assert (none.m, every.m) == (0.01, 0.99)


@pytest.mark.parametrize("holding", [0.5, 0.8])
def test_a_known_m_is_within_its_interval(seed: int, holding: float) -> None:
    """Each account of a network has the network's device, or else another's, by chance: two
    share it with probability `holding` squared. Of 40 such worlds, 2 may lie outside."""
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(40):
        own = rng.random(300) < holding
        number = np.arange(300) // 15
        at = (np.arange(300), np.where(own, number, 20 + np.arange(300)))
        held = Held(csr_array((np.ones(300, np.int64), at), shape=(300, 320)), np.zeros(320))
        two = list(combinations(range(15), 2))
        ends = [(15 * n + i, 15 * n + j, n) for n in range(20) for i, j in two]
        found = estimate("device", holding**2, by_network(pairs_of(*ends), held))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= holding**2 <= found.high
    assert inside >= 32


# --- a whole run


def test_a_run_of_planted_networks(seed: int, tmp_path: Path) -> None:
    """Of six cards each has two, so that of what two have a third is shared. What is forecast of
    the groups comes true where only the references change."""
    rng = np.random.default_rng(seed)
    people: dict[str, list[worlds.Person]] = {
        "ordinary": [worlds.lone(rng, f"o{i}") for i in range(1200)]
    }
    for c in range(70):
        people[f"class{c}"] = worlds.class_of(rng, f"k{c}", 6 + c % 5)
    for n in range(6):
        people[f"network{n}"] = worlds.network(rng, f"n{n}", 24)
    world = worlds.world(rng, people)
    events = worlds.write(world.events, tmp_path / "events.parquet")
    run = linkage.detect(events, tmp_path / "result", worlds.settings())
    before = digest(run.path)
    rows = [(a, "ban") for a in world.accounts("network")]
    rows += [(a, "clear") for a in world.accounts("class")]
    found = calibrate(run, pd.DataFrame(rows, columns=["account_id", "decision"]))
    assert found.enough
    payment = next(each for each in found.estimates if each.kind == "payment")
    assert payment.m is not None
    assert payment.low is not None
    assert payment.high is not None
    # One draw in twenty lies outside its interval; none as far out as this.
    assert abs(payment.m - 1 / 3) < payment.high - payment.low
    assert found.rescored is not None
    assert found.rescored.enough
    assert digest(run.path) == before

    folder = tmp_path / "calibrated"
    toml, baseline = write(found, run, folder)
    assert load(toml) == found.settings
    assert {k.name: k.m for k in load(toml).kinds()}["payment"] == payment.m
    again = linkage.detect(events, tmp_path / "again", toml, baseline=baseline)
    assert len(again.info["kinds"]) == len(run.info["kinds"])
    assert str(tmp_path) not in toml.read_text()

    same = linkage.detect(events, tmp_path / "same", worlds.settings(), baseline=baseline)
    expected = same.clusters.set_index("cluster_id").expected
    for group in found.rescored.groups:
        told = expected[group.cluster_id]
        assert group.after == pytest.approx(np.inf if np.isnan(told) else told, rel=1e-6)
        proposal = same.clusters.set_index("cluster_id").proposal[group.cluster_id]
        assert group.proposal_after == proposal
    assert calibrate(same, pd.DataFrame(rows, columns=["account_id", "decision"])).rescored is None
    assert digest(run.path) == before


# --- what is written


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    settings = parse(
        {
            "events": {"columns": {"account_id": 'a "\\\n\x7f\u202e é😀', "ts": "t"}},
            "artifacts": {
                "ip": {"m": 0.25, "plantable": False},
                "chain": {},
                "sent_to": {"column": "to.[x]", "names_account": True},
            },
            "links": {"margin_bits": 4, "rare_accounts": 30},
            "resources": {"threads": 2},
        }
    )
    file = tmp_path / "linkage.toml"
    file.write_text(to_toml(settings), "utf-8")
    assert load(file) == settings
    assert load(file).kinds() == settings.kinds()
    assert all(line.isprintable() for line in file.read_text("utf-8").splitlines())
    assert to_toml(Settings()).strip() == ""


def test_new_weights_go_into_the_settings() -> None:
    found = (
        replace(estimate("ip", 0.3, networks(*[(50, 0.6)] * 3)), kind="ip"),
        estimate("chain", 0.3, networks(*[(50, 0.3)] * 3)),  # as it was
        estimate("device", 0.5, networks((9, 0.5))),
    )
    settings = with_estimates(parse({"artifacts": {"ip": {"plantable": False}}}), found)
    assert set(settings.artifacts) == {"ip"}
    assert settings.artifacts["ip"].m == found[0].m
    assert settings.artifacts["ip"].plantable is False


def test_the_command_changes_nothing_unless_told_to(tmp_path: Path) -> None:
    result = result_of(tmp_path / "result")
    decisions = tmp_path / "decisions.csv"
    decisions.write_text(
        f"decision,account_id,cluster_id\nban,,{NETWORK}\nclear,{HOSTILE},\nban,nobody,\n"
        f"clear,n5,\nwatch,,{PAIR}\n"
    )
    before = digest(tmp_path)
    text = linked("calibrate", result, decisions)
    for words in (
        "6 decided accounts: 4 banned, 2 cleared",
        "1 row about accounts that the run does not have",
        "1 row that only watch",
        "1 account decided both ways",
        f"With fewer than {LEAST_DECIDED} decided accounts, no m is proposed",
        "Too few groups or references",
        "Nothing was changed",
        HOSTILE_CLUSTER[:9],
    ):
        assert words in text
    found = json.loads(linked("calibrate", result, decisions, "--json"))
    assert found["enough"] is False
    assert all(kind["m"] is None for kind in found["kinds"])
    assert [g["decided"] for g in found["references"]["groups"]] == ["banned", "cleared"]
    assert digest(tmp_path) == before

    inside = digest(result)
    text = linked("calibrate", result, decisions, "--write", tmp_path / "new folder")
    written = tmp_path / "new folder" / "linkage.toml"
    assert f"linkage detect EVENTS --settings '{written}'" in text
    assert "--baseline" not in text  # the references are too few to say what is usual
    assert [path.name for path in written.parent.iterdir()] == ["linkage.toml"]
    assert tomllib.loads(written.read_text()) == {}
    assert digest(result) == inside
    again = failed("calibrate", result, decisions, "--write", written.parent, code=4)
    assert "exists and is not empty" in again


def test_nothing_that_is_shown_can_act(tmp_path: Path) -> None:
    result = result_of(tmp_path / "result")
    info = json.loads((result / "run.json").read_text())
    info["kinds"][0]["name"] = HOSTILE
    (result / "run.json").write_text(json.dumps(info))
    rows = pd.DataFrame({"account_id": [HOSTILE, "h2", "n1"], "group": [HOSTILE, HOSTILE, None]})
    rows.to_parquet(tmp_path / "labels.parquet")
    text = linked("calibrate", result, tmp_path / "labels.parquet")
    assert "2 banned, 1 cleared" in text
    assert all(line.isprintable() for line in text.splitlines())
    rows.rename(columns={"group": "decision"}).to_parquet(tmp_path / "labels.parquet")
    text = failed("calibrate", result, tmp_path / "labels.parquet", code=3)
    assert "row 1 of the decisions" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_a_result_without_references(run: Run) -> None:
    (run.path / "references.parquet").unlink()
    with pytest.raises(ResultError, match=r"references\.parquet: cannot be read"):
        calibrate(run, decided(("ban", "n1", None)))


def test_decisions_from_files(tmp_path: Path) -> None:
    (tmp_path / "decisions.csv").write_text("decision,account_id\nban,007\nclear,\n")
    read = read_verdicts(tmp_path / "decisions.csv")
    assert list(read.account_id[:1]) == ["007"]
    with pytest.raises(InputError, match="no such file of decisions"):
        read_verdicts(tmp_path / "nothing.csv")
