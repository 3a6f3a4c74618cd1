"""run.json: what the run was made from, what it counted, and what it took."""

import json
import platform
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from linkage.baseline import OWN_EVENTS
from linkage.kernels.incidence import UNIT
from linkage.recorder import Recorder
from linkage.results.bundle import Results
from linkage.units import holdings

FORMAT = 1
LIBRARIES = ("duckdb", "ibis-framework", "numpy", "numba", "pyarrow", "graspologic-native")


def info(found: Results, record: Recorder) -> dict[str, Any]:
    """Everything but `stages` and `versions` depends on input and settings alone."""
    return {
        "format": FORMAT,
        "version": version("linkage"),
        "settings": found.settings.model_dump(mode="json"),
        "kinds": [
            {
                "name": kind.name,
                "family": kind.family,
                "m": kind.m,
                "plantable": kind.plantable,
                "label": kind.label,
                "relationship": kind.relationship,
                "within": kind.within,
                "alone": kind.alone,
                "explanation": kind.explanation,
            }
            for kind in found.kinds
        ],
        "files": list(found.origin.files),
        "evidence": None if found.origin.evidence is None else str(found.origin.evidence),
        "unknown": found.origin.unknown,
        "counts": _counts(found),
        "baseline": {
            "source": found.baseline.source if found.baseline else OWN_EVENTS,
            "accounts": found.incidence.population,
            "usual_holding": holdings(found.incidence, found.kinds),
        },
        "judgements": _judgements(found),
        "threshold_bits": found.links.threshold / UNIT,
        "left_out": {"common_artifacts": found.links.common_left_out},
        "versions": {"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        "stages": record.stages,
    }


def _counts(found: Results) -> dict[str, Any]:
    proposed = Counter(found.proposals.cluster.tolist())
    held = [rule for rule in found.proposals.held_by.tolist() if rule is not None]
    return {
        "events": found.origin.events,
        "quarantined": found.origin.quarantined,
        "duplicates": found.origin.duplicates,
        "accounts": found.clusters.of.size,
        "units": found.units.first.size,
        "evidence": found.evidence.rows.count().to_pyarrow().as_py(),
        "artifacts": found.incidence.degree.size,
        "links": found.links.a.size,
        "pairs_weighed": found.links.pairs_weighed,
        "composites": found.links.composites,
        "clusters": len(found.clusters.ids),
        "groups": found.clusters.groups,
        "reference_groups": int(found.clusters.scores.reference.sum()),
        "ban_clusters": proposed["ban"],
        "review_clusters": proposed["review"],
        "listed": int(np.count_nonzero(found.proposals.account == "ban")),
        "held": len(held),
        "held_by": dict(sorted(Counter(held).items())),
    }


def _judgements(found: Results) -> dict[str, Any]:
    """Which judgements were obeyed, and how much in the run they were about."""
    given, judged = found.obeyed.judgements, found.obeyed.judged
    return {
        "decisions": given.decisions,
        "allowlist": given.allowlist,
        "cleared": judged.cleared.size,
        "new_evidence": int(found.obeyed.standing.renewed.sum()),
        "parted": judged.parted.a.size,
        "allowed_accounts": int(judged.allowed.sum()),
        "silent_artifacts": int(judged.silent.sum()),
    }


def write_json(values: dict[str, Any], path: Path) -> None:
    """Sorted keys, so that equal runs give equal bytes."""
    text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
