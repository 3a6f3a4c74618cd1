"""The guide and the style sheet of a local server, served to Neo4j Browser.

    python -m linkage.neo4j.guiding FOLDER

is a process of its own, which `up` starts and `down` ends. Python's http.server is enough for it,
though no server for a network: it listens on this machine alone, has two fixed paths behind a key,
opens no file that a request names, and takes nothing in. What it serves is asked of the
database anew each time.
"""

from __future__ import annotations

import sys
import time
import traceback
from contextlib import AbstractContextManager, closing
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from linkage.neo4j import process
from linkage.neo4j.home import GUIDE, HOST, STYLE, USER, Home, Ports

_NAMES = (HOST, "localhost")
_TYPES = {GUIDE: "text/html; charset=utf-8", STYLE: "text/plain; charset=utf-8"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Vary": "Origin",
    "X-Content-Type-Options": "nosniff",
}
_METHODS = "GET, HEAD"
LOOK = 2.0  # seconds from one look whether the server is there to the next


def content(home: Home, ports: Ports, name: str) -> bytes:
    """The guide, or the style sheet, of what the database shows now."""
    # Only now: this takes seconds and memory, which a server that nobody browses does without.
    from linkage.errors import GraphError
    from linkage.graph.neo4j import Database, Neo4jGraph, Target
    from linkage.graph.neo4j.browser import cluster_link
    from linkage.graph.neo4j.guide import Queue, guide, queue_of
    from linkage.graph.neo4j.saved import saved_queries
    from linkage.graph.neo4j.style import built_in, style_sheet

    bolt = f"bolt://{HOST}:{ports.bolt}"
    with closing(Database(Target(bolt, USER, home.password()))) as database:
        found: Queue | GraphError
        try:
            found = queue_of(Neo4jGraph(database))
        except GraphError as error:
            found = error
    if name == STYLE:
        return style_sheet(found.kinds if isinstance(found, Queue) else built_in()).encode()
    browser = f"http://{HOST}:{ports.http}/browser/"
    return guide(saved_queries(), found, partial(cluster_link, browser, bolt, USER))


class Answers(BaseHTTPRequestHandler):
    """Two paths to read, for pages of the server's own Neo4j Browser."""

    server_version, sys_version = "linkage", ""
    timeout = 20  # seconds for a request to come in

    def __init__(
        self, home: Home, ports: Ports, key: str, turn: AbstractContextManager[Any], *given: object
    ) -> None:
        """turn: answers come one after another, the style sheet, which is asked for first, before
        the guide: so it is the guide that is on top in Neo4j Browser."""
        self._home, self._ports, self._key, self._turn = home, ports, key, turn
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """The file, whole."""
        self._answer(whole=True)

    def do_HEAD(self) -> None:
        """Its headers."""
        self._answer(whole=False)

    def do_OPTIONS(self) -> None:
        """Browser asks first whether it may ask for a guide, since it forbids to cache it."""
        if self._name() is None:
            return
        self._begin(HTTPStatus.NO_CONTENT)
        self.send_header("Access-Control-Allow-Methods", _METHODS)
        self.send_header("Access-Control-Allow-Headers", "cache-control, pragma")
        self.end_headers()

    def _answer(self, *, whole: bool) -> None:
        name = self._name()
        if name is None:
            return
        try:
            with self._turn:
                body = content(self._home, self._ports, name)
        except Exception:
            traceback.print_exc()
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        self._begin(HTTPStatus.OK)
        self.send_header("Content-Type", _TYPES[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if whole:
            self.wfile.write(body)

    def _name(self) -> str | None:
        """What is asked for; None where it was refused."""
        # A page of elsewhere whose name leads here has that name in Host.
        if self.headers.get("Host") not in {f"{name}:{self._ports.guide}" for name in _NAMES}:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        for name in (GUIDE, STYLE):
            if self.path == f"/{self._key}/{name}":
                return name
        self._refuse(HTTPStatus.NOT_FOUND)
        return None

    def _begin(self, status: HTTPStatus) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        origin = self.headers.get("Origin")
        if origin in {f"http://{name}:{self._ports.http}" for name in _NAMES}:
            self.send_header("Access-Control-Allow-Origin", str(origin))

    def _refuse(self, status: HTTPStatus) -> None:
        self._begin(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library refuses: nothing of the request is repeated."""
        self.close_connection = True
        self.send_response(code)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the key would be in it."""


class Serving(ThreadingHTTPServer):
    """Ends when the server has: one that was killed leaves nothing behind."""

    def __init__(self, home: Home, *given: Any) -> None:
        self._neo4j, self._looked = process.server(home), time.monotonic()
        super().__init__(*given)

    def service_actions(self) -> None:
        """Called twice a second."""
        if time.monotonic() - self._looked > LOOK:
            self._looked = time.monotonic()
            if process.running(self._neo4j) is None:
                sys.exit()


def main(folder: Path) -> None:
    """Serve until the process, or the server, is ended."""
    home = Home(folder)
    ports = home.remembered()[0]
    address = None if ports is None else home.guide(ports)
    if ports is None or ports.guide is None or address is None:
        sys.exit(f"{home.folder}: no server was started here, or by an earlier version")
    answers = partial(Answers, home, ports, address.rpartition("/")[2], Lock())
    with Serving(home, (HOST, ports.guide), answers) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
