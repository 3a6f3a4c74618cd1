"""What a run leaves for its result folder."""

from dataclasses import dataclass

import ibis.expr.types as ir

from linkage.artifacts import ArtifactKind
from linkage.attachment import Membership
from linkage.baseline import Baseline
from linkage.clusters import Clusters
from linkage.decisions import Proposals
from linkage.events import EventSet
from linkage.evidence import Evidence
from linkage.kernels.incidence import Incidence
from linkage.links import Links
from linkage.settings import Settings
from linkage.units import Units


@dataclass(frozen=True)
class Results:
    """The outcome of each stage, as the stages return it."""

    settings: Settings
    kinds: tuple[ArtifactKind, ...]
    baseline: Baseline | None
    events: EventSet
    activity: ir.Table
    evidence: Evidence
    units: Units
    incidence: Incidence
    links: Links
    membership: Membership
    clusters: Clusters
    proposals: Proposals
