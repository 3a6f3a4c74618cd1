"""The server's folder: its configuration, its password, its ports.

conf/neo4j.conf     written anew at each start
data/  logs/  ...   the server's own
password            of the user `neo4j`; only the folder's owner can read it
linkage.json        the last start: version and ports; marks the folder as such a server's
run/                process ids of the server and of what serves its guide, and a lock
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from linkage.errors import ServerError
from linkage.neo4j import assembly

HOST = "127.0.0.1"
USER = "neo4j"
GUIDE, STYLE = "guide.html", "style.grass"  # what is served for Neo4j Browser
_NAME = re.compile(r"[A-Za-z][\w.-]*")
# What Neo4j Browser may load, and talk to: this machine. By its own settings it would fetch fonts,
# a feedback form and a counter of visits from elsewhere, before anybody has logged in.
_BROWSER_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; connect-src 'self' "
    "http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*"
)


@dataclass(frozen=True)
class Options:
    """What a server may use.

    heap_mb         largest heap of Java, MB
    page_cache_mb   memory for the pages of the store, MB
    gds             with Graph Data Science
    extra           further settings of neo4j.conf by name; they win over the others
    java_options    further options of Java
    """

    heap_mb: int = 512
    page_cache_mb: int = 128
    gds: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    java_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ports:
    """Where it listens, on this machine only. guide: None where it has none, as servers had that
    earlier versions started."""

    bolt: int
    http: int
    guide: int | None = None


def configuration(ports: Ports, options: Options, guide: str | None = None) -> str:
    """The text of neo4j.conf; `guide`: the address below which guide and style sheet are.

    Raises ServerError where an extra setting is no such line.
    """
    settings = {
        "server.default_listen_address": HOST,
        "server.default_advertised_address": HOST,
        "server.bolt.listen_address": f"{HOST}:{ports.bolt}",
        "server.bolt.advertised_address": f"{HOST}:{ports.bolt}",
        "server.http.enabled": "true",
        "server.http.listen_address": f"{HOST}:{ports.http}",
        "server.http.advertised_address": f"{HOST}:{ports.http}",
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": "true",
        # Guides of Neo4j Browser come from this machine only.
        "browser.remote_content_hostname_whitelist": f"{HOST},localhost",
        "dbms.security.http_static_content_security_policy_header": _BROWSER_POLICY,
        **(_for_browser(guide) if guide else {}),
        # Nothing is reported to anybody.
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        "server.bolt.telemetry.enabled": "false",
        # Nobody is served from afar: closing does not wait for the slow.
        "internal.server.bolt.connection_shutdown_wait_time": "1s",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
        # Else each database takes 256 MB of disk from the beginning.
        "db.tx_log.preallocate": "false",
        "server.memory.heap.max_size": f"{options.heap_mb}m",
        "server.memory.pagecache.size": f"{options.page_cache_mb}m",
        **(_for_gds() if options.gds else {}),
        **options.extra,
    }
    for name, value in settings.items():
        if not _NAME.fullmatch(name) or not value.isprintable():
            raise ServerError(f"{name!r} = {value!r} cannot be a line of neo4j.conf")
    lines = (f"{name}={value}".replace("\\", "\\\\") for name, value in settings.items())
    return "# Written anew at each start.\n" + "".join(f"{line}\n" for line in lines)


def _for_browser(guide: str) -> Mapping[str, str]:
    """Style and guide are there when somebody has logged in, the guide on top."""
    return {"browser.post_connect_cmd": f"style {guide}/{STYLE};play {guide}/{GUIDE}"}


def _for_gds() -> Mapping[str, str]:
    """Procedures are looked for among plugins alone, though their jars are on the class path."""
    return {
        "server.directories.plugins": str(assembly.cache() / assembly.GDS.name),
        "dbms.security.procedures.unrestricted": "gds.*",
    }


class Home:
    """A server's folder, and where things are in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute().resolve()
        self.conf = self.folder / "conf"
        self.log = self.folder / "logs" / "console.log"
        self.guide_log = self.folder / "logs" / "guide.log"
        self.pid_file = self.folder / "run" / "linkage.pid"
        self.guide_pid_file = self.folder / "run" / "guide.pid"
        self.lock_file = self.folder / "run" / "linkage.lock"
        self.password_file = self.folder / "password"
        self._marker = self.folder / "linkage.json"

    @property
    def exists(self) -> bool:
        """Whether a server was made here."""
        return self._marker.is_file()

    @property
    def has_system(self) -> bool:
        """Whether the server has been started once: from then on it keeps the password itself."""
        return (self.folder / "data" / "databases" / "system").is_dir()

    def make(self) -> None:
        """Make the folder, if need be. Raises ServerError where it holds something else."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The mark comes first: what is in an unmarked folder is somebody else's.
            if any(self.folder.iterdir()) and not self.exists:
                raise ServerError(
                    f"{self.folder} holds something other than a server's files: "
                    "name a new or empty folder"
                )
            with suppress(FileExistsError), self._marker.open("x") as file:
                file.write("{}\n")
            for inside in (self.conf, self.log.parent, self.pid_file.parent):
                inside.mkdir(exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def make_password(self) -> None:
        """Choose a password, if need be. Raises ServerError where the server's was lost."""
        if self.password_file.is_file():
            return
        if self.has_system:
            raise ServerError(
                f"{self.password_file} is gone, and the server keeps no readable copy: "
                "put it back, or remove the folder with its data"
            )
        # Renamed when whole: a password half written would be taken for one. Of hex digits: to
        # neo4j-admin, one that begins with - would be an option.
        work = self.password_file.with_suffix(".new")
        try:
            work.unlink(missing_ok=True)
            handle = os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(24) + "\n")
            work.rename(self.password_file)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> ServerError:
        return ServerError(f"{self.folder}: no server can be kept here: {error}")

    def password(self) -> str:
        """The user's password; ServerError where there is none."""
        try:
            return self.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise ServerError(f"{self.password_file} cannot be read: {error}") from error

    def guide(self, ports: Ports) -> str | None:
        """The address below which the guide is. Only who knows the password, or has logged in to
        Neo4j Browser, can know it: the guide names clusters."""
        if ports.guide is None:
            return None
        key = hmac.new(self.password().encode(), b"guide", hashlib.sha256).hexdigest()[:32]
        return f"http://{HOST}:{ports.guide}/{key}"

    def configure(self, ports: Ports, options: Options) -> None:
        """Write neo4j.conf."""
        guide = self.guide(ports) if self.password_file.is_file() else None
        (self.conf / "neo4j.conf").write_text(configuration(ports, options, guide), "utf-8")

    def remember(self, ports: Ports, version: str) -> None:
        """Keep what the next start and `status` ask for."""
        kept = {
            "version": version,
            "bolt_port": ports.bolt,
            "http_port": ports.http,
            "guide_port": ports.guide,
        }
        work = self._marker.with_suffix(".new")
        work.write_text(json.dumps(kept) + "\n", "utf-8")
        work.rename(self._marker)

    def remembered(self) -> tuple[Ports | None, str | None]:
        """Ports and version of the last start; None where there was none."""
        try:
            kept = json.loads(self._marker.read_text("utf-8"))
            bolt, http, guide = kept["bolt_port"], kept["http_port"], kept.get("guide_port")
            ports = Ports(int(bolt), int(http), None if guide is None else int(guide))
            return ports, str(kept["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, None


def choose_ports(bolt: int | None, http: int | None, last: Ports | None) -> Ports:
    """Those that are named, else the last ones where they are free, else free ones.

    Raises ServerError where a named one is taken.
    """
    for named in (bolt, http):
        if named is not None and not is_free(named):
            raise ServerError(f"port {named} of {HOST} is taken: name another, or none")
    if bolt is not None and bolt == http:
        raise ServerError(f"port {bolt} cannot be both Bolt's and HTTP's")
    first = _chosen(bolt, None if last is None else last.bolt, {http})
    second = _chosen(http, None if last is None else last.http, {first})
    third = _chosen(None, None if last is None else last.guide, {first, second})
    return Ports(first, second, third)


def _chosen(named: int | None, before: int | None, taken: set[int | None]) -> int:
    if named is not None:
        return named
    return before if before is not None and is_free(before) and before not in taken else _any(taken)


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            probe.listen()
    except (OSError, OverflowError):
        return False
    return True


def _any(taken: set[int | None]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
