"""Chromium, and a server with the demo's graph in it: what `linkage demo --neo4j` leaves.

Chromium is that of LINKAGE_CHROMIUM, else /usr/bin/chromium; where there is none, the tests that
need it are skipped. `--screenshots` writes docs/browser/*.png anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from neo4j import Driver
from playwright.sync_api import Browser, Locator, Page, Request, WebSocket, sync_playwright

from docs.generate import linkage
from linkage.neo4j import Server, Status
from linkage.run import Run
from tests.neo4j.servers import AT_ONCE, QUICK, Address, lacking_here

CHROMIUM = Path(os.environ.get("LINKAGE_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = Path(__file__).resolve().parents[2] / "docs" / "browser"
HERE = ("127.0.0.1", "localhost")
PATIENCE = 90_000  # milliseconds


Shoot = Callable[[Page | Locator, str], None]


@dataclass(frozen=True)
class Site:
    """The server, the run that it shows, and what the command that made both printed."""

    server: Server
    status: Status
    run: Run
    printed: str

    @property
    def address(self) -> Address:
        return Address(str(self.status.bolt), self.status.user, self.server.password())


@dataclass
class Traffic:
    """What a page asked of whom. refused: kept from going out by the page's own policy."""

    hosts: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("websocket", self._socket)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(request.url).hostname or request.url)
            self.asked.add(request.url)

    def _failed(self, request: Request) -> None:
        if request.failure == "csp":
            self.refused.add(request.url)

    def _socket(self, socket: WebSocket) -> None:
        self.hosts.add(urlsplit(socket.url).hostname or socket.url)

    def went_out(self) -> set[str]:
        """What was sent to another machine."""
        return {url for url in self.asked - self.refused if urlsplit(url).hostname not in HERE}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo with its graph in Neo4j."""
    lacking = lacking_here()
    if lacking is not None:
        pytest.skip(f"no Neo4j of one's own: {lacking}")
    folder = tmp_path_factory.mktemp("demo")
    server = Server(folder / "demo" / "neo4j")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JAVA_TOOL_OPTIONS", " ".join(QUICK.java_options))
            printed = linkage(folder, "demo", "--neo4j")
        yield Site(server, server.status(), Run.open(folder / "demo" / "result"), printed)
    finally:
        server.down(patience=AT_ONCE)


@pytest.fixture(scope="module")
def driver(site: Site) -> Iterator[Driver]:
    with site.address.driver() as opened:
        yield opened


@pytest.fixture(scope="module")  # as long as it is open, no other loop can run in its thread
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no Chromium: {CHROMIUM} is not there (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture
def page(chromium: Browser, traffic: Traffic) -> Iterator[Page]:
    """A window of its own; whatever a test does, nothing goes to another machine."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    traffic.watch(opened)
    yield opened
    context.close()
    assert traffic.went_out() == set()


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Shoot:
    """Takes a picture for docs/browser.md, of a page or of a part of it, if that was asked for."""

    def take(what: Page | Locator, name: str) -> None:
        if request.config.getoption("--screenshots"):
            SHOTS.mkdir(exist_ok=True)
            what.screenshot(path=SHOTS / f"{name}.png")

    return take
