"""What every request passes: an id, limits of size, headers, figures, and a line of the log."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import key_of
from api.problems import INTERNAL, TooLarge, of_error, problem
from api.service import Service
from linkage.errors import LinkageError

REQUEST_ID = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NO_ROUTE = "(none)"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_RAW = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in HEADERS.items()]
_RAW_ID = REQUEST_ID.lower().encode("ascii")


class Gate:
    """ASGI middleware around the whole app, so that nothing is answered without it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service
        self._log = structlog.get_logger("linkage.requests")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])  # of a name that comes twice, the last
        answer = _Answer(_request_id(headers), send)
        scope.setdefault("state", {})["request_id"] = answer.request_id
        begun = time.perf_counter()
        try:
            await self._passed(headers, scope, receive, answer)
        except Exception:
            self._log.exception("fault", request_id=answer.request_id)
            if answer.status:
                raise
            about = (answer.request_id, (), None, scope["path"])
            fault = problem(INTERNAL, "see the log, by request_id", *about)
            await fault(scope, receive, answer.send)
        finally:
            self._told(scope, answer, time.perf_counter() - begun)

    async def _passed(
        self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        limit = self._service.settings.most_bytes
        try:
            if scope["method"] not in _BODILESS:
                # The app reads a body before it asks for a key, which strangers have none of.
                key_of(self._service, HTTPConnection(scope))
            if _length(headers) > limit:
                raise _too_large(limit)
            await self._app(scope, _Limited(receive, limit).receive, answer.send)
        except LinkageError as error:
            if answer.status:
                raise
            told = of_error(error, answer.request_id, scope["path"])
            await told(scope, receive, answer.send)

    def _told(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        status = answer.status or HTTPStatus.INTERNAL_SERVER_ERROR.value
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._service.metrics.answered(method, route, status, seconds)
        self._log.info(
            "request", method=method, route=route, status=status, ms=round(seconds * 1e3, 2),
            request_id=answer.request_id, actor=scope["state"].get("actor"),
        )  # fmt: skip


_BODILESS = frozenset(("GET", "HEAD"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class _Answer:
    """Adds headers to what is sent, and remembers the status."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id, self._send, self.status = request_id, send, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message["headers"]
            names = {name for name, _ in given}
            message["headers"] = [
                *given,
                *(header for header in _RAW if header[0] not in names),
                (_RAW_ID, self.request_id.encode("ascii")),
            ]
        await self._send(message)


class _Limited:
    """Refuses a body that grows beyond the limit, whatever its length was said to be."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit, self._seen = receive, limit, 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                raise _too_large(self._limit)
        return message


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"a body may have {limit:,} bytes; send it in parts")


def _length(headers: Mapping[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) < 20 else 0


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's, where it is harmless; else a new one."""
    given = headers.get(_RAW_ID, b"").decode("latin-1")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
