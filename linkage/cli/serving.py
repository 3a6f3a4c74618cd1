"""The commands for a local Neo4j."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.options import JsonOption
from linkage.cli.progress import Waiting
from linkage.render import clean, command

if TYPE_CHECKING:
    from linkage.neo4j import Status

FOLDER = Path("neo4j")
FolderOption = Annotated[
    Path, typer.Option("--folder", help="Folder of the server: its data, logs and password.")
]

app = typer.Typer(
    help="A local Neo4j server, to try things out with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def up(
    folder: FolderOption = FOLDER,
    bolt_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of Bolt; one that is free if not named."),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port of Neo4j Browser; one that is free if not named."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start the server, unless it runs, and say how to reach it.

    Only this machine can reach it. The first time, Maven fetches Neo4j, some 140 MB. Needs
    Java 17 or later and Maven.
    """
    from linkage.neo4j import Server

    server = Server(folder)
    with Waiting("Neo4j", quiet=False) as progress:
        status = server.up(bolt_port, http_port, progress=progress)
    if as_json:
        output.write_json(status.to_dict())
        return
    screen = output.console()
    _say(screen, status)
    _say_how(screen, status)


@app.command()
def down(folder: FolderOption = FOLDER, as_json: JsonOption = False) -> None:
    """Stop the server; its data stay."""
    from linkage.neo4j import Server

    with Waiting("Neo4j", quiet=False) as progress:
        progress("stopping", 0.0)
        stopped = Server(folder).down()
    if as_json:
        output.write_json(stopped.to_dict())
        return
    screen = output.console()
    where = clean(stopped.folder)
    if stopped.before in ("running", "unready"):
        screen.print(f"Neo4j in {where} was stopped.", soft_wrap=True)
    else:
        screen.print(f"Neo4j in {where} did not run.", soft_wrap=True)
    if stopped.before == "died":
        screen.print("It had died: its process was gone, though nothing had stopped it.")
    if stopped.killed:
        screen.print("It did not stop in time and was killed; it recovers at its next start.")


@app.command()
def status(folder: FolderOption = FOLDER, as_json: JsonOption = False) -> None:
    """Say whether the server runs, and where."""
    from linkage.neo4j import Server

    found = Server(folder).status()
    if as_json:
        output.write_json(found.to_dict())
    else:
        _say(output.console(), found)


def _say(screen: Console, status: Status) -> None:
    """What it is, and where."""
    from linkage.neo4j.server import STATES

    named = f"Neo4j {status.version}" if status.version else "Neo4j"
    words = "was running already" if status.was_running else STATES[status.state]
    process = "" if status.pid is None else f" (process {status.pid})"
    screen.print(f"{named} {words}{process}.", soft_wrap=True)
    rows = (
        ("folder", status.folder),
        ("Bolt", status.bolt),
        ("Browser", status.browser),
        ("guide", status.guide),
        ("user", status.user if status.bolt else None),
        ("password", f"in {status.password_file}" if status.bolt else None),
    )
    for name, value in rows:
        if value is not None:
            screen.print(f"  {name:<10}{clean(value)}", soft_wrap=True)


def _say_how(screen: Console, status: Status) -> None:
    """The environment in which the server is the graph."""
    screen.print()
    screen.print("For the commands that use it:")
    for line in (
        command("export", f"LINKAGE_GRAPH={status.bolt}"),
        command("export", f"LINKAGE_GRAPH_USER={status.user}"),
        f'export LINKAGE_GRAPH_PASSWORD="$({command("cat", status.password_file)})"',
    ):
        screen.print(f"  {line}", soft_wrap=True)
