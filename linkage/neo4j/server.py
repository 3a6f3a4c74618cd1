"""One server in one folder: up, down, what it is."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from linkage.errors import ServerError
from linkage.neo4j import assembly, process, tools
from linkage.neo4j.admin import run_admin
from linkage.neo4j.home import GUIDE, HOST, USER, Home, Options, Ports, choose_ports
from linkage.neo4j.locking import locked
from linkage.neo4j.ready import wait_until_ready

Progress = Callable[[str, float], None]
_POLL = 0.05  # seconds
State = Literal["running", "unready", "stopped", "died", "absent"]

STATES = {
    "running": "is running",
    "unready": "has a process, but does not answer: it starts, stops, or is stuck",
    "stopped": "is stopped",
    "died": "has died: its process is gone, though nothing stopped it",
    "absent": "was never started in this folder",
}


@dataclass(frozen=True)
class Status:
    """What a server is.

    state      one of STATES
    bolt, browser, version, pid   None where it has none
    guide      address of the guide for Neo4j Browser; None where nothing serves it
    was_running   for `up`: whether there was nothing to do
    """

    state: State
    folder: Path
    password_file: Path
    bolt: str | None = None
    browser: str | None = None
    guide: str | None = None
    version: str | None = None
    pid: int | None = None
    user: str = USER
    was_running: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        paths = {"folder": str(self.folder), "password_file": str(self.password_file)}
        return {**asdict(self), **paths}


@dataclass(frozen=True)
class Stopped:
    """What `down` did: in which state the server was, and whether it had to be killed."""

    before: State
    folder: Path
    killed: bool

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"state": "stopped", **asdict(self), "folder": str(self.folder)}


class Server:
    """A Neo4j Community server with its data in `folder`, for this machine and one user."""

    def __init__(self, folder: Path, options: Options | None = None) -> None:
        self.options = Options() if options is None else options
        self.home = Home(folder)
        self._neo4j, self._guide = process.server(self.home), process.guide(self.home)

    def up(
        self,
        bolt_port: int | None = None,
        http_port: int | None = None,
        *,
        progress: Progress | None = None,
        patience: float = 120.0,
    ) -> Status:
        """Start it, unless it runs; return when it answers.

        bolt_port, http_port   free ones where not named: the last ones if they are free
        patience               seconds to wait for it to start

        Raises ServerError where it cannot be assembled or started, or runs on other ports than
        those named; a server that failed to start is not left behind.
        """
        tell = progress or _silent
        tell("looking", 0.0)
        self.home.make()
        with locked(self.home.lock_file):
            if process.running(self._neo4j) is not None:
                return self._again(bolt_port, http_port, patience)
            self.home.make_password()
            java, class_path = self._tools(tell)
            process.stop(self._guide, 5.0)  # it may not have noticed yet that the server has died
            ports = choose_ports(bolt_port, http_port, self.home.remembered()[0])
            self.home.configure(ports, self.options)
            if not self.home.has_system:
                tell("setting the password", 0.5)
                words = ("dbms", "set-initial-password", self.home.password())
                run_admin(self.home, self.options, java, class_path, *words)
            self.home.remember(ports, assembly.VERSION)
            tell("starting", 0.7)
            try:
                process.start(process.server(self.home, self.options, java, class_path))
                self._start_guide(ports)
                self._wait(ports, patience)
                self._wait_for_guide(ports, patience)
            except BaseException:
                for program in (self._neo4j, self._guide):
                    process.stop(program, 0.0)
                    process.forget(program)
                raise
            tell("answers", 1.0)
        return self.status()

    def _tools(self, tell: Progress) -> tuple[str, str]:
        """Java and the class path, the latter assembled if need be."""
        java = tools.java()
        fetching = "fetching Neo4j, once"
        return java, assembly.class_path(
            gds=self.options.gds, progress=lambda: tell(fetching, 0.05)
        )

    def _again(self, bolt_port: int | None, http_port: int | None, patience: float) -> Status:
        ports = self._ports()
        if any(named not in (None, port) for named, port in
               ((bolt_port, ports.bolt), (http_port, ports.http))):  # fmt: skip
            raise ServerError(
                f"{self.home.folder}: the server runs already, with Bolt on port {ports.bolt} and "
                f"HTTP on {ports.http}: take it down first to change that"
            )
        self._wait(ports, patience)
        self._start_guide(ports)
        self._wait_for_guide(ports, patience)
        return self.status(was_running=True)

    def _start_guide(self, ports: Ports) -> None:
        """Unless it runs."""
        if ports.guide is not None and process.running(self._guide) is None:
            process.start(self._guide)

    def _wait_for_guide(self, ports: Ports, patience: float) -> None:
        until = time.monotonic() + patience
        while ports.guide is not None and not _listens(ports.guide):
            log = self.home.guide_log
            if process.running(self._guide) is None:
                lines = "".join(f"\n  {line}" for line in process.last_lines(log))
                raise ServerError(f"what serves the guide ended at once. The end of {log}:{lines}")
            if time.monotonic() > until:
                raise ServerError(f"what serves the guide did not begin; {log} may say why")
            time.sleep(_POLL)

    def _ports(self) -> Ports:
        ports = self.home.remembered()[0]
        if ports is None:
            raise ServerError(f"{self.home.folder}/linkage.json is damaged: its ports are lost")
        return ports

    def _wait(self, ports: Ports, patience: float) -> None:
        url, auth = _bolt(ports), (USER, self.home.password())
        wait_until_ready(url, auth, self._starting, patience)

    def _starting(self) -> bool:
        """Whether its log does not say yet that it has started; ServerError where it has died."""
        log = self.home.log
        if process.running(self._neo4j) is None:
            lines = "".join(f"\n  {line}" for line in process.last_lines(log))
            raise ServerError(f"Neo4j ended while it started. The end of {log}:{lines}")
        said = log.read_text("utf-8", errors="replace").splitlines() if log.is_file() else []
        return not any(line.endswith(" Started.") for line in said)

    def down(self, *, patience: float = 60.0) -> Stopped:
        """Stop it; it is killed where it does not stop within `patience` seconds. Data stay."""
        if not self.home.exists:
            return Stopped("absent", self.home.folder, killed=False)
        self.home.make()
        with locked(self.home.lock_file):
            before = self.status().state
            killed = process.stop(self._neo4j, patience)
            process.stop(self._guide, patience)
            for program in (self._neo4j, self._guide):
                process.forget(program)
        return Stopped(before, self.home.folder, killed)

    def status(self, *, was_running: bool = False) -> Status:
        """What it is now. Changes nothing."""
        home = self.home
        if not home.exists:
            return Status("absent", home.folder, home.password_file)
        ports, version = home.remembered()
        pid = process.running(self._neo4j)
        if pid is None or ports is None:
            gone: State = "stopped" if process.noted(self._neo4j) is None else "died"
            return Status(gone, home.folder, home.password_file, version=version)
        return Status(
            "running" if _listens(ports.bolt) else "unready",
            home.folder,
            home.password_file,
            bolt=_bolt(ports),
            browser=f"http://{HOST}:{ports.http}/browser/",
            guide=self._guide_address(ports),
            version=version,
            pid=pid,
            was_running=was_running,
        )

    def _guide_address(self, ports: Ports) -> str | None:
        """Where the guide is served, if it is."""
        if process.running(self._guide) is None or not self.home.password_file.is_file():
            return None
        return f"{self.home.guide(ports)}/{GUIDE}"

    def password(self) -> str:
        """The password of the user `neo4j`; ServerError where there is none yet."""
        return self.home.password()

    def admin(self, *words: str | os.PathLike[str]) -> str:
        """Run neo4j-admin on the folder of the server, which is stopped or new; what it printed.

        server.admin("database", "import", "full", "neo4j", "--nodes=Account=accounts.csv")

        Paths are taken from the server's folder: give whole ones; and the database's name before
        `--nodes`, which takes all that follows for files. Raises ServerError where the
        server runs, or the command fails.
        """
        self.home.make()
        with locked(self.home.lock_file):
            if process.running(self._neo4j) is not None:
                raise ServerError(f"{self.home.folder}: the server runs: take it down first")
            java, class_path = self._tools(_silent)
            ports = choose_ports(None, None, self.home.remembered()[0])
            self.home.configure(ports, self.options)
            given = (os.fspath(word) for word in words)
            return run_admin(self.home, self.options, java, class_path, *given)


def _silent(stage: str, fraction: float) -> None:
    """Tell nobody."""


def _bolt(ports: Ports) -> str:
    return f"bolt://{HOST}:{ports.bolt}"


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2.0):
            return True
    except OSError:
        return False
