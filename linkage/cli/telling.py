"""The commands of webhooks: how they stand, dead letters, secrets, and whether messages arrive."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.keeping import WORKSPACE, WorkspaceOption, state_of
from linkage.cli.options import JsonOption, LimitOption
from linkage.render import clean, number, plural, when

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.webhooks import Webhook

app = typer.Typer(
    help="Webhooks: who is told when something happens.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
FileOption = Annotated[
    Path | None, typer.Option("--settings", "-s", help="linkage.toml, with tables [[webhooks]].")
]


@app.command(name="list")
def list_webhooks(
    workspace: WorkspaceOption = WORKSPACE,
    settings: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the webhooks, and what waits for each."""
    from linkage.webhooks import load, standings

    named = load(settings)
    with state_of(workspace, settings) as state, state.read() as connection:
        found = standings(connection, named)
    if as_json:
        output.write_json([
            {"name": one.webhook.name, "host": one.webhook.endpoint.host,
             "events": list(one.webhook.events), "min_score": one.webhook.min_score,
             "disabled": one.disabled, **vars(one.counts)}
            for one in found
        ])  # fmt: skip
        return
    table = output.table(
        "name", "host", "messages", "waiting", "since", "delivered", "dead", "works",
        right=("waiting", "delivered", "dead"), fold=("messages", "host"),
    )  # fmt: skip
    for one in found:
        counts = one.counts
        cells = (
            one.webhook.name, one.webhook.endpoint.host, ", ".join(one.webhook.events),
            number(counts.pending), when(counts.oldest), number(counts.delivered),
            number(counts.dead), "yes" if one.disabled is None else f"gone {when(one.disabled)}",
        )  # fmt: skip
        table.add_row(*(output.cell(cell) for cell in cells))
    output.console().print(table)


@app.command()
def dead(
    workspace: WorkspaceOption = WORKSPACE,
    settings: FileOption = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """List messages that were given up, and why."""
    from linkage.state import outbox
    from linkage.state.outbox import DeliveryState

    with state_of(workspace, settings) as state, state.read() as connection:
        found = outbox.page(connection, state=DeliveryState.dead, most=limit or 1_000_000)
        total = sum(counts.dead for counts in outbox.counts(connection).values())
    if as_json:
        output.write_json([vars(delivery) for delivery in found])
        return
    table = output.table(
        "number", "webhook", "message", "made", "attempts", "answer", "why",
        right=("attempts",), fold=("why",),
    )  # fmt: skip
    for one in found:
        cells = (
            one.number, one.webhook, one.kind, when(one.at), one.attempts, one.status or "-",
            one.fault or "nobody tried in time",
        )  # fmt: skip
        table.add_row(*(output.cell(cell) for cell in cells))
    screen = output.console()
    screen.print(table)
    output.more(screen, total, len(found), "--limit 0")


@app.command()
def retry(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="As `dead` has them.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option("--webhook", help="All dead letters of this one instead.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    settings: FileOption = None,
) -> None:
    """Try dead letters again.

    The service does, at once and for as long as a new message.
    """
    from linkage.errors import SettingsError
    from linkage.state import outbox
    from linkage.state.outbox import DeliveryState

    if bool(numbers) == (webhook is not None):
        raise SettingsError(["name numbers, or a webhook"], "retry")
    now = datetime.now(UTC)
    with state_of(workspace, settings) as state, state.write() as connection:
        wanted = list(numbers or ())
        if webhook is not None:
            letters = outbox.page(
                connection, webhook=webhook, state=DeliveryState.dead, most=1_000_000
            )
            wanted = [letter.number for letter in letters]
        for one in wanted:
            outbox.retry(connection, one, now)
            _noted(connection, "retry", f"delivery {one}")
    output.console().print(f"{plural(len(wanted), 'message')} will be tried again.")


@app.command()
def enable(
    name: Annotated[str, typer.Argument(help="Its name in the settings.")],
    workspace: WorkspaceOption = WORKSPACE,
    settings: FileOption = None,
) -> None:
    """Send again to a receiver that said it is gone (410).

    It is told of what comes from now on; `retry --webhook NAME` sends what it missed.
    """
    from linkage.state import outbox

    hook = _named(name, settings)
    with state_of(workspace, settings) as state, state.write() as connection:
        was = outbox.enable(connection, hook.name)
        _noted(connection, "enable", f"webhook {hook.name}")
    words = "is told again" if was else "was not disabled"
    output.console().print(f"{clean(hook.name)} {words}.")


@app.command(name="test")
def send_test(
    name: Annotated[str, typer.Argument(help="Its name in the settings.")],
    settings: FileOption = None,
) -> None:
    """Send a test message now, and say what was answered.

    No workspace is needed, and nothing is kept. Exit code 10 where it is not taken.
    """
    from linkage.errors import WebhookError
    from linkage.webhooks import Sender
    from linkage.webhooks.messages import WebhookTest, message

    hook, now = _named(name, settings), datetime.now(UTC)
    made = message(WebhookTest(links={}, webhook=hook.name), now)
    answer = Sender.of(hook).send(made.id, made.body, now)
    said = f"{hook.endpoint.host} answered {answer.status}"
    if not 200 <= answer.status < 300:
        raise WebhookError(f"{said}: {answer.text}" if answer.text else said)
    output.console().print(f"{clean(said)} to {made.id}.", soft_wrap=True)


@app.command()
def secret(
    file: Annotated[Path, typer.Argument(help="File that secret_file names.")],
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Beside the one that is there, which stays valid.")
    ] = False,
) -> None:
    """Make a secret that signs messages, and print it.

    The receiver needs it as well. With --rotate, messages have two signatures, by the new secret
    and by the one before, until the file's second line is taken away or --rotate is said again.
    """
    from linkage.webhooks import signing

    made = signing.make(file, rotate=rotate)
    output.console().print(made, soft_wrap=True)


def _named(name: str, settings: Path | None) -> Webhook:
    from linkage.errors import NotFound
    from linkage.webhooks import load

    found = {hook.name: hook for hook in load(settings)}
    if name not in found:
        known = f"there are {', '.join(found)}" if found else "the settings name none"
        raise NotFound(f"{clean(name, 40)}: no such webhook; {known}")
    return found[name]


def _noted(connection: Connection, action: str, subject: str) -> None:
    """Who did it, in the transaction that does."""
    from linkage.state import AuditEntry, audit

    actor = f"{getpass.getuser()} (command line)"
    audit.append(connection, [AuditEntry(datetime.now(UTC), actor, action, subject, "")])
