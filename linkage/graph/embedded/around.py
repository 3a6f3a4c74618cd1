"""What is around an account, an artifact or a cluster, and what joins what is shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from linkage.folder import Tables
from linkage.graph.drawing import Around, Artifacts
from linkage.graph.embedded.accounts import activity, artifact, member
from linkage.graph.embedded.clusters import cluster_id
from linkage.graph.neighbours import Room
from linkage.graph.questions import AccountRef, ArtifactRef, ClusterRef, Ref
from linkage.graph.records import Record, total
from linkage.wording import worded

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

_ACCOUNTS = """
    SELECT a.account_id, a.events, a.first_seen, a.last_seen, a.organisation,
           m.cluster_id, m.confidence, m.proposal, m.held_by
    FROM (SELECT * FROM read_parquet($activity)
          WHERE account_id IN (SELECT unnest($accounts))) a
    LEFT JOIN read_parquet($members) m USING (account_id)"""
_NAMED = "(SELECT unnest($kinds) AS kind, unnest($artifact_values) AS value)"
_ARTIFACTS = f"""
    SELECT kind, value, accounts, degree
    FROM read_parquet($artifacts) JOIN {_NAMED} USING (kind, value)"""
_CLUSTERS = """
    SELECT cluster_id, accounts, events, score, expected, proposal, first_seen, last_seen
    FROM read_parquet($clusters) WHERE cluster_id IN (SELECT unnest($clusters_shown))"""
_USES = f"""
    SELECT e.*, count(*) OVER () AS total
    FROM (SELECT * FROM read_parquet($evidence)
          WHERE account_id IN (SELECT unnest($accounts))) e
    JOIN {_NAMED} USING (kind, value)
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY e.account_id <> $centre, a.degree, kind, value, e.account_id LIMIT $most"""
_LINKS = """
    SELECT *, count(*) OVER () AS total FROM read_parquet($links)
    WHERE account_a IN (SELECT unnest($accounts)) AND account_b IN (SELECT unnest($accounts))
    ORDER BY account_a <> $centre AND account_b <> $centre, bits DESC, account_a, account_b
    LIMIT $most"""


class FolderSurroundings:
    """`linkage.graph.drawing.Surroundings` over a result folder."""

    def __init__(self, tables: Tables, kinds: Collection[str]) -> None:
        self._tables, self._kinds = tables, kinds

    def around(self, centre: Ref, most: int) -> Around:
        """As the protocol says."""
        if isinstance(centre, AccountRef):
            return _of_account(self._tables, centre, most)
        if isinstance(centre, ArtifactRef):
            return _of_artifact(self._tables, self._kinds, centre, most)
        return _of_cluster(self._tables, centre, most)

    def accounts(self, ids: Sequence[str]) -> Sequence[Record]:
        """As the protocol says."""
        return self._tables.rows(_ACCOUNTS, accounts=ids)

    def artifacts(self, named: Artifacts) -> Sequence[Record]:
        """As the protocol says."""
        return worded(self._tables, self._tables.rows(_ARTIFACTS, **_lists(named)))

    def clusters(self, ids: Sequence[str]) -> Sequence[Record]:
        """As the protocol says."""
        return self._tables.rows(_CLUSTERS, clusters_shown=ids)

    def uses(
        self, accounts: Sequence[str], named: Artifacts, centre: str, most: int
    ) -> Sequence[Record]:
        """As the protocol says."""
        return self._tables.rows(
            _USES, accounts=accounts, **_lists(named), centre=centre, most=most
        )

    def links(self, accounts: Sequence[str], centre: str, most: int) -> Sequence[Record]:
        """As the protocol says."""
        return self._tables.rows(_LINKS, accounts=accounts, centre=centre, most=most)


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


def _lists(named: Artifacts) -> dict[str, Any]:
    """Artifacts as two lists of equal length."""
    return {"kinds": [kind for kind, _ in named], "artifact_values": [value for _, value in named]}
