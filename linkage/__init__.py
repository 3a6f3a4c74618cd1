"""Find networks of accounts that one operator runs, and say why.

import linkage

run = linkage.detect("logs/*.parquet", "result")
run.clusters, run.members, run.banlist
print(run.explain("account one", "account two").text())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkage.judgements import Judgements
    from linkage.run import Run
    from linkage.settings import Settings

__all__ = ["Run", "detect"]


def detect(
    sources: Sequence[str | Path] | str | Path | None = None,
    out: str | Path | None = None,
    settings: Settings | str | Path | None = None,
    *,
    evidence: str | Path | None = None,
    baseline: str | Path | None = None,
    judgements: Judgements | None = None,
    overwrite: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> Run:
    """Find the networks in events or gathered evidence, write the folder `out`, and open it.

    sources     files, folders or globs of events; `-` is standard input
    evidence    instead of them, a folder with evidence.parquet, and activity.parquet as far as
                that is known; a result folder is one
    out         the folder to make; without it, a temporary one that goes with the `Run`
    settings    `Settings`, or the path of a `linkage.toml`; the defaults without it
    baseline    the result folder of another run, whose figures say what is usual
    judgements  what people have decided before, which the run obeys (`linkage.judgements`)
    overwrite   replace a result that `out` holds
    progress    told the stage's name and the fraction of the whole, 0 to 1

    Raises InputError, SettingsError or ResultError with what to do about it.
    """
    from linkage.pipeline import detect as detected
    from linkage.run import Run
    from linkage.settings import load

    read = load(Path(settings)) if isinstance(settings, str | Path) else settings
    base = None if baseline is None else Path(baseline)
    proof = None if evidence is None else Path(evidence)
    folder = Path(out) if out is not None else _temporary()
    try:
        detected(
            sources,
            folder,
            read,
            evidence=proof,
            baseline=base,
            judgements=judgements,
            progress=progress,
            overwrite=overwrite,
        )
        run = Run.open(folder)
    except BaseException:
        if out is None:
            _remove(folder.parent)
        raise
    if out is None:
        _keep_with(run)
    return run


def _temporary() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(prefix="linkage-")) / "result"


def _keep_with(run: Run) -> None:
    """Remove the temporary folder when nothing refers to the run any longer."""
    import weakref

    weakref.finalize(run, _remove, run.path.parent)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def __getattr__(name: str) -> object:
    """`linkage.Run` without loading tables and engines before they are needed."""
    if name == "Run":
        from linkage.run import Run

        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
