"""Single reads, answered by the shortest way: no thread, no general machinery, JSON once.

To find a route, solve what it depends on and write its answer takes FastAPI several times as long
as an index takes to look that up. So reads that are in a table of their router are answered here,
before it: by the same functions, with the same parameters, keys and problems. Whatever is not as it
must be goes on to FastAPI, which says so.

What a port answers is typed already, and is written as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import orjson
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError, create_model
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import Caller, Having
from api.problems import of_error
from linkage.errors import LinkageError

FEW = 100  # rows that are answered in a millisecond or two
CALLER = "caller"

Few = Callable[..., bool]
# A function of a route -> whether an answer to its parameters is a few look-ups.
Reads = Mapping[Callable[..., object], Few]


@dataclass(frozen=True)
class Read:
    """A route that is answered here. parameters: its own, without the caller; several: those that
    may come more than once; having: what a key must have."""

    route: APIRoute
    few: Few
    having: Having
    parameters: type[BaseModel]
    several: frozenset[str]

    @classmethod
    def of(cls, route: APIRoute, few: Few) -> Read:
        """From its function."""
        hints = get_type_hints(route.endpoint, include_extras=True)
        wanted: dict[str, Any] = {}
        for name, parameter in inspect.signature(route.endpoint).parameters.items():
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            wanted[name] = (hints[name], default)
        (security,) = wanted.pop(CALLER)[0].__metadata__
        several = frozenset(name for name, (hint, _) in wanted.items() if "list[" in str(hint))
        model = create_model(route.name, **wanted)
        return cls(route, few, security.dependency, model, several)

    def asked(self, scope: Scope) -> dict[str, Any] | None:
        """The parameters of a request for it; None of another, or where they are not allowed."""
        match = self.route.path_regex.match(scope["path"])
        if match is None:
            return None
        given: dict[str, Any] = match.groupdict()
        if scope["query_string"]:
            query = QueryParams(scope["query_string"])
            given |= {name: query.getlist(name) for name in self.several & query.keys()}
            given = {**{n: v for n, v in query.items() if n not in self.several}, **given}
        try:
            return vars(self.parameters.model_validate(given))
        except ValidationError:
            return None


class Prompt:
    """ASGI middleware before the routes, and inside the gate."""

    def __init__(self, app: ASGIApp, routes: Sequence[object], reads: Reads) -> None:
        """routes: all of the app; reads: those to be answered here."""
        self._app = app
        self._reads = [
            Read.of(route, reads[route.endpoint])
            for route in routes
            if isinstance(route, APIRoute) and route.endpoint in reads
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            for read in self._reads:
                given = read.asked(scope)
                if given is not None:
                    scope["route"] = read.route
                    response = await _response(read, Request(scope, receive), given)
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def _response(read: Read, request: Request, given: dict[str, Any]) -> Response:
    try:
        caller = await read.having(request)
        if read.few(caller, **given):
            answer = written(read.route.endpoint(caller, **given))
        else:
            answer = await run_in_threadpool(_answer, read.route.endpoint, caller, given)
    except LinkageError as error:
        return of_error(error, request.state.request_id, request.scope["path"])
    return Response(answer, media_type="application/json")


def _answer(route: Callable[..., object], caller: Caller, given: Mapping[str, Any]) -> bytes:
    return written(route(caller, **given))


def of_graph(reads: Reads) -> Reads:
    """The same where graph and decisions are at hand; else, as with a database, answers come from a
    thread."""

    def at_hand(few: Few) -> Few:
        def asked(caller: Caller, **given: Any) -> bool:
            return (
                caller.service.decided.at_hand and caller.graph.at_hand() and few(caller, **given)
            )

        return asked

    return {route: at_hand(few) for route, few in reads.items()}


def written(value: object) -> bytes:
    """A value of a port, or a mapping of such, as JSON; TypeError where it is none that has a form
    there."""
    return orjson.dumps(value, default=vars, option=orjson.OPT_UTC_Z)
