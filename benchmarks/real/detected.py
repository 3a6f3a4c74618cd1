"""A file of events through the public command, in a process of its own, opened for reading."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.months import COMMAND
from benchmarks.processes import apart
from benchmarks.real.methods import Links
from linkage.run import Run

COUNTS = ("events", "duplicates", "accounts", "links", "clusters", "groups", "ban_clusters",
          "review_clusters", "listed")  # fmt: skip


@dataclass(frozen=True)
class Detected:
    """The result, and what it took."""

    run: Run
    seconds: float
    peak_mb: float

    def summary(self) -> dict[str, Any]:
        """Counts and costs, as plain values."""
        counts = self.run.info["counts"]
        return {
            **{name: counts[name] for name in COUNTS},
            "threshold_bits": self.run.info["threshold_bits"],
            "seed": self.run.info["settings"]["communities"]["seed"],
            "seconds": round(self.seconds, 1),
            "peak_mb": round(self.peak_mb),
        }


@contextmanager
def detected(events: Path, settings: str) -> Iterator[Detected]:
    """Run `linkage detect` with the text of a settings file; gone when the context ends."""
    with tempfile.TemporaryDirectory(prefix="linkage-real-") as work:
        result, file = Path(work) / "result", Path(work) / "linkage.toml"
        file.write_text(settings, "utf-8")
        command: list[str | Path] = [*COMMAND, "detect", events, "--out", result]
        command += ["--settings", file, "--quiet"]
        taken = apart(command)
        yield Detected(Run.open(result), taken.seconds, taken.peak_mb)


def links_of(run: Run, accounts: pd.Index, dealing: Sequence[str] = ()) -> Links:
    """The run's links between the accounts, by their places; weights as communities take them,
    in bits above log2 N; dealings are those to which one of these families gives something.
    Nobody here is in a verified organisation: an account is a unit."""
    table = pq.read_table(run.path / "links.parquet")
    parts = [pc.struct_field(table["families"], family).to_numpy() > 0 for family in dealing]
    ends = [accounts.get_indexer(table[name].to_pandas()) for name in ("account_a", "account_b")]
    prior = run.info["threshold_bits"] - run.info["settings"]["links"]["margin_bits"]
    return Links(
        a=np.minimum(*ends).astype(np.int32),
        b=np.maximum(*ends).astype(np.int32),
        weight=table["bits"].to_numpy().astype(np.float64) - prior,
        nodes=len(accounts),
        deals=np.logical_or.reduce(parts) if parts else None,
    )


def linked(run: Run) -> pd.DataFrame:
    """account_a, account_b of every link, in the order of their names."""
    columns = ["account_a", "account_b"]
    table: pd.DataFrame = pq.read_table(run.path / "links.parquet", columns=columns).to_pandas()
    return table
