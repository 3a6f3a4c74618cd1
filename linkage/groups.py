"""Members, evidence and activity -> what the signals measure."""

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.activity import histogram, unknown
from linkage.artifacts import ArtifactKind
from linkage.evidence import Evidence
from linkage.signals import Groups
from linkage.units import kind_numbers

Ints = npt.NDArray[np.int64]


def gather(
    group_of: npt.NDArray[np.int32],
    evidence: Evidence,
    activity: ir.Table,
    kinds: tuple[ArtifactKind, ...],
) -> Groups:
    """What the accounts of each group did and share.

    `group_of` has the number of each account's group, 0 .. G-1, or -1 for none.
    """
    members = np.flatnonzero(group_of >= 0)
    members = members[np.argsort(group_of[members], kind="stable")]
    group = group_of[members].astype(np.int64)
    place = np.full(group_of.size, -1, np.int64)
    place[members] = np.arange(members.size)
    rows = _rows(evidence, members)
    member = place[rows["account"].to_numpy()]
    artifact = rows["artifact"].to_numpy().astype(np.int64)
    acts = _activity(activity, members, place)
    columns = [c.removeprefix("with_") for c in acts.column_names if c.startswith("with_")]
    names = tuple(kind.name for kind in kinds)
    return Groups(
        size=np.bincount(group),
        group=group,
        events=acts["events"].to_numpy(),
        signed_up=acts["signed_up"].to_numpy(),
        hours=histogram(acts),
        organisation=_codes(acts["organisation"]),
        claimed=_codes(acts["claimed"]),
        carried={c: acts[f"with_{c}"].fill_null(0).to_numpy() for c in columns},
        unknown=unknown(acts),
        member=member,
        kind=kind_numbers(evidence, names)[artifact].astype(np.int64),
        artifact=artifact,
        row_events=rows["events"].to_numpy(),
        inside=_inside(group[member], artifact),
        total=_totals(evidence)[artifact],
        kinds=names,
        plantable=tuple(kind.plantable for kind in kinds),
        kind_columns=tuple(kind.column for kind in kinds),
        accounts=group_of.size,
    )


def _chosen(members: Ints) -> ir.Table:
    return ibis.memtable(pa.table({"account": members.astype(np.int32)}))


def _rows(evidence: Evidence, members: Ints) -> pa.Table:
    rows = evidence.rows.select("account", "artifact", "events")
    return rows.semi_join(_chosen(members), "account").order_by("account", "artifact").to_pyarrow()


def _activity(activity: ir.Table, members: Ints, place: Ints) -> pa.Table:
    """The members' activity in the members' order; unknown sign-ups as -1."""
    signed_up = activity.signed_up.epoch_seconds().cast("int64") * 1_000_000
    wanted = activity.mutate(signed_up=signed_up.fill_null(-1))
    table = wanted.semi_join(_chosen(members), "account").to_pyarrow()
    return table.take(np.argsort(place[table["account"].to_numpy()]))


def _codes(column: pa.ChunkedArray) -> Ints:
    """Numbers of the distinct values in the order of the values, -1 for null."""
    values = column.to_pandas()
    return values.astype("category").cat.codes.to_numpy().astype(np.int64)


def _totals(evidence: Evidence) -> Ints:
    return evidence.artifacts.order_by("artifact").accounts.to_pyarrow().to_numpy()


def _inside(group: Ints, artifact: Ints) -> Ints:
    """For each row, the members of its group that have its artifact."""
    _, inverse, count = np.unique((group << 32) | artifact, return_inverse=True, return_counts=True)
    return count[inverse]
