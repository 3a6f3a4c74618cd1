"""A real server: started, asked, stopped, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from neo4j import GraphDatabase
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import ServerError
from linkage.neo4j import Server, Status, assembly, process
from tests.neo4j.servers import Address, empty, own_servers

LISTENING = "0A"  # in /proc/PID/net/tcp


def ran(*words: object, code: int = 0) -> str:
    """What a command prints: on standard output, or the fault where it is to fail."""
    result = CliRunner().invoke(app, ["neo4j", *(str(word) for word in words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stderr if code else result.stdout


def asked(server: Server, query: str) -> Any:
    """The first value that a running server answers."""
    status = server.status()
    assert status.bolt is not None
    with (
        GraphDatabase.driver(status.bolt, auth=(status.user, server.password())) as driver,
        driver.session() as session,
    ):
        record = session.run(query).single()
        return None if record is None else record[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this module, with two accounts imported; its tests stop and kill it."""
    with own_servers(tmp_path_factory) as own_server:
        made = own_server()
        accounts = made.home.folder.parent / "accounts.csv"
        accounts.write_text("id:ID,events:int\na1,3\na2,4\n")
        nodes = f"--nodes=Account={accounts}"
        assert "2 nodes" in made.admin("database", "import", "full", "neo4j", nodes)
        yield made


@pytest.fixture
def running(server: Server) -> Status:
    """The server runs."""
    return server.up()


def test_up_says_how_to_reach_it(server: Server, running: Status) -> None:
    folder = server.home.folder
    text = ran("up", "--folder", folder)
    assert f"Neo4j {assembly.VERSION} was running already (process {running.pid})." in text
    for words in (f"{running.bolt}\n", f"{running.browser}\n", f"{running.guide}\n",
                  str(running.password_file)):  # fmt: skip
        assert words in text
    assert server.password() not in text
    # The lines are for a shell, and the folder has a blank and a quote in its name.
    lines = "\n".join(line.strip() for line in text.splitlines() if " export " in f" {line}")
    shell = f'{lines}\nprintf "%s\\n" "$LINKAGE_GRAPH" "$LINKAGE_GRAPH_USER"'
    with os.popen(f'{shell} "$LINKAGE_GRAPH_PASSWORD"') as pipe:
        assert pipe.read().splitlines() == [running.bolt, "neo4j", server.password()]


def test_json(server: Server, running: Status) -> None:
    for command in ("up", "status"):
        found = json.loads(ran(command, "--folder", server.home.folder, "--json"))
        assert found == {
            "state": "running",
            "folder": str(server.home.folder),
            "password_file": str(server.home.folder / "password"),
            "bolt": running.bolt,
            "browser": running.browser,
            "guide": running.guide,
            "version": assembly.VERSION,
            "pid": running.pid,
            "user": "neo4j",
            "was_running": command == "up",
        }


def test_other_ports_need_a_stop(server: Server, running: Status) -> None:
    said = ran("up", "--folder", server.home.folder, "--bolt-port", 1, code=7)
    assert "take it down first" in said
    assert server.status().pid == running.pid


def test_only_this_machine_can_reach_it(running: Status) -> None:
    process = Path(f"/proc/{running.pid}")
    held = {str(file.readlink()) for file in (process / "fd").iterdir() if file.is_symlink()}
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in held:
                address, port = fields[1].split(":")
                assert address in ("0100007F", "0000000000000000FFFF00000100007F"), fields
                listening.add(int(port, 16))
    assert running.bolt is not None
    assert running.browser is not None
    ports = {int(found) for found in re.findall(r":(\d+)", running.bolt + running.browser)}
    assert listening == ports


def test_the_guide_is_served_as_long_as_the_server_runs(server: Server, running: Status) -> None:
    assert running.guide is not None
    conf = (server.home.conf / "neo4j.conf").read_text()
    style = running.guide.replace("guide.html", "style.grass")
    assert f"\nbrowser.post_connect_cmd=style {style};play {running.guide}\n" in conf
    with urllib.request.urlopen(running.guide) as page:
        assert b"The flagged clusters cannot be listed" in page.read()
    with urllib.request.urlopen(style) as page:
        assert b"node.PaymentMethod {" in page.read()
    # One that has died comes back, where it was.
    before = int(server.home.guide_pid_file.read_text())
    os.kill(before, signal.SIGKILL)
    while server.status().guide is not None:
        time.sleep(0.05)
    again = server.up()
    assert (again.guide, again.pid, again.was_running) == (running.guide, running.pid, True)
    assert int(server.home.guide_pid_file.read_text()) != before
    # It ends with a server that has died (and with one that is stopped: see below), and comes back
    # with it.
    assert running.pid is not None
    os.kill(running.pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while process.running(process.guide(server.home)) is not None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert server.up().guide == running.guide


def test_the_password_is_for_the_owner_alone(server: Server, running: Status) -> None:
    assert stat.S_IMODE(running.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.home.folder.stat().st_mode) == 0o700
    password = server.password()
    assert len(password) >= 32
    assert password.encode() not in Path(f"/proc/{running.pid}/cmdline").read_bytes()
    for log in server.home.log.parent.iterdir():
        assert password not in log.read_text("utf-8", errors="replace")
    running.password_file.rename(running.password_file.with_suffix(".kept"))
    running.password_file.write_text("another")
    try:
        with pytest.raises(ServerError, match="refuses the password"):
            server.up()
    finally:
        running.password_file.with_suffix(".kept").rename(running.password_file)


def test_the_browser_is_there_and_reports_nothing(server: Server, running: Status) -> None:
    assert running.browser is not None
    with urllib.request.urlopen(running.browser) as page:
        assert b"Neo4j" in page.read()
    names = (
        "browser.remote_content_hostname_whitelist", "client.allow_telemetry",
        "dbms.usage_report.enabled", "server.bolt.telemetry.enabled",
        "server.https.enabled", "dbms.security.auth_enabled",
    )  # fmt: skip
    settings = "SHOW SETTINGS YIELD name, value WHERE name IN $names RETURN "
    found = asked(
        server, settings.replace("$names", str(list(names))) + "collect([name, value]) AS all"
    )
    assert dict(found) == {
        **dict.fromkeys(names, "false"),
        "browser.remote_content_hostname_whitelist": "127.0.0.1,localhost",
        "dbms.security.auth_enabled": "true",
    }


def test_a_running_server_has_no_admin(server: Server, running: Status) -> None:
    with pytest.raises(ServerError, match="take it down first"):
        server.admin("database", "info")
    assert server.status().pid == running.pid


def test_what_was_imported_is_there(server: Server, running: Status) -> None:
    assert asked(server, "MATCH (a:Account) RETURN sum(a.events)") == 7


def test_data_and_ports_survive(server: Server, running: Status) -> None:
    folder = server.home.folder
    asked(server, "CREATE (:Kept {word: 'before'})")
    assert "was stopped" in ran("down", "--folder", folder)
    assert "is stopped" in ran("status", "--folder", folder)
    for address in (running.bolt, running.browser, running.guide):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", urlsplit(str(address)).port))
    assert not server.home.guide_pid_file.exists()
    assert "did not run" in ran("down", "--folder", folder)

    again = server.up()
    assert (again.bolt, again.browser) == (running.bolt, running.browser)
    assert again.pid != running.pid
    assert asked(server, "MATCH (n:Kept) RETURN n.word") == "before"

    assert again.pid is not None
    os.kill(again.pid, signal.SIGKILL)
    while server.status().state in ("running", "unready"):
        time.sleep(0.05)
    assert "has died" in ran("status", "--folder", folder)
    assert json.loads(ran("down", "--folder", folder, "--json")) == {
        "state": "stopped", "before": "died", "folder": str(folder), "killed": False,
    }  # fmt: skip
    assert server.status().state == "stopped"


def test_the_shared_server_can_be_emptied(empty_neo4j: Address) -> None:
    with empty_neo4j.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT `a``b` FOR (n:A) REQUIRE n.id IS UNIQUE")
        driver.execute_query("CREATE INDEX plain FOR (n:B) ON (n.x)")
        driver.execute_query("UNWIND range(1, 25000) AS i CREATE (:A {id: i})-[:R]->(:B {x: i})")
        empty(driver)
        left = driver.execute_query("MATCH (n) RETURN count(n) AS n").records[0]["n"]
        indexes = driver.execute_query("SHOW INDEXES YIELD type").records
        constraints = driver.execute_query("SHOW CONSTRAINTS YIELD name").records
    assert left == 0
    assert {row["type"] for row in indexes} == {"LOOKUP"}
    assert not constraints
