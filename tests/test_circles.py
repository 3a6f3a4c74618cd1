"""Circles: a household behind a network's exit is no part of what goes round in the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from linkage.circles import circles
from tests import worlds
from tests.test_links import Shared

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

Row = dict[str, Any]
OTHERS = [f"o{i}" for i in range(200)]


def network() -> list[Row]:
    """Eight accounts: a card for two and two, a device for the next two and two; one exit."""
    return [
        {"account_id": f"n{i}", "payment_id": f"card{i // 2}", "device_id": f"d{(i + 1) // 2}",
         "ip": "198.51.100.7", "prompt_template": "t"}
        for i in range(8)
    ]  # fmt: skip


def household() -> list[Row]:
    """Three with a tablet and a card of the family, at the same exit, with the same prompts."""
    return [
        {"account_id": f"h{i}", "payment_id": "family", "device_id": "tablet",
         "ip": "198.51.100.7", "prompt_template": "t"}
        for i in range(3)
    ]  # fmt: skip


def found(tmp_path: Path, rows: list[Row], community: dict[str, int]) -> dict[str, int]:
    """Each account's circle, where its name's first letter says which community it is in; among
    200 others, two and two with a prompt."""
    rows = [
        *rows,
        *[{"account_id": a, "prompt_template": f"u{i // 2}"} for i, a in enumerate(OTHERS)],
    ]
    shared = Shared.of(worlds.events_of(rows), tmp_path)
    of: npt.NDArray[np.int32] = np.array(
        [community.get(shared.name[unit][0], -1) for unit in range(len(shared.name))], np.int32
    )
    sizes = circles(shared.inc, of, telling=2.0)
    return {name: int(sizes[unit]) for unit, name in shared.name.items()}


def test_cards_and_devices_that_go_round_tie_a_network_together(tmp_path: Path) -> None:
    sizes = found(tmp_path, [*network(), *household()], {"n": 0, "h": 0})
    assert {sizes[f"n{i}"] for i in range(8)} == {8}


def test_a_household_at_the_same_exit_is_a_circle_of_its_own(tmp_path: Path) -> None:
    """Addresses and templates tie it to the network, but anybody could have put them there."""
    sizes = found(tmp_path, [*network(), *household()], {"n": 0, "h": 0})
    assert {sizes[f"h{i}"] for i in range(3)} == {3}


def test_what_two_communities_have_ties_neither_to_the_other(tmp_path: Path) -> None:
    bridge = {"account_id": "h0", "payment_id": "card0"}
    rows = [*network(), *household(), bridge]
    assert found(tmp_path, rows, {"n": 0, "h": 1})["n0"] == 8
    assert found(tmp_path, rows, {"n": 0, "h": 1})["h0"] == 3
    assert found(tmp_path, rows, {"n": 0, "h": 0})["h0"] == 11


def test_what_many_others_have_ties_nobody(tmp_path: Path) -> None:
    """A mail domain of half the city makes no household part of a network."""
    mail = [{"account_id": a, "email": f"{a}@city.example"} for a in [*OTHERS, "h0", "n0"]]
    sizes = found(tmp_path, [*network(), *household(), *mail], {"n": 0, "h": 0})
    assert sizes["n0"] == 8
    assert sizes["h0"] == 3
    rare = [{"account_id": a, "email": f"{a}@us.example"} for a in ("h0", "n0")]
    sizes = found(tmp_path, [*network(), *household(), *rare], {"n": 0, "h": 0})
    assert sizes["h0"] == 11


def test_who_is_in_no_community_has_no_circle(tmp_path: Path) -> None:
    sizes = found(tmp_path, [*network(), *household()], {"n": 0})
    assert {sizes[f"h{i}"] for i in range(3)} == {0}
    assert found(tmp_path, network(), {})["n0"] == 0
