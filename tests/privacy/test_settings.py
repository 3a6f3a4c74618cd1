"""[privacy]: the table, the files that it names, and all faults at once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage import privacy
from linkage.cli import app
from linkage.errors import SettingsError
from linkage.privacy import keys


def made(folder: Path) -> Path:
    """A settings file beside keys."""
    keys.make(folder / "keys")
    path = folder / "linkage.toml"
    path.write_text(
        '[privacy]\nhmac_key = "keys/hmac.keys"\nvault_key = "keys/vault.public.pem"\n'
        "retention_days = 90\n"
    )
    return path


def test_keys_are_made_and_read(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["privacy", "keys", "--out", str(tmp_path / "k")])
    assert said.exit_code == 0, said.output
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "k").iterdir()}
    assert files == {"hmac.keys": 0o600, "vault.public.pem": 0o600, "vault.private.pem": 0o600}
    assert "hmac_key =" in said.stdout
    assert keys.read_chain(tmp_path / "k" / "hmac.keys")[0].hex() not in said.stdout
    again = CliRunner().invoke(app, ["privacy", "keys", "--out", str(tmp_path / "k")])
    assert again.exit_code == 2
    assert again.stderr.count("is there already") == 3


def test_paths_of_the_file_are_from_its_folder_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = privacy.opened(privacy.load(made(tmp_path), {}))
    assert found.retention_days == 90
    assert found.vault_key is not None
    keys.make(tmp_path / "more")
    monkeypatch.chdir(tmp_path)
    of_environment = {
        "LINKAGE_PRIVACY_HMAC_KEY": "more/hmac.keys", "LINKAGE_PRIVACY_RETENTION_DAYS": "7",
    }  # fmt: skip
    other = privacy.opened(privacy.load(tmp_path / "linkage.toml", of_environment))
    assert other.retention_days == 7
    assert other.key not in (None, found.key)


def test_nothing_is_said_and_nothing_is_on() -> None:
    assert privacy.opened(privacy.load(None, {})) == privacy.Privacy()


def test_all_faults_at_once(tmp_path: Path) -> None:
    path = tmp_path / "linkage.toml"
    path.write_text('[privacy]\nhmac = "x"\nretention_days = 0\n')
    with pytest.raises(SettingsError) as caught:
        privacy.load(path, {})
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "privacy.retention_days", "privacy.hmac",
    ]  # fmt: skip
    path.write_text('[privacy]\nvault_key = "x"\n')
    with pytest.raises(SettingsError, match="of no use without hmac_key"):
        privacy.load(path, {})
    path.write_text('[privacy]\nvault_key = "x"\nhmac_key = "y"\n')
    with pytest.raises(SettingsError, match="2 faults") as caught:
        privacy.opened(privacy.load(path, {}))
    assert all("cannot be read" in fault for fault in caught.value.faults)


def test_serve_tells_the_faults_of_all_tables(tmp_path: Path) -> None:
    path = tmp_path / "linkage.toml"
    path.write_text("[service]\nport = -1\n[privacy]\nretention_days = 0\n[links]\nmargin = 1\n")
    said = CliRunner().invoke(app, ["serve", "-s", str(path), "-w", str(tmp_path / "w")])
    assert said.exit_code == 2
    for word in ("service.port", "privacy.retention_days", "links.margin"):
        assert word in said.stderr
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "text",
    ["", "\n", "ab\n", "g" * 64, "A" * 64, "a" * 64 + "\n\n", ("a" * 64 + "\n") * 2, "\xff" * 64],
    ids=range(8),
)
def test_what_is_no_chain_of_keys(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hmac.keys"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        keys.read_chain(path)
    assert text.strip() not in str(caught.value) or not text.strip()


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    path = tmp_path / "keys" / "hmac.keys"
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        keys.read_chain(path)
    path.chmod(0o640)
    assert len(keys.read_chain(path)) == 1


def test_one_key_is_not_taken_for_another(tmp_path: Path) -> None:
    chain, public, private = keys.make(tmp_path)
    for read, wrong in (
        (keys.read_public, (chain, private)), (keys.read_private, (chain, public)),
    ):  # fmt: skip
        for path in wrong:
            with pytest.raises(SettingsError, match=r"no (public|private) key of a vault"):
                read(path)
