"""One account goes out of a whole workspace, whenever that is killed, and all else answers."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage import snapshots
from linkage.backup import back_up
from linkage.banlist.hit import Template
from linkage.banlist.store import BANS, DRAFT, REPORT, ROWS, SHADOW, Lists
from linkage.erasing import plan
from linkage.erasing.whole import Asked, Erased, Eraser
from linkage.errors import (
    BackupError,
    ConflictError,
    JournalError,
    ListError,
    NotFound,
    PrivacyError,
)
from linkage.graph import open_graph
from linkage.jobs.tidying import alone
from linkage.journal import Journal
from linkage.journal.holding import held
from linkage.journal.segments import Places
from linkage.pipeline import detect
from linkage.privacy import Privacy
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.privacy.vault import reveal
from linkage.publishing import drafted
from linkage.run import Run
from linkage.state import (
    audit,
    decisions,
    erasures,
    open_state,
)
from linkage.state.erasures import Erasure, tombstone
from linkage.workspace import Workspace
from tests.erasing.planted import (
    ANY,
    KINDS,
    NAME,
    NEVER,
    NOW,
    OTHER,
    SETTINGS,
    SIGNING,
    Killed,
    holding,
    killed_at,
    names_of,
    own,
)
from tests.privacy.conftest import SECRET, Keys, body, taken_in

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def erased(
    workspace: Workspace, privacy: Privacy, account: str = NAME, *, listed: bool = True
) -> Erased:
    asked = Asked(account, f"{account} asked", "ana (command line)", listed)
    with open_state(workspace.state) as state, held(workspace.path):
        return Eraser(workspace, state).erase(asked, privacy, KINDS)


def whole(workspace: Workspace, tombstone: str) -> dict[str, Any]:
    """All that is in a workspace, but for what is new each time; the tombstone goes by one word,
    and what is in the order of names by none."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in workspace.path.rglob("*") if path.is_file()):
        name = str(path.relative_to(workspace.path))
        if path.suffix == ".parquet":
            rows = [repr(row).replace(tombstone, "GONE") for row in pq.read_table(path).to_pylist()]
            found[name] = sorted(rows)
        elif path.name.startswith("state.db"):
            continue
        else:
            found[name] = path.read_bytes().replace(tombstone.encode(), b"GONE")
    with closing(sqlite3.connect(workspace.state)) as state:
        for (table,) in state.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).fetchall():
            rows = [
                repr(row).replace(tombstone, "GONE")
                for row in state.execute(f"SELECT * FROM {table}")
            ]
            found[table] = sorted(re.sub(r"'20\d\d-[^']*'", "'time'", row) for row in rows)
    return found


def test_nothing_of_it_is_left_and_all_else_answers(workspace: Workspace, world_keys: Keys) -> None:
    privacy = world_keys.privacy
    name, other = (names_of(privacy)(one) for one in (NAME, OTHER))
    before = Run.open(workspace.current() or "")
    cluster = before.account(name).membership["cluster_id"]  # type: ignore[index]
    card = before.evidence([other])
    parts = [name, NAME]
    there = holding(workspace, parts)
    for place in ("events/", "runs/", "index/", "snapshots/", "banlists/bans/", "banlists/shadow/",
                  "state.db", "vault/", "quarantine/", "jobs/", "journal/"):  # fmt: skip
        assert any(path.startswith(place) for path in there), place
    devices = [names_of_device(privacy, f"alone-{NAME}-{n}") for n in range(3)]
    assert len(told(workspace, devices, world_keys)) == 3
    found = erased(workspace, privacy)
    assert not holding(workspace, parts)
    known_as = world_keys.names(SETTINGS).accounts([found.tombstone, NAME])
    assert known_as == [found.tombstone, name]
    assert not told(workspace, [name, *devices], world_keys)
    assert found.runs == 2
    assert found.lists == 4
    assert found.snapshots == 2
    assert min(found.events, found.rows, found.vault) > 3
    with open_state(workspace.state) as state:
        run = Run.open(workspace.current() or "")
        assert run.info["counts"]["erased"] == 1
        assert len(run.cluster(cluster).members) == len(before.cluster(cluster).members)
        assert (
            run.evidence([other])
            .drop(columns=["accounts"])
            .equals(card[card.value != name].reset_index(drop=True).drop(columns=["accounts"]))
        )
        workspace.serve(run.path.name)
        with closing(open_graph(run.path, index=workspace.index(run.path.name))) as graph:
            assert graph.account(other).membership is not None
        with state.read() as connection:
            assert len(decisions.page(connection)) == 3
            assert decisions.accounts_of(connection, 3, 1) == [found.tombstone]
            last = audit.latest(connection, 1)[0]
            assert (last.actor, last.action) == ("ana (command line)", "erase")
            assert last.subject == f"{found.tombstone}: {found.tombstone} asked"
        for channel in (BANS, SHADOW):
            lists = Lists(workspace.path, channel)
            assert lists.verify(SIGNING.public_key()) == 2
            assert [row.entry for row in lists.read(1).rows].count(None) == 1
            with pytest.raises(NotFound):
                lists.kept(3)
        # Nobody is listed by a tombstone, whatever had been decided.
        listed = drafted(workspace, state, Lists(workspace.path), ANY, NOW)
        assert {entry.account_id for entry in listed.entries} & {other}
        assert found.tombstone not in {entry.account_id for entry in listed.entries}
    rows, _ = snapshots.evidence(workspace, 1, 0, 10_000)
    assert other in {row.account_id for row in rows}
    result = detect(workspace.path / "events", workspace.path.parent / "third", SETTINGS)
    third = Run.open(result)
    assert name not in set(third.activity.account_id)
    assert third.account(other).membership is not None
    with pytest.raises(NotFound, match="nothing here names"):
        erased(workspace, privacy)
    taken_in(workspace.path, [body(own(NAME))], SETTINGS, privacy)
    assert told(workspace, [name, *devices], world_keys) == {
        NAME,
        *(f"alone-{NAME}-{n}" for n in range(3)),
    }


def test_what_reports_say_of_a_template_goes_with_the_last_who_has_it(
    workspace: Workspace, world_keys: Keys
) -> None:
    name = names_of(world_keys.privacy)(NAME)
    lists = Lists(workspace.path)
    (before, *_) = lists.report(2).clusters
    assert before.templates
    one = Template("only-hers", "as she put it", 2, 2)
    with_template(workspace, name, one, 2)
    assert holding(workspace, ["as she put it"])
    erased(workspace, world_keys.privacy, OTHER)
    assert lists.report(2).clusters[0].templates == (one, *before.templates)
    erased(workspace, world_keys.privacy)
    assert lists.report(2).clusters[0] == before
    assert not holding(workspace, ["only-hers", "as she put it"])
    assert lists.verify(SIGNING.public_key()) == 2


def with_template(workspace: Workspace, name: str, one: Template, number: int) -> None:
    """A template that an account alone has, in a list's reports of both channels."""
    for run in workspace.runs():
        for table in ("evidence", "artifacts"):
            path = workspace.run(run) / f"{table}.parquet"
            was = pq.read_table(path)
            theirs = {"account_id": name, "kind": "template", "value": one.template_id,
                      "events": 1, "accounts": 2, "degree": 2}  # fmt: skip
            row = {column: theirs.get(column) for column in was.column_names}
            pq.write_table(was.from_pylist([*was.to_pylist(), row], was.schema), path)
    for channel in (BANS, SHADOW):
        lists = Lists(workspace.path, channel)
        told = asdict(lists.report(number))
        told["clusters"][0]["templates"] = [asdict(one), *told["clusters"][0]["templates"]]
        (lists.folder / f"{number:08}" / REPORT).write_text(json.dumps(told))


@pytest.mark.parametrize("mended", ["put back", "taken away"])
def test_what_cannot_be_read_of_lists_keeps_nothing_else(
    workspace: Workspace, world_keys: Keys, mended: str
) -> None:
    """It is told when all else is gone, and the same again ends it."""
    privacy = world_keys.privacy
    name, other = (names_of(privacy)(one) for one in (NAME, OTHER))
    for number in (1, 2):
        with_template(workspace, name, Template("only-hers", "as she put it", 2, 2), number)
    lists = Lists(workspace.path)
    places = [
        lists.folder / "00000001" / REPORT,
        Lists(workspace.path, SHADOW).folder / "00000001" / ROWS,
    ]
    sound = {path: path.read_bytes() for path in places}
    told_of = json.loads(sound[places[0]])
    del told_of["clusters"][0]["signals"]
    places[0].write_text(json.dumps(told_of))
    places[1].write_bytes(sound[places[1]][:-20])
    (lists.folder / DRAFT).write_bytes((lists.folder / DRAFT).read_bytes()[:-300])
    for account in (NAME, OTHER, NAME):
        with pytest.raises(ListError, match="all else is erased") as caught:
            erased(workspace, privacy, account)
        said = str(caught.value)
        assert all(f"{channel} 1: damaged" in said for channel in (BANS, SHADOW))
        assert "erase once more" in said
        assert name not in said
        left = {
            str(path.relative_to(workspace.path)) for path in (*places, workspace.path / plan.FILE)
        }
        assert holding(workspace, [name, NAME, "as she put it"]) <= left
        assert lists.report(2).clusters[0].templates
        assert not (lists.folder / DRAFT).exists()
    with open_state(workspace.state) as state, state.read() as connection:
        (stone,) = erasures.known(connection)
    for path, data in sound.items():
        path.write_bytes(data) if mended == "put back" else path.unlink()
    assert erased(workspace, privacy).tombstone == stone
    assert not holding(workspace, [name, NAME, "as she put it"])
    assert plan.read(workspace.path) is None
    assert holding(workspace, [other])
    if mended == "put back":
        assert lists.report(1).clusters[0].signals
        assert lists.verify(SIGNING.public_key()) == 2
        assert Lists(workspace.path, SHADOW).verify(SIGNING.public_key()) == 2


def test_nobody_is_erased_where_only_a_damaged_list_may_have_them(
    workspace: Workspace, world_keys: Keys
) -> None:
    path = Lists(workspace.path).folder / "00000001" / ROWS
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ListError, match="bans 1: damaged"):
        erased(workspace, world_keys.privacy, "nobody")
    assert plan.read(workspace.path) is None


def names_of_device(privacy: Privacy, device: str) -> str:
    assert privacy.pseudonyms is not None
    return privacy.pseudonyms.one("column device_id", device)


def told(workspace: Workspace, names: list[str], known: Keys) -> set[str]:
    """What the vault tells of these."""
    return {
        one.value for one in reveal(workspace.path, names, known.opener) if one.value is not None
    }


def test_killed_anywhere_the_same_again_ends_it(
    full: Path, tmp_path: Path, world_keys: Keys, seed: int
) -> None:
    drawn, privacy = random.Random(seed), world_keys.privacy
    straight = Workspace.at(Path(shutil.copytree(full, tmp_path / "straight")))
    with pytest.MonkeyPatch.context() as patch:
        steps = killed_at(NEVER, patch)
        expected = whole(straight, erased(straight, privacy).tombstone)
    for number, step in enumerate(drawn.sample(range(len(steps)), 2)):
        place = Workspace.at(Path(shutil.copytree(full, tmp_path / str(number))))
        with pytest.MonkeyPatch.context() as patch:
            killed_at(step, patch)
            with pytest.raises(Killed):
                erased(place, privacy)
        begun = plan.read(place.path)
        with open_state(place.state) as state, state.read() as connection:
            done = erasures.known(connection)
        if begun is not None or not done:
            found = erased(place, privacy)
            assert begun is None or begun.erasure.tombstone == found.tombstone
        with open_state(place.state) as state, state.read() as connection:
            (tombstone,) = erasures.known(connection)
        assert whole(place, tombstone) == expected, step
        assert not holding(place, [names_of(privacy)(NAME), NAME])


def test_who_is_listed_is_not_erased_without_a_word(workspace: Workspace, world_keys: Keys) -> None:
    listed = Lists(workspace.path).latest()
    assert listed is not None
    (entry,) = (e for a, e in listed.entries.items() if a == names_of(world_keys.privacy)(NAME))
    with pytest.raises(ConflictError, match=f"until {entry.expires_at:%Y-%m-%d}"):
        erased(workspace, world_keys.privacy, listed=False)
    assert plan.read(workspace.path) is None


def test_by_which_name_it_is_asked_for(workspace: Workspace, world_keys: Keys) -> None:
    with pytest.raises(PrivacyError, match="by its pseudonym"):
        erased(workspace, Privacy())
    with pytest.raises(PrivacyError, match="by its pseudonym"):
        erased(workspace, Privacy(Pseudonyms([SECRET])))
    with pytest.raises(NotFound):
        erased(workspace, world_keys.privacy, "n0-999")
    name = names_of(world_keys.privacy)(NAME)
    assert erased(workspace, Privacy(), name).runs == 2
    # What people wrote of it under its own name cannot be known.
    assert holding(workspace, [NAME]) == {"state.db"}
    assert not holding(workspace, [name])


def test_one_thing_at_a_time(workspace: Workspace, world_keys: Keys) -> None:
    with alone(workspace), pytest.raises(PrivacyError, match="a detection goes on"):
        erased(workspace, world_keys.privacy)
    with Journal(workspace.path), pytest.raises(JournalError, match="another process"):
        erased(workspace, world_keys.privacy)
    assert plan.read(workspace.path) is None
    with open_state(workspace.state) as state:
        assert Eraser(workspace, state).resume() is None
    gone = Erasure(NAME, (NAME,), tombstone(), (), "ana", "why", NOW)
    plan.write(workspace.path, plan.Plan(gone, ()))
    with pytest.raises(BackupError, match="is being erased"):
        back_up(workspace.path, workspace.path.parent / "backup")
    (workspace.path / plan.FILE).write_text("{}")
    with pytest.raises(PrivacyError, match="damaged"):
        erased(workspace, world_keys.privacy)


def test_names_as_they_came(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "plain")
    rows: list[Any] = [{"account_id": NAME}, {"account_id": "n0-11"}]
    rows += [{**row, "sent_to": to, "model": NAME} for to in (NAME, "n0-11") for row in own(OTHER)]
    taken_in(workspace.path, [body(own(NAME))], SETTINGS, Privacy())
    taken_in(workspace.path, [body(rows)], SETTINGS, Privacy())
    found = erased(workspace, Privacy())
    assert (found.events, found.rows, found.runs) == (3 + 3 + 1, 0, 0)
    (number,) = Places(workspace.path).sealed()
    table = pq.read_table(Places(workspace.path).segment(number))
    assert set(table["account_id"].to_pylist()) == {OTHER}
    assert table["sent_to"].to_pylist() == [None] * 3 + ["n0-11"] * 3
    assert table["model"].to_pylist() == [NAME] * 6  # a model is called so, which is no account
    (rejected,) = (workspace.path / "quarantine").iterdir()
    assert "n0-11" in rejected.read_text()
    assert f'"{NAME}"' not in rejected.read_text()
