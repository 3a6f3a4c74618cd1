"""Events go by when they happened, and the vault's rows with the last that names them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.banlist.store import Lists
from linkage.cli import app
from linkage.errors import PrivacyError
from linkage.jobs.tidying import alone
from linkage.journal import Checker, Journal, taken_in
from linkage.journal.holding import held
from linkage.journal.segments import Places
from linkage.privacy import Privacy, pseudonymiser
from linkage.privacy.expiry import Expired, expire
from linkage.privacy.keeper import Keeper
from linkage.privacy.vault import reveal
from linkage.readers.parts import key_of
from linkage.settings import Settings
from linkage.state import Subject, allowlist, audit, decisions, open_state
from linkage.workspace import Workspace
from tests.banlist.test_chain import KEY, draft
from tests.privacy.conftest import Keys, body

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NOW = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 10


def event(number: int, age: float, **more: Any) -> dict[str, Any]:
    """So many days old."""
    at = (NOW - timedelta(days=age)).isoformat()
    return {"event_id": f"e{number}", "ts": at, "account_id": f"a{number}", **more}


def fed(workspace: Path, privacy: Privacy, *segments: list[Any]) -> None:
    """A workspace with these segments, one for each."""
    with Journal(workspace) as journal:
        checker = Checker(
            Settings(), 100, pseudonymiser(privacy, Settings(), lambda: journal.vaulted)
        )
        for rows in segments:
            taken_in(checker, journal, body(rows))
            journal.seal()


def gone(workspace: Path, days: int = DAYS, now: datetime = NOW) -> Expired:
    with open_state(Workspace.at(workspace).state) as state, held(workspace):
        return expire(Workspace.at(workspace), state, days, now=now)


def devices(workspace: Path) -> list[list[str]]:
    """Of each segment."""
    places = Places(workspace)
    tables = (pq.read_table(places.segment(number)) for number in places.sealed())
    return [table["device_id"].to_pylist() for table in tables]


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    fed(
        tmp_path, Privacy(),
        [event(1, 30, device_id="old"), event(2, 11, device_id="old")],
        [event(3, 30, device_id="old"), event(4, 10, device_id="edge"), event(5, 1, device_id="y")],
        [event(6, 1, device_id="young"), {"account_id": "no time"}],
    )  # fmt: skip
    places = Places(tmp_path)
    (rejected,) = places.quarantine.iterdir()
    (places.journal / "0000000007.tail").write_bytes(b"half")
    for path in (rejected, places.journal / "0000000007.tail"):
        os.utime(path, (NOW.timestamp() - 9 * 86400,) * 2)
    assert gone(tmp_path) == Expired(events=3, files=0, vault=0)
    assert devices(tmp_path) == [["edge", "y"], ["young"]]
    assert rejected.exists()
    assert gone(tmp_path) == Expired(0, 0, 0)
    assert gone(tmp_path, now=NOW + timedelta(days=2)) == Expired(1, 2, 0)
    assert devices(tmp_path) == [["y"], ["young"]]
    assert not rejected.exists()
    assert gone(tmp_path, days=1, now=NOW + timedelta(days=9)).events == 2
    assert devices(tmp_path) == []
    fed(tmp_path, Privacy(), [event(7, 0)])
    assert places.sealed() == [4]  # no number is given again


def test_pseudonyms_stay_what_they_are(made_keys: Keys, tmp_path: Path) -> None:
    fed(tmp_path, made_keys.privacy, [event(1, 30), event(2, 1)])
    assert gone(tmp_path).events == 1
    places = Places(tmp_path)
    (number,) = places.sealed()
    assert key_of(pq.read_schema(places.segment(number))) == made_keys.privacy.key


def test_the_vault_forgets_what_nothing_names(made_keys: Keys, tmp_path: Path) -> None:
    names = made_keys.names(Settings())
    fed(
        tmp_path, made_keys.privacy,
        [event(n, 30, device_id=f"d{n}", ip=f"192.0.2.{n}") for n in range(6)]
        + [event(9, 1, ip="192.0.2.77")],
    )  # fmt: skip
    (account,) = names.accounts(["a1"])
    (device,) = names.artifacts("device", ["d2"])
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    pq.write_table(pa.table({"value": [device]}), run / "artifacts.parquet")
    (snapshot,) = names.artifacts("ip", ["192.0.2.3"])
    (tmp_path / "snapshots" / "1").mkdir(parents=True)
    kept = pa.table({"account_id": names.accounts(["a3"]), "value": [snapshot]})
    pq.write_table(kept, tmp_path / "snapshots" / "1" / "evidence.parquet")
    with open_state(Workspace.at(tmp_path).state) as state, state.write() as connection:
        decisions.append(
            connection, "ana", decisions.Action.clear, Subject(None, (account,)), "because"
        )
        (listed,) = names.artifacts("device", ["d4"])
        entry = allowlist.Entry(allowlist.Sort.artifact, "device", listed, "because", None)
        allowlist.replace(connection, "ana", [entry], None)
    for banned in ("a2", "a5"):  # the latest list alone keeps anybody out
        Lists(tmp_path).publish(draft(*names.accounts([banned])), KEY, "ana", NOW)
    before = pq.read_table(tmp_path / "vault").num_rows
    found = gone(tmp_path)
    assert (found.events, before - found.vault) == (6, pq.read_table(tmp_path / "vault").num_rows)
    asked = {
        **{f"a{n}": names.accounts([f"a{n}"])[0] for n in (0, 1, 2, 3, 5, 9)},
        **{f"d{n}": names.artifacts("device", [f"d{n}"])[0] for n in (0, 2, 4)},
        **{f"192.0.2.{n}": names.artifacts("ip", [f"192.0.2.{n}"])[0] for n in (0, 3, 77)},
        "192.0.2.0/24": names.artifacts("subnet", ["192.0.2.0/24"])[0],
    }
    told = reveal(tmp_path, list(asked.values()), made_keys.opener)
    known = {name for name, one in zip(asked, told, strict=True) if one.value == name}
    assert known == {"a1", "a3", "a5", "a9", "d2", "d4", "192.0.2.3", "192.0.2.77", "192.0.2.0/24"}
    assert all(
        one.value is None for name, one in zip(asked, told, strict=True) if name not in known
    )


def test_a_value_that_comes_again_is_sealed_again(made_keys: Keys, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    with open_state(workspace.state) as state, Journal(tmp_path) as journal:
        made = pseudonymiser(made_keys.privacy, Settings(), lambda: journal.vaulted)
        checker = Checker(Settings(), 100, made)
        taken_in(checker, journal, body([event(1, 30, device_id="d")]))
        journal.seal()
        late = checker.checked(body([event(2, 1, device_id="d")]))  # it knows that d is sealed
        assert expire(workspace, state, DAYS, journal, NOW) == Expired(1, 0, 2)

        class Late(Checker):
            """One that was ready before."""

            def checked(self, body: bytes, first: list[Any] = [late]) -> Any:  # noqa: B006
                return first.pop() if first else super().checked(body)

        again = Late(Settings(), 100, made)
        _, receipt = taken_in(again, journal, body([event(2, 1, device_id="d")]))
        assert receipt.accepted == 1
        journal.seal()
    names = made_keys.names(Settings())
    (found,) = reveal(tmp_path, names.artifacts("device", ["d"]), made_keys.opener)
    assert found.value == "d"


def test_nothing_goes_while_a_detection_reads_it(tmp_path: Path) -> None:
    fed(tmp_path, Privacy(), [event(1, 30)])
    with alone(Workspace.at(tmp_path)), pytest.raises(PrivacyError, match="a detection goes on"):
        gone(tmp_path)
    assert gone(tmp_path).events == 1


def test_the_keeper_goes_on_after_faults(tmp_path: Path) -> None:
    outcomes: list[Callable[[], Expired]] = []
    told: list[Any] = []

    def raising(error: Exception) -> Callable[[], Expired]:
        def fail() -> Expired:
            raise error

        return fail

    keeper = Keeper(lambda: outcomes.pop(0)(), told.append, told.append)
    outcomes += [raising(PrivacyError("busy")), raising(fault := OSError(28, "No space left"))]
    outcomes += [lambda: Expired(1, 2, 3)]
    assert [keeper.now() for _ in range(3)] == [False, False, True]
    assert told == [fault, Expired(1, 2, 3)]
    keeper.close()


def test_the_command(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "w")
    fed(tmp_path / "w", Privacy(), [event(1, 30), event(2, -36500 / 2)])
    words = ["privacy", "expire", "-w", str(tmp_path / "w")]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 2
    assert "retention_days" in said.stderr
    assert CliRunner().invoke(app, [*words[:3], str(tmp_path / "x"), "--days", "1"]).exit_code == 3
    settings = tmp_path / "linkage.toml"
    settings.write_text("[privacy]\nretention_days = 1\n")
    said = CliRunner().invoke(app, [*words, "-s", str(settings), "--json"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout) == {"events": 1, "files": 0, "vault": 0}
    with open_state(Workspace.at(tmp_path / "w").state) as state, state.read() as connection:
        (entry,) = audit.latest(connection, 10)
    assert (entry.action, entry.subject) == ("expire", "older than 1 day")
    with Journal(tmp_path / "w"):
        said = CliRunner().invoke(app, [*words, "--days", "1"])
        assert (said.exit_code, "another process" in said.stderr) == (8, True)
