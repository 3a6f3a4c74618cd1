"""The commands about prompt templates."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import output
from linkage.cli.options import JsonOption, LimitOption, QuietMaking
from linkage.cli.progress import Waiting
from linkage.render import clean, number, percent, plural

WIDTH = 160  # characters of a template in the table

app = typer.Typer(
    help="Prompt templates: one text with its slots filled anew.", no_args_is_help=True
)


@app.command()
def mine(
    file: Annotated[
        str,
        typer.Argument(help="Parquet, CSV, TSV or NDJSON with texts; - for standard input."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Parquet for row and template_id; the templates go beside it."
        ),
    ],
    column: Annotated[str, typer.Option("--column", "-c", help="Column of the texts.")] = "prompt",
    account: Annotated[
        str | None,
        typer.Option(
            "--account", help="Column that says whose a text is: one account's own is no template."
        ),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Texts read at once.")] = 2,
    limit: LimitOption = 20,
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Find the templates that texts were made from.

    Each row gets the id of what it carries, and none if it is its own.
    """
    from linkage.templates import mine as mined
    from linkage.templates.files import texts_of, write

    with tempfile.TemporaryDirectory(prefix="linkage-templates-") as work:
        texts, accounts = texts_of(file, column, account, Path(work))
        with Waiting("mining", quiet=quiet) as tell:
            found = mined(texts, accounts, threads=threads, tell=tell)
    beside = write(found, out)
    rows, own = len(found.of_rows), found.of_rows.null_count
    if as_json:
        output.write_json(
            {
                "rows": rows,
                "own": own,
                "templates": found.templates.num_rows,
                "sampled": found.sampled,
                "out": str(out),
                "beside": str(beside),
            }
        )
    if quiet or as_json:
        return
    screen = output.console()
    screen.print(
        f"{plural(rows, 'text')}: {number(rows - own)} from "
        f"{plural(found.templates.num_rows, 'template')}, {number(own)} of their own"
    )
    if found.sampled < 1:
        screen.print(
            f"compared with each other: {percent(found.sampled)} of the different texts; the rest "
            "were held against what these gave, so that rarely used templates may be missed"
        )
    made = output.table("requests", "accounts", "template", right=("requests", "accounts"))
    shown = output.cut(found.templates.slice(0, limit or None).to_pylist(), limit)
    for each in shown:
        who = "-" if each["accounts"] is None else number(each["accounts"])
        text = clean(each["template"], WIDTH)
        made.add_row(number(each["requests"]), who, output.cell(text))
    if shown:
        screen.print(made)
    output.more(screen, found.templates.num_rows, len(shown), "--limit 0")
    screen.print(f"Written: {clean(out)} and {clean(beside)}", soft_wrap=True)
