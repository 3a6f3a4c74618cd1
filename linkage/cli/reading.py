"""Commands that read a result: clusters, show, account, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.options import RESULT, JsonOption, LimitOption, Proposal, ResultOption
from linkage.cli.report import clusters_table
from linkage.cli.sheets import account_sheet, cluster_sheet, explanation_sheet
from linkage.render import clean

if TYPE_CHECKING:
    from linkage.run import Run

IdsAlone = Annotated[bool, typer.Option("--quiet", "-q", help="Print ids alone, one a line.")]


def clusters(
    result: ResultOption = RESULT,
    proposal: Annotated[
        Proposal | None, typer.Option("--proposal", "-p", help="Only clusters so proposed.")
    ] = None,
    limit: LimitOption = 20,
    quiet: IdsAlone = False,
    as_json: JsonOption = False,
) -> None:
    """List clusters, most unusual first."""
    run = _opened(result)
    every = run.clusters
    chosen = every if proposal is None else every[every.proposal == proposal.value]
    rows = output.cut(chosen.to_dict("records"), limit)
    if as_json:
        output.write_json({"result": str(run.path), "total": len(chosen), "clusters": rows})
    elif quiet:
        _lines(row["cluster_id"] for row in rows)
    else:
        screen = output.console()
        if not rows:
            screen.print("No clusters.")
            return
        clusters_table(screen, rows, output.short_ids(every.cluster_id))
        output.more(screen, len(chosen), len(rows), "--limit 0")


def show(
    cluster: Annotated[str, typer.Argument(help="A cluster's id, or the beginning of it.")],
    result: ResultOption = RESULT,
    limit: LimitOption = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the members' ids alone, one a line.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show why one cluster stands out.

    Its proposal and score, its signals by question, its members, and what they share.
    """
    run = _opened(result)
    found = run.cluster(cluster)
    if quiet and not as_json:
        _lines(found.members.account_id)
        return
    shared = run.shared(found.cluster_id)
    if as_json:
        output.write_json({
            "cluster": found.row,
            "members": output.cut(found.members.to_dict("records"), limit),
            "shared": output.cut(shared.to_dict("records"), limit),
            "members_total": len(found.members),
            "shared_total": len(shared),
        })  # fmt: skip
    else:
        cluster_sheet(output.console(), run, found, shared, limit)


def account(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id.")],
    result: ResultOption = RESULT,
    limit: LimitOption = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the id of its cluster alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one account and what it shares.

    Its cluster and confidence, its activity, and its artifacts, rarest first.
    """
    found = _opened(result).account(account_id)
    if as_json:
        output.write_json({
            "account_id": found.account_id,
            "membership": found.membership,
            "activity": found.activity,
            "evidence": output.cut(found.evidence.to_dict("records"), limit),
            "evidence_total": len(found.evidence),
        })  # fmt: skip
    elif not quiet:
        account_sheet(output.console(), found, limit)
    elif found.membership is not None:
        _lines([found.membership["cluster_id"]])


def explain(
    a: Annotated[str, typer.Argument(metavar="A", help="An account's id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another account's id.")],
    result: ResultOption = RESULT,
    limit: LimitOption = 20,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict alone.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say why two accounts are linked, or not.

    Each artifact that both have, how many accounts have it, and its bits; the sum by family;
    and for accounts that are not linked, what is missing.
    """
    found = _opened(result).explain(a, b)
    if as_json:
        output.write_json(found.to_dict())
        return
    screen: Console = output.console()
    if quiet:
        screen.print(found.verdict)
    else:
        explanation_sheet(screen, found, limit)


def _opened(result: Any) -> Run:
    from linkage.run import Run

    return Run.open(result)


def _lines(values: Any) -> None:
    """One value a line, unwrapped: another program may read them."""
    for value in values:
        typer.echo(clean(value))
