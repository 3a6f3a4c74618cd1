"""A neighbourhood of what is around a thing: nodes with their properties, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.folder import Tables
from linkage.graph.answers import KindWords
from linkage.graph.embedded.around import around
from linkage.graph.embedded.clusters import giving
from linkage.graph.embedded.pages import columns, total
from linkage.graph.neighbours import EDGES_A_NODE, Edge, Neighbourhood, Node, left_out, shown
from linkage.graph.questions import (
    MOST_NODES,
    AccountRef,
    ArtifactRef,
    ClusterRef,
    Ref,
    limited,
)

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


def neighbourhood(
    tables: Tables, kinds: Mapping[str, KindWords], centre: Ref, nodes: int
) -> Neighbourhood:
    """What is around the centre, in so many nodes at most."""
    found = around(tables, kinds, centre, limited(nodes, MOST_NODES, "nodes"))
    taken = shown(nodes, found.found)
    inside: list[Ref] = [
        found.centre,
        *(ClusterRef(cluster) for cluster in found.clusters[: taken.clusters]),
        *(AccountRef(account) for account in found.accounts[: taken.accounts]),
        *(ArtifactRef(*named) for named in found.artifacts[: taken.artifacts]),
    ]
    drawn = {**_accounts(tables, inside), **_artifacts(tables, kinds, inside)}
    drawn |= _clusters(tables, inside)
    uses, more_uses = _uses(tables, kinds, inside)
    linked, more_linked = _linked(tables, inside)
    return Neighbourhood(
        centre=found.centre,
        nodes=tuple(drawn[ref] for ref in inside),
        edges=(*_member_of(drawn, inside), *uses, *linked),
        left_out=left_out(found.centre, found.found, taken, more_uses, more_linked),
    )


def _accounts(tables: Tables, inside: Sequence[Ref]) -> dict[Ref, Node]:
    rows = tables.rows(_ACCOUNTS, accounts=_ids(inside))
    return {(ref := AccountRef(row.pop("account_id"))): Node(ref, "Account", row) for row in rows}


def _artifacts(
    tables: Tables, kinds: Mapping[str, KindWords], inside: Sequence[Ref]
) -> dict[Ref, Node]:
    made: dict[Ref, Node] = {}
    for row in tables.rows(_ARTIFACTS, **_named(inside)):
        words = kinds[row["kind"]]
        ref = ArtifactRef(row["kind"], row["value"])
        properties = {"family": words.family, **columns(row, ("accounts", "degree"))}
        made[ref] = Node(ref, words.label, properties)
    return made


def _clusters(tables: Tables, inside: Sequence[Ref]) -> dict[Ref, Node]:
    ids = [ref.cluster_id for ref in inside if isinstance(ref, ClusterRef)]
    rows = tables.rows(_CLUSTERS, clusters_shown=ids)
    return {(ref := ClusterRef(row.pop("cluster_id"))): Node(ref, "Cluster", row) for row in rows}


def _member_of(drawn: Mapping[Ref, Node], inside: Sequence[Ref]) -> list[Edge]:
    """From the accounts shown to their clusters, where these are shown."""
    made = []
    for ref in inside:
        properties = drawn[ref].properties
        cluster = ClusterRef(properties["cluster_id"]) if isinstance(ref, AccountRef) else None
        if cluster in drawn and cluster is not None:
            of_member = columns(dict(properties), ("confidence", "proposal", "held_by"))
            made.append(Edge(ref, cluster, "member_of", "MEMBER_OF", of_member))
    return made


def _uses(
    tables: Tables, kinds: Mapping[str, KindWords], inside: Sequence[Ref]
) -> tuple[list[Edge], int]:
    rows = tables.rows(_USES, accounts=_ids(inside), **_named(inside), **_bounds(inside))
    made = [
        Edge(
            AccountRef(row["account_id"]),
            ArtifactRef(row["kind"], row["value"]),
            "uses",
            kinds[row["kind"]].relationship,
            columns(row, ("events", "first_seen", "last_seen")),
        )
        for row in rows
    ]
    return made, total(rows) - len(rows)


def _linked(tables: Tables, inside: Sequence[Ref]) -> tuple[list[Edge], int]:
    rows = tables.rows(_LINKS, accounts=_ids(inside), **_bounds(inside))
    made = [
        Edge(
            AccountRef(row["account_a"]),
            AccountRef(row["account_b"]),
            "linked_to",
            "LINKED_TO",
            {"bits": row["bits"], "families": giving(row["families"])},
        )
        for row in rows
    ]
    return made, total(rows) - len(rows)


def _bounds(inside: Sequence[Ref]) -> dict[str, Any]:
    centre = inside[0]
    account = centre.account_id if isinstance(centre, AccountRef) else ""
    return {"centre": account, "most": EDGES_A_NODE * len(inside)}


def _ids(inside: Sequence[Ref]) -> list[str]:
    return [ref.account_id for ref in inside if isinstance(ref, AccountRef)]


def _named(inside: Sequence[Ref]) -> dict[str, Any]:
    """Artifacts as two lists of equal length."""
    artifacts = [ref for ref in inside if isinstance(ref, ArtifactRef)]
    kinds, values = [a.kind for a in artifacts], [a.value for a in artifacts]
    return {"kinds": kinds, "artifact_values": values}
