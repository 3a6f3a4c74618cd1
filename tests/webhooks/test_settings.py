"""[[webhooks]] and the files of secrets: what is taken, and every fault at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from linkage.errors import SettingsError
from linkage.settings import load as of_runs
from linkage.webhooks import signing
from linkage.webhooks.messages import SORTS
from linkage.webhooks.settings import EVERY_KIND, load

BODY = '{"text":"größer"}'.encode()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return signing.make(tmp_path / "secret", rotate=False)


def settings(folder: Path, *tables: str) -> Path:
    path = folder / "linkage.toml"
    path.write_text("".join(f"[[webhooks]]\n{table}\n" for table in tables), "utf-8")
    return path


def faults(path: Path) -> str:
    with pytest.raises(SettingsError) as found:
        load(path)
    return str(found.value)


def test_a_webhook(tmp_path: Path, secret: str) -> None:
    (hook,) = load(
        settings(
            tmp_path,
            "name = 'gateway'\nurl = 'https://example.com/hook?x=1'\nsecret_file = 'secret'\n"
            "events = ['list.published']\nallow_private = ['10.0.0.0/8', 'fd00::/8']",
        )
    )
    assert hook.endpoint.authority == "example.com"
    assert hook.secret_file == tmp_path / "secret"
    assert [str(network) for network in hook.limits().allowed] == ["10.0.0.0/8", "fd00::/8"]
    assert load(None) == load(settings(tmp_path)) == ()


def test_the_table_is_no_fault_of_a_run(tmp_path: Path) -> None:
    of_runs(settings(tmp_path, "name = 'a'"))


def test_every_fault_at_once(tmp_path: Path, secret: str) -> None:
    (tmp_path / "short").write_text("whsec_c2hvcnQ=\n")
    (tmp_path / "short").chmod(0o600)
    good = "secret_file = 'secret'"
    text = faults(
        settings(
            tmp_path,
            f"name = 'a'\nurl = 'https://me:hidden@example.com/'\n{good}",
            f"name = 'B!'\nurl = 'https://example.com'\n{good}\nevents = ['nothing']\nlost = 1",
            f"name = 'c'\nurl = 'http://10.0.0.1/'\n{good}",
            f"name = 'd'\nurl = 'https://169.254.169.254/'\n{good}",
            f"name = 'e'\nurl = 'https://example.com'\n{good}\nallow_private = ['0.0.0.0/0']",
            "name = 'f'\nurl = 'https://example.com'\nsecret_file = 'nowhere'",
            "name = 'g'\nurl = 'https://example.com'\nsecret_file = 'short'\nca_file = 'short'",
            "name = 'h'\nurl = 'https://example.com'",
            f"name = 'i'\nurl = 'https://example.com'\n{good}\nevents = []",
        )
    )
    for words in (
        "webhooks.1.url: Value error, no user or password", "webhooks.2.name", "webhooks.2.lost",
        "webhooks.2.events", "webhooks.3: Value error, url: http:// is for",
        "169.254.169.254 is link-local", "webhooks.5.allow_private", "0.0.0.0/0: not all of it",
        "nowhere: cannot be read", "short: a secret is", "no certificates",
        "webhooks.8.secret_file", "webhooks.9.events",
    ):  # fmt: skip
        assert words in text, words
    assert "hidden" not in text
    assert "c2hvcnQ" not in text


def test_a_name_that_is_there_twice_and_what_is_no_list(tmp_path: Path, secret: str) -> None:
    same = "name = 'a'\nurl = 'https://example.com'\nsecret_file = 'secret'"
    assert "a is there twice" in faults(settings(tmp_path, same, same))
    (tmp_path / "linkage.toml").write_text("[webhooks]\nname = 'a'\n")
    assert "[[webhooks]]" in faults(tmp_path / "linkage.toml")


def test_every_sort_of_message_can_be_asked_for() -> None:
    assert tuple(sort.kind for sort in SORTS) == EVERY_KIND


def test_a_signature_is_what_a_library_expects(tmp_path: Path, secret: str) -> None:
    made = dict(
        signing.headers(signing.read(tmp_path / "secret"), "msg_1", datetime.now(UTC), BODY)
    )
    assert Standard(secret).verify(BODY, made) == {"text": "größer"}
    for name, other in (("webhook-id", "msg_2"), ("webhook-timestamp", "1700000000")):
        with pytest.raises(WebhookVerificationError):
            Standard(secret).verify(BODY, {**made, name: other})
    with pytest.raises(WebhookVerificationError):
        Standard(secret).verify(BODY + b" ", made)


def test_the_standard_s_own_example() -> None:
    """As the specification has it."""
    body = b'{"test": 2432232314}'
    key = signing._secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    at = datetime.fromtimestamp(1614265330, UTC)
    made = signing.headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_are_valid_at_once(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "secret"
    new = signing.make(path, rotate=True)
    made = dict(signing.headers(signing.read(path), "msg_1", datetime.now(UTC), BODY))
    assert len(made["webhook-signature"].split(" ")) == 2
    for either in (secret, new):
        assert Standard(either).verify(BODY, made)
    third = signing.make(path, rotate=True)
    made = dict(signing.headers(signing.read(path), "msg_1", datetime.now(UTC), BODY))
    assert Standard(third).verify(BODY, made)
    assert Standard(new).verify(BODY, made)
    with pytest.raises(WebhookVerificationError):
        Standard(secret).verify(BODY, made)


def test_a_file_of_secrets(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match="--rotate"):
        signing.make(path, rotate=False)
    assert path.read_text() == f"{secret}\n"
    with pytest.raises(SettingsError, match="cannot be read"):
        signing.make(tmp_path / "none", rotate=True)
    path.write_text(f"{secret}\n" * 3)
    with pytest.raises(SettingsError, match="more than 2"):
        signing.read(path)
    for wrong in ("", "secret", "whsec_!!!", f"{secret}\nand more"):
        path.write_text(wrong)
        with pytest.raises(SettingsError, match="a secret is"):
            signing.read(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="everybody"):
        signing.read(path)
