"""What a simulated month is asked to be, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linkage.errors import SettingsError

EVASIONS: Mapping[str, str] = {
    "residential_proxies": "the proxy network leaves through other people's home addresses",
    "gateways": "one network stands behind a few big gateways and cards",
    "own_device_and_card": "the careful network has an own address, device and card each",
    "mixed_traffic": "up to 75 % of the requests are unrelated customers' traffic",
    "paraphrase": "a fifth of the requests is reworded, a fifth of the words in them",
    "jitter": "scheduled requests are moved by random minutes",
    "below_thresholds": "no artifact is held by ten of a network's accounts, loads are even",
    "aged_accounts": "more than half of the accounts were bought, and signed up long ago",
    "claimed_orgs": "some accounts claim an organisation that nobody verified",
    "replacement": "banned accounts are replaced within a day",
    "framing": "some accounts use an innocent's address, template and client",
    "bridges": "a few accounts carry artifacts of two networks",
}
# below_thresholds contradicts gateways and gives every network one shape: asked for by name only
DEFAULT_EVASIONS = frozenset(EVASIONS) - {"below_thresholds"}


class Paraphrase(NamedTuple):
    """How networks with the evasion `paraphrase` reword what they make from templates.

    requests   share of these that is reworded; a template that anyone uses is left as it is
    words      share of a reworded prompt's words that change, slots and all
    replaced   a word without a synonym gives way to another; else one is put in beside it
    """

    requests: float = 0.2
    words: float = 0.2
    replaced: bool = False


USUALLY = Paraphrase()


@dataclass(frozen=True)
class Scenario:
    """A simulated month: its size, its seed, and how hard its networks hide."""

    accounts: int = 20_000
    fakes: int = 500
    events: int = 400_000
    seed: int = 1
    prompts: bool = False
    start: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    days: int = 30
    evasions: frozenset[str] = DEFAULT_EVASIONS
    paraphrase: Paraphrase = USUALLY

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise SettingsError(faults, "scenario")

    def evades(self, name: str) -> bool:
        """Whether the networks use this evasion."""
        return name in self.evasions


def _faults(scenario: Scenario) -> list[str]:
    unknown = sorted(set(scenario.evasions) - set(EVASIONS))
    checks = {
        f"accounts must lie between 400 and 8,000,000, not {scenario.accounts}": (
            400 <= scenario.accounts <= 8_000_000
        ),
        f"fakes must be 0, or from 80 to a quarter of the accounts, not {scenario.fakes}": (
            scenario.fakes == 0 or 80 <= scenario.fakes <= scenario.accounts // 4
        ),
        f"events must be at least 6 for each account, not {scenario.events}": (
            scenario.events >= 6 * scenario.accounts
        ),
        f"seed must not be negative, not {scenario.seed}": scenario.seed >= 0,
        f"days must lie between 7 and 92, not {scenario.days}": 7 <= scenario.days <= 92,
        f"shares to paraphrase must lie between 0 and 1, not {scenario.paraphrase}": (
            0 <= scenario.paraphrase.requests <= 1 and 0 <= scenario.paraphrase.words <= 1
        ),
        "start must have a time zone": scenario.start.tzinfo is not None,
        f"unknown evasions: {', '.join(unknown)} (known: {', '.join(EVASIONS)})": not unknown,
    }
    return [fault for fault, passed in checks.items() if not passed]


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote."""

    events_path: Path
    truth_path: Path
    accounts: int
    events: int
    fakes: int
    networks: int
    kinds: Mapping[str, int]
