"""The command that compares a result with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.options import JsonOption, LimitOption, Unlabelled
from linkage.render import clean, decimals, number, percent, plural
from linkage.shares import JUDGEMENTS

if TYPE_CHECKING:
    from linkage.evaluation import Evaluation
    from linkage.shares import Judged, Share


def evaluate(
    result: Annotated[Path, typer.Argument(help="Result folder that `linkage detect` made.")],
    truth: Annotated[
        Path,
        typer.Argument(
            help="Parquet or CSV: account_id, with operator (number of the network, -1 for none), "
            "group (its name, empty for none) or fraud (true, false or empty); and kind and "
            "org_id (where an organisation is verified) if known."
        ),
    ],
    least: Annotated[
        int, typer.Option("--least", min=2, help="Accounts of a cluster that counts as large.")
    ] = 10,
    unlabelled: Annotated[
        Unlabelled, typer.Option(help="What accounts are that the truth says nothing about.")
    ] = Unlabelled.leave_out,
    limit: LimitOption = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print precision and recall alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare a result with known truth.

    Precision, recall, look-alikes and networks found, with 95 % intervals. Listed is who is on
    the ban list; flagged, who is proposed for a ban or a review; clustered, who is in a large
    cluster, whatever is proposed for it.
    """
    from linkage.evaluation import evaluate as evaluated
    from linkage.evaluation import read_truth
    from linkage.run import Run

    innocent = unlabelled is Unlabelled.innocent
    known = read_truth(truth)
    found = evaluated(Run.open(result), known, least=least, unlabelled=innocent)
    if as_json:
        output.write_json(found.to_dict())
        return
    screen = output.console()
    _judged(screen, "", [found.precision, found.recall])
    _bound(screen, found)
    if not quiet:
        _whole(screen, found, limit)


def headline(screen: Console, found: Evaluation) -> None:
    """Precision and recall of a simulated month."""
    output.heading(screen, "Against the simulated truth (these accounts are not real)")
    _judged(screen, "", [found.precision, found.recall], ("listed", "flagged"))
    _remarks(screen, found)


def _bound(screen: Console, found: Evaluation) -> None:
    if found.unlabelled:
        screen.print(
            f"precision is a lower bound: {plural(found.unlabelled, 'account')} that the truth "
            "says nothing about were taken for innocents, and networks may be among them"
        )


def _whole(screen: Console, found: Evaluation, limit: int) -> None:
    _remarks(screen, found)
    screen.print(
        f"clustered: in a cluster of {plural(found.least, 'account')} or more, whatever is proposed"
    )
    output.heading(screen, "Networks")
    _judged(screen, "kind of network", found.networks)
    output.heading(screen, "Innocents")
    _judged(screen, "kind of innocents", found.innocents)
    output.heading(screen, "Clusters")
    if found.bcubed is not None:
        b = found.bcubed
        screen.print(
            f"B-cubed precision {decimals(b.precision, 4)}, recall {decimals(b.recall, 4)}, "
            f"F1 {decimals(b.f1, 4)}, over the accounts of known networks"
        )
    screen.print(f"networks found (half in common, at least): {_words(found.networks_found)}")
    _networks(screen, found, limit)


def _remarks(screen: Console, found: Evaluation) -> None:
    whole = found.organisations
    screen.print(
        f"over {plural(found.accounts, 'account')}, careful networks aside; verified "
        f"organisations listed whole: {whole.hits} of {number(whole.of)}"
    )
    if found.only_in_truth:
        screen.print(f"{plural(found.only_in_truth, 'account')} of the truth had no events")
    if found.only_in_run and not found.unlabelled:
        screen.print(
            f"{plural(found.only_in_run, 'account')} of the run are left out: the truth says "
            "nothing about them"
        )


def _judged(
    screen: Console, title: str, rows: Sequence[Judged], columns: Sequence[str] = JUDGEMENTS
) -> None:
    made = output.table(title, *columns, fold=columns)
    for row in rows:
        made.add_row(output.cell(row.kind), *(_words(getattr(row, name)) for name in columns))
    screen.print(made)


def _words(share: Share) -> str:
    """`98.2 % (480 of 489; 96.6 to 99.1 %)`."""
    if share.interval is None:
        return "none to count"
    low, high = (f"{100 * end:.1f}" for end in share.interval)
    counts = f"{number(share.hits)} of {number(share.of)}"
    return f"{percent(share.share)} ({counts}; {low} to {high} %)"


def _networks(screen: Console, found: Evaluation, limit: int) -> None:
    made = output.table(
        "network", "kind", "accounts", "best cluster", "in common", *JUDGEMENTS,
        right=("network", "accounts", "in common", *JUDGEMENTS), fold=("network", "kind"),
    )  # fmt: skip
    shown = output.cut(found.found, limit)
    for network in shown:
        made.add_row(
            output.cell(network.name),
            output.cell(network.kind),
            number(network.accounts),
            output.cell(clean(network.cluster_id or "-")),
            percent(network.jaccard),
            number(network.listed),
            number(network.flagged),
            number(network.clustered),
        )
    screen.print(made)
    output.more(screen, len(found.found), len(shown), "--limit 0")
