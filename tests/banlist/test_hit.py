"""What a draft says of the clusters that it lists: their signals and their templates, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import BanlistSettings, Draft, Entry, Measure
from linkage.banlist.draft import draft, draft_of, draft_values
from linkage.banlist.entries import Standing
from linkage.banlist.hit import MOST, Hit, Template, Unusual, hits
from linkage.banlist.report import report_of
from linkage.banlist.store import DRAFT, REPORT, Lists
from linkage.cli import output
from linkage.cli.listing_sheet import draft_sheet
from linkage.erasing.lists import templates
from linkage.errors import ListError
from linkage.run import Run
from linkage.uses import uses, with_words
from linkage.wording import WIDTH
from linkage.workspace import Workspace
from tests.test_run import (
    HOSTILE,
    HOSTILE_CLUSTER,
    LATE,
    NETWORK,
    SIGNALS,
    WORDS,
    small_result,
)

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NOW = LATE + timedelta(hours=3)
NOBODY = Standing({}, frozenset(), 0, "")
RULES = BanlistSettings(most_share=1)
ID = "=cmd()|' /C calc'!A0"
CODES = ("network", *(signal["name"] for signal in SIGNALS[:3]))
KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_result(tmp_path_factory.mktemp("hit") / "result")


def entry(account: str, cluster: str | None, reasons: Sequence[str] = CODES) -> Entry:
    return Entry(account, Measure.ban, tuple(reasons), cluster, 3.0, 9.0, None, NOW,
                 NOW + timedelta(days=9))  # fmt: skip


def made(result: Path, before: Mapping[str, Entry] | None = None) -> Draft:
    return draft(Run.open(result), "r1", NOBODY, before or {}, RULES, NOW)


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where lines end says nothing here."""
    monkeypatch.setenv("COLUMNS", "200")


def sheet(found: Draft, capsys: pytest.CaptureFixture[str], limit: int = 20) -> str:
    draft_sheet(output.console(), 1, found, limit)
    return capsys.readouterr().out


def test_each_cluster_is_named_with_what_is_said_of_it_in_words(result: Path) -> None:
    kept = entry("n1", NETWORK)
    (found,) = made(result, {"n1": kept}).report.clusters
    assert (found.cluster_id, found.listed, found.new) == (NETWORK, 3, 2)
    assert found.signals == tuple(Unusual(s["name"], s["text"]) for s in SIGNALS[:3])
    assert found.templates == (
        Template("t1", WORDS["t1"], 3, 3),
        Template("t2", None, 2, 2),  # of fingerprints; and t3 is one account's
    )
    assert "jane" not in json.dumps(asdict(found))
    run = Run.open(result)
    told = with_words(run.tables, uses(run.tables, run.info, NETWORK), WIDTH)[:2]
    assert [(o.template_id, o.words) for o in told] == [
        (o.template_id, o.words) for o in found.templates
    ]


def test_what_is_signed_has_codes_alone(result: Path) -> None:
    found = made(result)
    without = replace(found, report=replace(found.report, clusters=(), left_out=0))
    assert found.digest == without.digest
    assert {e.reasons for e in found.entries} == {CODES}


def test_the_reasons_are_those_that_entries_have(result: Path) -> None:
    """Of a cluster of an earlier run the words are not known, and its members are nobody here."""
    run = Run.open(result)
    listed = [
        entry("old", "cgone", ("network", "many_payers")),
        entry("n4", NETWORK, ("decided_by_a_person",)),
        entry("alone", None, ("decided_by_a_person",)),
    ]
    found, left = hits(run, listed, {})
    assert left == 0
    assert found[0].templates[0].template_id == "t1"
    assert (found[0].cluster_id, found[0].listed, found[0].signals) == (NETWORK, 1, ())
    assert found[1] == Hit("cgone", 1, 1, (Unusual("many_payers", None),), ())


def test_the_largest_are_named_and_the_rest_is_counted(result: Path) -> None:
    listed = [
        entry(f"a{n}-{each}", f"c{n:03}") for n in range(MOST + 7) for each in range(1 + (n == 106))
    ]
    found, left = hits(Run.open(result), listed, {})
    assert (len(found), left) == (MOST, 7)
    assert [one.cluster_id for one in found[:3]] == ["c106", "c000", "c001"]


def test_nothing_that_anybody_sent_moves_a_cursor(
    result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = made(result)
    run = Run.open(result)
    hostile, _ = hits(run, [entry(HOSTILE, HOSTILE_CLUSTER)], {})
    assert hostile[0].templates == (Template(ID, WORDS[ID], 2, 2),)
    unknown = replace(hostile[0].templates[0], template_id="\x1b[2J[red]id", words=None)
    odd = replace(hostile[0], cluster_id="\x1b[2Jc", templates=(*hostile[0].templates, unknown))
    report = replace(found.report, clusters=(*found.report.clusters, odd), left_out=2)
    text = sheet(replace(found, report=report), capsys)
    assert "\x1b" not in text
    assert "\u202e" not in text
    flat = " ".join(text.split())
    assert "[red]\\x1b[31mact as" in flat
    assert "\\x1b[2J[red]id (2 of 2)" in flat
    assert "You are {…}. Ask {…}, {…} or" in flat
    assert "t2 (2 of 2)" in flat
    assert "91 % of requests in" in flat
    assert "Clusters on it (4)" in flat
    assert "2 smaller clusters left out" in flat
    assert "and 1 more: --limit 0" in sheet(replace(found, report=report), capsys, 1)


def test_a_draft_and_a_list_are_read_as_they_were_kept(result: Path, tmp_path: Path) -> None:
    found, lists = made(result), Lists(tmp_path)
    assert draft_of(json.loads(json.dumps(draft_values(found)))) == found
    lists.keep(found)
    assert lists.kept(1) == found
    lists.publish(found, KEY, "me", NOW)
    assert lists.report(1) == found.report


def test_those_from_before_there_were_words_are_read(result: Path, tmp_path: Path) -> None:
    found, lists = made(result), Lists(tmp_path)
    lists.publish(found, KEY, "me", NOW)
    lists.keep(found)
    older = replace(found.report, clusters=(), left_out=0)
    for path in (lists.folder / DRAFT, lists.folder / "00000001" / REPORT):
        told = json.loads(path.read_text())
        values = told["draft"]["report"] if path.name == DRAFT else told
        del values["clusters"], values["left_out"]
        path.write_text(json.dumps(told))
    assert lists.kept(2) == replace(found, report=older)
    assert lists.report(1) == older
    assert lists.templates() == set()
    assert report_of(asdict(older)) == older


def test_words_go_with_the_last_account_that_has_the_template(result: Path, tmp_path: Path) -> None:
    """Of reports, of the draft, and of whatever no run has any more; what is signed stays."""
    workspace = Workspace.at(tmp_path / "workspace")
    workspace.add(result)
    lists = Lists(workspace.path)
    found = made(result)
    lists.publish(found, KEY, "me", NOW)
    lists.keep(found)
    templates(workspace)
    assert lists.report(1) == found.report
    assert lists.kept(2) == found
    path = (workspace.current() or tmp_path) / "artifacts.parquet"
    rows = [row for row in pq.read_table(path).to_pylist() if row["value"] != "t1"]
    pq.write_table(pa.Table.from_pylist(rows), path)
    templates(workspace)
    (left,) = lists.report(1).clusters
    assert [one.template_id for one in left.templates] == ["t2"]
    assert replace(left, templates=found.report.clusters[0].templates) == found.report.clusters[0]
    assert "You are" not in "".join(p.read_text() for p in lists.folder.rglob("*.json"))
    assert not (lists.folder / DRAFT).exists()
    assert lists.verify(KEY.public_key()) == 1
    workspace.remove(workspace.runs()[0])
    templates(workspace)
    assert lists.templates() == set()


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", b"null", b'{"number": 3}', b'{"number": 3, "draft": {"report": 1}}'],
)
def test_a_draft_or_a_report_that_cannot_be_read(
    result: Path, tmp_path: Path, broken: bytes
) -> None:
    """The draft goes, sound reports are changed, and the other is told of."""
    found, lists = made(result), Lists(tmp_path)
    for _ in range(2):
        lists.publish(found, KEY, "me", NOW)
    (lists.folder / DRAFT).write_bytes(broken)
    with pytest.raises(ListError, match="draft it again"):
        lists.kept(3)
    for path in lists.folder.glob(f"00000001/{REPORT}"):
        path.write_bytes(broken)
    assert "t1" in lists.templates()
    (unread,) = lists.forget(["t1"])
    assert str(unread).startswith("bans 1: damaged")
    assert lists.templates() == found.report.templates - {"t1"}
    assert not (lists.folder / DRAFT).exists()
    (lists.folder / DRAFT).write_bytes(broken)
    assert lists.erase("nobody") == (0, [])
    assert not (lists.folder / DRAFT).exists()


def test_a_list_that_is_blanked_says_nothing_of_clusters(result: Path, tmp_path: Path) -> None:
    lists = Lists(tmp_path)
    lists.publish(made(result), KEY, "me", NOW)
    assert lists.blank(1)
    assert lists.report(1).clusters == ()
