"""Commands that make something: detect, simulate, demo."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.keeping import obeyed
from linkage.cli.options import RESULT, Algorithm, JsonOption, QuietMaking
from linkage.cli.progress import Waiting
from linkage.errors import SettingsError
from linkage.render import clean, command, number, seconds

if TYPE_CHECKING:
    from linkage.neo4j import Status
    from linkage.run import Run
    from linkage.scenarios import Scenario, SimulationSummary
    from linkage.settings import Settings

DEMO = Path("demo")


def detect(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Event files (Parquet, CSV, NDJSON; .gz and .zst), folders or globs; "
            "- is standard input."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = RESULT,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            help="Instead of events: folder with evidence.parquet, and activity.parquet if known.",
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", "-s", help="Settings file, such as linkage.toml."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="Result folder of a run that says what is usual."),
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", "-w", help="Workspace whose decisions and allowlist are obeyed."
        ),
    ] = None,
    algorithm: Annotated[
        Algorithm | None,
        typer.Option("--algorithm", help="How links become communities; leiden if not said."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the result that --out holds.")
    ] = False,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Find the networks in events, or in gathered evidence.

    Writes a result folder: clusters, members, evidence, links, and the proposed ban list.
    """
    import linkage

    if bool(sources) == (evidence is not None):
        raise typer.BadParameter("name event files, or --evidence FOLDER: one of the two")
    chosen = _settings(settings, algorithm)
    judgements = None if workspace is None else obeyed(workspace, settings)
    with Waiting("detecting", quiet=quiet) as progress:
        run = linkage.detect(
            sources,
            out,
            chosen,
            evidence=evidence,
            baseline=baseline,
            judgements=judgements,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        output.write_json(_summary(run))
    elif not quiet:
        from linkage.cli.report import findings, next_steps

        screen = output.console()
        findings(screen, run)
        output.commands(screen, next_steps(run))


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder for events.parquet and truth.parquet.")],
    accounts: Annotated[int, typer.Option("--accounts", help="Accounts in all.")] = 20_000,
    fakes: Annotated[int, typer.Option("--fakes", help="Accounts that are in networks.")] = 500,
    events: Annotated[int, typer.Option("--events", help="Events, about.")] = 400_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another month.")] = 1,
    prompts: Annotated[
        bool, typer.Option("--prompts", help="Write the text of prompts, not just template ids.")
    ] = False,
    evasion: Annotated[
        list[str] | None,
        typer.Option(
            "--evasion",
            help="Let networks hide in this way alone; repeat for more. All usual ways if not "
            "said; a wrong name lists them.",
        ),
    ] = None,
    no_evasion: Annotated[
        bool, typer.Option("--no-evasion", help="Let no network hide in any way.")
    ] = False,
    reword: Annotated[
        float | None,
        typer.Option(
            "--reword",
            help="Let networks that paraphrase reword all that they make from their templates, "
            "and so much of the words in it (0.5: half).",
        ),
    ] = None,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Write a simulated month and its truth.

    Networks of accounts, innocents that look like them, and ordinary people, in
    OUT/events.parquet; who is who, in OUT/truth.parquet. Same options, same bytes.
    """
    from linkage.scenarios import DEFAULT_EVASIONS, Paraphrase, Scenario

    if evasion and no_evasion:
        raise SettingsError(["--evasion and --no-evasion exclude each other"], "options")
    ways = frozenset(evasion) if evasion else frozenset() if no_evasion else DEFAULT_EVASIONS
    if reword is not None and "paraphrase" not in ways:
        raise SettingsError(["--reword needs the evasion paraphrase"], "options")
    paraphrase = Paraphrase() if reword is None else Paraphrase(requests=1, words=reword)
    scenario = Scenario(
        accounts, fakes, events, seed, prompts, evasions=ways, paraphrase=paraphrase
    )
    summary = _simulated(scenario, out, quiet=quiet)
    if as_json:
        output.write_json({**summary.__dict__, "kinds": dict(summary.kinds),
                           "events_path": str(summary.events_path),
                           "truth_path": str(summary.truth_path)})  # fmt: skip
    elif not quiet:
        _say_simulated(summary)


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the month and the result.")
    ] = DEMO,
    neo4j: Annotated[
        bool,
        typer.Option(
            "--neo4j",
            help="Bring the result into a local Neo4j as well, in the folder neo4j beside it. "
            "Needs Java 17 or later and Maven.",
        ),
    ] = False,
    quiet: QuietMaking = False,
) -> None:
    """Try it all on a simulated month.

    Simulates 400,000 events of 20,000 accounts, 500 of them in networks; detects; compares
    with the simulated truth. Takes less than a minute. A demo that is there is replaced.
    """
    import linkage
    from linkage.evaluation import evaluate, read_truth
    from linkage.scenarios import Scenario
    from linkage.settings import Settings

    begun = time.monotonic()
    summary = _simulated(Scenario(), out / "month", quiet=quiet)
    events = [str(summary.events_path)]
    with Waiting("detecting", quiet=quiet) as progress:
        run = linkage.detect(events, out / "result", Settings(), overwrite=True, progress=progress)
    evaluation = evaluate(run, read_truth(summary.truth_path))
    shown = _in_neo4j(run, out / "neo4j", quiet=quiet) if neo4j else None
    if quiet:
        return
    from linkage.cli.evaluating import headline
    from linkage.cli.report import findings, next_steps

    screen = output.console()
    _say_simulated(summary)
    screen.print()
    findings(screen, run)
    headline(screen, evaluation)
    against = command("linkage", "evaluate", run.path, summary.truth_path)
    more = (against, "the result against the simulated truth, kind by kind")
    output.commands(screen, [*next_steps(run), more])
    screen.print()
    screen.print(f"Simulated, detected and compared in {seconds(time.monotonic() - begun)}.")
    if shown is not None:
        from linkage.cli.browsing import say_open

        say_open(screen, shown)


def _in_neo4j(run: Run, folder: Path, *, quiet: bool) -> Status:
    """All of a run in the server of a folder, which is started unless it runs."""
    from linkage.graph.neo4j import Database, Neo4jPublisher, Scope, Target
    from linkage.neo4j import Server

    server = Server(folder)
    with Waiting("Neo4j", quiet=quiet) as progress:
        status = server.up(progress=progress)
    target = Target(str(status.bolt), status.user, server.password())
    with (
        closing(Database(target)) as database,
        Waiting("bringing the graph in", quiet=quiet) as progress,
    ):
        Neo4jPublisher(database, Scope.all, progress=progress).push(run.path)
    return status


def _settings(path: Path | None, algorithm: Algorithm | None) -> Settings:
    from linkage.settings import load

    read = load(path)
    if algorithm is None:
        return read
    communities = read.communities.model_copy(update={"algorithm": algorithm.value})
    return read.model_copy(update={"communities": communities})


def _simulated(scenario: Scenario, out: Path, *, quiet: bool) -> SimulationSummary:
    from linkage.scenarios import simulate as simulated

    with Waiting("simulating", quiet=quiet) as progress:
        return simulated(scenario, out, lambda fraction, stage: progress(stage, fraction))


def _summary(run: Run) -> dict[str, object]:
    flagged = run.clusters[run.clusters.proposal != "none"]
    return {
        "result": str(run.path),
        "banlist": str(run.path / "banlist.csv"),
        "counts": run.info["counts"],
        "held_by": run.members.held_by.value_counts().to_dict(),
        "clusters": flagged.to_dict("records"),
    }


def _say_simulated(summary: SimulationSummary) -> None:
    screen = output.console()
    screen.print(
        f"Simulated {number(summary.events)} events of {number(summary.accounts)} accounts, "
        f"{number(summary.fakes)} of them in {number(summary.networks)} networks:"
    )
    screen.print(f"  {clean(summary.events_path)}", soft_wrap=True)
    screen.print(f"  {clean(summary.truth_path)}", soft_wrap=True)
