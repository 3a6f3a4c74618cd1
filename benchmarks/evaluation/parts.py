"""The parts of the evaluation, in the order of the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.ablation import left_out
from benchmarks.detection import detection
from benchmarks.examples import cases
from benchmarks.honesty import claims
from benchmarks.months import month
from benchmarks.others import compare
from benchmarks.speed import section as speed
from benchmarks.templates import section as prompts

Found = Mapping[str, Any]
Month = tuple[int, int]  # events, seed

LARGE, LARGEST = 4_000_000, 41_000_000
FIRST = 201  # seeds that nobody had looked at when settings were chosen
ROOT = Path(__file__).resolve().parent.parent.parent
WRITTEN = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Places:
    """Where things are.

    months   where simulated months are kept
    data     folder of real data; None: there is none
    speed    what the last `make bench` wrote
    prompts  what the last `python -m benchmarks.templates --months` wrote
    events   of every month, in place of the parts' own sizes
    """

    months: Path
    data: Path | None = None
    speed: Path = WRITTEN / "speed.json"
    prompts: Path = WRITTEN / "templates_months.json"
    events: int | None = None


@dataclass(frozen=True)
class Part:
    """One part of the page.

    heading   the section's, as it stands where there is nothing to show
    months    simulated months that it needs
    folder    of the real data, that it needs
    needs     in words, what is missing where it could not be measured
    measure   from the sources (months' folders, the data's folder, or a file) to plain values
    section   Markdown of these;  figures: name -> SVG
    stamped   fields of the record that the values bring along: of what ran before
    written   where the values are, of what ran before
    """

    name: str
    heading: str
    measure: Callable[[Sequence[Path]], dict[str, Any]]
    section: Callable[[Found], str]
    figures: Callable[[Found], dict[str, str]]
    months: tuple[Month, ...] = ()
    folder: str = ""
    needs: str = ""
    stamped: Callable[[Found], dict[str, Any]] = lambda found: {}
    written: Callable[[Places], Path] | None = None

    @property
    def simulated(self) -> bool:
        """Whether its events are; those of what ran before are too."""
        return not self.folder

    @property
    def seeds(self) -> list[int]:
        """Of its months."""
        return [seed for _, seed in self.months]

    def sources(self, places: Places) -> list[Path]:
        """What it measures; nothing where that is not there. Months are made if need be."""
        if self.months:
            sizes = [(places.events or events, seed) for events, seed in self.months]
            return [month(places.months, events, seed) for events, seed in sizes]
        if self.folder:
            here = places.data is not None and (places.data / self.folder).is_dir()
            return [places.data] if here and places.data else []
        file = None if self.written is None else self.written(places)
        return [file] if file is not None and file.exists() else []

    def rows(self, sources: Sequence[Path]) -> dict[str, int]:
        """Events of each month, or rows of each file of the real data."""
        if self.months:
            return {m.name: pq.read_metadata(m / "events.parquet").num_rows for m in sources}
        folders = [source / self.folder for source in sources if self.folder]
        files = [file for folder in folders for file in sorted(folder.glob("*.parquet"))]
        return {f"{f.parent.name}/{f.stem}": pq.read_metadata(f).num_rows for f in files}


def _months(*seeds: int, events: int = LARGE) -> tuple[Month, ...]:
    return tuple((events, seed) for seed in seeds)


def _read(sources: Sequence[Path]) -> dict[str, Any]:
    """What was written before."""
    found: dict[str, Any] = json.loads(sources[0].read_text("utf-8"))
    return found


def _real(name: str, heading: str, folder: str) -> Part:
    """A part on real data; its module is loaded when it is measured or shown."""

    def module() -> Any:
        return import_module(f"benchmarks.real.{name}")

    return Part(
        name,
        heading,
        measure=lambda sources: module().measure(sources[0]),
        section=lambda found: module().section(found),
        figures=lambda found: module().figures(found),
        folder=folder,
        needs=f"the folder `{folder}` of real data, which is not part of the project: --data",
    )


FIVE = tuple(range(FIRST, FIRST + 5))
PARTS = (
    Part("detection", "Who is found", detection.measure, detection.section, detection.figures,
         months=(*_months(*FIVE), (LARGEST, FIRST + 5))),
    Part("others", "What others would find", lambda sources: compare.measure(sources[0]),
         compare.section, compare.figures, months=_months(FIRST)),
    Part("honesty", "Is a bit a bit, and is E honest?",
         lambda sources: claims.measure(sources, FIRST), claims.section, claims.figures,
         months=_months(*FIVE)),
    Part("ablation", "What each part adds", lambda sources: left_out.measure(sources, FIRST),
         left_out.section, left_out.figures, months=_months(FIRST, FIRST + 1)),
    _real("wallets", "Wallets of a real airdrop", "hop_dev"),
    _real("graphs", "Public graphs with published communities", "communities"),
    _real("posts", "Streams of posts", "cooccurrence"),
    Part("prompts", "Prompts", _read, prompts.section, prompts.figures,
         needs="what `python -m benchmarks.templates --months` writes", stamped=prompts.stamped,
         written=lambda places: places.prompts),
    Part("speed", "Speed, memory and disk", _read, speed.section, speed.figures,
         needs="what `make bench` writes", stamped=speed.stamped,
         written=lambda places: places.speed),
    Part("examples", "Who is not found, and who is wrongly flagged",
         lambda sources: cases.measure(sources[0]), cases.section, cases.figures,
         months=_months(FIRST)),
)  # fmt: skip
NAMES = tuple(part.name for part in PARTS)
