"""The command that says what decisions mean for the figures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from linkage.cli import output
from linkage.cli.options import JsonOption, LimitOption
from linkage.render import clean, command, decimals, innocents, number, plural

if TYPE_CHECKING:
    from linkage.calibration.estimates import Calibration, Estimate
    from linkage.calibration.rescoring import Rescored


def calibrate(
    result: Annotated[Path, typer.Argument(help="Result folder that `linkage detect` made.")],
    decisions: Annotated[
        Path,
        typer.Argument(
            help="Parquet or CSV: decision (ban, clear or watch), with account_id or cluster_id; "
            "or labels as `linkage evaluate` takes them."
        ),
    ],
    write: Annotated[
        Path | None,
        typer.Option("--write", help="New folder for linkage.toml and a baseline with all that."),
    ] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Estimate weights and references from decisions.

    Shows each artifact kind's m, and how unusual the groups are, before and after. Changes
    nothing: --write makes a folder for the next `linkage detect`.
    """
    from linkage.calibration.estimates import calibrate as calibrated
    from linkage.calibration.settings_file import write as written
    from linkage.calibration.verdicts import read_verdicts
    from linkage.run import Run

    run = Run.open(result)
    found = calibrated(run, read_verdicts(decisions))
    made = written(found, run, write) if write is not None else None
    again = None if made is None else _again(*made)
    if as_json:
        output.write_json({**found.to_dict(), "command": again})
        return
    screen = output.console()
    _decided(screen, found)
    _kinds(screen, found)
    output.heading(screen, "References")
    _references(screen, found.rescored, limit)
    screen.print()
    if again is None:
        screen.print("Nothing was changed. --write FOLDER writes settings and a baseline.")
        return
    screen.print("Written; the run is as it was. To detect with it:")
    screen.print(f"  {again}", soft_wrap=True)


def _again(settings: Path, baseline: Path | None) -> str:
    """The command that uses what was written."""
    words = ["linkage", "detect", "EVENTS", "--settings", settings]
    return command(*words, *(() if baseline is None else ("--baseline", baseline)))


def _decided(screen: Console, found: Calibration) -> None:
    decided = found.decided
    screen.print(
        f"{plural(len(decided.table), 'decided account')}: {number(decided.banned)} banned, "
        f"{number(decided.cleared)} cleared"
    )
    for count, noun, says in (
        (decided.unknown_accounts, "row", "about accounts that the run does not have"),
        (decided.unknown_clusters, "row", "about clusters that the run does not have"),
        (decided.watched, "row", "that only watch: these decide nothing"),
        (
            decided.contradictory,
            "account",
            "decided both ways: an account's row counts over its cluster's, then the later row",
        ),
    ):
        if count:
            screen.print(f"{plural(count, noun)} {says}")


def _kinds(screen: Console, found: Calibration) -> None:
    from linkage.calibration.estimates import LEAST_ACCOUNTS, LEAST_DECIDED, LEAST_NETWORKS

    output.heading(screen, "m, the probability that two accounts of one operator share an artifact")
    if not found.enough:
        screen.print(f"With fewer than {LEAST_DECIDED} decided accounts, no m is proposed.")
    figures = ("m now", "new m", "95 %", "accounts", "networks")
    made = output.table("kind", *figures, "", right=figures)
    for each in found.estimates:
        made.add_row(
            output.cell(each.kind),
            f"{each.present:g}",
            decimals(each.m, 3),
            _interval(each),
            number(each.accounts),
            number(each.networks),
            "too few" if each.m is None else "",
        )
    screen.print(made)
    screen.print(
        "from linked pairs of one network that would be linked without the kind's family; too few: "
        f"under {LEAST_ACCOUNTS} accounts or {LEAST_NETWORKS} networks, the kind keeps its m"
    )


def _interval(estimate: Estimate) -> str:
    if estimate.m is None:
        return "-"
    return f"{decimals(estimate.low, 3)} to {decimals(estimate.high, 3)}"


def _references(screen: Console, found: Rescored | None, limit: int) -> None:
    if found is None:
        screen.print("The run took another run's references, and they are left as they are.")
        return
    screen.print(
        f"{number(found.before)} now, {number(found.references.size.size)} after: banned groups "
        f"that leave, {number(found.left)}; cleared groups that join, {number(found.joined)}"
    )
    if not found.enough:
        screen.print(
            "Too few groups or references to show what is usual: no baseline is written, and below "
            "nothing goes beyond review."
        )
    if found.groups:
        _groups(screen, found, limit)
    counts = output.table("groups", *found.proposals["before"], right=("ban", "review", "none"))
    for when, proposals in found.proposals.items():
        counts.add_row(when, *(number(count) for count in proposals.values()))
    screen.print(counts)
    screen.print("by the references alone: a new m takes effect when links are weighed again")


def _groups(screen: Console, found: Rescored, limit: int) -> None:
    made = output.table(
        "cluster", "accounts", "decided", "E before", "E after", "proposal", "after",
        right=("accounts", "E before", "E after"),
    )  # fmt: skip
    ids = output.short_ids(group.cluster_id for group in found.groups)
    shown = output.cut(found.groups, limit)
    for group in shown:
        made.add_row(
            output.cell(ids[group.cluster_id]),
            number(group.accounts),
            output.cell(clean(group.decided or "-")),
            innocents(group.before),
            innocents(group.after),
            output.proposal(group.proposal_before),
            output.proposal(group.proposal_after),
        )
    screen.print(made)
    output.more(screen, len(found.groups), len(shown), "--limit 0")
