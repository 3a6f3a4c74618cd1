"""What a server of lists may do instead of answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Event

PAGE = b"<!doctype html><title>Sign in to this network</title>"
LONGEST = 600.0  # seconds that an answer is kept back, if nobody ends that


@dataclass(frozen=True)
class Reply:
    """An answer as it should be."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    body: bytes


# Given the request, the answer as it should be, and what is set when the fault is over.
Fault = Callable[[BaseHTTPRequestHandler, Reply, Event], None]


def status(code: HTTPStatus, *headers: tuple[str, str]) -> Fault:
    """An answer with another status, and a problem in it."""

    def act(request: BaseHTTPRequestHandler, _: Reply, __: Event) -> None:
        told = f'{{"type": "about:blank", "status": {code.value}}}'.encode("ascii")
        kind = ("Content-Type", "application/problem+json")
        send(request, Reply(code, (kind, *headers), told))

    return act


def silent(request: BaseHTTPRequestHandler, _: Reply, over: Event) -> None:
    """No answer at all."""
    over.wait(LONGEST)
    request.close_connection = True


def dropped(request: BaseHTTPRequestHandler, _: Reply, __: Event) -> None:
    """The connection is closed."""
    request.close_connection = True


def truncated(request: BaseHTTPRequestHandler, reply: Reply, _: Event) -> None:
    """The half of what was promised."""
    request.close_connection = True
    head(request, reply)
    request.wfile.write(reply.body[: len(reply.body) // 2])


def page(request: BaseHTTPRequestHandler, _: Reply, __: Event) -> None:
    """A page of somebody in between, with a status that says all is well."""
    send(request, Reply(HTTPStatus.OK, (("Content-Type", "text/html"),), PAGE))


def empty(request: BaseHTTPRequestHandler, _: Reply, __: Event) -> None:
    """Nothing, with a status that says all is well."""
    send(request, Reply(HTTPStatus.OK, (), b""))


def send(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Answer."""
    head(request, reply)
    request.wfile.write(reply.body)


def head(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Answer, up to the body."""
    request.send_response(reply.status)
    for name, value in reply.headers:
        request.send_header(name, value)
    if reply.status is not HTTPStatus.NOT_MODIFIED:
        request.send_header("Content-Length", str(len(reply.body)))
    request.end_headers()
