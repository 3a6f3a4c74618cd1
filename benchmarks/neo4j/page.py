"""The figures as a page; what was not measured is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.machine import words

Found = Mapping[str, Any]

HEAD = """\
# A run's graph in Neo4j

Written by `python -m benchmarks.neo4j`; the figures are in [neo4j.json](neo4j.json).

"""
LOOPS = (
    ("plain", "plain loop"),
    ("plain_integers", "plain loop, numbers for times"),
    ("push", "`linkage graph push --scope all`"),
)


def markdown(found: Found) -> str:
    """The page."""
    return HEAD + "\n".join([*_about(found), *_brought_in(found), *_published(found),
                             *_asked(found), *_detected(found)]) + "\n"  # fmt: skip


def _about(found: Found) -> Iterator[str]:
    counts = found["counts"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    yield (
        f"On {words(found['machine'])}, server and client together; {found['date']}; the simulated "
        f"month `{found['month']}`: {counts['accounts']:,} accounts, {counts['evidence']:,} "
        f"evidence relationships, {counts['artifacts']:,} artifacts, {counts['listed']:,} accounts "
        f"listed. A new local server for each, with {found['heap_mb']:,} MB of heap and "
        f"{found['page_cache_mb']:,} MB of page cache; seed {found['seed']}; {versions}."
    )


def evidence_seconds(found: Found, name: str) -> float:
    """What a loop, or a push, took for accounts, artifacts, and who used what."""
    return float(found[name].get("evidence_seconds", found[name]["seconds"]))


def _brought_in(found: Found) -> Iterator[str]:
    there = [(name, title) for name, title in LOOPS if name in found]
    if not there:
        return
    relationships = found["counts"]["evidence"]
    yield from (
        "",
        "## Bringing in the evidence",
        "",
        "Accounts, artifacts, and a relationship for each account and artifact. The plain loop: "
        "one `UNWIND ... MATCH ... MATCH ... CREATE` after another, 10,000 rows each, ids and "
        "values alone, no checkpoint, no going on after a fault, no run that readers see only when "
        "it is whole. The push brings in all properties, and memberships in the same "
        "transactions; clusters, what they share, and links come on top (*whole*). Memory is "
        "the client's, the largest of each quarter of the time: alike where it is flat.",
        "",
        "| | seconds | relationships/s | whole, s | client, MB by quarters |",
        "| --- | ---: | ---: | ---: | --- |",
    )
    for name, title in there:
        seconds, memory = evidence_seconds(found, name), found[name]["memory_mb"]
        yield (
            f"| {title} | {seconds:,.1f} | {relationships / seconds:,.0f} | "
            f"{found[name]['seconds']:,.1f} | {', '.join(f'{mb:,}' for mb in memory)} |"
        )
    if {"plain", "push"} <= found.keys():
        ratio = evidence_seconds(found, "plain") / evidence_seconds(found, "push")
        yield from ("", f"**The push is {ratio:.2f} times as fast as the plain loop.**")
    if "push" in found:
        yield from ("", *_parts(found["push"]))


def _parts(push: Found) -> Iterator[str]:
    rows: dict[str, tuple[float, int]] = {}
    for part, seconds in push["parts"].items():
        name = part.partition(" ")[0] if part in push["rows"] else part
        before = rows.get(name, (0.0, 0))
        rows[name] = (before[0] + seconds, before[1] + push["rows"].get(part, 0))
    yield from ("| part of the push | seconds | nodes and relationships |",
                "| --- | ---: | ---: |")  # fmt: skip
    for name, (seconds, count) in rows.items():
        yield f"| {name} | {seconds:,.1f} | {count:,} |"


def _published(found: Found) -> Iterator[str]:
    if "publish" not in found:
        return
    push = found["publish"]
    rows = push["rows"]
    yield from (
        "",
        "## Publishing the flagged",
        "",
        f"`linkage graph push` on an empty database: the flagged clusters with their members, "
        f"artifacts, links, and one step around. {sum(rows.values()):,} nodes and relationships "
        f"({rows.get('links', 0):,} links) in **{push['seconds']:,.1f} s**.",
        "",
        *_parts(push),
    )


def _asked(found: Found) -> Iterator[str]:
    if "asked" not in found:
        return
    rows: Sequence[Found] = found["asked"]
    worst = max(rows, key=lambda row: float(row["p95_ms"]))
    yield from (
        "",
        "## The saved queries",
        "",
        "On the graph that the push brought in, whole; each 40 times, about flagged clusters drawn "
        "from the run and always about the largest, answers read whole. The slowest at the 95th "
        f"of a hundred: `{worst['query']}`, {worst['p95_ms']:,.0f} ms.",
        "",
        "| query | median, ms | p95, ms | longest, ms | the largest cluster, ms | rows |",
        "| --- |" + " ---: |" * 5,
    )
    for row in rows:
        yield (
            f"| `{row['query']}` | {row['median_ms']:,} | {row['p95_ms']:,} | "
            f"{row['longest_ms']:,} | {row['largest_cluster_ms']:,} | {row['rows']:,} |"
        )


def _detected(found: Found) -> Iterator[str]:
    if "detect" not in found:
        return
    yield from (
        "",
        "## Detection beside Graph Data Science",
        "",
        f"Of `{found['detect']['month']}` ({found['detect']['accounts']:,} accounts, "
        f"{found['detect']['evidence']:,} evidence relationships), pushed whole. On the same "
        "graph, in the same run: Leiden and Louvain of Graph Data Science with their "
        "defaults, over accounts and artifacts and over the links of the push, weighed; and "
        "linkage from the evidence in the graph (`linkage graph pull`, then `linkage detect`, "
        "which also scores, explains and proposes). Seconds are with projection and reading the "
        "answer; memory is that of the server, and of linkage its own. "
        "*Group* is the one that holds most of the largest proxy network.",
        "",
        "| method | on | seconds | MB | groups | B-cubed precision | recall | F1 | "
        "networks found | group | of the network | innocents |",
        "| --- | --- |" + " ---: |" * 10,
    )
    for row in found["detect"]["methods"]:
        bcubed, networks, group = row["bcubed"], row["networks_found"], row["largest"]
        yield (
            f"| {row['method']} | {row['graph']} | {row['seconds']:,} | {row['memory_mb']:,} | "
            f"{row['groups']:,} | {bcubed['precision']:.3f} | {bcubed['recall']:.3f} | "
            f"{bcubed['f1']:.3f} | {networks['hits']} of {networks['of']} | "
            f"{group['accounts']:,} | {group['of_network']:,} | {group['innocents']:,} |"
        )
