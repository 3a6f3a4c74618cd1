"""An erasure that is begun, as a file of the workspace: so that whoever comes next ends it, should
it be killed. It has the name that is to go, and is the last that goes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from linkage.disk import synced
from linkage.errors import PrivacyError
from linkage.privacy.rewriting import replaced_bytes
from linkage.render import clean
from linkage.state.erasures import Erasure

FILE = ".erasing.json"


@dataclass(frozen=True)
class Plan:
    """columns: of events, whose values are accounts."""

    erasure: Erasure
    columns: tuple[str, ...]


def read(workspace: Path) -> Plan | None:
    """What is begun and not ended, if there is such."""
    path = workspace / FILE
    try:
        told = json.loads(path.read_text("utf-8"))
        values = {field.name: told["erasure"][field.name] for field in fields(Erasure)}
        texts = {name: tuple(values[name]) for name in ("names", "kinds")}
        at = datetime.fromisoformat(values["at"])
        return Plan(Erasure(**{**values, **texts, "at": at}), tuple(told["columns"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PrivacyError(f"{clean(path)}: damaged: {clean(error, 200)}") from None


def write(workspace: Path, plan: Plan) -> None:
    """On disk before it returns."""
    told = {
        "erasure": {**vars(plan.erasure), "at": plan.erasure.at.isoformat()},
        "columns": plan.columns,
    }
    replaced_bytes(workspace / FILE, json.dumps(told).encode("ascii"))


def done(workspace: Path) -> None:
    """Nothing of it is left to be done."""
    (workspace / FILE).unlink()
    synced(workspace)
