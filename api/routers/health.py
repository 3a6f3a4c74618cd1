"""Whether the service lives, whether it can answer, and its figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import schemas
from api.deps import Admin, GraphNow, Reader, ServiceNow
from api.lists import Board, Posted
from api.problems import PROBLEMS, NoRun
from api.service import Service
from linkage.errors import LinkageError, ResultError
from linkage.state import audit

health = APIRouter(tags=["operation"])
router = APIRouter(prefix="/v1", tags=["operation"], responses=PROBLEMS)


@health.get("/healthz")
async def alive() -> schemas.Health:
    """The process lives. Nothing else is looked at."""
    return schemas.Health(status="ok")


@health.get("/readyz", responses={503: {"model": schemas.Health, "description": "Not ready"}})
def ready(service: ServiceNow, response: Response) -> schemas.Health:
    """The graph and the state can be reached, and the workspace can be written.

    Says which part is not there, not why: anybody may ask.
    """
    parts = {name: _tried(check, service) for name, check in _CHECKS.items()}
    if all(told == "ok" for told in parts.values()):
        return schemas.Health(status="ok", parts=parts)
    response.status_code = 503
    return schemas.Health(status="unready", parts=parts)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(caller: Reader) -> Response:
    """Figures for Prometheus."""
    try:
        published = caller.service.runs.current().graph.run().published
    except LinkageError:
        published = None
    service = caller.service
    lists = {name: _latest(board) for name, board in service.boards.items()}
    text = service.metrics.text(
        published, {name: found for name, found in lists.items() if found}, service.now()
    )
    return Response(text, media_type=service.metrics.media_type)


@router.get("/run")
def run(caller: Reader, graph: GraphNow) -> schemas.Run:
    """The run that is served."""
    return schemas.Run.model_validate(graph.run())


@router.get("/audit")
def audit_log(
    caller: Admin, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[schemas.AuditEntry]:
    """Who read personal data and who changed what, the latest first."""
    caller.service.audit.flush()
    with caller.service.state.read() as connection:
        return schemas.rows_of(schemas.AuditEntry, audit.latest(connection, limit))


def _latest(board: Board) -> Posted | None:
    try:
        return board.latest()
    except LinkageError:
        return None


def _graph(service: Service) -> None:
    service.runs.current().graph.run()


def _state(service: Service) -> None:
    service.state.version()


def _workspace(service: Service) -> None:
    if not service.workspace.writable():
        raise ResultError("the workspace cannot be written")


_CHECKS: dict[str, Callable[[Service], None]] = {
    "graph": _graph, "state": _state, "workspace": _workspace,
}  # fmt: skip


def _tried(check: Callable[[Service], None], service: Service) -> str:
    try:
        check(service)
    except NoRun:
        return "no run yet"
    except LinkageError:
        return "not reachable"
    return "ok"
