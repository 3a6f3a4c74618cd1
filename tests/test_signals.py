"""Signals: each on a group made by hand, whose value is known."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from linkage import signals
from linkage.signals import QUESTIONS, SIGNALS, Groups, Signal, lives, openness, operation, pretend

MINUTE = 60_000_000
KINDS = {
    "ip": "ip",
    "device": "device_id",
    "tls": "tls_fingerprint",
    "user_agent": "user_agent",
    "payment": "payment_id",
    "email_domain": "email",
    "phone": "phone",
    "template": "prompt_template",
    "conversation": "conversation_id",
}
BY_NAME = {signal.name: signal for signal in SIGNALS}


@dataclass(frozen=True)
class Member:
    """uses: (kind, value) -> events; carried: events with the kind's column, where others than
    those are shared by nobody."""

    events: int = 10
    uses: dict[tuple[str, str], int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    hours: dict[int, int] | None = None
    signed_up: int = -1
    organisation: int = -1


def groups_of(
    *groups: Sequence[Member],
    outside: dict[tuple[str, str], int] | None = None,
    accounts: int = 1000,
) -> Groups:
    """What the stage would gather; `outside`: others that have an artifact."""
    members = [member for group in groups for member in group]
    number = [g for g, group in enumerate(groups) for _ in group]
    artifacts = sorted({artifact for member in members for artifact in member.uses})
    rows = [(i, artifact) for i, member in enumerate(members) for artifact in sorted(member.uses)]
    kinds = tuple(KINDS)
    hours = np.zeros((len(members), 24), np.int64)
    for i, member in enumerate(members):
        for hour, count in (member.hours or {12: member.events}).items():
            hours[i, hour] = count

    def having(artifact: tuple[str, str], group: int | None = None) -> int:
        inside = (m for m, g in zip(members, number, strict=True) if group in (None, g))
        return sum(artifact in member.uses for member in inside)

    def carried(kind: str) -> list[int]:
        shared = [sum(n for (k, _), n in m.uses.items() if k == kind) for m in members]
        return [m.carried.get(kind, n) for m, n in zip(members, shared, strict=True)]

    def ints(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    return Groups(
        size=ints([len(group) for group in groups]),
        group=ints(number),
        events=ints([m.events for m in members]),
        signed_up=ints([m.signed_up for m in members]),
        hours=hours,
        organisation=ints([m.organisation for m in members]),
        claimed=ints([-1] * len(members)),
        carried={column: ints(carried(kind)) for kind, column in KINDS.items()},
        member=ints([i for i, _ in rows]),
        kind=ints([kinds.index(artifact[0]) for _, artifact in rows]),
        artifact=ints([artifacts.index(artifact) for _, artifact in rows]),
        row_events=ints([members[i].uses[artifact] for i, artifact in rows]),
        inside=ints([having(artifact, number[i]) for i, artifact in rows]),
        total=ints([having(artifact) + (outside or {}).get(artifact, 0) for _, artifact in rows]),
        kinds=kinds,
        plantable=tuple(kind in ("ip", "tls", "user_agent", "template") for kind in kinds),
        kind_columns=tuple(KINDS.values()),
        accounts=accounts,
    )


def value(name: str, *groups: Sequence[Member], **world: object) -> list[float]:
    """The signal's value for each group."""
    return [float(v) for v in BY_NAME[name].measure(groups_of(*groups, **world))]  # type: ignore[arg-type]


def using(kind: str, *shares: dict[str, int], own: int = 0) -> list[Member]:
    """Members with these artifacts of one kind, and so many events with ones of their own."""
    return [
        Member(uses={(kind, v): n for v, n in share.items()},
               carried={kind: sum(share.values()) + own})
        for share in shares
    ]  # fmt: skip


def test_the_registry_is_complete() -> None:
    made = {
        name
        for module in (operation, lives, pretend)
        for name, item in inspect.getmembers(module)
        if isinstance(item, Signal)
    }
    assert made == set(BY_NAME)
    assert len(BY_NAME) == len(SIGNALS)
    assert {signal.question for signal in SIGNALS} == set(QUESTIONS)
    assert all(getattr(signals, name) is BY_NAME[name] for name in made)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_signal_explains_itself_in_words_that_format(name: str) -> None:
    signal = BY_NAME[name]
    assert len(signal.explanation.splitlines()[0]) > 20
    text = signal.words.format(value=0.4321, usual=0.8765)
    assert "{" not in text
    assert text != signal.words.format(value=0.1234, usual=0.8765)
    assert text != signal.words.format(value=0.4321, usual=0.1234)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_group_that_shares_nothing_is_measured_without_complaint(name: str) -> None:
    result = BY_NAME[name].measure(groups_of([Member(events=1)] * 5))
    assert result.shape == (1,)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_group_is_measured_the_same_whoever_stands_beside_it(name: str) -> None:
    one = [Member(20, {("template", "t"): 9, ("payment", "p"): 3, ("tls", "x"): 20},
                  signed_up=MINUTE * i) for i in range(6)]  # fmt: skip
    other = [Member(7, {("device", "d"): 7, ("template", "u"): 2}) for _ in range(5)]
    alone, beside = value(name, one), value(name, other, one)
    assert beside[1] == pytest.approx(alone[0], nan_ok=True)


def test_shared_work_is_the_share_of_prompts_that_hardly_anyone_else_sends() -> None:
    # Two of four prompts from a template that both have and two outsiders also: counts half.
    group = using("template", {"t": 2}, {"t": 2}, own=2)
    assert value("shared_work", group, outside={("template", "t"): 2}) == [pytest.approx(0.25)]
    assert value("shared_work", group) == [pytest.approx(0.5)]


def test_many_templates_counts_those_that_hardly_anyone_else_has() -> None:
    group = using("template", {"s": 1, "t": 9}, {"s": 1, "t": 1}, {"own": 5})
    # Two members have both; of the three users of t, one is outside.
    assert value("many_templates", group, outside={("template", "t"): 1}) == [
        pytest.approx((2 * 1 + 2 * 2 / 3) / 3)
    ]
    assert value("many_templates", group) == [pytest.approx(4 / 3)]
    assert math.isnan(value("many_templates", [Member(), Member()])[0])


def test_a_template_of_one_member_is_no_shared_work() -> None:
    group = using("template", {"t": 2}, {"u": 2})
    outside = {("template", "t"): 1, ("template", "u"): 1}
    assert value("shared_work", group, outside=outside) == [0.0]
    assert math.isnan(value("shared_work", [Member(), Member()])[0])


def test_one_client_is_the_share_with_it_times_how_much_more_common_it_is() -> None:
    # All four of 1000 accounts' eight users: log2(1 / (8 / 1000)); three of four: less.
    group = using("tls", *({"x": 1},) * 4)
    (whole,) = value("one_client", group, outside={("tls", "x"): 4})
    assert whole == pytest.approx(math.log2(125))
    group = [*using("user_agent", *({"x": 1},) * 3), Member()]
    (most,) = value("one_client", group, outside={("user_agent", "x"): 5})
    assert most == pytest.approx(0.75 * math.log2(0.75 * 125))
    assert math.isnan(value("one_client", [Member(), Member()])[0])


def test_even_load_is_1_for_equal_loads() -> None:
    assert value("even_load", [Member(7)] * 5) == [pytest.approx(1.0)]
    # log(1 + n) of 0 and 2 log(2), deviation sqrt(2) log(2).
    assert value("even_load", [Member(0), Member(3)]) == [pytest.approx(2 ** math.sqrt(2))]


def test_round_the_clock_is_1_for_all_hours_alike_and_0_for_one() -> None:
    flat = Member(24, hours=dict.fromkeys(range(24), 1))
    halves = [Member(12, hours=dict.fromkeys(range(i, 24, 2), 1)) for i in (0, 1)]
    two = Member(2, hours={3: 1, 4: 1})
    found = value("round_the_clock", [flat] * 2, halves, [Member(9)] * 2, [two])
    assert found == pytest.approx([1.0, 1.0, 0.0, math.log(2) / math.log(24)])


def test_signup_bursts_count_those_within_an_hour_of_another() -> None:
    def group(*minutes: int) -> list[Member]:
        return [Member(signed_up=m * MINUTE if m >= 0 else -1) for m in minutes]

    found = value("signup_bursts", group(0, 60, 200, 500), group(0, 61, 200), group(5, 5, -1))
    assert found[:2] == [0.5, 0.0]
    assert math.isnan(found[2])  # of two that are known, nothing can be said
    # A neighbour in another group is no neighbour.
    assert value("signup_bursts", group(0, 100, 200), group(1, 101, 201)) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("name", "kind"), [("own_device", "device"), ("own_home", "ip"), ("own_prompts", "template")]
)
def test_ones_own_is_what_no_other_member_has(name: str, kind: str) -> None:
    # Each: two events with the shared one, one with one that an outsider has too, three alone.
    group = using(kind, {"all": 2, "u": 1}, {"all": 2, "v": 1}, own=3)
    outside = {(kind, "u"): 1, (kind, "v"): 1}
    assert value(name, group, outside=outside) == [pytest.approx(8 / 12)]
    assert math.isnan(value(name, [Member(), Member()])[0])


def test_own_hours_are_0_for_one_clock_and_much_for_people() -> None:
    one = [Member(240, hours=dict.fromkeys(range(24), 10)) for _ in range(5)]
    people = [Member(240, hours={5 * i: 240}) for i in range(5)]
    few = [Member(2, hours={5 * i: 2}) for i in range(5)]
    found = value("own_hours", one, people, few)
    assert found[0] == 0.0
    # Each has all its events where a fifth of the group's are: chi-square is 4 n an account,
    # over four degrees of freedom each four members; less one, over n.
    assert found[1] == pytest.approx((5 * 4 * 240 / 16 - 1) / 240)
    assert math.isnan(found[2])


def strangers(prompts: bool = True) -> list[Member]:
    """Six: two share a card, two a device, and two have nothing of another's."""
    work = {("template", "t"): 4} if prompts else {}
    tied = ("payment", "p"), ("payment", "p"), ("device", "d"), ("device", "d"), None, None
    return [Member(uses=work | ({thing: 3} if thing else {})) for thing in tied]


def test_strangers_at_one_work_are_those_that_a_few_others_are_tied_to() -> None:
    assert value("strangers_at_one_work", strangers()) == [pytest.approx(4 / 6)]
    assert value("strangers_at_one_work", strangers(prompts=False)) == [pytest.approx(4 / 6)]


def test_one_card_for_all_makes_no_strangers() -> None:
    company = [Member(uses={("payment", "p"): 3, ("template", "t"): 4})] * 6
    assert value("strangers_at_one_work", company) == [0.0]


def test_strangers_with_work_of_their_own_are_guests() -> None:
    guests = [Member(m.events, {k: n for k, n in m.uses.items() if k[0] != "template"},
                     {"template": 9}) for m in strangers()]  # fmt: skip
    assert value("strangers_at_one_work", guests) == [0.0]


def test_openness_knows_the_largest_organisation_and_all_of_them() -> None:
    group = [Member(organisation=o) for o in (3, 3, 5, -1)]
    shown = openness(groups_of([Member(organisation=-1)] * 3, group))
    assert shown["organisation"].tolist() == [0.0, 0.5]
    # Two organisations and one account: each counts once, however many accounts it has.
    assert shown["verified"].tolist() == pytest.approx([0.0, 2 / 3])
    assert shown["members_verified"].tolist() == [0.0, 0.75]


def test_the_effective_number_of_payers() -> None:
    one = using("payment", *({"p": 1},) * 6)
    halves = using("payment", *({"p": 1},) * 3, *({"q": 1},) * 3)
    own = [Member(carried={"payment": 2}) for _ in range(6)]
    both = using("payment", *({"p": 1, "q": 1},) * 6)
    few = [*using("payment", {"p": 1}, {"p": 1}), *[Member()] * 4]
    payers = openness(groups_of(one, halves, own, both, few))["payers"].tolist()
    assert payers[:4] == pytest.approx([1.0, 2.0, 6.0, 2.0])
    assert math.isnan(payers[4])  # fewer than half have a payer


def test_a_verified_organisation_pays_for_itself_alone() -> None:
    """Two payers, but one of them is an organisation's that was drawn in."""
    bystanders = [replace(m, organisation=3) for m in using("payment", *({"p": 1},) * 5)]
    one = using("payment", *({"q": 1},) * 4)
    payers = openness(groups_of([*bystanders, *one], bystanders))["payers"].tolist()
    assert payers[0] == pytest.approx(1.0)
    assert math.isnan(payers[1])


def test_the_effective_number_of_domains_counts_public_mail_as_ones_own() -> None:
    public = [Member(carried={"email_domain": 3}) for _ in range(3)]
    group = [*using("email_domain", *({"acme.example": 1},) * 3), *public]
    domains = openness(groups_of(group))["domains"].tolist()
    assert domains == pytest.approx([36 / (9 + 3)])


def test_a_signal_is_measured_over_the_members_whose_figures_are_known() -> None:
    """As if the others were none; not at all where these are fewer than half."""
    shared = using("device", {"d": 6}, {"d": 8}, {"d": 1}, {"e": 2}, own=4)
    groups = groups_of(shared, shared)
    unknown = np.array([False, False, True, False, True, True, True, False])
    seen = replace(groups, unknown={"with_device_id": unknown})
    (alone,) = value("own_device", shared[:2] + shared[3:])
    measured = BY_NAME["own_device"].measure(seen)
    assert measured[0] == pytest.approx(alone)
    assert measured[0] != pytest.approx(value("own_device", shared)[0])
    assert math.isnan(measured[1])
    zeros = replace(groups, unknown={"events": unknown})
    assert list(BY_NAME["own_device"].measure(zeros)) == value("own_device", shared, shared)


def test_members_of_whom_nobody_knows_a_payer_count_by_what_they_share() -> None:
    members = using("payment", {"p": 1}, {"p": 1}, {"q": 1}, {"q": 1}, {}, own=0)
    groups = groups_of(members)
    nobody = replace(
        groups,
        carried={**groups.carried, "payment_id": np.zeros(5, np.int64)},
        unknown={"with_payment_id": np.ones(5, np.bool_)},
    )
    assert openness(nobody)["payers"] == pytest.approx([2.0])
    assert openness(replace(nobody, unknown={}))["payers"] != pytest.approx([2.0])
    most = replace(groups, unknown={"organisation": np.array([True, True, True, False, False])})
    assert openness(most)["members_verified"] == pytest.approx([0.6])
