"""Decisions of people, and the allowlist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from api import schemas
from api.deps import Reader, Reviewer
from api.naming import entries, kept
from api.problems import PROBLEMS
from api.reading import accounts_of
from api.routers.clusters import Limit
from linkage import snapshots
from linkage.errors import ConflictError
from linkage.graph import Graph
from linkage.state import Subject, allowlist, decisions
from linkage.state.decisions import Action

router = APIRouter(prefix="/v1", tags=["decisions"], responses=PROBLEMS)

Number = Annotated[int, Path(ge=1, lt=2**31, description="The decision's number.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$",
        description="Names this request: sent again, it changes nothing and is answered the same.",
    ),
]  # fmt: skip


@router.post("/decisions", status_code=201)
def decide(
    caller: Reviewer,
    response: Response,
    asked: schemas.DecisionAsked,
    idempotency_key: IdempotencyKey = None,
) -> schemas.Decision:
    """Record a judgement, and the evidence that it rests on. It is never changed; a later one
    supersedes it."""
    service, served = caller.service, caller.service.runs.current()
    subject, basis = _subject(served.graph, kept(asked, service.names))
    named = (*subject.accounts, *subject.others)
    with (
        snapshots.taken(service.workspace, served.folder, named, subject.cluster_id) as snapshot,
        service.state.write() as connection,
    ):
        made = decisions.append(
            connection, caller.actor, asked.action, subject, asked.reason,
            run=served.folder.name, basis=basis, key=idempotency_key,
        )  # fmt: skip
        if not made.again:
            snapshot.keep(made.decision.number)
            caller.changed(connection, "decide", f"decision {made.decision.number}")
    if made.again:
        response.status_code = 200
    return schemas.Decision.model_validate(made.decision)


@router.get("/decisions")
def all_decisions(
    caller: Reader,
    cluster_id: Annotated[str | None, Query(max_length=200)] = None,
    account_id: Annotated[str | None, Query(max_length=8000)] = None,
    action: Action | None = None,
    after: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` before")] = None,
    limit: Limit = 100,
) -> schemas.Page[schemas.Decision]:
    """Decisions, the latest first."""
    account = None if account_id is None else caller.account(account_id)
    with caller.service.state.read() as connection:
        found = decisions.page(
            connection, cluster_id=cluster_id, account_id=account, action=action,
            before=after, most=limit + 1,
        )  # fmt: skip
    caller.reads("decisions", account or cluster_id or "all")
    following = str(found[limit - 1].number) if len(found) > limit else None
    return schemas.Page(rows=schemas.rows_of(schemas.Decision, found[:limit]), next=following)


@router.get("/decisions/{number}")
def one_decision(caller: Reader, number: Number) -> schemas.DecisionDetail:
    """A decision, with the cluster as it was when it was made."""
    with caller.service.state.read() as connection:
        found = decisions.one(connection, number)
    then = snapshots.cluster(caller.service.workspace, number)
    caller.reads("decision", number)
    return schemas.DecisionDetail(**vars(schemas.Decision.model_validate(found)), cluster=then)


@router.get("/decisions/{number}/evidence")
def decision_evidence(
    caller: Reader,
    number: Number,
    after: Annotated[int, Query(ge=0, lt=2**31, description="`next` before")] = 0,
    limit: Limit = 100,
) -> schemas.Page[schemas.Held]:
    """What its accounts shared with others when it was made, by account. It is kept whatever
    becomes of the events and runs of then."""
    found, following = snapshots.evidence(caller.service.workspace, number, after, limit)
    caller.reads("decision evidence", number)
    rows = schemas.rows_of(schemas.Held, found)
    return schemas.Page(rows=rows, next=None if following is None else str(following))


@router.get("/allowlist")
def read_allowlist(caller: Reader, response: Response) -> schemas.Allowlist:
    """What nobody may be listed for, or be linked by."""
    with caller.service.state.read() as connection:
        found = allowlist.current(connection)
    caller.reads("allowlist", f"{len(found.entries)} entries")
    return _allowlist(found, response)


@router.put("/allowlist")
def replace_allowlist(
    caller: Reviewer,
    response: Response,
    asked: schemas.AllowlistAsked,
    if_match: Annotated[
        str | None, Header(max_length=80, description="The version that the change starts from.")
    ] = None,
) -> schemas.Allowlist:
    """Make this the list; what was on it and is not any more gets an end."""
    wanted = entries(asked, caller.service.names)
    if len({(entry.sort, entry.kind, entry.value) for entry in wanted}) != len(wanted):
        raise ConflictError("entries: one of them is there twice, with different words or ends")
    version = None if if_match in (None, "*") else str(if_match).strip('"')
    with caller.service.state.write() as connection:
        found = allowlist.replace(connection, caller.actor, sorted(wanted, key=str), version)
        caller.changed(connection, "allowlist", found.version)
    return _allowlist(found, response)


def _allowlist(found: allowlist.Allowlist, response: Response) -> schemas.Allowlist:
    response.headers["ETag"] = f'"{found.version}"'
    entries = [
        schemas.Allowed(
            sort=allowed.entry.sort,
            kind=allowed.entry.kind,
            value=allowed.entry.value,
            reason=allowed.entry.reason,
            expires=allowed.entry.expires,
            actor=allowed.actor,
            at=allowed.at,
        )
        for allowed in found.entries
    ]
    return schemas.Allowlist(version=found.version, entries=entries)


def _subject(graph: Graph, asked: schemas.DecisionAsked) -> tuple[Subject, dict[str, Any]]:
    """What it is about, as it is now, and the figures that it rests on; NotFound for what the
    run does not have."""
    match asked:
        case schemas.AccountsJudged(accounts=accounts):
            _known(graph, accounts)
            return Subject(None, tuple(accounts)), {}
        case schemas.TwoApart(accounts=accounts):
            _known(graph, accounts)
            one, other = accounts
            return Subject(None, (one,), (other,)), {}
        case schemas.OneApart(account_id=account):
            _known(graph, [account])
            subject, basis = _cluster(graph, asked.cluster_id)
            others = tuple(member for member in subject.accounts if member != account)
            return Subject(subject.cluster_id, (account,), others), basis
        case _:
            return _cluster(graph, asked.cluster_id)


def _cluster(graph: Graph, cluster_id: str) -> tuple[Subject, dict[str, Any]]:
    row = graph.cluster(cluster_id)
    basis = {"expected": row.expected, "proposal": row.proposal, "accounts": row.accounts}
    return Subject(row.cluster_id, tuple(accounts_of(graph, row.cluster_id))), basis


def _known(graph: Graph, accounts: Sequence[str]) -> None:
    for account in accounts:
        graph.account(account)
