"""Every command: what it prints, what it leaves, and how it fails."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import linkage.graph
import linkage.pipeline
import linkage.scenarios
from linkage.cli import app
from linkage.cli.progress import Waiting
from linkage.graph import run_id
from linkage.graph.embedded import EmbeddedGraph
from linkage.render import clean, command, innocents, number, percent, plain, reasons
from linkage.run import Run
from linkage.scenarios import Scenario
from tests.contracts.made import made_result
from tests.test_evaluation import write_truth
from tests.test_run import (
    HOSTILE,
    HOSTILE_CLUSTER,
    MEMBERS,
    NETWORK,
    PAIR,
    cluster_rows,
    small_result,
)

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

MAIN = [sys.executable, "-c", "from linkage.cli import main; main()"]
SMALL = ["--accounts", "400", "--fakes", "80", "--events", "4000"]


def linked(*words: object, code: int = 0) -> str:
    """What a command prints on standard output."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.stdout


def failed(*words: object, code: int) -> str:
    """What a failing command prints on standard error; nothing on standard output."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert not result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's environment names no graph and no width."""
    for name in ("LINKAGE_GRAPH", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_result(tmp_path_factory.mktemp("cli") / "result")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated month, by the command."""
    folder = tmp_path_factory.mktemp("month")
    linked("simulate", folder, *SMALL, "--quiet")
    return folder


def test_clusters(result: Path) -> None:
    text = linked("clusters", "-r", result)
    assert [line.split()[0] for line in text.splitlines() if line.startswith("c0")] == [
        NETWORK[:9], HOSTILE_CLUSTER[:9],
    ]  # fmt: skip
    assert "0.005" in text
    assert "91 % of requests in templates of their own" in text
    assert "60 % with one client" not in text  # what most groups have is no reason
    assert HOSTILE_CLUSTER[:9] not in linked("clusters", "-r", result, "--proposal", "ban")
    assert linked("clusters", "-r", result, "--proposal", "none", "-q") == f"{PAIR}\n"
    assert "and 2 more" in linked("clusters", "-r", result, "--limit", 1)
    assert linked("clusters", "-r", result, "-q").splitlines()[0] == NETWORK


def test_clusters_for_programs(result: Path) -> None:
    found = json.loads(linked("clusters", "-r", result, "--json", "--proposal", "review"))
    assert found["total"] == 1
    assert set(found["clusters"][0]) == {
        "cluster_id", "accounts", "events", "score", "expected", "proposal", "note", "signals",
        "p_operation", "p_lives", "p_pretend", "first_seen", "last_seen",
    }  # fmt: skip
    assert found["clusters"][0]["first_seen"] == "2026-06-01T00:00:00+00:00"
    every = json.loads(linked("clusters", "-r", result, "--json", "-n", 0))["clusters"]
    assert every[2]["score"] is None


def test_show(result: Path) -> None:
    text = linked("show", "c0123", "-r", result)
    for words in (
        "proposal: ban", "One operation?", "No lives of their own?", "Pretending to be many?",
        "one artifact alone ties it to the cluster", "Members (5, 3 of them listed)", "d1",
    ):  # fmt: skip
        assert words in text
    assert linked("show", "c0123", "-r", result, "-q").split() == ["n1", "n2", "n3", "n5", "n4"]
    found = json.loads(linked("show", "c0123", "-r", result, "--json", "-n", 2))
    assert [len(found[key]) for key in ("members", "shared")] == [2, 2]
    assert (found["members_total"], found["shared_total"]) == (5, 8)
    assert found["cluster"]["cluster_id"] == NETWORK


def test_show_a_cluster_that_is_no_group(result: Path) -> None:
    text = linked("show", "cfeed", "-r", result)
    assert "proposal: none (fewer than 5 accounts)" in text
    assert "One operation?" not in text


def test_account(result: Path) -> None:
    text = linked("account", "n4", "-r", result)
    assert f"cluster {NETWORK}, proposal review, confidence 2.0 bits; held back" in text
    assert "organisation, verified: acme" in linked("account", "o1", "-r", result)
    assert "merely claimed: acme" in linked("account", "q1", "-r", result)
    assert "in no cluster" in linked("account", "alone", "-r", result)
    assert linked("account", "n4", "-r", result, "-q") == f"{NETWORK}\n"
    assert linked("account", "alone", "-r", result, "-q") == ""
    found = json.loads(linked("account", "n4", "-r", result, "--json"))
    assert found["membership"]["held_by"] == "drop_one"
    assert found["activity"]["own_prompts"] is None
    assert found["evidence_total"] == len(found["evidence"]) == 4


def test_explain(result: Path) -> None:
    text = linked("explain", "n1", "n2", "-r", result)
    assert "Both used the same IP address" in text
    assert "22.93" in text
    assert "Linked: what they share weighs" in text
    assert "is missing" in linked("explain", "n3", "n4", "-r", result)
    assert linked("explain", "n1", "alone", "-r", result, "-q").startswith("Not linked")
    found = json.loads(linked("explain", "n1", "n2", "-r", result, "--json"))
    assert found["linked"] is True
    assert {part["family"] for part in found["families"]} == {"network", "client", "money"}


READING = (("clusters",), ("show", "c0123"), ("account", "n4"), ("explain", "n1", "n2"))


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_the_graph_is_read_from_where_it_is_said_to_be(
    words: tuple[str, ...], result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "result: no such folder" in failed(*words, code=4)  # the default
    text = linked(*words, "-r", result)
    assert linked(*words, "--graph", result) == linked(*words, "-g", result) == text
    monkeypatch.setenv("LINKAGE_GRAPH", str(result))
    assert linked(*words) == text
    assert "nowhere: no such folder" in failed(*words, "-g", tmp_path / "nowhere", code=4)
    # Which of two folders is read is not to be guessed.
    assert "leave out one" in failed(*words, "-r", tmp_path, code=2)


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
@pytest.mark.parametrize("url", ["redis://me:secret@host:7687", " redis://me:secret@host "])
def test_a_database_that_cannot_be_read_is_refused_without_its_password(
    words: tuple[str, ...], url: str, result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [failed(*words, "-g", url, code=2), failed(*words, "-g", url, "-r", result, code=2)]
    monkeypatch.setenv("LINKAGE_GRAPH", url)
    refused.append(failed(*words, code=2))
    for text in refused:
        assert "redis://..." in text
        assert "secret" not in text


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_a_database_is_asked_and_closed(
    words: tuple[str, ...], result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is for what the database does not hold, and only where it is named."""
    opened: list[tuple[object, object]] = []
    closed: list[bool] = []

    class Database(EmbeddedGraph):
        def close(self) -> None:
            closed.append(True)
            super().close()

    def database(where: str, beyond: Path | None = None) -> Database:
        opened.append((where, beyond))
        return Database(result)

    text = linked(*words, "-r", result)
    monkeypatch.setattr(linkage.graph, "open_graph", database)
    assert linked(*words, "-g", "bolt://host") == text
    assert linked(*words, "-g", "bolt://host", "-r", result) == text
    assert opened == [("bolt://host", None), ("bolt://host", result)]
    assert closed == [True, True]
    found = json.loads(linked("clusters", "-g", "bolt://me:secret@host", "--json"))
    assert found["result"] is None
    assert found["run"] == run_id(result)


def test_long_answers_are_read_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is longer than a page, whatever the port's is, and nothing is lost or doubled."""
    folder = made_result(tmp_path / "made")
    run = Run.open(folder)
    widest = run.clusters.sort_values("accounts").cluster_id.iloc[-1]
    words = ("show", widest, "-r", folder)
    once = [linked("clusters", "-r", folder, "-n", 0), linked(*words, "-n", 0)]
    counts = json.loads(linked(*words, "--json"))
    monkeypatch.setattr("linkage.graph.questions.MOST_ROWS", 7)
    monkeypatch.setattr("linkage.cli.reading.SHARED", 3)
    listed = linked("clusters", "-r", folder, "-n", 0, "-q").splitlines()
    assert len(listed) > 14
    assert sorted(listed) == sorted(run.clusters.cluster_id)
    assert [linked("clusters", "-r", folder, "-n", 0), linked(*words, "-n", 0)] == once
    assert len(linked(*words, "-q").splitlines()) == counts["members_total"] > 7
    few = json.loads(linked(*words, "-n", 2, "--json"))
    assert counts["shared_total"] > 3
    assert few["shared_total"] is None  # nobody counted them
    assert len(few["shared"]) == 2
    text = linked(*words, "-n", 2)
    assert "What members share (more than 3 artifacts)" in text
    assert "... and more: --limit 0" in text


def test_short_ids_are_no_other_cluster_s(tmp_path: Path) -> None:
    """Also of those that are not shown, whether they are asked about one by one or all at once."""
    folder = small_result(tmp_path / "result")
    rows = [
        {**row, "cluster_id": f"c{n:04x}{0:012x}" if n else "c0000000011111111"}
        for n, row in enumerate(cluster_rows()[:1] * 40)
    ]
    rows.append({**rows[0], "cluster_id": "c0000000012222222", "score": 1.0})
    pq.write_table(pa.Table.from_pylist(rows), folder / "clusters.parquet")
    info = json.loads((folder / "run.json").read_text())
    info["counts"]["clusters"] = len(rows)
    (folder / "run.json").write_text(json.dumps(info))
    for limit in (1, 30):
        text = linked("clusters", "-r", folder, "-n", limit)
        assert "c0000000011 " in text.splitlines()[2]
        assert f"and {len(rows) - limit} more" in text
    with pytest.raises(AssertionError, match="2 clusters begin so"):
        linked("show", "c00000000", "-r", folder)


def test_evaluate(result: Path, tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "truth.csv")
    text = linked("evaluate", result, truth)
    assert "100 % (3 of 3; 43.9 to 100.0 %)" in text
    assert "1 account of the truth had no events" in text
    assert "B-cubed precision 0.7333, recall 0.8333" in text
    assert "B-cubed" not in linked("evaluate", result, truth, "--quiet")
    found = json.loads(linked("evaluate", result, truth, "--json"))
    assert found["recall"]["flagged"]["hits"] == 5
    assert found["networks_found"]["of"] == 3


def test_evaluate_with_own_labels(result: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("account_id,group,fraud\nn1,[red]\x1b[31m,\nn4,,yes\no1,,no\n")
    text = linked("evaluate", result, labels, "--least", 3)
    assert "8 accounts of the run are left out: the truth says nothing about them" in text
    assert "in a cluster of 3 accounts or more, whatever is proposed" in text
    assert r"[red]\x1b[31m" in text
    assert "lower bound" not in text
    text = linked("evaluate", result, labels, "--unlabelled", "innocent", "--quiet")
    assert "precision is a lower bound: 8 accounts that the truth says nothing about" in text
    words = ("evaluate", result, labels, "--unlabelled", "innocent", "--json", "--least", 5)
    found = json.loads(linked(*words))
    assert (found["unlabelled"], found["least"]) == (8, 5)
    assert found["precision"]["clustered"]["hits"] == 2


def test_simulate(tmp_path: Path) -> None:
    text = linked("simulate", tmp_path / "a", *SMALL, "--no-evasion", "--prompts", "--seed", 3)
    assert "events of 400 accounts, 80 of them in" in text
    found = json.loads(linked("simulate", tmp_path / "b", *SMALL, "--evasion", "jitter", "--json"))
    assert Path(found["events_path"]).is_file()
    assert Path(found["truth_path"]).is_file()
    assert found["fakes"] == 80
    assert sum(found["kinds"].values()) == 400
    assert "needs the evasion" in failed(
        "simulate", tmp_path / "c", "--no-evasion", "--reword", 0.5, code=2
    )


def test_detect(month: Path, tmp_path: Path) -> None:
    out = tmp_path / "result"
    events = month / "events.parquet"
    text = linked("detect", events, "--out", out)
    assert "Counts" in text
    assert str(out / "banlist.csv") in text.replace("\n", "")
    assert f"linkage clusters -r {out}" in text
    assert "use --overwrite" in failed("detect", events, "-o", out, code=4)


def test_options_of_detect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def detected(*given: Any, **named: Any) -> None:
        named.pop("progress")("links", 0.5)
        asked.append((*given, named))
        small_result(given[1])

    monkeypatch.setattr(linkage.pipeline, "detect", detected)
    (tmp_path / "linkage.toml").write_text("[links]\nmargin_bits = 4\n")
    found = json.loads(
        linked(
            "detect", "a.csv", "-", "-o", tmp_path / "out", "--json", "--overwrite",
            "--settings", tmp_path / "linkage.toml", "--algorithm", "louvain", "--baseline", "base",
        )
    )  # fmt: skip
    sources, out, settings, named = asked[0]
    assert (sources, out) == (["a.csv", "-"], tmp_path / "out")
    assert (settings.links.margin_bits, settings.communities.algorithm) == (4, "louvain")
    assert named == {
        "evidence": None,
        "baseline": Path("base"),
        "judgements": None,
        "overwrite": True,
    }
    assert found["banlist"] == str(tmp_path / "out" / "banlist.csv")
    assert [c["proposal"] for c in found["clusters"]] == ["ban", "review"]
    assert found["held_by"] == {"drop_one": 1, "unplantable": 1}
    assert not linked("detect", "a.csv", "-o", tmp_path / "quiet", "--quiet")
    text = linked("detect", "a.csv", "-o", tmp_path / "said")
    assert "held back, drop_one: 1 account (one artifact alone" in text
    assert "quarantined: 2 rows, with the reasons in" in text
    assert "'=cmd()" in text
    assert f"linkage explain -r {tmp_path / 'said'} n1 n2" in text.replace("\n", "")


def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Scenario(accounts=600, fakes=100, events=6_000)
    monkeypatch.setattr(linkage.scenarios, "Scenario", lambda: small)
    text = linked("demo", "--out", tmp_path / "demo")
    for words in ("Against the simulated truth", "precision", "recall", "linkage evaluate", "Ban"):
        assert words in text
    assert (tmp_path / "demo" / "month" / "truth.parquet").is_file()
    assert (tmp_path / "demo" / "result" / "banlist.csv").is_file()


def test_faults_have_exit_codes(result: Path, month: Path, tmp_path: Path) -> None:
    out = ["--out", tmp_path / "out"]
    settings = tmp_path / "linkage.toml"
    settings.write_text("[links]\nmargin_bits = 99\nno_such = 1\n")
    wrong = failed("detect", month / "events.parquet", *out, "-s", settings, code=2)
    assert "2 faults" in wrong
    assert "links.margin_bits" in wrong
    assert "Usage" in failed("detect", code=2)
    assert "exclude each other" in failed(
        "simulate", tmp_path / "s", "--evasion", "jitter", "--no-evasion", code=2
    )
    assert "known: residential_proxies" in failed(
        "simulate", tmp_path / "s", "--evasion", "magic", code=2
    )
    assert "nothing.csv" in failed("detect", tmp_path / "nothing.csv", *out, code=3)
    assert "no such file" in failed("evaluate", result, tmp_path / "truth.csv", code=3)
    assert "no such folder" in failed("clusters", "-r", tmp_path / "nowhere", code=4)
    assert "no such cluster" in failed("show", "cxxx", "-r", result, code=5)
    assert "is it alone?" in failed("account", "alnoe", "-r", result, code=5)
    assert "no such account" in failed("explain", "n1", "nobody", "-r", result, code=5)
    assert not (tmp_path / "out").exists()


def test_an_interrupted_command(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path) -> Run:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "open", interrupted)
    assert failed("clusters", "-r", result, code=130) == "linkage: interrupted\n"


def test_every_command_and_option_has_help() -> None:
    group: Any = get_command(app)
    assert set(group.commands) == {
        "demo", "detect", "clusters", "show", "account", "explain", "simulate", "evaluate",
        "calibrate", "graph", "neo4j", "serve", "runs", "keys", "backup", "restore", "privacy",
        "reveal", "banlist", "templates", "webhooks",
    }  # fmt: skip
    groups = {
        name: command.commands
        for name, command in group.commands.items() if hasattr(command, "commands")
    }  # fmt: skip
    assert {name: set(inside) for name, inside in groups.items()} == {
        "neo4j": {"up", "down", "status"},
        "graph": {"push", "status", "drop", "export", "pull", "browse"},
        "runs": {"add", "list", "serve"},
        "keys": {"create", "list", "revoke"},
        "privacy": {"keys", "expire", "erase", "rotate"},
        "banlist": {"keygen", "build", "publish", "export", "diff", "verify", "conformance"},
        "webhooks": {"list", "dead", "retry", "enable", "test", "secret"},
        "templates": {"mine", "fingerprint", "list", "show"},
    }
    inner = [pair for inside in groups.values() for pair in inside.items()]
    for name, each in [*group.commands.items(), *inner]:
        assert each.help, name
        assert all(getattr(option, "help", "") for option in each.params), name
        assert "..." not in each.get_short_help_str(60)
    text = linked("--help")
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "10 ", "130"):
        assert f"\n    {code}" in text
    assert linked("--version").startswith("linkage ")


def test_values_from_data_cannot_act(result: Path) -> None:
    """Markup, escape sequences and text direction stay text, in tables as in messages."""
    outputs = [
        linked("clusters", "-r", result),
        linked("show", NETWORK, "-r", result),
        linked("show", HOSTILE_CLUSTER, "-r", result),
        linked("account", HOSTILE, "-r", result),
        linked("explain", HOSTILE, "h2", "-r", result),
        failed("account", HOSTILE + "x", "-r", result, code=5),
    ]
    for text in outputs:
        assert all(line.isprintable() for line in text.splitlines())
    assert "[red]" in outputs[2]
    assert r"\x1b[31mevil" in outputs[2]
    assert "[blink]five payers" in outputs[1]
    assert "=cmd()" in outputs[4]


def run_main(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_piped_output_is_plain(result: Path) -> None:
    found = run_main("show", NETWORK, "-r", result, FORCE_COLOR="1", PYTHONIOENCODING="ascii")
    assert found.returncode == 0
    assert "\x1b" not in found.stdout
    assert found.stdout.isascii()
    assert run_main("account", "x", "-r", result).returncode == 5


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal(result: Path, colour: bool) -> None:
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "70"} | (
        {} if colour else {"NO_COLOR": "1"}
    )
    words = [*MAIN, "show", NETWORK, "-r", str(result)]
    with subprocess.Popen(words, stdout=other, stderr=other, env=environment) as process:
        os.close(other)
        text = _all_of(main)
    assert process.returncode == 0
    assert ("\x1b[1;31mban" in text) == colour
    assert "\x1b[2J" not in text
    if not colour:
        assert "\x1b[31m" not in text


def _all_of(terminal: int) -> str:
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(terminal)
    return b"".join(parts).decode()


@pytest.mark.parametrize("width", ["20", "40", "80"])
def test_any_width(result: Path, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for words in (("show", NETWORK), ("explain", "n1", "n2"), ("account", "n1"), ("clusters",)):
        text = linked(*words, "-r", result)
        assert max(len(line) for line in text.splitlines()) <= int(width)


def test_progress_shows_after_a_while_only(capsys: pytest.CaptureFixture[str]) -> None:
    with Waiting("working", quiet=False, patience=60) as waiting:
        waiting("events", 0.1)
    assert capsys.readouterr().err == ""
    with Waiting("working", quiet=False, patience=0) as waiting:
        time.sleep(0.1)
        waiting("events", 0.1)
        waiting("events", 0.2)
        waiting("[red]links\x1b[0m", 0.5)
    err = capsys.readouterr().err
    assert err.splitlines() == [
        "working (0%)", "working: events (10%)", r"working: [red]links\x1b[0m (50%)",
    ]  # fmt: skip
    with Waiting("working", quiet=True, patience=0) as waiting:
        waiting("events", 0.1)
    assert capsys.readouterr().err == ""


def test_words_and_figures() -> None:
    assert clean("a\nb\x00\u202e\ud800") == r"a\nb\x00\u202e\ud800"
    assert clean("abcdef", 4) == "abc…"
    assert [number(x) for x in (1234567, 0.5, 12345.6, float("nan"))] == [
        "1,234,567", "0.5", "12,346", "-",
    ]  # fmt: skip
    assert [innocents(x) for x in (None, 0.00004, 0.0123, 4.0, 123.4)] == [
        "-", "< 0.001", "0.012", "4", "123",
    ]  # fmt: skip
    assert [percent(x) for x in (None, 0.0, 0.5, 0.9995, 1.0)] == [
        "-", "0 %", "50.0 %", "99.950 %", "100 %",
    ]  # fmt: skip
    assert command("linkage", "account", "a b; rm -rf $(x)") == "linkage account 'a b; rm -rf $(x)'"
    assert reasons(None) == []
    assert plain({"a": (1, float("inf"))}) == {"a": [1, None]}


def test_members_of_the_fixture_are_listed_as_the_ban_list_says(result: Path) -> None:
    listed = [m[0] for m in MEMBERS if m[3] == "ban"]
    assert len(Run.open(result).banlist) == len(listed)


def test_no_command_waits_for_what_few_need() -> None:
    asked = "import sys, linkage.cli; print({'pandas', 'numba', 'scipy', 'ibis'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True)
    assert told.stdout == "set()\n"
