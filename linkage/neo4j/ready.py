"""When a server is really there: it says so, and answers a question."""

from __future__ import annotations

import time
from collections.abc import Callable

from linkage.errors import ServerError

_POLL = 0.2  # seconds


def wait_until_ready(
    url: str,
    auth: tuple[str, str],
    starting: Callable[[], bool],
    patience: float,
) -> None:
    """Return as soon as Bolt answers a query.

    starting   whether it has not yet said that it has started: it is not asked before; raises
               where it will not
    patience   seconds

    Raises ServerError where it refuses the password, or does not answer in time.
    """
    until = time.monotonic() + patience
    said = "it has not said that it has started"
    while True:
        if not starting():
            fault = ask(url, auth)
            if fault is None:
                return
            said = fault
        if time.monotonic() > until:
            raise ServerError(f"{url} did not answer within {patience:.0f} s: {said}")
        time.sleep(_POLL)


def ask(url: str, auth: tuple[str, str]) -> str | None:
    """None where a query is answered, else why not. Raises ServerError for a wrong password."""
    from neo4j import GraphDatabase
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    try:
        with (
            GraphDatabase.driver(
                url, auth=auth, telemetry_disabled=True, connection_timeout=5.0
            ) as driver,
            driver.session() as session,
        ):
            session.run("RETURN 1").consume()
    except AuthError as error:
        raise ServerError(f"{url} refuses the password: {error.message}") from error
    except (DriverError, Neo4jError, OSError) as error:
        return str(error)
    return None
