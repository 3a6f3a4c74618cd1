"""Reading events: formats, mapping, validation, repeats and messages.

`LINKAGE_GOLDEN=1 pytest tests/test_events.py` makes the golden messages anew.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import events
from linkage.artifacts.network import normal_ip
from linkage.errors import FormatError, InputError, MissingColumns, MissingInput, SettingsError
from linkage.readers import csvtext, streams
from linkage.readers.addresses import unsure
from linkage.readers.repeats import without
from linkage.readers.schema import SCHEMA
from linkage.settings import Settings, parse

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

GOLDEN = Path(__file__).parent / "golden" / "events"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CSV = b"ts,account_id,ip\n2026-01-01T12:00:00Z,a,10.0.0.1\n2026-01-01T12:00:01Z,b,10.0.0.2\n"
NDJSON = (
    b'{"ts": "2026-01-01T12:00:00Z", "account_id": "a", "ip": "10.0.0.1"}\n'
    b'{"ts": "2026-01-01T12:00:01Z", "account_id": "b", "ip": "10.0.0.2"}\n'
)


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


def parquet(columns: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


PARQUET = parquet(
    {
        "ts": pa.array([NOON, NOON + timedelta(seconds=1)], pa.timestamp("us", "UTC")),
        "account_id": ["a", "b"],
        "ip": ["10.0.0.1", "10.0.0.2"],
    }
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one, so that paths in messages are stable."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


_CON = ibis.duckdb.connect()


def read(
    *sources: str | Path, workdir: Path | None = None, **values: dict[str, Any]
) -> events.EventSet:
    return events.read(_CON, sources, parse(values), workdir or Path("work"))


def put(path: str | Path, data: bytes) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)
    return str(path)


def rows(found: events.EventSet) -> list[dict[str, Any]]:
    """The table's rows without nulls, times as text, in a fixed order."""
    table = _CON.to_pyarrow(found.table)
    assert table.num_rows == found.rows
    table = table.set_column(1, "ts", table["ts"].cast(pa.int64()))
    assert table.column_names == list(found.table.columns)
    return sorted(
        ({k: v for k, v in row.items() if v is not None} for row in table.to_pylist()),
        key=lambda row: json.dumps(row, sort_keys=True),
    )


def rejected(found: events.EventSet) -> list[tuple[str, int, str]]:
    assert found.quarantine is not None
    lines = [json.loads(line) for line in found.quarantine.read_text("utf-8").splitlines()]
    assert len(lines) == found.quarantined
    assert all(list(line) == ["file", "line", "reason", "row"] for line in lines)
    return [(line["file"], line["line"], line["reason"]) for line in lines]


def accounts(found: events.EventSet) -> list[str]:
    return [row["account_id"] for row in rows(found)]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


# formats


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("e.parquet", PARQUET),
        ("e.csv", CSV),
        ("E.CSV", CSV),
        ("bom.csv", b"\xef\xbb\xbf" + CSV),
        ("crlf.csv", CSV.replace(b"\n", b"\r\n")),
        ("semicolon.csv", CSV.replace(b",", b";")),
        ("open.csv", CSV.rstrip(b"\n")),
        ("blank.csv", b"\n\n" + CSV.replace(b"\n", b"\n\n")),
        ("e.tsv", CSV.replace(b",", b"\t")),
        ("e.csv.gz", gzip.compress(CSV, mtime=0)),
        ("e.csv.zst", zstd(CSV)),
        ("e.tsv.gz", gzip.compress(CSV.replace(b",", b"\t"), mtime=0)),
        ("e.ndjson", NDJSON),
        ("e.jsonl", NDJSON.replace(b"\n", b"\r\n \r\n")),
        ("e.json", b"\xef\xbb\xbf" + NDJSON.rstrip(b"\n")),
        ("e.ndjson.gz", gzip.compress(NDJSON[:60], mtime=0) + gzip.compress(NDJSON[60:], mtime=0)),
        ("e.jsonl.zst", zstd(NDJSON[:60]) + zstd(NDJSON[60:])),
        ('it\'s; DROP "x" --[1]*?.csv', CSV),
        ('it\'s; DROP "x" --[1]*?.parquet', PARQUET),
    ],
)
def test_every_format_gives_the_same_table(here: Path, name: str, data: bytes) -> None:
    found = read(put(name, data))
    assert rows(found) == [
        {"ts": micros(NOON), "account_id": "a", "ip": "10.0.0.1"},
        {"ts": micros(NOON) + 1_000_000, "account_id": "b", "ip": "10.0.0.2"},
    ]
    assert (found.quarantined, found.duplicates, found.quarantine) == (0, 0, None)
    assert found.present == {"ts", "account_id", "ip"}
    assert found.files == (name,)


def test_output_has_the_schema_without_what_templates_are_made_from(here: Path) -> None:
    for name, data in (("e.parquet", PARQUET), ("e.csv", CSV)):
        schema = read(put(name, data)).table.schema()
        expected = [c for c in SCHEMA.names if c not in ("prompt", "prompt_fingerprint")]
        assert list(schema.names) == expected
        assert all(schema[c] == SCHEMA[c] for c in expected)


def test_formats_and_folders_mix(here: Path) -> None:
    put("d/x/e.parquet", PARQUET)
    put("d/e.csv.gz", gzip.compress(CSV, mtime=0))
    put("d/notes.txt", b"no events")
    put("d/_SUCCESS", b"")
    put("d/.hidden.csv", CSV)
    put("d/.git/e.csv", CSV)
    put("d/empty.csv", b"")
    put("e.ndjson", NDJSON)
    found = read("d", "e.ndjson", "*.ndjson", "d/x/*")
    assert found.files == ("d/e.csv.gz", "d/empty.csv", "d/x/e.parquet", "e.ndjson")
    assert accounts(found) == ["a"] * 3 + ["b"] * 3


def test_a_glob_reaches_into_folders(here: Path) -> None:
    put("d/1/e.csv", CSV)
    put("d/2/e.csv", CSV)
    assert read("d/**/*.csv").rows == 4
    assert read("d/*").rows == 4


def test_its_own_files_are_no_input(here: Path) -> None:
    put("e.csv", CSV)
    assert read(".").rows == 2
    assert read(".").rows == 2


@pytest.mark.parametrize(
    "data",
    [CSV, NDJSON, gzip.compress(CSV, mtime=0), zstd(NDJSON), PARQUET],
    ids=["csv", "ndjson", "gzip", "zstd", "parquet"],
)
def test_standard_input_is_sniffed(
    here: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    found = read("-")
    assert accounts(found) == ["a", "b"]
    assert found.files == ("-",)


def test_files_with_other_columns_are_united_by_name(here: Path) -> None:
    put("a.csv", b"account_id,model,ts\nx,m1,2026-01-01T12:00:00Z\n")
    put("b.csv", b"ts,account_id,device_id\n2026-01-01T12:00:00Z,y,d1\n")
    put("c.parquet", parquet({"account_id": [7], "ts": [NOON.replace(tzinfo=None)], "other": [1]}))
    found = read("a.csv", "b.csv", "c.parquet")
    assert rows(found) == [
        {"account_id": "7", "ts": micros(NOON)},
        {"account_id": "x", "model": "m1", "ts": micros(NOON)},
        {"account_id": "y", "device_id": "d1", "ts": micros(NOON)},
    ]
    assert found.present == {"ts", "account_id", "model", "device_id"}


# mapping and types


def test_columns_are_mapped(here: Path) -> None:
    columns = {"account_id": 'us"er/~id', "ts": "it's when", "ip": "ts"}
    line = {'us"er/~id': 12, "it's when": "2026-01-01 12:00:00", "ts": "10.0.0.9", "ip": "no"}
    put("e.ndjson", json.dumps(line).encode())
    put("e.parquet", parquet({key: [value] for key, value in line.items()}))
    for name in ("e.ndjson", "e.parquet"):
        assert rows(read(name, events={"columns": columns})) == [
            {"account_id": "12", "ts": micros(NOON), "ip": "10.0.0.9"}
        ]


def test_declared_kinds_bring_their_columns(here: Path) -> None:
    put("e.csv", b"ts,account_id,wallet,prompt\n2026-01-01,a,w1,hello 1\n")
    found = read(
        "e.csv",
        artifacts={"paid_to": {"column": "receiver"}, "said": {"column": "prompt"}},
        events={"columns": {"receiver": "wallet"}},
    )
    assert found.table.columns[-1] == "receiver"
    (row,) = rows(found)
    assert (row["receiver"], row["prompt"]) == ("w1", "hello 1")
    assert "receiver" not in found.present


TIMES: list[tuple[Any, datetime]] = [
    ("2026-01-01T12:00:00Z", NOON),
    ("2026-01-01 12:00:00", NOON),
    (" 2026-01-01T14:00:00+02:00 ", NOON),
    ("2026-01-01", NOON.replace(hour=0)),
    ("2026-01-01T12:00:00.123456Z", NOON.replace(microsecond=123456)),
    (1767268800, NOON),
    (1767268800.25, NOON.replace(microsecond=250000)),
    (1767268800123, NOON.replace(microsecond=123000)),
    (1767268800123456, NOON.replace(microsecond=123456)),
    (1767268800123456789, NOON.replace(microsecond=123456)),
]


@pytest.mark.parametrize(("value", "expected"), TIMES)
def test_times_of_every_kind(here: Path, value: Any, expected: datetime) -> None:
    put("e.csv", f"ts,account_id\n{value},a\n".encode())
    put("e.ndjson", json.dumps({"ts": value, "account_id": "a"}).encode())
    put("e.parquet", parquet({"ts": [value], "account_id": ["a"]}))
    for name in ("e.csv", "e.ndjson", "e.parquet"):
        assert [row["ts"] for row in rows(read(name))] == [micros(expected)], name


@pytest.mark.parametrize("type_", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_times_of_parquet_types(here: Path, type_: str, zone: str | None) -> None:
    ts = (
        pa.array([micros(NOON) * 1000], pa.int64())
        .cast(pa.timestamp("ns"))
        .cast(pa.timestamp(type_))
    )
    stamped = ts.cast(pa.timestamp(type_, zone)) if zone else ts
    put("e.parquet", parquet({"ts": stamped, "account_id": ["a"]}))
    assert [row["ts"] for row in rows(read("e.parquet"))] == [micros(NOON)]


def test_values_of_other_types_become_text(here: Path) -> None:
    values: dict[str, Any] = {
        "account_id": 7.0, "ts": "2026-01-01", "device_id": {"os": ["x", 1]}, "model": 1.5,
        "org_verified": "yes", "input_tokens": "12", "output_tokens": "many", "type": True,
    }  # fmt: skip
    expected = {
        "account_id": "7", "ts": micros(NOON.replace(hour=0)), "device_id": '{"os":["x",1]}',
        "model": "1.5", "org_verified": True, "input_tokens": 12, "type": "true",
    }  # fmt: skip
    put("e.ndjson", json.dumps({**values, "account_id": 7}).encode())
    assert rows(read("e.ndjson")) == [expected]
    values["device_id"] = '{"os":["x",1]}'
    put("e.parquet", parquet({key: [value] for key, value in values.items()}))
    assert rows(read("e.parquet")) == [expected]


def test_nested_parquet_values_become_json(here: Path) -> None:
    device = pa.array([{"os": "x"}])
    put("e.parquet", parquet({"ts": [NOON], "account_id": ["a"], "device_id": device}))
    assert rows(read("e.parquet"))[0]["device_id"] == '{"os":"x"}'


def test_what_no_template_came_for_is_left_to_be_mined(here: Path) -> None:
    lines: list[dict[str, str]] = [
        {"prompt": "say  12 times"},
        {"prompt": "say 3 times", "prompt_fingerprint": "f"},
        {"prompt": "say 3 times", "prompt_fingerprint": "lkp1.AA"},
        {"prompt": "say 3 times", "prompt_fingerprint": "f", "prompt_template": "t"},
        {},
    ]
    common = {"ts": "2026-01-01", "account_id": "a"}
    put("e.ndjson", b"\n".join(json.dumps({**common, **line}).encode() for line in lines))
    found = read("e.ndjson")
    templates = [row.get("prompt_template") for row in rows(found)]
    # A fingerprint of the platform's own making is compared as it is.
    assert sorted(templates, key=str) == [None, None, None, "f", "t"]
    assert {"prompt", "prompt_fingerprint"} <= set(found.table.columns)


# validation

BAD_CSV = b"""ts,account_id,ip
2026-01-01,good,1.2.3.4

2026-01-01,,1.2.3.4
2026-01-01,  ,1.2.3.4
,a,1.2.3.4
yesterday,a,1.2.3.4
1989-12-31,a,1.2.3.4
2200-01-01,a,1.2.3.4
2026-01-01,a,1.2.3.400
2026-01-01,a
2026-01-01,a,1.2.3.4,more
2026-01-01,a\xff,1.2.3.4
2026-01-01,"quoted
over lines",::1
2026-01-01,"never closed,1.2.3.4
2026-01-01,fine,
2026-01-01,fine, 2001:DB8::1
"""
BAD_CSV_LINES = [
    (4, "no account"),
    (5, "no account"),
    (6, "no time"),
    (7, "time does not parse"),
    (8, "time before 1990 or after 2199"),
    (9, "time before 1990 or after 2199"),
    (10, "impossible address"),
    (11, "wrong number of fields"),
    (12, "wrong number of fields"),
    (13, "not UTF-8 text"),
    (16, "a quote that is not closed"),
]


def test_bad_lines_of_csv_are_quarantined(here: Path) -> None:
    found = read(put("e.csv", BAD_CSV))
    assert rejected(found) == [("e.csv", line, reason) for line, reason in BAD_CSV_LINES]
    assert accounts(found) == ["fine", "fine", "good", "quoted\nover lines"]
    assert found.quarantine is not None
    objects = [json.loads(line) for line in found.quarantine.read_text("utf-8").splitlines()]
    assert objects[0]["row"] == {"ts": "2026-01-01", "account_id": None, "ip": "1.2.3.4"}
    assert objects[7]["row"] == "2026-01-01,a"
    assert objects[9]["row"] == "2026-01-01,a\\xff,1.2.3.4"


def test_bad_lines_of_ndjson_are_quarantined(here: Path) -> None:
    good = b'{"ts": 1767268800, "account_id": "a", "ip": null}'
    lines = [
        good,
        b'{"ts": 1767268800, "account_id": "a"',
        b"[1]",
        b"",
        b'{"ts": 1767268800, "account_id": "\xff"}',
        b'{"ts": 1767268800, "account_id": null}',
        b'{"ts": null, "account_id": "a"}',
        b'{"ts": {"y": 1}, "account_id": "a"}',
        b'{"ts": 1767268800, "account_id": "a", "ip": ["10.0.0.1"]}',
        good,
    ]
    found = read(put("e.ndjson", b"\n".join(lines)))
    assert rejected(found) == [
        ("e.ndjson", 2, "malformed JSON"),
        ("e.ndjson", 3, "not a JSON object"),
        ("e.ndjson", 5, "not UTF-8 text"),
        ("e.ndjson", 6, "no account"),
        ("e.ndjson", 7, "no time"),
        ("e.ndjson", 8, "time does not parse"),
        ("e.ndjson", 9, "impossible address"),
    ]
    assert found.rows == 2


def bad_parquet(**more: Any) -> bytes:
    late = NOON.replace(year=2300)
    return parquet(
        {
            "ts": pa.array([NOON, NOON, None, late, NOON, NOON, NOON], pa.timestamp("us")),
            "account_id": ["a", None, "a", "a", "a", "\t ", "b"],
            "ip": ["1.1.1.1", None, None, None, "1.1.1.256", "", " "],
            **more,
        }
    )


@pytest.mark.parametrize("more", [{}, {"file_row_number": [7] * 7, "filename": ["f"] * 7}])
def test_bad_rows_of_parquet_are_quarantined(here: Path, more: dict[str, Any]) -> None:
    put("d/1.parquet", PARQUET)
    put("d/2.parquet", bad_parquet(**more))
    found = read("d")
    expected = [
        (2, "no account"),
        (3, "no time"),
        (4, "time before 1990 or after 2199"),
        (5, "impossible address"),
        (6, "no account"),
    ]
    got = [(line, reason) for _, line, reason in rejected(found)]
    if more:  # its own column of that name stands in the way of a row's number
        expected = sorted((None, reason) for _, reason in expected)  # type: ignore[misc]
    assert got == expected
    assert {file for file, *_ in rejected(found)} == {"d/2.parquet"}
    assert accounts(found) == ["a", "a", "b", "b"]


def test_the_quarantine_does_not_depend_on_order(here: Path) -> None:
    put("a.csv", BAD_CSV)
    put("b.parquet", bad_parquet())
    first = read("a.csv", "b.parquet", workdir=Path("w1"))
    second = read("b.parquet", "a.csv", workdir=Path("w2"))
    assert first.quarantine is not None
    assert second.quarantine is not None
    assert first.quarantine.read_bytes() == second.quarantine.read_bytes()
    assert rows(first) == rows(second)


def test_a_good_part_carries_no_filter(here: Path) -> None:
    put("good.parquet", PARQUET)
    assert "where" not in read("good.parquet").table.compile().lower()
    assert "join" not in read("good.parquet").table.compile().lower()


def test_an_old_quarantine_does_not_stay(here: Path) -> None:
    read(put("bad.csv", BAD_CSV))
    assert read(put("good.csv", CSV)).quarantine is None
    assert not Path("work/quarantine.ndjson").exists()


ADDRESSES = st.one_of(
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){2,4}", fullmatch=True),
    st.from_regex(r"[0-9a-fA-F:]{0,3}(:[0-9a-f]{0,5}){1,8}", fullmatch=True),
    st.ip_addresses().map(str),
    st.text(max_size=12),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(ADDRESSES, min_size=1, max_size=40))
def test_what_is_plainly_an_address_is_one_exactly(texts: list[str]) -> None:
    doubtful = set(unsure(pa.array(texts)).to_pylist())
    table = ibis.memtable(pa.table({"ip": texts}))
    normal = _CON.to_pyarrow(table.mutate(n=normal_ip(table.ip))).to_pylist()
    assert doubtful >= {row["ip"] for row in normal if row["n"] is None}


def test_doubtful_addresses_are_few() -> None:
    plain = ["0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", None]
    assert unsure(pa.array(plain)).to_pylist() == []
    assert unsure(pa.array(["x", None, "1.2.3.04", "x", ""])[1:]).to_pylist() == [
        "1.2.3.04",
        "x",
        "",
    ]


# repeats


def test_a_repeated_event_counts_once(here: Path) -> None:
    head = b"event_id,ts,account_id,model\n"
    put("a.csv", head + b"1,2026-01-02,a,m\n1,2026-01-01,b,m\n,2026-01-01,c,\n,2026-01-01,c,\n")
    put("b.csv", head + b"1,2026-01-01,a,m\n2,2026-01-01,a,m\n1,,a,m\n")
    found = read("a.csv", "b.csv")
    assert (found.rows, found.duplicates, found.quarantined) == (4, 2, 1)
    assert sorted((r.get("event_id", ""), r["account_id"]) for r in rows(found)) == [
        ("", "c"), ("", "c"), ("1", "a"), ("2", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_ids_name_no_event(here: Path, blank: str | None) -> None:
    ids = pa.array([blank] * 3 + ["x", "x"], pa.string())
    put("e.parquet", parquet({"ts": [NOON] * 5, "account_id": ["a"] * 5, "event_id": ids}))
    found = read("e.parquet")
    assert (found.rows, found.duplicates) == (4, 1)
    assert len(rows(found)) == 4


def test_ids_that_only_share_a_hash_are_all_kept(tmp_path: Path) -> None:
    table = ibis.memtable(pa.table({"event_id": ["x", "y"], "account_id": ["a", "b"]}))
    hashes = np.sort(_CON.to_pyarrow(table.select(h=hash_of(table)))["h"].to_numpy())
    once, dropped = without(_CON, table, hashes, tmp_path)
    assert (dropped, _CON.to_pyarrow(once.count()).as_py()) == (0, 2)


def hash_of(table: Any) -> Any:
    from linkage.readers.scan import hash64

    return hash64(table.event_id)


# the same table, however it is written

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]),
    min_size=1,
    max_size=6,
).filter(lambda text: text.strip() == text)
EVENT = st.fixed_dictionaries(
    {
        "ts": st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)),
        "account_id": st.sampled_from(["a", "b", "c\nd", 'e"f', "g,h", "ü"]),
    },
    optional={
        "event_id": st.integers(0, 12).map(str),
        "ip": st.sampled_from(["10.0.0.1", "::1", "300.1.1.1", "x"]),
        "device_id": TEXT,
        "prompt": TEXT,
        "org_verified": st.booleans(),
        "input_tokens": st.integers(0, 10**12),
    },
)
TYPES = pa.schema(
    [
        ("ts", pa.timestamp("us")),
        ("account_id", pa.string()),
        ("event_id", pa.string()),
        ("ip", pa.string()),
        ("device_id", pa.string()),
        ("prompt", pa.string()),
        ("org_verified", pa.bool_()),
        ("input_tokens", pa.int64()),
    ]
)


def as_parquet(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)


def as_csv(path: Path, table: pa.Table) -> None:
    sink = io.BytesIO()
    pc.write_csv(table, sink)
    path.write_bytes(_packed(path, sink.getvalue()))


def as_ndjson(path: Path, table: pa.Table) -> None:
    lines = (json.dumps(row, default=str, ensure_ascii=False) for row in table.to_pylist())
    path.write_bytes(_packed(path, "".join(line + "\n" for line in lines).encode()))


def _packed(path: Path, data: bytes) -> bytes:
    return {".gz": gzip.compress, ".zst": zstd}.get(path.suffix, bytes)(data)


WRITERS: dict[str, Callable[[Path, pa.Table], None]] = {
    "parquet": as_parquet, "csv": as_csv, "csv.gz": as_csv, "csv.zst": as_csv,
    "ndjson": as_ndjson, "ndjson.gz": as_ndjson, "jsonl.zst": as_ndjson,
}  # fmt: skip


def written(folder: Path, table: pa.Table, names: Sequence[str], pieces: int) -> Iterator[Path]:
    cuts = [round(table.num_rows * i / pieces) for i in range(pieces + 1)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        path = folder / f"{number}.{names[number % len(names)]}"
        WRITERS[names[number % len(names)]](path, table.slice(start, end - start))
        yield path


@settings(max_examples=8, deadline=None)
@given(
    st.lists(EVENT, min_size=1, max_size=25),
    st.lists(st.sampled_from(sorted(WRITERS)), min_size=1, max_size=3),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_any_format_split_and_order_gives_the_same_table(
    made: list[dict[str, Any]], names: list[str], pieces: int, rng: random.Random
) -> None:
    made.append({"ts": NOON.replace(tzinfo=None), "account_id": "good", "ip": "10.0.0.1"})
    with TemporaryDirectory() as folder:
        one, many = Path(folder, "one"), Path(folder, "many")
        one.mkdir()
        many.mkdir()
        as_parquet(one / "e.parquet", pa.Table.from_pylist(made, TYPES))
        expected = read(one, workdir=Path(folder, "w1"))
        mixed = rng.sample(made, len(made))
        list(written(many, pa.Table.from_pylist(mixed, TYPES), names, pieces))
        found = read(many, workdir=Path(folder, "w2"))
        assert rows(found) == rows(expected)
        assert found.quarantined == expected.quarantined
        assert found.rows + found.quarantined + found.duplicates == len(made)


@settings(max_examples=5, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=15), st.sampled_from(sorted(WRITERS)))
def test_a_file_twice_adds_nothing(made: list[dict[str, Any]], name: str) -> None:
    made = [{**row, "event_id": str(i), "ip": "::1"} for i, row in enumerate(made)]
    table = pa.Table.from_pylist(made, TYPES)
    with TemporaryDirectory() as folder:
        as_parquet(Path(folder, "e.parquet"), table)
        once = read(Path(folder), workdir=Path(folder, "w1"))
        WRITERS[name](Path(folder, f"copy.{name}"), table)
        twice = read(Path(folder), workdir=Path(folder, "w2"))
        assert rows(once) == rows(twice)
        assert (once.duplicates, twice.duplicates) == (0, len(made))


CELL = st.text(st.sampled_from('ab",\n é'), max_size=5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=30), st.integers(8, 60))
def test_blocks_of_csv_may_end_anywhere(cells: list[tuple[str, str]], size: int) -> None:
    lines = [
        f'2026-01-01,a,"{x}","{y}"' for x, y in ((c.replace('"', '""') for c in p) for p in cells)
    ]
    data = "ts,account_id,device_id,model\n" + "\n".join(lines)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "BLOCK", size)
        put(Path(folder, "e.csv"), data.encode())
        found = read(Path(folder), workdir=Path(folder, "w"))
        got = [(row.get("device_id", ""), row.get("model", "")) for row in rows(found)]
        assert (sorted(got), found.quarantined) == (sorted(cells), 0)


def test_blocks_of_ndjson_may_end_anywhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("e.ndjson", NDJSON * 20 + b"broken\n" + NDJSON)
    for size in range(40, 90, 17):
        monkeypatch.setattr(streams, "BLOCK", size)
        found = read("e.ndjson")
        assert (found.rows, rejected(found)) == (42, [("e.ndjson", 41, "malformed JSON")])


def test_a_stray_quote_does_not_swallow_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvtext, "RECORD_LINES", 50)
    line = b"2026-01-01,a,10.0.0.1\n"
    put("e.csv", b"ts,account_id,ip\n" + line + b'2026-01-01,"a,10.0.0.1\n' + line * 200)
    found = read("e.csv")
    assert rejected(found) == [("e.csv", 3, "a quote that is not closed")]
    assert found.rows == 201


# messages


def _no_columns() -> None:
    read(put("logs/e.csv", b"time,user_id,note\n1,2,3\n"))


def _no_time_json() -> None:
    read(put("e.ndjson", b'{"Created-At": 1, "account_id": "a"}\n{"who": 2, "account_id": "a"}\n'))


def _no_guess() -> None:
    read(put("e.parquet", parquet({"foo": [1], "bar": [2]})))


def _mapped_wrongly() -> None:
    put("e.csv", CSV)
    read("e.csv", events={"columns": {"device_id": "gerät", "email": "mail"}})


def _mapped_account_wrongly() -> None:
    read(put("e.csv", CSV), events={"columns": {"account_id": "user"}})


def _all_bad() -> None:
    read(put("e.csv", b"ts,account_id,ip\n" + b",a,\n" * 12 + b"2026-01-01,,\nx,y,z,z\n"))


def _header_twice() -> None:
    read(put("e.csv", b"ts,account_id,ts\n1,2,3\n"))


def _long() -> bytes:
    return gzip.compress(
        b"ts,account_id\n" + bytes(random.Random(1).randbytes(300_000).hex(), "ascii")
    )


def _no_rows() -> None:
    empty = {"ts": pa.array([], pa.timestamp("us")), "account_id": pa.array([], pa.string())}
    read(put("e.parquet", parquet(empty)))


def _folder_of_nothing() -> None:
    put("logs/readme.txt", b"x")
    read("logs")


MESSAGES: dict[str, tuple[type[InputError], Callable[[], object]]] = {
    "missing_file": (MissingInput, lambda: read("nowhere/e.csv")),
    "glob_without_match": (MissingInput, lambda: read("nowhere/*.csv")),
    "folder_of_nothing": (MissingInput, _folder_of_nothing),
    "no_source": (MissingInput, lambda: read()),
    "empty_file": (MissingInput, lambda: read(put("e.csv", b""))),
    "blank_file": (MissingInput, lambda: read(put("e.ndjson.gz", gzip.compress(b"\n \n")))),
    "only_a_header": (MissingInput, lambda: read(put("e.csv", b"ts,account_id\n"))),
    "no_rows": (MissingInput, _no_rows),
    "parquet_that_is_csv": (FormatError, lambda: read(put("e.parquet", CSV))),
    "gzip_that_is_csv": (FormatError, lambda: read(put("e.csv.gz", CSV))),
    "csv_that_is_gzip": (FormatError, lambda: read(put("e.csv", gzip.compress(CSV, mtime=0)))),
    "csv_that_is_ndjson": (FormatError, lambda: read(put("e.csv", NDJSON))),
    "packed_ndjson_that_is_csv": (FormatError, lambda: read(put("e.jsonl.zst", zstd(CSV)))),
    "json_array": (FormatError, lambda: read(put("e.json", b'[\n{"ts": 1}]'))),
    "utf16": (FormatError, lambda: read(put("e.csv", CSV.decode().encode("utf-16")))),
    "unknown_name": (FormatError, lambda: read(put("events", CSV))),
    "truncated_gzip": (FormatError, lambda: read(put("e.csv.gz", _long()[:-9]))),
    "damaged_zstd": (FormatError, lambda: read(put("e.csv.zst", zstd(CSV) + b"more"))),
    "truncated_parquet": (FormatError, lambda: read(put("e.parquet", PARQUET[:-20]))),
    "header_twice": (FormatError, _header_twice),
    "no_columns": (MissingColumns, _no_columns),
    "no_time_in_ndjson": (MissingColumns, _no_time_json),
    "no_guess": (MissingColumns, _no_guess),
    "mapped_account_wrongly": (MissingColumns, _mapped_account_wrongly),
    "mapped_wrongly": (InputError, _mapped_wrongly),
    "all_bad": (InputError, _all_bad),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_say_what_to_do(here: Path, name: str) -> None:
    error, cause = MESSAGES[name]
    with pytest.raises(InputError) as caught:
        cause()
    assert type(caught.value) is error
    path, message = GOLDEN / f"{name}.txt", f"{caught.value}\n"
    if os.environ.get("LINKAGE_GOLDEN"):
        path.write_text(message, "utf-8")
    assert message == path.read_text("utf-8")


def test_every_golden_message_is_still_made() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(MESSAGES)


def test_an_empty_standard_input_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(MissingInput, match="standard input is empty"):
        read("-")


def test_damaged_pages_are_a_format_error(here: Path) -> None:
    ips = [f"10.0.{i // 250}.{i % 250}" for i in range(9000)]
    data = parquet({"ip": ips, "ts": [NOON] * 9000, "account_id": ["a"] * 9000})
    put("e.parquet", data[:50] + bytes(9000) + data[9050:])
    with pytest.raises(FormatError, match="cannot be read"):
        read("e.parquet")


def test_a_mapping_of_no_column_of_ours_is_a_settings_error(here: Path) -> None:
    with pytest.raises(SettingsError, match="user_id"):
        read(put("e.csv", CSV), events={"columns": {"user_id": "account_id"}})


def test_settings_by_default_read_the_schema() -> None:
    assert set(SCHEMA.names) >= {kind.column for kind in Settings().kinds()}
