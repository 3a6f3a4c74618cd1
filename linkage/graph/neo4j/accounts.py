"""Single accounts, artifacts and pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from linkage.explain import Explanation, Holding, explain
from linkage.graph.answers import (
    AccountCard,
    Activity,
    ArtifactRow,
    EvidenceRow,
    HolderRow,
    MemberRow,
    Page,
)
from linkage.graph.neo4j.model import key, native
from linkage.graph.neo4j.reading import Reading
from linkage.graph.paging import a_text, place
from linkage.graph.questions import limited, one_of
from linkage.graph.records import Record, columns, page
from linkage.unknown import is_text, nearest, no_account, no_artifact
from linkage.wording import KIND

CANDIDATES = 1000  # ids that begin alike, among which near ones are looked for


def found(asks: Reading, account_id: str) -> Record:
    """An account's properties; NotFound names ids that look alike, of those that begin alike."""
    if not is_text(account_id):
        raise no_account(account_id, ())
    row = asks.first("account", key=key(account_id))
    if row is None:
        if not asks.complete:
            asks.outside(account_id)
        begins = account_id[: max(1, len(account_id) // 2)]
        alike = asks.rows("begins", begins=begins, most=CANDIDATES)
        raise no_account(account_id, nearest(account_id, [row["account_id"] for row in alike]))
    account = {name: native(value) for name, value in row["account"].items()}
    return {**account, "account_id": account.get("text", account["account_id"])}


def whole(asks: Reading, account_id: str) -> Record:
    """Likewise, where all of its evidence is here."""
    account = found(asks, account_id)
    if not account["whole"]:
        asks.outside(account_id)
    return account


def account(asks: Reading, account_id: str) -> AccountCard:
    """An account with all that it shares."""
    node = whole(asks, account_id)
    member = None
    if node.get("cluster_id") is not None:
        of_member: Record = {name: node.get(name) for name in MemberRow.__dataclass_fields__}
        member = MemberRow(**of_member)
    of_activity: Record = {name: node.get(name) for name in Activity.__dataclass_fields__}
    of_activity["hours"] = tuple(node.get("hours") or ())
    return AccountCard(
        account_id=node["account_id"],
        membership=member,
        activity=Activity(**of_activity),
        evidence=tuple(EvidenceRow(**row) for row in asks.rows("evidence", key=key(account_id))),
    )


def artifact(asks: Reading, kind: str, value: str) -> Record:
    """One artifact, and whether all that have it are here; NotFound names the other kinds that
    have the value."""
    one_of(kind, asks.kinds, "kind of artifact")
    if not is_text(value):
        raise no_artifact(kind, value, ())
    row = asks.first("artifact", kind, key=key(value))
    if row is None:
        if not asks.complete:
            asks.outside(value)
        others = [other for other in sorted(asks.kinds) if other != kind]
        raise no_artifact(
            kind, value, [o for o in others if asks.first("artifact", o, key=key(value))]
        )
    return row


def artifact_row(asks: Reading, kind: str, value: str) -> ArtifactRow:
    """One artifact."""
    found = artifact(asks, kind, value)
    return ArtifactRow(**columns(found, tuple(ArtifactRow.__dataclass_fields__)))


def holders(asks: Reading, kind: str, value: str, after: str | None, limit: int) -> Page[HolderRow]:
    """A page of the accounts that have an artifact."""
    if not artifact(asks, kind, value)["whole"]:
        asks.outside(value)
    question = (asks.described.id, "holders", kind, value)
    most = limited(limit) + 1
    last = place(after, question, (a_text,))[0] if after is not None else None
    rows = asks.rows("holders", kind, key=key(value), after=last, most=most)
    return page(
        rows,
        limit,
        question,
        ("key",),
        lambda row: HolderRow(**columns(row, tuple(HolderRow.__dataclass_fields__))),
    )


class GraphRun:
    """What is asked of a run to weigh two of its accounts, `linkage.explain.Weighed`."""

    def __init__(self, asks: Reading) -> None:
        self._asks = asks
        self.info: Mapping[str, Any] = asks.described.info

    def unit_of(self, account_id: str) -> tuple[str | None, list[str]]:
        """As the protocol says; OutsideGraph where some of the unit is not here whole."""
        found(self._asks, account_id)
        rows = self._asks.rows("unit", key=key(account_id))
        if not all(row["whole"] for row in rows):
            self._asks.outside(account_id)
        return rows[0]["organisation"], [row["account_id"] for row in rows]

    def holding(self, accounts: Sequence[str]) -> Holding:
        """As the protocol says."""
        rows = self._asks.rows("held", keys=[key(account) for account in accounts])
        return Holding.of(rows)

    def linked(self, unit_a: Sequence[str], unit_b: Sequence[str]) -> bool | None:
        """As the protocol says; the graph has the strongest links of each account."""
        keys_a, keys_b = [key(a) for a in unit_a], [key(b) for b in unit_b]
        row = self._asks.first("joined", keys_a=keys_a, keys_b=keys_b)
        if row is None or row["linked"] or row["whole"]:
            return bool(row and row["linked"])
        if not self._asks.alone:
            self._asks.outside(unit_a[0])
        return None

    def words(self, templates: Collection[str]) -> Mapping[str, str]:
        """As the protocol says."""
        return words(self._asks, templates)


def words(asks: Reading, templates: Collection[str]) -> dict[str, str]:
    """What templates say, by their ids, of those of which it is known."""
    by_key = {key(template): template for template in templates}
    rows = asks.rows("words", KIND, keys=list(by_key)) if by_key else []
    return {by_key[row["key"]]: row["words"] for row in rows}


def link(asks: Reading, a: str, b: str) -> Explanation:
    """Why two accounts are linked, or what is missing."""
    return explain(GraphRun(asks), a, b)


def holdings(asks: Reading, accounts: Sequence[str]) -> dict[str, Holding]:
    """What each of the accounts has, or its verified organisation."""
    rows = asks.rows("holdings", keys=[key(account) for account in accounts])
    if not all(row["whole"] for row in rows):
        asks.outside(next(row["stands"] for row in rows if not row["whole"]))
    made: dict[str, list[Record]] = {account: [] for account in accounts}
    for row in rows:
        if row["kind"] is not None:
            made[row["stands"]].append(row)
    return {account: Holding.of(held) for account, held in made.items()}
