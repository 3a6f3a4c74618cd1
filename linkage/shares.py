"""Shares with their intervals: what an evaluation counts in."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

Z = 1.959964  # of a two-sided 95 % interval
JUDGEMENTS = ("listed", "flagged", "clustered")


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with the 95 % interval of Wilson (1927); None where nothing is to count."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        """The share itself, 0 to 1."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % confidence, if accounts were drawn one by one."""
        if not self.of:
            return None
        n, p = self.of, self.hits / self.of
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        return low, 1.0 if self.hits == n else min(1.0, middle + half)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        low, high = self.interval or (None, None)
        return {"hits": self.hits, "of": self.of, "share": self.share, "low": low, "high": high}


@dataclass(frozen=True)
class Judged:
    """Accounts of one kind: how many were listed, flagged, and in a large cluster."""

    kind: str
    listed: Share
    flagged: Share
    clustered: Share

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        judgements = {name: getattr(self, name).to_dict() for name in JUDGEMENTS}
        return {"kind": self.kind, **judgements}
