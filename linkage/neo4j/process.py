"""The server as a process of the system: started detached, known again, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from linkage.errors import ServerError
from linkage.neo4j.home import Home, Options

_ENTRY = "org.neo4j.server.CommunityEntryPoint"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_POLL = 0.1  # seconds
_BLINK = 0.005  # seconds

# The shell ends at once, so that the server is nobody's child: whoever started it need not reap it.
_DETACH = 'log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!'


def start(home: Home, options: Options, java: str, class_path: str) -> int:
    """Start the server in a session of its own; its process id, which is kept in the folder."""
    command = [
        java,
        f"-Xmx{options.heap_mb}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-Dlog4j2.disable.jmx=true",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        *options.java_options,
        "-cp",
        class_path,
        *_arguments(home),
    ]
    done = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", str(home.log), *command],
        cwd=home.folder,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not done.stdout.strip().isdigit():
        raise ServerError(f"the server cannot be started: {done.stderr.strip()}")
    pid = int(done.stdout)
    home.pid_file.write_text(f"{pid}\n", "utf-8")
    return pid


def _arguments(home: Home) -> list[str]:
    return [_ENTRY, f"--home-dir={home.folder}", f"--config-dir={home.conf}", "--console-mode"]


def running(home: Home) -> int | None:
    """The server's process id, where it runs: another process may have its number by now."""
    pid = noted(home)
    line = None if pid is None else _command_line(pid)
    return pid if line is not None and _is_server(line, home) else None


def noted(home: Home) -> int | None:
    """The process id that the folder has, be it of a process or not."""
    try:
        return int(home.pid_file.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def forget(home: Home) -> None:
    """The server was stopped: nothing is amiss where it does not run."""
    home.pid_file.unlink(missing_ok=True)


def _is_server(line: str, home: Home) -> bool:
    # The shell's child, which Java is about to replace, has these words last as well.
    return line.endswith(" " + " ".join(_arguments(home)))


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


def stop(home: Home, patience: float) -> bool:
    """End the server, gracefully if it goes within `patience` seconds; whether it had to be killed.

    Raises ServerError where the system does not let it.
    """
    if _ended(home, signal.SIGTERM, patience):
        return False
    if not _ended(home, signal.SIGKILL, 10.0):
        raise ServerError(f"process {noted(home)}, the server, cannot be ended, not even killed")
    return True


def _ended(home: Home, by: signal.Signals, patience: float) -> bool:
    pid = running(home)
    if pid is None:
        return True
    try:
        os.kill(pid, by)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise ServerError(f"process {pid}, the server, belongs to another user") from error
    until = time.monotonic() + patience
    while running(home) is not None:
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
