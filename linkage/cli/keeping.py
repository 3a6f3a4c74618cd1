"""The commands of a workspace: the service, its keys and its runs."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.options import JsonOption
from linkage.render import clean, number, when

if TYPE_CHECKING:
    from linkage.judgements import Judgements
    from linkage.state import Key, State

WORKSPACE = Path("workspace")
WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace", "-w", envvar="LINKAGE_WORKSPACE", help="Folder of runs, keys and decisions."
    ),
]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", "-s", help="linkage.toml, with the table [service].")
]

keys = typer.Typer(
    help="Keys of the service: who may ask it what.", no_args_is_help=True, rich_markup_mode=None
)
runs = typer.Typer(help="The runs of a workspace.", no_args_is_help=True, rich_markup_mode=None)


def serve(
    workspace: WorkspaceOption = WORKSPACE,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", "-s", help="linkage.toml: [service], [privacy], [banlist], [[webhooks]]."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any.")
    ] = None,
) -> None:
    """Answer over HTTP what clusters there are, and why.

    It records decisions as well. Stops at Ctrl-C or SIGTERM, once the requests that are being
    answered are done.
    """
    from api.server import run
    from api.settings import load
    from linkage import privacy, webhooks
    from linkage.banlist.settings import load as of_lists
    from linkage.settings import all_of
    from linkage.settings import load as of_runs

    given = {"host": host, "port": port}
    environment = dict(os.environ) | {
        f"LINKAGE_SERVICE_{name.upper()}": str(value)
        for name, value in given.items() if value is not None
    }  # fmt: skip
    service, runs, people, lists, receivers = all_of(
        lambda: load(settings, environment),
        lambda: of_runs(settings),
        lambda: privacy.opened(privacy.load(settings, environment)),
        lambda: of_lists(settings, environment),
        lambda: webhooks.load(settings),
    )
    run(workspace, service, runs, people, lists, receivers)


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who acts with it: decisions carry this name.")],
    scope: Annotated[
        list[str], typer.Option("--scope", help="ingest, read, review, publish or admin; repeat.")
    ],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it expires; never if not given.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, once: it cannot be shown again."""
    from linkage.errors import SettingsError
    from linkage.state import Scope
    from linkage.state import keys as of_state

    unknown = [word for word in scope if word not in set(Scope)]
    if unknown:
        known = ", ".join(Scope)
        faults = [f"{clean(word, 40)}: no scope; there are {known}" for word in unknown]
        raise SettingsError(faults, "--scope")
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    with state_of(workspace, settings) as state, state.write() as connection:
        key, text = of_state.create(connection, name, [Scope(word) for word in scope], expires)
    if as_json:
        output.write_json({**_told(key), "key": text})
        return
    screen = output.console()
    screen.print(text, soft_wrap=True)
    output.console(errors=True).print(
        f"{clean(key.name)} ({key.id}): keep it safe, it is not shown again.", soft_wrap=True
    )


@keys.command(name="list")
def list_keys(
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys: whose they are, and what they may do."""
    from linkage.state import keys as of_state

    with state_of(workspace, settings) as state, state.read() as connection:
        found = of_state.every(connection)
    if as_json:
        output.write_json([_told(key) for key in found])
        return
    table = output.table("id", "name", "scopes", "created", "works", fold=("name", "scopes"))
    now = datetime.now(UTC)
    for key in found:
        works = "revoked" if key.revoked else "yes" if key.works(now) else "expired"
        cells = (key.id, key.name, ", ".join(sorted(key.scopes)), f"{key.created:%Y-%m-%d}", works)
        table.add_row(*(output.cell(cell) for cell in cells))
    output.console().print(table)


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `list` has it.")],
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
) -> None:
    """Have a key work no longer, within five seconds."""
    from linkage.state import keys as of_state

    with state_of(workspace, settings) as state, state.write() as connection:
        gone = of_state.revoke(connection, key)
    output.console().print(f"{clean(gone.name)} ({gone.id}) works no longer.", soft_wrap=True)


@runs.command()
def add(
    result: Annotated[Path, typer.Argument(help="Result folder that `linkage detect` made.")],
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Have the service answer from a result.

    It is copied into the workspace, whole or not at all.
    """
    from linkage.workspace import Workspace

    name = Workspace.at(workspace).add(result)
    output.console().print(f"The run {name} is served.", soft_wrap=True)


@runs.command(name="list")
def list_runs(workspace: WorkspaceOption = WORKSPACE, as_json: JsonOption = False) -> None:
    """List the runs of a workspace, and which is served."""
    from linkage.graph import open_graph
    from linkage.workspace import Workspace

    kept = Workspace.at(workspace)
    served = kept.current()
    found = []
    for name in kept.runs():
        with closing(open_graph(kept.run(name))) as graph:
            run = graph.run()
        counts = {part: run.counts[part] for part in ("events", "accounts", "clusters", "listed")}
        is_served = served is not None and served.name == name
        found.append({"run": name, "served": is_served, "published": run.published, **counts})
    if as_json:
        output.write_json(found)
        return
    table = output.table(
        "run", "served", "published", "events", "accounts", "clusters", "listed",
        right=("events", "accounts", "clusters", "listed"), fold=("published",),
    )  # fmt: skip
    for row in found:
        figures = (number(row[part]) for part in ("events", "accounts", "clusters", "listed"))
        cells = (row["run"], "yes" if row["served"] else "", when(row["published"]), *figures)
        table.add_row(*(output.cell(cell) for cell in cells))
    output.console().print(table)


@runs.command(name="serve")
def serve_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its id, as `list` has it.")],
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Have the service answer from another run.

    One that the workspace has, such as the run before. The next detection that is done is served
    again.
    """
    from linkage.workspace import Workspace

    Workspace.at(workspace).serve(run)
    output.console().print(f"The run {clean(run)} is served.", soft_wrap=True)


def _told(key: Key) -> dict[str, object]:
    return {
        "id": key.id, "name": key.name, "scopes": sorted(key.scopes), "created": key.created,
        "expires": key.expires, "revoked": key.revoked,
    }  # fmt: skip


def state_of(workspace: Path, settings: Path | None) -> State:
    """The state of a workspace, for a `with` statement."""
    from api.settings import load
    from linkage.state import open_state
    from linkage.workspace import Workspace

    return open_state(load(settings, os.environ).state or Workspace.at(workspace).state)


def obeyed(workspace: Path, settings: Path | None) -> Judgements:
    """What a detection obeys: the decisions and the allowlist of a workspace that is there."""
    from linkage.errors import MissingInput
    from linkage.obeying import judgements
    from linkage.workspace import Workspace

    if not workspace.is_dir():
        raise MissingInput(f"{clean(workspace)}: no such workspace")
    with state_of(workspace, settings) as state:
        return judgements(Workspace.at(workspace), state)
