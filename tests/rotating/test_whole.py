"""What is kept goes under new pseudonyms, whenever that is killed, and all of it still fits."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from linkage import snapshots
from linkage.artifacts.pseudonyms import PART
from linkage.backup import back_up
from linkage.banlist.store import BANS, SHADOW, Lists
from linkage.cli import app
from linkage.errors import BackupError, NotFound, PrivacyError, SettingsError
from linkage.jobs.tidying import alone
from linkage.journal.holding import held
from linkage.journal.segments import Places
from linkage.obeying import judgements
from linkage.pipeline import detect
from linkage.privacy import Privacy, admitted, guard, keys
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.privacy.vault import reveal
from linkage.publishing import drafted
from linkage.rotating.whole import Rotated, rotate
from linkage.run import Run
from linkage.state import audit, decisions, notes, open_state
from linkage.state.tables import metadata
from linkage.workspace import Workspace
from tests.erasing.planted import (
    ANY,
    NAME,
    NEVER,
    NOW,
    OTHER,
    SETTINGS,
    SIGNING,
    Killed,
    killed_at,
    names_of,
    own,
)
from tests.privacy.conftest import Keys, body, taken_in
from tests.privacy.test_detection import RANKED
from tests.test_run import SAYS, write_templates

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

_PART = re.compile(PART.encode())


@pytest.fixture
def chain(world_keys: Keys, tmp_path: Path) -> Path:
    """A copy of the keys' file, to be added to."""
    return Path(shutil.copy(world_keys.chain, tmp_path / "hmac.keys"))


def rotated(workspace: Workspace, chain: Path) -> Rotated:
    with open_state(workspace.state) as state, held(workspace.path):
        return rotate(workspace, state, chain, lambda: SIGNING, "ana (command line)")


def of(chain: Path, known: Keys) -> Privacy:
    """What a service knows by then."""
    return Privacy(Pseudonyms(keys.read_chain(chain)), keys.read_public(known.public))


def parts(workspace: Workspace) -> set[bytes]:
    """All pseudonyms in a workspace's files."""
    found = set()
    for path in (path for path in workspace.path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += repr(pq.read_table(path).to_pylist()).encode()
        found |= set(_PART.findall(data))
    return found


def tables(run: Path) -> dict[str, pd.DataFrame]:
    """A run's tables, but for clusters' ids, which are hashes of names."""
    found = {file.stem: pq.read_table(file).to_pandas() for file in run.glob("*.parquet")}
    for name in ("clusters", "members"):
        found[name] = found[name].drop(columns="cluster_id")
    clusters = found["clusters"].drop(columns="signals")
    figures = [column for column in clusters.columns if column not in RANKED]
    found["clusters"] = clusters.sort_values(figures, ignore_index=True)
    sizes = list(found["references"].columns)
    found["references"] = found["references"].sort_values(sizes, ignore_index=True)
    return found


def test_all_of_it_is_as_if_it_had_come_under_the_new_names(
    workspace: Workspace, world_keys: Keys, chain: Path
) -> None:
    old, before = world_keys.privacy, parts(workspace)
    with open_state(workspace.state) as state:
        held_before = judgements(workspace, state)
    latest = Lists(workspace.path).latest()
    assert latest is not None
    for run in workspace.runs():
        write_templates(workspace.run(run), SAYS)
    said = pq.read_table(workspace.run(run) / "templates.parquet")
    found = rotated(workspace, chain)
    new = of(chain, world_keys)
    for run in workspace.runs():  # their ids are no pseudonyms, and what they say names nobody
        file = workspace.run(run) / "templates.parquet"
        assert pq.read_table(file).equals(said)
        file.unlink()
    assert len(keys.read_chain(chain)) == 2
    assert (found.old, found.new, found.runs, found.lists) == (old.key, new.key, 2, 4)
    assert guard.read(workspace.path) == guard.Mark(found.new)
    assert not before & parts(workspace)
    assert new.pseudonyms is not None
    given = sorted(part.decode() for part in before)
    made_of = new.pseudonyms.chained(pa.array(given), 1).to_pylist()
    renamed = dict(zip(given, made_of, strict=True))
    name, other = (names_of(new)(one) for one in (NAME, OTHER))
    # What a detection finds now is what the runs say that was found then.
    places = Places(workspace.path)
    segments = [places.segment(number) for number in places.sealed()[:-1]]
    result = detect(segments, workspace.path.parent / "again", SETTINGS)
    current = workspace.current()
    assert current is not None
    again, then = tables(result), tables(current)
    for table in then:
        # Two groups whose signal is the same but for the order of a sum may change places.
        ranked = [column for column in RANKED if column in then[table]]
        one, other_one = again[table], then[table]
        pd.testing.assert_frame_equal(one[ranked], other_one[ranked], rtol=0.05, atol=0.02)
        pd.testing.assert_frame_equal(
            one.drop(columns=ranked), other_one.drop(columns=ranked), obj=table
        )
    assert Run.open(current).banlist.account_id.tolist() == sorted(
        Run.open(result).banlist.account_id
    )
    with open_state(workspace.state) as state:
        admitted(workspace.path, state, new.key)
        with pytest.raises(PrivacyError, match="linkage privacy rotate"):
            admitted(workspace.path, state, old.key)
        now = judgements(workspace, state)
        assert now.cleared == {renamed[a]: n for a, n in held_before.cleared.items()}
        assert now.artifacts == {(k, renamed[v]) for k, v in held_before.artifacts}
        assert now.known.num_rows == held_before.known.num_rows > 0
        (apart,) = now.apart
        assert (apart.account, apart.others) == (other, (name,))
        with state.read() as connection:
            assert decisions.page(connection)[-1].reason == f"as {name}"
            cluster = decisions.page(connection)[-1].cluster_id
            assert cluster is not None
            (note,) = notes.of_cluster(connection, cluster)
            assert note.text == f"{name} is {NAME}, like {other}"
            said = audit.latest(connection, 1)[0]
            assert (said.action, said.subject) == ("rotate", f"{old.key} to {new.key}")
        for channel in (BANS, SHADOW):
            lists = Lists(workspace.path, channel)
            assert lists.verify(SIGNING.public_key()) == 3
            made = lists.read(3)
            assert made.entries == {
                renamed[a]: replace(e, account_id=renamed[a]) for a, e in latest.entries.items()
            }
            assert not lists.read(1).entries
            assert lists.report(3).entries == len(made.entries)
            assert lists.report(3).clusters
            assert not any(cluster.new for cluster in lists.report(3).clusters)
            assert lists.report(1).clusters == ()
            with pytest.raises(NotFound):
                lists.kept(3)
        following = drafted(workspace, state, Lists(workspace.path), ANY, NOW)
        assert (following.report.added, following.report.removed) == (0, 0)
    rows, _ = snapshots.evidence(workspace, 1, 0, 10_000)
    assert [(r.account_id, r.kind, r.value) for r in rows] == sorted(
        (r.account_id, r.kind, r.value) for r in rows
    )
    assert name in {row.account_id for row in rows}
    (told,) = reveal(workspace.path, [name], world_keys.opener)
    assert (told.value, told.certain) == (NAME, False)
    (told,) = reveal(workspace.path, [name], world_keys.opener, new.pseudonyms)
    assert (told.value, told.certain) == (NAME, True)
    vault = pq.read_table(workspace.path / "vault").num_rows
    taken_in(workspace.path, [body([{**own(NAME)[0], "event_id": "new"}])], SETTINGS, new)
    assert pq.read_table(workspace.path / "vault").num_rows == vault  # all of it is known
    last = places.segment(places.sealed()[-1])
    assert pq.read_table(last)["account_id"].to_pylist() == [name]


def whole(workspace: Workspace) -> dict[str, Any]:
    """All that is in a workspace, but for what is drawn at random and the time."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in workspace.path.rglob("*") if path.is_file()):
        name = str(path.relative_to(workspace.path))
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[name] = table.to_pylist(), table.schema.metadata
        elif name.startswith("banlists"):
            found[name] = len(path.read_bytes())
        elif not path.name.startswith("state.db"):
            found[name] = path.read_bytes()
    with closing(sqlite3.connect(workspace.state)) as state:
        for table in metadata.tables:
            rows = [repr(row) for row in state.execute(f"SELECT * FROM {table}")]
            found[table] = sorted(re.sub(r"'20\d\d-[^']*'", "'time'", row) for row in rows)
    return found


def test_killed_anywhere_the_same_again_ends_it(
    full: Path, tmp_path: Path, chain: Path, seed: int
) -> None:
    drawn = random.Random(seed)
    straight = Workspace.at(Path(shutil.copytree(full, tmp_path / "straight")))
    keys.write_chain(chain, [*keys.read_chain(chain), bytes(32)])
    with pytest.MonkeyPatch.context() as patch:
        steps = killed_at(NEVER, patch)
        rotated(straight, chain)
    expected = whole(straight)
    for number, step in enumerate(drawn.sample(range(len(steps)), 2)):
        place = Workspace.at(Path(shutil.copytree(full, tmp_path / str(number))))
        with pytest.MonkeyPatch.context() as patch:
            killed_at(step, patch)
            with pytest.raises(Killed):
                rotated(place, chain)
        mark = guard.read(place.path)
        if mark is not None and mark.next is not None:
            refused(place)
        if guard.read(place.path) != guard.read(straight.path):
            rotated(place, chain)
        assert whole(place) == expected, step
        assert Lists(place.path).verify(SIGNING.public_key()) == 3


def refused(workspace: Workspace) -> None:
    """Nothing but the command takes a workspace that is half re-keyed."""
    with open_state(workspace.state) as state:
        for key in (None, "old", "new"):
            with pytest.raises(PrivacyError, match="linkage privacy rotate"):
                admitted(workspace.path, state, key)
        with pytest.raises(PrivacyError, match="linkage privacy rotate"):
            judgements(workspace, state)
        with pytest.raises(PrivacyError, match="linkage privacy rotate"):
            drafted(workspace, state, Lists(workspace.path), ANY, NOW)
    with pytest.raises(BackupError, match="being rotated"):
        back_up(workspace.path, workspace.path.parent / "backup")


def test_what_cannot_be_rekeyed(workspace: Workspace, chain: Path, tmp_path: Path) -> None:
    before = guard.read(workspace.path)
    other = tmp_path / "other.keys"
    keys.write_chain(other, [bytes(32)])
    with pytest.raises(PrivacyError, match=r"no keys of .*other\.keys"):
        rotated(workspace, other)
    with alone(workspace), pytest.raises(PrivacyError, match="a detection goes on"):
        rotated(workspace, chain)

    def unsigned() -> Ed25519PrivateKey:
        raise SettingsError(["none is named"], "settings")

    with (
        open_state(workspace.state) as state, held(workspace.path),
        pytest.raises(SettingsError, match="none is named"),
    ):  # fmt: skip
        rotate(workspace, state, chain, unsigned, "ana")
    assert guard.read(workspace.path) == before
    assert len(keys.read_chain(chain)) == 1
    plain = Workspace.at(tmp_path / "plain")
    with pytest.raises(PrivacyError, match="nothing to re-key"):
        rotated(plain, chain)


def test_the_command(tmp_path: Path) -> None:
    made, workspace = Keys(*keys.make(tmp_path / "keys")), Workspace.at(tmp_path / "w")
    with open_state(workspace.state) as state:
        admitted(workspace.path, state, made.privacy.key)
    taken_in(workspace.path, [body([*own(NAME), {"account_id": NAME}])], SETTINGS, made.privacy)
    settings = tmp_path / "linkage.toml"
    settings.write_text('[privacy]\nhmac_key = "keys/hmac.keys"\n')
    words = ["privacy", "rotate", "-w", str(workspace.path)]
    assert CliRunner().invoke(app, words).exit_code == 2
    # Keys that were put there beforehand are taken; else one is made.
    keys.write_chain(made.chain, [*keys.read_chain(made.chain), bytes(32), bytes(range(32))])
    for many in (3, 4):
        said = CliRunner().invoke(app, [*words, "-s", str(settings), "--json"])
        assert said.exit_code == 0, said.output
        told = json.loads(said.stdout)
        assert (told["files"], told["vault"], told["runs"], told["lists"]) == (2, 1, 0, 0)
        assert len(keys.read_chain(made.chain)) == many
        assert told["new"] == made.privacy.key
    name = names_of(made.privacy)(NAME)
    (rejected,) = (workspace.path / "quarantine").iterdir()
    row = json.loads(rejected.read_text())["row"]
    assert (row["account_id"], row["key"]) == (name, made.privacy.key)
    said = CliRunner().invoke(app, ["privacy", "erase", NAME, "--reason", "17", *words[2:],
                                    "-s", str(settings), "--json"])  # fmt: skip
    assert json.loads(said.stdout)["events"] == 4, said.output
    assert not [part for part in parts(workspace) if part.decode() == name]


def test_a_run_that_was_being_replaced_is_put_back(workspace: Workspace, chain: Path) -> None:
    run = workspace.runs()[0]
    with pytest.MonkeyPatch.context() as patch:
        renamed = Path.rename

        def checked(path: Path, target: Path) -> Path:
            if path.name == f".rekeyed.{run}":
                raise Killed
            return renamed(path, target)

        patch.setattr(Path, "rename", checked)
        with pytest.raises(Killed):
            rotated(workspace, chain)
    assert run not in workspace.runs()
    rotated(workspace, chain)
    assert len(workspace.runs()) == 2
    assert Run.open(workspace.run(run)).members.account_id.is_monotonic_increasing
    assert not list((workspace.path / "runs").glob(".[rb]e*"))
