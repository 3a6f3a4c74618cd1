"""Events, rows that could not be used, the vault and snapshots under new names. Each file says of
itself which it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.journal.segments import Places
from linkage.privacy.rewriting import changed_groups, replaced_bytes, replaced_table
from linkage.readers.parts import key_of
from linkage.rotating.rekeying import Rekeying
from linkage.snapshots import EVIDENCE, LINKS
from linkage.workspace import Workspace

_LINK_ENDS = ("account_a", "account_b")


def events(places: Places, rekeying: Rekeying) -> int:
    """Segments, and rows that could not be used; how many files."""
    done = sum(_of_parquet(places.segment(n), rekeying, _as_it_comes) for n in places.sealed())
    return done + sum(_of_rows(path, rekeying) for path in places.quarantine.glob("[0-9]*.ndjson"))


def vault(places: Places, rekeying: Rekeying) -> int:
    """Rows of the vault get the new names; what is sealed stays."""
    return sum(
        _of_parquet(places.vaulted(n), rekeying, lambda table: table.sort_by("pseudonym"))
        for n in places.in_vault()
    )


def snapshots(workspace: Workspace, rekeying: Rekeying) -> int:
    """What decisions rested on."""
    orders: dict[str, Callable[[pa.Table], pa.Table]] = {EVIDENCE: _evidence, LINKS: _links}
    return sum(
        _of_parquet(path, rekeying, order)
        for file, order in orders.items()
        for path in sorted((workspace.path / "snapshots").glob(f"[0-9]*/{file}"))
    )


def _of_parquet(path: Path, rekeying: Rekeying, order: Callable[[pa.Table], pa.Table]) -> bool:
    if key_of(pq.read_schema(path)) == rekeying.new:
        return False
    if order is _as_it_comes:
        changed_groups(path, rekeying.table, rekeying.mark)
    else:
        replaced_table(path, order(rekeying.table(pq.read_table(path))), rekeying.mark)
    return True


def _as_it_comes(table: pa.Table) -> pa.Table:
    return table


def _evidence(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in ("account_id", "kind", "value")])


def _links(table: pa.Table) -> pa.Table:
    """The first of two names comes first."""
    ends = (table[end].to_pylist() for end in _LINK_ENDS)
    pairs = [sorted(pair) for pair in zip(*ends, strict=True)]
    for place, end in enumerate(_LINK_ENDS):
        column = pa.array([pair[place] for pair in pairs], pa.string())
        table = table.set_column(table.schema.get_field_index(end), end, column)
    return table.sort_by([(end, "ascending") for end in _LINK_ENDS])


def _of_rows(path: Path, rekeying: Rekeying) -> bool:
    """Rows name their key themselves."""
    lines = path.read_text("utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    old = [row["row"].get("key") == rekeying.old for row in rows]
    if not any(old):
        return False
    texts = rekeying.texts(lines)
    made = [json.loads(text) if is_old else row
            for text, is_old, row in zip(texts, old, rows, strict=True)]  # fmt: skip
    for row, is_old in zip(made, old, strict=True):
        if is_old:
            row["row"]["key"] = rekeying.new
    replaced_bytes(path, "".join(f"{json.dumps(row)}\n" for row in made).encode("utf-8"))
    return True
