"""What the example does beside what any consumer must: who accepts a large list, where its key
goes, and what a restart knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from examples.enforce import Enforcer, Settings
from linkage.banlist import Measure
from linkage.banlist.store import SHADOW, Published
from linkage.conformance.faults import status
from linkage.conformance.lists import following
from linkage.conformance.server import ListServer

KEY = Ed25519PrivateKey.generate()
EXAMPLE = Path(__file__).parents[2] / "examples" / "enforce.py"
Publish = Callable[..., Published]


@pytest.fixture
def server() -> Iterator[ListServer]:
    with closing(ListServer("the key")) as made:
        yield made


@pytest.fixture
def publish(server: ListServer) -> Publish:
    def made(*accounts: str, action: Measure = Measure.ban, lasts: float = 3600.0) -> Published:
        lists = server.lists()
        listed = dict.fromkeys(accounts, action)
        new = following(lists[-1] if lists else None, listed, KEY, lasts)
        server.serve([*lists, new])
        return new

    return made


@pytest.fixture
def settings(server: ListServer, tmp_path: Path) -> Settings:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "banlist.pub").write_bytes(public)
    folder = str(tmp_path / "kept")
    return Settings(server.url, "the key", str(tmp_path / "banlist.pub"), folder, most_new=3)


@pytest.fixture
def enforcer(settings: Settings) -> Enforcer:
    return Enforcer(settings)


def actions(enforcer: Enforcer, *accounts: str) -> list[str]:
    return [enforcer.decide(account)["action"] for account in accounts]


def test_a_person_accepts_a_list_that_hits_many(
    enforcer: Enforcer, publish: Publish, settings: Settings
) -> None:
    publish("a", "b")
    enforcer.poll()
    publish("b", "c", "d", "e", "f")
    enforcer.poll()
    assert actions(enforcer, *"abcdef") == ["none", "ban", "none", "none", "none", "none"]
    assert "enforce_held_back_total 1" in enforcer.metrics()
    again = Enforcer(settings)
    again.poll()
    assert actions(again, "a", "c") == ["none", "none"]
    (Path(settings.folder) / "accept-1").touch()
    again.poll()
    assert actions(again, "c") == ["none"]
    (Path(settings.folder) / "accept-2").touch()
    again.poll()
    assert actions(again, *"abcdef") == ["none", *["ban"] * 5]


def test_harsher_measures_for_many_wait_and_milder_ones_do_not(
    enforcer: Enforcer, publish: Publish
) -> None:
    publish("a", "b", "c", action=Measure.limit)
    enforcer.poll()
    publish("a", "b", "c", "d", action=Measure.ban)
    enforcer.poll()
    assert actions(enforcer, *"abcd") == ["limit", "limit", "limit", "none"]
    publish("a", "b", "c", "d", action=Measure.challenge)
    enforcer.poll()
    assert actions(enforcer, *"abcd") == ["challenge"] * 4


def test_a_list_that_waits_for_a_person_cannot_be_rolled_back_either(
    enforcer: Enforcer, publish: Publish, server: ListServer
) -> None:
    publish("freed")
    enforcer.poll()
    publish("c", "d", "e", "f")
    enforcer.poll()
    with server.instead(server.lists()[:1]), pytest.raises(ValueError, match="rolled back"):
        enforcer.poll()
    assert actions(enforcer, "freed") == ["none"]


def test_the_key_goes_nowhere_else(enforcer: Enforcer, server: ListServer) -> None:
    with closing(ListServer("the key")) as other:
        elsewhere = ("Location", f"{other.url}/v1/banlists/latest?format=ndjson")
        for code in (HTTPStatus.FOUND, HTTPStatus.PERMANENT_REDIRECT):
            with server.failing(status(code, elsewhere)), pytest.raises(HTTPError):
                enforcer.poll()
        assert other.asked == 0


def test_an_address_where_no_service_is_has_not_said_that_there_is_no_list(
    enforcer: Enforcer, server: ListServer
) -> None:
    with server.failing(status(HTTPStatus.NOT_FOUND)), pytest.raises(HTTPError):
        enforcer.poll()
    assert enforcer.decide("a")["stale"] is True
    enforcer.poll()
    assert enforcer.decide("a")["stale"] is False


def test_of_the_shadow_it_says_what_would_be(
    settings: Settings, server: ListServer, publish: Publish
) -> None:
    server.serve([following(None, {"a": Measure.limit}, KEY, channel=SHADOW)], SHADOW)
    publish("b")
    watching = Enforcer(replace(settings, channel=SHADOW))
    watching.poll()
    told = watching.decide("a")
    assert (told["action"], told["would"]) == ("none", "limit")
    assert watching.decide("b")["would"] == "none"


def test_a_restart_knows_how_old_its_answer_is(
    enforcer: Enforcer, settings: Settings, publish: Publish
) -> None:
    publish("a")
    enforcer.poll()
    (kept,) = Path(settings.folder).glob("*.json")
    os.utime(kept, (time.time() - 7200, time.time() - 7200))
    later = Enforcer(settings)
    assert later.decide("a") == {"action": "ban", "would": "ban", "stale": True, "number": 1}
    later.poll()
    assert Enforcer(settings).decide("a")["stale"] is False
    kept.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        Enforcer(settings)


def test_a_disk_that_cannot_be_written_keeps_nobody_banned(
    enforcer: Enforcer, settings: Settings, publish: Publish
) -> None:
    publish("a", "b")
    enforcer.poll()
    in_the_way = Path(settings.folder) / "bans.new"
    in_the_way.mkdir()
    publish("b")
    with pytest.raises(IsADirectoryError):
        enforcer.poll()
    assert actions(enforcer, "a", "b") == ["none", "ban"]
    assert Enforcer(settings).held.number == 1
    in_the_way.rmdir()
    enforcer.poll()
    assert Enforcer(settings).held.number == 2


def test_figures(enforcer: Enforcer, publish: Publish) -> None:
    publish("a", "b")
    enforcer.poll()
    figures = dict(line.rsplit(" ", 1) for line in enforcer.metrics().splitlines())
    assert figures['enforce_entries{action="ban"}'] == "2"
    assert figures["enforce_list_number"] == "1"
    assert 0 <= float(figures["enforce_list_age_seconds"]) < 60
    assert 0 <= float(figures["enforce_answer_age_seconds"]) < 60


def test_it_needs_nothing_of_linkage_and_its_log_names_nobody(
    settings: Settings, server: ListServer, publish: Publish
) -> None:
    assert not re.search(r"^\s*(from|import) linkage", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    publish("somebody", "somebody-else")
    environment = {f"ENFORCE_{k.upper()}": str(v) for k, v in vars(settings).items()}
    words = [sys.executable, "-P", str(EXAMPLE)]
    with subprocess.Popen(
        words, cwd="/", env=environment | {"ENFORCE_POLL_SECONDS": "0.02"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        while server.asked < 2:
            time.sleep(0.01)
        publish("somebody", *"bcde")
        asked = server.asked
        while server.asked < asked + 2:
            time.sleep(0.01)
        out, log = process.communicate('{"account": "somebody"}\n', timeout=60)
    assert json.loads(out)["action"] == "ban"
    assert {json.loads(line)["event"] for line in log.splitlines()} == {"taken", "held_back"}
    assert "somebody" not in log
