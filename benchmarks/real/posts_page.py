"""What `posts` measured, in words, tables and a plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.figures import COLOURS, panels, svg
from benchmarks.intervals import percent

Found = Mapping[str, Any]

FIGURE = "real-posts"
PARTS = ("linkage alone", "both", "rule alone")


def page(found: Found) -> str:
    """The part of the page, in Markdown."""
    lines = [
        "## Streams of posts",
        "",
        "Two public streams of posts and shares, from a package that finds accounts which post "
        "the same together (CooRTweet). Accounts and what they share are hashes or numbers. "
        "**There is no truth here and nobody is accused**: to share what others share is what "
        "people do. This shows how large real hubs are, and where links by rare things in common "
        "meet a plain rule in time.",
        "",
        "Each kind of object is a column, declared as an artifact kind; an address and its "
        "domain are one family, for they come together.",
    ]
    for stream in found["streams"]:
        lines += ["", *_stream(found, stream)]
    lines += ["", f"![pairs by links and by the rule](evaluation/{FIGURE}.svg)"]
    return "\n".join(lines) + "\n"


def _stream(found: Found, stream: Found) -> Iterable[str]:
    yield f"### `{stream['name']}`: {stream['what']}"
    yield ""
    yield "```toml"
    yield stream["settings"].strip()
    yield "```"
    yield ""
    yield (
        f"{stream['rows']:,} rows, {stream['accounts']:,} accounts; `linkage detect` made "
        f"{stream['links']:,} links and {stream['clusters']:,} clusters in {stream['seconds']} s "
        f"with {stream['peak_mb']:,} MB, seed {stream['seed']}, {stream['groups']:,} of them "
        f"large enough to score. {_proposed(stream)}"
    )
    yield ""
    yield "| kind | in the product's words | rows | objects | of several accounts | largest hub |"
    yield "| --- | --- |" + " ---: |" * 4
    for name, kind in stream["kinds"].items():
        yield (
            f"| `{name}` | {kind['meaning']} | {kind['rows']:,} | {kind['objects']:,} | "
            f"{kind['shared']:,} | {kind['hub']:,} accounts |"
        )
    yield ""
    yield from _no_links(stream) if not stream["links"] else _groups(stream)
    yield from ("", *_rules(found, stream))


def _proposed(stream: Found) -> str:
    if not stream["ban_clusters"] and not stream["review_clusters"]:
        return "Nothing is proposed."
    return (
        f"{stream['ban_clusters']} are proposed for a ban and {stream['review_clusters']} for "
        f"review; {stream['listed']} accounts are listed."
    )


def _no_links(stream: Found) -> Iterable[str]:
    kinds = len(stream["kinds"])
    if kinds == 1:
        yield (
            "**There is no link, and there cannot be one**: all is of one kind, and no family "
            "links alone, however rare what two accounts share. To say something of such a "
            "stream, the product needs a second sort of evidence."
        )
    else:
        yield f"There is no link, although there are {kinds} kinds of objects."


def _groups(stream: Found) -> Iterable[str]:
    groups = stream["strongest"]
    yield (
        f"The {len(groups)} groups with most links inside, what their accounts share most, and "
        "what the product says of each (*of*: accounts of the stream that have it):"
    )
    yield ""
    yield "| group | accounts | links | proposal | shared most | why |"
    yield "| --- | ---: | ---: | --- | --- | --- |"
    for group in groups:
        shared = "; ".join(
            f"{each['kind']} {each['value']}: {each['members']:,} of {each['accounts']:,}"
            for each in group["shared"]
        )
        yield (
            f"| `{group['cluster'][:8]}` | {group['accounts']:,} | {group['links']:,} | "
            f"{group['proposal']} | {_cell(shared)} | {_cell(group['why'])} |"
        )
    yield ""
    yield (
        "One post brings its address, its hashtags and its picture at once, so these kinds are "
        f"less independent than their weights take them: {stream['of_one_post']:,} of "
        f"{stream['links']:,} links ({_part(stream['of_one_post'], stream['links'])}) are of "
        "pairs that have all they share from one post of each. Such a link may be no more than "
        "one post that both passed on."
    )
    yield from ("", f"The strongest link of `{stream['example']['cluster'][:8]}`:", "")
    yield from ("```text", stream["example"]["text"], "```")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _rules(found: Found, stream: Found) -> Iterable[str]:
    window, times = found["window"], found["times"]
    yield (
        f"The plain rule ties two accounts that shared the same object within {window} seconds, "
        f"with at least {times} posts of each. It minds the time, which links do not, and not "
        "how common an object is, which links do."
    )
    yield ""
    yield (
        "| objects | pairs by the rule | pairs by links | in both | of the rule's | of the links | "
        "accounts by the rule | of these with a link |"
    )
    yield "| --- |" + " ---: |" * 7
    for rule in stream["rules"]:
        yield (
            f"| {rule['kind']} | {rule['pairs']:,} | {stream['links']:,} | {rule['both']:,} | "
            f"{_part(rule['both'], rule['pairs'])} | {_part(rule['both'], stream['links'])} | "
            f"{rule['accounts']:,} | {rule['accounts_both']:,} |"
        )
    yield ""
    yield _reading(stream)


def _part(hits: int, of: int) -> str:
    return percent(hits / of if of else None)


def _reading(stream: Found) -> str:
    rule = stream["rules"][0]
    if not stream["links"]:
        return f"The rule ties {rule['pairs']:,} pairs where the product makes no link at all."
    return (
        f"Of the rule's {rule['pairs']:,} pairs, links have "
        f"{_part(rule['both'], rule['pairs'])}; of the {stream['links']:,} links, the rule has "
        f"{_part(rule['both'], stream['links'])}. The two mostly "
        f"{'agree' if _jaccard(stream) >= 0.5 else 'see different pairs'} (Jaccard index "
        f"{_jaccard(stream):.3f})."
    )


def _jaccard(stream: Found) -> float:
    rule = stream["rules"][0]
    either = rule["pairs"] + stream["links"] - rule["both"]
    return float(rule["both"] / either) if either else 0.0


def plots(found: Found) -> dict[str, str]:
    """Pairs of either, by the stream."""
    streams = found["streams"]
    with panels(1, 1.0 + 0.8 * len(streams)) as (figure, ax):
        for place, stream in enumerate(reversed(streams)):
            rule, links = stream["rules"][0], stream["links"]
            both = rule["both"]
            for number, size in enumerate((links - both, both, rule["pairs"] - both)):
                at = place + 0.26 * (1 - number)
                label = PARTS[number] if place == 0 else None
                ax.barh([at], [size], height=0.24, color=COLOURS[number], label=label)
                ax.text(size, at, f" {size:,}", va="center")
        ax.set_yticks(range(len(streams)), [stream["name"] for stream in reversed(streams)])
        ax.set_xlabel("pairs of accounts")
        ax.margins(x=0.12)
        figure.legend(loc="outside upper right", ncols=3)
        return {FIGURE: svg(figure)}
