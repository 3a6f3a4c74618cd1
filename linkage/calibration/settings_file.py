"""Settings as a `linkage.toml`, and a calibration as a folder that `linkage detect` can use."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from linkage.calibration.estimates import Calibration
from linkage.folder import new_folder
from linkage.render import number
from linkage.results.info import write_json
from linkage.results.tables import save_references
from linkage.run import FORMAT, Run
from linkage.score import References
from linkage.settings import Settings

SETTINGS, BASELINE = "linkage.toml", "baseline"
BARE = re.compile(r"[A-Za-z0-9_-]+")


def write(found: Calibration, run: Run, folder: Path) -> tuple[Path, Path | None]:
    """Write what a calibration proposes, whole or not at all; returns settings and baseline.

    The baseline has the run's figures and the new references; there is none where these are too
    few, or the run's are another run's: taking a baseline says that it shows what is usual.
    Raises ResultError where something is in the folder already, or it cannot be written.
    """
    decided = found.decided
    remark = (
        f"From `linkage calibrate`, over {number(len(decided.table))} decided accounts "
        f"({number(decided.banned)} banned, {number(decided.cleared)} cleared)."
    )
    based = found.rescored is not None and found.rescored.enough
    with new_folder(folder) as made:
        (made / SETTINGS).write_text(f"# {remark}\n{to_toml(found.settings)}", "utf-8")
        if based and found.rescored is not None:
            _baseline(run, found.rescored.references, made / BASELINE)
    return folder / SETTINGS, folder / BASELINE if based else None


def _baseline(run: Run, references: References, folder: Path) -> None:
    """What `baseline.load` reads."""
    folder.mkdir()
    kept = {key: run.info[key] for key in ("format", "version", "baseline")} | {"format": FORMAT}
    write_json(kept, folder / "run.json")
    shutil.copyfile(run.path / "artifacts.parquet", folder / "artifacts.parquet")
    save_references(references.size.astype(np.int32), references.values, folder)


def to_toml(settings: Settings) -> str:
    """The settings that are not the defaults, as `settings.load` reads them back."""
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    return "\n".join(_table(changed, ()))


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    if path and (len(inner) < len(values) or not values):
        yield f"\n[{'.'.join(_key(part) for part in path)}]"
    for name, value in values.items():
        if name not in inner and value is not None:
            yield f"{_key(name)} = {_value(value)}"
    for name, table in inner.items():
        yield from _table(table, (*path, name))
    if not path:
        yield ""


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """A basic string; what is not printable is escaped, so that it cannot act where it is shown."""
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    if c.isprintable():
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
