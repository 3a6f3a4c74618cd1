"""Why an account is missed, and what accounts share, as a reader of the result can see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linkage.render import HELD, QUESTIONS, clean, decimals, innocents, missing, plural
from linkage.run import Run

SHOWN = 8  # artifacts of an account, the rarest first
LINES = 14  # of an explanation
WIDTH = 60


def why_missed(run: Run, row: Any) -> str:
    """The rule that holds it, or what its cluster lacks; a row of members with `proposal`."""
    if missing(row.cluster_id):
        return "It is in no cluster: no link, and no community that its evidence ties it to."
    cluster = run.cluster(str(row.cluster_id)).row
    where = (
        f"Its cluster `{clean(cluster['cluster_id'])}` has {plural(cluster['accounts'], 'account')}"
    )
    if not missing(row.held_by):
        return f"{where}; it is held back: {HELD.get(str(row.held_by), clean(row.held_by))}."
    if missing(cluster["expected"]):
        return f"{where}, too few, or too few units, to be scored as a group."
    p = ", ".join(f"{q} p = {decimals(cluster[f'p_{name}'], 3)}" for name, q in QUESTIONS.items())
    said = "" if missing(cluster["note"]) else f" ({clean(cluster['note'])})"
    return (
        f"{where}; its proposal is {clean(cluster['proposal'])}{said}: "
        f"{innocents(cluster['expected'])} innocent groups as unusual are expected. {p}."
    )


def things(run: Run, account: str, network: Sequence[str]) -> dict[str, Any]:
    """evidence: what it shares, a line each, the rarest first; of_evidence: how many there are;
    explained: the pair with whoever of its network shares the rarest of it."""
    evidence = run.account(account).evidence.sort_values(["accounts", "kind", "value"])
    theirs = run.evidence([other for other in network if other != account])
    keys = ["kind", "value"]
    own = evidence.merge(theirs.groupby(keys).account_id.agg(["size", "min"]), "left", on=keys)
    own["size"] = own["size"].fillna(0).astype(int)
    lines = [
        f"{clean(row['kind'])} {clean(row['value'], WIDTH)}: {plural(row['accounts'], 'account')}, "
        f"{row['size']} of its network besides it"
        for row in own.head(SHOWN).to_dict("records")
    ]
    partner = own["min"].dropna()
    return {
        "evidence": lines,
        "of_evidence": len(own),
        "explained": explained(run, account, str(partner.iloc[0])) if len(partner) else "",
    }


def network_shares(run: Run, accounts: Sequence[str]) -> dict[str, Any]:
    """shares: of each kind, how many artifacts at least two of the accounts have, the most that
    have one, and whether others have it too; explained: two that share the rarest."""
    evidence = run.evidence(accounts)
    held = evidence.groupby(["kind", "value"]).agg(
        inside=("account_id", "size"), accounts=("accounts", "first"),
        first=("account_id", "min"), last=("account_id", "max"),
    )  # fmt: skip
    both = held[held.inside > 1].reset_index()
    shares = [
        {
            "kind": kind,
            "artifacts": len(rows),
            "inside": int(rows.inside.max()),
            "own": int((rows.inside == rows.accounts).sum()),
        }
        for kind, rows in both.groupby("kind", sort=True)
    ]
    text = ""
    if len(both):
        rarest = both.sort_values(["accounts", "kind", "value"]).iloc[0]
        text = explained(run, str(rarest["first"]), str(rarest["last"]))
    return {"shares": shares, "explained": text}


def explained(run: Run, a: str, b: str) -> str:
    """`run.explain` of two accounts, cut in the middle where they share very much."""
    lines = run.explain(a, b).text().splitlines()
    if len(lines) > LINES:
        lines = [*lines[: LINES - 2], f"... {len(lines) - LINES + 1} more", lines[-1]]
    return "\n".join(lines)
