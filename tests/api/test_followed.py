"""Whoever follows the lists over HTTP, from any point, with repeats, gaps and restarts, has at any
time what the latest list has: by changes, and by TAXII."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.lists import Board
from api.taxii import LATE, Feed
from linkage.banlist import Draft, Entry, Measure
from linkage.banlist.chain import check_follows, entry_of, head_of, told
from linkage.banlist.changes import told_apart
from linkage.banlist.store import Lists
from tests.api.conftest import Api, served
from tests.banlist.test_chain import KEY, draft

MINUTE = timedelta(minutes=1)
NAMES = "abcdef"


class World:
    """The service, its clock, and what is published into its workspace."""

    def __init__(self, api: Api) -> None:
        self.api, self.now = api, datetime(2026, 7, 1, tzinfo=UTC)
        api.service.now = lambda: self.now

    @property
    def lists(self) -> Lists:
        """As another process has them."""
        return Lists(self.api.service.workspace.path)

    def publish(self, wanted: dict[str, tuple[Measure, int]]) -> None:
        """A list of these accounts, each until so many minutes from now."""
        latest = self.lists.latest()
        before = {} if latest is None else latest.active(self.now)
        entries = [
            Entry(
                account, measure, ("network",), "c1", 3.0, 20.0, None,
                before[account].listed_at if account in before else self.now,
                self.now + minutes * MINUTE,
            )
            for account, (measure, minutes) in sorted(wanted.items())
        ]  # fmt: skip
        found: Draft = replace(draft(), entries=tuple(entries))
        self.lists.publish(found, KEY, "me", self.now)

    def holds(self, at: datetime) -> dict[str, Entry]:
        """What the latest list has."""
        latest = self.lists.latest()
        return {} if latest is None else latest.active(at)

    def get(self, path: str, code: int = 200, **parameters: Any) -> Any:
        """An answer of the service."""
        answer = self.api.client.get(path, params=parameters, headers=self.api.headers())
        assert answer.status_code == code, answer.text
        return answer.json()

    def restart(self) -> None:
        """The service knows nothing but what is on disk."""
        service = self.api.service
        service.boards = {
            name: Board(Lists(service.workspace.path, name)) for name in service.boards
        }
        service.feeds = tuple(Feed(board) for board in service.boards.values())


@dataclass
class Follower:
    """A consumer, by the page's rules."""

    number: int = 0
    has: dict[str, Entry] = field(default_factory=dict)
    head: Any = None

    def take(self, answer: Any) -> None:
        """What has changed; an answer may come twice."""
        self.has = {a: entry for a, entry in self.has.items() if a not in answer["unlisted"]}
        self.has |= {row["account_id"]: entry_of(row) for row in answer["listed"]}
        self.number = answer["number"]

    def poll(self, world: World) -> Any:
        """Ask what has changed, and check it."""
        answer = world.get("/v1/banlists/changes", since=self.number)
        for row in answer["heads"]:
            head = head_of(row["head"])
            assert head.hash == row["hash"]
            if self.head is not None:
                check_follows(head, self.head)
            self.head = head
        self.take(answer)
        self.end(world.now)
        assert told_apart(self.has) == answer["holds"]["digest"]
        assert len(self.has) == answer["holds"]["entries"]
        return answer

    def end(self, now: datetime) -> None:
        """Take away what is over, by one's own clock."""
        self.has = {a: entry for a, entry in self.has.items() if entry.expires_at > now}

    def begin(self, world: World) -> None:
        """With the whole list, where there is one."""
        if world.lists.numbers():
            whole = world.get("/v1/banlists/latest")
            self.has = {row["account_id"]: entry_of(row) for row in whole["entries"]}
            self.head = head_of(whole["head"])
            self.number = self.head.number


@dataclass
class Subscriber:
    """A platform of threat intelligence, which goes by dates."""

    last: str | None = None
    has: dict[str, Any] = field(default_factory=dict)

    def poll(self, world: World, limit: int) -> None:
        """Page by page."""
        path, more = "/taxii2/linkage/collections/bans/objects/", True
        while more:
            since: dict[str, Any] = {} if self.last is None else {"added_after": self.last}
            answer = world.api.client.get(
                path, params={**since, "limit": limit}, headers=world.api.headers()
            )
            page = answer.json()
            self.last = answer.headers.get("X-TAXII-Date-Added-Last", self.last)
            for each in page.get("objects", ()):
                self._take(each)
            more = page.get("more", False)

    def _take(self, each: dict[str, Any]) -> None:
        if each["type"] == "indicator":
            before = self.has.get(each["id"])
            assert before is None or each["modified"] >= before["modified"]
            assert before is None or each["created"] == before["created"]
            self.has[each["id"]] = each

    def listed(self) -> set[str]:
        """Accounts that are not revoked."""
        found = (each for each in self.has.values() if not each.get("revoked"))
        return {each["pattern"].split("'")[1] for each in found}


LIST = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(list(Measure)), st.sampled_from([5, 30, 90, 9000])),
    max_size=len(NAMES),
)
STEP = st.one_of(
    st.tuples(st.just("publish"), LIST),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 7, 45, 200])),
    st.tuples(st.sampled_from(["poll", "again", "back", "begin", "restart"]), st.none()),
    st.tuples(st.just("subscribed"), st.integers(1, 7)),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("followed") / "workspace", None) as api:
        yield World(api)


@given(steps=st.lists(STEP, min_size=4, max_size=14))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_whoever_follows_has_what_the_latest_list_has(
    world: World, steps: list[tuple[str, Any]]
) -> None:
    world.now += timedelta(days=1)  # each example goes on with the lists of those before
    follower, subscriber = Follower(), Subscriber()
    follower.begin(world)
    subscriber.poll(world, 1000)
    saved, answer = [follower], None
    for what, how in steps:
        match what:
            case "publish":
                world.publish(how)
            case "wait":
                world.now += how * MINUTE
            case "poll":
                answer = follower.poll(world)
            case "again":
                if answer is not None:
                    follower.take(answer)
                    answer = follower.poll(world)
            case "back":  # as it was some time ago: another process, or one that lost a day
                saved.append(replace(follower))
                follower = replace(saved[len(steps) % len(saved)], head=None)
                answer = None
            case "begin":
                follower, answer = Follower(), None
                follower.begin(world)
            case "restart":
                world.restart()
            case "subscribed":
                subscriber.poll(world, how)
    follower.poll(world)
    assert follower.has == world.holds(world.now)
    assert (
        {row["account_id"] for row in world.get("/v1/banlists/latest")["entries"]}
        == set(follower.has)
        if world.lists.numbers()
        else not follower.has
    )
    subscriber.poll(world, 3)
    assert subscriber.listed() == _subscribed(world)
    for name in NAMES:
        entry = world.get(f"/v1/banlists/lookup/{name}")["entry"]
        assert entry == (told(follower.has[name]) if name in follower.has else None)


def _subscribed(world: World) -> set[str]:
    """Whom a subscriber has: what held when it was published, and has not ended a minute ago."""
    latest = world.lists.latest()
    if latest is None:
        return set()
    held = latest.active(latest.head.published_at)
    return {a for a, entry in held.items() if entry.expires_at > world.now - LATE}


def test_who_was_told_of_nothing_yet_is_told_of_all(tmp_path: Path) -> None:
    with served(tmp_path / "workspace", None) as api:
        world = World(api)
        follower = Follower()
        assert follower.poll(world)["number"] == 0
        world.publish({"a": (Measure.ban, 90)})
        world.publish({"a": (Measure.limit, 90), "b": (Measure.ban, 5)})
        assert follower.poll(world)["number"] == 2
        assert follower.has == world.holds(world.now)
        subscriber = Subscriber()
        subscriber.poll(world, 2)
        assert subscriber.listed() == {"a", "b"}
        # A workspace of before comes back.
        for folder in world.lists.folder.iterdir():
            if folder.name.endswith("2"):
                folder.rename(tmp_path / "gone")
        told_of = world.get("/v1/banlists/changes", 409, since=follower.number)
        assert told_of["type"] == "urn:linkage:problem:start-over"
        again = Follower()
        again.begin(world)
        assert again.has == world.holds(world.now)
        anew = Subscriber()
        anew.poll(world, 2)
        assert anew.listed() == {"a"}
