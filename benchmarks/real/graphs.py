"""Public graphs with published communities: the product's communities next to the libraries'.

`data/communities` holds edges.parquet (graph, src, dst) and labels.parquet (graph, account_id,
group). Every link weighs the same, loops and repeats are dropped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figures import SOFT, line, panels, svg
from benchmarks.real.agreement import ari, nmi
from benchmarks.real.methods import LINKAGE, LOUVAIN, METHODS, SEED, Links, grouped

Found = Mapping[str, Any]

FIGURE = "real-graphs"
SPARSE = 8  # links a node: below, modularity finds communities in random networks too
INDICES = {"nmi": "NMI", "ari": "ARI"}
OTHERS = ("networkx", LOUVAIN)
CLOSE = 0.02  # two indices that differ by less are called equal
NAMED = 3  # graphs named in the reading, at most


def measure(data: Path) -> dict[str, Any]:
    """Every graph by every method; the smallest graph first."""
    folder = data / "communities"
    edges = pd.read_parquet(folder / "edges.parquet")
    labels = pd.read_parquet(folder / "labels.parquet")
    rows = [
        _graph(str(name), part, labels[labels.graph == name])
        for name, part in edges.groupby("graph", sort=True)
    ]
    return {
        "edges": len(edges),
        "labels": len(labels),
        "seed": SEED,
        "methods": {method.name: method.what for method in METHODS},
        "graphs": sorted(rows, key=lambda row: (row["links"], row["graph"])),
    }


def _graph(name: str, edges: pd.DataFrame, labels: pd.DataFrame) -> dict[str, Any]:
    nodes = pd.Index(pd.unique(pd.concat([edges.src, edges.dst, labels.account_id])))
    links = _links(nodes.get_indexer(edges.src), nodes.get_indexer(edges.dst), len(nodes))
    known, published = nodes.get_indexer(labels.account_id), labels.group.to_numpy()
    methods = {}
    for method in METHODS:
        found = grouped(method, links)
        ours = found.labels[known]
        methods[method.name] = {
            "nmi": nmi(ours, published),
            "ari": ari(ours, published),
            "communities": int(np.unique(ours).size),
            "seconds": round(found.seconds, 4),
        }
    print(f"{name}: {links.a.size:,} links, ARI {methods[LINKAGE]['ari']:.2f}", file=sys.stderr)
    return {
        "graph": name,
        "nodes": links.nodes,
        "links": int(links.a.size),
        "labelled": len(labels),
        "published": int(labels.group.nunique()),
        **_kept(links, known, published),
        "methods": methods,
    }


def _links(src: Any, dst: Any, nodes: int) -> Links:
    low, high = np.minimum(src, dst).astype(np.int64), np.maximum(src, dst)
    keys = np.unique((low * nodes + high)[low != high])
    a, b = (keys // nodes).astype(np.int32), (keys % nodes).astype(np.int32)
    return Links(a, b, np.ones(a.size), nodes)


def _kept(links: Links, known: Any, published: Any) -> dict[str, float | None]:
    """inside: share of the links between labelled nodes that a published group keeps; chance:
    what it would keep if the same link ends were tied together at random."""
    group = np.full(links.nodes, -1, np.int64)
    group[known] = np.unique(published, return_inverse=True)[1]
    a, b = group[links.a], group[links.b]
    both = (a >= 0) & (b >= 0)
    if not both.any():
        return {"inside": None, "chance": None}
    ends = np.bincount(np.concatenate([a[both], b[both]])) / (2 * both.sum())
    return {"inside": float((a[both] == b[both]).mean()), "chance": float((ends**2).sum())}


def section(found: Found) -> str:
    """The page's part about public graphs."""
    graphs = found["graphs"]
    lines = [
        "## Public graphs with published communities",
        "",
        f"{len(graphs)} public graphs ({found['edges']:,} edges, {found['labels']:,} labelled "
        "nodes) went through the grouping alone: every link weighs the same, loops and repeats "
        f"are dropped, seed {found['seed']}, one thread, one run each. Seconds are the method's "
        "alone, with the graph already in the form that it takes; the product's louvain turns "
        "each component into networkx's form within its own. Each grouping is compared with "
        "the published one over the labelled nodes, by normalized mutual information (NMI, "
        "arithmetic mean; Danon et al. 2005) and the adjusted Rand index (ARI; Hubert and Arabie "
        "1985). NMI does not take chance off and is kind to many small groups; ARI does.",
        "",
        "**Published labels are often not communities of links**: topics of articles, "
        "departments, countries. *Links inside* is the share of links between labelled nodes "
        "that stay within a published group, and in brackets the share that would at random; "
        "where the two are close, links say little about the labels. linkage's default is set "
        "for sparse links of evidence, where a wrong cut loses a network, not for such graphs. "
        "Nor are they unseen: ways to decide on a cut were compared on them, among others.",
        "",
        "| method | what it is |",
        "| --- | --- |",
        *(f"| {name} | {what} |" for name, what in found["methods"].items()),
        "",
        *_reading(graphs),
        "",
        *_means(found),
        "",
        f"![NMI and ARI of linkage over those of {LOUVAIN}](evaluation/{FIGURE}.svg)",
        "",
        *_every(found),
    ]
    return "\n".join(lines) + "\n"


def _means(found: Found) -> Iterable[str]:
    yield "| mean over | method | NMI | ARI | communities | seconds in all |"
    yield "| --- | --- |" + " ---: |" * 4
    for kind, graphs in _kinds(found["graphs"]).items():
        for name in found["methods"]:
            rows = [graph["methods"][name] for graph in graphs]
            yield (
                f"| {kind} ({len(graphs)}) | {name} | {_mean(rows, 'nmi'):.3f} | "
                f"{_mean(rows, 'ari'):.3f} | {_mean(rows, 'communities'):.0f} | "
                f"{sum(row['seconds'] for row in rows):.2f} |"
            )


def _kinds(graphs: Sequence[Found]) -> dict[str, list[Found]]:
    """All, the sparse and the dense; without those that are empty."""
    kinds = {
        "all": list(graphs),
        f"under {SPARSE} links a node": [g for g in graphs if _degree(g) < SPARSE],
        f"{SPARSE} links a node or more": [g for g in graphs if _degree(g) >= SPARSE],
    }
    return {kind: rows for kind, rows in kinds.items() if rows}


def _degree(graph: Found) -> float:
    return float(2 * graph["links"] / graph["nodes"])


def _mean(rows: Sequence[Found], index: str) -> float:
    return float(np.mean([row[index] for row in rows]))


def _every(found: Found) -> Iterable[str]:
    names = (LINKAGE, *OTHERS)
    yield "NMI, ARI, number of communities and seconds of each:"
    yield ""
    yield f"| graph | nodes | links | links inside | published | {' | '.join(names)} |"
    yield "| --- |" + " ---: |" * (4 + len(names))
    for graph in found["graphs"]:
        cells = [
            f"{row['nmi']:.2f}, {row['ari']:.2f}, {row['communities']:,}, {row['seconds']:.2f}"
            for row in (graph["methods"][name] for name in names)
        ]
        kept = graph["inside"]
        inside = "" if kept is None else f"{kept:.2f} ({graph['chance']:.2f})"
        yield (
            f"| `{graph['graph']}` | {graph['nodes']:,} | {graph['links']:,} | {inside} | "
            f"{graph['published']:,} | {' | '.join(cells)} |"
        )


def _reading(graphs: Sequence[Found]) -> Iterable[str]:
    """Who is nearer to the labels, where, and by how much."""
    for index in INDICES:
        for other in OTHERS:
            yield f"- {' '.join(_against(graphs, index, other))}"
    counts = [[g["methods"][name]["communities"] for name in (LINKAGE, LOUVAIN)] for g in graphs]
    whole = [g["graph"] for g, (own, _) in zip(graphs, counts, strict=True) if own == 1]
    finer = sum(own >= 2 * other for own, other in counts)
    if whole:
        yield f"- linkage leaves {len(whole)} whole: {', '.join(f'`{name}`' for name in whole)}."
    if finer:
        yield f"- It makes at least twice as many communities as {LOUVAIN} on {finer}."


def _against(graphs: Sequence[Found], index: str, other: str) -> Iterable[str]:
    ahead = {g["graph"]: g["methods"][LINKAGE][index] - g["methods"][other][index] for g in graphs}
    better = [name for name, by in ahead.items() if by >= CLOSE]
    worse = sorted((n for n, by in ahead.items() if by <= -CLOSE), key=lambda n: ahead[n])
    mean = float(np.mean(list(ahead.values())))
    yield (
        f"{INDICES[index]}: linkage is {_by(mean)} {other} in the mean. It is nearer to the "
        f"labels on {len(better)} graphs, further off on {len(worse)}, and within {CLOSE} on "
        f"{len(ahead) - len(better) - len(worse)}."
    )
    if worse:
        named = ", ".join(f"`{name}` (by {-ahead[name]:.2f})" for name in worse[:NAMED])
        yield f"Furthest behind: {named}."


def _by(mean: float) -> str:
    if abs(mean) < 0.0005:
        return "as good as"
    return f"{abs(mean):.3f} {'ahead of' if mean > 0 else 'behind'}"


def figures(found: Found) -> dict[str, str]:
    """linkage over python-louvain, a point a graph; below the line linkage is further off."""
    with panels(len(INDICES), height=4.2) as (figure, axes):
        for axis, (index, title) in zip(axes, INDICES.items(), strict=True):
            for number, (kind, graphs) in enumerate(list(_kinds(found["graphs"]).items())[1:]):
                x, y = (
                    [graph["methods"][name][index] for graph in graphs]
                    for name in (LOUVAIN, LINKAGE)
                )
                axis.plot(x, y, **{**line(number), "linestyle": ""}, label=kind)
            axis.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8)
            axis.set(xlabel=f"{title}, {LOUVAIN}", ylabel=f"{title}, {LINKAGE}")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
        return {FIGURE: svg(figure)}
