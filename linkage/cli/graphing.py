"""The commands for the graph in a database: push, status, drop, export, pull."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import browsing, output
from linkage.cli.asking import database_of
from linkage.cli.options import RESULT, DatabaseOption, JsonOption, QuietMaking
from linkage.cli.progress import Waiting
from linkage.render import clean, command, number, when

STATES = {"whole": "whole", "begun": "begun, not whole yet", "going": "going away"}
OF_RUN = ("run", "id", "scope", "state", "shown", "begun", "published", "previous")


class ScopeName(StrEnum):
    """What of a run the graph has."""

    flagged = "flagged"
    all = "all"


ScopeOption = Annotated[
    ScopeName,
    typer.Option(
        "--scope",
        help="flagged: flagged clusters, their artifacts and one step around; all: every account "
        "and every shared artifact.",
    ),
]
ResultArgument = Annotated[Path, typer.Argument(help="Result folder that `linkage detect` made.")]

app = typer.Typer(
    help="A run's graph in a Neo4j database.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def push(
    result: ResultArgument = RESULT,
    scope: ScopeOption = ScopeName.flagged,
    graph: DatabaseOption = None,
    keep: Annotated[
        int, typer.Option(min=0, show_default="0", help="Runs shown before that stay there.")
    ] = 0,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a run into a database, and show it there.

    Readers see the run that was shown before until this one is whole. What was interrupted goes
    on where it was if the same is pushed again; a run that is there stays as it is.
    """
    with database_of(graph) as database:
        from linkage.graph.neo4j import Neo4jPublisher, Scope

        with Waiting("pushing", quiet=quiet) as progress:
            publisher = Neo4jPublisher(database, Scope(scope), keep=keep, progress=progress)
            pushed = publisher.push(result)
    if as_json:
        output.write_json(asdict(pushed))
    elif not quiet:
        screen = output.console()
        what = f"The run {clean(pushed.run)} ({pushed.scope})"
        was = "was there already" if pushed.already else "was brought in"
        screen.print(f"{what} {was}, and is shown.", soft_wrap=True)
        for part, rows in pushed.parts.items():
            screen.print(f"  {clean(part):<28}{number(rows):>14}", soft_wrap=True)
        for key in pushed.dropped:
            screen.print(f"Taken away: {clean(key)}", soft_wrap=True)


@app.command()
def status(graph: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List the runs that a database holds, and which is shown."""
    with database_of(graph) as database:
        from linkage.graph.neo4j import Neo4jPublisher

        runs = Neo4jPublisher(database).runs()
        where = database.target.url
    if as_json:
        output.write_json([{name: row[name] for name in OF_RUN} for row in runs])
        return
    screen = output.console()
    if not runs:
        screen.print(f"{clean(where)} holds no run.", soft_wrap=True)
        return
    # The key says run and scope, and is what `drop` takes: a narrow screen must not cut it.
    table = output.table("key", "state", "shown", "begun", "published", fold=("begun", "published"))
    for row in runs:
        table.add_row(
            output.cell(row["run"]),
            output.cell(STATES.get(row["state"], row["state"])),
            output.cell("yes" if row["shown"] else ""),
            output.cell(when(row["begun"])),
            output.cell(when(row["published"])),
        )
    screen.print(table)


@app.command()
def drop(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its key, as `status` has it.")],
    graph: DatabaseOption = None,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Take a run out of a database, unless it is shown.

    Nothing else is touched.
    """
    with database_of(graph) as database:
        from linkage.graph.neo4j import Neo4jPublisher

        with Waiting("taking away", quiet=quiet) as progress:
            progress(run, 0.0)
            Neo4jPublisher(database).drop(run)
    if as_json:
        output.write_json({"dropped": run})
    elif not quiet:
        output.console().print(f"Taken away: {clean(run)}", soft_wrap=True)


@app.command()
def export(
    result: ResultArgument,
    out: Annotated[Path, typer.Argument(help="Folder to write; it must be new, or empty.")],
    scope: ScopeOption = ScopeName.flagged,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Write a run's graph as files for the importer of Neo4j.

    For `neo4j-admin database import full`, into an empty database: the same as a push brings in.
    OUT/import.sh is the command that imports it; a push of the same run comes last and makes
    constraints and indexes.
    """
    from linkage.graph.neo4j import Scope
    from linkage.graph.neo4j.export import export as exported

    with Waiting("exporting", quiet=quiet) as progress:
        found = exported(result, out, Scope(scope), progress)
    if as_json:
        output.write_json({**asdict(found), "folder": str(found.folder)})
    elif not quiet:
        screen = output.console()
        screen.print(f"The run {clean(found.run)} ({found.scope}) in {clean(out)}:", soft_wrap=True)
        for name, rows in found.files.items():
            screen.print(f"  {clean(name):<40}{number(rows):>14}", soft_wrap=True)
        push = command("linkage", "graph", "push", result, "--scope", scope.value)
        steps = (
            (found.command, "imports it: on the server's machine, while the server is stopped"),
            (push, "the last step, once it runs again: makes the constraints and indexes"),
        )
        output.commands(screen, steps)


@app.command()
def pull(
    out: Annotated[Path, typer.Argument(help="Folder to write; it must be new, or empty.")],
    graph: DatabaseOption = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            "-s",
            help="Settings file that declares further kinds, for a graph of others.",
        ),
    ] = None,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Make the evidence in a graph the input of `linkage detect`.

    Writes OUT/evidence.parquet, and OUT/activity.parquet as far as the graph knows it: of the run
    that is shown, if all of it was pushed, or of a graph that somebody else made in this model.
    """
    from linkage.settings import load

    read = None if settings is None else load(settings)
    with database_of(graph) as database:
        from linkage.graph.neo4j.pull import pull as pulled

        with Waiting("pulling", quiet=quiet) as progress:
            found = pulled(database, out, read, progress)
    if as_json:
        paths = {"folder": str(found.folder), "settings": found.settings and str(found.settings)}
        output.write_json({**asdict(found), **paths})
    elif not quiet:
        screen = output.console()
        of = "a graph without runs" if found.run is None else f"the run {clean(found.run)}"
        screen.print(
            f"{number(found.evidence)} rows of evidence of {number(found.accounts)} accounts, from "
            f"{of}, in {clean(out)}.",
            soft_wrap=True,
        )
        if found.baseline is not None:
            screen.print(
                f"The run was weighed against another ({clean(found.baseline)}): name that as "
                "--baseline for the same result.",
                soft_wrap=True,
            )
        chosen = found.settings or settings
        words = [] if chosen is None else ["--settings", chosen]
        line = command("linkage", "detect", "--evidence", out, *words, "--out", "again")
        output.commands(screen, [(line, "the networks in this evidence")])


app.command()(browsing.browse)
