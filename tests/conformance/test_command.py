"""The command: the example passes, as the pages say; others are told where they fail."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from linkage.cli import app
from linkage.conformance import SCENARIOS

ROOT = Path(__file__).parents[2]
EXAMPLE = f"{sys.executable} {ROOT / 'examples' / 'enforce.py'}"
SHELL = re.compile(r"<!-- not run: tests/conformance [^\n]*-->\n```sh\n(.*?)```", re.DOTALL)
QUICK = ("--within", "2", "--poll-seconds", "0.02", "--stale-seconds", "1")


def printed(*words: str, code: int) -> str:
    """What the command prints."""
    found = CliRunner().invoke(app, ["banlist", "conformance", *words])
    assert found.exit_code == code, found.output
    return found.stderr if code == 2 else found.stdout


def outcomes(*words: str, code: int) -> dict[str, dict[str, str]]:
    """What it prints as JSON, by scenario."""
    told: list[dict[str, Any]] = json.loads(printed("--json", *QUICK, *words, code=code))
    return {one["scenario"]: one for one in told}


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A folder with a python3 that can run the example, and with linkage."""
    main = "import sys; sys.argv[0] = 'linkage'; from linkage.cli import main; main()"
    for name, words in (("python3", ""), ("linkage", f' -c "{main}"')):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        program.chmod(0o755)
    return tmp_path / "bin"


def test_the_example_does_what_it_must_as_the_pages_run_it(python: Path) -> None:
    lines = {
        line
        for page in ("enforcement", "commands")
        for block in SHELL.findall((ROOT / "docs" / f"{page}.md").read_text("utf-8"))
        for line in block.splitlines()
    }
    assert len(lines) == 1, lines  # the other forms are for those who have a consumer
    done = subprocess.run(
        ["sh", "-c", lines.pop()], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f"{python}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SCENARIOS)} of {len(SCENARIOS)} as they must be." in done.stdout


@pytest.mark.parametrize("rule", ["open", "closed", "never"])
def test_what_it_does_when_it_is_stale_is_its_own_to_say(rule: str) -> None:
    found = outcomes(EXAMPLE, "--when-stale", rule, "--only", "stale", code=0)["stale"]
    assert found["result"] == ("not applicable" if rule == "never" else "pass")


@pytest.mark.parametrize(
    ("program", "seen"),
    [
        ("raise SystemExit('no list for me')", "its process ended with code 1: no list for me"),
        ("input(); print('ban')", "its answer is none: ban"),
        ('while input(): print(\'{"action": "none"}\', flush=True)', "none"),
    ],
)
def test_a_consumer_that_answers_nothing_of_use(program: str, seen: str, tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(program)
    words = f"{sys.executable} {tmp_path / 'consumer.py'}"
    found = outcomes(words, "--only", "listed", "--only", "forked", "--within", "0.5", code=1)
    assert found["listed"]["result"] == "fail"
    assert found["listed"]["seen"].startswith(seen)
    assert found["forked"] == {
        "scenario": "forked", "result": "not applicable",
        "expected": "for a consumer that checks signatures", "seen": "",
    }  # fmt: skip
    text = printed(words, "--only", "listed", "--within", "0.5", code=1)
    assert "0 of 1 as they must be." in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("",), "name a command, or an address"),
        (("'",), "No closing quotation"),
        (("./no-such-program",), "No such file"),
        ((EXAMPLE, "--only", "x\x1b"), r"x\x1b: no scenario"),
        ((EXAMPLE, "--when-stale", "x"), "there are hold, open, closed, never"),
    ],
)
def test_what_cannot_be_tested(words: tuple[str, ...], told: str) -> None:
    assert told in printed(*words, code=2)


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two that are free."""
    with socket.socket() as one, socket.socket() as other:
        for found in (one, other):
            found.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as found:
        return not found.connect_ex(("127.0.0.1", port))


@pytest.fixture
def answering(ports: tuple[int, int], tmp_path: Path) -> Iterator[str]:
    """The example at an address, set up for lists that are not there yet."""
    keys = tmp_path / "keys"
    assert CliRunner().invoke(app, ["banlist", "keygen", str(keys)]).exit_code == 0
    environment = {
        "ENFORCE_URL": f"http://127.0.0.1:{ports[0]}",
        "ENFORCE_KEY": "any",
        "ENFORCE_PUBLIC_KEY": str(keys / "banlist.pub"),
        "ENFORCE_FOLDER": str(tmp_path / "kept"),
        "ENFORCE_POLL_SECONDS": "0.02",
        "ENFORCE_LISTEN": str(ports[1]),
    }
    words = [sys.executable, str(ROOT / "examples" / "enforce.py")]
    with subprocess.Popen(
        words, env=os.environ | environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not listens(ports[1]):
                assert process.poll() is None
                time.sleep(0.02)
            yield f"http://127.0.0.1:{ports[1]}"
        finally:
            process.kill()


def test_a_consumer_at_an_address(answering: str, ports: tuple[int, int], tmp_path: Path) -> None:
    names = ("listed", "unlisted", "hostile", "error", "forked", "restarted")
    only = [word for name in names for word in ("--only", name)]
    key = ("--port", str(ports[0]), "--signing-key", str(tmp_path / "keys" / "banlist.key"))
    found = outcomes(answering, "--checks-signatures", *key, *only, code=0)
    assert {name: one["result"] for name, one in found.items()} == {
        **dict.fromkeys(names, "pass"), "restarted": "not applicable",
    }  # fmt: skip
