"""The vault: what went in comes out with its key, and with no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import PrivacyError
from linkage.journal.segments import Places
from linkage.privacy import Privacy
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.privacy.sealing import Named, Opened, Opener, seal
from linkage.privacy.vault import Revealed, reveal
from linkage.settings import parse
from linkage.state import audit, open_state
from linkage.workspace import Workspace
from tests.privacy.conftest import SECRET, Keys, body, taken_in

# Ibis 12 asks DuckDB 2 for Arrow by the older name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

SETTINGS = parse({"artifacts": {"sent_to": {"names_account": True}}})
ROW: dict[str, Any] = {
    "ts": "2026-06-01T12:00:00Z", "account_id": "Ada \u2028 \x1b[31m", "ip": "::ffff:192.0.2.7",
    "email": "ada@Firm.example", "phone": "0049 30 1", "prompt_template": "tell me things",
    "org_id": "org-1", "sent_to": "b", "user_agent": "agent " + "x" * 3000, "event_id": "e-1",
}  # fmt: skip
PRIVATE = X25519PrivateKey.generate()


@given(values=st.lists(st.text(max_size=200), max_size=20))
def test_what_is_sealed_comes_out(values: list[str]) -> None:
    texts = [value.encode() for value in values]
    parts = Pseudonyms([SECRET]).parts("account", texts)
    found = seal([Named("account", parts, texts)], PRIVATE.public_key())
    opener = Opener(PRIVATE)
    for row, value in zip(found.to_pylist(), values, strict=True):
        assert len(row["sealed"]) % 32 == 16  # filled up, and the tag
        opened = opener.opened(row["key"], row["number"], row["sealed"])
        assert opened == Opened(row["pseudonym"], "account", value)


def kept(workspace: Path, keys: Keys) -> dict[str, Any]:
    """Have one event taken in; returns what is kept of it."""
    taken_in(workspace, [body([ROW])], SETTINGS, keys.privacy)
    found: dict[str, Any] = pq.read_table(workspace / "events").to_pylist()[0]
    return found


def test_every_value_is_in_the_vault(made_keys: Keys, tmp_path: Path) -> None:
    row = kept(tmp_path, made_keys)
    told = {
        "account_id": ("account", ROW["account_id"]),
        "ip": ("ip", "192.0.2.7"),
        "email": ("email_domain", "firm.example"),
        "phone": ("phone", "+49301"),
        "prompt_template": ("prompt_template", "tell me things"),
        "org_id": ("organisation", "org-1"),
        "sent_to": ("account", "b"),
        "user_agent": ("user_agent", ROW["user_agent"]),
    }
    asked = [row[name] for name in told] + [row["ip"][:27], row["event_id"]]
    found = reveal(tmp_path, asked, made_keys.opener)
    assert [(one.what, one.value) for one in found[:-1]] == [
        *told.values(), ("subnet", "192.0.2.0/24"),
    ]  # fmt: skip
    assert all(one.certain for one in found[:-1])
    assert found[-1] == Revealed(row["event_id"], None, None, False)


def test_another_key_opens_nothing(made_keys: Keys, tmp_path: Path) -> None:
    row = kept(tmp_path, made_keys)
    with pytest.raises(PrivacyError, match="does not open with this key"):
        reveal(tmp_path, [row["account_id"]], PRIVATE)
    with pytest.raises(PrivacyError, match="no pseudonym"):
        reveal(tmp_path, [row["account_id"], "Ada"], made_keys.opener)
    with pytest.raises(PrivacyError, match="there is no vault"):
        reveal(tmp_path / "elsewhere", [row["account_id"]], made_keys.opener)


def test_a_row_that_was_changed_or_moved_is_found_out(made_keys: Keys, tmp_path: Path) -> None:
    row = kept(tmp_path, made_keys)
    places = Places(tmp_path)
    (number,) = places.in_vault()
    table = pq.read_table(places.vaulted(number))
    rows = table.to_pylist()
    rows[0]["pseudonym"], rows[1]["pseudonym"] = rows[1]["pseudonym"], rows[0]["pseudonym"]
    pq.write_table(table.from_pylist(rows, table.schema), places.vaulted(number))
    found = reveal(tmp_path, [rows[0]["pseudonym"], rows[1]["pseudonym"]], made_keys.opener)
    assert [one.certain for one in found] == [False, False]
    for each in rows:
        each["sealed"] = each["sealed"][:-1] + bytes([each["sealed"][-1] ^ 1])
    pq.write_table(table.from_pylist(rows, table.schema), places.vaulted(number))
    with pytest.raises(PrivacyError, match="or damaged"):
        reveal(tmp_path, [row["account_id"]], made_keys.opener)


def test_a_value_is_sealed_once(made_keys: Keys, tmp_path: Path) -> None:
    rows = [{**ROW, "event_id": f"e-{n}", "device_id": f"d-{n % 7}"} for n in range(100)]
    taken_in(tmp_path, [body(rows[:50]), body(rows[50:])], SETTINGS, made_keys.privacy)
    taken_in(tmp_path, [body([{**ROW, "event_id": "e-100"}])], SETTINGS, made_keys.privacy)
    parts = pq.read_table(tmp_path / "vault")["pseudonym"].to_pylist()
    assert len(parts) == len(set(parts)) == 9 + 7


def test_no_vault_is_kept_without_its_key(made_keys: Keys, tmp_path: Path) -> None:
    privacy = Privacy(made_keys.privacy.pseudonyms)
    taken_in(tmp_path, [body([ROW])], SETTINGS, privacy)
    assert not list((tmp_path / "vault").iterdir())


def test_reveal_tells_and_is_audited(made_keys: Keys, tmp_path: Path) -> None:
    row = kept(tmp_path, made_keys)
    words = ["reveal", row["account_id"], row["event_id"], "-w", str(tmp_path), "--vault-key"]
    said = CliRunner().invoke(app, [*words, str(made_keys.private)])
    assert said.exit_code == 0, said.output
    assert "Ada \\u2028 \\x1b[31m" in said.stdout
    assert "not in the vault" in said.stdout
    told = json.loads(CliRunner().invoke(app, [*words, str(made_keys.private), "--json"]).stdout)
    assert told[0]["value"] == ROW["account_id"]
    wrong = CliRunner().invoke(app, [*words, str(made_keys.public)])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    with open_state(Workspace.at(tmp_path).state) as state, state.read() as connection:
        entries = audit.latest(connection, 10)
    assert [(entry.action, entry.subject) for entry in entries] == [("reveal", "2 pseudonyms")] * 2
    assert all(entry.actor.endswith("(command line)") for entry in entries)
