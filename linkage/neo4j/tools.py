"""The programs that the server needs: Java to run, Maven to fetch it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from linkage.errors import ServerError

OLDEST_JAVA = 17
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # Java 8 calls itself 1.8


def java() -> str:
    """The path of Java: that of JAVA_HOME, else the first on the PATH.

    Raises ServerError where there is none, or an older one than 17.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    advice = (
        f"install Java {OLDEST_JAVA} or later (Debian: apt-get install openjdk-17-jre-headless), "
        "or name it by JAVA_HOME"
    )
    if found is None:
        where = f"in JAVA_HOME, {home}" if home else "on the PATH"
        raise ServerError(f"no `java` {where}: Neo4j needs it; {advice}")
    done = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    said = done.stderr + done.stdout
    version = _VERSION.search(said)
    if done.returncode or version is None:
        raise ServerError(f"{found} does not run: it says {said.strip()[:200]!r}; {advice}")
    if int(version[1]) < OLDEST_JAVA:
        raise ServerError(f"{found} is Java {version[1]}, too old for Neo4j; {advice}")
    return found


def maven() -> str:
    """The path of Maven; ServerError where there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise ServerError(
            "no `mvn` on the PATH: Maven fetches Neo4j, once; install it "
            "(Debian: apt-get install maven)"
        )
    return found
