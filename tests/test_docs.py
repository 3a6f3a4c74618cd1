"""The words are true: blocks are current, commands and snippets run, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from docs import generate
from docs.generate import PAGES, ROOT, Demo
from linkage.banlist import BanlistSettings
from linkage.cli.app import EXIT_CODES, app
from linkage.privacy import PrivacySettings
from linkage.readers.schema import SCHEMA
from linkage.settings import Settings, parse
from linkage.signals import SIGNALS
from linkage.webhooks import Webhook

FENCE = re.compile(
    r"(?:^<!-- not run: (?P<why>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE = re.compile(r"^## `(\w+)\.parquet`\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)

# What the vocabulary has another word for; docs/concepts.md explains those.
OTHER_WORDS = {
    r"rings?": "network, or cluster",
    r"(?:fraud|risk) scores?": "score",
    r"entity|entities": "account, or unit",
    r"fraudsters?": "operator",
    r"suspicious|anomal(?:y|ies|ous)": "unusual",
    r"suspects?": "member",
    r"edges?": "link",
    r"(?:black|block|deny)lists?": "ban list",
    r"indicators?": "artifact, or signal",
    r"false positives?": "innocents listed",
}

SMALL = ("--accounts", "400", "--fakes", "80", "--events", "4000", "--quiet")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `why_not`: why it is not run."""

    page: Path
    line: int
    text: str
    why_not: str | None


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page, text[: found.start()].count("\n") + 1, found["text"], found["why"])
        for found in FENCE.finditer(text)
        if found["language"] == language
    ]


def prose(page: Path) -> str:
    """A page without code, links' targets and what is generated."""
    text = generate.BLOCK.sub("", page.read_text("utf-8"))
    text = re.sub(r"\]\([^)]*\)", "]", FENCE.sub("", text))
    return re.sub(r"`[^`]*`", "", re.sub(r"^    .*$", "", text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small logs, called as in the pages: our columns, another's, and packed."""
    folder = tmp_path_factory.mktemp("logs")
    generate.linkage(folder, "simulate", "month", *SMALL)
    events = pd.read_parquet(folder / "month" / "events.parquet")
    for inside in ("logs", "export", "more"):
        (folder / inside).mkdir()
    events[::2].to_parquet(folder / "logs" / "one.parquet")
    events[1::2].to_parquet(folder / "logs" / "two.parquet")
    others = events.rename(
        columns={"ts": "time", "account_id": "user_id", "payment_id": "card_token"}
    )
    others["referral_code"] = "r" + others.user_id.str[-2:]
    others.to_csv(folder / "export" / "june.csv", index=False)
    events.to_json(
        folder / "more" / "week.ndjson.gz", orient="records", lines=True, date_format="iso"
    )
    return folder


@pytest.fixture
def world(demo: Demo, logs: Path, tmp_path: Path) -> Path:
    """A folder in which what the pages tell to type works."""
    for inside in ("logs", "export", "more"):
        (tmp_path / inside).symlink_to(logs / inside)
    (tmp_path / "demo").symlink_to(demo.folder / "demo")
    own = pd.read_parquet(demo.folder / "demo" / "month" / "truth.parquet")
    own = own.assign(fraud=own.operator >= 0)[["account_id", "fraud"]]
    own[::2].to_csv(tmp_path / "labels.csv", index=False)
    judged = demo.run.clusters[["proposal", "cluster_id"]]
    judged = judged[judged.proposal != "review"].replace({"proposal": {"none": "clear"}})
    judged = judged.rename(columns={"proposal": "decision"})
    judged.to_csv(tmp_path / "decisions.csv", index=False)
    (toml,) = blocks(ROOT / "README.md", "toml")
    (tmp_path / "linkage.toml").write_text(toml.text)
    program = tmp_path / ".venv" / "bin" / "linkage"
    program.parent.mkdir(parents=True)
    main = "import sys; sys.argv[0] = 'linkage'; from linkage.cli import main; main()"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{main}" "$@"\n')
    program.chmod(0o755)
    return tmp_path


def meant(text: str, demo: Demo) -> str:
    """A page's commands with ids of the demo for CLUSTER, ID, A and B."""
    a, b = demo.pair
    ids = {"CLUSTER": str(demo.run.clusters.cluster_id[0])[:9], "ID": a, "A": a, "B": b}
    lines = [line.partition("  # ")[0] for line in text.splitlines()]
    return "\n".join(re.sub(r"\b(CLUSTER|ID|A|B)\b", lambda m: ids[m[1]], line) for line in lines)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_generated_is_current(page: Path, demo: Demo) -> None:
    made = generate.makers()
    for block, text in generate.blocks(page.read_text("utf-8")).items():
        wanted = made[block](demo).strip("\n") + "\n"
        assert text == wanted, f"{name(page)}, {block}: run python -m docs.generate"


def test_every_block_is_in_a_page() -> None:
    used = {block for page in PAGES for block in generate.blocks(page.read_text("utf-8"))}
    assert used == set(generate.makers())


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # as in test_cli.py
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sh")], ids=name)
def test_commands_run(page: Path, world: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    monkeypatch.setenv("PATH", f"{world / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for block in blocks(page, "sh"):
        for line in [] if block.why_not else meant(block.text, demo).splitlines():
            code, output = ran(line)
            assert code == 0, f"{name(page)}:{block.line}\n{line}\n{output}"


def ran(line: str) -> tuple[int, str]:
    """A line's exit code and output: here where it is one command alone, else in a shell."""
    words = shlex.split(line)
    if Path(words[0]).name == "linkage" and not {"|", "<"} & set(words):
        words, _, target = partition(words[1:], ">")
        result = CliRunner().invoke(app, words)
        if target:
            Path(target[0]).write_text(result.stdout)
        return result.exit_code, result.output
    shell = ["bash", "-euo", "pipefail", "-c", line]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def partition(words: list[str], at: str) -> tuple[list[str], list[str], list[str]]:
    """`str.partition` for a list."""
    place = words.index(at) if at in words else len(words)
    return words[:place], words[place : place + 1], words[place + 1 :]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=name)
def test_python_runs(page: Path, world: Path) -> None:
    for block in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-c", block.text],
            cwd=world,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name(page)}:{block.line}\n{done.stderr}"
        assert done.stdout


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "toml")], ids=name)
def test_settings_files_are_valid(page: Path) -> None:
    for block in blocks(page, "toml"):
        tables = tomllib.loads(block.text)
        people = PrivacySettings.model_validate(tables.pop("privacy", {}))
        lists = BanlistSettings.model_validate(tables.pop("banlist", {}))
        hooks = [Webhook.model_validate(table) for table in tables.pop("webhooks", [])]
        usual = (Settings(), PrivacySettings(), BanlistSettings())
        assert hooks or (parse(tables), people, lists) != usual
        parse(tables)


def test_every_command_and_option_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for command, parameters in generate.commands().items():
        assert f"## `linkage {command}`" in page
        chapter = page.partition(f"## `linkage {command}`")[2].partition("\n## ")[0]
        for option in (option for p in parameters.params for option in p.opts if option[0] == "-"):
            assert f"`{option}`" in chapter, f"linkage {command} {option}"
        assert re.search(rf"^linkage {command}\b|\| linkage {command}\b", chapter, re.MULTILINE)


def test_exit_codes_are_documented() -> None:
    codes = dict(re.findall(r"^  (\d+) +(.+)$", EXIT_CODES, re.MULTILINE))
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)) == codes


def test_every_event_column_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    chapter = page.partition("### Events\n")[2].partition("\n## ")[0]
    assert NAMED.findall(chapter) == list(SCHEMA.names)


def test_every_file_and_column_of_a_result_is_documented(demo: Demo) -> None:
    result = demo.run.path
    page = (ROOT / "docs" / "result.md").read_text("utf-8")
    assert all(f"## `{file.name}`" in page for file in result.iterdir())
    chapters = dict(FILE.findall(page))
    assert set(chapters) == {file.stem for file in result.glob("*.parquet")}
    for table, chapter in chapters.items():
        columns = [
            "with_COLUMN" if column.startswith("with_") else column
            for column in pq.read_schema(result / f"{table}.parquet").names
        ]
        if table == "references":
            measured = {signal.name for signal in SIGNALS}
            columns = ["SIGNAL" if column in measured else column for column in columns]
        assert NAMED.findall(chapter) == list(dict.fromkeys(columns)), table
    keys = page.partition("## `run.json`")[2]
    assert set(NAMED.findall(keys)) == set(demo.run.info)
    banlist = page.partition("## `banlist.csv`")[2].partition("\n## ")[0]
    assert NAMED.findall(banlist) == list(demo.run.banlist.columns)


def test_every_rule_that_holds_is_documented(demo: Demo) -> None:
    page = (ROOT / "docs" / "method.md").read_text("utf-8")
    chapter = page.partition("## Who is held\n")[2]
    assert set(demo.run.info["counts"]["held_by"]) <= set(NAMED.findall(chapter))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), f"{name(page)} -> {target}"
        if anchor:
            assert anchor in anchors(there), f"{name(page)} -> {target}"


def anchors(page: Path) -> set[str]:
    """Headings, as their addresses are made of them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text)]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_words_are_those_of_the_vocabulary(page: Path) -> None:
    for other, ours in OTHER_WORDS.items():
        found = re.search(rf"\b(?:{other})\b", prose(page), re.IGNORECASE)
        assert found is None, f"{name(page)}: {found and found[0]!r} is called {ours} here"


def test_concepts_are_in_the_order_of_the_flow() -> None:
    headings = HEADING.findall((ROOT / "docs" / "concepts.md").read_text("utf-8"))
    flow = ["Event", "Artifact", "Evidence", "Link", "Community", "Cluster", "Signal", "Proposal"]
    places = [headings.index(word) for word in flow]
    assert all(before < after for before, after in pairwise(places))


def test_pages_have_no_wide_lines() -> None:
    for page in PAGES:
        text = FENCE.sub("", generate.BLOCK.sub("", page.read_text("utf-8")))
        wide = [line for line in text.splitlines() if len(line) > 110 and line[0] != "|"]
        assert not wide, f"{name(page)}: {wide}"
