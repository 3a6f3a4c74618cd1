"""Scenarios: lists come and go, and the consumer follows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from linkage.banlist import Measure
from linkage.banlist.chain import Row, row_of
from linkage.banlist.store import SHADOW, Published
from linkage.conformance.lists import entry, following, signed_anew
from linkage.conformance.stage import NONE, Scenario, Stage
from linkage.conformance.terms import Claim

CHALLENGE, LIMIT, BAN = Measure.challenge, Measure.limit, Measure.ban

# Each with another account, which it must not be taken for.
HOSTILE: Sequence[tuple[str, str]] = (
    ("o'brien\"; DROP TABLE accounts; --", "o'brien"),
    ("line\nbreak", "line"),
    ("tab\tand\r\nreturn", "tab and\nreturn"),
    ("../../etc/passwd", "/etc/passwd"),
    ("a%20b&account=c#d?e=f", "a b&account=c#d?e=f"),
    ("plus+sign", "plus sign"),
    ("n\u00e9e", "ne\u0301e"),
    ("\uff41\uff42", "ab"),
    ("Mixed-Case", "mixed-case"),
    (" spaces ", "spaces"),
    ("0012", "12"),
    ("null", "None"),
    ('{"account": "x"}', "x"),
    ("\u202ereversed", "reversed"),
    ("\U0001f600", "\U0001f601"),
    ("\u2028separated", "separated"),
    ("long-" * 200, "long-" * 199),
    ("$(id)`id`", "$(id)"),
)


class _Later(StrEnum):
    """An action of a version that is not there yet."""

    slow_lane = "slow_lane"


def nothing_yet(stage: Stage) -> None:
    """Before the first list."""
    if stage.latest is None:
        stage.heard()
        stage.still("nobody", NONE, why="nothing is published yet")
    stage.publish({"first": BAN})
    stage.expect("first", BAN)


def listed(stage: Stage) -> None:
    """A ban takes effect, for whom it names and nobody else."""
    stage.publish({"listed": BAN})
    stage.expect("listed", BAN)
    stage.still("not-listed", NONE)


def actions(stage: Stage) -> None:
    """The three actions are told apart."""
    named = {f"to-{measure.value}": measure for measure in Measure}
    stage.publish(named)
    for account, measure in named.items():
        stage.expect(account, measure)


def changed(stage: Stage) -> None:
    """An account's action changes, up and down."""
    for measure in (CHALLENGE, BAN, LIMIT):
        stage.publish({"changed": measure})
        stage.expect("changed", measure)


def unlisted(stage: Stage) -> None:
    """Off the list, and free."""
    stage.publish({"cleared": BAN, "stays": BAN})
    stage.expect("cleared", BAN)
    stage.publish({"stays": BAN})
    stage.expect("cleared", NONE, why="it is off the list")
    stage.still("stays", BAN)


def withdrawn(stage: Stage) -> None:
    """A list with nobody on it."""
    stage.publish({"withdrawn": BAN})
    stage.expect("withdrawn", BAN)
    stage.publish({})
    stage.expect("withdrawn", NONE, why="the list is empty")


def expires(stage: Stage) -> None:
    """An entry ends at its end, without a newer list."""
    stage.until_it_ends("expires")
    stage.expect("expires", NONE, why="its entry has ended")


def over_already(stage: Stage) -> None:
    """An entry that had ended before the list was seen."""
    now = datetime.now(UTC)
    made = following(stage.latest, {"marker": BAN}, stage.key)
    rows = (*made.rows, row_of(entry("over-already", BAN, -1.0, now)))
    stage.server.serve(
        [*stage.server.lists(), signed_anew(Published(made.head, "", rows), stage.key)]
    )
    stage.expect("marker", BAN)
    stage.still("over-already", NONE, why="its entry had ended")


def shadow(stage: Stage) -> None:
    """A list of the shadow channel is for looking at."""
    made = following(None, {"shadow": BAN}, stage.key, channel=SHADOW)
    stage.server.serve([made], SHADOW)
    stage.publish({"not-shadow": BAN})
    stage.expect("not-shadow", BAN)
    stage.still("shadow", NONE, why="it is on the shadow list alone")


def unchanged(stage: Stage) -> None:
    """A list that did not change is not sent again."""
    stage.publish({"unchanged": BAN})
    stage.expect("unchanged", BAN)
    before = stage.server.spared
    stage.until(
        lambda: stage.server.spared > before,
        "asks with If-None-Match, or for changes,",
        "it has the whole list sent again and again",
    )
    stage.still("unchanged", BAN, why="the list did not change")


def unknown_fields(stage: Stage) -> None:
    """Fields of a later version, beside what is signed."""
    made = following(stage.latest, {"with-more": BAN}, stage.key)
    stage.server.serve([*stage.server.lists(), made], more=True)
    stage.expect("with-more", BAN, why="fields that it does not know are passed over")


def unknown_action(stage: Stage) -> None:
    """An action of a later version: the mildest will do, and the other entries hold."""
    later = cast(Measure, _Later.slow_lane)
    stage.publish({"slow-lane": later, "other": BAN})
    stage.expect("other", BAN, why="other entries hold")
    stage.still("slow-lane", NONE, CHALLENGE, why="nobody knows what the action means")


def erased(stage: Stage) -> None:
    """A row of a person who was erased has a hash and nothing else."""
    made = following(stage.latest, {"erased": BAN, "not-erased": BAN}, stage.key)
    rows = tuple(
        Row(row.hash, None, None) if row.entry and row.entry.account_id == "erased" else row
        for row in made.rows
    )
    stage.server.serve([*stage.server.lists(), Published(made.head, made.signature, rows)])
    stage.expect("not-erased", BAN)
    stage.still("erased", NONE, why="its row was erased")


def hostile(stage: Stage) -> None:
    """Accounts with names that somebody chose to do harm."""
    stage.publish({account: BAN for account, _ in HOSTILE})
    for account, other in HOSTILE:
        stage.expect(account, BAN)
        stage.still(other, NONE, why=f"{account[:20]!r} is another account")


def too_many(stage: Stage) -> None:
    """More at once than it takes without a person: the unban counts, the bans wait."""
    most = stage.terms.most_new
    assert most is not None
    stage.publish({"one": BAN, "freed": BAN})
    stage.expect("freed", BAN)
    stage.publish({"one": BAN, **{f"new-{n}": BAN for n in range(most + 1)}})
    stage.expect("freed", NONE, why="an unban waits for nobody")
    stage.heard()
    stage.still("new-0", NONE, why=f"{most + 1} new accounts wait for a person")
    stage.still("one", BAN)
    stage.publish({"one": BAN, "few": BAN})
    stage.expect("few", BAN, why="the next list is small again")


FOLLOWING: Sequence[Scenario] = (
    Scenario("nothing_yet", "before the first list nobody is touched; the first is taken",
             nothing_yet),
    Scenario("listed", "a ban takes effect, for whom it names and nobody else", listed),
    Scenario("actions", "challenge, limit and ban are told apart", actions),
    Scenario("changed", "an account's action changes, up and down", changed),
    Scenario("unlisted", "who is off the list is free", unlisted),
    Scenario("withdrawn", "an empty list frees everybody", withdrawn),
    Scenario("expires", "an entry ends at its end, without a newer list", expires),
    Scenario("over_already", "an entry that has ended does nothing", over_already),
    Scenario("shadow", "nobody is touched for being on the shadow list", shadow),
    Scenario("unchanged", "an unchanged list is not fetched again, and holds", unchanged),
    Scenario("unknown_fields", "fields that it does not know are passed over", unknown_fields),
    Scenario("unknown_action", "an action that it does not know is challenge at most",
             unknown_action),
    Scenario("erased", "a row without an entry is passed over, the others hold", erased),
    Scenario("hostile", "accounts are compared as they are, whatever is in them", hostile),
    Scenario("too_many", "too many new accounts wait for a person; unbans do not", too_many,
             frozenset({Claim.most_new})),
)  # fmt: skip
