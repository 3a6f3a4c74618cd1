"""The cases as Markdown. Ids and values stand in code blocks: they come from event logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from linkage.render import clean

Found = Mapping[str, Any]

HEAD = """\
## Who is not found, and who is wrongly flagged

Single cases from the **simulated** month `{month}` ({accounts:,} accounts), chosen by rule (the
first by name, the largest), in the words of the result itself. The truth chose them, no more."""


def page(found: Found) -> str:
    """The part of the page."""
    parts = [HEAD.format(**found), *_missed(found), *_groups(found), *_listed(found)]
    return "\n".join([*parts, *_careful(found)]) + "\n"


def block(text: str) -> list[str]:
    """Text of whoever fills the logs, as a code block that nothing in it can end."""
    lines = [clean(line).replace("`", "'").replace("<!--", "<! --") for line in text.splitlines()]
    return ["```text", *lines, "```"]


def _missed(found: Found) -> Iterable[str]:
    yield from ("", "### One missed account of each kind of network", "")
    if not found["missed"]:
        yield "Every account of every network is listed."
    for case in found["missed"]:
        yield (
            f"**`{clean(case['kind'])}`**: of {case['accounts']:,} accounts, "
            f"{case['not_listed']:,} are not listed and {case['not_flagged']:,} not flagged. "
            f"One of a network of {case['network']:,}: {case['why']}"
        )
        shown = [*case["evidence"]]
        if case["of_evidence"] > len(shown):
            shown.append(f"... {case['of_evidence'] - len(shown)} more")
        evidence = "\n".join(shown) or "nothing that another account has"
        yield from ("", *block(f"{case['account']} shares\n{evidence}"), "")
        if case["explained"]:
            yield "With whoever of its network shares the rarest of these:"
            yield from ("", *block(case["explained"]), "")


def _groups(found: Found) -> Iterable[str]:
    yield from ("### The largest group of each look-alike that is flagged", "")
    if not found["groups"]:
        yield "No innocent is flagged."
        return
    yield (
        "| look-alike | flagged in all | its largest group | of the kind | of networks | "
        "the group's proposal | E |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | --- | ---: |"
    for group in found["groups"]:
        yield (
            f"| `{clean(group['kind'])}` | {group['flagged']:,} | {group['accounts']:,} | "
            f"{group['of_kind']:,} | {group['of_networks']:,} | {group['proposal']} | "
            f"{group['expected']} |"
        )
    yield ""
    yield "Why, in the signals' own words:"
    yield ""
    lines: list[str] = []
    for group in found["groups"]:
        lines += [f"{group['kind']} ({group['cluster']})", *(f"  {r}" for r in group["reasons"])]
    yield from block("\n".join(lines))


def _listed(found: Found) -> Iterable[str]:
    yield from ("", "### Innocents on the ban list", "")
    if not found["listed"]:
        yield "None."
    else:
        yield f"{len(found['listed']):,}, each with the strongest link that it has in its cluster:"
    for case in found["listed"]:
        said = f"{case['account']} ({case['kind']}), {case['cluster']}: {case['reasons']}"
        yield from ("", *block(f"{said}\n{case['explained']}"))


def _careful(found: Found) -> Iterable[str]:
    yield from ("", "### What a careful network shares", "")
    case = found["careful"]
    if case is None:
        yield "There is no careful network in this month."
        return
    yield (
        f"The largest of {case['networks']:,}: {case['accounts']:,} accounts, "
        f"{case['clustered']:,} of them in {case['clusters']:,} clusters, {case['flagged']:,} "
        "flagged. What at least two of them have:"
    )
    yield ""
    yield "| kind | artifacts | with nobody else | the most that have one |"
    yield "| --- | ---: | ---: | ---: |"
    for row in case["shares"]:
        cells = " | ".join(f"{row[name]:,}" for name in ("artifacts", "own", "inside"))
        yield f"| `{clean(row['kind'])}` | {cells} |"
    if case["explained"]:
        yield from ("", "Two that share the rarest:", "", *block(case["explained"]))
