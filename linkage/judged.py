"""Judgements in a run's own numbers: accounts, units and artifacts instead of their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.artifacts import ArtifactKind
from linkage.attachment import Parted
from linkage.evidence import Evidence
from linkage.judgements import Judgements
from linkage.kernels.incidence import Int32s, Ints
from linkage.links import Links
from linkage.units import Units, parents

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """What the run does not have is left out.

    parted     units that must not be linked, nor be in one community
    cleared    int32, accounts, ascending;  decisions: int64, that cleared each
    known_ptr, known_art   int64, int32: artifacts that each of these was known to share, ascending
    allowed    bool[accounts]: never to be listed
    silent     bool[artifacts]: what links nobody
    """

    parted: Parted
    cleared: Int32s
    decisions: Ints
    known_ptr: Ints
    known_art: Int32s
    allowed: Bools
    silent: Bools

    def known(self, place: int) -> Int32s:
        """Artifacts that the cleared account at a place was known to share."""
        return self.known_art[self.known_ptr[place] : self.known_ptr[place + 1]]


def verified(activity: ir.Table, organisations: Collection[str]) -> ir.Table:
    """Activity in which these organisations are verified where they are claimed."""
    if not organisations:
        return activity
    listed = _texts("organisation", sorted(organisations)).organisation
    vouched = activity.claimed.isin(listed).ifelse(activity.claimed, ibis.null("string"))
    return activity.mutate(organisation=ibis.coalesce(activity.organisation, vouched))


def judged(
    judgements: Judgements,
    units: Units,
    activity: ir.Table,
    evidence: Evidence,
    kinds: tuple[ArtifactKind, ...],
) -> Judged:
    """Find the accounts and artifacts that are named."""
    names = {*judgements.cleared, *judgements.accounts}
    for apart in judgements.apart:
        names |= {apart.account, *apart.others}
    number = _accounts(activity, names)
    cleared = sorted((number[a], n) for a, n in judgements.cleared.items() if a in number)
    accounts = np.array([account for account, _ in cleared], np.int32)
    allowed = np.zeros(units.of.size, np.bool_)
    allowed[[number[a] for a in judgements.accounts if a in number]] = True
    known_ptr, known_art = _known(judgements.known, accounts, number, evidence)
    return Judged(
        parted=_parted(judgements, number, units),
        cleared=accounts,
        decisions=np.array([decision for _, decision in cleared], np.int64),
        known_ptr=known_ptr,
        known_art=known_art,
        allowed=allowed,
        silent=_silent(judgements.artifacts, evidence, kinds),
    )


def heard(evidence: Evidence, found: Judged) -> Evidence:
    """The evidence without what links nobody; the artifacts keep their numbers."""
    if not found.silent.any():
        return evidence
    silent = ibis.memtable(pa.table({"artifact": np.flatnonzero(found.silent).astype(np.int32)}))
    return replace(evidence, rows=evidence.rows.anti_join(silent, "artifact"))


def without(links: Links, parted: Parted) -> Links:
    """The links but for those between units that are run by different people."""
    if not parted.a.size:
        return links
    low, high = np.minimum(parted.a, parted.b), np.maximum(parted.a, parted.b)
    stays = ~np.isin(_pairs(links.a, links.b), _pairs(low, high))
    return replace(
        links,
        a=links.a[stays],
        b=links.b[stays],
        weight=links.weight[stays],
        families=links.families[stays],
    )


def _pairs(a: Int32s, b: Int32s) -> Ints:
    return (a.astype(np.int64) << 32) | b


def _accounts(activity: ir.Table, names: Collection[str]) -> dict[str, int]:
    """Account -> its number, of those that the run has."""
    if not names:
        return {}
    named = _texts("account_id", sorted(names))
    found = activity.select("account", "account_id").semi_join(named, "account_id").to_pyarrow()
    ids, numbers = found["account_id"].to_pylist(), found["account"].to_pylist()
    return dict(zip(ids, numbers, strict=True))


def _parted(judgements: Judgements, number: dict[str, int], units: Units) -> Parted:
    """Accounts of one verified organisation are one unit, and are not parted."""
    found = {
        (int(units.of[number[apart.account]]), int(units.of[number[other]]), apart.strict)
        for apart in judgements.apart if apart.account in number
        for other in apart.others if other in number
    }  # fmt: skip
    rows = sorted(row for row in found if row[0] != row[1])
    columns = np.array(rows, np.int32).reshape(-1, 3).T
    return Parted(columns[0], columns[1], columns[2].astype(np.bool_))


def _known(
    known: pa.Table, cleared: Int32s, number: dict[str, int], evidence: Evidence
) -> tuple[Ints, Int32s]:
    """By cleared account: offsets and artifacts."""
    if not known.num_rows:
        return np.zeros(cleared.size + 1, np.int64), np.empty(0, np.int32)
    joined = ibis.memtable(known).join(evidence.artifacts, ["kind", "value"])
    rows = joined.select("account_id", "artifact").distinct().to_pyarrow()
    ids = [number.get(name, -1) for name in rows["account_id"].to_pylist()]
    place = np.searchsorted(cleared, np.array(ids, np.int64))
    inside = place < cleared.size
    inside[inside] = cleared[place[inside]] == np.array(ids, np.int64)[inside]
    pairs = np.sort(_pairs(place[inside].astype(np.int32), rows["artifact"].to_numpy()[inside]))
    ptr = np.searchsorted(pairs >> 32, np.arange(cleared.size + 1))
    return ptr.astype(np.int64), (pairs & 0xFFFFFFFF).astype(np.int32)


def _silent(
    artifacts: Collection[tuple[str, str]], evidence: Evidence, kinds: tuple[ArtifactKind, ...]
) -> Bools:
    """The artifacts that are named, and those that lie within one by their value."""
    silent = np.zeros(evidence.artifacts.count().to_pyarrow().as_py(), np.bool_)
    known = {kind.name: kind for kind in kinds}
    for name, values in _by_kind(artifacts):
        if name in known:
            there = evidence.artifacts.filter(evidence.artifacts.kind == name)
            found = there.filter(there.value.isin(_spelt(known[name], values)))
            silent[found.artifact.to_pyarrow().to_numpy()] = True
    if silent.any():
        parent = parents(evidence, kinds, silent.size)
        silent |= (parent >= 0) & silent[parent]
    return silent


def _by_kind(artifacts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    for name, group in groupby(sorted(artifacts), key=lambda one: one[0]):
        yield name, [value for _, value in group]


def _spelt(kind: ArtifactKind, values: Sequence[str]) -> ir.StringColumn:
    """The values as they are, and as the kind reads them from an event: another spelling of an
    address is the same address."""
    given = _texts("given", values)
    read = given.select(value=kind.read(given.given))
    both = given.select(value="given").union(read.filter(read.value.notnull()))
    return both.value


def _texts(name: str, values: Sequence[str]) -> ir.Table:
    return ibis.memtable(pa.table({name: pa.array(values, pa.string())}))
