"""What is around an account, an artifact or a cluster: candidates in order, and how many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from linkage.folder import Tables
from linkage.graph.embedded.accounts import activity, artifact, member
from linkage.graph.embedded.clusters import cluster_id
from linkage.graph.embedded.pages import Record, total
from linkage.graph.neighbours import Room
from linkage.graph.questions import AccountRef, ArtifactRef, ClusterRef, Ref

_LINKED = """
    SELECT other, count(*) OVER () AS total
    FROM (SELECT account_b AS other, bits FROM read_parquet($links) WHERE account_a = $account
          UNION ALL
          SELECT account_a AS other, bits FROM read_parquet($links) WHERE account_b = $account)
    WHERE other <> $centre ORDER BY bits DESC, other LIMIT $most"""
_USED = """
    SELECT kind, value, count(*) OVER () AS total
    FROM (SELECT kind, value FROM read_parquet($evidence) WHERE account_id = $account)
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY a.degree, kind, value LIMIT $most"""
# One pass over the evidence for both.
_HOLDERS = """
    WITH holding AS MATERIALIZED (
        SELECT e.account_id, m.cluster_id, m.confidence, e.events
        FROM (SELECT * FROM read_parquet($evidence) WHERE kind = $kind AND value = $value) e
        LEFT JOIN read_parquet($members) m USING (account_id)),
    placed AS (
        SELECT 'account' AS what, account_id AS id, count(*) OVER () AS total,
               row_number() OVER (ORDER BY cluster_id IS NULL, confidence DESC NULLS LAST,
                                           events DESC, account_id) AS place
        FROM holding
        UNION ALL
        SELECT 'cluster' AS what, cluster_id AS id, count(*) OVER () AS total,
               row_number() OVER (ORDER BY count(*) DESC, cluster_id) AS place
        FROM holding WHERE cluster_id IS NOT NULL GROUP BY cluster_id)
    SELECT what, id, total FROM placed WHERE place <= $most ORDER BY what, place"""
_MEMBERS = """
    SELECT account_id, count(*) OVER () AS total FROM read_parquet($members)
    WHERE cluster_id = $cluster
    ORDER BY proposal <> 'ban', confidence DESC NULLS LAST, account_id LIMIT $most"""
_SHARED = """
    SELECT kind, value, count(*) OVER () AS total
    FROM (SELECT kind, value FROM read_parquet($evidence)
          WHERE account_id IN (SELECT account_id FROM read_parquet($members)
                               WHERE cluster_id = $cluster)
          GROUP BY kind, value HAVING count(*) > 1)
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY a.degree, kind, value LIMIT $most"""


@dataclass(frozen=True)
class Around:
    """The centre by its whole id, the first candidates in order, and how many there are."""

    centre: Ref
    accounts: Sequence[str]
    artifacts: Sequence[tuple[str, str]]
    clusters: Sequence[str]
    found: Room


def around(tables: Tables, kinds: Collection[str], centre: Ref, most: int) -> Around:
    """Candidates for what is shown around the centre, `most` of each sort."""
    if isinstance(centre, AccountRef):
        return _of_account(tables, centre, most)
    if isinstance(centre, ArtifactRef):
        return _of_artifact(tables, kinds, centre, most)
    return _of_cluster(tables, centre, most)


def _of_account(tables: Tables, centre: AccountRef, most: int) -> Around:
    account = centre.account_id
    stands = _stands_for(tables, activity(tables, account))
    first = [] if stands == account else [stands]
    linked = tables.rows(_LINKED, account=stands, centre=account, most=most)
    used = tables.rows(_USED, account=account, most=most)
    membership = member(tables, account)
    clusters = [membership["cluster_id"]] if membership else []
    return Around(
        centre,
        [*first, *(row["other"] for row in linked)],
        _artifacts(used),
        clusters,
        Room(len(first) + total(linked), total(used), len(clusters)),
    )


def _of_artifact(tables: Tables, kinds: Collection[str], centre: ArtifactRef, most: int) -> Around:
    artifact(tables, kinds, centre.kind, centre.value)
    rows = tables.rows(_HOLDERS, kind=centre.kind, value=centre.value, most=most)
    holders = [row for row in rows if row["what"] == "account"]
    theirs = [row for row in rows if row["what"] == "cluster"]
    return Around(
        centre,
        [row["id"] for row in holders],
        (),
        [row["id"] for row in theirs],
        Room(total(holders), 0, total(theirs)),
    )


def _of_cluster(tables: Tables, centre: ClusterRef, most: int) -> Around:
    found = cluster_id(tables, centre.cluster_id)
    members = tables.rows(_MEMBERS, cluster=found, most=most)
    shared = tables.rows(_SHARED, cluster=found, most=most)
    accounts = [row["account_id"] for row in members]
    room = Room(total(members), total(shared), 0)
    return Around(ClusterRef(found), accounts, _artifacts(shared), (), room)


def _stands_for(tables: Tables, account: Record) -> str:
    """Whom links name: the first account of a verified organisation, else the account itself."""
    if account["organisation"] is None:
        return str(account["account_id"])
    found = tables.rows(
        "SELECT min(account_id) AS first FROM read_parquet($activity) "
        "WHERE organisation = $organisation",
        organisation=account["organisation"],
    )
    return str(found[0]["first"])


def _artifacts(rows: Sequence[Record]) -> list[tuple[str, str]]:
    return [(row["kind"], row["value"]) for row in rows]
