"""What is told of runs, lists and jobs: once, to whoever asked for it, and nothing of a person."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import Draft, Entry, Measure
from linkage.banlist.report import Report
from linkage.banlist.store import SHADOW, Lists
from linkage.errors import WebhookError
from linkage.state import Action, State, Subject, decisions, jobs, open_state, outbox
from linkage.webhooks import Webhook
from linkage.webhooks.telling import Teller, seen
from linkage.workspace import Workspace
from tests.webhooks.conftest import NOW, Clock, courier_of, serve_run, teller_of, webhook
from tests.webhooks.receivers import Receiver

KEY = Ed25519PrivateKey.generate()


def messages(state: State, name: str = "gateway") -> list[dict[str, Any]]:
    """What waits for a webhook, the first first."""
    found: list[dict[str, Any]] = []
    later = NOW.replace(hour=23)
    with state.write() as connection:
        while (
            attempt := outbox.claim(connection, name, later, later.replace(year=2030))
        ) is not None:
            found.append(json.loads(attempt.body))
    return found


def told(state: State, name: str = "gateway") -> list[tuple[str, str]]:
    return [
        (m["type"], str(m["data"].get("cluster_id") or m["data"].get("job") or m["data"]["number"]))
        for m in messages(state, name)
    ]


def publish(workspace: Workspace, channel: str = "bans") -> None:
    entry = Entry(
        account_id="account-a", action=Measure.ban, reasons=("network",), cluster_id="c1",
        score=3.0, confidence=9.0, decision=None, listed_at=NOW, expires_at=NOW.replace(month=8),
    )  # fmt: skip
    report = Report(
        entries=1, actions={"ban": 1}, added=1, removed=0, changed=0, share=0.1, allowed=0,
        vouched=0, held={}, organisations=(), spared=0, undecided=1, hours=1.0, limits=(),
    )  # fmt: skip
    found = Draft((entry,), report, "r1", 0, "", NOW)
    Lists(workspace.path, channel).publish(found, KEY, "ana (k3f9)", NOW)


def judge(state: State, letters: str, action: Action = Action.ban) -> None:
    with state.write() as connection:
        subject = Subject("c1", tuple(f"account-{letter}" for letter in letters))
        decisions.append(connection, "me", action, subject, "why")


def finish(state: State, run: str | None, fault: str | None = None) -> str:
    with state.write() as connection:
        job = jobs.begin(connection, jobs.ask(connection, "nightly", 1).job)
        if run is not None:
            job = jobs.published(connection, job, run)
        return jobs.end(connection, job, fault).id


def test_a_run_and_the_next(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    teller = teller_of(workspace, state, hook, now=clock)
    assert teller.step() == 0  # from now on
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0), "c2": ("fgh", 0.5), "c3": ("xy", None)})
    assert teller.step() == 1
    assert teller.step() == 0
    assert told(state) == [("cluster.flagged", "c1")]
    judge(state, "abcde")
    serve_run(workspace, "r2", {"c1b": ("abcdeij", 2.0), "c2": ("fgh", 1.5), "c3": ("xy", None)})
    assert teller.step() == 2
    assert told(state) == [("cluster.flagged", "c2"), ("cluster.growing", "c1b")]
    serve_run(workspace, "r3", {"c1b": ("abcdeij", 2.0), "c2": ("fgh", 1.5)})
    assert teller.step() == 0


def test_a_run_and_list_that_were_there_are_not_told(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    publish(workspace)
    finish(state, "r1")
    teller = teller_of(workspace, state, hook, now=clock)
    assert teller.step() == 0
    publish(workspace)
    assert teller.step() == 1
    assert told(state) == [("list.published", "2")]


def test_what_happened_while_no_service_ran_is_told_by_the_next(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    teller_of(workspace, state, hook, now=clock).step()
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    publish(workspace)
    publish(workspace)
    publish(workspace, SHADOW)
    done, failed = finish(state, "r1"), finish(state, None, "no memory in /data/ana")
    assert teller_of(workspace, state, hook, now=clock).step() == 6
    assert told(state) == [
        ("run.finished", done), ("run.failed", failed), ("cluster.flagged", "c1"),
        ("list.published", "1"), ("list.published", "2"), ("list.published", "1"),
    ]  # fmt: skip


def test_each_webhook_gets_what_it_asked_for(
    workspace: Workspace, state: State, secret: str, tmp_path: Path, clock: Clock
) -> None:
    to = {
        "strict": webhook("strict", "https://example.com", tmp_path / "secret", min_score=3.0),
        "loose": webhook("loose", "https://example.com", tmp_path / "secret", min_score=1.0),
        "lists": webhook(
            "lists", "https://example.com", tmp_path / "secret", events=["list.published"]
        ),
    }
    teller = teller_of(workspace, state, *to.values(), now=clock)
    teller.step()
    serve_run(workspace, "r1", {"c1": ("abcde", 4.0), "c2": ("fgh", 1.5)})
    publish(workspace)
    teller.step()
    lists = ("list.published", "1")
    assert told(state, "strict") == [("cluster.flagged", "c1"), lists]
    assert told(state, "loose") == [("cluster.flagged", "c1"), ("cluster.flagged", "c2"), lists]
    assert told(state, "lists") == [lists]
    serve_run(workspace, "r2", {"c1": ("abcde", 4.0), "c2": ("fgh", 3.5)})
    teller.step()
    assert told(state, "strict") == [("cluster.flagged", "c2")]
    assert told(state, "loose") == []


def test_two_services_tell_once(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    one, other = (teller_of(workspace, state, hook, now=clock) for _ in range(2))
    one.step()
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    publish(workspace)
    assert one.step() + other.step() == 2
    # Not even where the second looked before the first had written.
    serve_run(workspace, "r2", {"c9": ("uvwxyz", 2.0)})
    (subject,) = (s for s in other._subjects if s.name == "run")
    found = list(subject.of("r1", "r2"))
    assert one.step() == 1
    with state.write() as connection:
        assert not outbox.tell(connection, "run", "r1", "r2")
    assert len(found) == 1
    assert len(messages(state)) == 3


def test_a_run_that_has_gone_is_compared_with_nothing(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    teller = teller_of(workspace, state, hook, now=clock)
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    teller.step()
    serve_run(workspace, "r2", {"c1": ("abcde", 2.0)})
    workspace.run("r1").rename(workspace.path / "away")
    teller.step()
    (message,) = messages(state)
    assert (message["data"]["before"], message["data"]["known"]) == (None, 0)


def test_a_receiver_that_is_gone_gets_nothing_until_its_url_is_another(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    teller = teller_of(workspace, state, hook, now=clock)
    teller.step()
    with state.write() as connection:
        outbox.disable(connection, hook.name, hook.address, NOW)
    publish(workspace)
    assert teller.step() == 0
    moved = hook.model_copy(update={"url": "https://example.com/new"})
    publish(workspace)
    assert teller_of(workspace, state, moved, now=clock).step() == 1


def test_one_subject_that_is_damaged_keeps_no_other_from_being_told(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    faults: list[Exception] = []
    teller = Teller(workspace, state, [hook], clock, faults.append)
    teller.step()
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    (workspace.run("r1") / "clusters.parquet").write_bytes(b"damaged")
    publish(workspace)
    assert teller.step() == 1
    assert teller.step() == 0
    assert len(faults) == 1  # and not each second
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    clock.on(minutes=1)
    assert teller.step() == 1
    assert told(state) == [("list.published", "1"), ("cluster.flagged", "c1")]


def test_nothing_of_a_person_is_told(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock
) -> None:
    teller = teller_of(workspace, state, hook, now=clock)
    teller.step()
    serve_run(workspace, "r1", {"c1": ("abcde", 2.0)})
    judge(state, "abc")
    teller.step()
    serve_run(workspace, "r2", {"c2": ("abcdefgh", 2.0)})
    publish(workspace)
    finish(state, "r2")
    finish(state, None, "account-a broke it, in /data/ana")
    teller.step()
    found = messages(state)
    assert {m["type"] for m in found} == {
        "cluster.flagged", "cluster.growing", "list.published", "run.finished", "run.failed",
    }  # fmt: skip
    for text in map(json.dumps, found):
        for personal in ("account-", "ana", "why", "nightly"):
            assert personal not in text, text


def test_a_service_that_is_killed_between_telling_and_delivering(
    workspace: Workspace, state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    """It is killed in the middle of sending; the next service sends it again."""
    teller = teller_of(workspace, state, hook, now=clock)
    teller.step()
    publish(workspace)
    code = (
        "import os, pathlib, signal, sys\n"
        "from datetime import datetime\n"
        "from linkage.state import open_state\n"
        "from linkage.webhooks import Sender, Webhook\n"
        "from linkage.webhooks.courier import Courier\n"
        "from linkage.webhooks.telling import Teller\n"
        "from linkage.workspace import Workspace\n"
        "folder, hook, now = sys.argv[1:]\n"
        "place, now = Workspace.at(pathlib.Path(folder)), datetime.fromisoformat(now)\n"
        "hook = Webhook.model_validate_json(hook)\n"
        "def killed(self, *_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "Sender.send = killed\n"
        "with open_state(place.state) as state:\n"
        "    Teller(place, state, [hook], lambda: now, print).step()\n"
        "    Courier(state, Sender.of(hook), lambda: now).step()\n"
    )
    words = (str(workspace.path), hook.model_dump_json(), NOW.isoformat())
    done = subprocess.run([sys.executable, "-c", code, *words], check=False)
    assert done.returncode == -signal.SIGKILL
    assert receiver.received == []
    assert teller.step() == 0  # it was told
    courier = courier_of(state, hook, clock, seed)
    assert courier.step() is None  # whoever claimed it may yet be sending
    clock.on(minutes=1)
    assert courier.step() is not None
    (request,) = receiver.received
    assert json.loads(request.body)["data"]["number"] == 1


def test_a_process_that_is_killed_before_it_has_told(
    workspace: Workspace, state: State, hook: Webhook, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the messages nor that they were told are kept: the next time they are."""
    teller = teller_of(workspace, state, hook, now=clock)
    teller.step()
    publish(workspace)

    def fails(*_: object) -> None:
        raise WebhookError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "append", fails)
        with pytest.raises(WebhookError):
            teller.step()
    with open_state(workspace.state) as other:
        assert teller_of(workspace, other, hook, now=clock).step() == 1


def test_clusters_without_a_score_are_not_looked_at(workspace: Workspace) -> None:
    """Whether the file says that there is none or that it is no number: most clusters have none."""
    nan = float("nan")
    serve_run(workspace, "r1", {"c1": ("ab", nan), "c2": ("cd", None), "c3": ("ef", 2.0)})
    found = seen(workspace, "r1", 1.0, frozenset())
    assert found is not None
    assert [cluster.cluster_id for cluster in found.clusters] == ["c3"]
    found = seen(workspace, "r1", 3.0, frozenset(("account-a", "account-d")))
    assert found is not None
    assert [(c.cluster_id, c.score, len(c.members)) for c in found.clusters] == [
        ("c1", None, 2), ("c2", None, 2),
    ]  # fmt: skip
