"""Messages that wait: claimed once, ended by whoever claimed them, kept for a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from linkage.errors import ConflictError, NotFound
from linkage.state import State, open_state, outbox
from linkage.state.outbox import Attempt, DeliveryState
from linkage.state.tables import messages

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def add(state: State, *names: str, to: tuple[str, ...] = ("a",), at: datetime = NOW) -> None:
    with state.write() as connection:
        for name in names:
            outbox.append(connection, name, at, "run.failed", f"body of {name}", to)


def claim(state: State, at: datetime = NOW, webhook: str = "a") -> Attempt | None:
    with state.write() as connection:
        return outbox.claim(connection, webhook, at, at + MINUTE)


def claimed(state: State, at: datetime = NOW, webhook: str = "a") -> Attempt:
    found = claim(state, at, webhook)
    assert found is not None
    return found


def end(state: State, attempt: Attempt, to: DeliveryState, at: datetime, **more: object) -> bool:
    with state.write() as connection:
        return outbox.end(connection, attempt, to, at, **more)  # type: ignore[arg-type]


def test_in_the_order_in_which_they_are_due(state: State) -> None:
    add(state, "m1", "m2", to=("a", "b"))
    add(state, "m0", at=NOW - MINUTE)
    first = claimed(state)
    assert (first.delivery.message, first.body) == ("m0", "body of m0")
    assert end(state, first, DeliveryState.pending, NOW, due=NOW + MINUTE, fault="no answer")
    assert [claimed(state).delivery.message for _ in range(2)] == ["m1", "m2"]
    assert claim(state) is None
    assert claimed(state, webhook="b").delivery.message == "m1"
    again = claimed(state, NOW + MINUTE)
    assert (again.delivery.message, again.delivery.attempts) == ("m1", 0)  # whose lease has ended
    with state.read() as connection:
        (m0,) = [d for d in outbox.page(connection, webhook="a") if d.message == "m0"]
    assert (m0.attempts, m0.fault, m0.due) == (1, "no answer", NOW + MINUTE)


def test_a_claim_holds_until_its_lease_ends(state: State) -> None:
    add(state, "m1")
    lost = claimed(state)
    assert claim(state, NOW + MINUTE - timedelta(seconds=1)) is None
    with state.read() as connection:
        assert not outbox.is_due(connection, "a", NOW)
        assert outbox.is_due(connection, "a", NOW + MINUTE)
    mine = claimed(state, NOW + MINUTE)
    assert not end(state, lost, DeliveryState.dead, NOW + MINUTE, fault="late")
    assert end(state, mine, DeliveryState.delivered, NOW + MINUTE, status=204)
    assert not end(state, mine, DeliveryState.dead, NOW + MINUTE)
    with state.read() as connection:
        found = outbox.one(connection, mine.delivery.number)
    assert (found.state, found.status, found.attempts) == (DeliveryState.delivered, 204, 1)
    assert claim(state, NOW + 9 * MINUTE) is None


def test_each_is_claimed_by_one_of_many(tmp_path: Path) -> None:
    with open_state(tmp_path / "state.db") as state:
        add(state, *(f"m{number:02}" for number in range(40)))

    def all_that_one_gets(_: int) -> list[str]:
        with open_state(tmp_path / "state.db") as mine:
            found = []
            while (attempt := claim(mine)) is not None:
                found.append(attempt.delivery.message)
        return found

    with ThreadPoolExecutor(4) as pool:
        got = [name for names in pool.map(all_that_one_gets, range(4)) for name in names]
    assert sorted(got) == [f"m{number:02}" for number in range(40)]


def test_what_is_told_is_told_by_one(state: State) -> None:
    with state.write() as connection:
        assert outbox.tell(connection, "run", None, "r1")
        assert not outbox.tell(connection, "run", None, "r1")
        assert not outbox.tell(connection, "run", "r0", "r2")
        assert outbox.tell(connection, "run", "r1", "r2")
        assert outbox.told_of(connection, "run") == "r2"
        assert outbox.has_told(connection)
        outbox.forget(connection)
        assert outbox.told_of(connection, "run") is None
        assert not outbox.has_told(connection)


def test_a_receiver_that_asks_for_time_gets_it(state: State) -> None:
    add(state, "m1", to=("a", "b"))
    add(state, "m2", at=NOW + 5 * MINUTE)
    with state.write() as connection:
        outbox.hold_back(connection, "a", NOW + 3 * MINUTE)
        due = {(d.message, d.webhook): d.due for d in outbox.page(connection)}
    assert due == {
        ("m1", "a"): NOW + 3 * MINUTE, ("m1", "b"): NOW, ("m2", "a"): NOW + 5 * MINUTE,
    }  # fmt: skip


def test_dead_letters_are_retried(state: State) -> None:
    add(state, "m1")
    attempt = claimed(state)
    end(state, attempt, DeliveryState.dead, NOW, status=500, fault="it answered 500")
    later = NOW + timedelta(days=9)
    with state.write() as connection:
        found = outbox.retry(connection, attempt.delivery.number, later)
        assert (found.state, found.since, found.due) == (DeliveryState.pending, later, later)
        with pytest.raises(ConflictError, match="is pending"):
            outbox.retry(connection, attempt.delivery.number, later)
        with pytest.raises(NotFound, match="delivery 99"):
            outbox.retry(connection, 99, later)
    assert claimed(state, later).delivery.attempts == 1


def test_a_receiver_that_is_gone(state: State) -> None:
    add(state, "m1", "m2", to=("a", "b"))
    with state.write() as connection:
        outbox.disable(connection, "a", b"url", NOW)
        outbox.disable(connection, "a", b"other", NOW)
        assert outbox.disabled(connection) == {"a": (b"other", NOW)}
        assert outbox.counts(connection)["a"] == outbox.Counts(dead=2)
        assert outbox.counts(connection)["b"].oldest == NOW
        assert outbox.enable(connection, "a")
        assert not outbox.enable(connection, "a")
    assert claim(state) is None


def test_what_is_old_goes(state: State) -> None:
    add(state, "m1", "m2", to=("a", "b"))
    add(state, "m3")
    end(state, claimed(state), DeliveryState.delivered, NOW)
    end(state, claimed(state, webhook="b"), DeliveryState.delivered, NOW)
    with state.write() as connection:
        assert outbox.give_up(connection, "a", NOW, NOW + MINUTE) == 0
        assert outbox.give_up(connection, "a", NOW + MINUTE, NOW + MINUTE) == 2
        assert outbox.tidy(connection, "a", NOW + MINUTE) == 1
        kept = connection.scalars(sa.select(messages.c.id).order_by(messages.c.id)).all()
        assert kept == ["m1", "m2", "m3"]  # another webhook's, or given up a minute ago
        assert outbox.tidy(connection, "b", NOW + MINUTE) == 1
        assert outbox.tidy(connection, "a", NOW + 2 * MINUTE) == 2
        kept = connection.scalars(sa.select(messages.c.id)).all()
        assert kept == ["m2"]
        assert outbox.strangers(connection, ["a"]) == ["b"]


def test_pages(state: State) -> None:
    add(state, *(f"m{number}" for number in range(5)), to=("a", "b"))
    end(state, claimed(state), DeliveryState.dead, NOW)
    with state.read() as connection:
        first = outbox.page(connection, webhook="a", most=3)
        assert [d.message for d in first] == ["m4", "m3", "m2"]
        rest = outbox.page(connection, webhook="a", before=first[-1].number)
        assert [d.message for d in rest] == ["m1", "m0"]
        dead = outbox.page(connection, state=DeliveryState.dead)
        assert [(d.message, d.webhook) for d in dead] == [("m0", "a")]
