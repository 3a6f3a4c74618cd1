"""The commands together, and what their exit codes mean."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from linkage.cli import (
    calibrating,
    conforming,
    evaluating,
    graphing,
    keeping,
    listing,
    making,
    privacy,
    reading,
    saving,
    serving,
    telling,
    templating,
)
from linkage.errors import LinkageError
from linkage.render import clean

EXIT_CODES = """\b
Exit codes:
  0    done
  1    any other fault
  2    a setting or an option is wrong
  3    events, known truth or decisions cannot be read
  4    a result folder or backup is missing, incomplete, or in the way
  5    no such account or cluster in the result
  6    a graph database cannot be reached, or used as was asked
  7    a local Neo4j cannot be fetched, started or stopped
  8    keys, decisions and the like cannot be kept or read
  9    a ban list is not what was signed, or cannot be published
  10   the receiver of a webhook cannot be reached, or refuses
  130  interrupted
"""
INTERRUPTED = 130


class Commands(TyperGroup):
    """Turns faults into a message on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LinkageError as error:
            message = "\n".join(clean(line) for line in str(error).splitlines())
            typer.echo(f"linkage: {message}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("linkage: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="linkage",
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EXIT_CODES,
)


def _version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"linkage {version('linkage')}")
    except PackageNotFoundError:
        typer.echo("linkage, not installed as a package")
    raise typer.Exit


@app.callback()
def linkage(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Find networks of accounts that one operator runs, and say why.

    Start with `linkage demo`, or with your own logs: `linkage detect logs/*.parquet`.
    """


app.command()(making.demo)
app.command()(making.detect)
app.command()(reading.clusters)
app.command()(reading.show)
app.command()(reading.account)
app.command()(reading.explain)
app.command()(making.simulate)
app.command()(evaluating.evaluate)
app.command()(calibrating.calibrate)
app.add_typer(graphing.app, name="graph")
app.add_typer(serving.app, name="neo4j")
app.command()(keeping.serve)
app.add_typer(keeping.runs, name="runs")
app.add_typer(keeping.keys, name="keys")
app.command()(saving.backup)
app.command()(saving.restore)
app.add_typer(privacy.app, name="privacy")
app.command()(privacy.reveal)
listing.app.command()(conforming.conformance)
app.add_typer(listing.app, name="banlist")
app.add_typer(telling.app, name="webhooks")
app.add_typer(templating.app, name="templates")


def main() -> None:
    """Run the command line; a terminal that cannot show a character gets its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app()
