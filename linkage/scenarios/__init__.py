"""Simulated months with known truth: networks, innocents that look like them, ordinary people."""

from linkage.scenarios.lookalikes import LOOK_ALIKES, LookAlike
from linkage.scenarios.networks import NETWORK_KINDS
from linkage.scenarios.scenario import (
    DEFAULT_EVASIONS,
    EVASIONS,
    Paraphrase,
    Scenario,
    SimulationSummary,
)
from linkage.scenarios.simulation import KIND_NAMES, simulate

__all__ = [
    "DEFAULT_EVASIONS",
    "EVASIONS",
    "KIND_NAMES",
    "LOOK_ALIKES",
    "NETWORK_KINDS",
    "LookAlike",
    "Paraphrase",
    "Scenario",
    "SimulationSummary",
    "simulate",
]
