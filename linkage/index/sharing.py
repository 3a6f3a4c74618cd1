"""The part of an index that says who has what: evidence by account and by artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.folder import Tables
from linkage.index.columns import (
    Ints,
    column,
    moments,
    narrow,
    numbered,
    offsets,
    one_piece,
    ordered,
    taken,
    texts,
    wholes,
    words,
)
from linkage.index.files import Writer
from linkage.wording import KIND, every

ROWS_AT_ONCE = 1 << 20

Int32s = npt.NDArray[np.int32]


def write_sharing(result: Path, writer: Writer, accounts: pa.Array) -> list[str]:
    """Artifacts, evidence and holders; returns the kinds, in order."""
    kinds, kind_at, values = _artifacts(result, writer)
    _words(result, writer, dict(zip(kinds, pairwise(kind_at.tolist()), strict=True)), values)
    account, artifact = _named(result, accounts, kinds, kind_at, values)
    key = (account.astype(np.int64) << 32) | artifact
    order: Ints | None = None
    if not (key[1:] > key[:-1]).all():
        order = np.argsort(key)
        if not (np.diff(key[order]) > 0).all():
            raise LookupError("an account and artifact that are there twice")
        account, artifact = account[order], artifact[order]
    del key
    writer.array("evidence.artifact", artifact)
    writer.array("accounts.evidence_at", offsets(account, len(accounts)))
    for name, numbers in (("events", wholes), ("first_seen", moments), ("last_seen", moments)):
        found = numbers(taken(column(result, "evidence", name), order))
        writer.array(f"evidence.{name}", narrow(found))
    writer.array("artifacts.holders_at", offsets(artifact, len(values)))
    by_artifact = np.argsort(artifact, kind="stable")
    writer.array("holders.account", account[by_artifact])
    writer.array("holders.row", narrow(by_artifact))
    return kinds


def _artifacts(result: Path, writer: Writer) -> tuple[list[str], Ints, pa.Array]:
    """Kinds in order, where the artifacts of each begin, and the values of all."""
    values = column(result, "artifacts", "value")
    kinds, kind = words(column(result, "artifacts", "kind"))
    order = np.argsort(kind, kind="stable")
    kind_at = offsets(kind, len(kinds))
    values = values.take(pa.array(order))
    for low, high in pairwise(kind_at.tolist()):
        within = ordered(values[low:high], "an artifact")
        if within is not None:
            order[low:high] = order[low:high][within]
    values = column(result, "artifacts", "value").take(pa.array(order))
    writer.texts("artifacts.value", values)
    writer.array("artifacts.kind", kind[order].astype(np.int16))
    writer.array("artifacts.kind_at", kind_at)
    for name in ("accounts", "degree"):
        writer.array(f"artifacts.{name}", wholes(taken(column(result, "artifacts", name), order)))
    return kinds, kind_at, values


def _words(
    result: Path, writer: Writer, kinds: Mapping[str, tuple[int, int]], values: pa.Array
) -> None:
    """What templates say, in the order of their ids."""
    low, high = kinds.get(KIND, (0, 0))
    said = dict(every(Tables(result)))
    words = [said.get(value, "") for value in values[low:high].to_pylist()] if said else []
    writer.texts("templates.words", texts(words))


def _named(
    result: Path, accounts: pa.Array, kinds: Sequence[str], kind_at: Ints, values: pa.Array
) -> tuple[Int32s, Int32s]:
    """The account and the artifact of each row of the evidence, by their numbers."""
    with pq.ParquetFile(result / "evidence.parquet") as file:
        account = np.empty(file.metadata.num_rows, np.int32)
        artifact = np.empty(file.metadata.num_rows, np.int32)
        start = 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=["account_id", "kind", "value"]):
            part = slice(start, start + batch.num_rows)
            names = {name: one_piece(batch.column(name)) for name in batch.schema.names}
            account[part] = numbered(names["account_id"], accounts, "an account")
            artifact[part] = _artifacts_of(names["kind"], names["value"], kinds, kind_at, values)
            start += batch.num_rows
    return account, artifact


def _artifacts_of(
    kind: pa.Array, value: pa.Array, kinds: Sequence[str], kind_at: Ints, values: pa.Array
) -> Int32s:
    found = np.empty(len(value), np.int32)
    of_kind = numbered(kind, pa.array(kinds, kind.type), "a kind")
    for number, (low, high) in enumerate(pairwise(kind_at.tolist())):
        rows = np.flatnonzero(of_kind == number)
        if rows.size:
            some = value.take(pa.array(rows))
            found[rows] = low + numbered(some, values[low:high], "an artifact")
    return found
