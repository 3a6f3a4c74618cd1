"""Clusters, their members, and what and by what these are linked."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, get_args

from linkage.explain import shared_artifacts, with_words
from linkage.graph.answers import (
    Bucket,
    ClusterRow,
    LinkList,
    LinkRow,
    MemberRow,
    Page,
    SharedRow,
    Signal,
    Timeline,
)
from linkage.graph.neighbours import giving
from linkage.graph.neo4j.accounts import holdings, words
from linkage.graph.neo4j.parts import LINKS_EACH
from linkage.graph.neo4j.reading import Reading, families, properties
from linkage.graph.paging import Key, a_number, a_number_or_none, a_text, place
from linkage.graph.questions import (
    PROPOSALS,
    BucketSize,
    ClusterFilter,
    ClusterSort,
    MemberOrder,
    limited,
    one_of,
)
from linkage.graph.records import Record, columns, page
from linkage.graph.timelines import EPOCH, WIDTH
from linkage.unknown import is_text, no_cluster
from linkage.wording import asked

FEW = 4  # ids that begin alike: enough to say that there are several
BOUNDS = (
    "score_least", "score_most", "accounts_least", "accounts_most", "first_seen_from",
    "first_seen_to",
)  # fmt: skip


def cluster_id(asks: Reading, given: str) -> str:
    """The id of the one cluster that is called so or whose id begins so; else NotFound."""
    count = int(asks.described.info["counts"].get("clusters", 0))
    if not is_text(given) or not given:
        raise no_cluster(given, (), count)
    found = [row["cluster_id"] for row in asks.rows("cluster_ids", begins=given, most=FEW)]
    if given in found:
        return given
    if len(found) == 1:
        return str(found[0])
    if not found and not asks.complete:
        asks.outside(given)
    raise no_cluster(given, found, count)


def node(asks: Reading, given: str, *, whole: bool = False) -> Record:
    """A cluster's properties; `whole`: all its members must be here."""
    found = asks.first("cluster", cluster=cluster_id(asks, given))
    made: Record = found["cluster"] if found else {}
    if whole and not made["whole"]:
        asks.outside(given)
    return made


def clusters(
    asks: Reading, where: ClusterFilter, sort: ClusterSort, after: str | None, limit: int
) -> Page[ClusterRow]:
    """A page of clusters."""
    if not asks.complete and (not where.proposals or "none" in where.proposals):
        asks.outside("clusters of every proposal")
    question = (asks.described.id, "clusters", where, sort)
    least = _least(asks, where)
    values: dict[str, Any] = {name: getattr(where, name) for name in BOUNDS}
    values |= {"proposals": list(where.proposals or PROPOSALS), "accounts_least": least}
    sign = -1 if sort.descending else 1
    last, name = None, ""
    if after is not None:
        last, name = place(after, question, (a_number_or_none, a_text))  # type: ignore[assignment]
    most = limited(limit) + 1
    if not is_text(where.id_prefix):
        return Page((), None)
    rows = asks.rows(
        "clusters",
        **values,
        id_prefix=where.id_prefix,
        among=None if where.among is None else [one for one in where.among if is_text(one)],
        apart_from=[one for one in where.apart_from if is_text(one)],
        by=sort.by,
        sign=sign,
        **{"from": after is not None, "last": last, "id": name, "most": most},
    )
    return page(
        [{**row, "cluster_id": row["cluster"]["cluster_id"]} for row in rows],
        limit,
        question,
        ("key", "cluster_id"),
        _cluster_row,
    )


def _least(asks: Reading, where: ClusterFilter) -> int | None:
    """How many accounts a cluster must have."""
    if not where.only_groups:
        return where.accounts_least
    group = int(asks.described.info["settings"]["score"]["group_accounts"])
    return max(group, where.accounts_least or 0)


def cluster(asks: Reading, given: str) -> ClusterRow:
    """One cluster."""
    return _cluster_row({"cluster": node(asks, given)})


def _cluster_row(row: Record) -> ClusterRow:
    names = [name for name in ClusterRow.__dataclass_fields__ if name != "signals"]
    signals = tuple(Signal(**signal) for signal in json.loads(row["cluster"]["signals"]))
    return ClusterRow(**properties(row, "cluster", names), signals=signals)


def members(
    asks: Reading, given: str, after: str | None, limit: int, by: MemberOrder
) -> Page[MemberRow]:
    """A page of a cluster's accounts."""
    one_of(by, get_args(MemberOrder), "order of members")
    found = node(asks, given, whole=True)["cluster_id"]
    question = (asks.described.id, "members", found, by)
    values: dict[str, Any] = {"cluster": found, "most": limited(limit) + 1}
    if by == "account_id":
        keys: tuple[str, ...] = ("key",)
        last = place(after, question, (a_text,))[0] if after is not None else ""
        rows = asks.rows("members", **values, after=last, first=after is None)
    else:
        keys = ("confidence", "key")
        last_keys: tuple[Key, ...] = (None, "")
        if after is not None:
            last_keys = place(after, question, (a_number_or_none, a_text))
        values |= {"from": after is not None, "last": last_keys[0], "id": last_keys[1]}
        rows = asks.rows("members_by_confidence", **values)
    names = tuple(MemberRow.__dataclass_fields__)
    return page(rows, limit, question, keys, lambda row: MemberRow(**columns(row, names)))


def evidence(asks: Reading, given: str, after: str | None, limit: int) -> Page[SharedRow]:
    """A page of what at least two members share."""
    found = node(asks, given, whole=True)["cluster_id"]
    question = (asks.described.id, "evidence", found)
    last = place(after, question, (a_number,))[0] if after is not None else 0
    rows = asks.rows("shared", cluster=found, after=last, most=limited(limit) + 1)
    names = tuple(SharedRow.__dataclass_fields__)
    return page(rows, limit, question, ("rank",), lambda row: SharedRow(**columns(row, names)))


def links(asks: Reading, given: str, strongest: bool, limit: int) -> LinkList:
    """Links between a cluster's members with their reasons. The graph has the strongest of each
    account: where more are asked for, somebody else may know them."""
    cluster = node(asks, given, whole=True)
    most = limited(limit)
    rows = asks.rows("cluster_links", cluster=cluster["cluster_id"], strongest=strongest, most=most)
    here = rows[0]["here"] if rows else 0
    exact = here == cluster["links"] or (strongest and most <= LINKS_EACH)
    if not exact and not asks.alone:
        asks.outside(cluster["cluster_id"])
    ends = sorted({row[end] for row in rows for end in ("account_a", "account_b")})
    held, info = holdings(asks, ends), asks.described.info
    reasons = [
        shared_artifacts(info, held[row["account_a"]], held[row["account_b"]]) for row in rows
    ]
    told = words(asks, asked(one for some in reasons for one in some))
    listed = tuple(
        LinkRow(
            account_a=row["account_a"],
            account_b=row["account_b"],
            bits=row["bits"],
            families=giving(families(row)["families"]),
            reasons=with_words(some, told),
        )
        for row, some in zip(rows, reasons, strict=True)
    )
    return LinkList(listed, cluster["links"] - len(listed))


def timeline(asks: Reading, given: str, bucket: BucketSize) -> Timeline:
    """By day or hour."""
    one_of(bucket, get_args(BucketSize), "size of buckets")
    cluster, width = node(asks, given, whole=True)["cluster_id"], WIDTH[bucket]
    rows = asks.rows("timeline", cluster=cluster, width=width // timedelta(microseconds=1))
    hours = tuple(row["events"] for row in asks.rows("hours", cluster=cluster))
    total = asks.first("events", cluster=cluster)
    return Timeline(
        cluster_id=cluster,
        size=bucket,
        events=total["events"] if total else 0,
        hours=hours,
        buckets=tuple(
            Bucket(EPOCH + row["number"] * width, row["arrived"], row["gone"], row["known_events"])
            for row in rows
        ),
    )
