"""Prompts within a run: their texts, and fingerprints of these, find what template ids find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.events import read
from linkage.pipeline import detect
from linkage.prompts import Templates, templates
from linkage.settings import Settings, load, parse
from linkage.templates.cutting import secret
from linkage.templates.fingerprints import fingerprints
from tests import worlds

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def table(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


def printed(events: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Fingerprints in the place of texts."""
    made = fingerprints(pa.array(events.prompt, pa.string()), secret(key))
    return events.assign(prompt_fingerprint=made.to_pylist()).drop(columns="prompt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results over one month: with template ids, with texts, and with fingerprints."""
    folder = tmp_path_factory.mktemp("prompts")
    given = worlds.planted(ordinary=300).events
    texts = worlds.with_texts(given)
    shuffled = texts.sample(frac=1, random_state=5)
    months = {"ids": (given, 2), "texts": (texts, 2), "again": (shuffled, 1)}
    months["prints"] = (printed(texts, b"key"), 2)
    for name, (events, threads) in months.items():
        settings = worlds.settings(resources={"threads": threads})
        detect(worlds.write(events, folder / f"{name}.events.parquet"), folder / name, settings)
    return folder


def test_texts_and_fingerprints_find_what_ids_find(folder: Path) -> None:
    wanted = table(folder / "ids", "members")
    assert (wanted.proposal == "ban").sum() > 50
    for name in ("texts", "prints"):
        found = table(folder / name, "members")
        pd.testing.assert_frame_equal(
            found[["account_id", "cluster_id", "proposal"]],
            wanted[["account_id", "cluster_id", "proposal"]],
        )
        np.testing.assert_allclose(found.confidence, wanted.confidence, atol=0.1)


def test_own_prompts_are_counted_and_are_no_artifact(folder: Path) -> None:
    wanted = table(folder / "ids", "activity")
    for name in ("texts", "prints"):
        found = table(folder / name, "activity")
        pd.testing.assert_series_equal(found.with_prompt_template, wanted.with_prompt_template)
        pd.testing.assert_series_equal(found.own_prompts, wanted.own_prompts, atol=0.02)
        artifacts = table(folder / name, "artifacts")
        values = artifacts[artifacts.kind == "template"].value
        assert set(values) <= set(table(folder / name, "templates").template_id)


def test_templates_are_read_in_words_where_there_are_texts(folder: Path) -> None:
    texts, prints = (table(folder / name, "templates") for name in ("texts", "prints"))
    ids = table(folder / "ids", "artifacts")
    assert len(texts) == len(prints) == (ids.kind == "template").sum()
    assert texts.template_id.is_monotonic_increasing
    assert (texts.accounts > 1).all()
    known = {worlds.worded(name, "{…}") for name in ids[ids.kind == "template"].value}
    assert set(texts.template) == known
    assert prints.template.isna().all()
    assert sorted(texts.requests) == sorted(prints.requests)
    assert table(folder / "ids", "templates").empty


def test_neither_the_order_of_rows_nor_threads_change_a_byte(folder: Path) -> None:
    for file in (folder / "texts").iterdir():
        if file.name != "run.json":
            assert file.read_bytes() == (folder / "again" / file.name).read_bytes(), file.name


TEXT = "Translate the following legal paragraph into plain French for {}: answer in one line"
OTHER = "Rate whether {} and {} would please a careful reviewer who values brevity and wit"


def stage(
    rows: list[dict[str, Any]], folder: Path, settings: Settings | None = None
) -> tuple[dict[str, str | None], Templates]:
    """The template of each event, by its id."""
    con, chosen = ibis.duckdb.connect(), settings or Settings()
    events = worlds.write(worlds.events_of(rows), folder / "events.parquet")
    table = read(con, [events], chosen, folder / "read").table
    found = templates(con, table, chosen, 2, folder / "prompts")
    got = found.events.select("event_id", "prompt_template").to_pyarrow().to_pylist()
    return {row["event_id"]: row["prompt_template"] for row in got}, found


def asked(text: str, count: int, **more: Any) -> list[dict[str, Any]]:
    """So many accounts with one prompt each."""
    names = [f"{text[:4]}{i}" for i in range(count)]
    fill = ["apples", "grey horses", "the moon of May", "nobody", "seven 7 sins", "x"]
    return [
        {"account_id": a, "event_id": a, "prompt": text.format(*fill[i:], *fill), **more}
        for i, a in enumerate(names)
    ]


def test_what_the_platform_says_wins(tmp_path: Path) -> None:
    rows = asked(TEXT, 6)
    rows[0]["prompt_template"] = "given"
    rows[1]["prompt"] = None
    rows[2]["prompt"] = "What is this thing that nobody else has ever asked about?"
    rows += [{**row, "event_id": f"{row['event_id']} again"} for row in rows[3:]]
    of, found = stage(rows, tmp_path)
    assert (of["Tran0"], of["Tran1"], of["Tran2"]) == ("given", None, "")
    (one,) = {of["Tran3"], of["Tran4"], of["Tran5"]}
    (row,) = found.found.to_pylist()
    assert (row["template_id"], row["accounts"], row["requests"]) == (one, 3, 6)
    assert "prompt" not in found.events.columns


def test_what_somebody_wrote_is_never_taken_for_a_fingerprint(tmp_path: Path) -> None:
    prints = fingerprints(pa.array([TEXT] * 4), secret(b"k")).to_pylist()
    rows = [
        {"account_id": f"{column}{i}", "event_id": f"{column}{i}", column: text}
        for i, text in enumerate(prints)
        for column in ("prompt", "prompt_fingerprint")
    ]
    rows += [{**row, "event_id": f"{row['event_id']} again"} for row in rows]
    rows.append({"account_id": "c", "event_id": "c", "prompt_fingerprint": "lkp1.broken"})
    of, _ = stage(rows, tmp_path)
    assert of["prompt_fingerprint0"] == of["prompt_fingerprint3"] != of["prompt0"]
    assert of["c"] == ""


def test_well_known_templates_weigh_nothing(tmp_path: Path) -> None:
    (tmp_path / "known.txt").write_text(f"{TEXT}\n\nNever mind.\n", "utf-8")
    (tmp_path / "l.toml").write_text('[templates]\nknown_templates = "known.txt"\n', "utf-8")
    settings = load(tmp_path / "l.toml")
    assert settings == parse({"templates": {"known_templates": [TEXT, "Never mind."]}})
    of, found = stage([*asked(TEXT, 6), *asked(OTHER, 6)], tmp_path, settings)
    assert {of[f"Tran{i}"] for i in range(6)} == {None}
    (row,) = found.found.to_pylist()
    assert {of[f"Rate{i}"] for i in range(6)} == {row["template_id"]}
    free, _ = stage([*asked(TEXT, 6), *asked(OTHER, 6)], tmp_path)
    assert free["Rate1"] == of["Rate1"]
    assert free["Tran1"] not in (None, "")
