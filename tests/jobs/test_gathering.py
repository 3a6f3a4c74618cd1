"""Many small segments become a few files with the same events."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.jobs import gathering
from linkage.jobs.gathering import FEW, gathered
from linkage.readers.parts import PSEUDONYMS, key_of


def written(folder: Path, number: int, **columns: list[object]) -> Path:
    path = folder / f"{number:010}.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_a_few_segments_are_read_as_they_are(tmp_path: Path) -> None:
    paths = [written(tmp_path, number, event_id=["a"]) for number in range(FEW)]
    assert gathered(paths, tmp_path / "new") == paths
    assert not (tmp_path / "new").exists()


def test_many_become_few_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "SMALL", 20_000)
    monkeypatch.setattr(gathering, "ROWS", 50)
    paths = []
    for number in range(200):
        more: dict[str, list[object]] = {"referral": [f"r{number}", None]} if number >= 150 else {}
        ids: list[object] = [f"e{number}-a", f"e{number}-b"]
        paths.append(written(tmp_path, number, event_id=ids, **more))
    large = written(tmp_path, 200, event_id=[f"l{i * i * 7919}" for i in range(20_000)])
    found = gathered([*paths, large], tmp_path / "new")
    assert [path.name for path in found] == [
        large.name, "0000000000.parquet", "0000000150.parquet",
    ]  # fmt: skip
    before = [row for path in (large, *paths) for row in pq.read_table(path).to_pylist()]
    assert [row for path in found for row in pq.read_table(path).to_pylist()] == before
    assert pq.ParquetFile(found[1]).num_row_groups == 6


def test_pseudonyms_of_a_key_stay_apart_and_keep_their_mark(tmp_path: Path) -> None:
    """Else a detection would read them as names that came so."""
    keys: list[str | None] = [None, "one", "two"]
    paths = []
    for number in range(FEW + 2):
        key = keys[number % 3]
        table = pa.table({"event_id": [f"e{number}"]})
        path = tmp_path / f"{number:010}.parquet"
        pq.write_table(table.replace_schema_metadata(key and {PSEUDONYMS: key}), path)
        paths.append(path)
    found = gathered(paths, tmp_path / "new")
    assert [key_of(pq.read_schema(path)) for path in found] == keys
    for path, key in zip(found, keys, strict=True):
        numbers = [int(one[1:]) for one in pq.read_table(path)["event_id"].to_pylist()]
        assert {keys[number % 3] for number in numbers} == {key}
    assert sum(pq.read_metadata(path).num_rows for path in found) == len(paths)
