"""Links: every weight against a naive reference written from the specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import log2
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from linkage.activity import activity
from linkage.artifacts import BUILT_IN
from linkage.events import read
from linkage.evidence import evidence
from linkage.kernels.incidence import Incidence
from linkage.links import Links, links
from linkage.settings import LinkSettings, Settings, parse
from linkage.units import Units, incidence, units
from tests import worlds

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

BIT = 1024  # weights are whole numbers of 1/1024 bit
KINDS = {kind.name: kind for kind in BUILT_IN}
Artifact = tuple[str, str]
Weights = dict[str, int]


@dataclass(frozen=True)
class Shared:
    """The evidence of some events, as the stages before the links give it.

    has: unit -> its artifacts; name: unit -> its first account; families: names by number
    """

    inc: Incidence
    units: Units
    has: dict[int, set[Artifact]]
    name: dict[int, str]
    families: tuple[str, ...]

    @classmethod
    def of(cls, events: pd.DataFrame, folder: Path, settings: Settings | None = None) -> Shared:
        """Run the stages before the links, for the kinds that the events have columns for."""
        settings = settings or Settings()
        kinds = tuple(kind for kind in settings.kinds() if kind.column in events)
        path = worlds.write(events, folder / "events.parquet")
        table = read(ibis.duckdb.connect(), [path], settings, folder / "work").table
        acts = activity(table, kinds)
        proof = evidence(table, acts, kinds)
        of = units(acts)
        artifacts = proof.artifacts.order_by("artifact").to_pyarrow().to_pylist()
        has: dict[int, set[Artifact]] = {unit: set() for unit in range(of.first.size)}
        for row in proof.rows.to_pyarrow().to_pylist():
            artifact = artifacts[row["artifact"]]
            has[int(of.of[row["account"]])].add((artifact["kind"], artifact["value"]))
        ids = acts.order_by("account").account_id.to_pyarrow().to_pylist()
        name = {unit: ids[first] for unit, first in enumerate(of.first)}
        families = tuple(dict.fromkeys(kind.family for kind in kinds))
        return cls(incidence(proof, of, kinds, None), of, has, name, families)

    def links(self, **settings: Any) -> Links:
        """The links under these settings."""
        return links(self.inc, LinkSettings(**settings), threads=2)

    def table(self, found: Links) -> dict[tuple[int, int], Weights]:
        """Links as the reference has them; families that give nothing left out."""
        return {
            (int(a), int(b)): {self.families[f]: int(w) for f, w in enumerate(parts) if w}
            for a, b, parts in zip(found.a, found.b, found.families, strict=True)
        }


class Reference:
    """The specification, word by word and pair by pair."""

    def __init__(self, has: Mapping[int, set[Artifact]], margin: float) -> None:
        self.has = has
        self.population = len(has)
        self.holders: dict[Artifact, set[int]] = {}
        for unit, artifacts in has.items():
            for artifact in artifacts:
                self.holders.setdefault(artifact, set()).add(unit)
        self.threshold = round(BIT * (log2(self.population) + margin))
        self.cap = self.threshold - 3 * BIT
        self.caps = {"content": self.threshold}  # what one does is chosen, and may link by itself

    @cache  # noqa: B019 - a reference lives as long as its test
    def usual(self, kind: str) -> float:
        """Mean number of shared artifacts of the kind, of those who have one."""
        counts = [self.count(unit, kind) for unit in self.has]
        return sum(counts) / sum(count > 0 for count in counts)

    @cache  # noqa: B019
    def count(self, unit: int, kind: str) -> int:
        return sum(k == kind for k, _ in self.has[unit])

    def bits(self, a: int, b: int, artifact: Artifact) -> int:
        """log2(1 - m + m / p), p = min(1, r (d + 1) / (N + 2)), r = max(1, max n / mean n)."""
        kind = KINDS[artifact[0]]
        most = max(self.count(a, kind.name), self.count(b, kind.name))
        r = max(1.0, float(np.float32(most / self.usual(kind.name))))  # kept in single precision
        p = min(1.0, r * (len(self.holders[artifact]) + 1) / (self.population + 2))
        return round(BIT * log2(1 - kind.m + kind.m / p))

    def families(self, a: int, b: int) -> Weights:
        """Sorted: the strongest whole, the second at a half, the third at a quarter ..."""
        found: dict[str, list[int]] = {}
        for artifact in self.has[a] & self.has[b]:
            weight = self.bits(a, b, artifact)
            found.setdefault(KINDS[artifact[0]].family, []).append(weight)
        return {
            family: min(
                self.caps.get(family, self.cap),
                sum(w // 2**i for i, w in enumerate(sorted(ws, reverse=True))),
            )
            for family, ws in found.items()
        }

    def linked(self) -> dict[tuple[int, int], Weights]:
        """All pairs that reach the threshold, whatever they share."""
        weighed = {pair: self.families(*pair) for pair in combinations(sorted(self.has), 2)}
        return {pair: w for pair, w in weighed.items() if sum(w.values()) >= self.threshold}


def without_zeros(weights: Mapping[tuple[int, int], Weights]) -> dict[tuple[int, int], Weights]:
    return {pair: {f: w for f, w in parts.items() if w} for pair, parts in weights.items()}


def random_world(rng: np.random.Generator, accounts: int) -> pd.DataFrame:
    """Artifacts of all kinds from pools small and large, drawn unevenly; some organisations."""
    columns = {"ip": 25, "device_id": 40, "tls_fingerprint": 6, "user_agent": 4, "payment_id": 40,
               "email": 12, "phone": 60, "prompt_template": 30, "conversation_id": 60}  # fmt: skip
    rows: list[dict[str, Any]] = []
    for account in range(accounts):
        org = int(rng.integers(0, 40))
        for _ in range(int(rng.integers(1, 7))):
            row: dict[str, Any] = {"account_id": f"a{account:03}"}
            for column, size in columns.items():
                number = int(size * rng.random() ** 2)
                row[column] = spelled(column, number) if rng.random() < 0.5 else None
            if org < 6:
                row |= {"org_id": f"org{org}", "org_verified": org < 4}
            rows.append(row)
    return worlds.events_of(rows)


def spelled(column: str, number: int) -> str:
    """A value of the column's kind."""
    if column == "ip":
        return f"192.0.{number // 5}.{number % 5}"
    return {"email": f"me@d{number}.example", "phone": f"+1{number}"}.get(column, f"{number}")


@pytest.fixture
def mixed(tmp_path: Path, seed: int) -> Shared:
    """A world in which everybody shares something with many."""
    return Shared.of(random_world(np.random.default_rng(seed), 150), tmp_path)


def test_links_are_those_of_the_naive_reference_to_the_last_bit(mixed: Shared) -> None:
    assert max(len(has) for has in mixed.has.values()) > 10
    assert mixed.units.size.max() > 1
    for margin in (0.0, 3.0):
        reference = Reference(mixed.has, margin)
        found = mixed.links(margin_bits=margin, rare_accounts=500)
        assert found.threshold == reference.threshold
        assert len(found.a)
        assert mixed.table(found) == without_zeros(reference.linked())
        assert list(found.weight) == [sum(parts) for parts in found.families]


def test_hubs_add_their_bits_although_only_rare_artifacts_bring_pairs_together(
    mixed: Shared,
) -> None:
    rare = 6
    found = mixed.table(mixed.links(rare_accounts=rare, margin_bits=0))
    reference = Reference(mixed.has, 0)
    whole = without_zeros(reference.linked())
    together = {
        pair
        for holders in reference.holders.values()
        if len(holders) <= rare
        for pair in combinations(sorted(holders), 2)
    }
    assert {pair for pair in whole if pair in together} <= set(found)
    assert all(found[pair] == whole[pair] for pair in found)
    hubs = {v for v, holders in reference.holders.items() if len(holders) > rare}
    assert any(hubs & mixed.has[a] & mixed.has[b] for a, b in found)


def test_every_pair_with_a_rare_artifact_is_weighed(mixed: Shared) -> None:
    for rare in (3, 12):
        pairs = {
            pair
            for holders in Reference(mixed.has, 0).holders.values()
            if len(holders) <= rare
            for pair in combinations(sorted(holders), 2)
        }
        # Composites are out of reach, so that these are all.
        found = mixed.links(rare_accounts=rare, composite_accounts=1e6)
        assert found.composites == 0
        assert found.pairs_weighed == len(pairs) > 0


def test_links_do_not_depend_on_the_number_of_threads(mixed: Shared) -> None:
    one, three = (links(mixed.inc, LinkSettings(rare_accounts=9), t) for t in (1, 3))
    assert np.array_equal(one.a, three.a)
    assert np.array_equal(one.b, three.b)
    assert np.array_equal(one.families, three.families)
    assert list(zip(one.a, one.b, strict=True)) == sorted(zip(one.a, one.b, strict=True))


def test_weights_are_never_negative_and_what_everyone_has_weighs_nothing(tmp_path: Path) -> None:
    rows = [
        {"account_id": f"a{i:03}", "device_id": "all", "tls_fingerprint": "all",
         "payment_id": f"card{i // 2}", "prompt_template": t}
        for i in range(200)
        for t in ("all", f"pair{i // 2}")
    ]  # fmt: skip
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    found = shared.links(margin_bits=0)
    assert len(found.a) == 100
    assert (found.families >= 0).all()
    # (d + 1) / (N + 2) is not quite 1.
    assert found.families[:, shared.families.index("client")].max() <= BIT / 100


def test_an_artifact_that_more_accounts_have_never_weighs_more(tmp_path: Path) -> None:
    """Pairs with a card and a template, and a device that others have as well."""
    holders = (2, 3, 10, 30, 60)
    rows: list[dict[str, Any]] = [{"account_id": f"z{i}"} for i in range(200)]
    for n in holders:
        pair = {"payment_id": f"p{n}", "prompt_template": f"t{n}", "device_id": f"d{n}"}
        rows += [{"account_id": f"a{n:02}-{i}", **pair} for i in range(2)]
        rows += [{"account_id": f"b{n:02}-{i}", "device_id": f"d{n}"} for i in range(n - 2)]
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    found = shared.links(margin_bits=0)
    assert [shared.name[a] for a in found.a] == [f"a{n:02}-0" for n in holders]
    weights = found.families[:, shared.families.index("client")].tolist()
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > weights[-1] > 0


def test_one_family_alone_links_nobody(tmp_path: Path) -> None:
    """However much they share: the family stays three bits below the threshold."""
    rows = [{"account_id": a, "device_id": f"d{i}"} for a in ("a", "b") for i in range(12)]
    rows += [{"account_id": f"c{i}"} for i in range(500)]
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    reference = Reference(shared.has, 3)
    assert sum(reference.families(0, 1).values()) == reference.cap == reference.threshold - 3072
    assert len(shared.links().a) == 0


@pytest.mark.parametrize(("templates", "linked"), [(1, 0), (12, 1)])
def test_work_alone_may_just_make_a_link(tmp_path: Path, templates: int, linked: int) -> None:
    """Many templates that nobody else has: that, and no more, whatever their number."""
    names = [f"t{i}" for i in range(templates)]
    rows = [{"account_id": a, "prompt_template": t} for a in ("a", "b") for t in names]
    rows += [{"account_id": f"c{i}"} for i in range(500)]
    found = Shared.of(worlds.events_of(rows), tmp_path).links()
    assert len(found.a) == linked
    assert (found.weight == found.threshold).all()


def test_the_accounts_of_a_verified_organisation_are_one_unit(tmp_path: Path) -> None:
    org = {"org_id": "acme", "org_verified": True}
    rows: list[dict[str, Any]] = [
        {"account_id": "a", "device_id": "d1", "payment_id": "p1", **org},
        {"account_id": "b", "device_id": "d1", "payment_id": "p1", **org},
        {"account_id": "c", "device_id": "d2", "org_id": "acme", "org_verified": False},
        {"account_id": "e", "payment_id": "p1", "device_id": "d1"},
    ]
    rows += [{"account_id": f"f{i}"} for i in range(100)]
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    assert [shared.name[u] for u in range(3)] == ["a", "c", "e"]
    assert list(shared.units.size[:3]) == [2, 1, 1]
    assert shared.inc.population == 103
    # The pair inside it is none; what either has, the unit has, once.
    found = shared.links(margin_bits=0)
    assert list(zip(found.a, found.b, strict=True)) == [(0, 2)]
    assert shared.table(found) == Reference(shared.has, 0).linked()


def test_composites_find_a_network_whose_every_artifact_is_common(tmp_path: Path) -> None:
    """Three gateways, cards and devices for 240 accounts: each has 80 or more holders."""
    shared = Shared.of(gateways(240), tmp_path)
    network = {unit for unit, name in shared.name.items() if name.startswith("n")}
    holders = Reference(shared.has, 3).holders
    assert all(len(holders[v]) > 60 for unit in network for v in shared.has[unit])
    assert len(shared.links(composite_accounts=1e6).a) == 0
    found = shared.links()
    assert found.composites > 0
    assert set(found.a.tolist()) | set(found.b.tolist()) == network


def test_pairs_from_composites_grow_with_the_accounts_and_not_with_their_square(
    tmp_path: Path,
) -> None:
    weighed = []
    for size in (240, 480):
        folder = tmp_path / str(size)
        folder.mkdir()
        shared = Shared.of(gateways(size), folder)
        weighed.append(shared.links(composite_neighbours=2).pairs_weighed)
    assert 0 < weighed[1] < 2.5 * weighed[0]


def gateways(size: int) -> pd.DataFrame:
    """A network behind few gateways, cards and devices, among 6000 ordinary accounts."""
    rows = [
        {"account_id": f"n{i:03}", "ip": f"192.0.{i % 3}.1", "payment_id": f"card{i % 3}",
         "device_id": f"device{i % 3}", "prompt_template": f"t{i % 2}"}
        for i in range(size)
    ]  # fmt: skip
    rows += [{"account_id": f"o{i}", "payment_id": f"own{i}"} for i in range(6000)]
    # Each gateway is other people's address as well.
    rows += [{"account_id": f"o{i}", "ip": f"192.0.{i % 3}.1"} for i in range(60)]
    return worlds.events_of(rows)


def test_what_takes_no_part_in_composites_is_counted(tmp_path: Path) -> None:
    rows = [
        {"account_id": f"a{i}", "prompt_template": f"t{t}"} for i in range(10) for t in range(20)
    ]
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    assert shared.links(rare_accounts=5, composite_artifacts=16).common_left_out == 10 * 4
    assert shared.links(rare_accounts=5, composite_artifacts=20).common_left_out == 0


def test_kinds_that_the_settings_put_into_one_family_are_capped_together(tmp_path: Path) -> None:
    rows = [{"account_id": a, "device_id": "d", "payment_id": "p"} for a in "ab"]
    rows += [{"account_id": f"c{i}"} for i in range(500)]
    assert len(Shared.of(worlds.events_of(rows), tmp_path).links(margin_bits=0).a) == 1
    together = parse({"artifacts": {"device": {"family": "money"}}})
    assert len(Shared.of(worlds.events_of(rows), tmp_path, together).links(margin_bits=0).a) == 0
