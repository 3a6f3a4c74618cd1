"""Runs that start from evidence: the same as from events where all is known, and careful with
what is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import linkage
from linkage.errors import FormatError, InputError, MissingColumns, MissingInput
from linkage.pipeline import STAGES, detect
from linkage.run import Run
from linkage.scenarios import Scenario, simulate
from linkage.settings import Settings
from tests import worlds
from tests.test_cli import failed, linked

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

DECLARED = {
    "artifacts": {
        "referral": {"column": "referral_code", "family": "money"},
        "sent_to": {"names_account": True, "m": 0.3},
    }
}
OF_ACTIVITY = {  # signal -> the column of activity that it needs
    "shared_work": "with_prompt_template",
    "own_prompts": "with_prompt_template",
    "strangers_at_one_work": "with_prompt_template",
    "own_device": "with_device_id",
    "own_home": "with_ip",
    "own_hours": "hours",
    "round_the_clock": "hours",
}


def declaring() -> Settings:
    return worlds.settings(**DECLARED)


def dealing(events: pd.DataFrame) -> pd.DataFrame:
    """Networks pass money round, and everybody has a code that a few have."""
    rng = np.random.default_rng(5)
    accounts = sorted(set(events.account_id))
    number = {account: i for i, account in enumerate(accounts)}
    near = {a: accounts[(i + 1) % len(accounts)] for a, i in number.items() if a[0] == "n"}
    near |= {a: "nobody" for a in accounts if number[a] % 7 == 0}
    codes = {a: f"code{int(rng.integers(0, 800))}" for a in accounts}
    return events.assign(
        sent_to=events.account_id.map(near), referral_code=events.account_id.map(codes)
    )


@pytest.fixture(scope="module")
def planted() -> worlds.World:
    return worlds.planted()


@pytest.fixture(scope="module")
def plain(planted: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted world's result."""
    folder = tmp_path_factory.mktemp("plain")
    events = worlds.write(planted.events, folder / "events.parquet")
    return detect(events, folder / "result", worlds.settings())


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated month's result."""
    folder = tmp_path_factory.mktemp("month")
    summary = simulate(Scenario(accounts=5_000, fakes=300, events=100_000, seed=3), folder)
    return detect(summary.events_path, folder / "result", worlds.settings())


@pytest.fixture(scope="module")
def dealt(planted: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted world with a declared kind, and one that names accounts."""
    folder = tmp_path_factory.mktemp("dealt")
    events = worlds.write(dealing(planted.events), folder / "events.parquet")
    return detect(events, folder / "result", declaring())


def again(folder: Path, out: Path, settings: Settings | None = None) -> Path:
    return detect(None, out, settings or worlds.settings(), evidence=folder)


def files(folder: Path) -> dict[str, bytes]:
    """All of a result that does not say where it comes from and how long it took."""
    found = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "run.json"}
    info = json.loads((folder / "run.json").read_text("utf-8"))
    for key in ("stages", "versions", "files", "evidence"):
        del info[key]
    return found | {"run.json": json.dumps(info).encode()}


def copied(
    folder: Path,
    to: Path,
    evidence: Callable[[pa.Table], pa.Table] = lambda table: table,
    activity: Callable[[pa.Table], pa.Table] | None = lambda table: table,
) -> Path:
    """The evidence and activity of a result alone, changed; None: no activity."""
    to.mkdir()
    for name, change in (("evidence", evidence), ("activity", activity)):
        if change is not None:
            table = pq.read_table(folder / f"{name}.parquet")
            pq.write_table(change(table), to / f"{name}.parquet")
    return to


def without(*columns: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.drop_columns(list(columns))


def carrying(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name.startswith("with_")]


def signals(run: Run) -> set[str]:
    return {signal["name"] for found in run.clusters.signals for signal in found}


# The law


@pytest.mark.parametrize("world", ["plain", "month", "dealt"])
def test_from_its_own_evidence_a_run_is_the_same(
    world: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first: Path = request.getfixturevalue(world)
    settings = declaring() if world == "dealt" else worlds.settings()
    second = again(first, tmp_path / "second", settings)
    assert files(second) == files(first)
    run = Run.open(second)
    assert run.info["evidence"] == str(first)
    assert run.info["files"] == [str(first / f"{n}.parquet") for n in ("evidence", "activity")]
    assert run.info["unknown"] == {}
    assert len(run.clusters) > 3
    assert [stage["stage"] for stage in run.info["stages"]] == list(STAGES)
    if world == "dealt":
        kinds = set(run.evidence(list(run.activity.account_id)).kind)
        assert {"referral", "sent_to"} <= kinds
    if world != "month":
        assert len(run.banlist) == 78


def test_the_order_of_rows_changes_no_byte(plain: Path, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def mixed(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    folder = copied(plain, tmp_path / "mixed", mixed, mixed)
    assert files(again(folder, tmp_path / "result")) == files(plain)


def test_rows_of_one_artifact_are_added_up(plain: Path, tmp_path: Path) -> None:
    """Each row with several events becomes two: the first with one event and the later start."""

    def halved(table: pa.Table) -> pa.Table:
        frame = table.to_pandas()
        several = frame[frame.events > 1]
        first = several.assign(events=1, first_seen=several.last_seen)
        rest = frame.assign(events=np.where(frame.events > 1, frame.events - 1, frame.events))
        rest.loc[several.index, "last_seen"] = several.first_seen
        assert len(first) > 1000
        return pa.Table.from_pandas(pd.concat([first, rest]), table.schema, preserve_index=False)

    folder = copied(plain, tmp_path / "halved", halved)
    assert files(again(folder, tmp_path / "result")) == files(plain)


def test_artifacts_of_one_account_alone_are_left_out(plain: Path, tmp_path: Path) -> None:
    def more(table: pa.Table) -> pa.Table:
        lone = (
            table.slice(0, 3)
            .to_pandas()
            .assign(kind="conversation", value=["a", "b", "c"], events=1)
        )
        lone = pa.Table.from_pandas(lone, table.schema, preserve_index=False)
        return pa.concat_tables([table, lone])

    folder = copied(plain, tmp_path / "more", more)
    assert files(again(folder, tmp_path / "result")) == files(plain)


def test_other_types_of_the_same_say_the_same(plain: Path, tmp_path: Path) -> None:
    """Dictionaries, small integers, times in other units and without a zone."""

    def other(table: pa.Table) -> pa.Table:
        for i, field in enumerate(table.schema):
            column = table[field.name]
            if pa.types.is_string(field.type):
                column = column.dictionary_encode()
            elif pa.types.is_int64(field.type):
                column = column.cast(pa.int32())
            elif pa.types.is_timestamp(field.type):
                column = column.cast(pa.timestamp("us")).cast(pa.timestamp("ns"))
            table = table.set_column(i, field.name, column)
        return table

    folder = copied(plain, tmp_path / "other", other, other)
    assert files(again(folder, tmp_path / "result")) == files(plain)


# What is not known


def test_without_days_hours_and_counts_the_networks_are_found_and_nobody_else(
    planted: worlds.World, plain: Path, tmp_path: Path
) -> None:
    def less(table: pa.Table) -> pa.Table:
        return table.drop_columns(["days", "hours", "own_prompts", "with_prompt_template"])

    first = Run.open(plain)
    second = Run.open(again(copied(plain, tmp_path / "less", activity=less), tmp_path / "result"))
    assert set(second.members.account_id) == set(first.members.account_id)
    assert set(second.clusters.cluster_id) == set(first.clusters.cluster_id)
    assert set(second.banlist.account_id) <= set(first.banlist.account_id)
    flagged = second.members[second.members.proposal != "none"]
    assert set(flagged.account_id) >= planted.accounts("network")
    gone = {s for s, c in OF_ACTIVITY.items() if c in ("hours", "with_prompt_template")}
    assert signals(second) == signals(first) - gone
    accounts = len(first.activity)
    assert second.info["unknown"] == dict.fromkeys(
        ("days", "hours", "with_prompt_template"), accounts
    )
    assert second.activity.days.isna().all()
    assert second.activity.hours.isna().all()
    assert second.activity.own_prompts.isna().all()
    assert second.activity.events.equals(first.activity.events)


def test_without_days_and_hours_alone_networks_are_listed(
    planted: worlds.World, plain: Path, tmp_path: Path
) -> None:
    folder = copied(plain, tmp_path / "less", activity=without("days", "hours", "own_prompts"))
    run = Run.open(again(folder, tmp_path / "result"))
    assert set(run.banlist.account_id) == planted.accounts("network")
    assert signals(run) == signals(Run.open(plain)) - {"own_hours", "round_the_clock"}
    assert run.activity.own_prompts.equals(Run.open(plain).activity.own_prompts)


@pytest.mark.parametrize("world", ["plain", "month"])
def test_whatever_is_missing_nobody_more_is_listed(
    world: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first: Path = request.getfixturevalue(world)
    listed = set(Run.open(first).banlist.account_id)
    table = pq.read_table(first / "activity.parquet")
    left_out = {
        "hours": ["hours", "days", "own_prompts"],
        "carried": carrying(table),
        "devices": ["with_device_id", "with_ip"],
        "events": ["events"],
        "all": [name for name in table.column_names if name != "account_id"],
        "organisation": ["organisation"],
    }
    for name, columns in left_out.items():
        folder = copied(first, tmp_path / name, activity=without(*columns))
        run = Run.open(again(folder, tmp_path / f"{name}-result"))
        more = set(run.banlist.account_id) - listed
        assert not more, (name, sorted(more))
        assert set(run.info["unknown"]) <= {*columns, "hours"}
        if name == "organisation":
            assert run.banlist.empty
            assert set(run.clusters.proposal) <= {"review", "none"}


def test_without_activity_the_networks_are_clusters_and_nothing_is_proposed(
    planted: worlds.World, plain: Path, tmp_path: Path
) -> None:
    folder = copied(plain, tmp_path / "evidence", activity=None)
    run = Run.open(again(folder, tmp_path / "result"))
    groups = {frozenset(g) for _, g in run.members.groupby("cluster_id").account_id}
    networks = {frozenset(g) for name, g in planted.groups.items() if name.startswith("network")}
    assert networks <= groups
    assert set(run.clusters.proposal) == {"none"}
    assert not signals(run) & {*OF_ACTIVITY, "even_load", "signup_bursts"}
    assert {"one_client", "many_templates"} <= signals(run)
    evidence = pq.read_table(plain / "evidence.parquet").to_pandas()
    assert set(run.activity.account_id) == set(evidence.account_id)
    assert set(run.info["unknown"].values()) == {len(run.activity)}
    assert {"events", "first_seen", "hours", "organisation"} <= set(run.info["unknown"])


def test_events_and_times_are_the_least_that_evidence_leaves_possible(
    dealt: Path, tmp_path: Path
) -> None:
    """Of kinds that name accounts, the events may be another's."""
    folder = copied(dealt, tmp_path / "evidence", activity=None)
    run = Run.open(again(folder, tmp_path / "result", declaring()))
    evidence = pq.read_table(dealt / "evidence.parquet").to_pandas()
    own = evidence[evidence.kind != "sent_to"]
    most = own.groupby(["account_id", "kind"]).events.sum().groupby("account_id").max()
    found = run.activity.set_index("account_id")
    assert found.events.to_dict() == most.reindex(found.index, fill_value=0).to_dict()
    first = own.groupby("account_id").first_seen.min()
    assert found.first_seen.dropna().to_dict() == first.to_dict()
    known = Run.open(dealt).activity.set_index("account_id").loc[found.index]
    assert (found.events <= known.events).all()
    assert (found.events > 0).any()


def test_a_lower_bound_stays_one_in_the_next_run(plain: Path, tmp_path: Path) -> None:
    folder = copied(plain, tmp_path / "less", activity=without("events", "hours", "organisation"))
    second = again(folder, tmp_path / "second")
    third = again(second, tmp_path / "third")
    assert files(third) == files(second)
    assert Run.open(third).info["unknown"]["events"] == len(Run.open(plain).activity)
    assert not signals(Run.open(third)) & {"even_load", "own_hours"}


def test_events_are_those_of_the_hours_where_only_these_are_known(
    plain: Path, tmp_path: Path
) -> None:
    folder = copied(plain, tmp_path / "less", activity=without("events"))
    assert files(again(folder, tmp_path / "result")) == files(plain)


def test_an_account_of_which_little_is_known_is_judged_with_those_that_are(
    planted: worlds.World, plain: Path, tmp_path: Path
) -> None:
    """Rows that are missing: of a few members of each network, who are held."""
    gone = sorted(planted.accounts("network"))[::10]

    def fewer(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["account_id"], pa.array(gone))))

    run = Run.open(again(copied(plain, tmp_path / "few", activity=fewer), tmp_path / "result"))
    assert set(run.info["unknown"].values()) == {len(gone)}
    members = run.members.set_index("account_id")
    assert set(members.held_by[gone]) == {"unknown_organisation"}
    assert set(members.proposal[gone]) == {"review"}
    assert set(run.banlist.account_id) == planted.accounts("network") - set(gone)
    rows = run.activity.set_index("account_id").loc[gone]
    assert rows.hours.isna().all()
    assert rows.with_ip.isna().all()
    assert {"events", "hours", "organisation"} <= set(rows.unknown.iloc[0])
    known = run.activity[~run.activity.account_id.isin(gone)]
    assert (known.unknown.map(len) == 0).all()


def test_figures_that_contradict_the_evidence_are_not_known(plain: Path, tmp_path: Path) -> None:
    def lower(table: pa.Table) -> pa.Table:
        frame = table.to_pandas().astype({"events": "int64"})
        frame.loc[:4, "events"] = 1
        frame.loc[5:9, "with_ip"] = 0
        frame.loc[10:14, "with_user_agent"] = 0
        return pa.Table.from_pandas(frame.drop(columns="with_user_agent"), table.schema)

    run = Run.open(again(copied(plain, tmp_path / "low", activity=lower), tmp_path / "result"))
    shared = pq.read_table(plain / "evidence.parquet").to_pandas()
    names = run.activity.account_id
    by_ip = set(shared[shared.kind.isin(["ip", "subnet"])].account_id) & set(names[5:10])
    assert run.info["unknown"]["events"] == run.info["unknown"]["hours"] == 5
    assert run.info["unknown"].get("with_ip", 0) == len(by_ip)
    assert (run.activity.events[:5] > 1).all()


# Bad input


Change = Callable[[pd.DataFrame], Any]


def changed(column: str, row: int, value: Any) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row, column] = value
        return frame

    return change


SMALL = [
    {"account_id": a, "kind": k, "value": v, "events": 3, "first_seen": worlds.START,
     "last_seen": worlds.START + timedelta(hours=1)}
    for a in "ab"
    for k, v in (("ip", "1.2.3.4"), ("device", "d"))
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (changed("kind", 1, "wallet"), InputError, r"wallet\. Declare .*\[artifacts\.wallet\]"),
        (changed("account_id", 1, None), InputError, "1 row with no account_id"),
        (changed("account_id", 1, ""), InputError, "1 row with no account_id"),
        (changed("value", 2, ""), InputError, "1 row with no value"),
        (changed("events", 2, 0), InputError, "1 row with no events, or fewer than 1"),
        (changed("events", 2, None), InputError, "1 row with no events, or fewer than 1"),
        (changed("last_seen", 2, worlds.START - timedelta(1)), InputError, "before first_seen"),
        (changed("first_seen", 2, None), InputError, "1 row with no first_seen"),
        (lambda f: f.drop(columns="value"), MissingColumns, "no column value"),
        (lambda f: f.assign(events="3"), InputError, "events is .*string, where whole numbers"),
        (lambda f: f.assign(account_id=7), InputError, "account_id is int64, where text"),
        (lambda f: f.assign(last_seen="today"), InputError, "last_seen is .*, where times"),
        (lambda f: f.head(0), MissingInput, "there are no rows"),
    ],
)
def test_bad_evidence_is_refused(
    change: Change, error: type[InputError], words: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame(SMALL)
    (tmp_path / "given").mkdir()
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "given" / "evidence.parquet")
    assert len(linkage.detect(evidence=tmp_path / "given").activity) == 2
    table = pa.Table.from_pandas(change(frame), preserve_index=False)
    pq.write_table(table, tmp_path / "given" / "evidence.parquet")
    with pytest.raises(error, match=words):
        again(tmp_path / "given", tmp_path / "result")
    assert {path.name for path in tmp_path.iterdir()} == {"given"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"account_id": "a"}, {"account_id": "a"}], "account a has more than one row"),
        ([{"account_id": ""}], "1 row with no account_id"),
        ([{"account_id": "a", "events": -1}], "1 row with events below 0"),
        ([{"account_id": "a", "with_ip": -1}], "1 row with with_ip below 0"),
        ([{"account_id": "a", "hours": [1, 2]}], "1 row with hours that are not 24 numbers"),
        ([{"account_id": "a", "hours": [1] * 23 + [-1]}], "1 row with hours below 0"),
        ([{"account_id": "a", "hours": "noon"}], "hours is string, where lists of 24"),
        ([{"account_id": "a", "days": 1.5}], "days is double, where whole numbers"),
        ([{"events": 3}], "no column account_id"),
    ],
)
def test_bad_activity_is_refused(rows: list[Mapping[str, Any]], words: str, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(SMALL)), given / "evidence.parquet")
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), given / "activity.parquet")
    with pytest.raises(InputError, match=words):
        again(given, tmp_path / "result")


def test_a_folder_without_evidence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"nowhere: no folder with evidence\.parquet"):
        again(tmp_path / "nowhere", tmp_path / "result")
    given = tmp_path / "gi[v]en*"
    given.mkdir()
    (given / "evidence.parquet").write_bytes(b"no Parquet")
    with pytest.raises(FormatError, match="cannot be read"):
        again(given, tmp_path / "result")
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(SMALL)), given / "evidence.parquet")
    assert again(given, tmp_path / "result").is_dir()


def test_accounts_alone_and_columns_of_nothing_will_do(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(SMALL)), given / "evidence.parquet")
    rows = [{"account_id": a, "hours": None, "claimed": None, "organisation": None} for a in "bcd"]
    pq.write_table(pa.Table.from_pylist(rows), given / "activity.parquet")
    run = linkage.detect(evidence=given)
    assert list(run.activity.account_id) == list("abcd")
    assert list(run.activity.events) == [3, 3, 0, 0]
    assert run.info["unknown"]["organisation"] == 1
    assert run.info["counts"]["events"] == 6


# By command


def test_events_or_evidence_one_of_the_two(plain: Path, tmp_path: Path) -> None:
    events = plain.parent / "events.parquet"
    for sources, evidence in ((None, None), ([], None), (events, plain)):
        with pytest.raises(InputError, match="one of the two"):
            linkage.detect(sources, tmp_path / "result", evidence=evidence)
    both = failed("detect", events, "--evidence", plain, "--out", tmp_path / "result", code=2)
    assert "one of the two" in both
    assert "Usage" in both
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_is_not_known(plain: Path, tmp_path: Path) -> None:
    folder = copied(plain, tmp_path / "less", activity=without("hours"))
    words = ("detect", "--evidence", folder, "--out", tmp_path / "result")
    text = " ".join(linked(*words).split())
    accounts = len(Run.open(plain).activity)
    assert f"not known of so many accounts: hours ({accounts:,})" in text
    found = json.loads(linked(*words, "--overwrite", "--json"))
    assert found["counts"]["accounts"] == accounts
    assert "not known" not in linked("detect", "--evidence", plain, "--out", tmp_path / "whole")
    name = Run.open(tmp_path / "result").members.account_id[0]
    assert "on" in linked("account", name, "-r", tmp_path / "result")


def test_a_result_may_replace_the_one_that_it_was_made_from(plain: Path, tmp_path: Path) -> None:
    folder = again(plain, tmp_path / "result")
    before = files(folder)
    told: list[str] = []
    detect(
        None, folder, worlds.settings(), evidence=folder, overwrite=True,
        progress=lambda stage, done: told.append(stage),
    )  # fmt: skip
    assert files(folder) == before
    assert list(dict.fromkeys(told)) == list(STAGES)
