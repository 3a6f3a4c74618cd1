"""What `claims` found of E, as Markdown: every figure is computed, in the sentences too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.honesty.innocents import BLOCK, SHUFFLES, interval
from benchmarks.honesty.pool import ENOUGH, Size

EXPECTED = f"""\
## Is E honest?

E is the number of groups as unusual that chance would bring among as many innocent ones. So a month
should have x innocent groups with E up to x. Counted are groups that pretend to be many, and fewer
than half of whose accounts are in networks. Below that, the same groups with each signal's values
dealt out anew among about {BLOCK} groups of like size, {SHUFFLES} times a month: E is then exact if
its arithmetic is, since no signal knows of another.

![innocent groups counted over E](evaluation/honesty-expected.svg)
"""


def expected(found: Mapping[str, Any], every: list[Size]) -> list[str]:
    """The part of the page, line by line."""
    return [EXPECTED, *_counts(found, every), "", *_expected_read(found, every)]


def _counts(found: Mapping[str, Any], every: list[Size]) -> list[str]:
    """Innocent groups a month up to each E."""
    limits = found["limits"]
    lines = [
        "Innocent groups a month with E up to x, with the 95 % interval of the mean (Poisson):",
        "",
        f"| accounts | months | innocent groups | {' | '.join(f'{x:g}' for x in limits)} |",
        "|" + " ---: |" * (3 + len(limits)),
    ]
    for size in every:
        groups = sum(m["innocents"]["groups"] for m in size.months) / len(size.months)
        counted = size.innocents_counted("within")
        cells = " | ".join(_mean(int(count), len(size.months)) for count in counted)
        lines.append(f"| {size.accounts:,} | {len(size.months)} | {groups:.0f} | {cells} |")
        mixed = " | ".join(f"{mean:.2f}" for mean in size.innocents("shuffled"))
        lines.append(
            f"| dealt out anew | {size.deals('shuffled')} deals | {groups:.0f} | {mixed} |"
        )
    return lines


def _mean(count: int, months: int) -> str:
    low, high = interval(count, months)
    return f"{count / months:.2f} ({low:.2f} to {high:.2f})"


def _expected_read(found: Mapping[str, Any], every: list[Size]) -> list[str]:
    """Where the interval misses E, and in which direction."""
    lines = []
    for size in every:
        more, fewer = [], []
        for x, count in zip(found["limits"], size.innocents_counted("within"), strict=True):
            low, high = interval(int(count), len(size.months))
            if low > x:
                more.append(f"{count / len(size.months):.2g} up to {x:g}")
            elif high < x:
                fewer.append(f"{count / len(size.months):.2g} up to {x:g}")
        text = f"- {size.accounts:,} accounts: "
        text += f"more than claimed are {'; '.join(more)}. " if more else ""
        text += f"Fewer than claimed are {'; '.join(fewer)}. " if fewer else ""
        if not more and not fewer:
            text += "each interval covers what is claimed. "
        text += _dealt(found, size)
        lines.append(text)
    return lines


def _dealt(found: Mapping[str, Any], size: Size) -> str:
    """What the score's arithmetic alone does, where enough was expected to say so."""
    deals = size.deals("shuffled")
    pairs = zip(size.innocents("shuffled"), found["limits"], strict=True)
    ratio = [mean / x for mean, x in pairs if x * deals >= ENOUGH]
    if not ratio:
        return "Too few deals to say more."
    return (
        f"With signals dealt out anew, {min(ratio):.1f} to {max(ratio):.1f} times as many as "
        "claimed; where the months have more than that, signals go together."
    )
