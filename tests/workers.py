"""Tests in several processes (`pytest -n 2 --dist loadfile`): who gets which file, and what is made
once for all of them.

A file's tests stay in one process. So do the files that use one server, which then starts once and
is warm for all but the first; and what takes longest goes first, so that no process is left with it
at the end, while the others have nothing to do.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import pytest

from linkage.neo4j.locking import locked

if TYPE_CHECKING:
    from docs.generate import Demo

# What stays together, and in which order it is begun: a file belongs to the first line that has the
# beginning of its path, and comes in its place there. All others follow, each for itself.
TOGETHER: Sequence[tuple[str, ...]] = (
    # With `neo4j_server`; the last two empty and imitate it.
    (
        "tests/contracts/", "tests/api/test_answers", "tests/api/test_at_once",
        "tests/api/test_document", "tests/api/test_faults", "tests/neo4j/test_export",
        "tests/neo4j/test_investigate", "tests/neo4j/test_server",
    ),
    # With `push_server`, which the last kills.
    (
        "tests/neo4j/test_benchmark", "tests/neo4j/test_graph_commands", "tests/neo4j/test_pull",
        "tests/neo4j/test_push.py", "tests/neo4j/test_push_others", "tests/neo4j/",
    ),
    ("tests/browser/",),  # with `site`
    # Alone, but long.
    ("tests/test_pipeline",), ("tests/test_benchmarks_evaluation",), ("tests/test_docs",),
    ("tests/test_gathered",),
)  # fmt: skip


def place(path: str) -> tuple[int, int]:
    """The line of TOGETHER that a file is in, and its place there; after all of them for others."""
    for number, line in enumerate(TOGETHER):
        found = [at for at, beginning in enumerate(line) if path.startswith(beginning)]
        if found:
            return number, found[0]
    return len(TOGETHER), 0


def unit(nodeid: str) -> str:
    """What stays in one process with a test."""
    path = nodeid.split("::", 1)[0]
    line, _ = place(path)
    return path if line == len(TOGETHER) else " ".join(TOGETHER[line])


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is not installed, there is one process
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Deals files out as said above."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    scheduling = LoadFileScheduling(config, log)
    scheduling._split_scope = unit
    return scheduling


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts them into the order in which they are begun."""
    items.sort(key=lambda item: place(item.nodeid))


def once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is filled by the first test in need of it, and lasts for all; processes that
    need it meanwhile wait."""
    base = folders.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = shared / name, shared / f"{name}.whole"
    with locked(shared / f"{name}.lock"):
        if not whole.exists():
            rmtree(folder, ignore_errors=True)  # half filled, by one who failed
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo; tests leave it as it is."""
    from docs.generate import Demo  # loads all that the pages tell of

    def made(folder: Path) -> None:
        (folder / "printed").write_text(Demo.made(folder).printed)

    folder = once(tmp_path_factory, "the-demo", made)
    return Demo(folder, (folder / "printed").read_text())


@pytest.fixture(scope="session")
def planted_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a detection finds in a small planted world, in a folder whose name a wildcard would
    misread; tests leave it as it is."""
    from linkage.pipeline import detect  # loads the engines
    from tests import worlds

    def made(folder: Path) -> None:
        events = worlds.write(worlds.planted(ordinary=300).events, folder / "events.parquet")
        with warnings.catch_warnings():
            # Ibis 12 asks DuckDB 2 for Arrow by the older name.
            warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
            detect(events, folder / "result", worlds.settings())

    return once(tmp_path_factory, "plan[t]ed", made) / "result"
