"""What takes names out of a workspace is tried on: one in which everything names an account."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage import snapshots
from linkage.banlist.settings import BanlistSettings
from linkage.banlist.store import BANS, SHADOW, Lists
from linkage.jobs.task import FOLDER
from linkage.judgements import save
from linkage.obeying import judgements
from linkage.pipeline import detect
from linkage.privacy import Privacy, admitted
from linkage.privacy.pseudonyms import ACCOUNT
from linkage.publishing import drafted, published
from linkage.run import Run
from linkage.state import (
    Action,
    AuditEntry,
    State,
    Subject,
    allowlist,
    audit,
    decisions,
    notes,
    open_state,
)
from linkage.state.allowlist import Entry, Sort
from linkage.workspace import Workspace
from tests import worlds
from tests.privacy.conftest import body, calls, taken_in

NAME, OTHER = "n0-1", "n0-2"  # two of a network
SETTINGS = worlds.settings(artifacts={"sent_to": {"names_account": True, "m": 0.05}})
KINDS = SETTINGS.kinds()
NOW = datetime.now(UTC)
SIGNING = Ed25519PrivateKey.generate()
ANY = BanlistSettings(most_share=1, most_hours=1e9)


def planted(workspace: Workspace, privacy: Privacy) -> None:
    name, other = (names_of(privacy)(one) for one in (NAME, OTHER))
    with open_state(workspace.state) as state:
        admitted(workspace.path, state, privacy.key)
    events = worlds.planted(ordinary=300).events
    events["sent_to"] = None
    events.loc[events.account_id.isin([OTHER, "o1"]), "sent_to"] = NAME
    taken_in(workspace.path, calls(events), SETTINGS, privacy)
    first = detect(workspace.path / "events", workspace.path.parent / "first", SETTINGS)
    workspace.add(first)
    bad = [{"account_id": NAME}, {"account_id": OTHER, "ts": "never"}]
    taken_in(workspace.path, [body([*own(NAME), *own(OTHER), *bad])], SETTINGS, privacy)
    second = Path(shutil.copytree(first, first.with_name("second")))
    (second / "run.json").write_text((second / "run.json").read_text() + "\n")
    workspace.add(second)
    with open_state(workspace.state) as state:
        decided(workspace, state, Run.open(second), name, other)
        for channel in (BANS, SHADOW):
            lists = Lists(workspace.path, channel)
            said = AuditEntry(NOW, "ana", f"publish {channel}", "", "")
            for _ in range(2):
                listed = drafted(workspace, state, lists, ANY, NOW)
                published(workspace, listed, state, lists, SIGNING, said)
            lists.keep(drafted(workspace, state, lists, ANY, NOW))
        (workspace.path / FOLDER).mkdir()
        save(judgements(workspace, state), workspace.path / FOLDER)
    (workspace.path / FOLDER / "log").write_text(f"{name}\n")
    for left in ("runs/.work.j1", "index/.r1-x", "snapshots/.taken-x", "banlists/bans/.draft-x"):
        (workspace.path / left).mkdir(parents=True)
        (workspace.path / left / "half.json").write_text(f'"{name}"')
    (workspace.path / "journal" / "0000000001.tail").write_text(name)
    (workspace.path / "events" / "0000000001.writing").write_text(name)


def decided(workspace: Workspace, state: State, run: Run, name: str, other: str) -> None:
    """Decisions with their snapshots, and what people wrote."""
    cluster = run.account(name).membership
    assert cluster is not None
    members = tuple(run.cluster(cluster["cluster_id"]).members.account_id)
    for action, subject in (
        (Action.ban, Subject(cluster["cluster_id"], members)),
        (Action.clear, Subject(None, (members[-1],))),
        (Action.not_same_operator, Subject(None, (other,), (name,))),
    ):
        accounts = (*subject.accounts, *subject.others)
        with (
            snapshots.taken(workspace, run.path, accounts, subject.cluster_id) as taken,
            state.write() as connection,
        ):
            made = decisions.append(connection, "ana", action, subject, f"as {name}", key=action)
            taken.keep(made.decision.number)
    with state.write() as connection:
        until = NOW + timedelta(hours=1)
        listed = [Entry(Sort.artifact, "sent_to", name, "kin", None),
                  Entry(Sort.account, "", other, f"like {NAME}", until)]  # fmt: skip
        allowlist.replace(connection, "ana", listed, None)
        allowlist.replace(connection, "ana", listed[:1], None)
        notes.append(connection, "ana", cluster["cluster_id"], f"{name} is {NAME}, like {other}")
        said = [AuditEntry(NOW, "ana", "account", name, ""),
                AuditEntry(NOW, "ana", "link", f"{other} {name}", "")]  # fmt: skip
        audit.append(connection, said)


def own(account: str) -> list[dict[str, Any]]:
    """Events with what nobody else has."""
    return [
        {"ts": f"2026-06-2{n}", "account_id": account, "device_id": f"alone-{account}-{n}",
         "org_id": f"org-{account}"}
        for n in range(3)
    ]  # fmt: skip


def names_of(privacy: Privacy) -> Callable[[str], str]:
    assert privacy.pseudonyms is not None
    made = privacy.pseudonyms
    return lambda name: made.one(ACCOUNT, name)


def holding(workspace: Workspace, texts: list[str]) -> set[str]:
    """Files in which one of these is, whatever they are packed with."""
    found = set()
    every = "|".join(rf"(?<![\w-]){re.escape(text)}(?![\w-])" for text in texts)
    for path in (path for path in workspace.path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            data += repr(table.to_pylist()).encode() + repr(table.schema.metadata).encode()
        # An index has texts with nothing between them.
        long = [text.encode() for text in texts if len(text) > 9]
        bare = path.suffix == ".npy" and any(text in data for text in long)
        if bare or re.search(every.encode(), data):
            found.add(str(path.relative_to(workspace.path)))
    return found


NEVER = 1 << 30  # steps


class Killed(BaseException):
    """As if the process had ended there."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """At a rename, or when a file or folder goes: what changes anything in the files. Returns the
    steps that were taken, which grow."""
    taken: list[str] = []

    def stepping(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*args: Any, **how: Any) -> Any:
            if len(taken) == step:
                raise Killed
            taken.append(name)
            return change(*args, **how)

        return checked

    for place, name in ((os, "rename"), (os, "unlink"), (Path, "rename"), (Path, "unlink"),
                        (shutil, "rmtree"), (State, "compact")):  # fmt: skip
        monkeypatch.setattr(place, name, stepping(name, getattr(place, name)))
    return taken
