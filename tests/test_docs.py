"""The words are true: blocks are current, commands and snippets run, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from docs import generate
from docs.generate import PAGES, ROOT, Demo
from linkage.decisions import holding_rules
from linkage.readers.schema import SCHEMA
from linkage.settings import parse
from linkage.signals import SIGNALS

FENCE = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TABLE = re.compile(r"^## `(?P<file>[\w.]+)`\n(?P<text>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
ROW = re.compile(r"^\| `(?P<name>\w+)` \|", re.MULTILINE)

# What the vocabulary has another word for (docs/concepts.md).
OTHER_WORDS = {
    "ring": "network or cluster",
    "fraud score": "score",
    "risk score": "score",
    "entity": "account or unit",
    "entities": "accounts or units",
    "fraudster": "operator",
    "suspicious": "unusual",
    "suspects?": "member",
    "edges?": "link",
    "blacklist": "ban list",
    "blocklist": "ban list",
    "denylist": "ban list",
    "attributes?": "artifact",
    "indicators?": "artifact or signal",
    "anomal(?:y|ies|ous)": "signal, or unusual",
    "false positives?": "innocents listed",
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    why_not_run: str | None


def blocks(page: Path, *languages: str) -> list[Block]:
    text = page.read_text("utf-8")
    found = [
        Block(page, text[: m.start()].count("\n") + 1, m["language"], m["text"], m["why"])
        for m in FENCE.finditer(text)
    ]
    return [block for block in found if block.language in languages]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once for all tests of this module."""
    return Demo.made(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small logs as the pages name them: ours, others' columns, and packed ones."""
    folder = tmp_path_factory.mktemp("logs")
    size = ["--accounts", "400", "--fakes", "80", "--events", "4000"]
    generate.linkage(folder, "simulate", "month", *size)
    events = duckdb.read_parquet(str(folder / "month" / "events.parquet"))
    for name in ("logs", "export", "more"):
        (folder / name).mkdir()
    late = "ts >= '2026-06-15'"
    events.filter(f"not {late}").write_parquet(str(folder / "logs" / "early.parquet"))
    events.filter(late).write_parquet(str(folder / "logs" / "late.parquet"))
    others = events.project(
        "* RENAME (ts AS time, account_id AS user_id, payment_id AS card_token), "
        "'code-' || hash(account_id) % 300 AS referral_code"
    )
    others.write_csv(str(folder / "export" / "june.csv"))
    duckdb.sql(
        f"COPY (SELECT * FROM events) TO '{folder / 'more' / 'week.ndjson.gz'}' "
        "(FORMAT json, COMPRESSION gzip)"
    ).close() if False else _packed(events, folder / "more" / "week.ndjson.gz")
    return folder


def _packed(events: duckdb.DuckDBPyConnection, path: Path) -> None:
    raise NotImplementedError
