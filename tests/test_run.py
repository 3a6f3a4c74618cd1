"""Reading a result, and explaining pairs: against figures worked out by hand, and the kernels."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import log2
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import linkage
import linkage.pipeline
from linkage.artifacts import BUILT_IN
from linkage.errors import MissingInput, NotFound, ResultError
from linkage.results.judged import JUDGED
from linkage.run import FILES, Run
from linkage.scenarios import Scenario, simulate
from linkage.settings import Settings

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

EARLY, LATE = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 30, 12, tzinfo=UTC)
POPULATION = 1022  # N + 2 is 1024: the weights can be worked out by hand
NETWORK, HOSTILE_CLUSTER, PAIR = "c0123456789abcdef", "c01ff00000000000", "cfeed00000000000"
HOSTILE = "[red]\x1b[31mevil\x1b[0m\u202e=cmd()"
HAS: Mapping[str, Mapping[str, list[str]]] = {
    "n1": {"device": ["d1"], "payment": ["p1"], "ip": ["1.1.1.1"], "subnet": ["1.1.1.0/24"]},
    "n2": {"device": ["d1"], "payment": ["p1"], "ip": ["1.1.1.1"], "subnet": ["1.1.1.0/24"]},
    "n3": {"device": ["d1"], "payment": ["p1"], "template": ["t1", "t2", "t3"]},
    "n4": {"payment": ["p2"], "template": ["t1", "t2"], "device": ["d2"]},
    "n5": {"payment": ["p2"], "template": ["t1"], "device": ["d2"], "user_agent": ["ua"]},
    HOSTILE: {"user_agent": ["ua", "[bold]\x1b]0;x\x07"], "template": ["=cmd()|' /C calc'!A0"]},
    "h2": {"user_agent": ["ua", "[bold]\x1b]0;x\x07"], "template": ["=cmd()|' /C calc'!A0"]},
    "o1": {"device": ["d3"], "email_domain": ["acme.example"]},
    "o2": {"ip": ["2.2.2.2"], "email_domain": ["acme.example"]},
    "q1": {"device": ["d3"], "ip": ["2.2.2.2"]},
    "alone": {},
}  # fmt: skip
ORGANISATION = {"o1": "acme", "o2": "acme"}
# degrees of the population: those of this run, or larger
DEGREE = {"d1": 3, "p1": 3, "1.1.1.1": 3, "1.1.1.0/24": 7, "t1": 3, "t2": 3, "ua": POPULATION}
USUAL = {kind.name: 1.0 for kind in BUILT_IN} | {"template": 2.0}


def signal(name: str, question: str, rank: float, text: str) -> dict[str, Any]:
    """A signal as the result has it."""
    return {
        "name": name,
        "question": question,
        "value": 0.5,
        "usual": 0.25,
        "rank": rank,
        "text": text,
    }


SIGNALS = [
    signal("shared_work", "operation", 0.001, "91 % of requests in templates of their own"),
    signal("one_client", "operation", 0.7, "60 % with one client"),
    signal("own_device", "lives", 0.01, "0.2 devices an account"),
    signal("many_payers", "pretend", 0.02, "[blink]five payers\x1b[2J"),
]


def cluster_rows() -> list[dict[str, Any]]:
    """Two groups and a pair."""
    common = {"events": 120, "first_seen": EARLY, "last_seen": LATE, "note": None}
    p = {"p_operation": 0.001, "p_lives": 0.01, "p_pretend": 0.02}
    none = {"p_operation": None, "p_lives": None, "p_pretend": None}
    return [
        {**common, **p, "cluster_id": NETWORK, "accounts": 5, "score": 2.3, "expected": 0.005,
         "proposal": "ban", "signals": SIGNALS},
        {**common, **p, "cluster_id": HOSTILE_CLUSTER, "accounts": 2, "score": -0.7,
         "expected": 5.0, "proposal": "review", "note": "openly one, unverified",
         "signals": SIGNALS[:1]},
        {**common, **none, "cluster_id": PAIR, "accounts": 3, "score": None, "expected": None,
         "proposal": "none", "note": "fewer than 5 accounts", "signals": []},
    ]  # fmt: skip


MEMBERS = [
    ("h2", HOSTILE_CLUSTER, 4.0, "review", None),
    (HOSTILE, HOSTILE_CLUSTER, 4.5, "review", None),
    ("n1", NETWORK, 9.5, "ban", None),
    ("n2", NETWORK, 9.0, "ban", None),
    ("n3", NETWORK, 8.0, "ban", None),
    ("n4", NETWORK, 2.0, "review", "drop_one"),
    ("n5", NETWORK, 7.0, "review", "unplantable"),
    ("o1", PAIR, 5.0, "none", None),
    ("o2", PAIR, 5.0, "none", None),
    ("q1", PAIR, 5.0, "none", None),
]
FAMILIES = ("network", "client", "money", "identity", "content", "conversation")


SAYS: Mapping[str, str | None] = {
    "t1": "You are {…}. Ask jane.doe@corp.example, https://corp.example/u/17 or +49 170 1234567. "
    + "Then answer the question. " * 12,
    "t2": None,  # of fingerprints
    "=cmd()|' /C calc'!A0": "[red]\x1b[31mact\u202e as <b>one</b>:\u200b {…}",
}
WORDS = {
    "t1": ("You are {…}. Ask {…}, {…} or {…}. " + "Then answer the question. " * 12)[:199] + "…",
    "=cmd()|' /C calc'!A0": "[red]\\x1b[31mact as <b>one</b>: {…}",
}


def write_templates(folder: Path, says: Mapping[str, str | None]) -> None:
    """What a run that mined its prompts has of them, by their ids."""
    rows = [{"template_id": each, "template": text, "accounts": 2, "requests": 6,
             "parts": [f"{each}.1", f"{each}.2"]} for each, text in says.items()]  # fmt: skip
    schema = pa.schema([
        ("template_id", pa.string()), ("template", pa.string()), ("accounts", pa.int64()),
        ("requests", pa.int64()), ("parts", pa.list_(pa.string())),
    ])  # fmt: skip
    table = pa.Table.from_pylist(rows, schema)
    pq.write_table(table, folder / "templates.parquet", compression="zstd")


def link(a: str, b: str, **families: float) -> dict[str, Any]:
    """A link as the result has it."""
    parts = {family: families.get(family, 0.0) for family in FAMILIES}
    return {"account_a": a, "account_b": b, "bits": sum(families.values()), "families": parts}


def bits(m: float, degree: int, r: float = 1.0) -> int:
    """The rule, as it is written down, in 1/1024 bit."""
    p = min(1.0, r * (degree + 1) / (POPULATION + 2))
    return round(1024 * max(0.0, log2(1 - m + m / p)))


def threshold() -> int:
    """log2 N and 3 bits, in 1/1024 bit."""
    return round(1024 * (log2(POPULATION) + 3))


def small_result(folder: Path) -> Path:
    """Write a result by hand."""
    folder.mkdir(parents=True)
    held = [(a, kind, v) for a, kinds in HAS.items() for kind in kinds for v in kinds[kind]]
    seen = {"events": 3, "first_seen": EARLY, "last_seen": LATE}
    evidence = [{"account_id": a, "kind": k, "value": v, **seen} for a, k, v in sorted(held)]
    counts: dict[tuple[str, str], int] = {}
    for _, kind, value in held:
        counts[kind, value] = counts.get((kind, value), 0) + 1
    artifacts = [
        {"kind": kind, "value": value, "accounts": n, "degree": DEGREE.get(value, n)}
        for (kind, value), n in sorted(counts.items())
    ]
    activity = [
        {"account_id": a, "events": 24, "days": 7, "first_seen": EARLY, "last_seen": LATE,
         "signed_up": None if a == "alone" else EARLY, "hours": [1] * 24,
         "organisation": ORGANISATION.get(a), "claimed": "acme" if a == "q1" else None,
         "own_prompts": None}
        for a in sorted(HAS)
    ]  # fmt: skip
    members = [
        dict(zip(("account_id", "cluster_id", "confidence", "proposal", "held_by"), m, strict=True))
        for m in MEMBERS
    ]
    links = [link("n1", "n2", network=8.9, client=7.0, money=7.0), link("n1", "n3", client=14.0)]
    tables = {"evidence": evidence, "artifacts": artifacts, "activity": activity, "links": links,
              "clusters": cluster_rows(), "members": members}  # fmt: skip
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    banned = [("n1", 9.5), ("n2", 9.0), ("'=cmd()", 8.0)]
    lines = [f'{a},{NETWORK},2.3,{c},"one, [red]two"' for a, c in banned]
    pq.write_table(JUDGED.empty_table(), folder / "judged.parquet")
    write_templates(folder, SAYS)
    (folder / "banlist.csv").write_text(
        "\n".join(["account_id,cluster_id,score,confidence,reasons", *lines, ""])
    )
    (folder / "run.json").write_text(json.dumps(info()))
    return folder


def info() -> dict[str, Any]:
    """The `run.json` of the result."""
    kinds = [
        {"name": k.name, "family": k.family, "m": k.m, "plantable": k.plantable, "alone": k.alone,
         "label": k.label, "relationship": k.relationship, "explanation": k.explanation}
        for k in BUILT_IN
    ]  # fmt: skip
    counts = {"events": 264, "quarantined": 2, "duplicates": 0, "accounts": len(HAS), "units": 10,
              "links": 2, "clusters": 3, "groups": 2, "ban_clusters": 1, "review_clusters": 1,
              "listed": 3, "held": 2}  # fmt: skip
    return {
        "format": 1,
        "version": "0.1.0",
        "settings": Settings().model_dump(mode="json"),
        "kinds": kinds,
        "files": ["events.csv"],
        "counts": counts,
        "baseline": {"source": "own", "accounts": POPULATION, "usual_holding": USUAL},
        "threshold_bits": threshold() / 1024,
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The result written by hand, in a folder whose name a wildcard would misread."""
    return Run.open(small_result(tmp_path / "re[s]ult"))


def test_tables_are_read_whole(run: Run) -> None:
    assert list(run.clusters.cluster_id) == [NETWORK, HOSTILE_CLUSTER, PAIR]
    assert run.clusters.signals.iloc[0][0]["name"] == "shared_work"
    assert len(run.members) == len(MEMBERS)
    assert run.activity.events.sum() == 24 * len(HAS)
    assert list(run.banlist.account_id) == ["n1", "n2", "'=cmd()"]
    assert run.banlist.confidence.sum() == pytest.approx(26.5)


def test_a_cluster_is_found_by_its_id_or_the_beginning_of_it(run: Run) -> None:
    assert run.cluster(NETWORK).row["accounts"] == 5
    found = run.cluster("c012")
    assert found.cluster_id == NETWORK
    assert list(found.members.account_id) == ["n1", "n2", "n3", "n5", "n4"]  # listed ones first
    with pytest.raises(NotFound, match="c01: 2 clusters begin so"):
        run.cluster("c01")
    for unknown in ("x", ""):
        with pytest.raises(NotFound, match="no such cluster among 3"):
            run.cluster(unknown)


def test_an_account_has_membership_activity_and_evidence(run: Run) -> None:
    found = run.account("n4")
    assert found.membership is not None
    assert found.membership["held_by"] == "drop_one"
    assert found.activity["organisation"] is None
    assert list(found.evidence.value) == ["d2", "p2", "t1", "t2"]
    assert list(found.evidence.accounts) == [2, 2, 3, 2]
    assert list(found.evidence.degree) == [2, 2, 3, 3]
    assert run.account("alone").membership is None
    assert run.account("alone").activity["signed_up"] is None


def test_an_unknown_account_brings_near_misses(run: Run) -> None:
    with pytest.raises(NotFound, match=r"alnoe: no such account; is it alone\?"):
        run.account("alnoe")
    with pytest.raises(NotFound, match=r"no such account$"):
        run.account("nothing like it at all")
    with pytest.raises(NotFound, match=r"no such account$"):
        run.account("' OR 1=1 --" * 4)


def test_evidence_of_accounts_or_of_a_cluster(run: Run) -> None:
    assert set(run.evidence(["n1", "n4"]).account_id) == {"n1", "n4"}
    whole = run.evidence(cluster=NETWORK)
    assert set(whole.account_id) == {"n1", "n2", "n3", "n4", "n5"}
    assert str(whole.first_seen.dtype).endswith("UTC]")
    with pytest.raises(ValueError, match="one of the two"):
        run.evidence()
    with pytest.raises(ValueError, match="one of the two"):
        run.evidence(["n1"], cluster=NETWORK)


def test_what_members_share_most_of_their_own_comes_first(run: Run) -> None:
    shared = run.shared(NETWORK)
    assert set(shared[["value", "members", "accounts"]].itertuples(index=False, name=None)) == {
        ("d1", 3, 3), ("p1", 3, 3), ("t1", 3, 3), ("1.1.1.0/24", 2, 2), ("1.1.1.1", 2, 2),
        ("d2", 2, 2), ("p2", 2, 2), ("t2", 2, 2),
    }  # fmt: skip
    assert set(shared.members.head(3)) == {3}


def test_a_cluster_as_a_graph(run: Run) -> None:
    graph = run.to_networkx(NETWORK)
    assert graph.number_of_nodes() == 5
    assert graph.nodes["n4"] == {"confidence": 2.0, "proposal": "review", "held_by": "drop_one"}
    assert graph.nodes["n1"]["held_by"] is None
    assert set(graph.edges) == {("n1", "n2"), ("n1", "n3")}
    assert graph.edges["n1", "n2"]["families"] == {"network": 8.9, "client": 7.0, "money": 7.0}
    assert graph.graph["proposal"] == "ban"


def test_a_linked_pair_in_bits(run: Run) -> None:
    found = run.explain("n1", "n2")
    ip, subnet = bits(0.3, 3), bits(0.3, 7)
    assert bits(0.5, 3) == round(1024 * log2(128.5))  # 0.5 + 0.5 x 1024 / 4
    assert {s.value: round(1024 * s.bits) for s in found.shared} == {
        "d1": bits(0.5, 3), "p1": bits(0.5, 3), "1.1.1.1": ip, "1.1.1.0/24": subnet,
    }  # fmt: skip
    assert {s.value: s.place for s in found.shared if s.family == "network"} == {
        "1.1.1.1": 1, "1.1.1.0/24": 2,
    }  # fmt: skip
    parts = {part.family: round(1024 * part.bits) for part in found.families}
    assert parts == {"network": ip + (subnet >> 1), "client": bits(0.5, 3), "money": bits(0.5, 3)}
    assert round(1024 * found.bits) == sum(parts.values())
    assert found.linked
    assert found.missing == 0
    assert "Linked: what they share weighs 22.9" in found.verdict
    assert found.shared[0].accounts == 3


def test_many_shared_artifacts_weigh_less(run: Run) -> None:
    found = run.explain("n3", "n4")  # n3 has three templates, where two are usual: r = 1.5
    assert [round(1024 * s.bits) for s in found.shared] == [bits(0.6, 3, 1.5)] * 2
    assert [s.excess for s in found.shared] == [1.5, 1.5]
    assert [s.counted for s in found.shared] == [found.shared[0].bits, found.shared[0].bits / 2]


def test_what_is_missing_between_two_that_are_not_linked(run: Run) -> None:
    found = run.explain("n4", "n5")
    assert not found.linked
    assert found.missing == 0
    assert "no two of these things are rare enough together" in found.verdict
    found = run.explain("n3", "n4")
    assert round(1024 * found.missing) == threshold() - round(1024 * found.bits)
    assert "all of one family, content; a second is missing, or more of it." in found.verdict
    assert "all of one family, content" in run.explain("n3", "n5").verdict
    assert "so common that it says nothing" in run.explain("n5", "h2").verdict
    assert "they share nothing" in run.explain("n1", "alone").verdict
    assert "named twice" in run.explain("n1", "n1").verdict


def test_a_family_is_capped(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    kinds = [{**kind, "alone": False} for kind in info()["kinds"]]
    values = info() | {"threshold_bits": 12.0, "kinds": kinds}
    (folder / "run.json").write_text(json.dumps(values))
    found = Run.open(folder).explain("n3", "n4")
    assert found.cap == 9.0
    assert found.families[0].capped
    assert found.bits == 9.0
    assert "counted up to 9.00 bits" in found.verdict


def test_the_accounts_of_a_verified_organisation_are_weighed_as_one(run: Run) -> None:
    found = run.explain("q1", "o1")  # o1 has the device, its colleague the address
    assert {s.kind for s in found.shared} == {"device", "ip"}
    assert found.organisations == (None, "acme")
    same = run.explain("o1", "o2")
    assert same.same_organisation == "acme"
    assert (same.bits, same.linked) == (0.0, False)
    assert "the platform has verified" in same.verdict


def test_explaining_an_unknown_account(run: Run) -> None:
    with pytest.raises(NotFound, match=r"nn: no such account; is it n1 or n2 or n3\?"):
        run.explain("n1", "nn")


def test_an_explanation_as_text_is_safe_to_print(run: Run) -> None:
    text = run.explain(HOSTILE, "h2").text()
    assert all(line.isprintable() for line in text.splitlines())
    assert r"\x1b]0;x\x07" in text


@pytest.fixture(scope="module")
def detected(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small simulated month, through all stages."""
    folder = tmp_path_factory.mktemp("month")
    month = simulate(Scenario(accounts=1_500, fakes=150, events=20_000), folder)
    return linkage.detect(month.events_path)


def test_explanations_agree_with_the_links_of_a_run(detected: Run) -> None:
    links = pq.read_table(detected.path / "links.parquet").to_pandas()
    organisation = detected.activity.set_index("account_id").organisation
    of_one = links[links.account_a.map(organisation).notna()]
    assert len(of_one)
    for row in pd.concat([links.iloc[:: max(1, len(links) // 20)], of_one.head(5)]).itertuples():
        found = detected.explain(row.account_a, row.account_b)
        assert found.linked
        assert found.bits == row.bits
        given = {part.family: part.bits for part in found.families if part.bits}
        assert given == {family: part for family, part in row.families.items() if part}


def test_any_account_of_an_organisation_stands_for_all(detected: Run) -> None:
    links = pq.read_table(detected.path / "links.parquet").to_pandas()
    organisation = detected.activity.set_index("account_id").organisation
    row = links[links.account_a.map(organisation).notna()].iloc[0]
    others = organisation.index[organisation == organisation[row.account_a]]
    found = detected.explain(others[-1], row.account_b)
    assert (found.linked, found.bits) == (True, row.bits)


def test_a_result_without_a_name_goes_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def detected(sources: object, out: Path, *_: object, **__: object) -> Path:
        return small_result(out)

    monkeypatch.setattr(linkage.pipeline, "detect", detected)
    run = linkage.detect("logs/*.csv")
    folder = run.path
    assert folder.is_dir()
    del run
    gc.collect()
    assert not folder.parent.exists()


def test_a_failed_detection_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        linkage.detect(tmp_path / "nothing.csv", tmp_path / "result")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_result_without_one_of_its_files(tmp_path: Path, name: str) -> None:
    folder = small_result(tmp_path / "result")
    (folder / name).unlink()
    expected = "not a result, there is no run.json" if name == "run.json" else f"without {name}"
    with pytest.raises(ResultError, match=expected):
        Run.open(folder)


def test_folders_that_are_no_result(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no such folder"):
        Run.open(tmp_path / "nowhere")
    folder = small_result(tmp_path / "result")
    for text, message in (
        ("{", "cannot be read"),
        ("[]", "names no format"),
        ('{"format": 99}', "format 99, and this version reads format 1"),
    ):
        (folder / "run.json").write_text(text)
        with pytest.raises(ResultError, match=message):
            Run.open(folder)


def test_damaged_files(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    for name in ("clusters", "activity"):
        (folder / f"{name}.parquet").write_bytes(b"PAR1 nothing of the sort PAR1")
    run = Run.open(folder)
    with pytest.raises(ResultError, match="damaged"):
        _ = run.clusters
    with pytest.raises(ResultError, match="damaged"):
        run.account("n1")


def test_the_package_offers_run_and_detect_only() -> None:
    assert linkage.Run is Run
    assert callable(linkage.detect)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = linkage.nothing
