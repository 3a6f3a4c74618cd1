"""Why two accounts are linked, artifact by artifact, or what is missing.

The weights are those of the run, to 1/1024 bit: the same formulas over the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from linkage.kernels.incidence import UNIT
from linkage.kernels.weights import DEPTH, family_cap, weight_bits
from linkage.render import clean, decimals, plural
from linkage.wording import KIND, asked, quoted


@dataclass(frozen=True)
class Holding:
    """What a unit has. artifacts: (kind, value) -> accounts of the run that have it, and degree;
    kinds: how many of each."""

    artifacts: Mapping[tuple[str, str], tuple[int, int]]
    kinds: Counter[str]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Holding:
        """From rows with kind, value, accounts and degree, one an artifact."""
        artifacts = {(r["kind"], r["value"]): (int(r["accounts"]), int(r["degree"])) for r in rows}
        return cls(artifacts, Counter(kind for kind, _ in artifacts))


class Weighed(Protocol):
    """What is asked of a run to weigh two of its accounts; `linkage.Run` is one."""

    @property
    def info(self) -> Mapping[str, Any]:
        """Its run.json."""

    def unit_of(self, account_id: str) -> tuple[str | None, list[str]]:
        """An account's verified organisation and all its accounts, or (None, [account_id])."""

    def holding(self, accounts: Sequence[str]) -> Holding:
        """What accounts have between them."""

    def linked(self, unit_a: Sequence[str], unit_b: Sequence[str]) -> bool | None:
        """Whether a link of the run joins one of these and one of those; None where that is not
        known, and whoever weighs as much as a link needs then counts as linked."""

    def words(self, templates: Collection[str]) -> Mapping[str, str]:
        """What templates say, by their ids, of those of which it is known."""


@dataclass(frozen=True)
class SharedArtifact:
    """One artifact that both have.

    accounts   of this run that have it;  degree: units of the population (d)
    excess     r: how many more shared artifacts of the kind the busier of the two has than usual
    bits       its weight of its own
    place      1 for the strongest of its family, 2 ... ; 0 where it counts nothing
    counted    what of its weight counts at this place: the whole, a half, a quarter ...
    meaning    the kind's explanation
    words      what a template says, where that is known
    """

    kind: str
    value: str
    family: str
    accounts: int
    degree: int
    excess: float
    bits: float
    place: int
    counted: float
    meaning: str
    words: str | None = None


@dataclass(frozen=True)
class FamilyPart:
    """What a family gives: `counted`, the sum over its artifacts, and `bits`, at most the cap."""

    family: str
    counted: float
    bits: float
    cap: float

    @property
    def capped(self) -> bool:
        """Whether the cap took something away."""
        return self.bits < self.counted


@dataclass(frozen=True)
class Explanation:
    """Two accounts, weighed. All weights in bits.

    organisations   of a and b, where the platform has verified them (else None)
    shared          by family and place
    families        strongest first;  bits: their sum;  cap: the most that one gives, but for
                    those that may just make a link by themselves
    threshold       bits that a link needs;  linked: whether the run has the link
    missing         bits up to the threshold, 0 if there are none missing
    verdict         in words
    """

    a: str
    b: str
    organisations: tuple[str | None, str | None]
    shared: tuple[SharedArtifact, ...]
    families: tuple[FamilyPart, ...]
    bits: float
    cap: float
    threshold: float
    linked: bool
    missing: float
    verdict: str

    @property
    def same_organisation(self) -> str | None:
        """The verified organisation of both, if it is one."""
        first, second = self.organisations
        return first if first == second else None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**asdict(self), "same_organisation": self.same_organisation}

    def text(self) -> str:
        """In a few lines, safe to print."""
        lines = [
            f"{clean(s.kind)} {clean(s.value, 60)}{quoted(s.words)}: "
            f"{plural(s.accounts, 'account')}, "
            f"{decimals(s.bits)} bits, {decimals(s.counted)} counted"
            for s in self.shared
        ]
        return "\n".join([f"{clean(self.a)} and {clean(self.b)}", *lines, self.verdict])


def explain(run: Weighed, a: str, b: str) -> Explanation:
    """Weigh two accounts of a run; NotFound for an account that is not in it.

    The accounts of a verified organisation are one unit: what any of them has, all have.
    """
    (org_a, unit_a), (org_b, unit_b) = run.unit_of(a), run.unit_of(b)
    threshold = round(UNIT * run.info["threshold_bits"])
    known: bool | None = False
    if a == b or (org_a is not None and org_a == org_b):
        shared = shared_artifacts(run.info, run.holding([a]), run.holding([b]), weigh=False)
    else:
        shared = shared_artifacts(run.info, run.holding(unit_a), run.holding(unit_b))
        known = run.linked(unit_a, unit_b)
    shared = with_words(shared, run.words(asked(shared)))
    alone = {kind["family"] for kind in run.info["kinds"] if kind["alone"]}
    caps = {part.family: family_cap(part.family in alone, threshold) for part in shared}
    families = _families(shared, caps)
    whole = sum(round(UNIT * part.bits) for part in families)
    linked = whole >= threshold if known is None else known
    partial = Explanation(
        a=a,
        b=b,
        organisations=(org_a, org_b),
        shared=shared,
        families=families,
        bits=whole / UNIT,
        cap=family_cap(False, threshold) / UNIT,
        threshold=threshold / UNIT,
        linked=linked,
        missing=0.0 if linked else max(0, threshold - whole) / UNIT,
        verdict="",
    )
    parted = run.info.get("judgements", {}).get("parted", 0)
    return replace(partial, verdict=_verdict(partial, judged=parted > 0))


def with_words(
    artifacts: Sequence[SharedArtifact], words: Mapping[str, str]
) -> tuple[SharedArtifact, ...]:
    """The same with what templates say."""
    return tuple(
        replace(one, words=words.get(one.value)) if one.kind == KIND else one for one in artifacts
    )


def shared_artifacts(
    info: Mapping[str, Any], left: Holding, right: Holding, *, weigh: bool = True
) -> tuple[SharedArtifact, ...]:
    """What two units both have, weighed, by family and place: the strongest whole, the second at a
    half, the third at a quarter ... info: the run's."""
    both = left.artifacts.keys() & right.artifacts.keys()
    usual, population = info["baseline"]["usual_holding"], info["baseline"]["accounts"]
    kinds = {kind["name"]: kind for kind in info["kinds"]}
    found = []
    for name, value in both:
        degree = left.artifacts[name, value][1]
        kind, most = kinds[name], max(left.kinds[name], right.kinds[name])
        # r of the rule in single precision, as the run has it.
        excess = max(1.0, float(np.float32(most / usual[name])))
        m = float(kind["m"])
        chance = m * (population + 2) / (degree + 1.0)
        # The kernel's own formula, run as plain Python: a pair is not worth a compiler's time.
        bits = int(weight_bits.py_func(chance / excess, m)) if weigh else 0
        found.append((kind["family"], -bits, name, value, excess))
    placed, place = [], dict.fromkeys((kind["family"] for kind in info["kinds"]), 0)
    for family, minus, name, value, excess in sorted(found):
        place[family] = at = place[family] + 1
        counts = minus < 0 and at <= DEPTH
        accounts, degree = left.artifacts[name, value]
        placed.append(
            SharedArtifact(
                kind=name,
                value=value,
                family=family,
                accounts=accounts,
                degree=degree,
                excess=excess,
                bits=-minus / UNIT,
                place=at if counts else 0,
                counted=(-minus >> (at - 1)) / UNIT if counts else 0.0,
                meaning=kinds[name]["explanation"],
            )
        )
    return tuple(placed)


def _families(shared: Sequence[SharedArtifact], caps: Mapping[str, int]) -> tuple[FamilyPart, ...]:
    counted: dict[str, int] = {}
    for item in shared:
        counted[item.family] = counted.get(item.family, 0) + round(UNIT * item.counted)
    parts = [
        FamilyPart(f, c / UNIT, min(c, caps[f]) / UNIT, caps[f] / UNIT) for f, c in counted.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.bits, part.family)))


def _verdict(pair: Explanation, *, judged: bool) -> str:
    """judged: the run keeps some apart because a person has decided it."""
    if pair.a == pair.b:
        return "This is one account, named twice."
    if pair.same_organisation is not None:
        return (
            f"Both belong to {clean(pair.same_organisation)}, an organisation that the platform "
            "has verified: they count as one from the start, and what they share is no evidence."
        )
    weighs = f"{decimals(pair.bits, 2)} bits"
    needs = f"{decimals(pair.threshold, 2)} that a link needs"
    if pair.linked:
        return f"Linked: what they share weighs {weighs}, of the {needs}."
    if not pair.shared:
        return f"Not linked: they share nothing. 0 bits, of the {needs}."
    if not pair.missing:
        decided = "a person has decided that different people run them, or " if judged else ""
        return (
            f"Not linked, although what they share weighs {weighs}, of the {needs}: {decided}all "
            "of it is common, and no two of these things are rare enough together to look at the "
            "pair."
        )
    short = f"{decimals(pair.missing, 2)} short of the {needs}"
    return f"Not linked: what they share weighs {weighs}, {short}. {_what_is_missing(pair)}"


def _what_is_missing(pair: Explanation) -> str:
    """What more it would take, in words."""
    giving = [part for part in pair.families if part.bits > 0]
    if not giving:
        return "All of it is so common that it says nothing."
    capped = next((part for part in giving if part.capped), None)
    if capped is not None:
        return (
            f"The family {clean(capped.family)} is counted up to {decimals(capped.cap, 2)} bits, "
            "so that none links alone: something of another family is missing."
        )
    if len(giving) == 1:
        more = ", or more of it" if giving[0].cap >= pair.threshold else ""
        return f"It is all of one family, {clean(giving[0].family)}; a second is missing{more}."
    return "Something rarer, or of one more family, is missing."
