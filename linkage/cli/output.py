"""Where output goes: plain when piped, without markup from data, and no wider than the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkage.render import as_json, clean

PIPED_WIDTH = 120
SHORT_ID = 9  # characters of a cluster's id: its letter and 32 bits


def console(*, errors: bool = False) -> Console:
    """Standard output, or standard error; what is printed is text, never markup."""
    stream = sys.stderr if errors else sys.stdout
    piped = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        file=stream,
        width=PIPED_WIDTH if piped else None,
        force_terminal=stream.isatty(),
        markup=False,
        emoji=False,
        highlight=False,
    )


def write_json(value: object) -> None:
    """JSON on standard output, as it is: nothing wraps or colours it."""
    typer.echo(as_json(value))


def table(*columns: str, right: Sequence[str] = (), fold: Sequence[str] = ()) -> Table:
    """An empty table: columns in `right` hold figures, those in `fold` may take several lines."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in fold,
            overflow="fold",
            vertical="top",
        )
    return made


def cell(value: object, style: str = "") -> Text:
    """A value from data, harmless."""
    return Text(clean(value), style=style)


def proposal(value: str) -> Text:
    """A proposal; the colour repeats what the word says."""
    return Text(clean(value), style={"ban": "bold red", "review": "yellow"}.get(value, "dim"))


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Ids cut to a length at which they still differ; the commands take either."""
    whole = [str(cluster) for cluster in ids]
    length = SHORT_ID
    while len({cluster[:length] for cluster in whole}) < len(set(whole)):
        length += 1
    return {cluster: cluster[:length] for cluster in whole}


def cut(rows: Sequence[Any], limit: int) -> Sequence[Any]:
    """The first rows; all without a limit."""
    return rows[:limit] if limit else rows


def more(screen: Console, total: int | None, shown: int, hint: str) -> None:
    """Say that a table was cut, and how to see the rest; None: more, nobody counted how many."""
    if total is None or total > shown:
        left = "" if total is None else f"{total - shown:,} "
        screen.print(f"... and {left}more: {hint}", style="dim")


def heading(screen: Console, text: str) -> None:
    """A line above what belongs together."""
    screen.print()
    screen.print(Text(text, style="bold"))


def commands(screen: Console, steps: Iterable[tuple[str, str]]) -> None:
    """Commands to copy, each with what it is for; never wrapped, so that they can be copied."""
    heading(screen, "What to try next")
    for line, purpose in steps:
        screen.print(f"  # {purpose}", style="dim", soft_wrap=True)
        screen.print(f"  {line}", soft_wrap=True)
