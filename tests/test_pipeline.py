"""The whole run: what must not change its result, what must, and what it leaves behind."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from docs.generate import Demo
from linkage import results
from linkage.errors import LinkageError, MissingInput, ResultError
from linkage.pipeline import STAGES, detect
from linkage.render import HELD
from linkage.results import tables
from linkage.settings import Settings
from linkage.signals import SIGNALS
from tests import worlds

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

FILES = {
    "activity.parquet",
    "artifacts.parquet",
    "banlist.csv",
    "clusters.parquet",
    "evidence.parquet",
    "judged.parquet",
    "links.parquet",
    "members.parquet",
    "references.parquet",
    "run.json",
    "templates.parquet",
}


class Run:
    """A result folder, as pandas."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))

    def table(self, name: str) -> pd.DataFrame:
        return pq.read_table(self.folder / f"{name}.parquet").to_pandas()

    def clusters(self) -> dict[str, frozenset[str]]:
        """Cluster -> its accounts."""
        members = self.table("members")
        return {str(c): frozenset(a) for c, a in members.groupby("cluster_id").account_id}

    def proposed(self) -> dict[str, str]:
        """Cluster -> what is proposed."""
        table = self.table("clusters")
        return dict(zip(table.cluster_id, table.proposal, strict=True))

    def listed(self) -> set[str]:
        """The accounts on the ban list."""
        return {row["account_id"] for row in self.rows()}

    def rows(self) -> list[dict[str, str]]:
        with (self.folder / "banlist.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def files(self) -> dict[str, bytes]:
        """Every file's bytes; of run.json, what depends on input and settings alone."""
        found = {p.name: p.read_bytes() for p in self.folder.iterdir() if p.name != "run.json"}
        fixed = {k: v for k, v in self.info.items() if k not in ("stages", "versions", "files")}
        fixed["settings"] = {k: v for k, v in fixed["settings"].items() if k != "resources"}
        return found | {"run.json": json.dumps(fixed).encode()}


def run(
    source: pd.DataFrame | Sequence[Path] | Path,
    folder: Path,
    settings: Settings | None = None,
    name: str = "result",
    baseline: Path | None = None,
) -> Run:
    """Detect in events or files."""
    folder.mkdir(exist_ok=True, parents=True)
    if isinstance(source, pd.DataFrame):
        source = worlds.write(source, folder / f"{name}-events.parquet")
    chosen = settings or worlds.settings()
    return Run(detect(source, folder / name, chosen, baseline=baseline))


@pytest.fixture(scope="module")
def planted() -> worlds.World:
    """A world in which nothing is near a threshold."""
    return worlds.planted()


@pytest.fixture(scope="module")
def plain(planted: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The planted world's result."""
    return run(planted.events, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def month(demo: Demo) -> pd.DataFrame:
    """The demo's month: its truth; the `attrs` have the events' path."""
    folder = demo.folder / "demo" / "month"
    truth = pq.read_table(folder / "truth.parquet").to_pandas().set_index("account_id")
    truth.attrs["events"] = str(folder / "events.parquet")
    return truth


@pytest.fixture(scope="module")
def simulated(month: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The simulated month's result, on one thread."""
    one = Settings.model_validate({"resources": {"threads": 1}})
    return run(Path(month.attrs["events"]), tmp_path_factory.mktemp("simulated"), one)


# What it finds


def test_every_planted_group_is_a_cluster_of_its_own(planted: worlds.World, plain: Run) -> None:
    groups = {frozenset(g) for name, g in planted.groups.items() if name != "ordinary"}
    assert set(plain.clusters().values()) == groups


def test_the_networks_are_listed_and_nobody_else(planted: worlds.World, plain: Run) -> None:
    assert plain.listed() == planted.accounts("network")
    members = plain.table("members").set_index("account_id")
    assert (members.proposal[sorted(plain.listed())] == "ban").all()
    assert (members.proposal == "ban").sum() == len(plain.listed())


def test_a_company_that_shares_openly_is_never_proposed_for_a_ban(
    planted: worlds.World, plain: Run
) -> None:
    clusters = plain.table("clusters").set_index("cluster_id")
    ids = {accounts: cluster for cluster, accounts in plain.clusters().items()}
    notes = {
        str(clusters.note[ids[frozenset(group)]])
        for name, group in planted.groups.items()
        if name.startswith("company")
    }
    assert notes == {"openly one", "openly one, unverified"}


def test_a_cluster_sums_up_its_members(plain: Run) -> None:
    clusters = plain.table("clusters").set_index("cluster_id")
    activity = plain.table("activity").set_index("account_id")
    for cluster, accounts in plain.clusters().items():
        rows, row = activity.loc[sorted(accounts)], clusters.loc[cluster]
        assert row.accounts == len(accounts)
        assert row.events == rows.events.sum()
        assert (row.first_seen, row.last_seen) == (rows.first_seen.min(), rows.last_seen.max())


def test_clusters_come_by_score_and_their_signals_by_rank(plain: Run) -> None:
    clusters = plain.table("clusters")
    known = clusters[clusters.expected.notna()]
    assert known.expected.is_monotonic_increasing
    assert list(known.index) == list(range(len(known)))
    assert known.score.to_numpy() == pytest.approx(-np.log10(known.expected.to_numpy()))
    for signals in clusters.signals:
        ranks = [found["rank"] for found in signals]
        assert ranks == sorted(ranks)
        assert {found["name"] for found in signals} <= {s.name for s in SIGNALS}
        assert all(found["text"] and "{" not in found["text"] for found in signals)


def test_every_listed_account_cites_evidence_that_it_shares_with_its_cluster(
    plain: Run, simulated: Run
) -> None:
    for result in (plain, simulated):
        evidence = result.table("evidence")
        members = result.table("members").set_index("account_id").cluster_id
        held = evidence[evidence.account_id.isin(members.index)]
        held = held.assign(cluster=held.account_id.map(members))
        keys = ["cluster", "kind", "value"]
        shared = held[held.groupby(keys).account_id.transform("nunique") > 1]
        assert result.listed()
        assert result.listed() <= set(shared.account_id)
        for row in result.rows():
            assert row["cluster_id"] == members[row["account_id"]]
            assert "expected by chance" in row["reasons"]
            # And signals in words.
            assert row["reasons"].count(";") >= 3


def test_reported_counts_are_those_of_the_tables(plain: Run, planted: worlds.World) -> None:
    counts = plain.info["counts"]
    assert counts["events"] == len(planted.events) == plain.table("activity").events.sum()
    assert counts["accounts"] == len(plain.table("activity"))
    assert counts["evidence"] == len(plain.table("evidence"))
    assert counts["artifacts"] == len(plain.table("artifacts"))
    assert counts["links"] == len(plain.table("links"))
    assert counts["clusters"] == len(plain.table("clusters"))
    assert counts["listed"] == len(plain.rows())
    assert counts["ban_clusters"] == list(plain.proposed().values()).count("ban")
    verified = planted.events[planted.events.org_verified.eq(True)]
    extra = verified.account_id.nunique() - verified.org_id.nunique()
    assert counts["units"] == counts["accounts"] - extra
    assert [stage["stage"] for stage in plain.info["stages"]] == list(STAGES)
    assert all(stage["written_mb"] >= 0 for stage in plain.info["stages"])


def test_on_a_simulated_month_the_list_is_right(month: pd.DataFrame, simulated: Run) -> None:
    listed = month.operator[sorted(simulated.listed())]
    assert len(listed) > 100
    assert (listed >= 0).mean() >= 0.99
    members = simulated.table("members").set_index("account_id")
    flagged = members.index[members.proposal.isin(["ban", "review"])]
    wanted = month.index[(month.operator >= 0) & (month.kind != "careful")]
    assert wanted.isin(flagged).mean() >= 0.9


def test_no_verified_organisation_is_listed_whole_nor_any_account_of_it(
    simulated: Run, plain: Run
) -> None:
    for result in (simulated, plain):
        activity = result.table("activity").set_index("account_id")
        verified = activity.organisation.dropna()
        assert len(verified)
        assert not set(verified.index) & result.listed()


def test_a_network_that_is_one_verified_organisation_is_flagged_at_most(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    open_one = worlds.world(rng, {"network9": worlds.network(rng, "n9", 40, org="acme")})
    found = run(pd.concat([worlds.planted().events, open_one.events]), tmp_path)
    members = found.table("members").set_index("account_id")
    assert not set(open_one.groups["network9"]) & found.listed()
    assert members.loc[sorted(open_one.groups["network9"])].cluster_id.nunique() == 1
    assert found.listed() == worlds.planted().accounts("network")


def test_with_too_few_groups_to_compare_with_a_network_goes_to_review(
    planted: worlds.World, plain: Run, tmp_path: Path
) -> None:
    found = run(planted.events, tmp_path, Settings())
    assert found.clusters() == plain.clusters()
    assert not found.listed()
    clusters = found.table("clusters").set_index("cluster_id")
    for cluster, accounts in found.clusters().items():
        if accounts <= planted.accounts("network"):
            assert clusters.proposal[cluster] == "review"
            assert clusters.note[cluster] == "too few groups to compare with"


def test_another_runs_baseline_stands_in_for_groups_of_ones_own(
    planted: worlds.World, plain: Run, tmp_path: Path
) -> None:
    kept = planted.accounts("network") | planted.accounts("ordinary")
    events = planted.events[planted.events.account_id.isin(kept)]
    assert not run(events, tmp_path, name="alone").listed()
    found = run(events, tmp_path, name="compared", baseline=plain.folder)
    assert found.listed() == planted.accounts("network")
    assert found.info["baseline"]["source"] == str(plain.folder)
    assert found.info["baseline"]["accounts"] == plain.info["baseline"]["accounts"]


# What must not change it


def test_the_order_of_rows_changes_no_byte(
    planted: worlds.World, plain: Run, tmp_path: Path, seed: int
) -> None:
    mixed = planted.events.sample(frac=1, random_state=seed)
    assert run(mixed, tmp_path).files() == plain.files()


def test_what_is_looked_up_is_in_one_small_part_of_a_file(
    planted: worlds.World, plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS_IN_GROUP", 32)
    found = run(planted.events, tmp_path)
    for name in ("activity", "members", "artifacts"):
        file = pq.ParquetFile(found.folder / f"{name}.parquet")
        parts = [file.read_row_group(part) for part in range(file.num_row_groups)]
        assert len(parts) > 1, name
        assert all(part.num_rows == 32 for part in parts[:-1]), name
        assert pa.concat_tables(parts).equals(pq.read_table(plain.folder / f"{name}.parquet"))
        # A reader tells by these which part to read.
        kept = [file.metadata.row_group(part).column(0) for part in range(len(parts))]
        assert all(column.statistics.has_min_max for column in kept), name
        # Ids that are all different gain nothing by a dictionary; kinds do.
        assert ("RLE_DICTIONARY" in kept[0].encodings) == (name == "artifacts")


def test_splitting_the_file_changes_no_byte(
    planted: worlds.World, plain: Run, tmp_path: Path, seed: int
) -> None:
    part = np.random.default_rng(seed).integers(0, 4, len(planted.events))
    files = [worlds.write(planted.events[part == i], tmp_path / f"{i}.parquet") for i in range(3)]
    rest = planted.events[part == 3]
    files.append(tmp_path / "3.csv")
    rest.assign(ts=[ts.isoformat() for ts in rest.ts]).to_csv(files[-1], index=False)
    assert run(files, tmp_path).files() == plain.files()


def test_a_file_given_twice_counts_once_where_events_have_ids(
    planted: worlds.World, plain: Run, tmp_path: Path
) -> None:
    files = [worlds.write(planted.events, tmp_path / f"{name}.parquet") for name in "ab"]
    found, expected = run(files, tmp_path), plain.files()
    assert found.info["counts"].pop("duplicates") == len(planted.events)
    assert plain.info["counts"]["duplicates"] == 0
    ours = found.files()
    del ours["run.json"], expected["run.json"]
    assert ours == expected


def test_renaming_the_accounts_renames_the_members_and_nothing_else(
    planted: worlds.World, plain: Run, tmp_path: Path, seed: int
) -> None:
    names = sorted(set(planted.events.account_id))
    new = np.random.default_rng(seed).permutation(len(names))
    renamed = {name: f"account-{number:05}" for name, number in zip(names, new, strict=True)}
    events = planted.events.assign(account_id=planted.events.account_id.map(renamed))
    found = run(events, tmp_path)
    assert set(found.clusters().values()) == {
        frozenset(renamed[a] for a in accounts) for accounts in plain.clusters().values()
    }
    assert found.listed() == {renamed[a] for a in plain.listed()}
    assert not set(found.clusters()) & set(plain.clusters())


def test_unrelated_accounts_change_no_cluster(
    planted: worlds.World, plain: Run, tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    people = [worlds.lone(rng, f"more{i}") for i in range(1200)]
    more = worlds.world(rng, {"ordinary": people}).events
    more["event_id"] = "more-" + more.event_id
    found = run(pd.concat([planted.events, more]), tmp_path)
    assert found.clusters() == plain.clusters()
    assert found.listed() == plain.listed()
    assert len(found.table("activity")) == len(plain.table("activity")) + 1200


def test_running_again_changes_no_byte(planted: worlds.World, plain: Run, tmp_path: Path) -> None:
    assert run(planted.events, tmp_path).files() == plain.files()


def test_the_number_of_threads_changes_no_byte(
    month: pd.DataFrame, simulated: Run, tmp_path: Path
) -> None:
    two = Settings.model_validate({"resources": {"threads": 2}})
    again = run(Path(month.attrs["events"]), tmp_path, two)
    assert again.files() == simulated.files()
    assert again.info["settings"]["resources"]["threads"] == 2


# What chance alone must not bring


def test_a_shuffled_world_lists_nobody(
    planted: worlds.World, plain: Run, tmp_path: Path, seed: int
) -> None:
    """What each account has, and how many have each artifact, stay; who shares with whom not."""
    events = worlds.shuffled(planted.events, np.random.default_rng(seed))
    for column in (*worlds.SHARED_COLUMNS, "prompt_template"):
        before, after = (e.groupby(column).size() for e in (planted.events, events))
        assert before.sum() == after.sum()
    # Compared with the world's own groups, so that there is enough to compare with.
    found = run(events, tmp_path, baseline=plain.folder)
    assert not found.listed()
    assert found.info["counts"]["groups"] < 0.2 * plain.info["counts"]["groups"]


def test_a_shuffled_month_lists_nobody(
    month: pd.DataFrame, simulated: Run, tmp_path: Path, seed: int
) -> None:
    events = pq.read_table(month.attrs["events"]).to_pandas()
    columns = (*worlds.SHARED_COLUMNS, "phone", "conversation_id")
    mixed = worlds.shuffled(events, np.random.default_rng(seed), columns)
    found = run(mixed, tmp_path, baseline=simulated.folder)
    assert not found.listed()


# What it leaves behind


def nothing_but(folder: Path, *names: str) -> bool:
    return {path.name for path in folder.iterdir()} == set(names)


def test_a_run_that_fails_leaves_nothing_behind(
    planted: worlds.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.write(planted.events, tmp_path / "events.parquet")
    write = results.write

    def failing(found: results.Results, folder: Path) -> None:
        write(found, folder)
        raise OSError("no space left on device")

    monkeypatch.setattr(results, "write", failing)
    with pytest.raises(OSError, match="no space left"):
        detect(tmp_path / "events.parquet", tmp_path / "result", worlds.settings())
    assert nothing_but(tmp_path, "events.parquet")


@pytest.mark.parametrize("stage", ["links", "proposals", "results"])
def test_a_run_that_is_interrupted_leaves_nothing_behind(
    planted: worlds.World, tmp_path: Path, stage: str
) -> None:
    worlds.write(planted.events.head(3000), tmp_path / "events.parquet")

    def interrupt(name: str, _: float) -> None:
        if name == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect(tmp_path / "events.parquet", tmp_path / "result", progress=interrupt)
    assert nothing_but(tmp_path, "events.parquet")


def test_a_run_that_fails_leaves_the_result_that_it_was_to_replace(
    plain: Run, tmp_path: Path
) -> None:
    events = plain.folder.parent / "result-events.parquet"
    old = run(events, tmp_path, name="old").files()

    def interrupt(name: str, _: float) -> None:
        if name == "results":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect(events, tmp_path / "old", worlds.settings(), progress=interrupt, overwrite=True)
    assert nothing_but(tmp_path, "old")
    assert Run(tmp_path / "old").files() == old


def test_a_result_that_cannot_be_put_in_place_leaves_the_one_that_it_was_to_replace(
    planted: worlds.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = worlds.write(planted.events.head(2000), tmp_path / "events.parquet")
    old = Run(detect(events, tmp_path / "result")).files()
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "result" and path.name == "result":
            raise OSError("no space left on device")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", failing)
        with pytest.raises(OSError, match="no space left"):
            detect(events, tmp_path / "result", overwrite=True)
    assert nothing_but(tmp_path, "events.parquet", "result")
    assert Run(tmp_path / "result").files() == old


KILLED = """
import os, signal, sys
from pathlib import Path
from linkage.pipeline import detect

def kill(name, done):
    if name == "results":
        os.kill(os.getpid(), signal.SIGKILL)

detect(sys.argv[1], Path(sys.argv[2]), progress=kill)
"""


def test_a_run_that_is_killed_leaves_no_half_result(planted: worlds.World, tmp_path: Path) -> None:
    events = worlds.write(planted.events.head(3000), tmp_path / "events.parquet")
    arguments = [sys.executable, "-c", KILLED, str(events), str(tmp_path / "result")]
    ended = subprocess.run(arguments, check=False, env={**os.environ, "PYTHONWARNINGS": ""})
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "result").exists()
    assert detect(events, tmp_path / "result").is_dir()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"baseline": Path("no-such-result")}, ResultError),
        ({"sources": [Path("no-such-file.parquet")]}, MissingInput),
    ],
    ids=["baseline", "events"],
)
def test_a_run_that_cannot_begin_leaves_nothing_behind(
    planted: worlds.World, tmp_path: Path, arguments: Mapping[str, Any], error: type[LinkageError]
) -> None:
    events = worlds.write(planted.events.head(100), tmp_path / "events.parquet")
    with pytest.raises(error, match="no-such"):
        detect(**{"sources": [events], "out": tmp_path / "deep" / "result", **arguments})
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != events]


def test_a_result_is_replaced_only_if_that_is_asked_for(
    planted: worlds.World, tmp_path: Path
) -> None:
    events = worlds.write(planted.events.head(2000), tmp_path / "events.parquet")
    out = tmp_path / "result"
    out.mkdir()
    detect(events, out)  # an empty folder is not in the way
    (out / "note.txt").write_text("mine")
    with pytest.raises(ResultError, match="a result is there already"):
        detect(events, out)
    detect(events, out, overwrite=True)
    assert {path.name for path in out.iterdir()} == FILES


def test_what_is_not_a_result_is_never_replaced(planted: worlds.World, tmp_path: Path) -> None:
    events = worlds.write(planted.events.head(200), tmp_path / "events.parquet")
    photos, file = tmp_path / "photos", tmp_path / "file"
    photos.mkdir()
    (photos / "cat.jpg").write_bytes(b"cat")
    file.write_text("text")
    for path in (photos, file):
        for overwrite in (False, True):
            with pytest.raises(ResultError, match="is not a result"):
                detect(events, path, overwrite=overwrite)
    assert nothing_but(tmp_path, "events.parquet", "photos", "file")
    assert (photos / "cat.jpg").read_bytes() == b"cat"
    assert file.read_text() == "text"


def test_bad_rows_go_into_the_results_quarantine(planted: worlds.World, tmp_path: Path) -> None:
    events = planted.events.head(500).copy()
    events.loc[events.index[3], "account_id"] = ""
    found = run(events, tmp_path)
    assert found.info["counts"]["quarantined"] == 1
    assert found.info["counts"]["events"] == 499
    assert len((found.folder / "quarantine.ndjson").read_text().splitlines()) == 1


@pytest.mark.parametrize("columns", [("device_id",), ()], ids=["an own device each", "no device"])
def test_events_in_which_nobody_shares_anything_give_an_empty_result(
    plain: Run, columns: Sequence[str], tmp_path: Path
) -> None:
    rows = [{"account_id": a} | dict.fromkeys(columns, f"of {a}") for a in "abc"]
    found = run(worlds.events_of(rows), tmp_path)
    assert not found.listed()
    assert found.clusters() == {}
    assert len(found.table("activity")) == 3
    assert set(found.files()) == FILES
    for name in ("evidence", "artifacts", "links"):
        empty, full = (pq.read_schema(r.folder / f"{name}.parquet") for r in (found, plain))
        assert empty == full


# The form of the result


def struct(**fields: str) -> str:
    return f"struct<{', '.join(f'{name}: {kind}' for name, kind in fields.items())}>"


def signal_type(element: str) -> str:
    fields = {"name": "string", "question": "string", "value": "double", "usual": "double",
              "rank": "double", "text": "string"}  # fmt: skip
    return f"list<{element}: {struct(**fields)}>"


TIME = "timestamp[us, tz=UTC]"
CARRIED = ("ip", "device_id", "payment_id", "email", "prompt_template")
SCHEMAS: dict[str, dict[str, str]] = {
    "evidence": {
        "account_id": "string",
        "kind": "string",
        "value": "string",
        "events": "int64",
        "first_seen": TIME,
        "last_seen": TIME,
    },
    "artifacts": {"kind": "string", "value": "string", "accounts": "int64", "degree": "int32"},
    "activity": {
        "account_id": "string",
        "events": "int64",
        "days": "int64",
        "first_seen": TIME,
        "last_seen": TIME,
        "signed_up": TIME,
        "hours": "list<element: int32>",
        "organisation": "string",
        "claimed": "string",
        **{f"with_{column}": "int64" for column in CARRIED},
        "own_prompts": "double",
    },
    "links": {
        "account_a": "string",
        "account_b": "string",
        "bits": "float",
        "families": struct(
            **dict.fromkeys(
                ("network", "client", "money", "identity", "content", "conversation"), "float"
            )
        ),
    },
    "clusters": {
        "cluster_id": "string",
        "accounts": "int64",
        "events": "int64",
        "score": "double",
        "expected": "double",
        "proposal": "string",
        "p_operation": "double",
        "p_lives": "double",
        "p_pretend": "double",
        "note": "string",
        "signals": signal_type("element"),
        "first_seen": TIME,
        "last_seen": TIME,
    },
    "members": {
        "account_id": "string",
        "cluster_id": "string",
        "confidence": "double",
        "proposal": "string",
        "held_by": "string",
    },
    "judged": {
        "account_id": "string",
        "decision": "int64",
        "renewed": "bool",
        "over": "double",
        "new_evidence": "list<element: struct<kind: string, value: string, bits: double>>",
    },
    "references": {"size": "int32", **{s.name: "double" for s in SIGNALS}},
}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_tables_schema_is_frozen(plain: Run, name: str) -> None:
    schema = pq.read_schema(plain.folder / f"{name}.parquet")
    assert {field.name: str(field.type) for field in schema} == SCHEMAS[name]
    assert list(schema.names) == list(SCHEMAS[name])


def test_a_result_has_these_files(plain: Run) -> None:
    assert (
        set(plain.files())
        == FILES
        == {f"{name}.parquet" for name in SCHEMAS}
        | {
            "banlist.csv",
            "run.json",
            "templates.parquet",
        }
    )


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("evidence", ["account_id", "kind", "value"]),
        ("artifacts", ["kind", "value"]),
        ("activity", ["account_id"]),
        ("links", ["account_a", "account_b"]),
        ("members", ["account_id"]),
    ],
)
def test_tables_are_sorted_and_no_key_comes_twice(
    simulated: Run, name: str, keys: list[str]
) -> None:
    table = simulated.table(name)[keys]
    rows = list(table.itertuples(index=False, name=None))
    assert rows == sorted(set(rows))


def test_links_name_the_smaller_account_first_and_weigh_what_their_families_do(
    simulated: Run,
) -> None:
    links = simulated.table("links")
    assert (links.account_a < links.account_b).all()
    parts = pd.DataFrame(list(links.families))
    assert (parts.sum(axis=1) == links.bits).all()
    assert (links.bits >= simulated.info["threshold_bits"]).all()
    needed = simulated.info["threshold_bits"]
    assert (parts.drop(columns="content") <= needed - 3).all().all()
    assert (parts.content <= needed).all()
    assert (links.bits * 1024 % 1 == 0).all()


def test_evidence_has_only_what_accounts_share(simulated: Run) -> None:
    evidence, artifacts = simulated.table("evidence"), simulated.table("artifacts")
    counts = evidence.groupby(["kind", "value"]).size()
    assert counts.min() >= 2
    assert (artifacts.set_index(["kind", "value"]).accounts == counts).all()


def test_members_say_which_rule_kept_them_off_the_list(simulated: Run) -> None:
    members = simulated.table("members").set_index("account_id")
    proposed = members.cluster_id.map(simulated.proposed())
    banned = members[proposed == "ban"]
    assert (banned.held_by.isna() == (banned.proposal == "ban")).all()
    assert (banned.proposal[banned.held_by.notna()] == "review").all()
    rest = members[proposed != "ban"]
    assert rest.held_by.isna().all()
    assert (rest.proposal == proposed[proposed != "ban"]).all()
    assert set(banned.held_by.dropna()) <= set(HELD)


def test_a_household_behind_a_networks_exit_is_held(tmp_path: Path) -> None:
    month = worlds.planted(home=True)
    found = run(month.events, tmp_path)
    members = found.table("members").set_index("account_id")
    home = members.loc[sorted(month.accounts("home"))]
    assert home.cluster_id.nunique() == 1
    assert set(home.cluster_id) <= set(members.loc[sorted(month.accounts("network0"))].cluster_id)
    assert (home.held_by == "household").all()
    listed = {row["account_id"] for row in found.rows()}
    assert not listed & month.accounts("home")
    assert len(listed & month.accounts("network0")) > 40


def test_evidence_is_the_same_however_it_is_cut(
    planted: worlds.World, plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkage.results.tables.ACCOUNTS_AT_ONCE", 100)
    monkeypatch.setattr("linkage.results.tables.ROWS_AT_ONCE", 37)
    cut = run(planted.events, tmp_path).table("evidence")
    pd.testing.assert_frame_equal(cut, plain.table("evidence"))


HOSTILE = ("=HYPERLINK(0)", "+1+1", "-2", "@SUM(1)", "\tx", '"q",=1', "ein\nzeil", "ünï", "\r=1")


def test_no_cell_of_the_ban_list_is_run_as_a_formula(
    planted: worlds.World, plain: Run, tmp_path: Path
) -> None:
    victims = sorted(planted.accounts("network"))[: len(HOSTILE)]
    renamed = dict(zip(victims, HOSTILE, strict=True))
    events = planted.events.assign(account_id=planted.events.account_id.replace(renamed))
    found = run(events, tmp_path)
    rows = found.rows()
    assert len(rows) == len(plain.rows())
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    # An apostrophe in front is all that was changed.
    assert {row["account_id"].removeprefix("'") for row in rows} >= set(HOSTILE)


def test_progress_is_told_of_every_stage_and_ends_at_one(
    planted: worlds.World, tmp_path: Path
) -> None:
    told: list[tuple[str, float]] = []
    tell: Callable[[str, float], None] = lambda name, done: told.append((name, done))  # noqa: E731
    worlds.write(planted.events.head(2000), tmp_path / "events.parquet")
    detect(tmp_path / "events.parquet", tmp_path / "result", progress=tell)
    assert list(dict.fromkeys(name for name, _ in told)) == list(STAGES)
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[0][1] == 0.0
    assert told[-1] == (list(STAGES)[-1], 1.0)
