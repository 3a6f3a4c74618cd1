"""Commands that read a result: clusters, show, account, explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.asking import Taken, place, short_ids, taken
from linkage.cli.options import GraphOption, JsonOption, LimitOption, Proposal, ResultOption
from linkage.cli.report import clusters_table
from linkage.cli.sheets import account_sheet, cluster_sheet, explanation_sheet
from linkage.render import clean

if TYPE_CHECKING:
    from linkage.graph import Graph
    from linkage.graph.answers import ClusterRow, MemberRow

IdsAlone = Annotated[bool, typer.Option("--quiet", "-q", help="Print ids alone, one a line.")]
SHARED = 1000  # shared artifacts that are counted: a page's, and one page is all that most take


def clusters(
    result: ResultOption = None,
    graph: GraphOption = None,
    proposal: Annotated[
        Proposal | None, typer.Option("--proposal", "-p", help="Only clusters so proposed.")
    ] = None,
    limit: LimitOption = 20,
    quiet: IdsAlone = False,
    as_json: JsonOption = False,
) -> None:
    """List clusters, most unusual first."""
    from linkage.graph import ClusterFilter

    where = ClusterFilter(proposals=(proposal.value,) if proposal else ())
    source = place(graph, result)
    with source.opened() as asked:
        found = taken(lambda after, most: asked.clusters(where, after=after, limit=most), limit)
        if quiet and not as_json:
            _lines(row.cluster_id for row in found.rows)
            return
        run = asked.run()
        total = found.total if found.whole else _count(run.counts, proposal)
        ids = {} if as_json else short_ids(asked, [row.cluster_id for row in found.rows])
    rows = found.mappings()
    if as_json:
        read = source.folder and str(source.folder)
        output.write_json({"result": read, "run": run.id, "total": total, "clusters": rows})
    elif rows:
        screen = output.console()
        clusters_table(screen, rows, ids)
        output.more(screen, total, len(rows), "--limit 0")
    else:
        output.console().print("No clusters.")


def _count(counts: Mapping[str, Any], proposal: Proposal | None) -> int:
    """How many clusters a run has, of those that are proposed so."""
    every, ban, review = (counts[n] for n in ("clusters", "ban_clusters", "review_clusters"))
    of = {Proposal.ban: ban, Proposal.review: review, Proposal.none: every - ban - review}
    return int(every if proposal is None else of[proposal])


def show(
    cluster: Annotated[str, typer.Argument(help="A cluster's id, or the beginning of it.")],
    result: ResultOption = None,
    graph: GraphOption = None,
    limit: LimitOption = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the members' ids alone, one a line.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show why one cluster stands out.

    Its proposal and score, its signals by question, its members, and what they share.
    """
    with place(graph, result).opened() as asked:
        found = asked.cluster(cluster)
        members = _members(asked, found, 0 if quiet and not as_json else limit)
        if quiet and not as_json:
            _lines(member.account_id for member in members.rows)
            return
        shared = taken(
            lambda after, most: asked.cluster_evidence(found.cluster_id, after, most),
            max(limit, SHARED) if limit else 0,
        )
    if as_json:
        output.write_json({
            "cluster": asdict(found),
            "members": members.mappings(limit),
            "shared": shared.mappings(limit),
            "members_total": found.accounts,
            "shared_total": shared.total,
        })  # fmt: skip
    else:
        cluster_sheet(output.console(), asdict(found), members.mappings(), shared, limit)


def _members(graph: Graph, cluster: ClusterRow, limit: int) -> Taken[MemberRow]:
    """A cluster's members, the listed first, then by confidence.

    Where nothing is proposed for a ban, nobody is listed, and no more are read than are shown.
    """
    found = taken(
        lambda after, most: graph.members(cluster.cluster_id, after, most, by="confidence"),
        0 if cluster.proposal == "ban" else limit,
    )
    return Taken(sorted(found.rows, key=lambda row: row.proposal != "ban"), found.whole)


def account(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="The account's id.")],
    result: ResultOption = None,
    graph: GraphOption = None,
    limit: LimitOption = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the id of its cluster alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one account and what it shares.

    Its cluster and confidence, its activity, and its artifacts, rarest first.
    """
    where = place(graph, result)
    with where.opened() as asked:
        found = asdict(asked.account(account_id))
    found["judged"] = _judged(where.folder, account_id)
    if as_json:
        evidence = output.cut(found["evidence"], limit)
        total = len(found["evidence"])
        output.write_json({**found, "evidence": evidence, "evidence_total": total})
    elif not quiet:
        account_sheet(output.console(), found, limit)
    elif found["membership"] is not None:
        _lines([found["membership"]["cluster_id"]])


def _judged(folder: Path | None, account_id: str) -> dict[str, Any] | None:
    """What had been decided about an account before the run, and what is new since; None where
    nothing was, or where there is no result to say it."""
    from linkage.run import Run

    if folder is None:
        return None
    rows = Run.open(folder).tables.rows(
        "SELECT decision, renewed, over, new_evidence FROM read_parquet($judged) "
        "WHERE account_id = $account",
        account=account_id,
    )
    return rows[0] if rows else None


def explain(
    a: Annotated[str, typer.Argument(metavar="A", help="An account's id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another account's id.")],
    result: ResultOption = None,
    graph: GraphOption = None,
    limit: LimitOption = 20,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict alone.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say why two accounts are linked, or not.

    Each artifact that both have, how many accounts have it, and its bits; the sum by family;
    and for accounts that are not linked, what is missing.
    """
    with place(graph, result).opened() as asked:
        found = asked.link(a, b)
    if as_json:
        output.write_json(found.to_dict())
        return
    screen: Console = output.console()
    if quiet:
        screen.print(found.verdict)
    else:
        explanation_sheet(screen, found, limit)


def _lines(values: Iterable[str]) -> None:
    """One value a line, unwrapped: another program may read them."""
    for value in values:
        typer.echo(clean(value))
