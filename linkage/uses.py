"""Where a run's prompt templates are used: by how many, how often, and how much of it within one
cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nsmallest
from typing import Any, NamedTuple

from linkage.folder import Tables
from linkage.kernels.incidence import UNIT
from linkage.kernels.weights import weight_bits
from linkage.unknown import is_text, no_template
from linkage.wording import FILE, KIND, words_of

# Of each template the cluster that most of its requests are of; `$cluster`: of that one alone.
_USED = f"""
    WITH used AS (
        SELECT e.value, m.cluster_id, count(*) AS members, sum(e.events)::BIGINT AS requests,
               min(e.first_seen) AS first_seen, max(e.last_seen) AS last_seen
        FROM (SELECT * FROM read_parquet($evidence) WHERE kind = '{KIND}') e
        LEFT JOIN read_parquet($members) m USING (account_id)
        GROUP BY e.value, m.cluster_id),
    whole AS (
        SELECT value, sum(requests)::BIGINT AS requests, min(first_seen) AS first_seen,
               max(last_seen) AS last_seen
        FROM used GROUP BY value),
    inside AS (
        SELECT value, cluster_id, members, requests AS within FROM used
        WHERE cluster_id IS NOT NULL AND ($cluster::VARCHAR IS NULL OR cluster_id = $cluster)
        QUALIFY row_number() OVER (PARTITION BY value
                                   ORDER BY requests DESC, members DESC, cluster_id) = 1)
    SELECT a.value AS template_id, a.accounts, a.degree, requests, first_seen, last_seen,
           cluster_id, coalesce(members, 0) AS members, coalesce(within, 0) AS within
    FROM (SELECT * FROM read_parquet($artifacts) WHERE kind = '{KIND}') a
    JOIN whole USING (value) LEFT JOIN inside USING (value)
    WHERE $cluster::VARCHAR IS NULL OR cluster_id IS NOT NULL"""
# What members of some clusters have, without who else sent how much of it.
_WITHIN = f"""
    WITH inside AS (
        SELECT m.cluster_id, e.value, count(*) AS members, sum(e.events)::BIGINT AS requests
        FROM (SELECT account_id, value, events FROM read_parquet($evidence)
              WHERE kind = '{KIND}') e
        JOIN (SELECT account_id, cluster_id FROM read_parquet($members)
              WHERE cluster_id IN (SELECT unnest($clusters::VARCHAR[]))) m USING (account_id)
        GROUP BY m.cluster_id, e.value HAVING count(*) >= $least)
    SELECT cluster_id, value AS template_id, members, requests, a.accounts, a.degree
    FROM (SELECT * FROM read_parquet($artifacts) WHERE kind = '{KIND}') a
    JOIN inside USING (value)"""
_BEGINS = f"""
    SELECT value FROM read_parquet($artifacts)
    WHERE kind = '{KIND}' AND $begins <> '' AND starts_with(value, $begins) ORDER BY value"""
_CLUSTERS = f"""
    SELECT m.cluster_id, c.proposal, c.accounts, count(*) AS members,
           sum(e.events)::BIGINT AS requests
    FROM (SELECT * FROM read_parquet($evidence) WHERE kind = '{KIND}' AND value = $template) e
    JOIN read_parquet($members) m USING (account_id)
    JOIN read_parquet($clusters) c USING (cluster_id)
    GROUP BY ALL ORDER BY requests DESC, members DESC, cluster_id"""
_PARTS = "SELECT parts FROM read_parquet($templates) WHERE template_id = $template"


@dataclass(frozen=True)
class TemplateUse:
    """One template that two accounts or more have.

    words        what it says; None where only fingerprints or ids were there
    accounts     of the run that have it;  degree: units of the population
    requests     made with it;  first_seen, last_seen: of them
    bits         what it weighs between two accounts that have as many templates as is usual
    cluster_id   the cluster that most of its requests are of, None in none; members: its accounts
                 that have it; inside: share of the requests that are theirs
    """

    template_id: str
    words: str | None
    accounts: int
    degree: int
    requests: int
    bits: float
    cluster_id: str | None
    members: int
    inside: float
    first_seen: datetime
    last_seen: datetime

    @property
    def tells(self) -> float:
        """How much it says of a cluster: its bits, times the members that have it, times how much
        of those who have it they are."""
        return _tells(self.bits, self.members, self.accounts)


class Telling(NamedTuple):
    """A template in a cluster. words: what it says, None where that is not known; members: accounts
    of the cluster that have it; accounts: all that do."""

    template_id: str
    words: str | None
    members: int
    accounts: int


@dataclass(frozen=True)
class ClusterUse:
    """A cluster in which a template is used. accounts: in it; members: those that have it."""

    cluster_id: str
    proposal: str
    accounts: int
    members: int
    requests: int


def uses(tables: Tables, info: Mapping[str, Any], cluster: str | None = None) -> list[TemplateUse]:
    """All templates of a run, without their words, what tells most first; with a cluster's whole
    id, those that its members have, and its part in them."""
    rows = tables.rows(_USED, cluster=cluster) if _counts(info) else []
    bits = _bits(info, rows)
    found = [
        TemplateUse(
            **row,
            words=None,
            bits=bits[row["degree"]],
            inside=within / row["requests"] if row["requests"] else 0.0,
        )
        for row, within in ((row, row.pop("within")) for row in rows)
    ]
    return sorted(found, key=lambda one: (-one.tells, -one.bits, -one.requests, one.template_id))


def most_telling(
    tables: Tables, info: Mapping[str, Any], clusters: Sequence[str], least: int, most: int
) -> dict[str, list[Telling]]:
    """For each of some clusters, the `most` templates that tell most of those that `least` of its
    members have, in words: of all clusters from one look at the evidence."""
    wanted = {"clusters": list(clusters), "least": least}
    rows = tables.rows(_WITHIN, **wanted) if clusters and _counts(info) else []
    bits, found = _bits(info, rows), {cluster: list[dict[str, Any]]() for cluster in clusters}

    def order(row: dict[str, Any]) -> tuple[float, float, int, str]:
        weight = bits[row["degree"]]
        tells = _tells(weight, row["members"], row["accounts"])
        return -tells, -weight, -row["requests"], row["template_id"]

    for row in rows:
        found[row["cluster_id"]].append(row)
    first = {cluster: nsmallest(most, theirs, key=order) for cluster, theirs in found.items()}
    said = words_of(tables, {row["template_id"] for theirs in first.values() for row in theirs})
    return {
        cluster: [
            Telling(
                row["template_id"], said.get(row["template_id"]), row["members"], row["accounts"]
            )
            for row in theirs
        ]
        for cluster, theirs in first.items()
    }


def _tells(bits: float, members: int, accounts: int) -> float:
    return bits * members * members / accounts


def _counts(info: Mapping[str, Any]) -> bool:
    """Whether the run has templates among its evidence."""
    return any(kind["name"] == KIND for kind in info["kinds"])


def _bits(info: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """What a template of each degree weighs."""
    if not rows:
        return {}
    (m,) = (float(kind["m"]) for kind in info["kinds"] if kind["name"] == KIND)
    odds = m * (info["baseline"]["accounts"] + 2)
    return {d: int(weight_bits.py_func(odds / (d + 1.0), m)) / UNIT
            for d in {row["degree"] for row in rows}}  # fmt: skip


def with_words(tables: Tables, some: Sequence[TemplateUse], width: int = 0) -> list[TemplateUse]:
    """The same with what they say, cut to `width` (0: not cut)."""
    said = words_of(tables, [one.template_id for one in some], width)
    return [replace(one, words=said.get(one.template_id)) for one in some]


def template(tables: Tables, info: Mapping[str, Any], given: str) -> TemplateUse:
    """One template with its words, by its id or by the beginning of it that no other has; else
    NotFound."""
    ids = [row["value"] for row in tables.rows(_BEGINS, begins=given)] if is_text(given) else []
    if given in ids:
        ids = [given]
    if len(ids) != 1:
        raise no_template(given, ids)
    found = (one for one in uses(tables, info) if one.template_id == ids[0])
    (one,) = with_words(tables, list(found))
    return one


def clusters_of(tables: Tables, template_id: str) -> list[ClusterUse]:
    """In which clusters a template is used, those with most requests first."""
    return [ClusterUse(**row) for row in tables.rows(_CLUSTERS, template=template_id)]


def parts_of(tables: Tables, template_id: str) -> list[str]:
    """The ids of what a template is made of; none where that is not known."""
    if not (tables.folder / FILE).is_file():
        return []
    found = tables.first(_PARTS, template=template_id)
    return list(found["parts"] or ()) if found else []
