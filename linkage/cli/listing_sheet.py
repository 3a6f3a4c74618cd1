"""What a draft of the ban list would do, on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkage.cli import output
from linkage.render import clean, number, plural

if TYPE_CHECKING:
    from linkage.banlist import Draft
    from linkage.banlist.hit import Hit, Template
    from linkage.banlist.report import Report

WIDTH = 120  # characters of a template in the table


def draft_sheet(screen: Console, numbered: int, found: Draft, limit: int) -> None:
    """The collateral report, which clusters it is about, the budget, and how to go on."""
    told = found.report
    screen.print(f"Draft of list {numbered}, of run {clean(found.run)}:")
    for name, value in _figures(told):
        screen.print(f"  {name:<30}{value}", soft_wrap=True)
    for one in told.organisations:
        accounts = plural(one.accounts, "account")
        text = f"    {clean(one.organisation, 60)}: {one.listed} of {accounts}"
        screen.print(text, soft_wrap=True)
    _clusters(screen, told, limit)
    screen.print()
    if told.limits:
        screen.print(_budget(told))
    else:
        screen.print("It only takes accounts off the list before, and needs no budget.")
    again = "" if not told.over else ' --override "why"'
    output.commands(screen, [(f"linkage banlist publish {numbered}{again}", "publish it")])


def _clusters(screen: Console, told: Report, limit: int) -> None:
    if not told.clusters:
        return
    output.heading(screen, f"Clusters on it ({number(len(told.clusters) + told.left_out)})")
    shown = output.cut(told.clusters, limit)
    ids = output.short_ids(one.cluster_id for one in told.clusters)
    made = output.table(
        "cluster", "listed", "new", "what is unusual", "prompts that tell most",
        right=("listed", "new"), fold=("what is unusual", "prompts that tell most"),
    )  # fmt: skip
    for one in shown:
        made.add_row(
            output.cell(ids[one.cluster_id]),
            number(one.listed),
            number(one.new),
            *_in_words(one),
        )
    screen.print(made)
    output.more(screen, len(told.clusters), len(shown), "--limit 0")
    if told.left_out:
        screen.print(f"{plural(told.left_out, 'smaller cluster')} left out")
    if any(one.templates for one in shown):
        screen.print("of a prompt: accounts of the cluster that have it, of all that do")


def _in_words(one: Hit) -> tuple[Text, Text]:
    signals = [output.cell(signal.text or signal.name) for signal in one.signals]
    prompts = [output.cell(_prompt(template)) for template in one.templates]
    return _lines(signals), _lines(prompts)


def _prompt(template: Template) -> str:
    said = template.template_id if template.words is None else f"“{clean(template.words, WIDTH)}”"
    return f"{clean(said, WIDTH + 2)} ({number(template.members)} of {number(template.accounts)})"


def _lines(some: Sequence[Text]) -> Text:
    return Text("\n").join(some) if some else Text("-")


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
