"""The stages in order: events -> templates, or gathered evidence -> evidence and activity -> links
-> communities -> clusters -> proposals -> result folder."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from linkage import gathered, naming, results
from linkage.activity import activity
from linkage.artifacts import ArtifactKind
from linkage.attachment import membership
from linkage.baseline import load
from linkage.clusters import clusters
from linkage.communities import communities
from linkage.decisions import obeying, proposals
from linkage.errors import InputError
from linkage.events import read
from linkage.evidence import Evidence, evidence
from linkage.judged import heard, judged, verified, without
from linkage.judgements import Judgements
from linkage.links import dealings, links
from linkage.prompts import templates
from linkage.recorder import Progress, Recorder
from linkage.results import Obeyed, Origin, Results
from linkage.settings import Settings
from linkage.signals import CARRIED
from linkage.standing import standing
from linkage.units import incidence, units

STAGES = {
    "events": 10.0,
    "templates": 10.0,
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
Known = tuple[Origin, ir.Table, Evidence, pa.Table]


def detect(
    sources: Source | Sequence[Source] | None,
    out: Path,
    settings: Settings | None = None,
    *,
    evidence: Path | None = None,
    baseline: Path | None = None,
    judgements: Judgements | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Find the networks in events or gathered evidence, write a result folder; returns its path.

    sources    files, folders and globs of Parquet, CSV and NDJSON; `-` is standard input
    evidence   instead of them, a folder with evidence.parquet, and activity.parquet if known
    out        appears whole, by one rename, or not at all
    baseline   another run's result, to weigh against its figures instead of one's own
    judgements what people have decided before, which the run obeys
    progress   is told the stage's name and the fraction done

    Raises InputError, SettingsError or ResultError; nothing is left behind then.
    """
    settings = settings or Settings()
    given = [sources] if isinstance(sources, str | Path) else list(sources or ())
    if bool(given) == (evidence is not None):
        raise InputError("name event files, or a folder of gathered evidence: one of the two")
    results.check_free(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    record = Recorder(STAGES, progress)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
        found = stages(
            given,
            settings,
            Path(work),
            folder=evidence,
            baseline=baseline,
            judgements=judgements,
            record=record,
        )
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
    folder: Path | None = None,
    baseline: Path | None = None,
    judgements: Judgements | None = None,
    record: Recorder | None = None,
    kinds: tuple[ArtifactKind, ...] | None = None,
) -> Results:
    """All stages up to the proposals, with what each of them returned; nothing is written.

    `folder` has gathered evidence, if that takes the place of events. `work` is a folder for
    what does not fit into memory; it must outlast the results, which are read from it. `kinds`
    are the settings' if not given.
    """
    judgements = judgements or Judgements()
    threads = settings.resources.threads or os.cpu_count() or 1
    kinds, record = kinds or settings.kinds(), record or Recorder(STAGES)
    usual = load(baseline) if baseline is not None else None
    con = _engine(settings, threads, work)
    if folder is None:
        origin, acts, proof, made = _of_events(con, sources, settings, work, kinds, record)
    else:
        origin, acts, proof, made = _of_gathered(con, folder, kinds, record)
    if usual is not None:
        naming.check_alike(origin.pseudonyms, usual.pseudonyms, "events and baseline")
    with record.stage("links"):
        acts = verified(acts, judgements.organisations)
        unit = units(acts)
        known = judged(judgements, unit, acts, proof, kinds)
        inc = incidence(proof, unit, kinds, usual, known.silent)
        link = without(links(inc, settings.links, threads), known.parted)
    with record.stage("communities"):
        size = unit.first.size
        deals = dealings(link, kinds)
        labels = communities(link.a, link.b, link.above, size, settings.communities, threads, deals)
    with record.stage("attachment"):
        least = settings.score.group_accounts
        members = membership(inc, labels, least, settings.attachment, threads, known.parted)
    with record.stage("clusters"):
        references = usual.references if usual else None
        found = clusters(members, unit, heard(proof, known), acts, kinds, settings, references)
    with record.stage("proposals"):
        proposed = proposals(found, members, unit, inc, link, acts, settings, references)
        stands = standing(known, members, unit, inc, settings)
        proposed = obeying(proposed, found, known, stands, settings.policy)
    return Results(
        settings=settings,
        kinds=kinds,
        baseline=usual,
        origin=origin,
        activity=acts,
        evidence=proof,
        templates=made,
        units=unit,
        incidence=inc,
        links=link,
        membership=members,
        clusters=found,
        proposals=proposed,
        obeyed=Obeyed(judgements, known, stands),
    )


def _of_events(
    con: ibis.backends.duckdb.Backend,
    sources: Sequence[Source],
    settings: Settings,
    work: Path,
    kinds: tuple[ArtifactKind, ...],
    record: Recorder,
) -> Known:
    with record.stage("events"):
        events = read(con, sources, settings, work / "events")
    with record.stage("templates"):
        threads = settings.resources.threads or os.cpu_count() or 1
        made = templates(con, events.table, settings, threads, work / "prompts")
    with record.stage("activity"):
        acts = activity(made.events, kinds, CARRIED)
    with record.stage("evidence"):
        proof = evidence(made.events, acts, kinds)
    origin = Origin(
        files=events.files,
        evidence=None,
        events=events.rows,
        quarantined=events.quarantined,
        quarantine=events.quarantine,
        duplicates=events.duplicates,
        unknown={},
        pseudonyms=events.pseudonyms,
    )
    return origin, acts, proof, made.found


def _of_gathered(
    con: ibis.backends.duckdb.Backend,
    folder: Path,
    kinds: tuple[ArtifactKind, ...],
    record: Recorder,
) -> Known:
    with record.stage("events"):
        given = gathered.read(con, folder, kinds, CARRIED)
    with record.stage("templates"):
        made = gathered.templates(folder)
    with record.stage("activity"):
        acts = gathered.activity(given, kinds)
    with record.stage("evidence"):
        proof = gathered.evidence(given, acts, kinds)
    origin = Origin(
        files=given.files,
        evidence=folder,
        events=acts.events.sum().to_pyarrow().as_py(),
        quarantined=0,
        quarantine=None,
        duplicates=0,
        unknown=gathered.unknown(acts),
        pseudonyms=naming.key_of(folder),
    )
    return origin, acts, proof, made


def _engine(settings: Settings, threads: int, work: Path) -> ibis.backends.duckdb.Backend:
    """The table engine of one run: in memory up to its share, then in the work folder."""
    return ibis.duckdb.connect(
        memory_limit=settings.resources.memory,
        threads=threads,
        temp_directory=str(work / "spill"),
        preserve_insertion_order=False,
    )
