"""A service that is killed while lists are drafted and published: each list is there whole or not
at all, and what was acknowledged is there."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from linkage.banlist import BanlistSettings
from linkage.banlist.store import Lists
from linkage.state import Scope, audit, open_state
from linkage.workspace import Workspace
from tests.banlist.test_chain import KEY
from tests.feeding import PATIENCE, Client, Server, key_of

KILLS = 4


@dataclass
class Office:
    """Drafts and publishes, again and again; what it was told is in `published` (number -> hash of
    the head), and what was not as it must be in `faults`."""

    port: int
    key: str
    published: dict[int, str] = field(default_factory=dict)
    again: int = 0  # drafts that were published once more, since nobody had answered
    faults: list[str] = field(default_factory=list)

    def __enter__(self) -> Office:
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _work(self) -> None:
        client, draft = Client(self.port, self.key), None
        while not self._ends.is_set():
            if draft is None:
                answer = client.ask("POST", "/v1/banlists", b"{}")
                draft = answer[1] if answer and answer[0] == 201 else None
                if answer and answer[0] != 201:
                    self.faults.append(f"draft: {answer}")
                time.sleep(0.01)
                continue
            draft = self._publish(client, draft)
        client.close()

    def _publish(self, client: Client, draft: dict[str, Any]) -> dict[str, Any] | None:
        """The draft again where nobody answered, as whoever was cut off must."""
        number, body = draft["number"], json.dumps({"digest": draft["digest"]}).encode()
        answer = client.ask("POST", f"/v1/banlists/{number}/publish", body)
        match answer:
            case None:
                self.again += 1
                return draft
            case (201, told):
                self.published[number] = told["hash"]
            case (409, _):  # it was published, and nobody was told
                head = client.ask("GET", f"/v1/banlists/{number}/head")
                if head is None:
                    return draft
                if head[0] != 200:
                    self.faults.append(f"refused, and not there: {answer}, {head}")
                else:
                    self.published[number] = head[1]["hash"]
            case _:
                self.faults.append(f"publish: {answer}")
        return None


def test_a_list_is_there_whole_or_not_at_all(result: Path, tmp_path: Path, seed: int) -> None:
    rng, place = random.Random(seed), Workspace.at(tmp_path / "workspace")
    place.add(result)
    key = tmp_path / "banlist.key"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    rules = BanlistSettings(signing_key=key, most_share=1, most_hours=10**6)
    server = Server(place.path, tmp_path / "log", banlist=rules)
    lists = Lists(place.path)
    with Office(server.port, key_of(place.path, *Scope)) as office:
        for _ in range(KILLS):
            server.start()
            there, until = len(office.published), time.monotonic() + PATIENCE
            while len(office.published) == there and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.3))
            server.kill()
            known = dict(office.published)
            assert lists.verify(KEY.public_key()) >= max(known)
            assert {number: lists.head(number)[0].hash for number in known} == known
        server.start()
        there = len(office.published)
        while len(office.published) == there and time.monotonic() < until + PATIENCE:
            time.sleep(0.01)
    server.end()
    assert office.faults == []
    last = lists.verify(KEY.public_key())
    assert sorted(office.published) == list(range(1, last + 1))
    with open_state(place.state) as state, state.read() as connection:
        said = {row.subject for row in audit.latest(connection, 1000) if row.action == "publish"}
    # Whoever was killed between a list and its line of the audit is named in the list itself.
    unsaid = [n for n in range(1, last + 1) if f"bans {n}" not in said]
    assert len(unsaid) <= KILLS
    assert all(lists.head(number)[0].actor.startswith("tester (") for number in unsaid)
