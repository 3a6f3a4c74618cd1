"""One cluster, one account, one pair: each on a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from linkage.cli import output
from linkage.cli.asking import Taken
from linkage.render import (
    HELD,
    QUESTIONS,
    clean,
    decimals,
    in_bits,
    innocents,
    missing,
    number,
    plural,
    when,
)
from linkage.wording import quoted

if TYPE_CHECKING:
    from linkage.explain import Explanation
    from linkage.graph.answers import SharedRow

Row = Mapping[str, Any]


def cluster_sheet(
    screen: Console, row: Row, members: Sequence[Row], shared: Taken[SharedRow], limit: int
) -> None:
    """Why a cluster stands out, who is in it, what they share.

    row, members   as the graph has them, the listed members first
    shared         what members share, more of it than is shown
    """
    screen.print(output.cell(f"Cluster {clean(row['cluster_id'])}", "bold"))
    screen.print(
        f"{plural(row['accounts'], 'account')}, {plural(row['events'], 'event')}, "
        f"{when(row['first_seen'])} to {when(row['last_seen'])} UTC"
    )
    screen.print(f"proposal: {clean(row['proposal'])}{_note(row)}")
    if not missing(row["expected"]):
        screen.print(
            f"innocent groups as unusual, expected by chance: {innocents(row['expected'])} "
            f"(score {decimals(row['score'], 2)})"
        )
        _signals(screen, row)
    _members(screen, row["accounts"], members, limit)
    _shared(screen, shared, limit)


def _note(row: Row) -> str:
    return "" if missing(row["note"]) else f" ({clean(row['note'])})"


def _signals(screen: Console, row: Row) -> None:
    """The three questions, each with its signals."""
    for name, question in QUESTIONS.items():
        output.heading(screen, f"{question}  p = {decimals(row[f'p_{name}'], 3)}")
        made = output.table(
            "signal", "value", "usual", "rank", "in words",
            right=("value", "usual", "rank"), fold=("in words",),
        )  # fmt: skip
        for signal in row["signals"]:
            if signal["question"] == name:
                made.add_row(
                    output.cell(signal["name"]),
                    number(signal["value"]),
                    number(signal["usual"]),
                    decimals(signal["rank"], 3),
                    output.cell(signal["text"]),
                )
        screen.print(made)
    screen.print(
        "rank: share of the groups as extreme, or less beyond them; p: all of a question's together"
    )


def _members(screen: Console, accounts: int, members: Sequence[Row], limit: int) -> None:
    listed = sum(member["proposal"] == "ban" for member in members)
    output.heading(screen, f"Members ({number(accounts)}, {number(listed)} of them listed)")
    made = output.table("account", "confidence", "proposal", "held back because",
                        right=("confidence",), fold=("account", "held back because"))  # fmt: skip
    rows = output.cut(members, limit)
    for row in rows:
        made.add_row(
            output.cell(clean(row["account_id"], 80)),
            in_bits(row["confidence"]),
            output.proposal(row["proposal"]),
            output.cell(_held(row["held_by"])),
        )
    screen.print(made)
    output.more(screen, accounts, len(rows), "--limit 0")


def _held(rule: Any) -> str:
    return "" if missing(rule) else HELD.get(rule, str(rule))


def _shared(screen: Console, shared: Taken[SharedRow], limit: int) -> None:
    count = plural(len(shared.rows), "artifact")
    output.heading(screen, f"What members share ({'' if shared.whole else 'more than '}{count})")
    made = output.table(
        "kind", "value", "members", "of all accounts", "events",
        right=("members", "of all accounts", "events"), fold=("value",),
    )  # fmt: skip
    rows = shared.mappings(limit)
    for row in rows:
        made.add_row(
            output.cell(row["kind"]),
            output.cell(_named(row["value"], row["words"])),
            number(row["members"]),
            number(row["accounts"]),
            number(row["events"]),
        )
    screen.print(made)
    output.more(screen, shared.total, len(rows), "--limit 0")


def _named(value: str, words: str | None) -> str:
    """An artifact's value, and what it says if it is a template."""
    return clean(value, 120) + quoted(words)


def account_sheet(screen: Console, account: Row, limit: int) -> None:
    """An account's cluster, activity and evidence, as the graph has them."""
    activity, member = account["activity"], account["membership"]
    screen.print(output.cell(f"Account {clean(account['account_id'])}", "bold"))
    screen.print(
        f"{plural(activity['events'], 'event')} on {plural(activity['days'], 'day')}, "
        f"{when(activity['first_seen'])} to {when(activity['last_seen'])} UTC; "
        f"signed up {when(activity['signed_up'])}"
    )
    if activity["organisation"] is not None:
        screen.print(f"organisation, verified: {clean(activity['organisation'])}")
    if activity["claimed"] is not None:
        screen.print(f"organisation, merely claimed: {clean(activity['claimed'])}")
    if member is None:
        screen.print("in no cluster")
    else:
        held = _held(member["held_by"])
        screen.print(
            f"cluster {clean(member['cluster_id'])}, proposal {clean(member['proposal'])}, "
            f"confidence {in_bits(member['confidence'])}" + (f"; held back: {held}" if held else "")
        )
    if account["judged"] is not None:
        _cleared(screen, account["judged"])
    _evidence(screen, account["evidence"], limit)


def _cleared(screen: Console, judged: Row) -> None:
    """What had been decided, and what is new since."""
    new = judged["new_evidence"]
    since = f"; new since: {plural(len(new), 'artifact')}" if new else "; nothing new since"
    screen.print(f"cleared by decision {judged['decision']}{since}")
    for one in new:
        text = f"  {one['kind']} {clean(one['value'], 120)}, {in_bits(one['bits'])}"
        screen.print(output.cell(text), soft_wrap=True)


def _evidence(screen: Console, evidence: Sequence[Row], limit: int) -> None:
    output.heading(screen, f"What it shares with others ({plural(len(evidence), 'artifact')})")
    made = output.table("kind", "value", "accounts", "events", "first seen", "last seen",
                        right=("accounts", "events"), fold=("value",))  # fmt: skip
    rarest = sorted(evidence, key=lambda row: (row["accounts"], row["kind"], row["value"]))
    rows = output.cut(rarest, limit)
    for row in rows:
        made.add_row(
            output.cell(row["kind"]),
            output.cell(_named(row["value"], row["words"])),
            number(row["accounts"]),
            number(row["events"]),
            when(row["first_seen"]),
            when(row["last_seen"]),
        )
    screen.print(made)
    output.more(screen, len(evidence), len(rows), "--limit 0")


def explanation_sheet(screen: Console, pair: Explanation, limit: int) -> None:
    """Each shared artifact with its bits, what the kinds mean, the families' sums, the verdict."""
    screen.print(output.cell(f"{clean(pair.a)} and {clean(pair.b)}", "bold"))
    if pair.shared:
        _artifacts(screen, pair, limit)
    _families(screen, pair)
    screen.print()
    screen.print(pair.verdict)


def _artifacts(screen: Console, pair: Explanation, limit: int) -> None:
    made = output.table("family", "kind", "value", "accounts", "bits", "counted",
                        right=("accounts", "bits", "counted"), fold=("value",))  # fmt: skip
    rows = output.cut(pair.shared, limit)
    for item in rows:
        made.add_row(
            output.cell(item.family),
            output.cell(item.kind),
            output.cell(_named(item.value, item.words)),
            number(item.accounts),
            decimals(item.bits, 2),
            decimals(item.counted, 2),
        )
    screen.print(made)
    output.more(screen, len(pair.shared), len(rows), "--limit 0")
    screen.print()
    for kind, meaning in {item.kind: item.meaning for item in rows}.items():
        screen.print(f"{clean(kind)}: {clean(meaning)}")
    screen.print("counted: in its family the strongest whole, the second at a half, and so on")


def _families(screen: Console, pair: Explanation) -> None:
    giving = [part for part in pair.families if part.bits > 0]
    if not giving:
        return
    output.heading(screen, "By family, in bits")
    made = output.table("family", "bits", "", right=("bits",))
    for part in giving:
        cap = f"of {decimals(part.counted, 2)}: no family links alone" if part.capped else ""
        made.add_row(output.cell(part.family), decimals(part.bits, 2), cap)
    made.add_row("all", decimals(pair.bits, 2), f"a link needs {decimals(pair.threshold, 2)}")
    screen.print(made)
