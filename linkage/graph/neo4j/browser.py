"""Links that open Neo4j Browser with a statement in its editor, ready to be run.

Browser takes the text out of its own address after decoding that once, whole, so that the text
cannot have `&` or `#`. It draws the answer to a single statement alone: lines that set parameters
cannot go before it. So a cluster's id is in the text of its link, and nothing but an id gets there.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from linkage.errors import GraphError, SettingsError
from linkage.graph.neo4j.connection import Database
from linkage.graph.neo4j.statements import statement
from linkage.render import clean

DEFAULT = "neo4j"  # the database that Community Edition begins with
HTTP_PORT = 7474
_CLUSTER = re.compile(r"c[0-9a-f]{4,64}")
_USER = re.compile(r"[\w.\-]+", re.ASCII)


def deep_link(
    browser_url: str, bolt_url: str, user: str, text: str, database: str | None = None
) -> str:
    """Where Neo4j Browser opens with `text` in its editor, and with user and server filled in.

    browser_url   such as http://127.0.0.1:7474/browser/
    bolt_url      where Browser finds the database, such as bolt://127.0.0.1:7687

    Raises SettingsError where browser_url is no such address, GraphError for a text that Browser
    would cut.
    """
    if "&" in text or "#" in text:
        raise GraphError(f"{clean(text, 60)}: no link can have it, Neo4j Browser cuts at & and #")
    begun = login_link(browser_url, bolt_url, user, database)
    return f"{begun}&cmd=edit&arg={quote(text, safe='')}"


def login_link(browser_url: str, bolt_url: str, user: str, database: str | None = None) -> str:
    """Where Neo4j Browser opens with user and server filled in. Raises as `deep_link`."""
    scheme, _, host = bolt_url.partition("://")
    # A name that is no plain word would be read as a part of the address.
    dbms = f"{scheme}://{user}@{host}" if _USER.fullmatch(user) else bolt_url
    where, given = checked(browser_url), quote(database or DEFAULT, safe="")
    return f"{where}?dbms={quote(dbms, safe='')}&db={given}"


def cluster_link(
    browser_url: str, bolt_url: str, user: str, cluster_id: str, database: str | None = None
) -> str:
    """The deep link of a cluster: it draws members and what they share. Raises as `deep_link`."""
    return deep_link(browser_url, bolt_url, user, cluster_statement(cluster_id), database)


def cluster_statement(cluster_id: str) -> str:
    """The statement that draws a cluster. GraphError for an id that is none."""
    return bare(statement("browser/cluster")).replace("$cluster", f"'{checked_id(cluster_id)}'")


def checked_id(cluster_id: str) -> str:
    """A cluster's id, which then is a plain word. GraphError for one that is none."""
    if not _CLUSTER.fullmatch(cluster_id):
        raise GraphError(f"{clean(cluster_id, 80)}: no id of a cluster, so that no link is made")
    return cluster_id


def bare(text: str) -> str:
    """A statement without its comment head."""
    lines = text.strip().splitlines()
    first = next(n for n, line in enumerate(lines) if not line.startswith("//"))
    return "\n".join(lines[first:])


def checked(browser_url: str) -> str:
    """The address of Neo4j Browser, with a slash at its end. SettingsError where it is none."""
    parts = urlsplit(browser_url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or not browser_url.isprintable()
        or " " in browser_url
    ):
        raise SettingsError(
            [f"{clean(browser_url, 80)}: give such as http://localhost:{HTTP_PORT}/browser/"],
            "address of Neo4j Browser",
        )
    return browser_url if browser_url.endswith("/") else f"{browser_url}/"


def browser_of(database: Database) -> str:
    """Where a database's server has Neo4j Browser: on its own host, on the port that it says it
    has for HTTP, else on the usual one. GraphError where nothing answers."""
    told = database.read(lambda ask: ask.rows("browser/http"))
    port = str(told[0]["value"] if told else "").rpartition(":")[2]
    host = urlsplit(database.target.url).hostname or ""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port if port.isdigit() else HTTP_PORT}/browser/"
