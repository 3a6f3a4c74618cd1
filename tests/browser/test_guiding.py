"""What serves guide and style sheet: to whom, which paths, and nothing else."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from linkage.neo4j import guiding
from linkage.neo4j.home import HOST, Home, Ports

KEY = "0123456789abcdef"
BROWSER = "http://127.0.0.1:7474"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where it is served; what is asked of the database is in test_browser.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guiding, "content", lambda home, ports, name: f"this is {name}".encode())
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            ports = Ports(1, 7474, probe.getsockname()[1])
        answers = partial(guiding.Answers, Home(Path("unused")), ports, KEY, nullcontext())
        with ThreadingHTTPServer((HOST, ports.guide or 0), answers) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            yield server.server_port
            server.shutdown()
            thread.join()


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(HOST, port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_the_two_paths(port: int) -> None:
    for name, kind in (("guide.html", "text/html"), ("style.grass", "text/plain")):
        response, body = ask(port, f"/{KEY}/{name}", Origin=BROWSER)
        assert (response.status, body) == (200, f"this is {name}".encode())
        headers = response.headers
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert headers["Access-Control-Allow-Origin"] == BROWSER
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"].strip() == "linkage"
        response, body = ask(port, f"/{KEY}/{name}", "HEAD")
        assert (response.status, body) == (200, b"")
        assert int(response.headers["Content-Length"]) == len(f"this is {name}")


@pytest.mark.parametrize(
    "path",
    ["/", "/guide.html", f"/{KEY}", f"/{KEY}/", f"/{KEY}/../{KEY}/guide.html", f"/{KEY}/password",
     f"/{KEY}/guide.html?x", f"/{KEY}/%67uide.html", f"/{KEY[1:]}/guide.html", "/../etc/passwd"],
)  # fmt: skip
def test_no_other_path(port: int, path: str) -> None:
    response, body = ask(port, path)
    assert (response.status, body) == (404, b"")


def test_it_is_read_only(port: int) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "<script>"):
        response, body = ask(port, f"/{KEY}/guide.html", method)
        assert (response.status, body) == (501, b"")


def test_a_name_of_elsewhere_is_refused(port: int) -> None:
    path = f"/{KEY}/guide.html"
    for host in (f"rebound.example:{port}", HOST, f"{HOST}:1", "", f"{HOST}:{port}.example"):
        response, body = ask(port, path, Host=host)
        assert (response.status, body) == (421, b""), host
    assert ask(port, path, Host=f"localhost:{port}")[0].status == 200


def test_pages_of_others_cannot_read_it(port: int) -> None:
    for origin in ("http://evil.example", "null", "https://127.0.0.1:7474", "http://127.0.0.1:80"):
        for method in ("GET", "OPTIONS"):
            response, _ = ask(port, f"/{KEY}/guide.html", method, Origin=origin)
            assert response.headers["Access-Control-Allow-Origin"] is None, origin
            assert response.headers["Vary"] == "Origin"


def test_browser_may_ask_without_a_cache(port: int) -> None:
    response, body = ask(port, f"/{KEY}/guide.html", "OPTIONS", Origin="http://localhost:7474")
    assert (response.status, body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:7474"
    assert response.headers["Access-Control-Allow-Headers"] == "cache-control, pragma"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"


def test_what_is_no_request_is_refused(port: int) -> None:
    for sent in (
        b"\x16\x03\x01 tls\r\n\r\n",
        b"GET / HTTP/1.1 <b>\r\n\r\n",
        b"GET /<b> HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 65_533,
        b"GET / HTTP/1.1\r\n" + b"a: <b>\r\n" * 200 + b"\r\n",
    ):
        with socket.create_connection((HOST, port), timeout=20) as connection:
            connection.sendall(sent)
            answer = connection.recv(1000)
        # One in the form of the first HTTP has an answer without a head: here, none.
        assert not answer or re.match(rb"HTTP/1\.0 (4\d\d|505) ", answer)
        assert b"<b>" not in answer
        assert b"aaa" not in answer
    assert ask(port, f"/{KEY}/guide.html")[0].status == 200


def test_a_fault_is_no_secret_told(
    port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(home: Home, ports: Ports, name: str) -> bytes:
        raise RuntimeError("the reason")

    monkeypatch.setattr(guiding, "content", fails)
    response, body = ask(port, f"/{KEY}/guide.html")
    assert (response.status, body) == (500, b"")
    assert "the reason" in capfd.readouterr().err


def test_without_a_server_there_is_no_guide(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no server was started here"):
        guiding.main(tmp_path)
