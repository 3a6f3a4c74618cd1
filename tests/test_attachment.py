"""Attachment: against a naive reference written from the specification, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from linkage.artifacts import BUILT_IN
from linkage.attachment import Membership, membership
from linkage.settings import AttachmentSettings
from tests import worlds
from tests.test_links import Artifact, Shared, random_world

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

BIT = 1024
KINDS = {kind.name: kind for kind in BUILT_IN}
CAP = 12 * BIT
STAY = round(BIT * AttachmentSettings().stay_bits)
INSIDE_KINDS = {"device": {"tls", "user_agent"}, "tls": {"user_agent"}}


@dataclass(frozen=True)
class Weighed:
    """One account against one community, in 1/1024 bit. owned: families of 6 bits or more that
    no outsider can plant."""

    above: int
    left: int
    families: int
    own: int
    owned: int


@dataclass(frozen=True)
class Option:
    """A community that an account could be in. telling: share of what it needs that it owes to
    telling artifacts; 1 for a member. linked: its links put it there."""

    number: int
    weighed: Weighed
    telling: float
    linked: bool = False

    @property
    def height(self) -> int:
        """It stays where its links are unless it stands that much higher elsewhere."""
        return self.weighed.above + STAY * self.linked


class Reference:
    """The specification, one account and one artifact after another."""

    def __init__(self, has: Mapping[int, set[Artifact]]) -> None:
        self.has = has
        self.population = len(has)
        self.degree: dict[Artifact, int] = {}
        counts: dict[str, list[int]] = {}
        for artifacts in has.values():
            for artifact in artifacts:
                self.degree[artifact] = self.degree.get(artifact, 0) + 1
            for kind in {kind for kind, _ in artifacts}:
                counts.setdefault(kind, []).append(self.count(artifacts, kind))
        self.usual = {kind: sum(numbers) / len(numbers) for kind, numbers in counts.items()}

    def count(self, artifacts: set[Artifact], kind: str) -> int:
        return sum(k == kind for k, _ in artifacts)

    def bits(self, unit: int, others: Sequence[int]) -> dict[Artifact, int]:
        """max(0, log2(share of the others that have it / p)) of each artifact."""
        found = {}
        for artifact in self.has[unit]:
            have = sum(artifact in self.has[other] for other in others)
            if not have:
                continue
            outside = self.degree[artifact] - have - 1
            r = max(1.0, float(np.float32(self.count(self.has[unit], artifact[0])
                                          / self.usual[artifact[0]])))  # fmt: skip
            p = min(1.0, r * (outside + 1) / (self.population - len(others) + 2))
            found[artifact] = max(0, round(BIT * log2(have / len(others) / p)))
        return found

    def weigh(self, unit: int, community: Sequence[int]) -> Weighed:
        """Against the other members as a whole, and again without each artifact."""
        others = [other for other in community if other != unit]
        prior = round(BIT * log2((self.population - len(others)) / len(others)))
        bits = self.bits(unit, others)
        whole = families(bits)
        without = [
            families({v: w for v, w in bits.items() if not falls(v, dropped)})
            for dropped in self.has[unit]
        ]
        without = [whole, *without]
        own = families({v: w for v, w in bits.items() if not KINDS[v[0]].plantable})
        return Weighed(
            above=sum(whole.values()) - prior,
            left=min(sum(rest.values()) for rest in without) - prior,
            families=min(sum(w >= BIT for w in rest.values()) for rest in without),
            own=sum(own.values()),
            owned=sum(w >= 6 * BIT for w in own.values()),
        )

    def options(self, labels: Sequence[int], least: int) -> dict[int, list[Option]]:
        """Where each account could be: a newcomer no lower than the lowest member, and only if
        it owes half of that to artifacts that several members have, and few others; or any that
        two families tie which no outsider can plant."""
        found: dict[int, list[Option]] = {unit: [] for unit in self.has}
        for number in sorted(set(labels) - {-1}):
            community = [unit for unit, label in enumerate(labels) if label == number]
            linked = {unit: self.weigh(unit, community) for unit in community}
            for unit, weighed in linked.items():
                if weighed.above >= 3 * BIT:
                    found[unit].append(Option(number, weighed, 1.0, linked=True))
            if len(community) < least:
                continue
            need = max(3 * BIT, min(w.above for w in linked.values()))
            prior = log2((self.population - len(community)) / len(community))
            for unit in self.has.keys() - linked.keys():
                weighed = self.weigh(unit, community)
                owned = weighed.owned >= 2 and self.held_by_two(unit, community) >= 2
                if weighed.above >= 3 * BIT and owned:
                    found[unit].append(Option(number, weighed, 1.0))
                elif weighed.above >= need:
                    telling = self.telling(unit, community) / (need / BIT + prior)
                    found[unit].append(Option(number, weighed, telling))
        return found

    def telling(self, unit: int, community: Sequence[int]) -> float:
        """Bits of what two members have, 64 times as common inside as outside."""
        return sum(self.telling_artifacts(unit, community).values())

    def held_by_two(self, unit: int, community: Sequence[int]) -> int:
        """How many of these are of kinds that no outsider can plant."""
        return sum(not KINDS[v[0]].plantable for v in self.telling_artifacts(unit, community))

    def telling_artifacts(self, unit: int, community: Sequence[int]) -> dict[Artifact, float]:
        """Each with its bits."""
        found = {}
        for artifact in self.has[unit]:
            have = sum(artifact in self.has[other] for other in community)
            p = (self.degree[artifact] - have) / (self.population - len(community) + 2)
            if have > 1 and have / len(community) >= 64 * p:
                found[artifact] = log2(have / len(community) / p)
        return found


def families(bits: Mapping[Artifact, int]) -> dict[str, int]:
    """Rule 3, each family capped."""
    found: dict[str, list[int]] = {}
    for (kind, _), weight in bits.items():
        found.setdefault(KINDS[kind].family, []).append(weight)
    return {
        family: min(CAP, sum(w // 2**i for i, w in enumerate(sorted(weights, reverse=True))))
        for family, weights in found.items()
    }


def falls(artifact: Artifact, dropped: Artifact) -> bool:
    """Itself, an address of the subnet that is dropped, and clients on the device."""
    if dropped[0] == "subnet" and artifact[0] == "ip":
        return artifact[1].startswith(dropped[1].removesuffix("0/24"))
    return artifact == dropped or artifact[0] in INSIDE_KINDS.get(dropped[0], set())


def attached(shared: Shared, labels: npt.NDArray[np.int32], **settings: Any) -> Membership:
    """The stage with newcomers no lower than the lowest member."""
    chosen = AttachmentSettings(**{"newcomer_share": 0.0, **settings})
    return membership(shared.inc, labels, 5, chosen)


def labelled(shared: Shared, *groups: Sequence[str]) -> npt.NDArray[np.int32]:
    """Labels of the communities with these accounts."""
    number = {name: unit for unit, name in shared.name.items()}
    labels = np.full(len(number), -1, np.int32)
    for i, group in enumerate(groups):
        labels[[number[name] for name in group]] = i
    return labels


def compare(shared: Shared, labels: npt.NDArray[np.int32]) -> int:
    """Members as the reference has them, and no others; returns their number."""
    found = attached(shared, labels)
    for unit, options in Reference(shared.has).options(labels.tolist(), 5).items():
        sure = [option.height for option in options if option.telling > 0.51]
        if found.community[unit] < 0:
            assert not sure
            assert np.isneginf(found.above[unit])
            continue
        (chosen,) = (option for option in options if option.number == found.community[unit])
        assert chosen.telling > 0.49
        assert chosen.height >= max(sure, default=0)
        assert in_units(found, unit) == replace(chosen.weighed, owned=0)
    return int((found.community >= 0).sum())


def in_units(found: Membership, unit: int) -> Weighed:
    """One entry, in 1/1024 bit."""
    above, left, own = (round(BIT * float(v[unit])) for v in (found.above, found.left, found.own))
    return Weighed(above, left, int(found.families[unit]), own, 0)


def test_members_are_those_of_the_naive_reference_to_the_last_bit(
    tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shared = Shared.of(random_world(rng, 150), tmp_path)
    together = 0
    for _ in range(3):
        # Communities of any shape, so that members fall out and others come in.
        labels = by_artifacts(shared, rng)
        together += compare(shared, labels)
    assert together > 20


def by_artifacts(shared: Shared, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Communities of accounts that share a card or a device, and some that share nothing."""
    holders: dict[Artifact, list[int]] = {}
    for unit, artifacts in shared.has.items():
        for artifact in sorted(artifacts):
            if artifact[0] in ("payment", "device") and len(artifacts) > 2:
                holders.setdefault(artifact, []).append(unit)
    labels = np.full(len(shared.has), -1, np.int32)
    chosen = [holders[v] for v in sorted(holders) if 3 <= len(holders[v]) <= 20]
    for i, units in enumerate(chosen[:: max(1, len(chosen) // 8)]):
        labels[units] = i
    stray = rng.choice(np.flatnonzero(labels < 0), 5, replace=False)
    labels[stray] = rng.integers(0, labels.max() + 1, 5)
    used = [k for k in range(labels.max() + 1) if (labels == k).sum() > 2]
    return np.array([used.index(x) if x in used else -1 for x in labels.tolist()], np.int32)


# A network of twelve among 2000: cards in threes, devices in fours, templates for all.


def ring(size: int = 12) -> list[dict[str, Any]]:
    """Events of a network in which everything goes round."""
    return [
        {"account_id": f"n{i:02}", "payment_id": f"card{(i + j) % 4}",
         "device_id": f"device{(i + j) % 3}", "prompt_template": f"t{j}"}
        for i in range(size)
        for j in range(3)
    ]  # fmt: skip


def crowd(number: int = 2000) -> list[dict[str, Any]]:
    """Ordinary accounts, of whom three in ten send a popular template from popular exits."""
    rows = [{"account_id": f"o{i}", "device_id": f"own{i}"} for i in range(number)]
    return rows + [
        {"account_id": f"o{i}", "prompt_template": "popular", "ip": f"198.51.100.{i % 2}"}
        for i in range(0, number, 3)
    ]


NETWORK = [f"n{i:02}" for i in range(12)]


def placed(
    tmp_path: Path, more: Sequence[Mapping[str, Any]], members: Sequence[str] = NETWORK,
    **settings: Any,
) -> tuple[Shared, Membership]:  # fmt: skip
    """The network among the crowd with some events more, after attachment."""
    events: pd.DataFrame = worlds.events_of([*ring(), *crowd(), *more])
    shared = Shared.of(events, tmp_path)
    return shared, attached(shared, labelled(shared, members), **settings)


def inside(shared: Shared, found: Membership) -> set[str]:
    """The names of those who are in a community."""
    return {name for unit, name in shared.name.items() if found.community[unit] >= 0}


def of(shared: Shared, name: str) -> int:
    """An account's number."""
    return next(unit for unit, known in shared.name.items() if known == name)


def test_a_fringe_account_that_no_link_reaches_comes_in(tmp_path: Path) -> None:
    shared, found = placed(tmp_path, [], members=NETWORK[:11])
    fringe = of(shared, "n11")
    assert found.community[fringe] == 0
    assert found.above[fringe] > 3
    assert inside(shared, found) == set(NETWORK)


def test_a_small_community_takes_no_newcomers(tmp_path: Path) -> None:
    shared, found = placed(tmp_path, [], members=NETWORK[:4])
    assert inside(shared, found) <= set(NETWORK[:4])


def test_a_member_by_chance_falls_out(tmp_path: Path) -> None:
    chance = [{"account_id": name, "payment_id": "both"} for name in ("o3", "n00")]
    shared, found = placed(tmp_path, chance, members=[*NETWORK, "o3"])
    assert found.community[of(shared, "o3")] == -1
    assert (found.community[[of(shared, name) for name in NETWORK]] == 0).all()


def test_a_newcomer_must_weigh_as_much_as_members_usually_do(tmp_path: Path) -> None:
    """Above the prior, but far below every member: a customer of the same reseller, say."""
    near = [{"account_id": "o3", "payment_id": "card0", "prompt_template": "t0"}]
    shared, found = placed(tmp_path, near, member_bits=0.0)
    assert 0 < above(shared, "o3") < lowest(shared)
    assert found.community[of(shared, "o3")] == -1


def test_an_account_that_has_not_worked_yet_comes_in_by_device_and_card(tmp_path: Path) -> None:
    """It weighs less than any member, but what it has no outsider can plant."""
    idle = [{"account_id": "o3", "payment_id": "card0", "device_id": "device0"}]
    shared, found = placed(tmp_path, idle)
    assert 3 * BIT < above(shared, "o3") < lowest(shared)
    assert found.community[of(shared, "o3")] == 0
    # Two devices are of one family, and one family decides nothing.
    devices = [{"account_id": "o3", "device_id": f"device{i}"} for i in range(2)]
    shared, found = placed(tmp_path, devices, member_bits=0.0)
    assert 0 < above(shared, "o3") < lowest(shared)
    assert found.community[of(shared, "o3")] == -1


def above(shared: Shared, name: str) -> int:
    """What an account weighs against the network."""
    network = [of(shared, name) for name in NETWORK]
    return Reference(shared.has).weigh(of(shared, name), network).above


def lowest(shared: Shared) -> int:
    """What the lightest of the network's own weighs."""
    return min(above(shared, name) for name in NETWORK)


def test_an_account_goes_where_it_stands_highest(tmp_path: Path) -> None:
    """Linked into one community, but the other's whole work is its own."""
    other = [
        {"account_id": f"x{i}", "payment_id": f"cardx{(i + j) % 3}", "prompt_template": f"tx{j}"}
        for i in range(9) for j in range(3)
    ]  # fmt: skip
    events = worlds.events_of([*ring(), *crowd(), *other])
    shared = Shared.of(events, tmp_path)
    others = [f"x{i}" for i in range(9)]
    found = attached(shared, labelled(shared, [*NETWORK, "x8"], others[:8]))
    assert (found.community[[of(shared, name) for name in others]] == 1).all()


def test_what_everyone_has_ties_nobody(tmp_path: Path) -> None:
    popular = [{"account_id": name, "prompt_template": "popular"} for name in NETWORK]
    shared, found = placed(tmp_path, popular)
    assert inside(shared, found) == set(NETWORK)


def test_touching_a_victims_artifacts_ties_no_victim_with_what_it_may_be_listed_for(
    tmp_path: Path,
) -> None:
    """Every account of the network uses the victim's address, template and client.

    All that can be planted; nothing of it is from a kind that cannot, so that the victim is
    never listable, however high it stands.
    """
    victim = {"account_id": "victim", "ip": "203.0.113.5", "user_agent": "rare client",
              "tls_fingerprint": "rare hello", "prompt_template": "own work"}  # fmt: skip
    framing = [{**victim, "account_id": name} for name in NETWORK]
    shared, found = placed(tmp_path, [victim, victim, *framing])
    unit = of(shared, "victim")
    weighed = Reference(shared.has).weigh(unit, [of(shared, name) for name in NETWORK])
    assert weighed.above > 3 * BIT  # it would be let in by weight alone
    assert found.own[unit] == 0
    assert (found.own[[of(shared, name) for name in NETWORK]] >= 6).all()


def test_one_artifact_of_the_networks_own_does_not_survive_drop_one(tmp_path: Path) -> None:
    """The bought card of one of them, and the popular exits: one artifact carries it all."""
    shared, found = placed(
        tmp_path, [{"account_id": "o3", "payment_id": "card0"}], newcomer_share=0.0, member_bits=0.0
    )
    unit = of(shared, "o3")
    assert found.community[unit] == -1 or found.left[unit] < 3


@pytest.mark.parametrize("addresses", [5, 16])
def test_a_subnet_falls_with_all_its_addresses(tmp_path: Path, addresses: int) -> None:
    """One pool of addresses in a /24 that others use too, and templates: without it, one family."""
    rows = [
        {"account_id": name, "ip": f"203.0.113.{j}", "prompt_template": f"t{j % 3}"}
        for name in NETWORK for j in range(addresses)
    ]  # fmt: skip
    others = [{"account_id": f"o{i}", "ip": "203.0.113.99"} for i in range(40)]
    shared = Shared.of(worlds.events_of([*rows, *others, *crowd()]), tmp_path)
    labels = labelled(shared, NETWORK)
    found = attached(shared, labels)
    network = [of(shared, name) for name in NETWORK]
    assert found.families[network].tolist() == [1] * 12
    assert (found.left[network] < found.above[network] - 8).all()
    assert compare(shared, labels) == 12


def test_a_device_falls_with_the_clients_on_it(tmp_path: Path) -> None:
    client = {"device_id": "d", "tls_fingerprint": "x", "user_agent": "y"}
    rows = [{"account_id": name, "prompt_template": "t", **client} for name in NETWORK]
    shared = Shared.of(worlds.events_of([*rows, *crowd()]), tmp_path)
    labels = labelled(shared, NETWORK)
    found = attached(shared, labels)
    network = [of(shared, name) for name in NETWORK]
    assert compare(shared, labels) == 12
    # What is left without the device is the template alone.
    assert (found.left[network] < found.above[network] - 8).all()
    assert found.families[network].tolist() == [1] * 12


def test_membership_does_not_depend_on_the_number_of_threads(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shared = Shared.of(random_world(rng, 150), tmp_path)
    labels = by_artifacts(shared, rng)
    one, three = (membership(shared.inc, labels, 5, AttachmentSettings(), t) for t in (1, 3))
    for name in ("community", "above", "left", "families", "own"):
        assert np.array_equal(getattr(one, name), getattr(three, name))


def test_without_communities_there_are_no_members(tmp_path: Path) -> None:
    shared = Shared.of(worlds.events_of(ring()), tmp_path)
    found = attached(shared, np.full(12, -1, np.int32))
    assert (found.community == -1).all()
    assert (found.own == 0).all()
