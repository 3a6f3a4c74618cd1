"""A receiver on this machine, a webhook to it, and a workspace whose runs are made by hand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.state import State, open_state
from linkage.webhooks import Sender, Webhook, signing
from linkage.webhooks.courier import Courier
from linkage.webhooks.telling import Teller
from linkage.workspace import Workspace
from tests.webhooks.receivers import Receiver, receiving

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
CLUSTERS = pa.schema(
    [
        ("cluster_id", pa.string()), ("score", pa.float64()), ("expected", pa.float64()),
        ("proposal", pa.string()),
    ]
)  # fmt: skip
MEMBERS = pa.schema([("account_id", pa.string()), ("cluster_id", pa.string())])


@dataclass
class Clock:
    """A time that goes on when it is told to."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def on(self, **by: float) -> datetime:
        """Let some time pass."""
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return signing.make(tmp_path / "secret", rotate=False)


@pytest.fixture
def hook(receiver: Receiver, secret: str, tmp_path: Path) -> Webhook:
    """To the receiver, of everything."""
    return webhook("gateway", receiver.url, tmp_path / "secret")


def webhook(name: str, url: str, secret: Path, **more: object) -> Webhook:
    """One whose receiver is on this machine."""
    given = {"name": name, "url": url, "secret_file": secret, "allow_private": ["127.0.0.0/8"]}
    return Webhook.model_validate(given | more)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def state(workspace: Workspace) -> Iterator[State]:
    with open_state(workspace.state) as opened:
        yield opened


def courier_of(state: State, webhook: Webhook, now: Callable[[], datetime], seed: int) -> Courier:
    """Whose pauses repeat."""
    return Courier(state, Sender.of(webhook), now, draw=random.Random(seed))


def teller_of(
    workspace: Workspace, state: State, *webhooks: Webhook, now: Callable[[], datetime]
) -> Teller:
    """Whose faults are the test's."""

    def trouble(error: Exception) -> None:
        raise error

    return Teller(workspace, state, webhooks, now, trouble)


def serve_run(
    workspace: Workspace, name: str, clusters: Mapping[str, tuple[str, float | None]]
) -> None:
    """Have a run served. clusters: id -> its accounts as letters, and its score."""
    folder = workspace.run(name)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"cluster_id": c, "score": score, "expected": None if score is None else 10**-score,
         "proposal": "review"}
        for c, (_, score) in clusters.items()
    ]  # fmt: skip
    members = [
        {"account_id": f"account-{letter}", "cluster_id": c}
        for c, (letters, _) in clusters.items() for letter in letters
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, CLUSTERS), folder / "clusters.parquet")
    pq.write_table(pa.Table.from_pylist(members, MEMBERS), folder / "members.parquet")
    counts = {"events": 100, "accounts": 12, "clusters": len(rows), "listed": 3}
    (folder / "run.json").write_text(json.dumps({"counts": counts}))
    workspace.pointer.write_text(f"{name}\n")
