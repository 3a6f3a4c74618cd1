"""The page of webhooks and the commands: examples are messages, and what is to be typed runs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Standard
from typer.testing import CliRunner

from linkage.cli import app
from linkage.state import open_state, outbox
from linkage.state.outbox import DeliveryState
from linkage.webhooks import signing
from linkage.webhooks.messages import SORTS, VERSION, Envelope
from tests.webhooks.conftest import NOW
from tests.webhooks.receivers import Receiver, says

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
SHELL = re.compile(r"<!-- not run: tests/webhooks [^\n]*-->\n```sh\n(.*?)```", re.DOTALL)
EXAMPLE = re.compile(r"^### `([\w.]+)`\n(.*?)```json\n(.*?)```", re.DOTALL | re.MULTILINE)


def test_every_sort_of_message_has_an_example_that_is_one() -> None:
    examples = {kind: json.loads(text) for kind, _, text in EXAMPLE.findall(PAGE)}
    assert list(examples) == [sort.kind for sort in SORTS]
    for sort in SORTS:
        made = Envelope[sort].model_validate(examples[sort.kind])  # type: ignore[valid-type]
        assert (made.type, made.version) == (sort.kind, VERSION)
        assert list(examples[sort.kind]["data"]) == [
            *(name for name in sort.model_fields if name != "links"), "links",
        ]  # fmt: skip


@pytest.fixture
def place(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, in which commands are run."""
    (tmp_path / "linkage.toml").write_text(
        f"[[webhooks]]\nname = 'gateway'\nurl = '{receiver.url}'\n"
        "secret_file = 'gateway.secret'\nallow_private = ['127.0.0.0/8']\n"
    )
    monkeypatch.setenv("COLUMNS", "200")  # no cell is cut or goes on below
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(script: str) -> str:
    """What commands print, one a line of the script."""
    printed = ""
    for line in script.splitlines():
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, done.output
        printed += done.stdout
    return printed


def test_what_the_pages_tell_to_type(place: Path, receiver: Receiver) -> None:
    secret, answered, *table = ran("".join(SHELL.findall(PAGE))).splitlines()
    (request,) = receiver.received
    message = Standard(secret).verify(request.body, dict(request.headers))
    assert (message["type"], message["data"]["webhook"]) == ("webhook.test", "gateway")
    assert answered == f"127.0.0.1 answered 204 to {message['id']}."
    assert any(line.startswith("gateway") and line.rstrip().endswith("yes") for line in table)
    with open_state(place / "workspace" / "state.db") as state, state.write() as connection:
        for name in ("m1", "m2", "m3"):
            outbox.append(connection, name, NOW, "run.failed", "{}", ["gateway"])
        outbox.disable(connection, "gateway", b"another url", NOW)
    printed = ran("".join(SHELL.findall(COMMANDS)))
    assert re.search(r"^3 +gateway +run\.failed +2026-07-01 06:00 +0 ", printed, re.MULTILINE)
    assert "the receiver said it is gone" in printed
    assert "1 message will be tried again." in printed
    assert "2 messages will be tried again." in printed
    assert "gateway is told again." in printed
    assert secret not in printed
    with open_state(place / "workspace" / "state.db") as state, state.read() as connection:
        assert {d.state for d in outbox.page(connection)} == {DeliveryState.pending}
        assert outbox.disabled(connection) == {}
    assert len((place / "gateway.secret").read_text().splitlines()) == 2
    receiver.answer = says(500, b"out of disk")
    done = CliRunner().invoke(app, ["webhooks", "test", "gateway", "-s", "linkage.toml"])
    assert done.exit_code == 10
    assert done.stderr == "linkage: 127.0.0.1 answered 500: out of disk\n"
    Standard(secret).verify(receiver.received[-1].body, dict(receiver.received[-1].headers))


def test_what_the_commands_refuse(place: Path) -> None:
    signing.make(place / "gateway.secret", rotate=False)
    for words, code, says_so in (
        (["test", "other", "-s", "linkage.toml"], 5, "other: no such webhook; there are gateway"),
        (["test", "other"], 5, "the settings name none"),
        (["retry"], 2, "name numbers, or a webhook"),
        (["retry", "1", "--webhook", "gateway"], 2, "name numbers, or a webhook"),
        (["retry", "7"], 5, "there is no delivery 7"),
        (["secret", "gateway.secret"], 2, "--rotate"),
        (["list", "-s", "nowhere.toml"], 3, "no such settings file"),
    ):
        done = CliRunner().invoke(app, ["webhooks", *words])
        assert (done.exit_code, says_so in done.stderr) == (code, True), done.stderr
    found = CliRunner().invoke(app, ["webhooks", "list", "-s", "linkage.toml", "--json"])
    (hook,) = json.loads(found.stdout)
    assert (hook["name"], hook["pending"], hook["disabled"]) == ("gateway", 0, None)
    assert json.loads(CliRunner().invoke(app, ["webhooks", "dead", "--json"]).stdout) == []
