"""What a run leaves for its result folder."""

from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa

from linkage.artifacts import ArtifactKind
from linkage.attachment import Membership
from linkage.baseline import Baseline
from linkage.clusters import Clusters
from linkage.decisions import Proposals
from linkage.evidence import Evidence
from linkage.judged import Judged
from linkage.judgements import Judgements
from linkage.kernels.incidence import Incidence
from linkage.links import Links
from linkage.settings import Settings
from linkage.standing import Standing
from linkage.units import Units


@dataclass(frozen=True)
class Origin:
    """What a run was made from.

    files         what was read
    evidence      the folder of gathered evidence; None for events
    events        events in all, those that could be used
    quarantined   rows and lines that could not;  quarantine: the file that has them, if any
    duplicates    rows left out because their event_id had come before
    unknown       figure of activity -> accounts of which it is not known
    pseudonyms    the name of the key, where accounts and values are keyed pseudonyms
    """

    files: tuple[str, ...]
    evidence: Path | None
    events: int
    quarantined: int
    quarantine: Path | None
    duplicates: int
    unknown: dict[str, int]
    pseudonyms: str | None = None


@dataclass(frozen=True)
class Obeyed:
    """What people had judged, and what became of it in the run."""

    judgements: Judgements
    judged: Judged
    standing: Standing


@dataclass(frozen=True)
class Results:
    """The outcome of each stage, as the stages return it."""

    settings: Settings
    kinds: tuple[ArtifactKind, ...]
    baseline: Baseline | None
    origin: Origin
    activity: ir.Table
    evidence: Evidence
    templates: pa.Table
    units: Units
    incidence: Incidence
    links: Links
    membership: Membership
    clusters: Clusters
    proposals: Proposals
    obeyed: Obeyed
