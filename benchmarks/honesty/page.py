"""What `claims` found of bits, as Markdown: every figure is computed, in the sentences too."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan, log2
from typing import Any

from benchmarks.honesty.bits import BUSY, SAMPLE
from benchmarks.honesty.expected import expected
from benchmarks.honesty.pool import ENOUGH, Size, Tail, families, lift, sizes

SHOWN = (1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
MARGIN = 1.0  # bits by which a tail may be off and still be what it claims

BITS = f"""\
## Is a bit a bit?

If weights are honest, at most a share of 2^-x of the pairs that chance brings together weighs x
bits or more. Two kinds of such pairs are counted.

*Shuffled worlds*: in a month, the artifacts of each kind are dealt out anew among those who have
any of the kind; each unit keeps its number, each artifact its holders. An IP address stays in its
subnet: subnets are dealt out with the addresses used in them, and then addresses among the users of
a subnet (so a unit's number of addresses is the one thing that changes). Devices and clients are
dealt out each by itself. Pairs that share something rare are counted in the whole world at every x,
those that share only common things in a sample of {SAMPLE:,} units.

*Different verified organisations*: all pairs of accounts of different verified organisations (of at
most {SAMPLE:,} such accounts), each account a unit of its own. No one runs both, but what they have
depends on where and how people work, which a shuffle destroys. *Apart* are those organisations that
no mail domain joins: departments of one house are verified each by itself. (So a mail domain gives
these nothing: the identity family is lighter there than chance would have it.)

![share of pairs over their weight](evaluation/honesty-bits.svg)
"""


def page(found: Mapping[str, Any]) -> str:
    """Both parts."""
    every = sizes(found)
    parts = [BITS, *_tails(every[-1]), "", *_links(every), "", *_bits_read(every)]
    return "\n".join([*parts, "", *_lifts(found), "", *expected(found, every)]) + "\n"


def _tails(size: Size) -> list[str]:
    """x against the bits that the share of pairs amounts to."""
    series: list[tuple[str, Tail]] = [
        ("shuffled", size.shuffled("capped")),
        ("without the cap", size.shuffled("whole")),
        ("organisations", size.organisations("any", "capped")),
        ("without the cap", size.organisations("any", "whole")),
        ("families independent", size.independent("any")),
        ("organisations apart", size.organisations("apart", "capped")),
        ("without the cap", size.organisations("apart", "whole")),
        ("families independent", size.independent("apart")),
    ]
    lines = [
        f"Months of {size.accounts:,} accounts: x bits or more are weighed as often as y bits "
        f"should be (y = -log2 of the share; empty where fewer than {ENOUGH} pairs were counted). "
        "y below x is a tail that is too heavy.",
        "",
        f"| x | {' | '.join(name for name, _ in series)} |",
        "|" + " ---: |" * (len(series) + 1),
    ]
    for bits in SHOWN:
        cells = " | ".join(_number(tail.bits(bits)) for _, tail in series)
        lines.append(f"| {bits} | {cells} |")
    cells = " | ".join(_number(tail.bits(-1)) for _, tail in series)
    return [*lines, f"| {size.threshold:.1f}, a link | {cells} |"]


def _number(bits: float | None) -> str:
    return "" if bits is None else f"{bits:.1f}"


def _links(every: list[Size]) -> list[str]:
    """What the threshold lets through in a run."""
    lines = [
        "Innocent pairs above log2 N + 3 in a run of N units, if all its pairs were such: as "
        "2^-x claims, and as counted.",
        "",
        "| accounts | months | N | a link needs | claimed | shuffled | organisations | apart |",
        "|" + " ---: |" * 8,
    ]
    for size in every:
        pairs = size.units * (size.units - 1) / 2
        tails = [tail for _, tail in _claims(size)]
        cells = " | ".join(f"{tail.share[-1] * pairs:,.0f}" for tail in tails)
        lines.append(
            f"| {size.accounts:,} | {len(size.months)} | {size.units:,.0f} | {size.threshold:.1f} "
            f"| {pairs * 2**-size.threshold:,.0f} | {cells} |"
        )
    return lines


def _claims(size: Size) -> list[tuple[str, Tail]]:
    """The pairs that the claim is held against."""
    return [
        ("Shuffled", size.shuffled("capped")),
        ("Different organisations", size.organisations("any", "capped")),
        ("Organisations apart", size.organisations("apart", "capped")),
    ]


def _bits_read(every: list[Size]) -> list[str]:
    lines = [
        f"- {name}, {size.accounts:,} accounts: {_verdict(tail, size)}"
        for size in every
        for name, tail in _claims(size)
    ]
    if (busy := every[-1].busy()) is not None:
        lines.append(
            f"- Of the links of shuffled worlds of {every[-1].accounts:,} accounts, {busy:.0%} are "
            f"between two of the {BUSY:.0%} of the units with the most artifacts."
        )
    return lines


def _verdict(tail: Tail, size: Size) -> str:
    """By how much the tail is off at the threshold, and where most below it."""
    bits = tail.bits(-1)
    if bits is None:
        return "too few pairs reach the threshold to say anything."
    off = size.threshold - bits
    below = [(x - y, x) for x in range(1, int(size.threshold) + 1) if (y := tail.bits(x))]
    worst, at = max(below, default=(off, 0))
    if max(off, worst) <= 0:
        return f"a bit is a bit, and {-off:.1f} more: the tail is thinner than claimed everywhere."
    text = f"at the threshold the tail is {abs(off):.1f} bits too {'heavy' if off > 0 else 'thin'}"
    text += f"; the most below it is {worst:.1f} at {at} bits" if worst > max(0.0, off) else ""
    if max(off, worst) <= MARGIN:
        return text + ". Within a bit, a bit is a bit."
    needed = tail.needed(size.threshold)
    if needed is None:
        return text + ". Too few pairs are counted beyond to say what a link would need."
    more = needed - size.threshold
    return text + f". To hold what it claims, a link would need {more:.1f} bits more."


def _lifts(found: Mapping[str, Any]) -> list[str]:
    """What families give alone, and how much they go together."""
    lines = [
        "What each family alone gives accounts of different organisations:",
        "",
        "![share of pairs over what one family gives](evaluation/honesty-families.svg)",
    ]
    lines += ["", *_lift_table(found, "any", "different organisations")]
    return [*lines, "", *_lift_table(found, "apart", "organisations apart")]


def _lift_table(found: Mapping[str, Any], which: str, title: str) -> list[str]:
    """How many times as often two families go together as if they were independent."""
    names = families(found, which)
    if len(names) < 2:
        return [f"No two families tie accounts of {title}."]
    lines = [
        f"How many times as often two families tie the same pair of accounts of {title} as if they "
        "were independent (empty where less than one pair would be expected):",
        "",
        f"| | {' | '.join(names)} |",
        "| --- |" + " ---: |" * len(names),
    ]
    table = {(a, b): lift(found, which, a, b) for a in names for b in names if a != b}
    for first in names:
        cells = [_lift(table.get((first, second))) for second in names]
        lines.append(f"| {first} | {' | '.join(cells)} |")
    known = {pair: value for pair, (value, expected) in table.items() if expected >= 1}
    (first, second), value = max(known.items(), key=lambda i: i[1], default=(("", ""), 0.0))
    if value > 1:
        lines += [
            "",
            f"Most together go {first} and {second}, {value:,.1f} times as often as chance has "
            f"it: where both speak, their sum is {log2(value):.1f} bits too much.",
        ]
    return lines


def _lift(value: tuple[float, float] | None) -> str:
    if value is None or value[1] < 1 or isnan(value[0]):
        return ""
    return f"{value[0]:.1f}"
