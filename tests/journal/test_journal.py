"""The journal: nothing that was acknowledged is lost, nothing comes twice, damage is never passed
over."""

from __future__ import annotations

import json
import os
import random
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import JournalError, LinkageError, QuestionError
from linkage.events import read
from linkage.journal import Checked, Checker, Journal, Receipt
from linkage.journal.records import EVENTS, MAGIC, REJECTS, packed, records
from linkage.journal.seen import Seen, hashed
from linkage.journal.segments import Places
from linkage.readers.held import REJECTED
from linkage.readers.schema import REDUCED
from linkage.settings import Settings, parse
from tests.feeding import forks

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

KILLS = 40


def checked(ids: Sequence[str], rejected: Sequence[str] = ()) -> Checked:
    """Events with these ids; rows that cannot be used."""
    rows = [(number, "no time", json.dumps(row)) for number, row in enumerate(rejected, 1)]
    bad = pa.table(list(zip(*rows, strict=True)), schema=REJECTED) if rows else None
    table = pa.table({"event_id": list(ids), "account_id": [f"of {i}" for i in ids]})
    return Checked(table, bad if bad is not None else REJECTED.empty_table())


def ids_in(workspace: Path) -> list[str]:
    """Those of all segments."""
    places = Places(workspace)
    return [
        name
        for number in places.sealed()
        for name in pq.read_table(places.segment(number))["event_id"].to_pylist()
    ]


def test_each_event_once(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        assert journal.append(checked(["a", "b", "a"])) == Receipt(2, 1)
        assert journal.append(checked(["b", "c"])) == Receipt(1, 1)
        assert journal.append(checked([])) == Receipt(0, 0)
        (segment,) = journal.seal()
        assert pq.read_table(segment)["event_id"].to_pylist() == ["a", "b", "c"]
        assert journal.append(checked(["c", "d"])) == Receipt(1, 1)
    with Journal(tmp_path) as journal:
        assert journal.append(checked(["a", "b", "c", "d"])) == Receipt(0, 4)
    assert ids_in(tmp_path) == ["a", "b", "c", "d"]


def test_what_cannot_be_used_is_kept_once(tmp_path: Path) -> None:
    for _ in range(2):
        with Journal(tmp_path) as journal:
            for _ in range(2):
                journal.append(checked([], ["x", "y"]))
            assert journal.seal() == []
    found = sorted((tmp_path / "quarantine").iterdir())
    first = [json.loads(line) for line in found[0].read_text("utf-8").splitlines()]
    assert first == [
        {"line": 1, "reason": "no time", "row": "x"}, {"line": 2, "reason": "no time", "row": "y"},
    ]  # fmt: skip


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(JournalError, match="another process"):
        Journal(tmp_path)
    Journal(tmp_path).close()


def test_callers_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path, file_bytes=4000) as journal, ThreadPoolExecutor(8) as pool:
        calls = [checked([f"e{(7 * call + n) % 500}" for n in range(50)]) for call in range(200)]
        receipts = list(pool.map(journal.append, calls))
        assert sum(receipt.accepted for receipt in receipts) == 500
        assert all(receipt.accepted + receipt.repeated == 50 for receipt in receipts)
        assert len(journal.seal()) > 1
    assert sorted(ids_in(tmp_path)) == sorted(f"e{n}" for n in range(500))
    assert not list((tmp_path / "journal").glob("*.journal"))


def test_old_files_are_sealed_by_themselves(tmp_path: Path) -> None:
    with Journal(tmp_path, file_seconds=0.05) as journal:
        journal.append(checked(["a"]))
        for _ in range(200):
            if ids_in(tmp_path):
                break
            time.sleep(0.05)
        assert ids_in(tmp_path) == ["a"]


def test_what_cannot_be_written_is_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path) as journal:
        journal.append(checked(["a"]))
        real, failing = os.fsync, [True]

        def full(handle: int) -> None:
            if failing:
                failing.pop()
                raise OSError(28, "No space left on device")
            real(handle)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="No space left"):
            journal.append(checked(["b"]))
        assert journal.append(checked(["a", "b"])) == Receipt(1, 1)
    assert ids_in(tmp_path) == ["a", "b"]


def short_of_room(workspace: Path) -> None:
    """Half a call is written when there is no room for more; then there is again."""
    journal = Journal(workspace)
    journal.append(checked(["a"]))
    (file,) = (workspace / "journal").glob("*.journal")
    cut, unlimited = os.truncate, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    def freed(handle: int, size: int) -> None:
        cut(handle, size)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    setattr(os, "truncate", freed)  # noqa: B010
    limit = (file.stat().st_size + 50, resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    with pytest.raises(JournalError, match="too large"):
        journal.append(checked(["b"]))
    assert journal.append(checked(["a", "b"])) == Receipt(1, 1)
    journal.close()


def test_half_a_call_leaves_nothing(tmp_path: Path) -> None:
    process = forks().Process(target=short_of_room, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert ids_in(tmp_path) == ["a", "b"]
    assert not list((tmp_path / "journal").glob("*.journal"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever cannot be done to the journal's files, callers are told, and are taken on again."""

    def fails(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with Journal(tmp_path) as journal:
        for before in ([], ["a"]):  # no file yet, or one
            if before:
                journal.append(checked(before))
            with monkeypatch.context() as patch:
                for name in ("open", "unlink"):
                    patch.setattr(Path, name, fails)
                for name in ("fsync", "truncate"):
                    patch.setattr(os, name, fails)
                with pytest.raises(JournalError, match="Read-only"):
                    journal.append(checked(["b", "c"]))
        assert journal.append(checked(["a", "d"])) == Receipt(1, 1)
        monkeypatch.setattr(journal, "_full", fails)
        assert journal.append(checked(["e"])) == Receipt(1, 0)
        for late in (lambda: journal.append(checked(["f"])), journal.seal):
            with pytest.raises(JournalError, match="closed"):
                late()


def test_a_disk_that_is_full_is_not_filled_with_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with Journal(tmp_path) as journal:
        journal.append(checked(["a"]))
        with monkeypatch.context() as patch:
            patch.setattr("linkage.journal.journal._record", lambda *_: full(0))
            for _ in range(5):
                with pytest.raises(JournalError, match="No space left"):
                    journal.append(checked(["b"]))
        assert len(list((tmp_path / "journal").glob("*.journal"))) == 1


def test_one_file_that_cannot_be_sealed_keeps_no_other_from_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Journal(tmp_path) as journal:
        journal.append(checked(["a"]))
        journal.append(checked(["b"]))
        (file,) = (tmp_path / "journal").glob("*.journal")
        whole = bytearray(file.read_bytes())
        whole[len(MAGIC) + 30] ^= 1
        file.write_bytes(bytes(whole))
        for name in ("c", "d"):
            with pytest.raises(JournalError, match="damaged at byte"):
                journal.seal()
            journal.append(checked([name]))
    assert ids_in(tmp_path) == ["c", "d"]
    assert "cannot be sealed" in caplog.text
    assert file.read_bytes() == bytes(whole)


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    for late in (lambda: journal.append(checked(["a"])), journal.seal):
        with pytest.raises(JournalError, match="closed"):
            late()


def victim(workspace: Path, acknowledged: Path, start: int) -> None:
    """Appends from several threads until it is killed, and notes what was acknowledged."""
    out = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    journal = Journal(workspace, file_bytes=3000)

    def feed(lane: int) -> None:
        for call in range(1000):
            ids = [f"{start}-{lane}-{call}-{n}" for n in range(5)]
            journal.append(checked(ids))
            os.write(out, ("\n".join(ids) + "\n").encode())

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(feed, range(3)))


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_killed_at_forty_moments(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    workspace, acknowledged = tmp_path / "workspace", tmp_path / "acknowledged"
    for start in range(KILLS):
        process = forks().Process(target=victim, args=(workspace, acknowledged, start))
        before = size(acknowledged)
        process.start()
        if start % 2:  # while it takes in events; else whatever it does: often it starts
            until = time.monotonic() + 60
            while size(acknowledged) == before and time.monotonic() < until:
                time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.12))
        process.kill()
        process.join()
    with Journal(workspace):
        pass
    found = ids_in(workspace)
    told = set(acknowledged.read_text("utf-8").split())
    assert len(told) > KILLS
    assert told <= set(found)
    assert len(found) == len(set(found))
    assert not list((workspace / "journal").glob("*.journal"))


payloads = st.lists(
    st.tuples(st.sampled_from([EVENTS, REJECTS]), st.binary(max_size=60)), max_size=6
)


def written(path: Path, given_payloads: Sequence[tuple[bytes, bytes]]) -> bytes:
    whole = MAGIC + b"".join(packed(sort, payload) for sort, payload in given_payloads)
    path.write_bytes(whole)
    return whole


@given(given_payloads=payloads, cut=st.integers(0, 600), zeros=st.integers(0, 100))
def test_a_tail_that_a_crash_left(
    given_payloads: list[tuple[bytes, bytes]], cut: int, zeros: int, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("records") / "one"
    whole = written(path, given_payloads)
    assert [(r.sort, r.payload) for r in records(path)] == given_payloads
    path.write_bytes(whole[: len(whole) - min(cut, len(whole))] + bytes(zeros))
    found = [(r.sort, r.payload) for r in records(path)]
    assert found == given_payloads[: len(found)]
    if not cut:
        assert found == given_payloads


@given(given_payloads=payloads.filter(len), place=st.integers(0, 2**16), bit=st.integers(0, 7))
def test_damage_is_never_passed_over(
    given_payloads: list[tuple[bytes, bytes]], place: int, bit: int, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("records") / "one"
    whole = bytearray(written(path, given_payloads))
    last = len(whole) - len(packed(*given_payloads[-1]))
    place %= len(whole)
    whole[place] ^= 1 << bit
    path.write_bytes(bytes(whole))
    try:
        found = [(r.sort, r.payload) for r in records(path)]
    except JournalError:
        return
    # In the last record damage looks like what a crash left; anywhere else it does not.
    assert place >= last
    assert found == given_payloads[:-1]


def test_a_damaged_file_stops_the_start_and_stays(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(checked(["a"]))
    file = tmp_path / "journal" / "0000000009.journal"
    whole = bytearray(written(file, [(EVENTS, b"x" * 50), (EVENTS, b"y" * 50)]))
    whole[len(MAGIC) + 30] ^= 1
    file.write_bytes(bytes(whole))
    with pytest.raises(JournalError, match="damaged at byte"):
        Journal(tmp_path)
    assert file.read_bytes() == bytes(whole)
    file.write_bytes(b"something else entirely")
    with pytest.raises(JournalError, match="not a journal"):
        Journal(tmp_path)
    file.unlink()
    Journal(tmp_path).close()


@given(
    calls=st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=12),
    most=st.integers(200, 1000),
)
def test_seen_is_a_set(calls: list[list[int]], most: int) -> None:
    seen, wanted = Seen(most), set[int]()
    for call in calls:
        hashes = hashed(pa.chunked_array([[str(n) for n in call]], pa.string()), EVENTS)
        new = seen.new(hashes)
        assert [n for n, one in zip(call, new, strict=True) if one] == list(
            dict.fromkeys(n for n in call if n not in wanted)
        )
        seen.add(hashes[new])
        wanted |= set(call)


def test_seen_forgets_the_oldest() -> None:
    seen = Seen(100)
    for start in range(0, 1000, 10):
        seen.add(np.arange(start, start + 10, dtype=np.uint64))
    assert not seen.new(np.arange(950, 1000, dtype=np.uint64)).any()
    assert seen.new(np.arange(0, 800, dtype=np.uint64)).all()


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(Settings(), 10_000)


ROWS: list[Any] = [
    {"event_id": "1", "ts": "2026-06-01T12:00:00Z", "account_id": "a", "ip": "192.0.2.1"},
    {
        "event_id": "2",
        "ts": 1780315200,
        "account_id": 7,
        "input_tokens": "12",
        "org_verified": True,
    },
    {"ts": "2026-06-01 12:00:00.5", "account_id": "b", "prompt": "tell me 3 things", "more": [1]},
    {"ts": "2026-06-01", "account_id": " "},
    {"ts": "never", "account_id": "c"},
    {"ts": "2026-06-01", "account_id": "d", "ip": "999.1.1.1"},
    {"account_id": "e"},
    [1, 2],
    "text",
    None,
]


def test_a_call_is_read_as_a_file_is(checker: Checker, tmp_path: Path) -> None:
    body = b"\n".join(json.dumps(row).encode() for row in ROWS) + b"\nnonsense\n\n\xff\xfe\n"
    (tmp_path / "events.ndjson").write_bytes(body)
    con = ibis.duckdb.connect()
    events = read(con, [tmp_path / "events.ndjson"], Settings(), tmp_path / "work")
    assert events.quarantine is not None
    rows = con.to_pyarrow(events.table).drop_columns("event_id").to_pylist()
    wanted = [{**dict.fromkeys(REDUCED), **row} for row in rows]
    found = checker.checked(body)
    assert found.events.drop_columns("event_id").to_pylist() == wanted
    bad = [json.loads(line) for line in events.quarantine.read_text("utf-8").splitlines()]
    assert [(r["line"], r["reason"]) for r in found.rejected.to_pylist()] == [
        (row["line"], row["reason"]) for row in bad
    ]
    assert found.rejected.num_rows == 9
    con.disconnect()


def test_an_array_is_read_as_its_lines_are(checker: Checker) -> None:
    lines = checker.checked(b"\n".join(json.dumps(row).encode() for row in ROWS))
    array = checker.checked(b" \n" + json.dumps(ROWS, indent=2).encode())
    assert array.events == lines.events
    assert array.rejected.select(["line", "reason"]) == lines.rejected.select(["line", "reason"])


def test_an_event_without_an_id_is_its_content(checker: Checker) -> None:
    one = b'{"ts": "2026-06-01", "account_id": "a", "ip": "192.0.2.1"}'
    other = b'{"account_id": "a", "ip": "192.0.2.1", "ts": "2026-06-01T00:00:00+00:00"}'
    third = b'{"ts": "2026-06-01", "account_id": "a", "ip": "192.0.2.2"}'
    found = checker.checked(b"\n".join((one, other, third))).events["event_id"].to_pylist()
    assert found[0] == found[1] != found[2]


def test_columns_go_by_the_settings() -> None:
    settings = parse({"events": {"columns": {"account_id": "user"}}, "artifacts": {"referral": {}}})
    found = Checker(settings, 10).checked(b'{"user": "a", "ts": "2026-06-01", "referral": "r"}')
    assert found.events.select(["account_id", "referral"]).to_pylist() == [
        {"account_id": "a", "referral": "r"}
    ]


def test_a_call_has_a_limit() -> None:
    checker = Checker(Settings(), 3)
    row = b'{"ts": "2026-06-01", "account_id": "a"}'
    assert checker.checked(b"\n".join([row] * 3)).events.num_rows == 3
    for body in (b"\n".join([row] * 4), b"[" + b",".join([row] * 4) + b"]"):
        with pytest.raises(QuestionError, match="3 events"):
            checker.checked(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   \n \n", b"[]", b"[", b"[" * 100_000, b"{" * 100_000, b"\x00" * 1000,
        b"\xef\xbb\xbf",
        b'{"ts": 1e400, "account_id": "a"}', b'{"ts": ' + b"9" * 5000 + b', "account_id": "a"}',
        b'{"account_id": "\\ud800", "ts": "2026-06-01"}', b'[{"account_id": "\\ud800", "ts": 1}]',
        b'{"account_id": {"a": {"b": 1}}, "ts": "2026-06-01"}', b'[NaN, {"ts": NaN}]',
        b'{"account_id": "a", "ts": "2026-06-01", "account_id": "b"}',
        b'{"account_id": "' + b"x" * 1_000_000 + b'", "ts": "2026-06-01"}',
    ],
    ids=range(16),
)  # fmt: skip
def test_hostile_bodies(checker: Checker, body: bytes) -> None:
    try:
        found = checker.checked(body)
    except LinkageError:
        return
    assert found.events.num_rows + found.rejected.num_rows <= 1 + body.count(b"\n") + body.count(
        b","
    )


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8")))
def test_any_bytes_are_rows_or_a_fault_of_theirs(checker: Checker, body: bytes) -> None:
    try:
        found = checker.checked(body)
    except LinkageError:
        return
    assert found.events.num_rows == 0 or b"account_id" in body
