"""The commands, as the pages tell to type them; and what they say when they refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from stix2validator import ValidationOptions, validate_string

from linkage.pipeline import detect
from linkage.workspace import Workspace
from tests import worlds

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ROOT = Path(__file__).parents[2]
PAGES = ("banlist", "commands")
SHELL = re.compile(r"<!-- not run: tests/banlist [^\n]*-->\n```sh\n(.*?)```", re.DOTALL)
MAIN = "import sys; sys.argv[0] = 'linkage'; from linkage.cli import main; main()"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run of a planted world; its events are old, its network large."""
    folder = tmp_path_factory.mktemp("commands")
    source = worlds.write(worlds.planted().events, folder / "events.parquet")
    result = detect(source, folder / "result", worlds.settings())
    Workspace.at(folder / "workspace").add(result)
    rules = ("signing_key = 'keys/banlist.key'", "most_hours = 1000000.0", "most_share = 0.9")
    (folder / "linkage.toml").write_text("[banlist]\n" + "\n".join(rules) + "\n")
    program = folder / "bin" / "linkage"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{MAIN}" "$@"\n')
    program.chmod(0o755)
    return folder


def run(place: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = f"{place / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=place,
        env={"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(place)},
        capture_output=True,
        text=True,
    )


def test_the_pages_lead_from_a_run_to_a_list_that_can_be_checked(place: Path) -> None:
    for page in PAGES:
        text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
        lines = "".join(SHELL.findall(text)).replace("\\\n", "")
        if page == "commands":  # what a list needs once, the first page did
            lines = re.sub(
                r"^linkage banlist (keygen|publish 1 --workspace).*\n", "", lines, flags=re.M
            )
        done = run(place, lines)
        assert done.returncode == 0, done.stdout + done.stderr
    listed = (place / "list.csv").read_text().splitlines()
    assert len(listed) == 1 + 48 + 30
    assert json.loads((place / "draft.json").read_text())["number"] == 1


def test_a_stix_bundle_is_as_the_standard_has_it(place: Path) -> None:
    text = run(place, "linkage banlist export -f stix --workspace workspace").stdout
    result = validate_string(text, ValidationOptions(version="2.1", strict=True))
    assert result.is_valid, [str(error) for error in result.errors][:5]


def test_an_exported_list_that_was_changed_is_found(place: Path) -> None:
    lines = (place / "list.ndjson").read_text().splitlines(keepends=True)
    (place / "forged.ndjson").write_text("".join(lines[:-1]))
    done = run(place, "linkage banlist verify --key keys/banlist.pub forged.ndjson")
    assert done.returncode == 9
    assert "bans 1: rows were" in done.stderr


def test_what_is_over_budget_is_refused_in_words(place: Path) -> None:
    (place / "tight.toml").write_text("[banlist]\nsigning_key = 'keys/banlist.key'\nmost_new = 3\n")
    words = "--shadow --workspace workspace --settings tight.toml"
    done = run(place, f"linkage banlist build {words}; linkage banlist publish 2 {words}")
    assert done.returncode == 9
    assert "most_hours: " in done.stderr
    assert "over" in done.stdout
    assert 'publish 2 --override "why"' in done.stdout


def test_a_key_is_never_written_over(place: Path) -> None:
    before = (place / "keys" / "banlist.key").read_bytes()
    done = run(place, "linkage banlist keygen keys")
    assert done.returncode == 9
    assert (place / "keys" / "banlist.key").read_bytes() == before
    assert (place / "keys" / "banlist.key").stat().st_mode & 0o777 == 0o600
