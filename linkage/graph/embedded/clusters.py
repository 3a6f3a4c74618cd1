"""Clusters, their members, and what and by what these are linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.explain import Holding, shared_artifacts, with_words
from linkage.folder import Tables
from linkage.graph.answers import (
    ClusterRow,
    LinkList,
    LinkRow,
    MemberRow,
    Page,
    SharedRow,
    Signal,
)
from linkage.graph.neighbours import giving
from linkage.graph.paging import a_number, a_number_or_none, a_text, place
from linkage.graph.questions import ClusterFilter, ClusterSort, MemberOrder, limited, one_of
from linkage.graph.records import Record, columns, page, total
from linkage.unknown import is_text, no_cluster
from linkage.wording import asked, worded, words_of

# Keys of an order as numbers, so that a cursor brings them back to the last digit.
_KEYS: Mapping[str, str] = {
    "score": "score",
    "accounts": "accounts",
    "events": "events",
    "first_seen": "epoch_us(first_seen)",
    "last_seen": "epoch_us(last_seen)",
}
_WHERE: Mapping[str, str] = {
    "score_least": "score >= $score_least",
    "score_most": "score <= $score_most",
    "accounts_least": "accounts >= $accounts_least",
    "accounts_most": "accounts <= $accounts_most",
    "proposals": "list_contains($proposals, proposal)",
    "first_seen_from": "first_seen >= $first_seen_from",
    "first_seen_to": "first_seen < $first_seen_to",
    "id_prefix": "starts_with(cluster_id, $id_prefix)",
}
_MEMBERS = """
    SELECT account_id, cluster_id, confidence, proposal, held_by
    FROM read_parquet($members) WHERE cluster_id = $cluster"""
_SHARED = """
    SELECT e.*, a.accounts, e.members * e.members / a.accounts AS own
    FROM (SELECT kind, value, count(*) AS members, sum(events)::BIGINT AS events,
                 min(first_seen) AS first_seen, max(last_seen) AS last_seen
          FROM read_parquet($evidence)
          WHERE account_id IN (SELECT account_id FROM read_parquet($members)
                               WHERE cluster_id = $cluster)
          GROUP BY kind, value HAVING count(*) > 1) e
    JOIN read_parquet($artifacts) a USING (kind, value)"""
_LINKS = """
    WITH members AS (SELECT account_id FROM read_parquet($members) WHERE cluster_id = $cluster)
    SELECT account_a, account_b, bits, families, count(*) OVER () AS total
    FROM read_parquet($links)
    WHERE account_a IN (FROM members) AND account_b IN (FROM members)"""
# What the ends of links have, a verified organisation's accounts as one.
_HOLDINGS = """
    WITH ends AS (
        SELECT account_id, organisation FROM read_parquet($activity)
        WHERE account_id IN (SELECT unnest($accounts))),
    units AS (
        SELECT account_id AS stands, account_id FROM ends WHERE organisation IS NULL
        UNION ALL
        SELECT ends.account_id AS stands, act.account_id
        FROM ends JOIN read_parquet($activity) act USING (organisation)),
    held AS (
        SELECT DISTINCT stands, kind, value
        FROM (SELECT account_id, kind, value FROM read_parquet($evidence)
              WHERE account_id IN (SELECT account_id FROM units)) JOIN units USING (account_id))
    SELECT stands, kind, value, accounts, degree
    FROM held JOIN read_parquet($artifacts) USING (kind, value)
    ORDER BY stands, kind, value"""


def cluster_id(tables: Tables, given: str) -> str:
    """The id of the one cluster that is called so or whose id begins so; else NotFound."""
    if not is_text(given):
        raise no_cluster(given, (), _count(tables))
    found = tables.rows(
        "SELECT cluster_id FROM read_parquet($clusters) WHERE starts_with(cluster_id, $given) "
        "AND $given <> '' ORDER BY cluster_id",
        given=given,
    )
    ids = [row["cluster_id"] for row in found]
    if given in ids:
        return given
    if len(ids) != 1:
        raise no_cluster(given, ids, _count(tables))
    return str(ids[0])


def _count(tables: Tables) -> int:
    return int(tables.rows("SELECT count(*) AS n FROM read_parquet($clusters)")[0]["n"])


def clusters(
    tables: Tables,
    run: str,
    group_accounts: int,
    where: ClusterFilter,
    sort: ClusterSort,
    after: str | None,
    limit: int,
) -> Page[ClusterRow]:
    """A page of clusters; `group_accounts`: as many make a group."""
    question = (run, "clusters", where, sort)
    values: dict[str, Any] = {"most": limited(limit) + 1}
    conditions = []
    for name, condition in _WHERE.items():
        given = getattr(where, name)
        if given not in (None, "", ()):
            if isinstance(given, str) and not is_text(given):
                return Page((), None)
            values[name] = list(given) if isinstance(given, tuple) else given
            conditions.append(condition)
    for name, condition in (
        ("among", "list_contains($among, cluster_id)"),
        ("apart_from", "NOT list_contains($apart_from, cluster_id)"),
    ):
        if getattr(where, name) is not None:
            values[name] = [one for one in getattr(where, name) if is_text(one)]
            conditions.append(condition)
    if where.only_groups:
        values["group_accounts"] = group_accounts
        conditions.append("accounts >= $group_accounts")
    key = _KEYS[sort.by]
    if after is not None:
        last, values["id"] = place(after, question, (a_number_or_none, a_text))
        if last is None:
            conditions.append(f"{key} IS NULL AND cluster_id > $id")
        else:
            values["last"] = last
            beyond = "<" if sort.descending else ">"
            tied = f"{key} = $last AND cluster_id > $id"
            conditions.append(f"({key} {beyond} $last OR ({tied}) OR {key} IS NULL)")
    found = tables.rows(
        f"SELECT *, {key} AS key FROM read_parquet($clusters) "
        f"WHERE {' AND '.join(conditions or ['true'])} "
        f"ORDER BY {key} {'DESC' if sort.descending else 'ASC'} NULLS LAST, cluster_id LIMIT $most",
        **values,
    )
    return page(found, limit, question, ("key", "cluster_id"), _cluster_row)


def cluster(tables: Tables, given: str) -> ClusterRow:
    """One cluster."""
    found = tables.rows(
        "SELECT * FROM read_parquet($clusters) WHERE cluster_id = $cluster",
        cluster=cluster_id(tables, given),
    )
    return _cluster_row(found[0])


def _cluster_row(row: Record) -> ClusterRow:
    names = [name for name in ClusterRow.__dataclass_fields__ if name != "signals"]
    return ClusterRow(**columns(row, names), signals=tuple(Signal(**s) for s in row["signals"]))


def members(
    tables: Tables, run: str, given: str, after: str | None, limit: int, by: MemberOrder
) -> Page[MemberRow]:
    """A page of a cluster's accounts."""
    one_of(by, ("account_id", "confidence"), "order of members")
    found = cluster_id(tables, given)
    question = (run, "members", found, by)
    values: dict[str, Any] = {"cluster": found, "most": limited(limit) + 1}
    keys = ("account_id",) if by == "account_id" else ("confidence", "account_id")
    beyond = ""
    if after is not None and by == "account_id":
        (values["id"],) = place(after, question, (a_text,))
        beyond = "AND account_id > $id"
    elif after is not None:
        last, values["id"] = place(after, question, (a_number_or_none, a_text))
        beyond = "AND confidence IS NULL AND account_id > $id"
        if last is not None:
            values["last"] = last
            tied = "confidence = $last AND account_id > $id"
            beyond = f"AND (confidence < $last OR ({tied}) OR confidence IS NULL)"
    order = "account_id" if by == "account_id" else "confidence DESC NULLS LAST, account_id"
    rows = tables.rows(f"{_MEMBERS} {beyond} ORDER BY {order} LIMIT $most", **values)
    return page(rows, limit, question, keys, lambda row: MemberRow(**row))


def evidence(
    tables: Tables, run: str, given: str, after: str | None, limit: int
) -> Page[SharedRow]:
    """A page of what at least two members share."""
    found = cluster_id(tables, given)
    question = (run, "evidence", found)
    values: dict[str, Any] = {"cluster": found, "most": limited(limit) + 1}
    beyond = ""
    if after is not None:
        keys = place(after, question, (a_number, a_text, a_text))
        values |= dict(zip(("own", "kind", "value"), keys, strict=True))
        beyond = "WHERE own < $own OR (own = $own AND (kind, value) > ($kind, $value))"
    rows = tables.rows(
        f"FROM ({_SHARED}) {beyond} ORDER BY own DESC, kind, value LIMIT $most", **values
    )
    names = tuple(SharedRow.__dataclass_fields__)
    rows = worded(tables, rows)
    made = page(rows, limit, question, ("own", "kind", "value"), lambda r: columns(r, names))
    return Page(tuple(SharedRow(**row) for row in made.rows), made.next)


def links(
    tables: Tables, info: Mapping[str, Any], given: str, strongest: bool, limit: int
) -> LinkList:
    """Links between a cluster's members, with their reasons."""
    order = "bits DESC, account_a, account_b" if strongest else "account_a, account_b"
    rows = tables.rows(
        f"{_LINKS} ORDER BY {order} LIMIT $most",
        cluster=cluster_id(tables, given),
        most=limited(limit),
    )
    held = _holdings(
        tables, sorted({row[end] for row in rows for end in ("account_a", "account_b")})
    )
    reasons = [
        shared_artifacts(info, held[row["account_a"]], held[row["account_b"]]) for row in rows
    ]
    words = words_of(tables, asked(one for some in reasons for one in some))
    listed = tuple(
        LinkRow(
            account_a=row["account_a"],
            account_b=row["account_b"],
            bits=row["bits"],
            families=giving(row["families"]),
            reasons=with_words(some, words),
        )
        for row, some in zip(rows, reasons, strict=True)
    )
    return LinkList(listed, total(rows) - len(rows))


def _holdings(tables: Tables, accounts: Sequence[str]) -> dict[str, Holding]:
    """What each of the accounts has, or its organisation."""
    made: dict[str, list[Record]] = {account: [] for account in accounts}
    for row in tables.rows(_HOLDINGS, accounts=list(accounts)):
        made[row["stands"]].append(row)
    return {account: Holding.of(held) for account, held in made.items()}
