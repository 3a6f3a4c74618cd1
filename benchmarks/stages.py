"""The product's own stages, opened up: to put another grouping, score or shuffle in their midst."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage import pipeline
from linkage.artifacts import ArtifactKind
from linkage.attachment import Membership
from linkage.clusters import clusters
from linkage.decisions import proposals
from linkage.results import Results
from linkage.settings import Settings

Labels = npt.NDArray[np.int32]


@contextmanager
def opened(
    source: Path,
    settings: Settings | None = None,
    kinds: tuple[ArtifactKind, ...] | None = None,
) -> Iterator[Results]:
    """What each stage returned, of one file of events; gone when the context ends."""
    with tempfile.TemporaryDirectory(prefix="linkage-stages-") as work:
        yield pipeline.stages([source], settings or Settings(), Path(work), kinds=kinds)


def account_ids(found: Results) -> pd.Series:
    """Account ids by the accounts' numbers."""
    ids: pd.Series = found.activity.order_by("account").account_id.to_pyarrow().to_pandas()
    return ids


def members(found: Results) -> pd.DataFrame:
    """account_id, cluster_id, proposal of the accounts in clusters: what `compare` judges."""
    inside = np.flatnonzero(found.clusters.of >= 0)
    return pd.DataFrame(
        {
            "account_id": account_ids(found).to_numpy()[inside],
            "cluster_id": np.array(found.clusters.ids, object)[found.clusters.of[inside]],
            "proposal": found.proposals.account[inside],
        }
    )


def regrouped(found: Results, labels: Labels) -> Results:
    """Another grouping of the units (-1: in none) under the very same score and policy.

    Rules that need a weight against the cluster (drop_one, families, unplantable) hold nobody
    back; those that ask for cards, devices and links do.
    """
    units = labels.size
    certain = np.full(units, np.inf)
    whole = Membership(labels, certain, certain, np.full(units, 99, np.int32), certain)
    return rescored(replace(found, membership=whole))


def rescored(found: Results, without: Sequence[str] = ()) -> Results:
    """Score and propose again from the membership, as if these signals were not there."""
    scored = clusters(
        found.membership, found.units, found.evidence, found.activity, found.kinds, found.settings,
        without=without,
    )  # fmt: skip
    proposed = proposals(
        scored, found.membership, found.units, found.incidence, found.links, found.activity,
        found.settings,
    )  # fmt: skip
    return replace(found, clusters=scored, proposals=proposed)
