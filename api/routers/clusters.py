"""Clusters: the review queue, one cluster, and all that is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api import schemas
from api.deps import Caller, GraphNow, Reader, Reviewer
from api.problems import PROBLEMS
from api.prompt import FEW, Reads
from api.reading import accounts_of
from linkage.graph import ClusterFilter, ClusterRef, ClusterSort, Graph
from linkage.graph.answers import ClusterRow
from linkage.graph.questions import MOST_NODES, MOST_ROWS, BucketSize, ClusterOrder, MemberOrder
from linkage.state import decisions, notes

router = APIRouter(prefix="/v1/clusters", tags=["clusters"], responses=PROBLEMS)

ClusterId = Annotated[
    str, Path(max_length=200, description="Its id, or the beginning of it that no other has.")
]
After = Annotated[
    str | None, Query(max_length=20_000, description="The `next` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows at most.")]
SOME = 50  # accounts that are named of those who joined or left
DECISIONS = 100


@router.get("", response_model=schemas.Page[schemas.Cluster])
def clusters(
    caller: Reader,
    score_least: float | None = None,
    score_most: float | None = None,
    accounts_least: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    accounts_most: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    proposal: Annotated[list[schemas.Proposal] | None, Query()] = None,
    state: Annotated[list[schemas.State] | None, Query()] = None,
    first_seen_from: datetime | None = None,
    first_seen_to: datetime | None = None,
    only_groups: bool = False,
    sort: ClusterOrder = "score",
    descending: bool = True,
    after: After = None,
    limit: Limit = 100,
) -> object:
    """Clusters, the most unusual first."""
    decided = caller.decided
    where = ClusterFilter(
        score_least=score_least,
        score_most=score_most,
        accounts_least=accounts_least,
        accounts_most=accounts_most,
        proposals=tuple(proposal or ()),
        first_seen_from=first_seen_from,
        first_seen_to=first_seen_to,
        only_groups=only_groups,
        **_of_states(set(state or ()), decided.cluster_states),
    )
    page = caller.graph.clusters(where, ClusterSort(sort, descending), after, limit)
    caller.reads("clusters", f"{len(page.rows)} clusters")
    rows = [{**vars(row), "state": decided.cluster_state(row.cluster_id)} for row in page.rows]
    return {"rows": rows, "next": page.next}


@router.get("/{cluster_id}", response_model=schemas.ClusterDetail)
def cluster(caller: Reader, cluster_id: ClusterId) -> object:
    """One cluster: why it was found, what was decided, and what has changed since."""
    graph, decided = caller.graph, caller.decided
    row = graph.cluster(cluster_id)
    made = decided.about_cluster(row.cluster_id, DECISIONS)
    caller.reads("cluster", row.cluster_id)
    return {
        **vars(row),
        "state": decided.cluster_state(row.cluster_id),
        "decisions": schemas.rows_of(schemas.Decision, made),
        "change": _change(caller, graph, row, made[0]) if made else None,
    }


@router.get("/{cluster_id}/members", response_model=schemas.Page[schemas.MemberState])
def members(
    caller: Reader,
    cluster_id: ClusterId,
    by: MemberOrder = "account_id",
    after: After = None,
    limit: Limit = 100,
) -> object:
    """A cluster's accounts."""
    page, decided = caller.graph.members(cluster_id, after, limit, by=by), caller.decided
    caller.reads("members", cluster_id)
    rows = [{**vars(row), "state": decided.account_state(row.account_id)} for row in page.rows]
    return {"rows": rows, "next": page.next}


@router.get("/{cluster_id}/evidence")
def evidence(
    caller: Reader,
    graph: GraphNow,
    cluster_id: ClusterId,
    after: After = None,
    limit: Limit = 100,
) -> schemas.Page[schemas.Shared]:
    """What members share, what belongs to the cluster most first."""
    page = graph.cluster_evidence(cluster_id, after, limit)
    caller.reads("evidence", cluster_id)
    return schemas.Page(rows=schemas.rows_of(schemas.Shared, page.rows), next=page.next)


@router.get("/{cluster_id}/links")
def links(
    caller: Reader,
    graph: GraphNow,
    cluster_id: ClusterId,
    strongest: bool = True,
    limit: Limit = 50,
) -> schemas.Links:
    """Links between members with their reasons."""
    found = graph.cluster_links(cluster_id, strongest=strongest, limit=limit)
    caller.reads("links", cluster_id)
    return schemas.Links.model_validate(found)


@router.get("/{cluster_id}/graph")
def drawing(
    caller: Reader,
    graph: GraphNow,
    cluster_id: ClusterId,
    nodes: Annotated[int, Query(ge=1, le=MOST_NODES)] = 100,
) -> schemas.Neighbourhood:
    """Nodes and edges to draw, the listed first; what did not fit is counted."""
    found = graph.neighbourhood(ClusterRef(cluster_id), nodes)
    caller.reads("graph", cluster_id)
    return schemas.Neighbourhood(
        nodes=[
            schemas.Node(thing=schemas.Thing.of(n.ref), label=n.label, properties={**n.properties})
            for n in found.nodes
        ],
        edges=[
            schemas.Edge(
                source=schemas.Thing.of(edge.source),
                target=schemas.Thing.of(edge.target),
                kind=edge.kind,
                type=edge.type,
                properties={**edge.properties},
            )
            for edge in found.edges
        ],
        left_out=schemas.rows_of(schemas.LeftOut, found.left_out),
    )


@router.get("/{cluster_id}/timeline")
def timeline(
    caller: Reader, graph: GraphNow, cluster_id: ClusterId, bucket: BucketSize = "day"
) -> schemas.Timeline:
    """When members were there, by day or hour (UTC)."""
    found = graph.timeline(cluster_id, bucket)
    caller.reads("timeline", cluster_id)
    return schemas.Timeline.model_validate(found)


@router.get("/{cluster_id}/notes")
def read_notes(
    caller: Reader,
    graph: GraphNow,
    cluster_id: ClusterId,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Limit = 100,
) -> schemas.Page[schemas.Note]:
    """What investigators wrote down, the oldest first."""
    found_id = graph.cluster(cluster_id).cluster_id
    with caller.service.state.read() as connection:
        found = notes.of_cluster(connection, found_id, after, limit + 1)
    caller.reads("notes", found_id)
    following = str(found[limit - 1].number) if len(found) > limit else None
    return schemas.Page(rows=schemas.rows_of(schemas.Note, found[:limit]), next=following)


@router.post("/{cluster_id}/notes", status_code=201)
def write_note(
    caller: Reviewer,
    graph: GraphNow,
    cluster_id: ClusterId,
    asked: schemas.NoteAsked,
) -> schemas.Note:
    """Write something down about a cluster."""
    found = graph.cluster(cluster_id).cluster_id
    with caller.service.state.write() as connection:
        note = notes.append(connection, caller.actor, found, asked.text)
        caller.changed(connection, "note", found)
    return schemas.Note.model_validate(note)


def _of_states(wanted: set[str], states: Mapping[str, str]) -> dict[str, Any]:
    """The filter's part for the states that are asked for: open is all that nobody decided on."""
    if not wanted or len(wanted) == len(decisions.STATES) + 1:
        return {}
    if decisions.OPEN in wanted:
        return {"apart_from": tuple(c for c, state in states.items() if state not in wanted)}
    return {"among": tuple(c for c, state in states.items() if state in wanted)}


def _change(
    caller: Caller, graph: Graph, row: ClusterRow, last: decisions.Decision
) -> schemas.Change:
    with caller.service.state.read() as connection:
        then = decisions.accounts_of(connection, last.number)
    now = set(accounts_of(graph, row.cluster_id))
    joined, left = sorted(now - set(then)), sorted(set(then) - now)
    return schemas.Change(
        since=schemas.Decision.model_validate(last),
        joined=len(joined),
        left=len(left),
        some_joined=joined[:SOME],
        some_left=left[:SOME],
        expected_then=last.basis.get("expected"),
        expected_now=row.expected,
        proposal_then=last.basis.get("proposal"),
        proposal_now=row.proposal,
    )


def _few_rows(caller: Caller, limit: int, **_: object) -> bool:
    return limit <= FEW


def _undecided(caller: Caller, cluster_id: str) -> bool:
    """Else its members are compared with those of then."""
    return not any(known.startswith(cluster_id) for known in caller.decided.of_cluster)


READS: Reads = {clusters: _few_rows, cluster: _undecided, members: _few_rows}
