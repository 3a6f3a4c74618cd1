"""Faults as problem documents (RFC 9457): every `LinkageError`, and what HTTP itself refuses.

`type` is stable: programs may go by it. `detail` is for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from linkage.errors import (
    ConflictError,
    CursorError,
    GraphError,
    InputError,
    LinkageError,
    ListError,
    MissingInput,
    NotFound,
    OverBudget,
    ResultError,
    SettingsError,
    StateError,
)
from linkage.render import clean

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:linkage:problem:"
TAXII, TAXII_MEDIA_TYPE = "/taxii2", "application/taxii+json;version=2.1"
MOST_FAULTS = 20
RETRY_SECONDS = 5


class NoRun(ResultError):
    """The workspace has no run yet."""


class Unauthenticated(LinkageError):
    """No key, or one that does not work."""


class Forbidden(LinkageError):
    """The key's scopes do not allow it."""


class TooMany(LinkageError):
    """More requests than the settings allow; `seconds` until there is room."""

    def __init__(self, message: str, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(message)


class TooLarge(LinkageError):
    """A body beyond the limit."""


class Unreadable(LinkageError):
    """A body that is packed in a way that nobody here knows."""


class NotAcceptable(LinkageError):
    """There is no form of it that the client takes."""


class StartOver(NotFound):
    """There is no list from which changes could be told."""


@dataclass(frozen=True)
class Kind:
    """A sort of problem: its name in `type`, its status, and what it means."""

    name: str
    status: HTTPStatus
    title: str


INVALID = Kind(
    "invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not as it must be"
)
INTERNAL = Kind("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "The service is at fault")
# The first that an error is an instance of.
OF_ERRORS: tuple[tuple[type[LinkageError], Kind], ...] = (
    (Unauthenticated, Kind("unauthenticated", HTTPStatus.UNAUTHORIZED, "No key that works")),
    (Forbidden, Kind("forbidden", HTTPStatus.FORBIDDEN, "The key does not allow it")),
    (TooMany, Kind("too-many-requests", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests")),
    (TooLarge, Kind("too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")),
    (Unreadable, Kind("unsupported", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "It cannot be unpacked")),
    (NotAcceptable, Kind("not-acceptable", HTTPStatus.NOT_ACCEPTABLE, "Not in a form you take")),
    (StartOver, Kind("start-over", HTTPStatus.CONFLICT, "Start from the latest list")),
    (NotFound, Kind("not-found", HTTPStatus.NOT_FOUND, "There is no such thing")),
    (ConflictError, Kind("conflict", HTTPStatus.CONFLICT, "It has changed meanwhile")),
    (CursorError, Kind("cursor", HTTPStatus.CONFLICT, "No page goes on from there")),
    (MissingInput, Kind("no-events", HTTPStatus.CONFLICT, "There are no events yet")),
    (InputError, INVALID),
    (
        OverBudget,
        Kind("over-budget", HTTPStatus.UNPROCESSABLE_ENTITY, "The list is over its budget"),
    ),
    (NoRun, Kind("no-run", HTTPStatus.SERVICE_UNAVAILABLE, "There is no run yet")),
    (ResultError, Kind("run-unreadable", HTTPStatus.SERVICE_UNAVAILABLE, "The run is damaged")),
    (GraphError, Kind("graph-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The graph is away")),
    (StateError, Kind("state-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The state is away")),
    (ListError, Kind("list-unreadable", HTTPStatus.SERVICE_UNAVAILABLE, "A list is damaged")),
    (SettingsError, Kind("not-set-up", HTTPStatus.SERVICE_UNAVAILABLE, "Settings do not allow it")),
)  # fmt: skip
OF_HTTP: Mapping[int, Kind] = {
    400: INVALID,  # a body that is no JSON at all
    404: Kind("no-route", HTTPStatus.NOT_FOUND, "There is no such address"),
    405: Kind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "Not with this method"),
}

# What routes say of it in their descriptions.
_WHY: Mapping[int, str] = {
    401: "No key, or one that does not work",
    403: "The key has not the scope",
    404: "There is no such thing",
    409: "It has changed meanwhile, or what it takes is not there yet; of a page, `after` is not "
    "of this question and run",
    413: "The body is too large",
    415: "The body is packed in a way that is not known here",
    422: "The request is not as it must be",
    429: "Too many requests; see Retry-After",
    503: "The run, graph or state cannot be used just now; see Retry-After",
}


def described(why: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Problems by status, as a route's description has them."""
    return {
        status: {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, text in why.items()
    }


PROBLEMS = described(_WHY)


def problem(
    kind: Kind,
    detail: str,
    request_id: str,
    faults: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    path: str = "",
) -> Response:
    """A problem document as an answer; below TAXII's `path`, what that standard has instead."""
    if path.startswith(f"{TAXII}/"):
        return taxii_error(kind, detail, request_id, headers)
    told: dict[str, Any] = {
        "type": PREFIX + kind.name,
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
        "request_id": request_id,
    }
    if faults:
        told["faults"] = list(faults)
    return JSONResponse(told, kind.status.value, headers, MEDIA_TYPE)


def taxii_error(
    kind: Kind, detail: str, request_id: str, headers: Mapping[str, str] | None
) -> Response:
    """An error message of TAXII 2.1 (section 3.6.1)."""
    # TAXII has 422 for what is written alone.
    status = HTTPStatus.BAD_REQUEST if kind is INVALID else kind.status
    told = {
        "title": kind.title,
        "description": detail,
        "error_id": request_id,
        "error_code": kind.name,
        "http_status": str(status.value),
    }
    given = dict(headers or {})
    if status is HTTPStatus.UNAUTHORIZED:
        given["WWW-Authenticate"] = 'Basic realm="linkage"'
    return JSONResponse(told, status.value, given, TAXII_MEDIA_TYPE)


def of_error(error: LinkageError, request_id: str, path: str) -> Response:
    """The answer to a fault of ours at a path."""
    kind = next((kind for sort, kind in OF_ERRORS if isinstance(error, sort)), INTERNAL)
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="linkage"'
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.seconds)
    faults = [
        {"where": name, "what": what}
        for name, what in (error.over if isinstance(error, OverBudget) else ())
    ]
    lines = [clean(line) for line in str(error).splitlines()]
    return problem(kind, "\n".join(lines), request_id, faults, headers, path)


def handle_all(app: FastAPI) -> None:
    """Have the app answer with problems."""
    app.add_exception_handler(LinkageError, _linkage)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _linkage(request: Request, error: Exception) -> Response:
    assert isinstance(error, LinkageError)
    return of_error(error, request.state.request_id, request.scope["path"])


async def _invalid(request: Request, error: Exception) -> Response:
    """What was sent is not repeated: it may be personal, or no text at all."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"where": ".".join(clean(part, 80) for part in fault["loc"]), "what": fault["msg"]}
        for fault in error.errors()[:MOST_FAULTS]
    ]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    about = (request.state.request_id, faults, None, request.scope["path"])
    return problem(INVALID, clean(detail, 2000), *about)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, LinkageError):  # raised while the body was read
        return of_error(error.__cause__, request.state.request_id, request.scope["path"])
    status = HTTPStatus(error.status_code)
    other = Kind(status.phrase.lower().replace(" ", "-"), status, status.phrase)
    kind = OF_HTTP.get(error.status_code, other)
    detail = f"{request.method} {clean(request.url.path, 200)}"
    if status is HTTPStatus.BAD_REQUEST:
        detail = "the body cannot be read as JSON"
    about = (request.state.request_id, (), error.headers, request.scope["path"])
    return problem(kind, detail, *about)
