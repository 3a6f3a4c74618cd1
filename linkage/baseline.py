"""What is usual: the population figures that a run weighs against."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Baseline:
    """Another run's figures, to weigh this run's events against.

    accounts        N: units (accounts, with a verified organisation's as one)
    degrees         kind, value, accounts (d): how many have each shared artifact
    usual_holding   kind -> mean number of shared artifacts of it, over those with any
    references      name, size, value: the signals of its innocent-looking groups
    source          where it comes from, as `run.json` names it
    """

    accounts: int
    degrees: pa.Table
    usual_holding: dict[str, float]
    references: pa.Table
    source: str
