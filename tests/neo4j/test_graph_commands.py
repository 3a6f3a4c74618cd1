"""`linkage graph push`, `status`, `drop` and `export`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.cli import app
from tests.neo4j.graphs import held
from tests.neo4j.servers import Address
from tests.test_run import small_result


def ran(*words: object, code: int = 0) -> str:
    """What a command prints: on standard output, or the fault where it is to fail."""
    result = CliRunner().invoke(app, ["graph", *(str(word) for word in words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stderr if code else result.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs."""
    one, two = (small_result(tmp_path_factory.mktemp("runs") / name) for name in ("one", "two"))
    told = json.loads((two / "run.json").read_text("utf-8"))
    (two / "run.json").write_text(json.dumps(told | {"version": "0.0.two"}), "utf-8")
    return one, two


def test_push_status_and_drop(
    spare: Address, results: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = results
    monkeypatch.setenv("COLUMNS", "80")
    assert "holds no run" in ran("status")
    text = ran("push", one)
    key = json.loads(ran("status", "--json"))[0]["run"]
    assert f"The run {key.removesuffix('-flagged')} (flagged) was brought in, and is shown." in text
    assert "clusters" in text
    assert "was there already" in ran("push", one)
    pushed = json.loads(ran("push", two, "--scope", "all", "--keep", 1, "--json"))
    assert (pushed["scope"], pushed["already"], pushed["dropped"]) == ("all", False, [])
    assert pushed["parts"]["clusters"] == 3
    rows = json.loads(ran("status", "--json"))
    assert [(row["scope"], row["state"], row["shown"]) for row in rows] == [
        ("flagged", "whole", False), ("all", "whole", True),
    ]  # fmt: skip
    assert rows[1]["previous"] == key
    assert rows[1]["published"].endswith("+00:00")
    assert key in ran("status")
    assert "push another first" in ran("drop", rows[1]["run"], code=6)
    assert ran("drop", key) == f"Taken away: {key}\n"
    assert [row["run"] for row in json.loads(ran("status", "--json"))] == [rows[1]["run"]]
    assert "no such run" in ran("drop", key, code=6)
    assert json.loads(ran("push", one, "--json"))["dropped"] == [rows[1]["run"]]
    assert ran("push", one, "--quiet") == ""


def test_what_others_have_is_not_touched(spare: Address, results: tuple[Path, Path]) -> None:
    with spare.driver() as driver:
        driver.execute_query(
            "CREATE (:Run {run: 'r1', plan: '{\"labels\": []}'})<-[:OF]-(:Account {run: 'r1'})"
        )
        before = held(driver)
        assert "linkage did not write" in ran("push", results[0], code=6)
        assert ran("status", "--json").strip() == "[]"
        assert "no such run" in ran("drop", "r1", code=6)
        assert held(driver) == before


def test_a_database_must_be_named(
    results: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINKAGE_GRAPH", raising=False)
    for words in (("push", results[0]), ("status",), ("drop", "r1"), ("pull", tmp_path / "out")):
        assert "set LINKAGE_GRAPH" in ran(*words, code=2)
        assert "no URL of a database" in ran(*words, "--graph", results[0], code=2)
        said = ran(*words, "--graph", "bolt://me:secret@localhost", code=2)
        assert "LINKAGE_GRAPH_PASSWORD" in said
        assert "secret" not in said
        assert "give one of neo4j" in ran(*words, "--graph", "http://localhost", code=2)


def test_a_database_that_is_not_there(
    results: tuple[Path, Path], tmp_path: Path, spare: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", "wrong")
    assert "set LINKAGE_GRAPH_USER" in ran("status", code=6)
    assert "is it running?" in ran("push", results[0], "--graph", "bolt://127.0.0.1:1", code=6)
    assert "no such folder" in ran("push", tmp_path / "nothing", code=4)


def test_export_says_how_to_import(results: tuple[Path, Path], tmp_path: Path) -> None:
    text = ran("export", results[0], tmp_path / "files", "--scope", "all")
    assert f"  sh {tmp_path}/files/import.sh neo4j\n" in text
    assert f"  linkage graph push {results[0]} --scope all\n" in text
    found = json.loads(ran("export", results[0], tmp_path / "more", "--json"))
    assert found["folder"] == str(tmp_path / "more")
    assert found["files"]["nodes-Run"] == 1
    assert "not empty" in ran("export", results[0], tmp_path / "more", code=4)
    assert "no such folder" in ran("export", tmp_path / "none", tmp_path / "other", code=4)
