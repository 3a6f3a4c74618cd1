"""What all tests share: Hypothesis profiles, seeds that are printed, and skips that count.

- Hypothesis runs the profile `usual`; `--hypothesis-profile=thorough` searches longer. What fails
  prints the line that repeats it.
- A test that draws at random takes its seed from the fixture `seed`; a failure shows it, and
  `pytest --seed N` repeats it. In CI it is always the same, so that what fails there is due to the
  change; elsewhere each run has a new one.
- In CI (CI=true) a skipped test is a failure, unless it is marked
  `@pytest.mark.allowed_skip(reason="...")`. A module that skips as a whole cannot be marked so.
- Tests that need Neo4j take it from the fixtures of tests/neo4j/servers.py.
- tests/workers.py says which files stay in one process, and has what is made once for all.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.neo4j.servers", "tests.workers")

IN_CI = os.environ.get("CI") == "true"
SEED = 1

# Machines are shared, so that no test may depend on how long an example takes.
UNTIMED = (HealthCheck.too_slow,)
settings.register_profile(
    "usual",
    deadline=None,
    derandomize=IN_CI,  # as with the seeds of other random tests
    print_blob=True,
    suppress_health_check=UNTIMED,
    max_examples=50,
)
settings.register_profile("thorough", settings.get_profile("usual"), max_examples=2_000)
settings.load_profile("usual")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed",
        type=int,
        help="seed of the random tests (default: a new one each; in CI the same)",
    )
    parser.addoption("--screenshots", action="store_true", help="write docs/browser/*.png anew")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A seed, printed where the test fails."""
    asked: int | None = request.config.getoption("--seed")
    number = asked if asked is not None else SEED if IN_CI else secrets.randbits(32)
    print(f"seed {number}: repeat with pytest --seed {number} '{request.node.nodeid}'")
    return number


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and _skipped(report) and item.get_closest_marker("allowed_skip") is None:
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and _skipped(report):
        _fail(report)
    return report


def _skipped(report: pytest.TestReport | pytest.CollectReport) -> bool:
    return report.skipped and not hasattr(report, "wasxfail")


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{why}\nA skip is a failure in CI; see tests/conftest.py."
