"""When accounts are active: a rhythm for every time zone, and the clocks of machines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage.scenarios.arrays import Floats, Ints, Random

MINUTES = 1440
STEPS = 4096
STYLES = ("office", "evening", "student", "all_day")
# people by time zone (hours from UTC): the Americas, Europe, Africa, South and East Asia
_ZONES = {-8: 9, -7: 3, -6: 7, -5: 13, -4: 2, -3: 6, 0: 7, 1: 13, 2: 6, 3: 5, 4: 1,
          5: 3, 5.5: 11, 7: 4, 8: 6, 9: 5, 10: 2}  # fmt: skip


@dataclass
class Clocks:
    """Rhythms as codes. The first are people's: a time zone and a style each."""

    weights: list[Floats] = field(default_factory=list)
    moving: list[bool] = field(default_factory=list)

    def add(self, weights: Floats, moving: bool = False) -> int:
        """A rhythm of 1,440 minutes; a ``moving`` one starts at another minute each day."""
        self.weights.append(weights)
        self.moving.append(moving)
        return len(self.weights) - 1

    def table(self) -> Ints:
        """Minute of the day by rhythm and by a chance in ``STEPS`` equal steps."""
        at = (np.arange(STEPS) + 0.5) / STEPS
        rows = []
        for weights in self.weights:
            ends = np.cumsum(weights) / weights.sum()
            rows.append(np.minimum(np.searchsorted(ends, at), MINUTES - 1))
        return np.array(rows, np.int64)


def human_clocks() -> Clocks:
    """One rhythm for each time zone and style."""
    clocks = Clocks()
    for zone in _ZONES:
        for style in STYLES:
            clocks.add(np.roll(_day(style), -round(zone * 60)))
    return clocks


def draw_zones(rng: Random, count: int) -> Ints:
    """Time zones of people, as numbers."""
    shares = np.array(list(_ZONES.values()), np.float64)
    return rng.choice(len(_ZONES), count, p=shares / shares.sum())


def clock_of(zones: Ints, style: Ints | int) -> Ints:
    """Code of the rhythm of a time zone and style."""
    return zones * len(STYLES) + style


def _day(style: str) -> Floats:
    hour = np.arange(MINUTES) / 60
    morning, evening = _bump(hour, 10.5, 2.2), _bump(hour, 20.5, 2.3)
    afternoon, night = _bump(hour, 15, 2.3), _bump(hour, 23.5, 2)
    parts = {
        "office": 5 * morning + 5 * afternoon + 0.8 * evening,
        "evening": morning + 2 * afternoon + 5 * evening + night,
        "student": morning + 3 * afternoon + 4 * evening + 3 * night,
        "all_day": 3 * morning + 3 * afternoon + 3 * evening + 0.5 * night,
    }
    return parts[style] + 0.03


def _bump(hour: Floats, centre: float, width: float) -> Floats:
    away = np.minimum(np.abs(hour - centre), 24 - np.abs(hour - centre))
    height: Floats = np.exp(-((away / width) ** 2) / 2)
    return height


def shift_clock(rng: Random) -> Floats:
    """A job queue: quarters of an hour that are busy, slack or idle."""
    level = rng.choice([0.02, 0.5, 1.0, 2.0], 96, p=[0.25, 0.25, 0.3, 0.2])
    return np.repeat(level, 15)


def burst_clock(rng: Random, bursts: int = 40) -> Floats:
    """Everything within some minutes of the day."""
    weights = np.full(MINUTES, 1e-4)
    weights[rng.choice(MINUTES, bursts, replace=False)] = rng.uniform(0.5, 1.5, bursts)
    return weights


def flat_clock() -> Floats:
    """The same at every minute."""
    return np.ones(MINUTES)
