"""The commands about prompt templates."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.options import RESULT, JsonOption, LimitOption, QuietMaking
from linkage.cli.progress import Waiting
from linkage.render import clean, decimals, in_bits, number, percent, plural, when

if TYPE_CHECKING:
    from linkage.uses import ClusterUse, TemplateUse

WIDTH = 160  # characters of a template in the table
UNKNOWN = "(an id alone)"  # of a template of which nobody knows what it says

ResultArgument = Annotated[
    Path, typer.Argument(metavar="RESULT", help="Result folder that `linkage detect` made.")
]

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


@app.command("list")
def list_templates(
    result: ResultArgument = RESULT,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="Only what its members use: its id, or the beginning."),
    ] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """List a result's templates, what tells most first.

    What each says, with what looks like personal data masked; how many accounts made how many
    requests with it, and how much of that within one cluster.
    """
    from linkage.run import Run
    from linkage.uses import uses, with_words

    run = Run.open(result)
    of = None if cluster is None else run.cluster(cluster).cluster_id
    every = uses(run.tables, run.info, of)
    shown = with_words(run.tables, output.cut(every, limit), 0 if as_json else WIDTH)
    if as_json:
        rows = [asdict(one) for one in shown]
        output.write_json({"cluster": of, "total": len(every), "templates": rows})
        return
    screen = output.console()
    if not shown:
        screen.print("No templates that two accounts have.")
        return
    ids = output.short_ids(one.cluster_id for one in shown if one.cluster_id is not None)
    made = output.table(
        "template", "accounts", "requests", "bits", "inside", "cluster", "last seen", "text",
        right=("accounts", "requests", "bits", "inside"), fold=("text",),
    )  # fmt: skip
    for one in shown:
        inside = "-" if one.cluster_id is None else percent(one.inside)
        made.add_row(
            output.cell(clean(one.template_id, 20)),
            number(one.accounts),
            number(one.requests),
            decimals(one.bits),
            inside,
            output.cell("-" if one.cluster_id is None else ids[one.cluster_id]),
            when(one.last_seen),
            output.cell(one.words or UNKNOWN),
        )
    screen.print(made)
    output.more(screen, len(every), len(shown), "--limit 0")
    screen.print("inside: share of the requests that are of the cluster")


@app.command("show")
def show_template(
    result: ResultArgument,
    template_id: Annotated[
        str, typer.Argument(metavar="ID", help="A template's id, or the beginning of it.")
    ],
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what one template says, and who uses it.

    All of its text, with what looks like personal data masked, what it weighs, and the clusters
    in which it is used.
    """
    from linkage.run import Run
    from linkage.uses import clusters_of, parts_of, template

    run = Run.open(result)
    one = template(run.tables, run.info, template_id)
    clusters, parts = (
        clusters_of(run.tables, one.template_id),
        parts_of(run.tables, one.template_id),
    )
    if as_json:
        shown = [asdict(each) for each in output.cut(clusters, limit)]
        of = {"parts": parts, "clusters": shown, "clusters_total": len(clusters)}
        output.write_json({**asdict(one), **of})
        return
    screen = output.console()
    screen.print(output.cell(f"Template {clean(one.template_id)}", "bold"))
    screen.print(
        f"{plural(one.accounts, 'account')}, {plural(one.requests, 'request')}, "
        f"{when(one.first_seen)} to {when(one.last_seen)} UTC; weighs {in_bits(one.bits)}"
    )
    screen.print(output.cell(one.words or UNKNOWN))
    _clusters(screen, one, clusters, limit)


def _clusters(
    screen: Console, one: TemplateUse, clusters: Sequence[ClusterUse], limit: int
) -> None:
    others = one.accounts - sum(each.members for each in clusters)
    output.heading(screen, f"Where it is used ({plural(len(clusters), 'cluster')})")
    made = output.table(
        "cluster", "proposal", "members", "of its accounts", "requests", "inside",
        right=("members", "of its accounts", "requests", "inside"),
    )  # fmt: skip
    shown = output.cut(clusters, limit)
    for each in shown:
        made.add_row(
            output.cell(each.cluster_id),
            output.proposal(each.proposal),
            number(each.members),
            percent(each.members / each.accounts),
            number(each.requests),
            percent(each.requests / one.requests),
        )
    if shown:
        screen.print(made)
    output.more(screen, len(clusters), len(shown), "--limit 0")
    screen.print(f"{plural(max(0, others), 'account')} in no cluster")


@app.command()
def fingerprint(
    file: Annotated[
        str,
        typer.Argument(help="Parquet, CSV, TSV or NDJSON with texts; - for standard input."),
    ],
    key_file: Annotated[
        Path, typer.Option("--key-file", help="File with the key: 16 bytes or more, any.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Parquet for what replaces the file.")],
    column: Annotated[str, typer.Option("--column", "-c", help="Column of the texts.")] = "prompt",
    quiet: QuietMaking = False,
    as_json: JsonOption = False,
) -> None:
    """Put fingerprints in the place of texts.

    All columns stay but the texts; `prompt_fingerprint` has the keyed hashes of their words.
    """
    from linkage.templates.printing import key_of, printed

    key = key_of(key_file)
    with tempfile.TemporaryDirectory(prefix="linkage-templates-") as work:
        rows = printed(file, column, key, out, Path(work))
    if as_json:
        output.write_json({"rows": rows, "out": str(out)})
    elif not quiet:
        output.console().print(f"Written: {plural(rows, 'row')} to {clean(out)}", soft_wrap=True)
