"""What is usual: the population figures that a run weighs against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage import naming
from linkage.errors import ResultError
from linkage.score import References
from linkage.signals import SIGNALS

OWN_EVENTS = "own events"  # what a run without another's baseline says of where it comes from


@dataclass(frozen=True)
class Baseline:
    """Another run's figures, to weigh this run's events against.

    accounts        N: units (accounts, with a verified organisation's as one)
    degrees         kind, value, degree (d): how many have each shared artifact
    usual_holding   kind -> mean number of shared artifacts of it, over those with any
    references      the signals of its groups that did not stand out
    source          where it comes from, as `run.json` names it
    pseudonyms      the name of the key, where its artifacts go by keyed pseudonyms
    """

    accounts: int
    degrees: pa.Table
    usual_holding: dict[str, float]
    references: References
    source: str
    pseudonyms: str | None = None


def load(folder: Path) -> Baseline:
    """The baseline of a result folder. Raises ResultError where there is none."""
    try:
        info = json.loads((folder / "run.json").read_text("utf-8"))
        degrees = pq.read_table(folder / "artifacts.parquet", columns=["kind", "value", "degree"])
        usual = pq.read_table(folder / "references.parquet")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ResultError(f"{folder}: no result to take as a baseline ({error})") from error
    values = {s.name: usual[s.name].to_numpy().astype(float) for s in SIGNALS}
    return Baseline(
        accounts=info["baseline"]["accounts"],
        degrees=degrees,
        usual_holding=info["baseline"]["usual_holding"],
        references=References(usual["size"].to_numpy().astype(float), values),
        source=str(folder),
        pseudonyms=naming.key_of(folder),
    )
