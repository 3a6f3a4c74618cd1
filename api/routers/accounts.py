"""Accounts, what links two of them, and artifacts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api import schemas
from api.deps import Admin, Caller, Reader
from api.problems import PROBLEMS
from api.prompt import FEW, Reads
from api.routers.clusters import After, Limit
from linkage.erasing.whole import Asked
from linkage.errors import NotFound
from linkage.render import clean
from linkage.statement import statement

router = APIRouter(prefix="/v1", tags=["accounts"], responses=PROBLEMS)

AccountId = Annotated[str, Path(max_length=8000, description="Its id, percent-encoded.")]
DECISIONS = 100


@router.get("/accounts/{account_id}", response_model=schemas.Account)
def account(caller: Reader, account_id: AccountId) -> object:
    """An account: its cluster, what it did, what it shares, and what was decided."""
    card, decided = caller.graph.account(caller.account(account_id)), caller.decided
    caller.reads("account", card.account_id)
    made = decided.about_account(card.account_id, DECISIONS)
    return {
        **vars(card),
        "state": decided.account_state(card.account_id),
        "decisions": schemas.rows_of(schemas.Decision, made),
        "cleared": caller.cleared(card.account_id),
    }


@router.get("/accounts/{account_id}/statement", response_model=schemas.Statement)
def statement_of_reasons(caller: Reader, account_id: AccountId) -> object:
    """What whoever appeals may be told: nothing of other customers', no value of an artifact."""
    graph = caller.graph
    card = graph.account(caller.account(account_id))
    cluster = graph.cluster(card.membership.cluster_id) if card.membership else None
    state = caller.decided.account_state(card.account_id)
    caller.reads("statement", card.account_id)
    return statement(card, cluster, state, graph.run().kinds)


@router.delete("/accounts/{account_id}")
def erase(
    caller: Admin,
    account_id: AccountId,
    reason: Annotated[str, Query(min_length=1, max_length=2000, description="For the audit.")],
    although_listed: Annotated[
        bool, Query(description="Also where the ban list has it, which ends thereby.")
    ] = False,
) -> schemas.Erased:
    """Take an account out of all that is kept, for good. What it shared with others stays theirs.

    It takes a look at every file; while a detection goes on, it is refused.
    """
    asked = Asked(account_id, reason, caller.actor, although_listed, caller.request_id)
    return schemas.Erased.model_validate(caller.service.erase(asked))


@router.get("/links/{a}/{b}", response_model=schemas.Explanation)
def link(caller: Reader, a: AccountId, b: AccountId) -> object:
    """Why two accounts are linked: every artifact that both have, with its bits."""
    one, other = caller.account(a), caller.account(b)
    found = caller.graph.link(one, other)
    caller.reads("link", f"{one} {other}")
    return found


@router.get("/artifacts/{kind}/{value:path}", response_model=schemas.ArtifactHolders)
def artifact(
    caller: Reader,
    kind: Annotated[str, Path(max_length=40)],
    value: Annotated[str, Path(max_length=8000)],
    after: After = None,
    limit: Limit = 100,
) -> object:
    """Who has an artifact, by account."""
    graph = caller.graph
    if kind not in {known.name for known in graph.run().kinds}:
        raise NotFound(f"{clean(kind, 40)}: the run has no such kind of artifact")
    named = caller.artifact(kind, value)
    row = graph.artifact(kind, named)
    page = graph.holders(kind, named, after, limit)
    caller.reads("artifact", f"{kind} {named}")
    return {**vars(row), "holders": page}


def _few_of(caller: Caller, account_id: str) -> bool:
    return caller.graph.at_hand(caller.account(account_id))


def _few_of_both(caller: Caller, a: str, b: str) -> bool:
    return caller.graph.at_hand(caller.account(a), caller.account(b), together=True)


def _few_rows(caller: Caller, kind: str, value: str, limit: int, **_: object) -> bool:
    return limit <= FEW and caller.service.names.at_hand(kind, value)


READS: Reads = {
    account: _few_of, statement_of_reasons: _few_of, link: _few_of_both, artifact: _few_rows,
}  # fmt: skip
