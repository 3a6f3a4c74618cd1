"""Backups: what was acknowledged before one began is in it, whatever goes on meanwhile; what is
damaged is found before anything is put in place."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docs.generate import ROOT
from linkage.backup import Chosen, StateKept, back_up, check, restore, taking
from linkage.backup.manifest import NAME, Entry, read, rendered
from linkage.cli import app
from linkage.errors import BackupError, JournalError
from linkage.graph.base import run_id
from linkage.journal import Journal
from linkage.journal.records import EVENTS, packed
from linkage.journal.segments import Places
from linkage.state import Scope, decisions, open_state
from linkage.state.database import MIGRATIONS
from linkage.workspace import Workspace
from tests.contracts.made import unknown_result
from tests.feeding import Client, Feed, Server, accounts_in, check_kept, forks, key_of
from tests.journal.test_journal import checked, ids_in
from tests.test_docs import FENCE
from tests.test_run import small_result

MAIN = 'import sys; sys.argv[0] = "linkage"; from linkage.cli import main; main()'


def silent(stage: str, fraction: float) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_result(tmp_path_factory.mktemp("one") / "result")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another run."""
    return unknown_result(tmp_path_factory.mktemp("other") / "result")


@pytest.fixture
def workspace(result: Path, tmp_path: Path) -> Path:
    """With a run, a key, two segments, rows in the quarantine and a journal that is not sealed."""
    path = tmp_path / "workspace"
    Workspace.at(path).add(result)
    key_of(path, Scope.read)
    with Journal(path) as journal:
        journal.append(checked(["a", "b"], ["no event"]))
        journal.seal()
        journal.append(checked(["c"]))
    cut_off(path, "d")
    return path


def cut_off(workspace: Path, *ids: str) -> None:
    """Events that a process took in which then died."""
    with Journal(workspace) as journal:
        journal.append(checked(ids))
        (file,) = (workspace / "journal").glob("*.journal")
        whole = file.read_bytes()
    Places(workspace).segment(int(file.stem)).unlink()
    file.write_bytes(whole)


def started(workspace: Path) -> list[str]:
    """The events that are there once a service has started."""
    with Journal(workspace):
        pass
    return sorted(ids_in(workspace))


def linked(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


def test_what_was_there_is_there_again(workspace: Path, tmp_path: Path, result: Path) -> None:
    out, again = tmp_path / "o t?%41#", tmp_path / "again"
    (workspace / "runs" / "half").mkdir()
    (workspace / "runs" / "half" / "run.json").touch()
    text = linked("backup", out, "-w", workspace)
    assert "2 event segments, 1 journal file, 1 run, 1 quarantine file, the state" in text
    assert "Not in it: index, runs/half." in text
    assert "is whole" in linked("restore", "--check", out)
    told = json.loads(linked("restore", out, "-w", again, "--json"))
    assert (told["events"], told["journal"], told["runs"], told["state"]) == (2, 1, 1, "here")
    current = Workspace(again).current()
    assert current is not None
    assert current.name == run_id(result)
    assert {file.name: file.read_bytes() for file in current.iterdir()} == {
        file.name: file.read_bytes() for file in result.iterdir()
    }
    for name in ("events", "quarantine", "journal"):
        for file in (workspace / name).iterdir():
            if not file.name.startswith("."):
                assert (again / name / file.name).read_bytes() == file.read_bytes()
    assert started(again) == ["a", "b", "c", "d"]
    assert linked("keys", "list", "-w", again) == linked("keys", "list", "-w", workspace)


def test_a_record_that_is_being_written_is_left_out(workspace: Path, tmp_path: Path) -> None:
    (file,) = (workspace / "journal").glob("*.journal")
    whole = file.read_bytes()
    file.write_bytes(whole + packed(EVENTS, b"x" * 1000)[:500])
    back_up(workspace, tmp_path / "out")
    assert (tmp_path / "out" / "journal" / file.name).read_bytes() == whole
    file.write_bytes(whole[:-1] + b"\0" + packed(EVENTS, b"x"))
    with pytest.raises(JournalError, match="damaged at byte"):
        back_up(workspace, tmp_path / "more")
    assert not (tmp_path / "more").exists()


def test_only_the_owner_can_look_into_it(workspace: Path, tmp_path: Path) -> None:
    back_up(workspace, tmp_path / "out")
    restore(tmp_path / "out", tmp_path / "again", silent)
    for folder in (tmp_path / "out", tmp_path / "again"):
        for path in (folder, *folder.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_an_empty_workspace(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "workspace")
    manifest = back_up(tmp_path / "workspace", tmp_path / "out")
    assert (manifest.files, manifest.state) == ((), StateKept.none)
    assert not (tmp_path / "workspace" / "state.db").exists()
    restore(tmp_path / "out", tmp_path / "again", silent)
    assert started(tmp_path / "again") == []


def test_what_is_in_the_way_or_not_there(workspace: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    linked("backup", out, "-w", workspace, "--quiet")
    assert "not empty" in linked("backup", out, "-w", workspace, code=4)
    assert "not empty" in linked("restore", out, "-w", workspace, code=4)
    assert "no workspace" in linked("backup", tmp_path / "new", "-w", tmp_path, code=4)
    assert "no backup" in linked("restore", workspace, "-w", tmp_path / "new", code=4)
    assert "no backup" in linked("restore", tmp_path / "none", "-w", tmp_path / "new", code=4)
    assert "no backup" in linked(
        "backup", tmp_path / "new", "-w", workspace, "--since", workspace, code=4
    )
    assert not (tmp_path / "new").exists()
    (tmp_path / "new").mkdir()
    linked("restore", out, "-w", tmp_path / "new", "-q")
    assert started(tmp_path / "new") == ["a", "b", "c", "d"]


def test_a_changed_byte_in_any_file_is_found(workspace: Path, tmp_path: Path, seed: int) -> None:
    rng, out = random.Random(seed), tmp_path / "out"
    back_up(workspace, out)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) == len(read(out).files) + 1
    for file in files:
        whole = file.read_bytes()
        place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        flipped = bytes([*whole[:place], whole[place] ^ bit, *whole[place + 1 :]])
        for bad in (flipped, whole[:-1], whole + b"x", None):
            file.unlink()
            if bad is not None:
                file.write_bytes(bad)
            named = "manifest" if file.name == NAME else str(file.relative_to(out))
            with pytest.raises(BackupError, match=re.escape(named)):
                check(out, silent)
            if bad in (flipped, None):
                with pytest.raises(BackupError, match=re.escape(named)):
                    restore(out, tmp_path / "again", silent)
            file.write_bytes(whole)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "workspace"]
    check(out, silent)


def test_a_manifest_that_leads_elsewhere_is_refused(workspace: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = back_up(workspace, out)
    for path in ("../evil", "/evil", "a/../../evil", "a//b", ".", NAME, ""):
        entry = Entry.model_construct(path=path, size=0, sha256="0" * 64)
        (out / NAME).write_bytes(rendered(manifest.model_copy(update={"files": (entry,)})))
        with pytest.raises(BackupError, match="damaged"):
            restore(out, tmp_path / "again", silent)
    for text in (b"", b"[]", b"{", b'{"format": 1}', b"[" * 100_000, b"\xff"):
        (out / NAME).write_bytes(text)
        with pytest.raises(BackupError, match="damaged"):
            restore(out, tmp_path / "again", silent)


def test_a_backup_of_a_later_linkage_is_refused(workspace: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = back_up(workspace, out)
    values = manifest.model_dump(mode="json") | {"format": 2, "version": "9.9", "more": []}
    (out / NAME).write_text(json.dumps(values))
    assert "made by linkage 9.9" in linked("restore", out, "-w", tmp_path / "again", code=4)
    (out / NAME).write_bytes(rendered(manifest.model_copy(update={"revision": "9999"})))
    assert "9999" in linked("restore", out, "-w", tmp_path / "again", code=8)
    assert "9999" in linked("restore", out, "--check", code=8)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "revision", sorted(path.stem[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
)
def test_an_older_schema_is_brought_up_to_date_at_the_next_start(
    revision: str, tmp_path: Path
) -> None:
    workspace = Workspace.at(tmp_path / "workspace")
    with open_state(workspace.state, upgrade=False) as old:
        old.upgrade(revision)
    with sqlite3.connect(workspace.state) as rows:
        rows.execute(
            "INSERT INTO decisions (at, actor, action, reason, basis) "
            "VALUES ('2026-06-01 00:00:00', 'me', 'ban', 'why', '{}')"
        )
    manifest = back_up(workspace.path, tmp_path / "out")
    assert (manifest.state, manifest.revision) == (StateKept.here, revision)
    restore(tmp_path / "out", tmp_path / "again", silent)
    with open_state(Workspace(tmp_path / "again").state) as new, new.read() as connection:
        assert [found.actor for found in decisions.page(connection)] == ["me"]


def test_a_state_that_is_kept_elsewhere(workspace: Path, tmp_path: Path) -> None:
    settings, out = tmp_path / "linkage.toml", tmp_path / "out"
    settings.write_text('[service]\nstate = "postgresql+psycopg://me:secret@db/linkage"\n')
    fault = linked("backup", out, "-w", workspace, "-s", settings, code=8)
    assert "postgresql: dump it with its own tools" in fault
    assert "secret" not in fault
    assert not out.exists()
    told = linked("backup", out, "-w", workspace, "-s", settings, "--without-state")
    assert "no state: it was left out" in told
    assert not (out / "state.db").exists()
    restore(out, tmp_path / "again", silent)
    other = tmp_path / "elsewhere.db"
    with open_state(other):
        pass
    settings.write_text(f'[service]\nstate = "sqlite:///{other}"\n')
    linked("backup", tmp_path / "more", "-w", workspace, "-s", settings)
    assert "state.db where" in linked("restore", tmp_path / "more", "-w", tmp_path / "new")
    settings.write_text(f'[service]\nstate = "sqlite:///{tmp_path / "typo.db"}"\n')
    assert "no tables" in linked("backup", tmp_path / "x", "-w", workspace, "-s", settings, code=4)


def test_what_has_not_changed_is_a_link(workspace: Path, tmp_path: Path, other: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    before = back_up(workspace, one).entries()
    Workspace.at(workspace).add(other)
    quarantined = next((workspace / "quarantine").glob("*.ndjson"))
    quarantined.write_bytes(quarantined.read_bytes().replace(b"no", b"No"))  # of the same size
    damaged = next(path for path in before if path.startswith("events/"))
    (one / damaged).write_bytes(b"shorter")
    after = back_up(workspace, two, Chosen(since=one)).entries()
    shared = {path for path in after if (one / path).exists() and (one / path).samefile(two / path)}
    changed = {"state.db", "runs/current", damaged, f"quarantine/{quarantined.name}"}
    assert shared == set(before) - changed
    shutil.rmtree(one)
    check(two, silent)


def test_names_that_are_re_keyed_meanwhile(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, out = workspace / "privacy.json", tmp_path / "out"
    mark.write_text('{"key": "one"}\n')
    back_up(workspace, tmp_path / "before")
    assert (tmp_path / "before" / mark.name).read_bytes() == mark.read_bytes()
    mark.write_text('{"key": "one", "next": "two"}\n')
    with pytest.raises(BackupError, match="being rotated"):
        back_up(workspace, out)
    mark.write_text('{"key": "one"}\n')

    def rotated(path: Path) -> Any:
        mark.write_text('{"key": "two"}\n')
        return path.open("rb")

    monkeypatch.setattr(taking, "opened", rotated)
    with pytest.raises(BackupError, match="rotated meanwhile"):
        back_up(workspace, out)
    assert not out.exists()


# What may begin at any moment of a backup, and goes on at each that follows.
Happens = Callable[[Journal, Workspace, Path], Iterator[None]]


def seals(journal: Journal, workspace: Workspace, other: Path) -> Iterator[None]:
    journal.seal()
    yield


def grows(journal: Journal, workspace: Workspace, other: Path) -> Iterator[None]:
    journal.append(checked(["late"], ["late"]))
    yield


def grows_and_seals(journal: Journal, workspace: Workspace, other: Path) -> Iterator[None]:
    journal.append(checked(["late"]))
    journal.seal()
    yield
    journal.append(checked(["later"]))


def takes_the_run_away(journal: Journal, workspace: Workspace, other: Path) -> Iterator[None]:
    before = workspace.current()
    assert before is not None
    workspace.add(other)
    before.rename(before.with_name(f".{before.name}"))
    yield


def takes_the_run_apart(journal: Journal, workspace: Workspace, other: Path) -> Iterator[None]:
    before = workspace.current()
    assert before is not None
    workspace.add(other)
    for file in sorted(before.iterdir()):
        file.unlink()
        yield from (None,) * 3  # more slowly than it is copied


@pytest.mark.parametrize(
    "happens",
    [seals, grows, grows_and_seals, takes_the_run_away, takes_the_run_apart],
    ids=lambda each: each.__name__,
)
def test_whatever_happens_at_any_moment(
    happens: Happens,
    workspace: Path,
    other: Path,
    result: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # nothing here is about power cuts
    monkeypatch.setattr("linkage.index.index_of", lambda *_: None)  # nor about indexes
    files = {run_id(run): {file.name for file in run.iterdir()} for run in (result, other)}
    for moment in count(1 + seed % 2, 2):  # every other one, to be quick
        mine, out, again = (tmp_path / name for name in ("mine", "out", "again"))
        shutil.copytree(workspace, mine)
        with Journal(mine) as journal, monkeypatch.context() as patch:
            journal.append(checked(["e"], ["row"]))
            passed = beset(patch, moment, happens(journal, Workspace(mine), other))
            back_up(mine, out)
        if passed[0] < moment:
            break
        restore(out, again, silent)
        found = started(again)
        assert len(found) == len(set(found)), moment
        assert set("abcde") <= set(found) <= {*"abcde", "late", "later"}, moment
        rows = "".join(file.read_text("utf-8") for file in (again / "quarantine").iterdir())
        assert '"row": "row"' in rows, moment
        current = Workspace(again).current()
        assert current is not None
        assert current.name in files, moment
        runs = {run.name: {f.name for f in run.iterdir()} for run in (again / "runs").glob("r*")}
        assert current.name in runs, moment
        assert all(runs[name] == files[name] for name in runs), moment
        for folder in (mine, out, again):
            shutil.rmtree(folder)
    assert moment > 20


def beset(patch: pytest.MonkeyPatch, moment: int, going_on: Iterator[None]) -> list[int]:
    """Have something begin at a moment of a backup; returns where moments are counted."""
    passed = [0]

    def watched(real: Callable[[Path], object], path: Path) -> object:
        passed[0] += 1
        if passed[0] >= moment:
            next(going_on, None)
        return real(path)

    for name in ("listed", "opened", "whole"):
        patch.setattr(taking, name, partial(watched, getattr(taking, name)))
    return passed


@pytest.mark.parametrize("does", ["backup", "restore"])
def test_killed_in_the_middle(does: str, workspace: Path, tmp_path: Path, seed: int) -> None:
    rng, made, target = random.Random(seed), tmp_path / "made", tmp_path / "there" / "target"
    back_up(workspace, made)
    target.parent.mkdir()
    whole = 0
    work: dict[str, Callable[[], object]] = {
        "backup": partial(back_up, workspace, target),
        "restore": partial(restore, made, target, silent),
    }
    took = 0.0
    for kill in range(13):
        process = forks().Process(target=work[does])
        begun = time.monotonic()
        process.start()
        if kill:
            time.sleep(rng.uniform(0.0, took))
            process.kill()
        process.join()
        took = took or time.monotonic() - begun
        names = {path.name for path in target.parent.iterdir()}
        assert all(name == "target" or name.startswith(".") for name in names)
        if target.exists():
            whole += 1
            if does == "backup":
                check(target, silent)
            else:
                assert started(target) == ["a", "b", "c", "d"]
        for left in target.parent.iterdir():
            shutil.rmtree(left)
    assert 0 < whole < 13


def test_of_a_service_that_takes_in_events(
    result: Path, other: Path, tmp_path: Path, seed: int
) -> None:
    workspace = tmp_path / "workspace"
    Workspace.at(workspace).add(result)
    key = key_of(workspace, Scope.admin)
    server = Server(workspace, tmp_path / "service.log")
    server.start()
    made: list[tuple[Path, list[str], int]] = []
    with Feed(server.port, key, 2, seed) as feed:
        client = Client(server.port, key)
        for number in range(3):
            feed.wait_for_more()
            Workspace.at(workspace).add((result, other)[number % 2])
            decision = {"action": "clear", "accounts": ["n1"], "reason": f"number {number}"}
            answer = client.ask("POST", "/v1/decisions", json.dumps(decision).encode())
            assert answer is not None
            assert answer[0] in (200, 201), answer
            made.append((tmp_path / f"out-{number}", list(feed.acknowledged), number + 1))
            back_up(workspace, made[-1][0])
        client.close()
    server.end()
    assert feed.faults == []
    for out, acknowledged, decided in made:
        again = tmp_path / f"again-{out.name}"
        restore(out, again, silent)
        restored = Server(again, tmp_path / "service.log")
        restored.start()
        client = Client(restored.port, key)
        until = time.monotonic() + 60
        while (answer := client.ask("GET", "/v1/decisions")) is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert answer[0] == 200
        assert len(answer[1]["rows"]) == decided
        run = client.ask("GET", "/v1/run")
        assert run is not None
        assert run[1]["id"] == run_id((result, other)[(decided - 1) % 2])
        client.close()
        restored.end()
        check_kept(again, acknowledged, feed.sent)
        assert len(accounts_in(again)) <= len(accounts_in(workspace))


def test_the_script_for_every_night(workspace: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    chapter = page.partition("## `linkage backup`")[2].partition("\n## ")[0]
    (script,) = (f["text"] for f in FENCE.finditer(chapter) if f["text"].startswith("#!/bin/sh"))
    folder, program = tmp_path / "backups", tmp_path / "bin" / "linkage"
    folder.mkdir()
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c \'{MAIN}\' "$@"\n')
    date = program.with_name("date")
    date.write_text('#!/bin/sh\nexec /usr/bin/date --date "2026-06-01T03:15 + $NIGHT days" "$@"\n')
    text = script.replace("/srv/linkage/backups", str(folder))
    text = text.replace("/srv/linkage/workspace", str(workspace))
    path = tmp_path / "nightly"
    path.write_text(text)
    for each in (program, date, path):
        each.chmod(0o755)
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    for night in range(2):
        environment["NIGHT"] = str(night)
        done = subprocess.run([path], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), night
        for old in ("2020-01-01T031500", ".2020-01-01T031500-killed"):
            assert not (folder / old).exists()
            (folder / old).mkdir()
            os.utime(folder / old, (0, 0))
    one, two = sorted(found for found in folder.iterdir() if "2020" not in found.name)
    segment = next(path for path in read(one).entries() if path.startswith("events/"))
    assert (one / segment).samefile(two / segment)


def test_ban_lists_are_in_it(workspace: Path, tmp_path: Path) -> None:
    folder = workspace / "banlists" / "bans" / "00000001"
    folder.mkdir(parents=True)
    (folder / "head.json").write_text("{}")
    (workspace / "banlists" / "bans" / ".00000002-made").mkdir()
    linked("backup", tmp_path / "backup", "-w", workspace)
    there = tmp_path / "backup" / "banlists" / "bans"
    assert [path.name for path in there.iterdir()] == ["00000001"]
    assert (there / "00000001" / "head.json").read_text() == "{}"
