"""How messages are delivered: signed, again and again, in order, and given up in the end."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Standard

from linkage.state import State, open_state, outbox
from linkage.state.outbox import DeliveryState
from linkage.webhooks import Outcome, Webhook, signing
from linkage.webhooks.messages import RunFailed, message
from linkage.webhooks.retrying import Pauses
from tests.webhooks.conftest import NOW, Clock, courier_of, webhook
from tests.webhooks.receivers import Receiver, receiving, says


def add(state: State, *jobs: str, clock: Clock, to: str = "gateway") -> list[str]:
    """Messages that wait; their ids."""
    made = [message(RunFailed(links={}, job=job, attempts=3), clock()) for job in jobs]
    with state.write() as connection:
        for one in made:
            outbox.append(connection, one.id, one.at, one.kind, one.body, [to])
    return [one.id for one in made]


def jobs_of(receiver: Receiver) -> list[str]:
    return [json.loads(request.body)["data"]["job"] for request in receiver.received]


def dead(state: State) -> list[outbox.Delivery]:
    with state.read() as connection:
        return outbox.page(connection, state=DeliveryState.dead)


def test_a_message_as_a_receiver_gets_it(
    state: State, hook: Webhook, receiver: Receiver, secret: str, seed: int
) -> None:
    clock = Clock(datetime.now(UTC))
    (identity,) = add(state, "j1", clock=clock)
    courier = courier_of(state, hook, clock, seed)
    told = courier.step()
    assert told is not None
    assert (told.outcome, told.status, told.fault) == (Outcome.delivered, 204, None)
    (request,) = receiver.received
    body = Standard(secret).verify(request.body, dict(request.headers))
    assert body["id"] == identity == request.headers["webhook-id"]
    assert (body["type"], body["version"], body["data"]["job"]) == ("run.failed", 1, "j1")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"].startswith("linkage/")
    assert request.path == "/hook?from=linkage"
    assert courier.step() is None


def test_the_same_message_again_is_signed_anew(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    """The same id and body, so that a receiver knows it again; a new time, so that it is taken."""
    add(state, "j1", clock=clock)
    courier = courier_of(state, hook, clock, seed)
    receiver.answer = says(500)
    courier.step()
    clock.on(minutes=1)
    signing.make(Path(hook.secret_file), rotate=True)
    courier.step()
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert len(second.headers["webhook-signature"].split(" ")) == 2


def test_a_receiver_that_is_down_for_an_hour(
    state: State, secret: str, tmp_path: Path, clock: Clock, seed: int
) -> None:
    """Nothing is lost, and what is late comes in the order in which it is tried."""
    with receiving() as gone:
        url = gone.url
    hook = webhook("gateway", url, tmp_path / "secret")
    courier = courier_of(state, hook, clock, seed)
    add(state, *(f"j{number}" for number in range(3)), clock=clock)
    attempts, begun = 0, clock()
    while clock() < begun + timedelta(hours=1):
        while (told := courier.step()) is not None:
            attempts += 1
            assert told.outcome is Outcome.failed
            assert told.fault is not None
            assert "cannot be reached" in told.fault
        clock.on(seconds=30)
    assert 3 * 7 <= attempts <= 3 * 14  # 5 s, 10 s, 20 s ... and not 3 * 120
    with receiving() as back:
        moved = webhook("gateway", back.url, tmp_path / "secret")
        courier = courier_of(state, moved, clock, seed)
        with state.read() as connection:
            waiting = outbox.page(connection)
        wanted = sorted(waiting, key=lambda d: (d.due, d.number))
        due: list[int] = []
        while len(due) < 3 and clock() < begun + timedelta(hours=4):
            told = courier.step()
            if told is not None:
                due.append(told.delivery.number)
            else:
                clock.on(seconds=10)
        assert due == [d.number for d in wanted]
        assert sorted(jobs_of(back)) == [f"j{number}" for number in range(3)]
        assert not dead(state)


def test_one_message_that_is_refused_keeps_no_other_waiting(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    add(state, "poison", "j2", "j3", clock=clock)

    def picky(handler: object) -> None:
        says(400 if jobs_of(receiver)[-1] == "poison" else 204)(handler)  # type: ignore[arg-type]

    receiver.answer = picky
    courier = courier_of(state, hook, clock, seed)
    while courier.step() is not None:
        pass
    assert jobs_of(receiver) == ["poison", "j2", "j3"]


def test_what_cannot_be_delivered_is_given_up_after_its_time(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    receiver.answer = says(500, b"\x1b[31mbroken\x1b[0m " + b"x" * 500)
    (identity,) = add(state, "j1", clock=clock)
    courier = courier_of(state, hook, clock, seed)
    told = None
    while told is None or told.outcome is not Outcome.dead:
        told = courier.step() or told
        clock.on(minutes=30)
        assert clock() < NOW + timedelta(hours=80)
    assert clock() > NOW + timedelta(hours=70)
    (letter,) = dead(state)
    assert (letter.message, letter.status) == (identity, 500)
    assert letter.fault is not None
    assert letter.fault.startswith("it answered 500: \\x1b[31mbroken")
    assert letter.fault.isprintable()
    assert len(letter.fault) < 250
    receiver.answer = says(200)
    with state.write() as connection:
        outbox.retry(connection, letter.number, clock())
    told = courier.step()
    assert told is not None
    assert told.outcome is Outcome.delivered
    assert not dead(state)


def test_what_waited_while_nobody_tried_is_given_up_and_goes_in_time(
    state: State, hook: Webhook, clock: Clock, seed: int
) -> None:
    add(state, "j1", clock=clock)
    courier = courier_of(state, hook, clock, seed)
    clock.on(hours=71)
    courier.tidy()
    assert not dead(state)
    clock.on(hours=2)
    courier.tidy()
    assert len(dead(state)) == 1
    clock.on(days=31)
    courier.tidy()
    assert not dead(state)


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_time_gets_it(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int, status: int
) -> None:
    add(state, "j1", "j2", clock=clock)
    receiver.answer = says(status, Retry_After="600")
    courier = courier_of(state, hook, clock, seed)
    assert courier.step() is not None
    assert courier.step() is None  # the other waits as well
    clock.on(seconds=599)
    assert courier.step() is None
    receiver.answer = says(200)
    clock.on(seconds=1)
    assert courier.step() is not None
    assert courier.step() is not None
    assert jobs_of(receiver) == ["j1", "j2", "j1"] or jobs_of(receiver) == ["j1", "j1", "j2"]


def test_nobody_is_waited_for_without_end(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    add(state, "j1", clock=clock)
    receiver.answer = says(503, Retry_After="999999999")
    courier = courier_of(state, hook, clock, seed)
    courier.step()
    receiver.answer = says(200)
    clock.on(hours=24)
    told = courier.step()
    assert told is not None
    assert told.outcome is Outcome.delivered


def test_a_receiver_that_is_gone_is_not_asked_again(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    add(state, "j1", "j2", clock=clock)
    receiver.answer = says(410)
    courier = courier_of(state, hook, clock, seed)
    told = courier.step()
    assert told is not None
    assert told.outcome is Outcome.dead
    assert courier.step() is None
    assert len(dead(state)) == 2
    with state.read() as connection:
        assert outbox.disabled(connection) == {"gateway": (hook.address, NOW)}


def test_a_redirect_is_no_delivery(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    add(state, "j1", clock=clock)
    receiver.answer = says(302, Location="http://169.254.169.254/")
    told = courier_of(state, hook, clock, seed).step()
    assert told is not None
    assert told.fault is not None
    assert (told.outcome, len(receiver.received)) == (Outcome.failed, 1)
    assert "redirects are not followed" in told.fault


def test_a_secret_that_cannot_be_read_is_a_fault_that_passes(
    state: State, hook: Webhook, receiver: Receiver, clock: Clock, seed: int
) -> None:
    add(state, "j1", clock=clock)
    text = Path(hook.secret_file).read_text()
    Path(hook.secret_file).write_text("whsec_nothing")
    courier = courier_of(state, hook, clock, seed)
    told = courier.step()
    assert told is not None
    assert told.fault is not None
    assert told.fault.startswith("secret_file: a secret is")
    assert "nothing" not in told.fault.replace("`linkage webhooks secret`", "")
    assert receiver.received == []
    Path(hook.secret_file).write_text(text)
    clock.on(minutes=1)
    assert courier.step() is not None
    assert len(receiver.received) == 1


def test_two_services_over_one_state_deliver_each_once(
    state: State, hook: Webhook, receiver: Receiver, tmp_path: Path, clock: Clock, seed: int
) -> None:
    add(state, *(f"j{number}" for number in range(20)), clock=clock)

    def service(number: int) -> None:
        with open_state(tmp_path / "workspace" / "state.db") as mine:
            courier = courier_of(mine, hook, clock, seed + number)
            idle = 0
            while idle < 3:
                idle = 0 if courier.step() is not None else idle + 1

    threads = [Thread(target=service, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(jobs_of(receiver)) == sorted(f"j{number}" for number in range(20))


@given(st.integers(1, 200), st.none() | st.floats(0, 1e9), st.integers(0, 2**32))
def test_pauses(attempts: int, asked: float | None, seed: int) -> None:
    pauses = Pauses()
    pause = pauses.after(attempts, asked, random.Random(seed)).total_seconds()
    assert pause == pauses.after(attempts, asked, random.Random(seed)).total_seconds()
    assert pause >= min(asked or 0.0, pauses.most_asked)
    assert 2.5 <= pause <= max(pauses.longest, min(asked or 0.0, pauses.most_asked))
    if asked is None:
        whole = min(pauses.longest, pauses.first * 2 ** (attempts - 1))
        assert whole / 2 <= pause <= whole


def test_ids_are_their_own(clock: Clock) -> None:
    made = {message(RunFailed(links={}, job="j", attempts=1), clock()).id for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"msg_[0-9a-f]{32}", identity) for identity in made)
