"""The commands of the ban list: build a draft, look at what it would do, publish, check."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.keeping import WORKSPACE, SettingsOption, WorkspaceOption, state_of
from linkage.cli.listing_sheet import draft_sheet
from linkage.cli.options import JsonOption, LimitOption
from linkage.render import clean, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from linkage.banlist import BanlistSettings
    from linkage.banlist.store import Lists
    from linkage.state import AuditEntry

app = typer.Typer(
    help="The ban list: drafted, published, checked.", no_args_is_help=True, rich_markup_mode=None
)
ShadowOption = Annotated[
    bool, typer.Option("--shadow", help="The list that nobody is to act on yet.")
]
KeyOption = Annotated[
    Path, typer.Option("--key", help="File of the public key (or of the key that signs).")
]
_SIGNING, _PUBLIC = "banlist.key", "banlist.pub"


@app.command()
def keygen(
    out: Annotated[Path, typer.Argument(help="Folder for banlist.key and banlist.pub.")],
) -> None:
    """Make the key that signs lists.

    banlist.key signs and stays with the service: name it as signing_key in linkage.toml.
    banlist.pub checks, and goes to whoever uses lists.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    from linkage.errors import ListError

    key = Ed25519PrivateKey.generate()
    texts = {
        _SIGNING: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        _PUBLIC: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            mode = 0o600 if name == _SIGNING else 0o644
            with os.fdopen(
                os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb"
            ) as f:
                f.write(text)
    except OSError as error:
        raise ListError(f"{clean(out)}: no key is written: {clean(error)}") from None
    screen = output.console()
    for name in texts:
        screen.print(clean(out / name), soft_wrap=True)


@app.command()
def build(
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    shadow: ShadowOption = False,
    freeing: Annotated[
        bool, typer.Option("--freeing", help="Only take off whom people have freed since.")
    ] = False,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Draft the next list and show what it would do.

    From the run that is served, what people have decided, and the list before. Nothing is
    published.
    """
    from linkage.publishing import drafted

    with _desk(workspace, settings, shadow) as (place, state, lists, rules):
        found = drafted(place, state, lists, rules, datetime.now(UTC), freeing=freeing)
        numbered = lists.keep(found)
    if as_json:
        from linkage.banlist.draft import draft_values

        output.write_json({"number": numbered, **draft_values(found)})
        return
    draft_sheet(output.console(), numbered, found, limit)


@app.command()
def publish(
    numbered: Annotated[int, typer.Argument(metavar="NUMBER", help="Number that the draft has.")],
    override: Annotated[
        str | None, typer.Option("--override", help="Why, although it is over its budget.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    settings: SettingsOption = None,
    shadow: ShadowOption = False,
) -> None:
    """Publish the draft, signed and for good.

    Refused over budget, and where people have decided something since it was drafted.
    """
    from linkage.publishing import published, signing_key

    with _desk(workspace, settings, shadow) as (place, state, lists, rules):
        key, found = signing_key(rules), lists.kept(numbered)
        said = _said(f"publish {lists.channel} {numbered}", override)
        made = published(place, found, state, lists, key, said, override, numbered)
    output.console().print(
        f"List {made.head.number} is published: {plural(made.head.rows, 'account')}, "
        f"head {made.head.hash[:16]}.",
        soft_wrap=True,
    )


@app.command()
def export(
    numbered: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="The latest if not given.")
    ] = None,
    form: Annotated[str, typer.Option("--format", "-f", help="csv, ndjson, json or stix.")] = "csv",
    workspace: WorkspaceOption = WORKSPACE,
    shadow: ShadowOption = False,
) -> None:
    """Write a published list to standard output.

    csv, json and stix have the entries that hold; ndjson has every row with what it takes to
    check the list.
    """
    from linkage.errors import NotFound, SettingsError
    from linkage.exports import FORMATS

    if form not in FORMATS:
        fault = f"{clean(form, 40)}: no format; there are {', '.join(FORMATS)}"
        raise SettingsError([fault], "--format")
    lists = _lists(workspace, shadow)
    found = lists.latest() if numbered is None else lists.read(numbered)
    if found is None:
        raise NotFound(f"{lists.channel}: no list is published yet")
    for part in FORMATS[form].write(found, datetime.now(UTC)):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


@app.command()
def diff(
    since: Annotated[int, typer.Argument(help="Number of an earlier list; 0 for none.")],
    workspace: WorkspaceOption = WORKSPACE,
    shadow: ShadowOption = False,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Show who came onto the list since another, and who left."""
    from linkage.banlist.chain import told
    from linkage.banlist.changes import changes

    found = changes(_lists(workspace, shadow), since, datetime.now(UTC))
    if as_json:
        output.write_json({
            "since": found.since, "number": found.number,
            "listed": [told(entry) for entry in found.listed], "unlisted": list(found.unlisted),
        })  # fmt: skip
        return
    screen = output.console()
    listed, unlisted = len(found.listed), len(found.unlisted)
    screen.print(f"From list {since} to {found.number}: {listed} listed, {unlisted} off the list.")
    made = output.table("account", "now", "until", "why", fold=("account", "why"))
    for entry in output.cut(found.listed, limit):
        until = f"{entry.expires_at:%Y-%m-%d %H:%M}"
        cells = (entry.account_id, entry.action, until, ", ".join(entry.reasons))
        made.add_row(*(output.cell(cell) for cell in cells))
    for account in output.cut(found.unlisted, limit):
        made.add_row(output.cell(account), "off the list", "", "")
    screen.print(made)
    output.more(screen, max(listed, unlisted), limit or max(listed, unlisted), "--limit 0")


@app.command()
def verify(
    key: KeyOption,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Exported lists (ndjson); the workspace's if none.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    shadow: ShadowOption = False,
) -> None:
    """Check lists: rows, signatures, and that none is missing.

    From files alone: whoever got a list needs nothing but the public key.
    """
    from linkage.banlist.checking import verify_files
    from linkage.publishing import public_key

    screen, known = output.console(), public_key(key)
    if files:
        for found in verify_files(files, known):
            head = found.head
            told = f"{clean(head.channel)} {head.number}: {plural(head.rows, 'row')}"
            screen.print(f"{told}, as it was signed.", soft_wrap=True)
        return
    lists = _lists(workspace, shadow)
    last = lists.verify(known)
    screen.print(f"{lists.channel}: {plural(last, 'list')}, the chain holds.", soft_wrap=True)


@contextmanager
def _desk(workspace: Path, settings: Path | None, shadow: bool) -> Iterator[tuple]:  # type: ignore[type-arg]
    """What publishing needs: the workspace, its state, its lists, and the rules."""
    from linkage.banlist.settings import load
    from linkage.workspace import Workspace

    rules: BanlistSettings = load(settings, os.environ)
    with state_of(workspace, settings) as state:
        yield Workspace.at(workspace), state, _lists(workspace, shadow), rules


def _lists(workspace: Path, shadow: bool) -> Lists:
    from linkage.banlist.store import BANS, SHADOW, Lists

    return Lists(workspace, SHADOW if shadow else BANS)


def _said(action: str, override: str | None) -> AuditEntry:
    from linkage.state import AuditEntry

    subject = "" if override is None else f"over budget: {override}"
    actor = f"{getpass.getuser()} (command line)"
    return AuditEntry(datetime.now(UTC), actor, action, clean(subject, 300), "")
