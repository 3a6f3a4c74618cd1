"""What was asked for, and whether it was reached: the table at the top of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.evaluation.parts import LARGEST
from benchmarks.intervals import between, percent
from benchmarks.others.baselines import LINKAGE, LOUVAIN
from benchmarks.templates.months_page import of_others
from linkage.evaluation import CAREFUL, Share

Found = Mapping[str, Any]
Words = Callable[[float], str]


@dataclass(frozen=True)
class Unit:
    """How a value, a limit and a distance from it are put in words."""

    value: Words
    limit: Words
    off: Words


@dataclass(frozen=True)
class Got:
    """One figure. of: what of (a size, a class); value: None where there is nothing to judge;
    fair: whether it was measured where the goal is meant."""

    of: str
    value: float | None
    low: float | None = None
    high: float | None = None
    fair: bool = True


@dataclass(frozen=True)
class Goal:
    """One goal.

    part    whose figures it is judged by
    limit   the least value, or the most where `most` is set; `beyond`: it must be passed
    got     the figures, from what the part found
    """

    part: str
    name: str
    limit: float
    got: Callable[[Found], Sequence[Got]]
    unit: Unit
    most: bool = False
    beyond: bool = False

    @property
    def asked(self) -> str:
        """The limit in words."""
        sign = (">" if not self.most else "<") if self.beyond else "≤" if self.most else "≥"
        return f"{sign} {self.unit.limit(self.limit)}"

    def reached(self, value: float) -> bool:
        """Whether this value does."""
        if value == self.limit:
            return not self.beyond
        return (value < self.limit) == self.most

    def lines(self, found: Found | None) -> Iterator[tuple[str, str, str, str, str]]:
        """Goal, asked, got, interval and verdict of each figure."""
        if found is None:
            yield self.name, self.asked, "", "", "not measured"
            return
        for got in self.got(found):
            name = f"{self.name}, {got.of}" if got.of else self.name
            if got.value is None:
                yield name, self.asked, "nothing to count", "", "not judged"
                continue
            interval = between(got.low, got.high)
            yield name, self.asked, self.unit.value(got.value), interval, self._verdict(got)

    def _verdict(self, got: Got) -> str:
        value = got.value or 0.0
        if not got.fair:
            return "not judged: not measured at the size that was asked for"
        if self.reached(value):
            return "reached"
        return f"**missed** by {self.unit.off(abs(value - self.limit))}"


def _pooled(size: Found, share: Found, more: str = "") -> Got:
    months = "one month" if size["months"] == 1 else f"{size['months']} months"
    of = f"{size['accounts']:,} accounts ({months}){more}"
    return Got(of, share["share"], share["block_low"], share["block_high"])


def _of_sizes(chosen: Callable[[Found], Found]) -> Callable[[Found], list[Got]]:
    return lambda found: [_pooled(size, chosen(size)) for size in found["sizes"]]


def _worst_class(found: Found) -> list[Got]:
    """Of each size, the look-alike of which the largest share is, or may well be, listed."""
    got = []
    for size in found["sizes"]:
        classes = {kind: judged["listed"] for kind, judged in size["innocents"].items()}
        far = {kind: (s["share"] or 0.0, s["block_high"] or 0.0) for kind, s in classes.items()}
        worst = max(sorted(classes), key=far.__getitem__)
        listed = classes[worst]
        words = f", `{worst}`: {listed['hits']:,} of {listed['of']:,}" if listed["hits"] else ""
        got.append(_pooled(size, listed, words or f", of {len(classes)}"))
    return got


def _organisations(found: Found) -> list[Got]:
    sizes = found["sizes"]
    shares = [size["organisations_listed_whole"] for size in sizes]
    of = [f"{size['accounts']:,} accounts, of {share['of']:,}"
          for size, share in zip(sizes, shares, strict=True)]  # fmt: skip
    return [Got(name, float(share["hits"])) for name, share in zip(of, shares, strict=True)]


def _careful(found: Found) -> list[Got]:
    sizes = [size for size in found["sizes"] if CAREFUL in size["networks"]]
    return [_pooled(size, size["networks"][CAREFUL]["flagged"]) for size in sizes]


def _times(found: Found) -> list[Got]:
    """All that linkage does from evidence to groups, and what finds communities without
    weighing each account again; against Louvain, which may have been stopped."""
    rows = {row["name"]: row for row in found["methods"]}
    usual, own = rows[LOUVAIN], rows[LINKAGE]
    seconds = usual.get("seconds", usual.get("stopped_after"))
    if seconds is None or "seconds" not in own:
        return [Got("", None)]
    stopped = " (at least: it was stopped)" if "seconds" not in usual else ""
    size = f", {found['accounts']:,} accounts{stopped}"
    linked = own["parts"]["links"] + own["parts"]["communities"]
    return [
        Got(f"links, communities and attachment{size}", seconds / own["seconds"]),
        Got(f"links and communities alone{size}", seconds / linked),
    ]


def _no_worse(found: Found) -> list[Got]:
    rows = {row["name"]: row.get("bcubed") for row in found["methods"]}
    own, usual = rows[LINKAGE], rows[LOUVAIN]
    if own is None or usual is None:
        return [Got("", None)]
    return [Got(f"{own['f1']:.3f} less {usual['f1']:.3f}", own["f1"] - usual["f1"])]


def _wallets(name: str) -> Callable[[Found], list[Got]]:
    """A share over wallets in clusters of ten or more; reports stand or fall together."""

    def got(found: Found) -> list[Got]:
        share = found.get("linkage", {}).get(name, {})
        return [Got("", share.get("share"), share.get("block_low"), share.get("block_high"))]

    return got


def _wallets_f1(found: Found) -> list[Got]:
    bcubed = found.get("linkage", {}).get("bcubed", {}).get("reported", {})
    return [Got("", bcubed.get("f1"))]


def _largest(of: Callable[[Found], float]) -> Callable[[Found], list[Got]]:
    """At the largest size that was measured."""

    def got(found: Found) -> list[Got]:
        row = found["sizes"][-1]
        return [Got(f"{row['events']:,} events", of(row), fair=row["asked"] >= LARGEST)]

    return got


def _plain(form: str) -> Unit:
    return Unit(form.format, form.format, form.format)


def _texts(found: Found) -> list[Got]:
    """Over the same months, all that is listed with exact texts over that with template ids."""
    months = sum(row["way"] == "exact" for row in found["runs"])
    return [Got(f"{months} months", of_others(found["runs"], "exact", "ids"))]


def _reworded(found: Found) -> list[Got]:
    return [
        Got(f"20 % of words {words}", of_others(found["runs"], f"{curve}_20", "exact"))
        for curve, words in (("beside", "got one beside"), ("replaced", "replaced"))
    ]


def _wronged(found: Found) -> list[Got]:
    """Of each set, Wilson's interval: accounts are given templates one by one."""
    shares = ((row["name"], Share(row["wronged"], row["accounts"])) for row in found["own"])
    return [Got(name, share.share, *(share.interval or (None, None))) for name, share in shares]


SHARE = Unit(percent, lambda share: f"{100 * share:g}%", lambda off: f"{100 * off:.2g} points")
COUNT, TENTHS, HUNDREDTHS, INDEX, MB = map(
    _plain, ("{:,.0f}", "{:,.1f}", "{:.2f}", "{:.3f}", "{:,.0f} MB")
)
GOALS = (
    Goal("detection", "precision, listed", 0.999,
         _of_sizes(lambda size: size["precision"]["listed"]), SHARE),
    Goal("detection", "recall, listed", 0.97,
         _of_sizes(lambda size: size["recall"]["listed"]), SHARE),
    Goal("detection", "recall, flagged", 0.99,
         _of_sizes(lambda size: size["recall"]["flagged"]), SHARE),
    Goal("detection", "listed of the look-alike with most", 0.0002, _worst_class, SHARE, most=True),
    Goal("detection", "verified organisations listed whole", 0, _organisations, COUNT,
         most=True),
    Goal("detection", "careful networks, flagged", 0.9, _careful, SHARE),
    Goal("wallets", "wallets, precision in clusters of ten or more", 0.605,
         _wallets("precision"), INDEX, beyond=True),
    Goal("wallets", "wallets, recall in clusters of ten or more", 0.495,
         _wallets("recall"), INDEX, beyond=True),
    Goal("wallets", "wallets, B-cubed F1", 0.605, _wallets_f1, INDEX, beyond=True),
    Goal("others", "times as fast as networkx + python-louvain", 100, _times, TENTHS),
    Goal("others", "B-cubed F1 over that of networkx + python-louvain", 0, _no_worse, INDEX),
    Goal("prompts", "listed with texts of prompts, of what template ids give", 1, _texts, SHARE),
    Goal("prompts", "listed with reworded prompts, of what exact ones give", 0.95, _reworded,
         SHARE),
    Goal("prompts", "accounts with a rare template for prompts of their own", 0.001, _wronged,
         SHARE, most=True),
    Goal("speed", "seconds over the bare group-bys'", 2, _largest(lambda row: row["ratio"]),
         HUNDREDTHS, most=True),
    Goal("speed", "memory at the peak", 3000,
         _largest(lambda row: row["detect"]["peak_mb"]), MB, most=True),
)  # fmt: skip


def table(records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Every goal, as Markdown."""
    lines = ["| goal | asked | got | 95 % interval | |", "| --- | ---: | ---: | ---: | --- |"]
    for goal in GOALS:
        made = records.get(goal.part)
        rows = goal.lines(made["found"] if made else None)
        lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return lines
