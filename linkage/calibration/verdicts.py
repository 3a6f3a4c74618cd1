"""What people decided about accounts and clusters, as one verdict an account."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from linkage.errors import InputError, MissingColumns
from linkage.labels import SAID, SAYING, checked, read_table, texts
from linkage.render import clean, number

BAN, CLEAR, WATCH = "ban", "clear", "watch"


@dataclass(frozen=True)
class Verdicts:
    """What is decided of a run's accounts.

    table               account_id, banned (bool; else cleared) and network: accounts with the
                        same one are known, or decided, to be one operator's; None for no one
    unknown_accounts    rows about accounts that the run does not have
    unknown_clusters    rows about clusters that the run does not have
    watched             rows that only watch, and so decide nothing
    contradictory       accounts that were decided one way and the other; the table has what
                        prevails: an account's row over its cluster's, then the later row
    """

    table: pd.DataFrame
    unknown_accounts: int
    unknown_clusters: int
    watched: int
    contradictory: int

    @property
    def banned(self) -> int:
        """Accounts."""
        return int(self.table.banned.sum())

    @property
    def cleared(self) -> int:
        """Accounts."""
        return len(self.table) - self.banned


def read_verdicts(path: str | Path) -> pd.DataFrame:
    """Decisions, or labels, from Parquet or CSV, with the columns that `verdicts` takes.

    Raises MissingInput or FormatError.
    """
    return read_table(path, "decisions")


def verdicts(accounts: pd.Series, members: pd.DataFrame, decisions: pd.DataFrame) -> Verdicts:
    """Who is banned and who is cleared, of a run's `accounts` and its clusters' `members`.

    `decisions` has decision (ban, clear, or watch, which decides nothing) and account_id or
    cluster_id, or both (then the row is about the account); a cluster's row stands for all its
    members. Or it has no decision, and the columns of known truth (`labels.checked`): who is of a
    network counts as banned, innocents as cleared. A network is one that the truth knows, else
    the cluster that an account is in.

    Raises MissingColumns, or InputError where a row cannot be understood or none is about
    the run.
    """
    cluster_of = members.set_index("account_id").cluster_id
    if "decision" in decisions.columns:
        found = _decided(accounts, members, decisions)
    elif {*SAYING, *SAID} & set(decisions.columns):
        found = _labelled(accounts, decisions)
    else:
        has = ", ".join(clean(name) for name in decisions.columns)
        raise MissingColumns(
            f"the decisions have no column decision, nor operator, group or fraud; they have: {has}"
        )
    if found.table.empty and found.watched < len(decisions):
        raise InputError(
            "no account or cluster that the decisions name is in the run "
            f"({number(len(decisions))} rows): are they about this result?"
        )
    clusters = "cluster " + found.table.account_id.map(cluster_of).astype("str")
    clusters = clusters.where(found.table.account_id.isin(cluster_of.index), None)
    known = found.table.network.notna()
    network = found.table.network.where(known, clusters).where(found.table.banned, None)
    table = found.table.assign(network=network.astype(object))
    return Verdicts(table, *(getattr(found, name) for name in _COUNTS))


_COUNTS = ("unknown_accounts", "unknown_clusters", "watched", "contradictory")


def _labelled(accounts: pd.Series, truth: pd.DataFrame) -> Verdicts:
    known = checked(truth)
    here = known[known.account_id.isin(accounts)]
    network = ("network " + here.network.astype("str")).where(here.network.notna(), None)
    table = pd.DataFrame(
        {"account_id": here.account_id, "banned": here.fraud, "network": network.astype(object)}
    ).reset_index(drop=True)
    return Verdicts(table, len(known) - len(here), 0, 0, 0)


def _decided(accounts: pd.Series, members: pd.DataFrame, decisions: pd.DataFrame) -> Verdicts:
    decision, account, cluster = (
        texts(decisions, name) for name in ("decision", "account_id", "cluster_id")
    )
    if not {"account_id", "cluster_id"} & set(decisions.columns):
        raise MissingColumns("the decisions have no column account_id, nor cluster_id")
    decision = decision.str.lower()
    wrong = ~decision.isin([BAN, CLEAR, WATCH]) | (account.isna() & cluster.isna())
    if wrong.any():
        raise InputError(_fault(int(wrong.to_numpy().argmax()), decisions))
    rows = pd.DataFrame({"banned": decision == BAN, "account_id": account, "cluster_id": cluster})
    rows = rows.assign(row=np.arange(len(rows)))[(decision != WATCH).to_numpy()]
    single, whole = rows[rows.account_id.notna()], rows[rows.account_id.isna()]
    whole = whole.assign(cluster_id=_by_beginning(whole.cluster_id, members.cluster_id))
    of_members = whole.drop(columns="account_id").merge(
        members[["account_id", "cluster_id"]], on="cluster_id"
    )
    known = single[single.account_id.isin(accounts)]
    each = pd.concat([of_members.sort_values("row", kind="stable"), known])
    several = each.groupby("account_id").banned.nunique()
    table = each.drop_duplicates("account_id", keep="last")[["account_id", "banned"]]
    table = table.sort_values("account_id").astype({"banned": bool})
    return Verdicts(
        table.assign(network=None).reset_index(drop=True),
        unknown_accounts=len(single) - len(known),
        unknown_clusters=int((~whole.cluster_id.isin(members.cluster_id)).sum()),
        watched=int((decision == WATCH).sum()),
        contradictory=int((several > 1).sum()),
    )


def _fault(row: int, decisions: pd.DataFrame) -> str:
    said = decisions["decision"].iloc[row]
    if str(said).strip().lower() in (BAN, CLEAR, WATCH):
        return f"row {number(row + 1)} of the decisions names neither an account nor a cluster"
    return (
        f"row {number(row + 1)} of the decisions: decision is {clean(said, 40)}, "
        f"and must be {BAN}, {CLEAR} or {WATCH}"
    )


def _by_beginning(asked: pd.Series, ids: pd.Series) -> pd.Series:
    """Whole ids for beginnings that only one cluster has; others stay as they are."""
    known = sorted(set(ids))

    def whole(name: str) -> str:
        at = bisect_left(known, name)
        several = at + 1 < len(known) and known[at + 1].startswith(name)
        if at < len(known) and known[at].startswith(name) and (known[at] == name or not several):
            return known[at]
        return name

    return asked.map(whole)
