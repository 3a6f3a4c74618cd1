"""A program of a server's folder as a process of the system: started detached, known again, ended.

There are two: Neo4j, and what serves its guide.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.errors import ServerError
from linkage.neo4j.home import Home, Options

_ENTRY = "org.neo4j.server.CommunityEntryPoint"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_GUIDE = "linkage.neo4j.guiding"
_POLL = 0.1  # seconds
_BLINK = 0.005  # seconds

# The shell ends at once, so that the server is nobody's child: whoever started it need not reap it.
_DETACH = 'log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!'


@dataclass(frozen=True)
class Program:
    """What runs at most once for a folder.

    name        for people
    before      its command line up to what tells it from others, `arguments`
    working     the folder that it runs in
    pid_file, log   where its process id and what it prints are kept
    """

    name: str
    before: tuple[str, ...]
    arguments: tuple[str, ...]
    working: Path
    pid_file: Path
    log: Path


def java_words(java: str, options: Options, paths: str) -> tuple[str, ...]:
    """A command line of Java for a program of Neo4j, up to the program's name."""
    return (
        java,
        f"-Xmx{options.heap_mb}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-Dlog4j2.disable.jmx=true",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        *options.java_options,
        "-cp",
        paths,
    )


def server(home: Home, options: Options | None = None, java: str = "", paths: str = "") -> Program:
    """Neo4j. To start it, its options, Java and the class path are needed."""
    before = java_words(java, options or Options(), paths)
    arguments = (
        _ENTRY, f"--home-dir={home.folder}", f"--config-dir={home.conf}", "--console-mode"
    )  # fmt: skip
    return Program("the server", before, arguments, home.folder, home.pid_file, home.log)


def guide(home: Home) -> Program:
    """What serves the guide and the style sheet for Neo4j Browser."""
    # Where this package is, so that it is this one that is run, installed or not.
    working = Path(__file__).resolve().parents[2]
    arguments = ("-m", _GUIDE, str(home.folder))
    return Program(
        "the guide's server", (sys.executable,), arguments, working, home.guide_pid_file,
        home.guide_log,
    )  # fmt: skip


def start(program: Program) -> int:
    """Start it in a session of its own; its process id, which is kept in the folder."""
    done = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", str(program.log), *program.before, *program.arguments],
        cwd=program.working,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not done.stdout.strip().isdigit():
        raise ServerError(f"{program.name} cannot be started: {done.stderr.strip()}")
    pid = int(done.stdout)
    program.pid_file.write_text(f"{pid}\n", "utf-8")
    return pid


def running(program: Program) -> int | None:
    """Its process id, where it runs: another process may have its number by now."""
    pid = noted(program)
    line = None if pid is None else _command_line(pid)
    # The shell's child, which it is about to replace, has these words last as well.
    own = line is not None and line.endswith(" " + " ".join(program.arguments))
    return pid if own else None


def noted(program: Program) -> int | None:
    """The process id that the folder has, be it of a process or not."""
    try:
        return int(program.pid_file.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def forget(program: Program) -> None:
    """It was stopped: nothing is amiss where it does not run."""
    program.pid_file.unlink(missing_ok=True)


def _command_line(pid: int) -> str | None:
    """A process's arguments, a blank between two; None where there is no such process."""
    return _by_proc(pid) if Path("/proc/self/cmdline").exists() else _by_ps(pid)


def _by_proc(pid: int) -> str | None:
    # A process has no arguments for a moment while it becomes another program, as the shell's child
    # does; one that has ended, and threads of the kernel, have none for good.
    for _ in range(20):
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        if raw:
            return os.fsdecode(raw).rstrip("\0").replace("\0", " ")
        time.sleep(_BLINK)
    return None


def _by_ps(pid: int) -> str | None:
    """Where there is no /proc."""
    shown = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    done = subprocess.run(shown, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def stop(program: Program, patience: float) -> bool:
    """End it, gracefully if it goes within `patience` seconds; whether it had to be killed.

    Raises ServerError where the system does not let it.
    """
    if _ended(program, signal.SIGTERM, patience):
        return False
    if not _ended(program, signal.SIGKILL, 10.0):
        raise ServerError(
            f"process {noted(program)}, {program.name}, cannot be ended, not even killed"
        )
    return True


def _ended(program: Program, by: signal.Signals, patience: float) -> bool:
    pid = running(program)
    if pid is None:
        return True
    try:
        os.kill(pid, by)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise ServerError(f"process {pid}, {program.name}, belongs to another user") from error
    until = time.monotonic() + patience
    while running(program) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(_POLL)
    return True


def last_lines(log: Path, count: int = 15) -> Sequence[str]:
    """The end of a log."""
    try:
        return log.read_text("utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return ()
