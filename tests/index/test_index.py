"""An index: it is the same for the same result, and never half of one, another's, or damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linkage.index.index as of_index
from linkage.errors import ResultError
from linkage.folder import TABLES
from linkage.graph import open_graph, run_id
from linkage.index import Index, index_of
from linkage.index.columns import texts
from linkage.index.files import LIST, Writer
from linkage.index.making import make
from linkage.index.texts import STEP, Texts
from tests.contracts.made import made_result
from tests.test_run import small_result


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with ties, nulls and hostile ids."""
    return made_result(tmp_path_factory.mktemp("index") / "made")


@pytest.fixture
def index(result: Path, tmp_path: Path) -> Path:
    """Its index."""
    index_of(result, run_id(result), tmp_path / "index")
    return tmp_path / "index"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def rewritten(folder: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    path = folder / f"{table}.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_the_order_of_rows_makes_no_difference(result: Path, index: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled"
    shutil.copytree(result, shuffled)
    rng = np.random.default_rng(3)
    for table in TABLES:
        rewritten(shuffled, table, lambda rows: rows.take(pa.array(rng.permutation(len(rows)))))
    make(shuffled, run_id(result), tmp_path / "other")
    assert contents(tmp_path / "other") == contents(index)


def damaged(path: Path, how: str) -> None:
    """Cut it, flip a bit of its last byte, or take it away."""
    if how == "gone":
        path.unlink()
        return
    found = bytearray(path.read_bytes())
    if how == "cut":
        del found[-1:]
    else:
        found[-1] ^= 1
    path.write_bytes(found)


@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_whatever_is_damaged_is_noticed_and_made_again(result: Path, index: Path, how: str) -> None:
    whole, run = contents(index), run_id(result)
    assert len(whole) > 60
    for name, before in whole.items():
        damaged(index / name, how)
        with pytest.raises(ResultError, match="a damaged index"):
            Index(index, run)
        (index / name).write_bytes(before)
    Index(index, run)
    for name in ("accounts.id.npy", LIST):
        damaged(index / name, how)
        index_of(result, run, index)
        assert contents(index) == whole
    assert names_in(index.parent) == [index.name]


def test_every_byte_of_the_list_counts(result: Path, index: Path) -> None:
    whole = (index / LIST).read_bytes()
    for place in range(0, len(whole) - 1, 97):
        changed = bytearray(whole)
        changed[place] ^= 1
        (index / LIST).write_bytes(changed)
        with pytest.raises(ResultError):
            Index(index, run_id(result))


def test_an_index_of_another_run_or_format_is_made_again(
    result: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = small_result(tmp_path / "small")
    with pytest.raises(ResultError, match="not an index of"):
        Index(index, run_id(other))
    assert list(index_of(other, run_id(other), index).accounts.id) == sorted(
        pq.read_table(other / "activity.parquet")["account_id"].to_pylist()
    )
    monkeypatch.setattr("linkage.index.files.FORMAT", 3)
    with pytest.raises(ResultError, match="not an index of"):
        Index(index, run_id(other))
    index_of(other, run_id(other), index)
    assert json.loads((index / LIST).read_text("utf-8"))["format"] == 3


def test_what_fails_on_the_way_leaves_nothing(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Writer, "finish", full)
    with pytest.raises(ResultError, match="cannot be written"):
        index_of(result, run_id(result), tmp_path / "index")
    assert not names_in(tmp_path)


def test_two_who_make_it_at_once_both_have_it(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, run = tmp_path / "index", run_id(result)

    def beaten(*told: object) -> None:
        make(result, run, folder)  # another process
        make(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(of_index, "make", beaten)
    assert len(index_of(result, run, folder).accounts.id)
    assert names_in(tmp_path) == ["index"]


def without(column: str, value: object) -> Callable[[pa.Table], pa.Table]:
    """Rows but those with a value."""

    def change(rows: pa.Table) -> pa.Table:
        keep = [found != value for found in rows[column].to_pylist()]
        return rows.filter(pa.array(keep))

    return change


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("activity", without("account_id", "a010")),
        ("artifacts", without("kind", "user_agent")),
        ("clusters", without("cluster_id", "c0000")),
        ("activity", lambda rows: pa.concat_tables([rows, rows.slice(3, 1)])),
        ("evidence", lambda rows: pa.concat_tables([rows, rows.slice(3, 1)])),
        ("clusters", lambda rows: pa.concat_tables([rows, rows.slice(3, 1)])),
        ("artifacts", lambda rows: pa.concat_tables([rows, rows.slice(3, 1)])),
        ("members", lambda rows: rows.drop_columns(["confidence"])),
        ("links", lambda rows: rows.rename_columns(["a", "b", "c", "d"])),
        ("evidence", lambda rows: rows.set_column(3, "events", pa.array(["x"] * len(rows)))),
    ],
)
def test_tables_that_do_not_fit_together_are_a_damaged_result(
    result: Path, tmp_path: Path, table: str, change: Callable[[pa.Table], pa.Table]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(result, copy)
    rewritten(copy, table, change)
    with pytest.raises(ResultError, match="copy: damaged"):
        make(copy, "r0", tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_a_file_that_is_no_parquet_is_a_damaged_result(result: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(result, copy)
    (copy / "links.parquet").write_bytes(b"PAR1 nothing of the sort PAR1")
    with pytest.raises(ResultError, match="copy: damaged"):
        make(copy, "r0", tmp_path / "index")


def test_a_run_that_found_nothing_has_an_index(result: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(result, copy)
    for table in ("clusters", "members", "links", "evidence", "artifacts"):
        rewritten(copy, table, lambda rows: rows.slice(0, 0))
    graph = open_graph(copy, index=tmp_path / "index")
    assert graph.clusters().rows == ()
    card = graph.account("a001")
    assert (card.membership, card.evidence) == (None, ())
    assert graph.link("a001", "a002").shared == ()
    graph.close()


words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=200)


@given(found=words, looked_for=words)
def test_texts_are_found_by_bisection(found: list[str], looked_for: list[str]) -> None:
    known = sorted(set(found))
    encoded = [word.encode() for word in known]
    at = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    made = Texts(at, np.frombuffer(b"".join(encoded), np.uint8))
    assert list(made) == known == made.of(np.arange(len(known)))
    for number, word in enumerate(known):
        assert made.number(word) == number
    for word in looked_for:
        there = known.index(word) if word in known else None
        assert made.number(word) == there
        assert made.place(word) == sum(other < word for other in known)
        begins = [n for n, other in enumerate(known) if other.startswith(word)]
        assert list(made.beginning(word)) == begins
    half = len(known) // 2
    part = made.part(half, len(known))
    assert [part.number(word) for word in known[half:]] == list(range(len(known) - half))


def test_more_texts_than_are_kept_in_memory(tmp_path: Path) -> None:
    writer, many = Writer(tmp_path), [f"{n:05}" for n in range(7 * STEP + 3)]
    writer.texts("many", texts(many))
    made = Texts(np.load(tmp_path / "many.at.npy"), np.load(tmp_path / "many.npy"))
    assert [made.number(word) for word in many] == list(range(len(many)))
    assert [made.place(f"{word}x") for word in many] == list(range(1, len(many) + 1))
