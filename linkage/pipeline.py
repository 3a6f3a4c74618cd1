"""The stages in order: events -> evidence and activity -> links -> communities -> clusters ->
proposals -> result folder."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ibis

from linkage import results
from linkage.activity import activity
from linkage.artifacts import ArtifactKind
from linkage.attachment import membership
from linkage.baseline import load
from linkage.clusters import clusters
from linkage.communities import communities
from linkage.decisions import proposals
from linkage.events import read
from linkage.evidence import evidence
from linkage.links import dealings, links
from linkage.recorder import Progress, Recorder
from linkage.results import Results
from linkage.settings import Settings
from linkage.signals import CARRIED
from linkage.units import incidence, units

STAGES = {
    "events": 10.0,
    "activity": 14.0,
    "evidence": 34.0,
    "links": 14.0,
    "communities": 4.0,
    "attachment": 6.0,
    "clusters": 4.0,
    "proposals": 1.0,
    "results": 13.0,
}

Source = str | Path


def detect(
    sources: Source | Sequence[Source],
    out: Path,
    settings: Settings | None = None,
    *,
    baseline: Path | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Find the networks in event files and write a result folder; returns its path.

    sources    files, folders and globs of Parquet, CSV and NDJSON; `-` is standard input
    out        appears whole, by one rename, or not at all
    baseline   another run's result, to weigh against its figures instead of one's own
    progress   is told the stage's name and the fraction done

    Raises InputError, SettingsError or ResultError; nothing is left behind then.
    """
    settings = settings or Settings()
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    results.check_free(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    record = Recorder(STAGES, progress)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
        found = stages(given, settings, Path(work), baseline=baseline, record=record)
        folder = Path(work) / "result"
        with record.stage("results"):
            results.write(found, folder)
        results.write_info(found, record, folder)
        results.publish(folder, out, overwrite)
    return out


def stages(
    sources: Sequence[Source],
    settings: Settings,
    work: Path,
    *,
    baseline: Path | None = None,
    record: Recorder | None = None,
    kinds: tuple[ArtifactKind, ...] | None = None,
) -> Results:
    """All stages up to the proposals, with what each of them returned; nothing is written.

    `work` is a folder for what does not fit into memory; it must outlast the results, which
    are read from it. `kinds` are the settings' if not given.
    """
    threads = settings.resources.threads or os.cpu_count() or 1
    kinds, record = kinds or settings.kinds(), record or Recorder(STAGES)
    usual = load(baseline) if baseline is not None else None
    con = _engine(settings, threads, work)
    with record.stage("events"):
        events = read(con, list(sources), settings, work / "events")
    with record.stage("activity"):
        acts = activity(events.table, kinds, CARRIED)
    with record.stage("evidence"):
        proof = evidence(events.table, acts, kinds)
    with record.stage("links"):
        unit = units(acts)
        inc = incidence(proof, unit, kinds, usual)
        link = links(inc, settings.links, threads)
    with record.stage("communities"):
        size = unit.first.size
        deals = dealings(link, kinds)
        labels = communities(link.a, link.b, link.above, size, settings.communities, threads, deals)
    with record.stage("attachment"):
        least = settings.score.group_accounts
        members = membership(inc, labels, least, settings.attachment, threads)
    with record.stage("clusters"):
        references = usual.references if usual else None
        found = clusters(members, unit, proof, acts, kinds, settings, references)
    with record.stage("proposals"):
        proposed = proposals(found, members, unit, inc, link, acts, settings, references)
    return Results(
        settings=settings,
        kinds=kinds,
        baseline=usual,
        events=events,
        activity=acts,
        evidence=proof,
        units=unit,
        incidence=inc,
        links=link,
        membership=members,
        clusters=found,
        proposals=proposed,
    )


def _engine(settings: Settings, threads: int, work: Path) -> ibis.backends.duckdb.Backend:
    """The table engine of one run: in memory up to its share, then in the work folder."""
    return ibis.duckdb.connect(
        memory_limit=settings.resources.memory,
        threads=threads,
        temp_directory=str(work / "spill"),
        preserve_insertion_order=False,
    )
