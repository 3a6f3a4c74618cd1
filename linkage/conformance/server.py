"""A server of lists on this machine, with the routes of the service that consumers poll; it can be
made to fail, to be away, and to lie."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from linkage.banlist.store import BANS, SHADOW
from linkage.conformance.answers import CHANGES, Lists, Question, Served, answer, problem
from linkage.conformance.faults import Fault, Reply, dropped, send
from linkage.errors import ServerError
from linkage.render import clean

HOST = "127.0.0.1"
_TICK = 0.02  # seconds after which a server notices that it is to stop


class ListServer:
    """Serves what it is given to serve. Any number of requests at once."""

    def __init__(self, key: str | None, port: int = 0) -> None:
        """key: what a consumer must present; None for any at all."""
        self._key = key
        self._served = Served({BANS: (), SHADOW: ()})
        self._fault: tuple[Fault, threading.Event] | None = None
        self._lock, self._asked, self._spared = threading.Lock(), 0, 0
        self._port = port
        self._listening = self._listen()
        self._port = self._listening[0].server_port

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self._port}"

    @property
    def asked(self) -> int:
        """How often it was asked what is new."""
        return self._asked

    @property
    def spared(self) -> int:
        """How often it had to send no list: by 304, or as changes."""
        return self._spared

    def close(self) -> None:
        """Stop."""
        server, thread = self._listening
        server.shutdown()
        thread.join()
        server.server_close()

    def serve(self, lists: Lists, channel: str = BANS, *, more: bool = False) -> None:
        """Serve these lists of a channel from now on. more: with fields that nobody knows yet."""
        self._served = Served({**self._served.lists, channel: tuple(lists)}, more)

    def lists(self, channel: str = BANS) -> Lists:
        """What is served."""
        return self._served.lists[channel]

    @contextmanager
    def instead(self, lists: Lists) -> Iterator[None]:
        """Serve other lists for a while."""
        true = self.lists()
        self.serve(lists)
        try:
            yield
        finally:
            self.serve(true)

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Have every request meet with a fault."""
        over = threading.Event()
        self._fault = (fault, over)
        try:
            yield
        finally:
            self._fault = None
            over.set()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Have nobody listen."""
        with self.failing(dropped):  # connections that are open
            self.close()
            try:
                yield
            finally:
                self._listening = self._listen()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request, or do whatever the fault does."""
        asked = Question.of(request.path, request.headers.get("If-None-Match"))
        with self._lock:
            self._asked += asked.polls
        reply = self._reply(asked, request.headers.get("Authorization", ""))
        fault = self._fault
        if fault is not None:
            fault[0](request, reply, fault[1])
            return
        with self._lock:
            self._spared += asked.which == CHANGES or reply.status is HTTPStatus.NOT_MODIFIED
        send(request, reply)

    def _reply(self, asked: Question, authorization: str) -> Reply:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key or self._key not in (None, key.strip()):
            return problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", "this key does not work")
        return answer(asked, self._served)

    def _listen(self) -> tuple[ThreadingHTTPServer, threading.Thread]:
        try:
            made = ThreadingHTTPServer((HOST, self._port), _handler(self))
        except OSError as error:
            raise ServerError(f"port {self._port}: cannot listen there: {clean(error)}") from None
        thread = threading.Thread(target=made.serve_forever, args=(_TICK,), daemon=True)
        thread.start()
        return made, thread


def _handler(server: ListServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            try:
                server.answer(self)
            except OSError:  # who asked is gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
