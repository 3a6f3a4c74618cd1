"""What is about the graph port but no contract of its adapters: opening, ids, cursors, room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import QuestionError, ResultError, SettingsError
from linkage.graph import open_graph, run_id
from linkage.graph.embedded import EmbeddedGraph
from linkage.graph.neighbours import Room, shown
from linkage.graph.paging import a_number_or_none, a_text, cursor, place
from tests.test_run import small_result


def test_a_folder_is_opened_by_the_embedded_adapter(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    for where in (folder, str(folder)):
        assert isinstance(open_graph(where), EmbeddedGraph)
    with pytest.raises(ResultError, match="no such folder"):
        open_graph(tmp_path / "nowhere")


@pytest.mark.parametrize("scheme", ["http", "redis", "neo4j+x", "BOLT+S3"])
def test_other_places_are_refused_without_their_password(scheme: str) -> None:
    with pytest.raises(SettingsError, match="give one of neo4j, neo4j\\+s") as caught:
        open_graph(f"{scheme}://me:secret@host:7687")
    assert "secret" not in str(caught.value)
    assert scheme.lower() in str(caught.value)


def test_a_copy_of_a_run_has_its_id(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    shutil.copytree(folder, tmp_path / "copy")
    assert run_id(folder) == run_id(tmp_path / "copy")
    with (folder / "run.json").open("a") as file:
        file.write("\n")
    assert run_id(folder) != run_id(tmp_path / "copy")


def test_a_closed_graph_can_be_asked_again(tmp_path: Path) -> None:
    graph = open_graph(small_result(tmp_path / "result"))
    before = graph.account("n1")
    graph.close()
    graph.close()
    assert graph.account("n1") == before


def test_damaged_files_are_named(tmp_path: Path) -> None:
    folder = small_result(tmp_path / "result")
    (folder / "clusters.parquet").write_bytes(b"PAR1 nothing of the sort PAR1")
    with pytest.raises(ResultError, match="result: damaged"):
        open_graph(folder).clusters()


numbers = st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False).filter(
    lambda x: abs(x) < float("inf")
)  # fmt: skip


@given(number=numbers, text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_brings_its_keys_back(number: float | None, text: str) -> None:
    after = cursor(("question", 1), (number, text))
    assert place(after, ("question", 1), (a_number_or_none, a_text)) == (number, text)
    with pytest.raises(QuestionError, match="of another question"):
        place(after, ("question", 2), (a_number_or_none, a_text))


@pytest.mark.parametrize(
    "keys", [(True, "x"), (2**63, "x"), ("1", "x"), (1, None), (1,), (1, "x", 2), (1, "\ud800")]
)
def test_a_forged_cursor_is_refused(keys: tuple[str | int | None, ...]) -> None:
    after = cursor(("question",), keys)
    with pytest.raises(QuestionError, match="broken"):
        place(after, ("question",), (a_number_or_none, a_text))


counts = st.integers(0, 40)


@given(
    nodes=st.integers(1, 60),
    found=st.builds(Room, accounts=counts, artifacts=counts, clusters=counts),
)
def test_room_is_used_and_not_exceeded(nodes: int, found: Room) -> None:
    taken = shown(nodes, found)
    parts = (taken.accounts, taken.artifacts, taken.clusters)
    there = (found.accounts, found.artifacts, found.clusters)
    assert all(0 <= part <= most for part, most in zip(parts, there, strict=True))
    assert sum(parts) == min(nodes - 1, sum(there))
