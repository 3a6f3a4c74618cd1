"""Accounts, what links two of them, and artifacts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api import schemas
from api.deps import GraphNow, Reader
from api.routers.clusters import After, Limit
from linkage.errors import NotFound
from linkage.render import clean
from linkage.state import decisions
from linkage.statement import statement

router = APIRouter(prefix="/v1", tags=["accounts"])

AccountId = Annotated[str, Path(max_length=8000, description="Its id, percent-encoded.")]
DECISIONS = 100


@router.get("/accounts/{account_id}")
def account(caller: Reader, graph: GraphNow, account_id: AccountId) -> schemas.Account:
    """An account: its cluster, what it did, what it shares, and what was decided."""
    card = graph.account(account_id)
    with caller.service.state.read() as connection:
        made = decisions.page(connection, account_id=card.account_id, most=DECISIONS)
        states = decisions.account_states(connection, [card.account_id])
    caller.reads("account", card.account_id)
    return schemas.Account.model_validate(card).model_copy(
        update={
            "state": states.get(card.account_id, decisions.OPEN),
            "decisions": schemas.rows_of(schemas.Decision, made),
        }
    )


@router.get("/accounts/{account_id}/statement")
def statement_of_reasons(
    caller: Reader, graph: GraphNow, account_id: AccountId
) -> schemas.Statement:
    """What whoever appeals may be told: nothing of other customers', no value of an artifact."""
    card = graph.account(account_id)
    cluster = graph.cluster(card.membership.cluster_id) if card.membership else None
    with caller.service.state.read() as connection:
        states = decisions.account_states(connection, [card.account_id])
    caller.reads("statement", card.account_id)
    state = states.get(card.account_id, decisions.OPEN)
    return schemas.Statement.model_validate(statement(card, cluster, state, graph.run().kinds))


@router.get("/links/{a}/{b}")
def link(caller: Reader, graph: GraphNow, a: AccountId, b: AccountId) -> schemas.Explanation:
    """Why two accounts are linked: every artifact that both have, with its bits."""
    found = graph.link(a, b)
    caller.reads("link", f"{a} {b}")
    return schemas.Explanation.model_validate(found)


@router.get("/artifacts/{kind}/{value:path}")
def artifact(
    caller: Reader,
    graph: GraphNow,
    kind: Annotated[str, Path(max_length=40)],
    value: Annotated[str, Path(max_length=8000)],
    after: After = None,
    limit: Limit = 100,
) -> schemas.ArtifactHolders:
    """Who has an artifact, by account."""
    if kind not in {known.name for known in graph.run().kinds}:
        raise NotFound(f"{clean(kind, 40)}: the run has no such kind of artifact")
    row = graph.artifact(kind, value)
    page = graph.holders(kind, value, after, limit)
    caller.reads("artifact", f"{kind} {value}")
    return schemas.ArtifactHolders(
        kind=row.kind,
        value=row.value,
        accounts=row.accounts,
        degree=row.degree,
        holders=schemas.Page(rows=schemas.rows_of(schemas.Holder, page.rows), next=page.next),
    )
