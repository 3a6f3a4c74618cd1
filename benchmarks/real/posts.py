"""Streams of posts: who shares what, and who acts together by a plain rule in time.

`data/cooccurrence` holds german2021.parquet and russian2021.parquet (ts, account_id, kind, value).
There is no truth: nothing says who is right, only how large the two graphs are and where they
meet.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.real.coaction import PAIR, TIMES, WINDOW, of_one_post, pairs
from benchmarks.real.detected import detected, linked
from benchmarks.real.posts_page import page, plots
from linkage.cli.report import why
from linkage.run import Run

STRONGEST = 10  # groups shown
SHARED = 3  # artifacts named of each
FAMILIES = {"url": "link", "domain": "link"}  # an address and its domain come together


@dataclass(frozen=True)
class Stream:
    """A file, and what it is."""

    name: str
    what: str


STREAMS = (
    Stream("german2021", "posts before an election in Germany, from 16 August 2021 on"),
    Stream("russian2021", "shared objects of one kind, January to August 2021"),
)


def measure(data: Path) -> dict[str, Any]:
    """Every stream by itself."""
    folder = data / "cooccurrence"
    return {
        "window": WINDOW,
        "times": TIMES,
        "streams": [_stream(folder / f"{stream.name}.parquet", stream) for stream in STREAMS],
    }


def settings(kinds: list[str]) -> str:
    """Each kind of object is a column and an artifact kind of that name."""
    tables = []
    for kind in kinds:
        family = f'family = "{FAMILIES[kind]}"\n' if kind in FAMILIES else ""
        tables.append(f"[artifacts.{kind}]\n{family}")
    return "\n".join(tables)


def events(posts: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """ts, account_id and a column for each kind: a row's value is in the column of its kind."""
    columns = {kind: posts.value.where(posts.kind == kind) for kind in kinds}
    return pd.DataFrame({"ts": posts.ts, "account_id": posts.account_id, **columns})


def _stream(file: Path, stream: Stream) -> dict[str, Any]:
    posts = pd.read_parquet(file)
    kinds = sorted(posts.kind.unique())
    text = settings(kinds)
    with tempfile.TemporaryDirectory(prefix="linkage-posts-") as work:
        source = Path(work) / "events.parquet"
        events(posts, kinds).to_parquet(source, index=False)
        with detected(source, text) as made:
            run, links = made.run, linked(made.run)
            strongest = _strongest(run, links)
            print(f"{stream.name}: {made.seconds:.1f} s, {len(links):,} links", file=sys.stderr)
            return {
                "name": stream.name,
                "what": stream.what,
                "rows": len(posts),
                **made.summary(),
                "settings": text,
                "kinds": {kind: _kind(run, posts[posts.kind == kind]) for kind in kinds},
                "strongest": strongest,
                "example": _example(run, strongest),
                "of_one_post": of_one_post(posts, links),
                "rules": [
                    {"kind": name, **_overlap(links, pairs(part))}
                    for name, part in _parts(posts, kinds)
                ],
            }


def _parts(posts: pd.DataFrame, kinds: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """All objects; and, where there are several kinds, each by itself."""
    each = [(kind, posts[posts.kind == kind]) for kind in kinds]
    return [("any", posts), *(each if len(each) > 1 else [])]


def _kind(run: Run, posts: pd.DataFrame) -> dict[str, Any]:
    """rows, objects, hub: accounts that have the commonest; `meaning` in the product's words."""
    kind = str(posts.kind.iloc[0])
    meaning = next(k["explanation"] for k in run.info["kinds"] if k["name"] == kind)
    accounts = posts.groupby("value").account_id.nunique()
    return {
        "rows": len(posts),
        "objects": len(accounts),
        "shared": int((accounts > 1).sum()),
        "hub": int(accounts.max()),
        "meaning": meaning,
    }


def _strongest(run: Run, links: pd.DataFrame) -> list[dict[str, Any]]:
    """The clusters with most links inside, and what their accounts share most."""
    of = run.members.set_index("account_id").cluster_id
    a, b = (links[end].map(of) for end in ("account_a", "account_b"))
    inside = a[a == b].value_counts(sort=False).sort_index()
    most = inside.sort_values(ascending=False, kind="stable").head(STRONGEST)
    return [_group(run, str(name), int(count)) for name, count in most.items()]


def _group(run: Run, name: str, links: int) -> dict[str, Any]:
    row = run.cluster(name).row
    shared = run.shared(name).head(SHARED)
    return {
        "cluster": name,
        "accounts": int(row["accounts"]),
        "links": links,
        "proposal": str(row["proposal"]),
        "why": why(row),
        "shared": [
            {
                "kind": each["kind"],
                "value": each["value"],
                "members": int(each["members"]),
                "accounts": int(each["accounts"]),
            }
            for each in shared.to_dict("records")
        ],
    }


def _example(run: Run, groups: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """The strongest link of the first of the groups, explained."""
    if not groups:
        return None
    name = groups[0]["cluster"]
    best = run.links(name, strongest=1).iloc[0]
    pair = str(best.account_a), str(best.account_b)
    return {"cluster": name, "text": run.explain(*pair).text()}


def _overlap(links: pd.DataFrame, tied: pd.DataFrame) -> dict[str, int]:
    """Pairs of the rule, pairs in both, and accounts of the rule that have a link."""
    ours = pd.DataFrame(np.sort(links[PAIR].to_numpy(object), axis=1), columns=PAIR)
    in_links, in_rule = (set(each[PAIR].to_numpy(object).ravel()) for each in (links, tied))
    return {
        "pairs": len(tied),
        "both": len(ours.merge(tied, on=PAIR)),
        "accounts": len(in_rule),
        "accounts_both": len(in_rule & in_links),
    }


def section(found: Mapping[str, Any]) -> str:
    """The page's part about posts."""
    return page(found)


def figures(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    return plots(found)
