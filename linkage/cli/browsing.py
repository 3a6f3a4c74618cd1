"""The command that prints links into Neo4j Browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.asking import database_of, taken
from linkage.cli.options import DatabaseOption, JsonOption, LimitOption
from linkage.render import clean, command, innocents, plural

if TYPE_CHECKING:
    from linkage.graph import Graph
    from linkage.graph.answers import ClusterRow
    from linkage.neo4j import Status


def browse(
    cluster: Annotated[
        str | None,
        typer.Argument(help="A cluster's id, or the beginning of it; all flagged ones if none."),
    ] = None,
    graph: DatabaseOption = None,
    browser: Annotated[
        str | None,
        typer.Option(
            "--browser",
            metavar="URL",
            help="Address of Neo4j Browser; the database's server is asked if none is given.",
        ),
    ] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Print links that open clusters in Neo4j Browser.

    Each has a statement ready in the editor that draws the cluster: members, and what they share.
    Log in, and run it.
    """
    with database_of(graph) as database:
        from linkage.graph.neo4j import Neo4jGraph
        from linkage.graph.neo4j.browser import browser_of, checked, cluster_link

        where = checked(browser) if browser else browser_of(database)
        target = database.target
        rows, total = _wanted(Neo4jGraph(database), cluster, limit)
    links = [
        cluster_link(where, target.url, target.user or "", row.cluster_id, target.database)
        for row in rows
    ]
    if as_json:
        made = [
            {
                "cluster_id": row.cluster_id,
                "proposal": row.proposal,
                "accounts": row.accounts,
                "expected": row.expected,
                "link": link,
            }
            for row, link in zip(rows, links, strict=True)
        ]
        output.write_json({"browser": where, "total": total, "clusters": made})
    elif cluster is not None:
        typer.echo(links[0])
    elif rows:
        _say(rows, links, total)
    else:
        output.console().print("No flagged clusters.")


def say_open(screen: Console, status: Status) -> None:
    """How to browse the graph of a local server, and how to end that."""
    from linkage.graph.neo4j.browser import login_link

    screen.print()
    screen.print("The graph is in Neo4j. Open this in a browser, and log in with the password:")
    typer.echo(f"  {login_link(str(status.browser), str(status.bolt), status.user)}")
    for name, value in (("user", status.user), ("password", f"in {status.password_file}")):
        screen.print(f"  {name:<10}{clean(value)}", soft_wrap=True)
    screen.print("To stop it (its data stay):")
    screen.print(f"  {command('linkage', 'neo4j', 'down', '--folder', status.folder)}",
                 soft_wrap=True)  # fmt: skip


def _wanted(graph: Graph, cluster: str | None, limit: int) -> tuple[Sequence[ClusterRow], int]:
    """The clusters to link to, and how many there are."""
    from linkage.graph.questions import FLAGGED

    if cluster is not None:
        return [graph.cluster(cluster)], 1
    found = taken(lambda after, most: graph.clusters(FLAGGED, after=after, limit=most), limit)
    return found.rows, graph.run().flagged


def _say(rows: Sequence[ClusterRow], links: Sequence[str], total: int) -> None:
    """Each cluster, and below it its link: in one line, so that it can be clicked or copied."""
    screen = output.console()
    for row, link in zip(rows, links, strict=True):
        told = (
            f"{row.cluster_id}  {row.proposal}, {plural(row.accounts, 'account')}, "
            f"{innocents(row.expected)} innocents expected"
        )
        screen.print(output.cell(told, "bold"), soft_wrap=True)
        typer.echo(f"  {link}")
    output.more(screen, total, len(rows), "--limit 0")
