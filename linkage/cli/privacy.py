"""The commands for what is kept of people: keys, pseudonyms, the vault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import output
from linkage.cli.options import JsonOption
from linkage.render import clean

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
