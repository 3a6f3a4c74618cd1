"""An account goes out of runs: their other accounts stay as they were found.

Of a member of a cluster a tombstone stays, so that clusters have the sizes that were judged; it has
no evidence, no links and no figures, and nothing proposes to ban it. What nobody else has goes, and
of a template what it says; what others share stays theirs, with the counts that were weighed.
`erased.json` beside the tables has the tombstones; run.json stays as it was, since the run's id is
its hash.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.erasing.rows import without_rows
from linkage.folder import Tables
from linkage.privacy.rewriting import changed_groups, replaced_bytes, replaced_table
from linkage.results.banlist import harmless
from linkage.run import ERASED
from linkage.state.erasures import Erasure
from linkage.wording import FILE, KIND
from linkage.workspace import Workspace

_ORPHANS = """
    SELECT a.kind, a.value FROM read_parquet($artifacts) a
    ANTI JOIN read_parquet($evidence) e USING (kind, value)"""
_FIRST = """
    SELECT min(account_id) AS first FROM read_parquet($activity)
    WHERE organisation = (SELECT organisation FROM read_parquet($activity)
                          WHERE account_id = $account) AND account_id <> $account"""


def erase(workspace: Workspace, erasure: Erasure) -> int:
    """Take it out of all runs; how many had it. What was made of them goes, and is made anew."""
    found = 0
    for name in workspace.runs():
        found += _Run(workspace.run(name), workspace.index(name), erasure).erase()
    return found


def kinds(workspace: Workspace) -> dict[str, str]:
    """Kinds of artifacts that are accounts themselves, with the columns of events that they are
    read from, as the runs' settings declare them."""
    every = (_kinds(workspace.run(name)) for name in reversed(workspace.runs()))
    return {kind: column for of_run in every for kind, column in of_run.items()}


def _kinds(run: Path) -> dict[str, str]:
    told = json.loads((run / "run.json").read_text("utf-8"))
    declared: Mapping[str, Any] = told.get("settings", {}).get("artifacts", {})
    return {
        kind: how.get("column") or kind
        for kind, how in declared.items()
        if how.get("names_account")
    }


@dataclass(frozen=True)
class _Run:
    """One run that is being changed, file by file. Its activity comes last: where it has the
    account, something is still to be done."""

    folder: Path
    index: Path
    erasure: Erasure

    def erase(self) -> bool:
        """Whether it had it."""
        account, kinds = self.erasure.account, _kinds(self.folder)
        is_one = pc.field("account_id") == account
        is_kind = pc.field("kind").isin(pa.array(sorted(kinds), pa.string()))
        is_named = is_kind & (pc.field("value") == account)
        without_rows(self.folder / "quarantine.ndjson", self.erasure)
        did = self._has("activity", is_one)
        if not (did or self._has("artifacts", is_named)):
            return False
        shutil.rmtree(self.index, ignore_errors=True)
        if did:
            self._links(self._instead())
        self._evidence(account, kinds)
        self._judged(account, kinds)
        self._artifacts(account, kinds)
        self._templates()
        if self._has("members", is_one):
            self._members()
        if did:
            self._banlist()
            self._tell()
            self._activity()
        return True

    def _instead(self) -> str | None:
        """Whom links name instead: an organisation's go by its first account, which may be
        another from now on."""
        first = self._ask(_FIRST, account=self.erasure.account)[0]["first"]
        return None if first is None or first < self.erasure.account else str(first)

    def _links(self, instead: str | None) -> None:
        account = self.erasure.account
        ends = ("account_a", "account_b")
        if not any(self._has("links", pc.field(end) == account) for end in ends):
            return
        path = self.folder / "links.parquet"
        if instead is None:
            changed_groups(path, lambda table: table.filter(neither(table, account)))
            return
        table = pq.read_table(path)
        theirs = table.filter(pc.invert(neither(table, account)))
        pairs = [
            sorted(instead if end == account else end for end in pair)
            for pair in zip(*(theirs[end].to_pylist() for end in ends), strict=True)
        ]
        for place, end in enumerate(ends):
            theirs = theirs.set_column(place, end, pa.array([p[place] for p in pairs], pa.string()))
        both = pa.concat_tables([table.filter(neither(table, account)), theirs])
        order = [(end, "ascending") for end in ends]
        replaced_table(path, both.sort_by(order))

    def _evidence(self, account: str, kinds: Collection[str]) -> None:
        def kept(table: pa.Table) -> pa.Table:
            gone = pc.or_(pc.equal(table["account_id"], account), named(table, account, kinds))
            return table.filter(pc.invert(gone))

        changed_groups(self.folder / "evidence.parquet", kept)

    def _artifacts(self, account: str, kinds: Collection[str]) -> None:
        """Those that nobody is left to have go."""
        by_kind: dict[str, list[str]] = {}
        for row in self._ask(_ORPHANS):
            by_kind.setdefault(row["kind"], []).append(row["value"])

        def kept(table: pa.Table) -> pa.Table:
            gone = named(table, account, kinds)
            for kind, values in by_kind.items():
                theirs = pc.is_in(table["value"], pa.array(values, table["value"].type))
                gone = pc.or_(gone, pc.and_(pc.equal(table["kind"], kind), theirs))
            return table.filter(pc.invert(gone))

        changed_groups(self.folder / "artifacts.parquet", kept)

    def _templates(self) -> None:
        """What templates say goes where nobody is left to have them: it may be one account's."""
        path = self.folder / FILE
        if path.is_file():
            is_template = pc.field("kind") == KIND
            left = pq.read_table(self.folder / "artifacts.parquet", filters=is_template)["value"]
            ids = left.cast(pa.string()).combine_chunks()
            changed_groups(path, lambda t: t.filter(pc.is_in(t["template_id"], ids)))

    def _judged(self, account: str, kinds: Collection[str]) -> None:
        path = self.folder / "judged.parquet"
        table = pq.read_table(path)
        rows = [row for row in table.to_pylist() if row["account_id"] != account]
        instead = self.erasure.tombstone
        found = len(rows) < table.num_rows
        for new in (new for row in rows for new in row["new_evidence"] or ()):
            if new["kind"] in kinds and new["value"] == account:
                new["value"], found = instead, True
        if found:
            replaced_table(path, pa.Table.from_pylist(rows, table.schema))

    def _members(self) -> None:
        stays = {"cluster_id": None, "proposal": "none"}
        self._buried(self.folder / "members.parquet", stays)

    def _activity(self) -> None:
        """Figures are unknown, or none where they must be there; an account in no cluster goes
        whole."""
        path = self.folder / "activity.parquet"
        in_cluster = self._has("members", pc.field("account_id") == self.erasure.tombstone)
        if not in_cluster:
            account = self.erasure.account
            changed_groups(path, lambda t: t.filter(pc.not_equal(t["account_id"], account)))
            return
        schema = pq.read_schema(path)
        counts = [f.name for f in schema if f.name == "events" or f.name.startswith("with_")]
        self._buried(path, dict.fromkeys(counts, 0))

    def _buried(self, path: Path, kept: Mapping[str, Any]) -> None:
        """The account's row with the tombstone and nothing else, but for what is kept: None stands
        for what was there. Where it is in the order says nothing of where it was."""
        table = pq.read_table(path)
        is_one = pc.equal(table["account_id"], self.erasure.account)
        (row,) = table.filter(is_one).to_pylist()
        values = {name: row[name] if value is None else value for name, value in kept.items()}
        stone = dict.fromkeys(table.column_names) | {"account_id": self.erasure.tombstone} | values
        made = pa.Table.from_pylist([stone], table.schema)
        both = pa.concat_tables([table.filter(pc.invert(is_one)), made])
        replaced_table(path, both.sort_by("account_id"))

    def _banlist(self) -> None:
        path, account = self.folder / "banlist.csv", harmless(self.erasure.account)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        kept = [row for row in rows if row[:1] != [account]]
        if len(kept) < len(rows):
            text = StringIO(newline="")
            csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(kept)
            replaced_bytes(path, text.getvalue().encode("utf-8"))

    def _tell(self) -> None:
        path = self.folder / ERASED
        told = json.loads(path.read_text("utf-8"))["accounts"] if path.exists() else []
        every = sorted({*told, self.erasure.tombstone})
        replaced_bytes(path, f"{json.dumps({'accounts': every})}\n".encode())

    def _has(self, table: str, where: pc.Expression) -> bool:
        path = self.folder / f"{table}.parquet"
        return bool(pq.read_table(path, columns=[], filters=where).num_rows)

    def _ask(self, query: str, **values: object) -> list[dict[str, Any]]:
        tables = Tables(self.folder)
        try:
            return tables.rows(query, **values)
        finally:
            tables.close()


def named(table: pa.Table, account: str, kinds: Iterable[str]) -> pa.Array:
    """Which rows have the account as an artifact."""
    of_kinds = pc.is_in(table["kind"], pa.array(sorted(kinds), table["kind"].type))
    return pc.and_(of_kinds, pc.equal(table["value"], account))


def neither(table: pa.Table, account: str) -> pa.Array:
    """Which links have it at neither end."""
    a, b = (pc.not_equal(table[end], account) for end in ("account_a", "account_b"))
    return pc.and_(a, b)
