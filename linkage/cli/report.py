"""What a detection found, on one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from linkage.cli import output
from linkage.render import (
    HELD,
    clean,
    command,
    decimals,
    in_bits,
    innocents,
    missing,
    number,
    plural,
    reasons,
)

if TYPE_CHECKING:
    from linkage.run import Run

SHOWN = 12  # clusters
WIDE = 100  # columns that the table of clusters needs
SAID = 2  # reasons for each
HEAD = 5  # accounts of the ban list
Row = Mapping[Any, Any]


def clusters_table(screen: Console, rows: Sequence[Row], ids: Mapping[str, str]) -> None:
    """Clusters with size, score, proposal and reasons; `ids`: how each is called here.

    On a narrow screen there is no room for columns: each cluster has some lines instead.
    """
    if screen.width < WIDE:
        for row in rows:
            _lines(screen, row, ids[row["cluster_id"]])
        return
    made = output.table(
        "cluster", "accounts", "innocents", "score", "proposal", "why",
        right=("accounts", "innocents", "score"), fold=("why",),
    )  # fmt: skip
    for row in rows:
        made.add_row(
            output.cell(ids[row["cluster_id"]]),
            number(row["accounts"]),
            innocents(row["expected"]),
            decimals(row["score"]),
            output.proposal(row["proposal"]),
            output.cell(why(row)),
        )
    screen.print(made)


def _lines(screen: Console, row: Row, name: str) -> None:
    screen.print(
        Text.assemble(
            output.cell(name, "bold"),
            f": {plural(row['accounts'], 'account')}, {innocents(row['expected'])} innocents, "
            f"score {decimals(row['score'])}, ",
            output.proposal(row["proposal"]),
        )
    )
    screen.print(Padding(output.cell(why(row)), (0, 0, 0, 2)))


def why(row: Row) -> str:
    """A cluster's note and strongest reasons, in words."""
    note = [] if missing(row["note"]) else [clean(row["note"])]
    return "; ".join([*note, *reasons(row["signals"], SAID)]) or "-"


def findings(screen: Console, run: Run) -> None:
    """Clusters, counts, and the ban list's head."""
    groups = run.clusters[run.clusters.expected.notna()]
    rows = groups.to_dict("records")
    shown = rows[:SHOWN]
    if shown:
        clusters_table(screen, shown, output.short_ids(run.clusters.cluster_id))
        screen.print("innocents: innocent groups as unusual as this one, expected by chance")
        hint = command("linkage", "clusters", "-r", run.path)
        output.more(screen, len(rows), len(shown), hint)
    else:
        least = run.info["settings"]["score"]["group_accounts"]
        screen.print(f"No group of {least} accounts or more: nothing to propose.")
    counts(screen, run)
    banlist_head(screen, run)


def counts(screen: Console, run: Run) -> None:
    """What was read, found, listed, and held back by which rule."""
    count = run.info["counts"]
    output.heading(screen, "Counts")
    screen.print(
        f"{plural(count['events'], 'event')} of {plural(count['accounts'], 'account')}; "
        f"{plural(count['links'], 'link')}, {plural(count['clusters'], 'cluster')}, "
        f"{number(count['groups'])} of them large enough to score"
    )
    screen.print(
        f"proposed: {number(count['ban_clusters'])} for a ban, "
        f"{number(count['review_clusters'])} for review; "
        f"{plural(count['listed'], 'account')} listed"
    )
    for rule, held in run.members.held_by.value_counts().items():
        words = HELD.get(str(rule), "held back")
        screen.print(f"held back, {clean(rule)}: {plural(held, 'account')} ({words})")
    _doubts(screen, run, count)


def _doubts(screen: Console, run: Run, count: Mapping[str, Any]) -> None:
    if count["quarantined"]:
        where = clean(run.path / "quarantine.ndjson")
        rows = plural(count["quarantined"], "row")
        screen.print(f"quarantined: {rows}, with the reasons in {where}", soft_wrap=True)
    unknown = run.info.get("unknown", {})
    if unknown:
        figures = ", ".join(f"{clean(name)} ({number(n)})" for name, n in unknown.items())
        screen.print(
            f"not known of so many accounts: {figures}. Signals are measured over the others, "
            "and left out where these are fewer than half."
        )
    if run.clusters.note.str.startswith("too few").any():
        screen.print(
            "There are too few groups to say what is usual, so nothing goes beyond review: "
            "give another run's result as --baseline."
        )


def banlist_head(screen: Console, run: Run) -> None:
    """The ban list's path and first accounts."""
    output.heading(screen, "Ban list")
    screen.print(clean(run.path / "banlist.csv"), soft_wrap=True)
    if run.banlist.empty:
        screen.print("It is empty.")
        return
    made = output.table("account", "cluster", "confidence", "reasons", right=("confidence",),
                        fold=("account", "reasons"))  # fmt: skip
    ids = output.short_ids(run.clusters.cluster_id)
    for row in run.banlist.head(HEAD).to_dict("records"):
        made.add_row(
            output.cell(clean(row["account_id"], 60)),
            output.cell(ids.get(row["cluster_id"], row["cluster_id"])),
            in_bits(row["confidence"]),
            output.cell(clean(row["reasons"], 160)),
        )
    screen.print(made)
    output.more(screen, len(run.banlist), HEAD, "in the file")


def next_steps(run: Run) -> list[tuple[str, str]]:
    """Commands that lead on from a result."""
    best = run.clusters.head(1).cluster_id
    steps: list[tuple[str, tuple[str, ...], str]]
    steps = [("clusters", (), "every cluster, most unusual first")]
    if len(best):
        cluster = run.cluster(best.iloc[0])
        strongest = run.links(cluster.cluster_id, strongest=1)
        pair = [*strongest.account_a, *strongest.account_b]
        some = pair or list(cluster.members.account_id.head(2))
        short = output.short_ids(run.clusters.cluster_id)[cluster.cluster_id]
        steps += [
            ("show", (short,), "why these are one network: signals, members, what they share"),
            ("explain", tuple(some), "why two of its accounts are linked, in bits"),
            ("account", tuple(some[:1]), "what one account shares, and with how many"),
        ]
    return [(_line(run, name, words), purpose) for name, words, purpose in steps]


def _line(run: Run, name: str, words: Sequence[str]) -> str:
    dashes = ["--"] if any(word.startswith("-") for word in words) else []
    return command("linkage", name, "-r", run.path, *dashes, *words)
