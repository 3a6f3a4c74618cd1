"""The evaluation's part about detection and about other methods: known answers, and pages."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from benchmarks.detection import counted, detection
from benchmarks.intervals import pooled
from benchmarks.months import month
from benchmarks.others import baselines, compare, judged
from benchmarks.others.baselines import (
    ALL,
    COMMUNITIES,
    LINKAGE,
    LOUVAIN,
    LOUVAIN_OF_LINKS,
    Clock,
    Method,
)
from benchmarks.others.given import Given, given, load, save
from benchmarks.others.grouping import Labels, connected, grouping, pairs
from benchmarks.processes import apart
from benchmarks.stages import account_ids, members, opened
from linkage import evaluation
from linkage.evaluation import Share, read_truth
from linkage.kernels.incidence import Incidence
from linkage.results import Results

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

KINDS = ("ip", "device", "payment")
Held = Sequence[tuple[str, Sequence[int]]]  # kind and holders of each artifact
METHODS = {method.name: method for method in ALL}


def hand(units: int, held: Held, links: Sequence[tuple[int, int]] = ()) -> Given:
    """Evidence by hand; the weights are all the same."""
    edges = [(unit, artifact) for artifact, (_, who) in enumerate(held) for unit in sorted(who)]
    unit, artifact = np.array(edges, np.int32).reshape(-1, 2).T
    order = np.lexsort((artifact, unit))
    count = len(held)
    inc = Incidence(
        population=units,
        unit_ptr=np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=units))]),
        unit_art=artifact[order],
        art_ptr=np.concatenate([[0], np.cumsum(np.bincount(artifact, minlength=count))]),
        art_unit=unit,
        kind=np.array([KINDS.index(kind) for kind, _ in held], np.int32),
        family=np.array([KINDS.index(kind) for kind, _ in held], np.int32),
        degree=np.bincount(artifact, minlength=count).astype(np.int32),
        parent=np.full(count, -1, np.int32),
        chance=np.ones(count),
        most=np.ones(count, np.int32),
        m=np.full(len(KINDS), 0.5),
        usual=np.ones(len(KINDS)),
        excess=np.ones((units, len(KINDS)), np.float32),
        contains=np.zeros((len(KINDS), len(KINDS)), np.bool_),
        plantable=np.zeros(len(KINDS), np.bool_),
        families=len(KINDS),
        alone=np.zeros(len(KINDS), np.bool_),
    )
    a, b = np.array(links, np.int32).reshape(-1, 2).T
    return Given(inc, KINDS, a, b, np.ones(a.size))


def chance(rng: np.random.Generator, units: int = 120, artifacts: int = 90) -> Given:
    """Evidence at random: few have most things, and many have some."""
    sizes = rng.choice([2, 3, 4, 11, 14], artifacts, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    return hand(
        units,
        [(KINDS[int(rng.integers(3))], rng.choice(units, size, replace=False).tolist())
         for size in sizes],
    )  # fmt: skip


def holders(evidence: Given) -> list[tuple[str, list[int]]]:
    """Kind and holders of each artifact."""
    inc = evidence.incidence
    parts = np.split(inc.art_unit, inc.art_ptr[1:-1])
    return [(KINDS[k], part.tolist()) for k, part in zip(inc.kind, parts, strict=True)]


def parts_of(labels: Labels) -> set[frozenset[int]]:
    """The units of each group."""
    return {frozenset(np.flatnonzero(labels == k).tolist()) for k in set(labels.tolist()) - {-1}}


def found_by(name: str, evidence: Given) -> set[frozenset[int]]:
    return parts_of(METHODS[name].find(evidence, Clock()))


# Two rings; all twelve units, four of them in neither, came through one address as well.
RINGS: Held = (
    ("device", (0, 1, 2, 3)), ("payment", (0, 1, 2, 3)), ("ip", (0, 1, 2, 3)),
    ("device", (4, 5, 6, 7)), ("device", (4, 5, 6, 7)),
)  # fmt: skip
HUB: Held = (("ip", tuple(range(12))),)
FIRST, SECOND = frozenset(range(4)), frozenset(range(4, 8))
WITHIN = [p for ring in (range(4), range(4, 8)) for p in itertools.combinations(ring, 2)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("same address", {frozenset(range(12))}),
        ("same rare address", {FIRST}),
        ("card or device, and two more", {FIRST, SECOND}),
        ("links, components", {FIRST | SECOND}),
        (LOUVAIN_OF_LINKS, {FIRST, SECOND}),
        (COMMUNITIES, {FIRST, SECOND}),
    ],
)
def test_two_rings_and_a_hub(name: str, expected: set[frozenset[int]]) -> None:
    assert found_by(name, hand(12, [*RINGS, *HUB], [*WITHIN, (3, 4)])) == expected


def test_two_more_asks_for_two_more() -> None:
    evidence = hand(12, [*RINGS[:4], *HUB])  # the second ring: a device and the hub, no more
    assert found_by("card or device, and two more", evidence) == {FIRST}


@pytest.mark.parametrize("name", [LOUVAIN, "Leiden"])
def test_modularity_tells_rings_apart(name: str) -> None:
    assert found_by(name, hand(12, [*RINGS, ("ip", (3, 4))])) == {FIRST, SECOND}


def test_address_groups_are_components_of_networkx(seed: int) -> None:
    evidence = chance(np.random.default_rng(seed))
    for name, most in (("same rare address", 10), ("same address", 99)):
        graph = nx.Graph()
        for kind, who in holders(evidence):
            if kind == "ip" and len(who) <= most:
                nx.add_path(graph, who)
        assert found_by(name, evidence) == {frozenset(c) for c in nx.connected_components(graph)}


def test_two_more_is_its_rule_pair_by_pair(seed: int) -> None:
    evidence = chance(np.random.default_rng(seed), units=16)
    things = [set(who) for _, who in holders(evidence)]
    telling = [len(who) <= 10 and kind != "ip" for kind, who in holders(evidence)]
    graph = nx.Graph()
    for a, b in itertools.combinations(range(16), 2):
        both = [a in who and b in who for who in things]
        if sum(both) >= 3 and any(s and t for s, t in zip(both, telling, strict=True)):
            graph.add_edge(a, b)
    expected = {frozenset(c) for c in nx.connected_components(graph)}
    assert found_by("card or device, and two more", evidence) == expected
    left, right = pairs(evidence, np.array(telling))
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {
        p for who, t in zip(things, telling, strict=True) if t
        for p in itertools.combinations(sorted(who), 2)
    }  # fmt: skip


def test_groups_are_numbered_by_their_first_unit() -> None:
    assert grouping(np.array([7, 3, 7, 9, 3, -1, -1])).tolist() == [0, 1, 0, -1, 1, -1, -1]
    assert connected(np.empty(0, int), np.empty(0, int), 3).tolist() == [-1, -1, -1]


def test_evidence_is_the_same_once_read_again(tmp_path: Path) -> None:
    evidence = hand(12, [*RINGS, *HUB], WITHIN)
    save(evidence, tmp_path / "given.npz")
    again = load(tmp_path / "given.npz")
    for name, value in evidence.incidence._asdict().items():
        assert np.array_equal(value, getattr(again.incidence, name)), name
    assert again.kinds == KINDS
    assert again.a.tolist() == evidence.a.tolist()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated month of 400 accounts."""
    return month(tmp_path_factory.mktemp("months"), 16_000, 3)


@pytest.fixture(scope="module")
def stages(small: Path) -> Iterator[Results]:
    with opened(small / "events.parquet") as found:
        yield found


@pytest.mark.parametrize("method", [m for m in ALL if m.name != "Splink"], ids=lambda m: m.name)
def test_methods_give_the_same_groups_twice(method: Method, stages: Results) -> None:
    evidence = given(stages)
    once, twice = (method.find(evidence, Clock()) for _ in range(2))
    assert once.dtype == np.int32
    assert once.shape == (evidence.units,)
    assert once.min() >= -1
    assert np.array_equal(once, twice)
    assert len(parts_of(once)) == np.unique(once[once >= 0]).size
    if method.name == LINKAGE:
        assert np.array_equal(once, stages.membership.community)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_splink_runs(stages: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(given(stages), tmp_path / "given.npz")
    baselines.main(["Splink", str(tmp_path / "given.npz"), str(tmp_path / "labels.npy")])
    taken = json.loads(capsys.readouterr().out)
    assert set(taken["parts"]) == {"table", "training", "pairs", "clusters"}
    assert sum(taken["parts"].values()) <= taken["seconds"]
    assert np.load(tmp_path / "labels.npy").max() >= 0


def test_a_grouping_is_judged(small: Path, stages: Results) -> None:
    truth = read_truth(small / "truth.parquet")
    own = judged.judge(stages, stages.membership.community, truth, own=True)
    whole = evaluation.compare(account_ids(stages), members(stages), truth)
    assert own["bcubed"] == whole.to_dict()["bcubed"]
    everybody = np.zeros(stages.units.first.size, np.int32)
    raw = judged.judge(stages, everybody, truth, own=False)["largest"]
    assert raw["accounts"] == len(account_ids(stages))
    assert raw["innocents"] == (truth.operator < 0).sum()
    nobody = np.full(stages.units.first.size, -1, np.int32)
    assert judged.judge(stages, nobody, truth, own=False)["largest"] is None


def test_intervals() -> None:
    plain = pooled([[[1, 1, 30], [0, 1, 70]]])
    assert {k: plain[k] for k in ("hits", "of", "low", "high")} == {
        k: v for k, v in Share(30, 100).to_dict().items() if k != "share"
    }
    # Blocks of one are accounts drawn one by one; ten at once are ten times fewer.
    assert plain["block_low"] == pytest.approx(plain["low"], abs=0.02)
    tens = pooled([[[10, 10, 3], [0, 10, 7]]])
    assert tens["low"] == plain["low"]
    assert tens["block_low"] <= 0.1 < 0.5 < tens["block_high"]
    assert tens == pooled([[[10, 10, 3], [0, 10, 7]]])
    none = pooled([[[0, 50, 2]], [[0, 50, 2]]])
    assert (none["block_low"], none["block_high"]) == Share(0, 4).interval
    one = pooled([[[5, 50, 1]]])
    assert one["block_low"] is one["block_high"] is None
    assert pooled([[], []])["share"] is None


def test_memory_is_the_programs_own() -> None:
    held = np.ones(40_000_000)  # 320 MB, which are not the other process's
    assert apart(["-c", "print(1)"]).peak_mb < held.nbytes / 1e6 / 2
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        apart(["-c", "1 / 0"])


def test_detection_page(small: Path) -> None:
    found = json.loads(json.dumps(detection.measure([small])))
    alone, size = found["months"][0]["evaluation"], found["sizes"][0]
    assert size["months"] == 1
    for name in ("precision", "recall"):
        for judgement in counted.JUDGEMENTS:
            assert size[name][judgement]["hits"] == alone[name][judgement]["hits"]
    for name in detection.GROUPS:
        for kind in alone[name]:
            for judgement in counted.JUDGEMENTS:
                got, share = size[name][kind["kind"]][judgement], kind[judgement]
                assert (got["hits"], got["of"]) == (share["hits"], share["of"])
    page = detection.section(found)
    assert page.startswith("## ")
    assert "simulated" in page
    drawn = detection.figures(found)
    assert drawn == detection.figures(found)
    assert all(f"(evaluation/{name}.svg)" in page for name in drawn)


def row(name: str, **others: Any) -> dict[str, Any]:
    """A method's row, as `compare.measure` has it."""
    share = Share(3, 4).to_dict()
    scored = {"precision": {"listed": share}, "recall": {"listed": share, "flagged": share},
              "innocents_listed": 1, "innocents_flagged": 2}  # fmt: skip
    return {
        "name": name,
        "graph": METHODS[name].graph,
        "seconds": 2.0,
        "parts": {"links": 1.0, "communities": 0.5},
        "peak_mb": 300,
        "steady": True,
        "bcubed": {"precision": 0.5, "recall": 0.75, "f1": 0.6},
        "networks_found": share,
        "groups": 4,
        "largest": {"accounts": 8, "of_network": 6, "network": 7, "innocents": 2},
        "scored": scored,
        "too_few": False,
        "scored_all_the_same": None,
        **others,
    }


def test_compare_page() -> None:
    few = row("Leiden", too_few=True)
    rows = [row(LOUVAIN, seconds=60.0), row(LINKAGE), row(LOUVAIN_OF_LINKS, seconds=9.0),
            row(COMMUNITIES), {**few, "scored_all_the_same": few["scored"]},
            {"name": "Splink", "graph": "evidence", "stopped_after": 900},
            {"name": "same address", "graph": "evidence", "failed": "MemoryError"}]  # fmt: skip
    sizes = {"accounts": 20, "units": 10, "artifacts": 5, "edges": 30, "links": 7}
    found = {"month": "m", **sizes, "limit": 900, "seed": 1, "threads": 2, "methods": rows}
    page = compare.section(found)
    assert page.startswith("## ")
    assert "**simulated**" in page
    assert "40 and 30 times as long" in page
    assert "| Splink | stopped after 900 s |" in page
    assert "failed (MemoryError)" in page
    assert "| Leiden | too few groups |" in page
    assert "| Leiden, *all the same* | 3 of 4 |" in page
    drawn = compare.figures(found)
    assert drawn == compare.figures(found)
    assert all(f"(evaluation/{name}.svg)" in page for name in drawn)


def test_methods_are_measured_and_stopped(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "REPEATS", 1)
    monkeypatch.setattr(compare, "ALL", (METHODS["same address"], METHODS["Splink"]))
    found = compare.measure(small, limit=1)
    fast, slow = found["methods"]
    assert fast["seconds"] < 1
    assert fast["bcubed"]["recall"] > 0
    assert slow == {"name": "Splink", "graph": "evidence", "stopped_after": 1}
    assert "stopped after 1 s" in compare.section(found)
