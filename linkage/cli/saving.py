"""The commands that back a workspace up, and bring it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.keeping import WORKSPACE, SettingsOption, WorkspaceOption
from linkage.cli.options import JsonOption, QuietMaking
from linkage.cli.progress import Waiting
from linkage.render import clean, command, number, plural

if TYPE_CHECKING:
    from linkage.backup import Manifest

# The parts of a backup, as they are counted.
PARTS = {
    "events": "event segment", "journal": "journal file", "runs": "run",
    "quarantine": "quarantine file", "snapshots": "snapshot", "vault": "vault file",
}  # fmt: skip
STATE = {
    "here": "the state",
    "elsewhere": "a copy of the state, which settings keep elsewhere",
    "left out": "no state: it was left out",
    "none": "no state: there was none",
}


def backup(
    out: Annotated[Path, typer.Argument(help="Folder for the backup; new, or empty.")],
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    since: Annotated[
        Path | None,
        typer.Option(
            help="Earlier backup on the same file system: what has not changed is a hard link to "
            "its file, and takes no room."
        ),
    ] = None,
    without_state: Annotated[
        bool,
        typer.Option(
            "--without-state", help="Leave the state out, whose database its own tools dump."
        ),
    ] = False,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Copy a workspace, whether its service runs or not.

    What was acknowledged before it began is in it. The folder appears whole, by one rename, and
    has a checksum of every file.
    """
    from api.settings import load
    from linkage.backup import Chosen, back_up, left_out

    chosen = Chosen(load(settings, os.environ).state, without_state, since)
    with Waiting("backup", quiet=quiet) as progress:
        made = back_up(workspace, out, chosen, progress)
    _say(made, f"Backed up in {clean(out)}", quiet=quiet, as_json=as_json)
    others = [] if quiet or as_json else left_out(workspace, made)
    if others:
        names = ", ".join(clean(name) for name in others)
        output.console().print(f"Not in it: {names}.", soft_wrap=True)


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that `linkage backup` made.")],
    workspace: WorkspaceOption = WORKSPACE,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only read it, and say whether every file is whole.")
    ] = False,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Make a backup a workspace again, in a folder that is new.

    Every file is compared with its checksum, and nothing is put in place unless all are whole.
    """
    from linkage import backup as of

    with Waiting("reading" if only_check else "restoring", quiet=quiet) as progress:
        found = (
            of.check(backup, progress) if only_check else of.restore(backup, workspace, progress)
        )
    done = f"{clean(backup)} is whole" if only_check else f"Restored in {clean(workspace)}"
    _say(found, done, quiet=quiet, as_json=as_json)
    if only_check or quiet or as_json:
        return
    screen = output.console()
    if found.state == of.StateKept.elsewhere:
        screen.print(
            f"Put {clean(workspace / 'state.db')} where [service] state says before a start.",
            soft_wrap=True,
        )
    output.commands(screen, [(command("linkage", "serve", "-w", workspace), "bring it up to date")])


def _say(made: Manifest, done: str, *, quiet: bool, as_json: bool) -> None:
    counts = _counts(made)
    if as_json:
        output.write_json(
            {"begun": made.begun, "ended": made.ended, "version": made.version,
             "state": made.state.value, "bytes": made.size(), "files": len(made.files), **counts}
        )  # fmt: skip
    elif not quiet:
        words = [plural(counts[part], noun) for part, noun in PARTS.items() if counts[part]]
        output.console().print(
            f"{done}: {', '.join([*words, STATE[made.state.value]])}; "
            f"{number(made.size())} bytes, as of {made.begun:%Y-%m-%d %H:%M:%S} UTC.",
            soft_wrap=True,
        )


def _counts(made: Manifest) -> dict[str, int]:
    """Runs, and files of each other part."""
    paths = [Path(entry.path).parts for entry in made.files]
    counts = {part: sum(path[0] == part for path in paths) for part in PARTS}
    return counts | {"runs": len({path[1] for path in paths if path[0] == "runs" and path[2:]})}
