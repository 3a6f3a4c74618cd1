"""neo4j-admin, on the home of a server that does not run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from linkage.errors import ServerError
from linkage.neo4j.home import Home, Options
from linkage.neo4j.process import java_words

# What the script neo4j-admin starts would start this in a second Java, with the heap that we name.
_ENTRY = "org.neo4j.cli.AdminTool"


def run_admin(home: Home, options: Options, java: str, class_path: str, *words: str) -> str:
    """What a command of neo4j-admin prints.

    Raises ServerError with the last lines that it printed where it fails.
    """
    environment = {
        **os.environ,
        "NEO4J_HOME": str(home.folder),
        "NEO4J_CONF": str(home.conf),
    }
    # Other users see the arguments of a process, and one may be a password: they go by a file,
    # which `mkstemp` makes for its owner alone.
    handle, name = tempfile.mkstemp(prefix="linkage-admin-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{_quoted(word)}\n" for word in words)
        done = subprocess.run(
            [*java_words(java, options, class_path), _ENTRY, f"@{name}"],
            cwd=home.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        Path(name).unlink()
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        told = [line for line in said if not line.startswith("\tat ")]  # not where in its code
        lines = "".join(f"\n  {line}" for line in told[-15:])
        raise ServerError(f"neo4j-admin {' '.join(words[:2])} failed:{lines}")
    return done.stdout


def _quoted(word: str) -> str:
    if not word.isprintable():
        raise ServerError(f"{word!r} cannot be an argument of neo4j-admin")
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
