"""The guide that Neo4j Browser plays: an investigation, from the review queue to what a ban hits.

A guide is HTML in slides; a click on a block that is `runnable` puts its text into the editor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from linkage.errors import GraphError
from linkage.graph.answers import ClusterRow, KindWords
from linkage.graph.base import Graph
from linkage.graph.neo4j.browser import checked_id
from linkage.graph.neo4j.saved import SavedQuery
from linkage.graph.questions import FLAGGED
from linkage.render import innocents, number, plain, plural, reasons

QUEUED = 20  # clusters of the review queue in the guide


@dataclass(frozen=True)
class Queue:
    """The flagged clusters, the most unusual first, as far as they are shown; of `total`."""

    run: str
    kinds: tuple[KindWords, ...]
    clusters: tuple[ClusterRow, ...]
    total: int


def queue_of(graph: Graph) -> Queue:
    """What is to be looked at in a graph. Raises GraphError where it cannot be asked."""
    run = graph.run()
    page = graph.clusters(FLAGGED, limit=QUEUED)
    return Queue(run.id, run.kinds, page.rows, run.flagged)


def guide(
    queries: Sequence[SavedQuery], queue: Queue | GraphError, link: Callable[[str], str]
) -> bytes:
    """The guide.

    queue   the flagged clusters, or why they cannot be told
    link    the deep link of a cluster, by its id
    """
    slides = [
        _slide("Investigate", "How to", _HOW_TO),
        _slide("Review queue", "Flagged clusters", _queue(queue, link)),
        *(_slide(f"{query.number}. {query.title}", "", _query(query)) for query in queries),
    ]
    return (
        '<article class="guide">\n<carousel class="deck container-fluid">\n'
        + "".join(slides)
        + "</carousel>\n</article>\n"
    ).encode()


_HOW_TO = """<p>Step through the slides in their order: each is a question of an investigation.</p>
<ul>
<li>A click on a grey block puts it into the editor above; the blue arrow there runs it.</li>
<li>Choose a cluster in the review queue first: its line sets <code>$cluster</code>, which the
other questions then ask about.</li>
<li>Other parameters are in a block of their own before the question: run it, with your values.</li>
<li>Accounts on the ban list are vermillion, others of flagged clusters yellow, the rest grey.
Clusters are black, and the larger the less likely an innocent group is like them.</li>
</ul>
"""


def _slide(title: str, lead: str, body: str) -> str:
    return (
        '<slide class="row-fluid">\n<div class="col-sm-3">\n'
        f'<h3>{_text(title)}</h3>\n<p class="lead">{_text(lead)}</p>\n</div>\n'
        f'<div class="col-sm-9">\n{body}</div>\n</slide>\n'
    )


def _queue(queue: Queue | GraphError, link: Callable[[str], str]) -> str:
    if isinstance(queue, GraphError):
        return f"<p>The flagged clusters cannot be listed: {_text(str(queue))}</p>\n"
    if not queue.clusters:
        return f"<p>Run {_text(queue.run)} has no flagged clusters.</p>\n"
    rows = "".join(_item(cluster, link) for cluster in queue.clusters)
    more = queue.total - len(queue.clusters)
    rest = f"<p>... and {number(more)} more: see question 1.</p>\n" if more > 0 else ""
    return (
        f"<p>Run {_text(queue.run)}. The block below a cluster chooses it for the questions that "
        "follow; its id opens a window with its drawing.</p>\n"
        f"{rows}{rest}"
    )


def _item(cluster: ClusterRow, link: Callable[[str], str]) -> str:
    """A cluster of the queue: what it is, why, its link, and the line that chooses it."""
    found = plain([signal.__dict__ for signal in cluster.signals])
    why = [*([cluster.note] if cluster.note else []), *reasons(found, 2)]
    told = (
        f"{cluster.proposal}, {plural(cluster.accounts, 'account')}, "
        f"{innocents(cluster.expected)} innocent groups expected: {'; '.join(why)}"
    )
    return (
        f'<p><a href="{escape(link(cluster.cluster_id))}" target="_blank" '
        f'rel="noopener noreferrer">{_text(cluster.cluster_id)}</a> {_text(told)}</p>\n'
        + _runnable(f":param cluster => '{checked_id(cluster.cluster_id)}'")
    )


def _query(query: SavedQuery) -> str:
    chosen = (
        "<p>It asks about <code>$cluster</code>: choose one in the review queue.</p>\n"
        if "cluster" in query.parameters
        else ""
    )
    return f"<p>{_text(query.about)}</p>\n{chosen}{_parameters(query)}{_runnable(query.text)}"


def _parameters(query: SavedQuery) -> str:
    """What is set before a query: names with meanings, and lines that set them to examples."""
    meanings = {name: told for name, told in query.parameters.items() if name != "cluster"}
    if not meanings:
        return ""
    words = "".join(
        f"<li><code>${_text(name)}</code>: {_text(meaning)}</li>\n"
        for name, meaning in meanings.items()
    )
    lines = ";\n".join(f":param {name} => {query.examples[name]}" for name in meanings)
    return f"<ul>\n{words}</ul>\n{_runnable(lines)}"


def _runnable(text: str) -> str:
    return f'<pre mode="cypher" class="pre-scrollable code runnable">{_text(text)}</pre>\n'


def _text(value: str) -> str:
    """Text in HTML. Browser cuts what looks like an attribute that begins with `on` out of the
    whole page, texts too, and knows it by its equals sign."""
    return escape(value).replace("=", "&#61;")
