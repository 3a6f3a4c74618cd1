"""What routes ask for: the service, the run's graph, and who asks, with the scope that it takes.

Each dependency costs a request as much as some hundred look-ups. So a caller is one, and brings the
service and the graph along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from api import schemas
from api.problems import Forbidden, Unauthenticated
from api.service import Service
from linkage.graph import Graph
from linkage.render import clean
from linkage.state import AuditEntry, Decided, Key, Scope, audit


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

    @cached_property
    def graph(self) -> Graph:
        """The graph of the run that is served."""
        return self.service.runs.current().graph

    def account(self, given: str) -> str:
        """An account's name as it is kept, from that or from its own id."""
        return self.service.names.accounts([given])[0]

    def artifact(self, kind: str, given: str) -> str:
        """Likewise an artifact's value."""
        return self.service.names.artifacts(kind, [given])[0]

    def cleared(self, account_id: str) -> schemas.Cleared | None:
        """What the run says of an account that a person had cleared."""
        found = self.service.runs.current().cleared.get(account_id)
        return None if found is None else schemas.Cleared.model_validate(found)

    @cached_property
    def decided(self) -> Decided:
        """What was decided when this was first asked."""
        return self.service.decided.now()

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
            self.service.now(), self.actor, action, clean(subject, 300), self.request_id
        )


def key_of(service: Service, asked: HTTPConnection) -> Key:
    """The key of a request; Unauthenticated, or TooMany where that comes too often."""
    try:
        return service.keyring.key(asked.headers.get("authorization"))
    except Unauthenticated:
        service.rates.stranger(asked.client.host if asked.client else "")
        raise


class Having(APIKeyHeader):
    """A dependency: the caller, whose key has the scope (or is an admin's).

    No thread is taken for it: a key is mostly known already, and else one row is read.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            name="Authorization", scheme_name="key", auto_error=False,
            description="`Bearer KEY`; a key is made by `linkage keys create`.",
        )  # fmt: skip
        self._scopes = {scope, Scope.admin}
        self._refusal = f"this takes a key with the scope {scope}"

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Who asks; Unauthenticated, Forbidden or TooMany."""
        service: Service = request.app.state.service
        key = key_of(service, request)
        service.rates.key(key.id)
        request.state.actor = key.id
        if not key.scopes & self._scopes:
            raise Forbidden(self._refusal)
        return Caller(key, request.state.request_id, service)


Feeder = Annotated[Caller, Security(Having(Scope.ingest))]
Reader = Annotated[Caller, Security(Having(Scope.read))]
Reviewer = Annotated[Caller, Security(Having(Scope.review))]
Publisher = Annotated[Caller, Security(Having(Scope.publish))]
Admin = Annotated[Caller, Security(Having(Scope.admin))]


async def graph_of(service: ServiceNow) -> Graph:
    """The graph of the run that is served."""
    return service.runs.current().graph


GraphNow = Annotated[Graph, Depends(graph_of)]
