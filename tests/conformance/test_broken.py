"""A consumer that does one thing wrong fails the scenarios about that, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from linkage.conformance import SCENARIOS, Outcome, Result, Terms, run
from linkage.conformance.stage import Scenario
from tests.conformance import consumers
from tests.conformance.consumers import Example, Inside

TERMS = Terms(within=2.0, poll=0.02, stale_after=1.5, most_new=50, signatures=True)
AT_ONCE = 8  # consumers: most of their time is spent waiting
# Those that wait, for whom they concern and for the example.
WAITING = {"expires", "ends_meanwhile", "stale", "silence"}
Played = Mapping[type[Example], Future[list[Outcome]]]
FORGERIES = {
    "row_changed", "row_added", "row_left_out", "other_key", "not_signed", "written_anew",
    "forked", "forked_further", "other_channel", "unknown_format", "rolled_back",
    "rolled_back_at_start",
}  # fmt: skip
OUTAGES = {
    "error", "unavailable", "too_often", "key_refused", "silence", "dropped", "truncated", "page",
    "empty", "refused", "lost",
}  # fmt: skip
FAILS: Mapping[type[Example], set[str]] = {
    Example: set(),
    consumers.NeverUnbans: {
        "unlisted", "withdrawn", "too_many", "rolled_back", "rolled_back_at_start",
    },
    consumers.IgnoresEnds: {"expires", "over_already", "ends_meanwhile"},
    consumers.TrustsAnything: FORGERIES,
    consumers.DiesOfErrors: {"error"},
    consumers.ForgetsOnFaults: OUTAGES
    | {"stale", "restarted"}
    | (FORGERIES - {"rolled_back", "rolled_back_at_start"}),
    consumers.AsksForAllOfIt: {"unchanged"},
    consumers.KeepsNothing: {"restarted", "rolled_back_at_start"},
    consumers.FoldsNames: {"hostile"},
    consumers.BansForWhatItDoesNotKnow: {"unknown_action"},
    consumers.TakesAnyNumber: {"too_many"},
    consumers.NeverStale: {"stale"},
    consumers.WaitsForEver: {"silence"},
    consumers.ChecksNoChain: {
        "written_anew", "forked", "forked_further", "rolled_back", "rolled_back_at_start",
    },
    consumers.ChecksTheLastStepOnly: {"forked_further"},
    consumers.FollowsTheShadow: {"shadow"},
    consumers.OnlyBans: {"actions", "changed"},
    consumers.RefusesWhatItDoesNotKnow: {"unknown_fields"},
    consumers.ExpectsAnEntryInEachRow: {"erased"},
    consumers.BansEverybody: {"nothing_yet", "listed"},
    consumers.PollsOnce: {"listed", "unlisted", "unchanged", "error"},
}  # fmt: skip

# Those that fail nearly everything play these.
SOME: Mapping[type[Example], set[str]] = {
    consumers.BansEverybody: {"nothing_yet", "listed"},
    consumers.PollsOnce: {"nothing_yet", "listed", "unlisted", "unchanged", "error"},
}


def test_every_scenario_is_failed_by_somebody() -> None:
    assert set().union(*FAILS.values()) == {scenario.name for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Played]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {sort: pool.submit(run, Inside(sort), TERMS, played(sort)) for sort in FAILS}
        less = replace(TERMS, signatures=False, most_new=None)
        other = consumers.FollowsChanges
        yield {**futures, other: pool.submit(run, Inside(other), less, SCENARIOS)}


def played(sort: type[Example]) -> list[Scenario]:
    """What a consumer plays."""
    left_out = set() if sort is Example else WAITING - FAILS[sort]
    names = SOME.get(sort, {scenario.name for scenario in SCENARIOS} - left_out)
    return [scenario for scenario in SCENARIOS if scenario.name in names]


@pytest.mark.parametrize("sort", FAILS, ids=lambda sort: sort.__name__)
def test_it_fails_where_it_must(sort: type[Example], outcomes: Played) -> None:
    found = outcomes[sort].result()
    failed = {one.scenario: one for one in found if one.result is Result.failed}
    assert set(failed) == FAILS[sort], failed
    assert len(found) == len(played(sort))
    assert all(one.seen for one in failed.values())


def test_whoever_follows_the_changes_need_not_be_of_our_make(outcomes: Played) -> None:
    found = outcomes[consumers.FollowsChanges].result()
    assert not [one for one in found if one.result is Result.failed]
    left_out = {one.scenario for one in found if one.result is Result.not_applicable}
    assert left_out == FORGERIES | {"too_many"}
