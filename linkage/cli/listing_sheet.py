"""What a draft of the ban list would do, on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from linkage.cli import output
from linkage.render import clean, number, plural

if TYPE_CHECKING:
    from linkage.banlist import Draft
    from linkage.banlist.report import Report


def draft_sheet(screen: Console, numbered: int, found: Draft) -> None:
    """The collateral report, the budget, and how to go on."""
    told = found.report
    screen.print(f"Draft of list {numbered}, of run {clean(found.run)}:")
    for name, value in _figures(told):
        screen.print(f"  {name:<30}{value}", soft_wrap=True)
    for one in told.organisations:
        accounts = plural(one.accounts, "account")
        text = f"    {clean(one.organisation, 60)}: {one.listed} of {accounts}"
        screen.print(text, soft_wrap=True)
    screen.print()
    if told.limits:
        screen.print(_budget(told))
    else:
        screen.print("It only takes accounts off the list before, and needs no budget.")
    again = "" if not told.over else ' --override "why"'
    output.commands(screen, [(f"linkage banlist publish {numbered}{again}", "publish it")])


def _budget(told: Report) -> Table:
    made = output.table("budget", "value", "at most", "", right=("value", "at most"))
    for limit in told.limits:
        over = "over" if limit.over else ""
        made.add_row(limit.name, number(limit.value), number(limit.most), over)
    return made


def _figures(told: Report) -> list[tuple[str, str]]:
    actions = ", ".join(f"{number(count)} {action}" for action, count in told.actions.items())
    held = ", ".join(f"{rule}: {count}" for rule, count in told.held.items())
    moved = f"{told.added} more, {told.removed} fewer, {told.changed} changed"
    return [
        ("accounts", number(told.entries) + (f" ({actions})" if actions else "")),
        ("against the list before", moved),
        ("share of all accounts", f"{100 * told.share:.2f}%"),
        ("with allowlisted artifacts", number(told.allowed)),
        ("tied to vouched accounts", number(told.vouched)),
        ("decided although held", held or "0"),
        ("spared (cleared, allowlisted)", number(told.spared)),
        ("verified organisations hit", number(len(told.organisations))),
    ]
