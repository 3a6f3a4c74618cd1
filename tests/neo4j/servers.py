"""Fixtures of tests that need Neo4j: one server for all of them, and own ones to be killed.

Where the server of `neo4j_server` comes from, the first that there is:
- the address in LINKAGE_TEST_NEO4J, with LINKAGE_TEST_NEO4J_USER and LINKAGE_TEST_NEO4J_PASSWORD:
  WHAT IT HOLDS IS DELETED;
- a server that `linkage neo4j` would start, in a temporary folder (Java, Maven);
- a container, by the docker command (Docker).
Where there is none, tests are skipped, with what is missing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from neo4j import Driver, GraphDatabase

from linkage.errors import ServerError
from linkage.neo4j import Options, Server, assembly, tools
from linkage.neo4j.ready import wait_until_ready

IMAGE = "neo4j:5.26-community"
# Half the time to start, at the price of slower long queries and longer pauses.
QUICK = Options(java_options=("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"))
AT_ONCE = 0.0  # seconds that a server has to stop before it is killed: its data are thrown away
BATCH = 10_000  # nodes or relationships deleted in one transaction


class Address(NamedTuple):
    """Where a server is, and how to be let in."""

    url: str
    user: str
    password: str

    def driver(self) -> Driver:
        """A driver for it; the caller closes it."""
        return GraphDatabase.driver(self.url, auth=(self.user, self.password))


OwnServer = Callable[..., Server]


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A running server: url, user, password. Its data are whoever's used it last."""
    given = os.environ.get("LINKAGE_TEST_NEO4J")
    if given:
        user = os.environ.get("LINKAGE_TEST_NEO4J_USER", "neo4j")
        yield Address(given, user, os.environ.get("LINKAGE_TEST_NEO4J_PASSWORD", ""))
        return
    lacking = lacking_here()
    if lacking is None:
        server = Server(tmp_path_factory.mktemp("neo4j") / "server", QUICK)
        status = server.up(patience=300.0)  # the machine may be busy
        assert status.bolt is not None
        try:
            yield Address(status.bolt, status.user, server.password())
        finally:
            server.down(patience=AT_ONCE)
        return
    no_docker = lacking_docker()
    if no_docker is not None:
        pytest.skip(f"no Neo4j: LINKAGE_TEST_NEO4J is not set; {lacking}; {no_docker}")
    with container() as address:
        yield address


@pytest.fixture(scope="module")
def empty_neo4j(neo4j_server: Address) -> Address:
    """The same server, emptied for the module: no nodes, no constraints, no indexes."""
    with neo4j_server.driver() as driver:
        empty(driver)
    return neo4j_server


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """Makes servers of the test's own, not yet started: `own_server(options=QUICK) -> Server`.

    They are ended after the test.
    """
    with own_servers(tmp_path_factory) as make:
        yield make


@contextmanager
def own_servers(folders: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """The same for fixtures that last longer."""
    lacking = lacking_here()
    if lacking is not None:
        pytest.skip(f"no Neo4j of one's own: {lacking}")
    made: list[Server] = []

    def make(options: Options = QUICK) -> Server:
        made.append(Server(folders.mktemp("own server's") / "neo4j", options))
        return made[-1]

    try:
        yield make
    finally:
        for server in made:
            server.down(patience=AT_ONCE)


def empty(driver: Driver) -> None:
    """Delete everything, in batches; the indexes of labels and types, which a new database has
    as well, stay."""
    with driver.session() as session:
        for name in [row["name"] for row in session.run("SHOW CONSTRAINTS YIELD name")]:
            session.run(f"DROP CONSTRAINT {quoted(name)} IF EXISTS").consume()
        shown = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'"
        for name in [row["name"] for row in session.run(shown)]:
            session.run(f"DROP INDEX {quoted(name)} IF EXISTS").consume()
        # Relationships first: a batch of nodes may have more of them than a transaction can hold.
        for each in ("MATCH ()-[each]->()", "MATCH (each)"):
            session.run(
                f"{each} CALL (each) {{ DELETE each }} IN TRANSACTIONS OF $batch ROWS", batch=BATCH
            ).consume()


def quoted(name: str) -> str:
    """A name in Cypher."""
    return "`" + name.replace("`", "``") + "`"


def lacking_here() -> str | None:
    """Why no server can be started here; the jars are fetched if they are not there yet."""
    try:
        tools.java()
        assembly.class_path()
    except ServerError as error:
        return str(error)
    return None


def lacking_docker() -> str | None:
    """Why no container can be started."""
    if shutil.which("docker") is None:
        return "no `docker` on the PATH"
    done = subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        return f"docker reaches no engine: {(done.stderr or done.stdout).strip()[:200]}"
    return None


@contextmanager
def container(password: str | None = None) -> Iterator[Address]:
    """A server in a container that is gone afterwards, on a port of this machine only."""
    word = secrets.token_urlsafe(24) if password is None else password
    name = docker(
        "run", "--detach", "--rm", "--publish", "127.0.0.1::7687", "--env", "NEO4J_AUTH",
        "--env", "NEO4J_dbms_usage__report_enabled=false", IMAGE, NEO4J_AUTH=f"neo4j/{word}",
    )  # fmt: skip
    try:
        where = docker("port", name, "7687/tcp").splitlines()[0]
        address = Address(f"bolt://{where}", "neo4j", word)
        wait_until_ready(address.url, ("neo4j", word), lambda: False, patience=120.0)
        yield address
    finally:
        docker("rm", "--force", name)


def docker(*words: str, **environment: str) -> str:
    """What docker prints; secrets go to it by the environment."""
    done = subprocess.run(
        ["docker", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"docker {words[0]}: {done.stderr}"
    return done.stdout.strip()
