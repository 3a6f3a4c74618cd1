"""The commands for what is kept of people: keys, pseudonyms, the vault."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.keeping import WORKSPACE, SettingsOption, WorkspaceOption, state_of
from linkage.cli.options import JsonOption
from linkage.render import clean, plural

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.workspace import Workspace

_Settings = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help="linkage.toml, with the tables [service], [privacy]."),
]

app = typer.Typer(
    help="What is kept of people, and under which names.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def keys(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made if need be.")],
    as_json: JsonOption = False,
) -> None:
    """Make the keys of pseudonyms and of the vault.

    Three files: the keys that make pseudonyms, the vault's public key, and its private one, which
    is to be kept elsewhere: whoever has it can tell what pseudonyms stand for.
    """
    from linkage.privacy.keys import make

    chain, public, private = make(out)
    if as_json:
        output.write_json(
            {"hmac_key": str(chain), "vault_key": str(public), "private": str(private)}
        )
        return
    screen = output.console()
    for line in (
        "Into linkage.toml:",
        "  [privacy]",
        f"  hmac_key = {json.dumps(clean(chain))}",
        f"  vault_key = {json.dumps(clean(public))}",
        f"Move {clean(private)} to where the service cannot read it, and keep a copy: without it",
        "nobody can tell what a pseudonym stands for.",
    ):
        screen.print(line, soft_wrap=True)


@app.command()
def expire(
    days: Annotated[
        int | None,
        typer.Option(min=1, help="Days that events are kept; as the settings say if not given."),
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    settings: _Settings = None,
    as_json: JsonOption = False,
) -> None:
    """Take away events that are too old, and what only they named.

    A service does so by itself, once a day and before a detection. This is for a workspace that
    none serves.
    """
    from linkage import privacy
    from linkage.errors import SettingsError
    from linkage.journal.holding import held
    from linkage.privacy.expiry import expire as of_workspace

    kept = days or privacy.load(settings, os.environ).retention_days
    if kept is None:
        raise SettingsError(["say with --days, or in [privacy] retention_days, how many"], "days")
    there = existing(workspace)
    with state_of(workspace, settings) as state, held(workspace):
        gone = of_workspace(there, state, kept)
        with state.write() as connection:
            noted(connection, "expire", f"older than {plural(kept, 'day')}")
    if as_json:
        output.write_json(asdict(gone))
        return
    output.console().print(
        f"{plural(gone.events, 'event')} went, {plural(gone.files, 'file')} of rows that could not "
        f"be used, and {plural(gone.vault, 'row')} of the vault.",
        soft_wrap=True,
    )


@app.command()
def erase(
    account: Annotated[str, typer.Argument(help="By its own name, or by its pseudonym.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit keeps it.")],
    although_listed: Annotated[
        bool, typer.Option("--although-listed", help="Also where the ban list has it.")
    ] = False,
    workspace: WorkspaceOption = WORKSPACE,
    settings: _Settings = None,
    as_json: JsonOption = False,
) -> None:
    """Take one account out of everything that is kept.

    What it shared with others stays theirs. For a workspace that none serves; a service does the
    same at DELETE /v1/accounts. Killed half-way, the same again ends it.
    """
    from api.settings import load as of_service
    from linkage import privacy
    from linkage.erasing.whole import Asked, Eraser
    from linkage.journal.holding import held
    from linkage.settings import all_of
    from linkage.settings import load as of_runs

    people, runs = all_of(
        lambda: privacy.opened(privacy.load(settings, os.environ)), lambda: of_runs(settings)
    )
    there = existing(workspace)
    asked = Asked(account, reason, actor(), although_listed)
    with state_of(workspace, settings) as state, held(workspace):
        eraser = Eraser(there, state, url=of_service(settings, os.environ).graph)
        gone = eraser.erase(asked, people, runs.kinds())
    if as_json:
        output.write_json(asdict(gone))
        return
    output.console().print(
        f"It is erased, and where it was named stands {gone.tombstone}: "
        f"{plural(gone.events, 'event')}, {plural(gone.runs, 'run')}, "
        f"{plural(gone.snapshots, 'snapshot')}, {plural(gone.lists, 'ban list')}, "
        f"{plural(gone.rows, 'row')} of the state, and {plural(gone.vault, 'row')} of the vault. "
        "Backups that were made before have it still.",
        soft_wrap=True,
    )


@app.command()
def rotate(
    workspace: WorkspaceOption = WORKSPACE,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", "-s", help="linkage.toml: tables [service], [privacy], [banlist]."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Re-key all pseudonyms that are kept.

    By the keys that the file has after those of the workspace, or by a new one that is put there.
    For a workspace that none serves. Killed half-way, the same again ends it.
    """
    from api.settings import load as of_service
    from linkage import privacy
    from linkage.banlist.settings import load as of_lists
    from linkage.errors import SettingsError
    from linkage.journal.holding import held
    from linkage.publishing import signing_key
    from linkage.rotating.graph import anew
    from linkage.rotating.whole import rotate as of_workspace

    file, rules = privacy.load(settings, os.environ).hmac_key, of_lists(settings, os.environ)
    shown = of_service(settings, os.environ)
    if file is None:
        raise SettingsError(["name the file of the keys"], "privacy.hmac_key")
    there = existing(workspace)
    with state_of(workspace, settings) as state, held(workspace):
        done = of_workspace(
            there, state, file, lambda: signing_key(rules), actor(),
            lambda: None if shown.graph is None else anew(shown.graph, shown.graph_scope, there),
        )  # fmt: skip
    if as_json:
        output.write_json(asdict(done))
        return
    output.console().print(
        f"From the key {done.old} to {done.new}: {plural(done.files, 'file')} of events, "
        f"{plural(done.vault, 'file')} of the vault, {plural(done.runs, 'run')}, "
        f"{plural(done.snapshots, 'file')} of snapshots, {plural(done.lists, 'ban list')}. "
        f"{clean(file)} has the keys; all of them are needed.",
        soft_wrap=True,
    )


def existing(workspace: Path) -> Workspace:
    """A workspace that is there; a folder by another name is not made one."""
    from linkage.errors import MissingInput
    from linkage.workspace import Workspace

    if not (workspace / "runs").is_dir():
        raise MissingInput(f"{clean(workspace)}: no such workspace")
    return Workspace.at(workspace)


def reveal(
    pseudonyms: Annotated[list[str], typer.Argument(help="As answers and results have them.")],
    vault_key: Annotated[Path, typer.Option("--vault-key", help="File of the private key.")],
    hmac_key: Annotated[
        Path | None,
        typer.Option(
            "--hmac-key", help="File of the pseudonyms' keys, to make certain of re-keyed rows."
        ),
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what pseudonyms stand for.

    From the vault alone, with its private key. The audit says who asked and for how many, before
    anything is told.
    """
    from linkage.privacy import keys as files
    from linkage.privacy.pseudonyms import Pseudonyms
    from linkage.privacy.vault import reveal as of_vault

    chain = Pseudonyms(files.read_chain(hmac_key)) if hmac_key is not None else None
    found = of_vault(workspace, pseudonyms, files.read_private(vault_key), chain)
    with state_of(workspace, settings) as state, state.write() as connection:
        noted(connection, "reveal", plural(len(found), "pseudonym"))
    if as_json:
        output.write_json([asdict(one) for one in found])
        return
    table = output.table("pseudonym", "what", "value", "certain", fold=("value",))
    for one in found:
        what, value = one.what or "-", "not in the vault" if one.value is None else one.value
        certain = "-" if one.value is None else "yes" if one.certain else "re-keyed since"
        table.add_row(*(output.cell(cell) for cell in (one.pseudonym, what, value, certain)))
    output.console().print(table)


def noted(connection: Connection, action: str, subject: str) -> None:
    """Write into the audit what whoever runs this command does, by the name of the system's
    user."""
    from linkage.state import AuditEntry, audit

    audit.append(connection, [AuditEntry(datetime.now(UTC), actor(), action, subject, "")])


def actor() -> str:
    """Whoever runs this command, as the audit has it."""
    return f"{_user()} (command line)"


def _user() -> str:
    """By number, which nobody can put into the environment, where the system has numbers."""
    try:
        import pwd

        return clean(pwd.getpwuid(os.getuid()).pw_name, 80)
    except (ImportError, KeyError):
        return clean(getpass.getuser(), 80)
