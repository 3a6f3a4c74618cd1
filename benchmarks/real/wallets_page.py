"""What `wallets` measured, in words and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.intervals import between, percent
from benchmarks.real.fates import FATES, HUBS, LINKED, NO_EVENT, NOTHING, WEAK
from benchmarks.real.wallets_plots import FIGURE, OWN, PUBLISHED

Found = Mapping[str, Any]

PUBLISHED_REPORTS = 150
TUNED = "tuned on these labels, with hand-made lists of exchanges"
LARGEST = 5  # reports shown by themselves


def page(found: Found) -> str:
    """The part of the page, in Markdown."""
    own, labels = found["linkage"], found["labels"]
    lines = [
        "## Wallets that a community reported",
        "",
        f"Wallets of an airdrop (Hop Protocol, 2022): {found['events']:,} transfers of "
        f"{found['accounts']:,} wallets, and labels of {labels['wallets']:,}, of which "
        f"{labels['reported']:,} are in one of {labels['groups']} reports that were accepted. "
        "Names are hashed. A wallet has no IP address, no device, no payer: there are only those "
        "that it received from and sent to, and the chains that it was on. Exchanges and "
        "contracts, which thousands of strangers deal with, are among them, unmarked. The "
        "settings declare these columns, and nothing else:",
        "",
        "```toml",
        found["settings"].strip(),
        "```",
        "",
        f"`linkage detect` made {found['links']:,} links and {own['clusters']:,} clusters in "
        f"{found['seconds']} s with {found['peak_mb']:,} MB, seed {found['seed']}; {own['large']} "
        f"clusters have {found['least']} wallets or more. It proposes {found['ban_clusters']} for "
        f"a ban and {found['review_clusters']} for review, so what is judged here is grouping "
        "alone. **It is no blind test**: the rule that leaves chains of dealings whole was made "
        "after a look at these wallets, and ways to decide on a cut were compared on their labels.",
        "",
        *_defined(found),
        "",
        *_reading(found),
        "",
        *_figures(found),
        "",
        f"The last row is as published, {TUNED}; it is over all {PUBLISHED_REPORTS} reports, of "
        f"which this file has {labels['groups']}: a mark to compare with, not a contest on equal "
        "terms.",
        "",
        *_intervals(own),
        "",
        f"![precision and recall by method, and the reports](evaluation/{FIGURE}.svg)",
        "",
        "### The same links by other methods",
        "",
        "Each method groups the very same links; *linkage detect* also weighs each wallet against "
        "its community afterwards, which takes wallets out and lets others in.",
        "",
        *_methods(found),
        "",
        "### Reported wallets without a link",
        "",
        *_fates(found),
        "",
        "### The largest reports",
        "",
        *_largest(own["reports"][:LARGEST]),
        *_examples(found["examples"]),
    ]
    return "\n".join(lines) + "\n"


def _defined(found: Found) -> Iterable[str]:
    yield (
        f"*Precision*: of the wallets in clusters of {found['least']} or more, those reported. "
        "Not reported means not caught, so it is a **lower bound**. *Recall*: of all reported "
        "wallets, also those without an event, those in such a cluster. *B-cubed* (Bagga and "
        "Baldwin 1998) is the mean over the wallets of reports, with clusters of any size, and a "
        "wallet in none is alone. Its recall is the share of a wallet's report that is in the "
        "wallet's cluster. Its precision is the share of a wallet's report among those wallets "
        "of its cluster that are in any report; *strict* F1 divides by all wallets of the "
        "cluster instead. *Found* are reports with a cluster of which they share at least half "
        "(Jaccard index, over all wallets of both)."
    )


def _reading(found: Found) -> Iterable[str]:
    own = found["linkage"]
    f1 = own["bcubed"]["reported"]["f1"]
    compared = [
        f"{name} {_by(value - PUBLISHED[key])}"
        for name, key, value in (
            ("precision", "precision", own["precision"]["share"] or 0.0),
            ("recall", "recall", own["recall"]["share"] or 0.0),
            ("B-cubed F1", "f1", f1),
        )
    ]
    labels = found["labels"]
    best = max(found["methods"], key=lambda row: row["bcubed"]["reported"]["f1"])
    most = max(row["found"]["hits"] for row in found["methods"])
    finders = [row["name"] for row in found["methods"] if row["found"]["hits"] == most]
    yield (
        f"Against the published figures, {', '.join(compared)}; "
        f"{own['found']['hits']} of {own['found']['of']} reports are found."
    )
    ahead = best["bcubed"]["reported"]["f1"] - f1
    yield (
        f"Of the groupings below, *{best['name']}* has the highest B-cubed F1 "
        f"({best['bcubed']['reported']['f1']:.3f}, {abs(ahead):.3f} "
        f"{'above' if ahead > 0 else 'below'} *{OWN}*), at a precision of "
        f"{_three(best['precision'])}; most reports ({most}) are found by "
        f"{', '.join(f'*{name}*' for name in finders)}."
    )
    yield (
        f"Of {labels['cleared']:,} wallets whose label says not reported, where the others that "
        f"are in no report have no label, {labels['cleared_clustered']:,} are in a cluster of "
        f"{found['least']} or more."
    )


def _by(difference: float) -> str:
    if abs(difference) < 0.0005:
        return "is the same"
    return f"is {abs(difference):.3f} {'higher' if difference > 0 else 'lower'}"


def _figures(found: Found) -> Iterable[str]:
    own = found["linkage"]
    yield "| | precision | recall | B-cubed precision | recall | F1 | strict F1 | found |"
    yield "| --- |" + " ---: |" * 7
    yield _row(OWN, own)
    yield (
        f"| Leiden, {TUNED} | {PUBLISHED['precision']:.3f} | {PUBLISHED['recall']:.3f} | | | "
        f"{PUBLISHED['f1']:.3f} | | |"
    )


def _row(name: str, row: Found) -> str:
    some, strict = row["bcubed"]["reported"], row["bcubed"]["all"]
    return (
        f"| {name} | {_three(row['precision'])} | {_three(row['recall'])} | "
        f"{some['precision']:.3f} | {some['recall']:.3f} | {some['f1']:.3f} | "
        f"{strict['f1']:.3f} | {row['found']['hits']} of {row['found']['of']} |"
    )


def _three(share: Found) -> str:
    return "" if share["share"] is None else f"{share['share']:.3f}"


def _intervals(own: Found) -> Iterable[str]:
    yield "| | hits | share | one by one | as they hang together |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name in ("precision", "recall"):
        share = own[name]
        yield (
            f"| {name} | {share['hits']:,} of {share['of']:,} | {percent(share['share'])} | "
            f"{between(share['low'], share['high'])} | "
            f"{between(share['block_low'], share['block_high'])} |"
        )


def _methods(found: Found) -> Iterable[str]:
    yield (
        "| method | what it is | precision | recall | B-cubed precision | recall | F1 | "
        "strict F1 | found | largest cluster |"
    )
    yield "| --- | --- |" + " ---: |" * 8
    for row in found["methods"]:
        name = f"{row['name']} | {row['what']}"
        yield f"{_row(name, row)} {row['largest']:,} |"


def _fates(found: Found) -> Iterable[str]:
    kinds, rare = found["fates"], found["rare"]
    without = sum(wallets for name, wallets in kinds.items() if name != LINKED)
    yield (
        f"Of {found['labels']['reported']:,} reported wallets, {without:,} have no link "
        f"({percent(without / found['labels']['reported'])})."
    )
    yield ""
    yield f"| reported wallets | wallets | in a cluster of {found['least']} or more |"
    yield "| --- | ---: | ---: |"
    for name, words in (
        (NO_EVENT, "no event in the file"),
        (NOTHING, "no counterparty that another wallet has as well"),
        (HUBS, f"only hubs: each counterparty that it shares has more than {rare} wallets"),
        (WEAK, f"a counterparty of at most {rare} wallets, but too little for a link"),
        (LINKED, "linked"),
    ):
        yield f"| {words} | {kinds[name]:,} | {found['clustered'][name]:,} |"


def _largest(reports: Sequence[Found]) -> Iterable[str]:
    wallets = sum(report["accounts"] for report in reports)
    linked = sum(report["fates"][LINKED] for report in reports)
    yield (
        f"The {len(reports)} largest have {wallets:,} wallets, of which {linked:,} are linked; a "
        "report whose linked wallets are in many clusters was cut, not missed."
    )
    yield ""
    yield (
        "| report | wallets | no event | nothing shared | only hubs | too little | linked | "
        "best cluster | of the report in it | Jaccard | clusters with any |"
    )
    yield "| --- |" + " ---: |" * 10
    for report in reports:
        fate = " | ".join(f"{report['fates'][name]:,}" for name in FATES)
        yield (
            f"| `{report['name']}` | {report['accounts']:,} | {fate} | {report['size']:,} | "
            f"{report['inside']:,} | {report['jaccard']:.2f} | {report['pieces']} |"
        )


def _examples(examples: Sequence[Found]) -> Iterable[str]:
    for example in examples:
        if example["found"]:
            words = "is the largest that was found. The middle one of its links"
        else:
            words = (
                "is the one of those missed with most wallets outside of its best cluster. The "
                "pair of its wallets that shares most without a link"
            )
        yield from ("", f"`{example['report']}` {words}, as `linkage explain` says it:", "")
        yield from ("```text", example["text"], "```")
