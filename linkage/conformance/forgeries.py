"""Scenarios: lists that must not be taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import Measure
from linkage.banlist.chain import sign
from linkage.banlist.store import BANS, SHADOW, Published
from linkage.conformance.answers import Lists
from linkage.conformance.lists import Listed, following
from linkage.conformance.stage import NONE, Scenario, Stage
from linkage.conformance.terms import Claim

BAN = Measure.ban


@dataclass(frozen=True)
class Case:
    """What a forger has: the lists that are true, the key, and an account to harm, which the last
    of these has not. `held` is on it."""

    true: Lists
    key: Ed25519PrivateKey
    held: str
    victim: str

    @property
    def right(self) -> Listed:
        """Whom a true list would name."""
        return {self.held: BAN}

    @property
    def wrong(self) -> Listed:
        """Whom a forged one names."""
        return {self.held: BAN, self.victim: BAN}

    def after(self, before: Published, listed: Listed, channel: str = BANS) -> Published:
        """The list after another, signed."""
        return following(before, listed, self.key, channel=channel)


Forgery = Callable[[Case], Lists]  # the lists that are served instead


def row_changed(case: Case) -> Lists:
    """An account's row names another."""
    made = case.after(case.true[-1], case.right)
    (row,) = made.rows
    assert row.entry is not None
    forged = replace(row, entry=replace(row.entry, account_id=case.victim))
    return [*case.true, replace(made, rows=(forged,))]


def row_added(case: Case) -> Lists:
    """A row more than were signed, with a hash that is right."""
    made = case.after(case.true[-1], case.right)
    (added,) = case.after(case.true[-1], {case.victim: BAN}).rows
    return [*case.true, replace(made, rows=(*made.rows, added))]


def row_left_out(case: Case) -> Lists:
    """A row less than were signed."""
    made = case.after(case.true[-1], case.right)
    return [*case.true, replace(made, rows=())]


def other_key(case: Case) -> Lists:
    """A list that somebody else signed."""
    other = replace(case, key=Ed25519PrivateKey.generate())
    return [*case.true, other.after(case.true[-1], case.wrong)]


def not_signed(case: Case) -> Lists:
    """A list that nobody signed."""
    return [*case.true, replace(case.after(case.true[-1], case.wrong), signature="")]


def written_anew(case: Case) -> Lists:
    """Another list with the number of the last."""
    return [*case.true[:-1], case.after(case.true[-2], case.wrong)]


def forked(case: Case) -> Lists:
    """The next list, but after another than the last."""
    other = written_anew(case)[-1]
    return [*case.true, case.after(other, case.wrong)]


def forked_further(case: Case) -> Lists:
    """The list after that, so that what it follows has not been seen."""
    lists = forked(case)
    return [*lists, case.after(lists[-1], case.wrong)]


def other_channel(case: Case) -> Lists:
    """A list of the shadow channel, in the place of one to act on."""
    return [*case.true, case.after(case.true[-1], case.wrong, SHADOW)]


def unknown_format(case: Case) -> Lists:
    """A format that is not there yet: what its rows mean, nobody knows."""
    made = case.after(case.true[-1], case.wrong)
    head = replace(made.head, format=made.head.format + 1)
    return [*case.true, Published(head, sign(head, case.key), made.rows)]


def forgery(stage: Stage, forge: Forgery) -> None:
    """A forged list is not taken, and the next true one is."""
    held, victim, comes = stage.own("held", "victim", "comes")
    stage.publish({held: BAN})
    stage.publish({held: BAN})
    stage.expect(held, BAN)
    case = Case(stage.server.lists(), stage.key, held, victim)
    with stage.server.instead(forge(case)):
        stage.heard()
        stage.still(victim, NONE, why="the list that names it is not to be taken")
        stage.still(held, BAN, why="the last list that was true holds")
    stage.publish({comes: BAN})
    stage.expect(comes, BAN, why="the next list is true")


def rolled_back(stage: Stage) -> None:
    """The list before, on which somebody was."""
    (victim,) = stage.own("victim")
    _freed(stage, victim)
    with stage.server.instead(stage.server.lists()[:-1]):
        stage.heard()
        stage.still(victim, NONE, why="it had seen a later list")


def rolled_back_at_start(stage: Stage) -> None:
    """The same, for one that was just started."""
    (victim,) = stage.own("victim")
    _freed(stage, victim)
    stage.consumer.kill()
    with stage.server.instead(stage.server.lists()[:-1]):
        stage.consumer.revive()
        stage.heard()
        stage.still(victim, NONE, why="it had seen a later list before it was started again")


def _freed(stage: Stage, account: str) -> None:
    stage.publish({account: BAN})
    stage.expect(account, BAN)
    stage.publish({})
    stage.expect(account, NONE, why="it is off the list")


_FORGERIES: Sequence[tuple[str, str, Forgery]] = (
    ("row_changed", "a row that was changed", row_changed),
    ("row_added", "a row that was added", row_added),
    ("row_left_out", "a list with a row taken away", row_left_out),
    ("other_key", "a list that another key signed", other_key),
    ("not_signed", "a list without a signature", not_signed),
    ("written_anew", "another list with the same number", written_anew),
    ("forked", "a list that does not follow the last", forked),
    ("forked_further", "one that follows such a list", forked_further),
    ("other_channel", "a list of another channel", other_channel),
    ("unknown_format", "a list of a format that it does not know", unknown_format),
)
_CHECKS = frozenset({Claim.signatures})

FORGERIES: Sequence[Scenario] = (
    *(Scenario(name, f"{what} is not taken", partial(forgery, forge=forge), _CHECKS)
      for name, what, forge in _FORGERIES),
    Scenario("rolled_back", "an earlier list is not taken", rolled_back, _CHECKS),
    Scenario("rolled_back_at_start", "an earlier list is not taken after a restart either",
             rolled_back_at_start, _CHECKS | {Claim.restart}),
)  # fmt: skip
