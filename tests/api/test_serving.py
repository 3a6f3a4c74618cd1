"""The service as a process: the page's walk-through, its log, its end, and its keys' commands."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from api.server import log_to
from api.settings import load
from docs.generate import ROOT
from linkage.cli import app
from linkage.errors import MissingInput, SettingsError
from linkage.workspace import Workspace
from tests.test_docs import FENCE

MAIN = (sys.executable, "-c", "from linkage.cli import main; main()")


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def workspace(result: Path, tmp_path: Path) -> Path:
    Workspace.at(tmp_path / "workspace").add(result)
    return tmp_path / "workspace"


@pytest.fixture
def process(workspace: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`linkage serve`, ready."""
    words = (*MAIN, "serve", "--workspace", str(workspace), "--port", str(port))
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            for _ in range(600):
                if process.poll() is not None or answers(port):
                    break
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10):
            return True
    except OSError:
        return False


def ran(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stderr if code else done.stdout


def test_the_walk_through(result: Path, tmp_path: Path, port: int) -> None:
    shutil.copytree(result, tmp_path / "demo" / "result")
    program = tmp_path / "bin" / "linkage"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" '
        '-c "from linkage.cli import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    blocks = [found["text"] for found in FENCE.finditer(page) if found["language"] == "sh"]
    assert len(blocks) > 5
    script = "\n".join(["set -euo pipefail", *blocks, "wait"]).replace("8000", str(port))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        timeout=300,
    )  # fmt: skip
    log = (tmp_path / "service.log").read_text("utf-8")
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{log[-3000:]}"
    assert "A person has cleared it." in done.stdout
    job, run = (
        json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("job", "run")
    )
    assert (job["state"], job["run"], run["counts"]["events"]) == ("done", run["id"], 2)
    looked_up = json.loads((tmp_path / "looked_up.json").read_text("utf-8"))
    listed = [entry is not None for entry in looked_up["entries"].values()]
    assert (looked_up["number"], listed) == (1, [False, True])  # one of them was cleared
    assert (tmp_path / "list.csv").read_text("utf-8").count("\n") > 30
    assert "event: done" in (tmp_path / "progress.txt").read_text("utf-8")
    account = json.loads((tmp_path / "account.json").read_text("utf-8"))
    told = [json.loads(line) for line in log.splitlines()]
    assert {line["level"] for line in told} == {"info"}
    assert "/v1/accounts/{account_id}" in {line.get("route") for line in told}
    for secret in (account["account_id"], account["evidence"][0]["value"], "researcher"):
        assert secret not in log


def test_it_ends_when_it_is_told_to(process: subprocess.Popen[str], workspace: Path) -> None:
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in log
    assert not list(workspace.glob("state.db-wal*"))


def test_a_port_that_is_taken(process: subprocess.Popen[str], workspace: Path, port: int) -> None:
    words = (*MAIN, "serve", "--workspace", str(workspace), "--port", str(port))
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    assert done.returncode == 1
    assert "cannot listen there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_is_logged_without_what_was_in_its_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, root = io.StringIO(), logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    log_to(stream)

    def fails(secret: str) -> None:
        raise ValueError(len(secret))

    try:
        fails("of-a-person")
    except ValueError:
        structlog.get_logger("test").exception("fault", request_id="r-1")
    finally:
        structlog.reset_defaults()
    told = json.loads(stream.getvalue())
    assert (told["event"], told["request_id"]) == ("fault", "r-1")
    assert "fails" in stream.getvalue()
    assert "of-a-person" not in stream.getvalue()


def test_only_the_owner_can_look_into_a_workspace(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "deep" / "workspace")
    assert (tmp_path / "deep" / "workspace").stat().st_mode & 0o077 == 0


def test_a_second_service_in_a_workspace(process: subprocess.Popen[str], workspace: Path) -> None:
    assert process.poll() is None
    words = (*MAIN, "serve", "--workspace", str(workspace), "--port", "0")
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    assert done.returncode == 8
    assert "another process takes in events here" in done.stderr


def test_keys_by_their_commands(workspace: Path) -> None:
    text = ran("keys", "create", "ana", "--scope", "read", "--days", 3, "-w", workspace).strip()
    assert re.fullmatch(r"lk_[0-9a-f]{12}_\S{43}", text)
    identity = text.split("_")[1]
    assert "yes" in ran("keys", "list", "-w", workspace)
    told: list[dict[str, Any]] = json.loads(ran("keys", "list", "-w", workspace, "--json"))
    assert [(key["id"], key["name"], key["scopes"]) for key in told] == [
        (identity, "ana", ["read"])
    ]
    assert text not in json.dumps(told)
    assert "no longer" in ran("keys", "revoke", identity, "-w", workspace)
    assert "revoked" in ran("keys", "list", "-w", workspace)
    assert "no such key" in ran("keys", "revoke", "nobody", "-w", workspace, code=5)
    fault = ran("keys", "create", "x", "--scope", "all", "--scope", "any", "-w", workspace, code=2)
    assert "2 faults" in fault
    made = json.loads(ran("keys", "create", "b", "--scope", "admin", "-w", workspace, "--json"))
    assert made["key"].startswith(f"lk_{made['id']}_")


def test_runs_by_their_commands(workspace: Path, result: Path, tmp_path: Path) -> None:
    shutil.copytree(result, tmp_path / "other")
    with (tmp_path / "other" / "run.json").open("a", encoding="utf-8") as told:
        told.write("\n")  # the same, made at another time
    (before,) = Workspace.at(workspace).runs()
    assert "is served" in ran("runs", "add", tmp_path / "other", "-w", workspace)
    rows: list[dict[str, Any]] = json.loads(ran("runs", "list", "-w", workspace, "--json"))
    assert [(row["run"] == before, row["served"]) for row in rows] == [(False, True), (True, False)]
    assert f"The run {before} is served." in ran("runs", "serve", before, "-w", workspace)
    lines = ran("runs", "list", "-w", workspace).splitlines()
    (served,) = [line for line in lines if " yes " in line]
    assert served.startswith(before)
    for name in ("r0", "../runs", "."):
        assert "no such run" in ran("runs", "serve", name, "-w", workspace, code=4)


def test_a_workspace_must_be_a_folder(tmp_path: Path, result: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be a workspace" in ran("runs", "add", result, "-w", tmp_path / "file", code=4)
    assert "no such folder" in ran("runs", "add", tmp_path / "no", "-w", tmp_path / "w", code=4)


def test_a_run_is_on_disk_before_it_is_served(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = set[int](), os.fsync

    def noted(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    workspace = Workspace.at(tmp_path / "workspace")
    run = workspace.run(workspace.add(result))
    for path in (run, *run.iterdir(), run.parent, workspace.pointer):
        assert path.stat().st_ino in synced, path


def test_settings_come_from_file_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "linkage.toml"
    path.write_text('[links]\nmargin_bits = 2\n[service]\nport = 9000\nhost = "::1"\n')
    found = load(path, {"LINKAGE_SERVICE_PORT": "9001", "LINKAGE_GRAPH": "bolt://x"})
    assert (found.host, found.port, found.graph) == ("::1", 9001, "bolt://x")
    path.write_text("[service]\nport = 70000\nhots = 1\n")
    with pytest.raises(SettingsError) as fault:
        load(path, {"LINKAGE_SERVICE_MOST_BYTES": "many"})
    assert sorted(line.split(":")[0] for line in fault.value.faults) == [
        "service.hots", "service.most_bytes", "service.port",
    ]  # fmt: skip
    path.write_text("service = 1")
    with pytest.raises(SettingsError, match="a table is needed"):
        load(path, {})
    path.write_text("[service")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(path, {})
    with pytest.raises(MissingInput):
        load(tmp_path / "no.toml", {})
