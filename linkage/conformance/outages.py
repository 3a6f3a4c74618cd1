"""Scenarios: no list can be had for a while."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus

from linkage.banlist import Measure
from linkage.conformance.faults import Fault, dropped, empty, page, silent, status, truncated
from linkage.conformance.stage import NONE, Scenario, Stage
from linkage.conformance.terms import Claim, Stale

BAN = Measure.ban
RETRY = ("Retry-After", "5")


def outage(stage: Stage, fault: Fault) -> None:
    """What it has stays, and what was published meanwhile comes when that is over."""
    held, comes = stage.own("held", "comes")
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    with stage.server.failing(fault):
        stage.publish({held: BAN, comes: BAN})
        stage.heard()
        _as_before(stage, held, comes)
    _recovered(stage, held, comes)


def refused(stage: Stage) -> None:
    """Nobody listens; two lists are published meanwhile."""
    held, comes = stage.own("held", "comes")
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    with stage.server.away():
        stage.publish({held: BAN})
        stage.publish({held: BAN, comes: BAN})
        stage.wait_unheard()
        _as_before(stage, held, comes)
    _recovered(stage, held, comes)


def lost(stage: Stage) -> None:
    """The service says that no list was ever published."""
    held, comes = stage.own("held", "comes")
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    with stage.server.instead([]):
        stage.heard()
        _as_before(stage, held, comes)
    stage.publish({held: BAN, comes: BAN})
    _recovered(stage, held, comes)


def ends_meanwhile(stage: Stage) -> None:
    """An entry ends while no list can be had."""
    (ends,) = stage.own("ends")
    stage.until_it_ends(ends)
    with _unavailable(stage):
        stage.heard()
        stage.expect(ends, NONE, why="its entry has ended, whoever can be reached")


def stale(stage: Stage) -> None:
    """Nothing was heard for too long: it does what it says that it does."""
    after, rule = stage.terms.stale_after, stage.terms.when_stale
    assert after is not None
    held, stranger = stage.own("held", "stranger")
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    with _unavailable(stage):
        time.sleep(after)
        if rule is Stale.hold:
            stage.until(lambda: stage.ask(held).stale is True, '"stale": true', "nothing of that")
        on_it, not_on_it = _WHEN_STALE[rule]
        why = f"{rule.value}, after {after:g} s"
        stage.expect(held, *on_it, why=why)
        stage.expect(stranger, *not_on_it, why=why)
    stage.expect(stranger, NONE, why="lists can be had again")
    stage.expect(held, BAN)
    if rule is Stale.hold:
        stage.until(lambda: stage.ask(held).stale is False, '"stale": false', "it stays stale")


def restarted(stage: Stage) -> None:
    """Killed, and started while nobody listens: it has what it had."""
    held, comes = stage.own("held", "comes")
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    with stage.server.away():
        stage.consumer.kill()
        stage.consumer.revive()
        stage.expect(held, BAN, why="it had that before it was killed")
        stage.wait_unheard()
        stage.still(held, BAN, why="it had that before it was killed")
    stage.publish({comes: BAN})
    stage.expect(comes, BAN, why="lists can be had again")


def _as_before(stage: Stage, held: str, comes: str) -> None:
    stage.still(held, BAN, why="it was on the last list that came")
    stage.still(comes, NONE, why="it was on none that came")


def _recovered(stage: Stage, held: str, comes: str) -> None:
    stage.expect(comes, BAN, why="lists can be had again")
    stage.still(held, BAN)


def _unavailable(stage: Stage) -> AbstractContextManager[None]:
    return stage.server.failing(status(HTTPStatus.SERVICE_UNAVAILABLE, RETRY))


# What is done about whoever is on the list, and about others.
_WHEN_STALE: Mapping[Stale, tuple[Sequence[str], Sequence[str]]] = {
    Stale.hold: ((BAN,), (NONE,)),
    Stale.open: ((NONE,), (NONE,)),
    Stale.closed: ((BAN,), tuple(Measure)),
}
# name, what happens, and what the server does then
_FAULTS: Sequence[tuple[str, str, Fault]] = (
    ("error", "500", status(HTTPStatus.INTERNAL_SERVER_ERROR)),
    ("unavailable", "503 with Retry-After",
     status(HTTPStatus.SERVICE_UNAVAILABLE, RETRY)),
    ("too_often", "429 with Retry-After", status(HTTPStatus.TOO_MANY_REQUESTS, RETRY)),
    ("key_refused", "401, as for a key that has run out", status(HTTPStatus.UNAUTHORIZED)),
    ("silence", "no answer at all", silent),
    ("dropped", "connections are closed", dropped),
    ("truncated", "half of a list", truncated),
    ("page", "200 with a page of somebody in between", page),
    ("empty", "200 with nothing", empty),
)  # fmt: skip

OUTAGES: Sequence[Scenario] = (
    *(Scenario(name, f"{what}: what it has stays, and it comes back", partial(outage, fault=fault))
      for name, what, fault in _FAULTS),
    Scenario("refused", "nobody listens: what it has stays, and it comes back, two lists later",
             refused),
    Scenario("lost", "404 after there were lists: what it has stays", lost),
    Scenario("ends_meanwhile", "an entry ends, though no list can be had", ends_meanwhile),
    Scenario("stale", "after too long it does what it says that it does", stale,
             frozenset({Claim.stale})),
    Scenario("restarted", "killed and started again, it has what it had", restarted,
             frozenset({Claim.restart})),
)  # fmt: skip
