"""What investigators read of a run's templates: in words, masked, and where they are used."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import NotFound, ResultError
from linkage.graph import open_graph
from linkage.graph.answers import KindWords
from linkage.kernels.incidence import UNIT
from linkage.run import Run
from linkage.statement import statement
from linkage.uses import template, uses
from linkage.wording import LONGEST, in_words
from tests.test_run import NETWORK, SAYS, WORDS, bits, small_result, write_templates

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

HOSTILE = "=cmd()|' /C calc'!A0"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_result(tmp_path_factory.mktemp("used") / "re[s]ult")


def linked(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stderr if code else done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sum up {…} in 3 lines, as of 2026", "Sum up {…} in 3 lines, as of 2026"),
        ("Mail jane.doe+x@corp.example today", "Mail {…} today"),
        ("<jane@corp.example>, mailto:j@x.example", "<{…}>, mailto:{…}"),
        ("see https://x.example/a?b=c#d and www.x.example", "see {…} and {…}"),
        ("call +49 (170) 123-45.67 now", "call {…} now"),
        ("card 4111 1111 1111 1111.", "card {…}."),
        ("DE89 3704 0044 0532 0130 00", "DE{…}"),
        ("from 10.0.0.1 or 1.2.3.4", "from {…} or {…}"),
        ("of fe80::1:2:3 or 00:1b:44:11:3a:b7", "of {…} or {…}"),
        ("read /srv/jane/notes.txt and C:\\Users\\jane\\a.txt", "read {…} and {…}"),
        ("key sk-proj-A1b2C3d4E5f6G7h8", "key {…}"),
        ("an internationalization-friendly word", "an internationalization-friendly word"),
        ("either/or, and/or, 1/2, a:b:c", "either/or, and/or, 1/2, a:b:c"),
        ("{…} 12345678 {…}", "{…}"),
        ("\u09e7\u09e8\u09e9\u09ea\u09eb und \uff15\uff15\uff15\uff11\uff12", "{…} und {…}"),
        ("call \u0660\u0661\u0662\u0663\u0664\u0665 now", "call {…} now"),
        ("of \u0661\u0660.\u0662.\u0663.\u0664 or \u0661.\u0662", "of {…} or \u0661.\u0662"),
        ("key sk-\uff50\uff52oj-\u0661b2C3d4E5f6G7h8i9", "key {…}"),
        ("ask jane\uff20corp.example or jane\ufe6bcorp", "ask {…} or {…}"),
        ("on example.com, db-1.corp.example:8080 and a.b.co.uk.", "on {…}, {…} and {…}."),
        ("(example.com/jane?q=1), EXAMPLE.COM", "({…}), {…}"),
        ("see пример.рф, ПРИМЕР.РФ, xn--e1afmkfd.xn--p1ai", "see {…}, {…}, {…}"),
        ("see उदाहरण.भारत and exam\uff50le\uff0ecom", "see {…} and {…}"),
        ("see ex\u200bam\u2060ple.c\u00adom or ex\u034fample\u3164.com", "see {…} or {…}"),
        ("123456.example.com node.js", "{…}"),
        ("ja\u200bne@corp.example 12\u200b34567", "{…}"),
        ("\u202eright\u202c \x1b[31m \x07 a\nb", "right \\x1b[31m \\x07 a b"),
        ("", None),
        (None, None),
        ("\u200b", None),
    ],
)  # fmt: skip
def test_what_looks_like_personal_data_is_a_slot(text: str | None, words: str | None) -> None:
    assert in_words(text) == words
    assert words is None or in_words(words) == words or "\\" in words


@pytest.mark.parametrize(
    "text",
    [
        "The end.Then more. Конец.Потом, e.g. 3.5 percent, i.e. U.S. or v1.2, at 5 p.m.",
        "well...what? 3.5km, Ph.D., obj.toString … ½ \ufb01n",
        "完了。次へ, \uff21\uff22\uff23\uff01 ✔\ufe0f",
        "1.first, 2.\u7b2c\u4e8c, 3.Third",
        "a\u0301 or उदाहरण।",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert in_words(text) == text


def test_words_are_cut_after_they_are_masked() -> None:
    """What is cut in the middle of an address still does not show the half of it."""
    for width in range(8, 40):
        shown = in_words("write to jane.doe@corp.example please", width)
        assert shown is not None
        assert len(shown) <= width
        assert "jane" not in shown
    whole = in_words("a " * LONGEST, 0)
    assert whole is not None
    assert len(whole) <= LONGEST


@pytest.mark.parametrize(
    "piece", ["a", "a.", "/a", "1 ", "1.", "a@", "ä.", "a-", "A.", ":", "A1-", "{…}", "(", "~/"]
)
def test_no_text_makes_it_slow(piece: str) -> None:
    """CPU, against that of a plain text as long: no more than some hundred times of it."""

    def spent(text: str) -> float:
        start = time.process_time()
        in_words(text)
        return time.process_time() - start

    plain = "word " * (LONGEST // 5)
    assert spent(piece * LONGEST) < 300 * max(0.001, min(spent(plain) for _ in range(3)))


def test_where_templates_are_used(result: Path) -> None:
    run = Run.open(result)
    table = run.templates.set_index("template_id")
    assert list(table.index) == ["t1", HOSTILE, "t2", "t3"]
    assert table.words["t1"] == in_words(SAYS["t1"], 0)
    assert table.words.isna().tolist() == [False, False, True, True]
    first = table.loc["t1"]
    assert (first.accounts, first.requests, first.members, first.inside) == (3, 9, 3, 1.0)
    assert first.cluster_id == NETWORK
    assert first.bits == bits(0.6, 3) / UNIT
    assert [one.template_id for one in uses(run.tables, run.info, NETWORK)] == ["t1", "t2", "t3"]
    assert run.templates is run.templates


def test_use_within_a_cluster_and_outside_of_it(tmp_path: Path) -> None:
    """Requests outside count, in other clusters and in none; a public template comes last."""
    folder = small_result(tmp_path / "result")
    evidence = pq.read_table(folder / "evidence.parquet").to_pylist()
    artifacts = pq.read_table(folder / "artifacts.parquet").to_pylist()
    seen = {name: evidence[0][name] for name in ("first_seen", "last_seen")}
    more = [("alone", "t1", 6), ("o1", "t1", 5), *((a, "public", 9) for a in ("n1", "n2", "o1"))]
    evidence += [
        {"account_id": a, "kind": "template", "value": v, "events": n, **seen} for a, v, n in more
    ]
    artifacts.append({"kind": "template", "value": "public", "accounts": 3, "degree": 1022})
    for row in artifacts:
        row["accounts"] += 2 * (row["value"] == "t1")
    for name, rows in (("evidence", evidence), ("artifacts", artifacts)):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    run = Run.open(folder)
    found = {one.template_id: one for one in uses(run.tables, run.info)}
    one = found["t1"]
    assert (one.accounts, one.requests, one.members, one.inside) == (5, 20, 3, 9 / 20)
    assert list(found)[-1] == "public"
    assert found["public"].bits < 0.01
    assert found["public"].inside == 2 / 3
    pair = uses(run.tables, run.info, run.cluster("cfeed").cluster_id)
    assert {each.template_id: each.inside for each in pair} == {"t1": 5 / 20, "public": 1 / 3}
    shown = json.loads(linked("templates", "show", folder, "t1", "--json"))
    assert [(each["members"], each["requests"]) for each in shown["clusters"]] == [(3, 9), (1, 5)]
    assert "1 account in no cluster" in linked("templates", "show", folder, "t1")


def test_a_result_without_templates_has_ids_alone(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    (folder / "templates.parquet").unlink()
    run = Run.open(folder)
    assert run.templates.words.isna().all()
    assert run.evidence(["n4"]).words.isna().all()
    assert "(an id alone)" in linked("templates", "list", folder)
    assert json.loads(linked("templates", "show", folder, "t1", "--json"))["parts"] == []
    (folder / "templates.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ResultError, match="damaged"):
        Run.open(folder).explain("n3", "n4")


def test_a_template_by_its_id_or_the_beginning_of_it(result: Path) -> None:
    run = Run.open(result)
    assert template(run.tables, run.info, "=cmd").template_id == HOSTILE
    for given in ("t", "", "none", "\ud800", "%", "t1' OR ''='"):
        with pytest.raises(NotFound):
            template(run.tables, run.info, given)


def test_the_commands(result: Path) -> None:
    text = linked("templates", "list", result)
    lines = [line for line in text.splitlines() if line.startswith("t1")]
    assert len(lines) == 1
    assert "You are {…}." in lines[0]
    assert "100 %" in lines[0]
    assert NETWORK[:9] in lines[0]
    assert "and 3 more" in linked("templates", "list", result, "--limit", 1)
    of = json.loads(linked("templates", "list", result, "--cluster", "c012", "--json"))
    assert (of["cluster"], of["total"]) == (NETWORK, 3)
    assert [one["template_id"] for one in of["templates"]] == ["t1", "t2", "t3"]
    assert of["templates"][0]["words"] == in_words(SAYS["t1"], 0)
    assert linked("templates", "list", result, "--cluster", "cfeed").startswith("No templates")
    shown = json.loads(linked("templates", "show", result, "t1", "--json"))
    assert shown["parts"] == ["t1.1", "t1.2"]
    assert (shown["cluster_id"], shown["clusters_total"]) == (NETWORK, 1)
    assert "no such template" in linked("templates", "show", result, "x", code=5)
    assert "no such cluster" in linked("templates", "list", result, "--cluster", "x", code=5)
    for command in (
        ("explain", "n3", "n4", "-r"), ("account", "n4", "-r"), ("show", "c012", "-r"),
        ("templates", "list"), ("templates", "show"),
    ):  # fmt: skip
        text = linked(*command, result, *(["t1"] if command == ("templates", "show") else []))
        assert "t1" in text
        assert "You are {…}. Ask {…}, {…} or {…}." in text
        assert not any(said in text for said in ("jane", "corp.example", "49 170"))
    assert "[red]\\x1b[31mact as <b>one</b>: {…}" in linked("account", "h2", "-r", result)


def test_who_is_told_of_reasons_reads_no_template(result: Path) -> None:
    """What others sent is theirs."""
    with closing(open_graph(result)) as graph:
        card = graph.account("n4")
        assert WORDS["t1"] in {row.words for row in card.evidence}
        kinds = KindWords.of_run(Run.open(result).info)
        told = statement(card, graph.cluster(NETWORK), "open", kinds)
    assert "You are" not in json.dumps(asdict(told))
    assert any(tie.kind == "template" for tie in told.ties)


def test_ban_lists_say_no_template(result: Path) -> None:
    assert not Run.open(result).banlist.reasons.str.contains("You are").any()


def test_every_template_is_read_once(tmp_path: Path) -> None:
    """Also of files with many of them: pieces go on where the last ended."""
    folder = small_result(tmp_path / "result")
    write_templates(folder, {f"{n:016x}": f"Say {chr(97 + n % 26)} {{…}}" for n in range(25_000)})
    from linkage.wording import every

    found = dict(every(Run.open(folder).tables))
    assert len(found) == 25_000
    assert found[f"{24_999:016x}"] == "Say n {…}"
