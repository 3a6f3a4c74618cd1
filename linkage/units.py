"""Units: what links are made between.

An account is a unit of its own, but for the accounts of one organisation that the platform
has verified: they are one unit from the start, and nobody has to find that out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from linkage.artifacts import ArtifactKind
from linkage.baseline import Baseline
from linkage.evidence import Evidence
from linkage.kernels.incidence import Incidence, Int32s, grouped
from linkage.kernels.weights import rare_bits


@dataclass(frozen=True)
class Units:
    """of: int32[accounts], the unit of each; first: int32[units], its first account;
    size: int32[units], its accounts."""

    of: Int32s
    first: Int32s
    size: Int32s


def units(activity: ir.Table) -> Units:
    """Contract the accounts of each verified organisation. Units follow their first account."""
    organisation = activity.order_by("account").organisation.to_pyarrow().combine_chunks()
    number = organisation.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    single = np.isnan(number)
    accounts = np.arange(number.size)
    first = accounts.copy()
    _, start, inverse = np.unique(number[~single], return_index=True, return_inverse=True)
    first[~single] = accounts[~single][start][inverse]
    heads, of = np.unique(first, return_inverse=True)
    size = np.bincount(of, minlength=heads.size)
    return Units(of.astype(np.int32), heads.astype(np.int32), size.astype(np.int32))


def incidence(
    evidence: Evidence,
    units: Units,
    kinds: tuple[ArtifactKind, ...],
    baseline: Baseline | None,
    silent: npt.NDArray[np.bool_] | None = None,
) -> Incidence:
    """The evidence as arrays over units; how common things are comes from the baseline.

    silent   bool[artifacts]: artifacts that say nothing, as if every unit had them
    """
    rows = evidence.rows.select("account", "artifact").to_pyarrow()
    unit = units.of[rows["account"].to_numpy()]
    pairs = _unique((unit.astype(np.int64) << 32) | rows["artifact"].to_numpy())
    unit, artifact = (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)
    names = [kind.name for kind in kinds]
    kind = kind_numbers(evidence, names)
    count = units.first.size
    unit_ptr, unit_art = grouped(unit, artifact, count)
    by_artifact = np.argsort(artifact, kind="stable")
    art_ptr, art_unit = grouped(artifact, unit[by_artifact], kind.size)
    families = list(dict.fromkeys(k.family for k in kinds))
    family_of_kind = np.array([families.index(k.family) for k in kinds], np.int32)
    degree = np.diff(art_ptr).astype(np.int32)
    holding = _holding(unit, kind[artifact], count, len(kinds))
    population, usual = count, _means(holding)
    if baseline is not None:
        population = max(baseline.accounts, count)
        degree = np.maximum(degree, _baseline_degrees(evidence, baseline))
        usual = np.array(
            [baseline.usual_holding.get(n, u) for n, u in zip(names, usual, strict=True)]
        )
    if silent is not None:
        degree[silent] = population
    m = np.array([k.m for k in kinds])
    chance = m[kind] * (population + 2) / (degree + 1.0)
    return Incidence(
        population=population,
        unit_ptr=unit_ptr,
        unit_art=unit_art,
        art_ptr=art_ptr,
        art_unit=art_unit,
        kind=kind,
        family=family_of_kind[kind],
        degree=degree,
        parent=parents(evidence, kinds, kind.size),
        chance=chance,
        most=rare_bits(chance, m[kind]),
        m=m,
        usual=usual,
        excess=(holding / usual).astype(np.float32),
        contains=_contains(kinds),
        plantable=np.array([k.plantable for k in kinds]),
        families=len(families),
        alone=np.array([any(k.alone for k in kinds if k.family == f) for f in families]),
    )


def _unique(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    keys.sort()
    return keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if keys.size else keys


def kind_numbers(evidence: Evidence, names: Sequence[str]) -> Int32s:
    """Each artifact's kind, as its number in `names`."""
    column = evidence.artifacts.order_by("artifact").kind.to_pyarrow().combine_chunks()
    encoded = column.dictionary_encode()
    number = np.array([names.index(n) for n in encoded.dictionary.to_pylist()], np.int32)
    return number[encoded.indices.to_numpy()]


def _holding(unit: Int32s, kind: Int32s, units: int, kinds: int) -> npt.NDArray[np.float32]:
    counts = np.bincount(unit.astype(np.int64) * kinds + kind, minlength=units * kinds)
    return counts.reshape(units, kinds).astype(np.float32)


def _means(holding: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean number of shared artifacts of each kind, over those that have any."""
    having = np.maximum(1, (holding > 0).sum(axis=0))
    return np.maximum(1.0, holding.sum(axis=0, dtype=np.float64) / having)


def _baseline_degrees(evidence: Evidence, baseline: Baseline) -> Int32s:
    known = baseline.degrees.to_pandas().set_index(["kind", "value"])["degree"]
    here = evidence.artifacts.order_by("artifact").select("kind", "value").to_pyarrow().to_pandas()
    found = known.reindex(here.set_index(["kind", "value"]).index).fillna(0)
    return found.to_numpy().astype(np.int32)


def parents(evidence: Evidence, kinds: tuple[ArtifactKind, ...], artifacts: int) -> Int32s:
    """The artifact that each lies within by its value, -1 for none."""
    parent = np.full(artifacts, -1, np.int32)
    table = evidence.artifacts
    for kind in kinds:
        if kind.container is None or kind.within is None:
            continue
        inner = table.filter(table.kind == kind.name)
        inner = inner.select(child="artifact", value=kind.container(inner.value))
        outer = table.filter(table.kind == kind.within).select("artifact", "value")
        pairs = inner.join(outer, "value").select("child", "artifact").to_pyarrow()
        parent[pairs["child"].to_numpy()] = pairs["artifact"].to_numpy()
    return parent


def _contains(kinds: tuple[ArtifactKind, ...]) -> npt.NDArray[np.bool_]:
    """Row's kind holds the column's, also through others; by kind, not by value."""
    parent = {kind.name: kind.within for kind in kinds if kind.container is None}
    table = np.zeros((len(kinds), len(kinds)), np.bool_)
    numbers = {kind.name: i for i, kind in enumerate(kinds)}
    for name, i in numbers.items():
        above = parent.get(name)
        while above is not None and above in numbers:
            table[numbers[above], i] = True
            above = parent.get(above)
    return table


def holdings(inc: Incidence, kinds: tuple[ArtifactKind, ...]) -> dict[str, float]:
    """Kind -> mean number of shared artifacts of it that its holders have, as weighed."""
    return {kind.name: float(inc.usual[i]) for i, kind in enumerate(kinds)}
