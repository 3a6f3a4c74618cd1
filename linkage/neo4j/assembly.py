"""The server's jars: fetched by Maven once, then kept.

Where they are: `$LINKAGE_NEO4J_CACHE`, else `$XDG_CACHE_HOME/linkage`, else `~/.cache/linkage`; a
folder for each part, named by its versions. A folder appears whole, by one rename, or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from linkage.errors import ServerError
from linkage.neo4j import tools
from linkage.neo4j.locking import locked

VERSION = "5.26.30"
_BROWSER = "5.24.0"
_GDS = "2.13.9"
_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_WORK = ".assembling-"


@dataclass(frozen=True)
class Part:
    """Jars in one folder, `name`.

    artifacts   what Maven resolves, each group, artifact, version and type
    """

    name: str
    artifacts: tuple[tuple[str, str, str, str], ...]


SERVER = Part(
    f"neo4j-{VERSION}",
    (("org.neo4j.assembly", "neo4j-community-standalone", VERSION, "pom"),),
)
BROWSER = Part(
    f"neo4j-{VERSION}-browser-{_BROWSER}",
    (("org.neo4j.client", "neo4j-browser", _BROWSER, "jar"),),
)
GDS = Part(
    f"neo4j-{VERSION}-gds-{_GDS}",
    (
        ("org.neo4j.gds", "proc", _GDS, "jar"),
        ("org.neo4j.gds", "opengds-extension", _GDS, "jar"),
    ),
)


def cache() -> Path:
    """The folder in which parts are kept."""
    own = os.environ.get("LINKAGE_NEO4J_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "linkage"


def class_path(*, gds: bool = False, progress: Callable[[], None] | None = None) -> str:
    """The server's class path, for Java; parts that are not there yet are assembled.

    gds        with Graph Data Science
    progress   called before something is fetched, which takes seconds to minutes

    Raises ServerError where Maven is missing or fails, or the folder cannot be used.
    """
    folder = cache()
    if os.pathsep in str(folder):
        raise ServerError(f"{folder}: Java cannot have {os.pathsep!r} in the name of the cache")
    parts = (SERVER, BROWSER, *((GDS,) if gds else ()))
    if not all((folder / part.name).is_dir() for part in parts):
        if progress is not None:
            progress()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".lock"):
                _assemble_missing(folder, parts)
        except OSError as error:
            raise ServerError(f"{folder}: jars cannot be kept here: {error}") from error
    return os.pathsep.join(str(folder / part.name / "*") for part in parts)


def _assemble_missing(folder: Path, parts: Sequence[Part]) -> None:
    """Under the lock: no other process is at work in the folder."""
    for left in folder.glob(f"{_WORK}*"):
        shutil.rmtree(left)
    for part in parts:
        if (folder / part.name).is_dir():
            continue
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=folder) as name:
            work = Path(name)
            _fetch(part, work)
            jars = work / "jars"
            if part is not SERVER:
                _leave_out(jars, folder / SERVER.name)
            jars.rename(folder / part.name)


def _fetch(part: Part, work: Path) -> None:
    """A part's jars into `jars`, named by group, artifact and version."""
    tools.java()  # Maven's own words for a missing Java help nobody
    command = tools.maven()
    (work / "pom.xml").write_text(_pom(part), "utf-8")
    options = (
        "style.color=never",
        "includeScope=runtime",
        "excludeTypes=pom",
        "mdep.prependGroupId=true",
    )
    done = subprocess.run(
        [command, "-B", "-q", "-f", str(work / "pom.xml"), _GOAL,
         f"-DoutputDirectory={work / 'jars'}", *(f"-D{option}" for option in options)],
        cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not any((work / "jars").glob("*.jar")):
        raise ServerError(_why(part, done.stdout + done.stderr))


def _pom(part: Part) -> str:
    dependencies = "".join(
        f"<dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version><type>{escape(kind)}</type></dependency>\n"
        for group, artifact, version, kind in part.artifacts
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        "<modelVersion>4.0.0</modelVersion>\n"
        f"<groupId>linkage</groupId><artifactId>{escape(part.name)}</artifactId>"
        "<version>1</version><packaging>pom</packaging>\n"
        f"<dependencies>\n{dependencies}</dependencies>\n</project>\n"
    )


def _leave_out(jars: Path, server: Path) -> None:
    """Take out what the server has, in whatever version: two of a library would be mixed."""
    had = {_unversioned(jar) for jar in server.glob("*.jar")}
    for jar in jars.glob("*.jar"):
        if _unversioned(jar) in had:
            jar.unlink()


def _unversioned(jar: Path) -> str:
    return re.sub(r"-\d.*$", "", jar.name)


# What Maven says -> what it means; the first that is found.
_MEANINGS = (
    (
        r"UnknownHost|Unknown host|onnection (?:refused|reset|timed out)|timed out|unreachable"
        r"|in offline mode|No route to host",
        "the network, or the repository that Maven is set to use, cannot be reached",
    ),
    (r"[Cc]ould not find artifact|was not found in", "the repository that Maven uses lacks a file"),
    (r"No space left", "the disk is full"),
    (r"JAVA_HOME", "Maven does not find its Java"),
)


def _why(part: Part, output: str) -> str:
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("[ERROR] ")]
    meant = (words for pattern, words in _MEANINGS if re.search(pattern, output))
    return "\n".join(
        [
            f"Maven could not fetch {part.name}: {next(meant, 'see what it says')}. "
            "What is there already was not changed; try again.",
            *(f"  {line[:600]}" for line in errors[:2] or lines[-5:] or ["(nothing)"]),
        ]
    )
