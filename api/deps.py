"""What routes ask for: the service, the run's graph, and who asks, with the scope that it takes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy import Connection

from api.problems import Forbidden, Unauthenticated
from api.service import Service
from linkage.graph import Graph
from linkage.render import clean
from linkage.state import AuditEntry, Key, Scope, audit

HEADER = APIKeyHeader(
    name="Authorization", scheme_name="key", auto_error=False,
    description="`Bearer KEY`; a key is made by `linkage keys create`.",
)  # fmt: skip


async def service_of(request: Request) -> Service:
    """The service that answers."""
    service: Service = request.app.state.service
    return service


ServiceNow = Annotated[Service, Depends(service_of)]


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    key: Key
    request_id: str
    service: Service

    @property
    def actor(self) -> str:
        """As decisions and the audit name it."""
        return f"{self.key.name} ({self.key.id})"

    def reads(self, action: str, subject: object) -> None:
        """Note that personal data were read."""
        self.service.audit.add(self.entry(action, subject))

    def changed(self, connection: Connection, action: str, subject: object) -> None:
        """Note, in the transaction that does it, that something was changed."""
        audit.append(connection, [self.entry(action, subject)])

    def entry(self, action: str, subject: object) -> AuditEntry:
        """A line of the audit."""
        return AuditEntry(
            datetime.now(UTC), self.actor, action, clean(subject, 300), self.request_id
        )


def having(scope: Scope) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, whose key has the scope (or is an admin's).

    No thread is taken for it: a key is mostly known already, and else one row is read.
    """

    async def caller(
        request: Request,
        authorization: Annotated[str | None, Security(HEADER)],
        service: ServiceNow,
    ) -> Caller:
        address = request.client.host if request.client else ""
        try:
            key = service.keyring.key(authorization)
        except Unauthenticated:
            service.rates.stranger(address)
            raise
        service.rates.key(key.id)
        request.state.actor = key.id
        if not key.scopes & {scope, Scope.admin}:
            raise Forbidden(f"this takes a key with the scope {scope}")
        return Caller(key, request.state.request_id, service)

    return caller


Feeder = Annotated[Caller, Depends(having(Scope.ingest))]
Reader = Annotated[Caller, Depends(having(Scope.read))]
Reviewer = Annotated[Caller, Depends(having(Scope.review))]
Publisher = Annotated[Caller, Depends(having(Scope.publish))]
Admin = Annotated[Caller, Depends(having(Scope.admin))]


async def graph_of(service: ServiceNow) -> Graph:
    """The graph of the run that is served."""
    return service.runs.current().graph


GraphNow = Annotated[Graph, Depends(graph_of)]
