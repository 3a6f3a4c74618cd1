"""The way to a Neo4j database: where it is, who asks, and what its refusals mean in words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from linkage.errors import GraphError, SettingsError
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.statements import of_kinds, statement
from linkage.render import clean

Record = dict[str, Any]
Answer = TypeVar("Answer")
Asks = Callable[["Asking"], Answer]

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
USER, PASSWORD, DATABASE = (f"LINKAGE_GRAPH_{name}" for name in ("USER", "PASSWORD", "DATABASE"))
PATIENCE = 30.0  # seconds of trying again where the server says that trying again may help
WAIT = 10.0  # seconds for a connection
PAGE = 10_000  # rows of a long answer at a time

REFUSALS = (DriverError, Neo4jError)  # what the driver raises

_HOST = re.compile(r"[A-Za-z0-9.\-_\[\]:]+")
_READ_ONLY = ("ReadOnly", "AccessMode", "WriteOnReadOnlyAccessDbRefused")


@dataclass(frozen=True)
class Target:
    """A database: `url` without credentials, and those apart.

    database    None is the server's default
    """

    url: str
    user: str | None = None
    password: str | None = None
    database: str | None = None

    def __repr__(self) -> str:
        return f"Target({self.url!r})"

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str] | None = None) -> Target:
        """A URL, with user, password and database from the environment (LINKAGE_GRAPH_USER ...).

        SettingsError for any other scheme, and for a password in the URL: it would end up in
        process lists and logs.
        """
        known = os.environ if environment is None else environment
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        fault = None
        if parts.scheme not in SCHEMES:
            fault = f"{clean(parts.scheme, 20)}://...: give one of {', '.join(SCHEMES)}"
        elif "@" in parts.netloc:
            fault = f"{parts.scheme}://...: no user or password in it; set {USER} and {PASSWORD}"
        elif not host or not _HOST.fullmatch(host) or parts.query or parts.fragment:
            fault = f"{parts.scheme}://...: give a host and a port, e.g. neo4j://localhost:7687"
        elif parts.path not in ("", "/"):
            fault = f"{parts.scheme}://...: no path in it; set {DATABASE} to name a database"
        if fault:
            raise SettingsError([fault], "graph")
        name = f"[{host}]" if ":" in str(host) else host
        where = f"{parts.scheme}://{name}" + (f":{port}" if port else "")
        return cls(where, known.get(USER), known.get(PASSWORD), known.get(DATABASE))


class Asking:
    """One transaction: statements from files, with values, and never with text of anybody's."""

    def __init__(self, transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = transaction

    def rows(
        self, name: str, words: Mapping[str, str] | None = None, /, **values: Any
    ) -> list[Record]:
        """What a statement finds."""
        result = self._transaction.run(statement(name, words), values)
        return [dict(record) for record in result]

    def first(
        self, name: str, words: Mapping[str, str] | None = None, /, **values: Any
    ) -> Record | None:
        """Its first row, if there is one."""
        found = self.rows(name, words, **values)
        return found[0] if found else None

    def run_step(
        self,
        name: str,
        words: Mapping[str, str] | None,
        kinds: tuple[KindWords, ...],
        values: Mapping[str, Any],
    ) -> None:
        """A statement that gives nothing back and may have a part for each kind."""
        text = of_kinds(name, kinds) if words is None else statement(name, words)
        self._transaction.run(text, dict(values)).consume()


class Database:
    """A Neo4j database, for any number of threads. All faults of the driver become GraphError."""

    def __init__(self, target: Target) -> None:
        """Nothing is connected to yet."""
        self.target = target
        auth = None if target.user is None else (target.user, target.password or "")
        with self._faults():
            self._driver = neo4j.GraphDatabase.driver(
                target.url,
                auth=auth,
                connection_timeout=WAIT,
                max_transaction_retry_time=PATIENCE,
                notifications_min_severity="OFF",
                user_agent="linkage",
            )

    def read(self, asks: Asks[Answer]) -> Answer:
        """What one reading transaction answers; it may run again, after a transient fault."""
        with self._faults(), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda transaction: asks(Asking(transaction)))

    def write(self, asks: Asks[Answer], *, sees: bool = False) -> Answer:
        """Likewise, writing: all of it or nothing, and at most once if `asks` sees to that.

        sees    it does, so that it is asked again where the answer to a commit was lost
        """

        def work(transaction: neo4j.ManagedTransaction) -> Answer:
            return asks(Asking(transaction))

        with self._faults(), self._session(neo4j.WRITE_ACCESS) as session:
            try:
                return session.execute_write(work)
            except IncompleteCommit:
                if not sees:
                    raise
                return session.execute_write(work)

    def alone(
        self, name: str, words: Mapping[str, str] | None = None, /, **values: Any
    ) -> list[Record]:
        """A statement that must not be in a transaction with others, as those about indexes. Run
        twice it must do what it does once."""
        text = statement(name, words)
        with self._faults(), self._session(neo4j.WRITE_ACCESS) as session:
            try:
                return [dict(record) for record in session.run(text, values)]
            except TransientError:
                # Another push makes the same index, say. Where nobody answers, nothing is tried
                # again: this is what a push begins with, and its user waits.
                return session.execute_write(
                    lambda transaction: [dict(record) for record in transaction.run(text, values)]
                )

    def long(
        self, name: str, words: Mapping[str, str] | None = None, /, **values: Any
    ) -> Iterator[list[list[Any]]]:
        """A long answer as it comes, some thousand rows at a time."""
        with self._faults(), self._session(neo4j.READ_ACCESS, fetch_size=PAGE) as session:
            page: list[list[Any]] = []
            for record in session.run(statement(name, words), values):
                page.append(record.values())
                if len(page) == PAGE:
                    yield page
                    page = []
            yield page

    def close(self) -> None:
        """Give back the connections."""
        self._driver.close()

    @contextmanager
    def _session(self, access: str, **options: Any) -> Iterator[neo4j.Session]:
        with self._driver.session(
            database=self.target.database, default_access_mode=access, **options
        ) as session:
            yield session

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The driver's exceptions as ours."""
        try:
            yield
        except REFUSALS as error:
            raise GraphError(f"{self.target.url}: {_in_words(error)}") from error


def _in_words(error: DriverError | Neo4jError) -> str:
    """What was wrong, and what to do."""
    told = clean(" ".join(str(getattr(error, "message", None) or error).split()), 300)
    code = str(getattr(error, "code", "") or "")
    if isinstance(error, AuthError):
        return f"the user or the password is wrong, or missing: set {USER} and {PASSWORD}"
    if "AuthenticationRateLimit" in code:
        return (
            "the user or the password was wrong too often: wait some seconds, and set "
            f"{USER} and {PASSWORD}"
        )
    if isinstance(error, ServiceUnavailable | SessionExpired):
        return (
            "nothing answers there as Neo4j does, or it went away: is it running? "
            f"`linkage neo4j status` tells of a local one. ({told})"
        )
    if any(word in code for word in _READ_ONLY) or "read-only" in told or "read only" in told:
        return f"the database takes no writes, it is read-only; nothing was changed. ({told})"
    if "DatabaseNotFound" in code:
        return f"there is no such database: set {DATABASE} to another, or leave it out. ({told})"
    if "Schema" in code and isinstance(error, ClientError):
        return f"an index or constraint of others is in the way, or data that breaks one: {told}"
    if isinstance(error, TransientError):
        return f"busy, or out of memory or room; try again later. ({told})"
    if isinstance(error, ConfigurationError):
        return f"cannot be connected to so: {told}"
    return f"the database refused: {told}"
