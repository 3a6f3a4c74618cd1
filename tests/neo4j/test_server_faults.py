"""What goes wrong with a local server: with programs that stand in for Java and Maven."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import ServerError
from linkage.neo4j import Options, Server, assembly, process, tools
from linkage.neo4j.home import HOST, Home, Ports, choose_ports, configuration
from tests.neo4j import servers

JAVA_17 = """
if [ "$1" = -version ]; then echo 'openjdk version "17.0.15" 2025-04-15' >&2; exit; fi
"""
# Puts a jar where it is told to, and counts.
MAVEN = """
echo "$@" >> "$(dirname "$0")/calls"
for word; do case "$word" in -DoutputDirectory=*) to=${word#*=};; esac; done
mkdir -p "$to"; echo jar > "$to/org.one.library-1.0.jar"; echo jar > "$to/org.two.library-2.0.jar"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all programs that there are: a Java that does nothing, no Maven; no jars."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("LINKAGE_NEO4J_CACHE", str(tmp_path / "cache"))
    for name in ("dirname", "mkdir", "sleep", "cat"):
        (folder / name).symlink_to(shutil.which(name, path=os.defpath) or f"/bin/{name}")
    program(folder, "java", JAVA_17)
    return folder


def program(folder: Path, name: str, does: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{does}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def assembled(programs: Path, tmp_path: Path) -> Path:
    """As if the jars were there; the folder of programs."""
    for part in (assembly.SERVER, assembly.BROWSER):
        (tmp_path / "cache" / part.name).mkdir(parents=True)
    return programs


def started_before(server: Server) -> Server:
    """As if it had had its password set."""
    server.home.make()
    server.home.make_password()
    (server.home.folder / "data" / "databases" / "system").mkdir(parents=True)
    return server


# --- Java and Maven


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("echo 'openjdk version \"11.0.2\" 2019' >&2", "is Java 11, too old for Neo4j; install"),
        ("echo 'java version \"1.8.0_392\"' >&2", "is Java 8, too old for Neo4j; install Java 17"),
        ("echo 'broken pipe' >&2; exit 3", "does not run: it says 'broken pipe'; install Java 17"),
        (None, "no `java` on the PATH: Neo4j needs it; install Java 17 or later"),
    ],
)
def test_java_that_will_not_do(
    does: str | None, words: str, programs: Path, tmp_path: Path
) -> None:
    (programs / "java").unlink()
    if does is not None:
        program(programs, "java", does)
    folder = str(tmp_path / "neo4j")
    result = CliRunner().invoke(app, ["neo4j", "up", "--folder", folder])
    assert result.exit_code == 7
    assert words in result.stderr
    assert not result.stdout


def test_java_is_that_of_java_home(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jdk" / "bin").mkdir(parents=True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    with pytest.raises(ServerError, match="no `java` in JAVA_HOME"):
        tools.java()
    program(tmp_path / "jdk" / "bin", "java", JAVA_17)
    assert tools.java() == str(tmp_path / "jdk" / "bin" / "java")


def test_no_maven(programs: Path) -> None:
    with pytest.raises(ServerError, match=r"no `mvn` on the PATH: .* apt-get install maven"):
        assembly.class_path()


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("[ERROR] Could not transfer artifact a:b from x: Connection refused", "cannot be reached"),
        ("[ERROR] repo.example: Name or service: Unknown host repo.example", "cannot be reached"),
        ("[ERROR] Could not find artifact a:b:jar:1 in there", "lacks a file"),
        ("[ERROR] Something else", "see what it says"),
    ],
)
def test_maven_that_fails(says: str, words: str, programs: Path, tmp_path: Path) -> None:
    program(programs, "mvn", f"{MAVEN}\nprintf '\\033[0m%s\\n' '{says}'; exit 1")
    with pytest.raises(ServerError) as failed:
        assembly.class_path()
    assert words in str(failed.value)
    assert f"\n  {says}" in str(failed.value)
    # What was half made is gone, and not taken for whole.
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]
    program(programs, "mvn", MAVEN)
    assert f"/{assembly.SERVER.name}/*" in assembly.class_path()


def test_parts_are_fetched_once(programs: Path, tmp_path: Path) -> None:
    program(programs, "mvn", f"sleep 0.2\n{MAVEN}")
    left = tmp_path / "cache" / ".assembling-killed" / "jars"
    left.mkdir(parents=True)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: assembly.class_path(gds=True), range(4)))
    parts = [assembly.SERVER.name, assembly.BROWSER.name, assembly.GDS.name]
    cache = tmp_path / "cache"
    assert found == {":".join(f"{cache / part}/*" for part in parts)}
    calls = (programs / "calls").read_text().splitlines()
    assert len(calls) == 3
    assert all(call.startswith("-B -q -f ") for call in calls)
    assert sorted(path.name for path in cache.iterdir()) == [".lock", *parts]
    assert len(list((cache / assembly.SERVER.name).iterdir())) == 2
    assert not list((cache / assembly.GDS.name).iterdir())  # the server has both


def test_a_library_of_the_server_is_left_out_in_any_version(programs: Path, tmp_path: Path) -> None:
    program(programs, "mvn", MAVEN)
    assembly.class_path()
    later = MAVEN.replace("org.one.library-1.0", "org.one.library-3.1-beta")
    program(programs, "mvn", later.replace("org.two.library", "org.three.library"))
    assembly.class_path(gds=True)
    jars = (tmp_path / "cache" / assembly.GDS.name).iterdir()
    assert [jar.name for jar in jars] == ["org.three.library-2.0.jar"]


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LINKAGE_NEO4J_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert assembly.cache() == tmp_path / ".cache" / "linkage"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/whole")  # to be ignored, says its specification
    assert assembly.cache() == tmp_path / ".cache" / "linkage"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert assembly.cache() == tmp_path / "xdg" / "linkage"
    monkeypatch.setenv("LINKAGE_NEO4J_CACHE", str(tmp_path / "own"))
    assert assembly.cache() == tmp_path / "own"


# --- the server's process


def test_a_server_that_dies_at_its_start(assembled: Path, tmp_path: Path) -> None:
    program(assembled, "java", f"{JAVA_17}\necho 'The store is broken.'; exit 1")
    server = started_before(Server(tmp_path / "neo4j"))
    with pytest.raises(ServerError, match=r"ended while it started.*\n  The store is broken\."):
        server.up()
    assert server.status().state == "stopped"


def test_a_password_that_cannot_be_set(assembled: Path, tmp_path: Path) -> None:
    program(assembled, "java", f"{JAVA_17}\necho 'Bad line in neo4j.conf'; exit 1")
    server = Server(tmp_path / "neo4j")
    with pytest.raises(ServerError) as failed:
        server.up()
    assert "neo4j-admin dbms set-initial-password failed:\n  Bad line" in str(failed.value)
    assert server.password() not in str(failed.value)


def test_neo4j_admin_gets_its_words_by_a_file(assembled: Path, tmp_path: Path) -> None:
    program(assembled, "java", f'{JAVA_17}\nfor last; do :; done; echo "$last"; cat "${{last#@}}"')
    server = Server(tmp_path / "neo4j")
    file, *words = server.admin("database", 'a "b" \\c', "pass word").splitlines()
    assert words == ['"database"', '"a \\"b\\" \\\\c"', '"pass word"']
    assert file.startswith("@")
    assert not Path(file[1:]).exists()
    with pytest.raises(ServerError, match="cannot be an argument"):
        server.admin("two\nlines")


# Ends by being killed alone.
STUBBORN = f"{JAVA_17}\ntrap '' TERM\necho trapped\nwhile :; do sleep 0.05; done"


def test_a_server_that_never_starts_is_not_left_behind(assembled: Path, tmp_path: Path) -> None:
    program(assembled, "java", f"{JAVA_17}\necho $$ > pid; while :; do sleep 0.05; done")
    server = started_before(Server(tmp_path / "neo4j"))
    with pytest.raises(ServerError, match="did not answer within 1 s: it has not said"):
        server.up(patience=1.0)
    assert server.status().state == "stopped"
    pid = (tmp_path / "neo4j" / "pid").read_text().strip()
    assert not is_running(pid)


def test_down_kills_what_does_not_stop(assembled: Path, tmp_path: Path) -> None:
    program(assembled, "java", STUBBORN)
    server = standing_in(Server(tmp_path / "neo4j"))
    status = server.status()
    assert (status.state, status.bolt) == ("unready", "bolt://127.0.0.1:1")
    stopped = server.down(patience=0.3)
    assert (stopped.before, stopped.killed) == ("unready", True)
    assert server.status().state == "stopped"
    assert not is_running(str(status.pid))


def standing_in(server: Server) -> Server:
    """With what stands in for Java as its process, which listens nowhere."""
    started_before(server).home.remember(Ports(1, 2), assembly.VERSION)
    log = server.home.log
    process.start(process.server(server.home, Options(), tools.java(), "none"))
    while not log.is_file() or "trapped" not in log.read_text():
        time.sleep(0.02)
    return server


def test_servers_of_tests_are_ended(
    assembled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program(assembled, "java", STUBBORN.replace("trap '' TERM", ""))
    with servers.own_servers(tmp_path_factory) as own_server:
        running, untouched = standing_in(own_server()), own_server()
        pid = running.status().pid
        assert is_running(str(pid))
    assert not is_running(str(pid))
    assert not untouched.home.folder.exists()


def is_running(pid: str) -> bool:
    """Whether a process is there, and no mere remainder of one."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_another_process_with_its_number_is_left_alone(assembled: Path, tmp_path: Path) -> None:
    server = started_before(Server(tmp_path / "neo4j"))
    server.home.remember(Ports(1, 2), assembly.VERSION)
    server.home.pid_file.write_text(f"{os.getpid()}\n")
    assert server.status().state == "died"
    caught: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
    try:
        stopped = server.down()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (stopped.before, stopped.killed, caught) == ("died", False, [])
    assert server.status().state == "stopped"


@pytest.mark.allowed_skip(reason="`ps` is for systems without /proc")
@pytest.mark.parametrize("look", [process._by_proc, process._by_ps])
def test_arguments_of_a_process(look: Callable[[int], str | None]) -> None:
    if look is process._by_ps and shutil.which("ps") is None:
        pytest.skip("no `ps` on the PATH")
    with subprocess.Popen(["sleep", "30.25"]) as child:
        try:
            assert look(child.pid) == "sleep 30.25"
        finally:
            child.kill()
    assert look(child.pid) is None


# --- the folder and its ports


def test_a_named_port_that_is_taken(assembled: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for option in ("--bolt-port", "--http-port"):
            words = ["neo4j", "up", "--folder", str(tmp_path / "neo4j"), option, port]
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 7
            assert f"port {port} of 127.0.0.1 is taken" in result.stderr


def test_ports() -> None:
    found = choose_ports(None, None, None)
    assert len({found.bolt, found.http, found.guide}) == 3
    assert choose_ports(None, None, found) == found
    assert choose_ports(found.http, None, found).bolt == found.http
    assert choose_ports(found.http, None, found).http != found.http
    assert choose_ports(None, found.bolt, found).bolt != found.bolt
    with pytest.raises(ServerError, match="both"):
        choose_ports(found.bolt, found.bolt, None)
    with socket.socket() as taken:
        taken.bind((HOST, found.bolt))
        taken.listen()
        another = choose_ports(None, None, found)
    assert another.bolt not in (found.bolt, found.http)
    assert another.http == found.http


def test_a_folder_that_holds_something_else(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    result = CliRunner().invoke(app, ["neo4j", "up", "--folder", str(tmp_path / "mine")])
    assert result.exit_code == 7
    assert "holds something other than a server's files" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match="no server can be kept here"):
        Server(tmp_path / "file").up()


def test_asking_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    for command in ("status", "down"):
        result = CliRunner().invoke(app, ["neo4j", command, "--folder", str(folder)])
        assert result.exit_code == 0
    assert Server(folder).status().state == "absent"
    assert not folder.exists()


def test_a_lost_password_is_told(assembled: Path, tmp_path: Path) -> None:
    server = started_before(Server(tmp_path / "neo4j"))
    server.home.password_file.unlink()
    with pytest.raises(ServerError, match="put it back, or remove the folder"):
        server.up()


def test_configuration_has_what_is_asked_for() -> None:
    ports = Ports(1001, 1002, 1003)
    text = configuration(ports, Options(heap_mb=4096, page_cache_mb=2048))
    assert "post_connect_cmd" not in text
    assert "server.memory.heap.max_size=4096m\n" in text
    assert "server.memory.pagecache.size=2048m\n" in text
    assert "procedures.unrestricted" not in text
    with_gds = configuration(ports, Options(gds=True))
    assert "dbms.security.procedures.unrestricted=gds.*\n" in with_gds
    assert f"server.directories.plugins={assembly.cache() / assembly.GDS.name}\n" in with_gds
    extra = {"client.allow_telemetry": "true", "server.directories.import": "a\\b"}
    text = configuration(ports, Options(extra=extra))
    assert text.count("client.allow_telemetry") == 1
    assert "server.directories.import=a\\\\b\n" in text
    for name, value in (("a", "b\nc=d"), ("a\nb", "c"), ("a=b", "c"), ("", "c")):
        with pytest.raises(ServerError, match="cannot be a line"):
            configuration(ports, Options(extra={name: value}))


def test_a_folder_is_one_wherever_it_is_named_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert Home(Path("neo4j")).folder == Home(tmp_path / "link" / "neo4j").folder


# --- where tests get a server from


def test_docker_is_asked_for_a_container(
    programs: Path, neo4j_server: servers.Address, tmp_path: Path
) -> None:
    where = neo4j_server.url.partition("://")[2]
    log = tmp_path / "calls"
    program(
        programs,
        "docker",
        f"""echo "$NEO4J_AUTH: $*" >> '{log}'
        case "$1" in info) echo 27.0;; run) echo made;; port) echo '{where}';; esac""",
    )
    assert servers.lacking_docker() is None
    with servers.container(neo4j_server.password) as address:
        assert address.password == neo4j_server.password
        with address.driver() as driver:
            driver.verify_connectivity()
    calls = log.read_text().splitlines()
    assert [call.split(": ", 1)[1].split()[0] for call in calls] == ["info", "run", "port", "rm"]
    assert calls[1].startswith(f"neo4j/{neo4j_server.password}: run --detach --rm --publish 127.")
    assert neo4j_server.password not in calls[1].split(": ", 1)[1]


def test_docker_that_is_of_no_use(programs: Path) -> None:
    assert servers.lacking_docker() == "no `docker` on the PATH"
    program(programs, "docker", "echo 'Cannot connect to the daemon' >&2; exit 1")
    assert servers.lacking_docker() == "docker reaches no engine: Cannot connect to the daemon"
    assert "no `mvn` on the PATH" in str(servers.lacking_here())
