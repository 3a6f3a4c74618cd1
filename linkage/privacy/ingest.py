"""Events become pseudonymous between the check and the journal: nothing else of them is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from linkage.artifacts.pseudonyms import MARK
from linkage.journal.checking import Checked
from linkage.journal.records import VAULT
from linkage.journal.seen import hashed
from linkage.journal.vaulted import Vaulted
from linkage.privacy import sealing
from linkage.privacy.columns import WORD, Column, columns, derived_sort, reading
from linkage.privacy.prompts import COLUMN, Prints
from linkage.privacy.pseudonyms import ACCOUNT
from linkage.privacy.sealing import Named
from linkage.privacy.settings import Privacy
from linkage.readers.columns import output, wanted
from linkage.readers.held import REJECTED
from linkage.readers.parts import PSEUDONYMS
from linkage.readers.schema import REDUCED
from linkage.settings import Settings

_ROW = "rejected row"
_NO_VAULT_OF = ("event_id",)  # there is nobody to be found by it, and one for each event


@dataclass(frozen=True)
class _Made:
    """A column's distinct values as pseudonyms, and what the vault may keep of them."""

    texts: pa.Array
    named: tuple[Named, ...]


class Pseudonymiser:
    """Makes what was checked pseudonymous; any thread may, each with an engine of its own."""

    def __init__(
        self, privacy: Privacy, settings: Settings, vaulted: Callable[[], Vaulted]
    ) -> None:
        """`privacy` has pseudonyms; `vaulted` tells what the vault has already."""
        assert privacy.pseudonyms is not None
        self._pseudonyms, self._public, self._vaulted = (
            privacy.pseudonyms, privacy.vault_key, vaulted,
        )  # fmt: skip
        self._columns = columns(settings)
        self._prints = Prints(self._pseudonyms)
        self._unread = [name for name in REDUCED if name not in output(settings)]
        self._readings = {c.name: reading(c) for c in self._columns if c.derived}
        self._account = wanted(settings)["account_id"]
        self._mark = {PSEUDONYMS: self._pseudonyms.name.encode()}

    def applied(self, con: duckdb.DuckDBPyConnection, checked: Checked) -> Checked:
        """The same events with pseudonyms for accounts, ids and values; of rejected rows line and
        reason, their account's pseudonym, and one of the row."""
        vaulted = self._vaulted()
        events, named = checked.events, list[Named]()
        for column in self._columns:
            place = events.schema.get_field_index(column.name)
            coded = events.column(place).combine_chunks().dictionary_encode()
            made = self._made(con, column, coded.dictionary)
            events = events.set_column(place, column.name, made.texts.take(coded.indices))
            named += made.named if column.name not in _NO_VAULT_OF else ()
        for name, kept in self._of_prompts(checked.events).items():
            events = events.set_column(events.schema.get_field_index(name), name, kept)
        return Checked(
            events.replace_schema_metadata(self._mark),
            self._rejected(checked.rejected),
            self._sealed(named, vaulted),
            vaulted.epoch,
        )

    def _of_prompts(self, events: pa.Table) -> dict[str, pa.Array]:
        """Columns that no kind reads: of a prompt its fingerprint, and never its text."""
        told = {name: events[name].combine_chunks() for name in REDUCED}
        nothing = pa.nulls(events.num_rows, pa.string())
        given = told[COLUMN] if COLUMN in self._unread else nothing
        bare = pc.is_null(events["prompt_template"]).combine_chunks()
        texts = pc.if_else(bare, told["prompt"], pa.scalar(None, pa.string()))
        kept = {"prompt": nothing, COLUMN: self._prints.made(texts, given)}
        return {name: kept[name] for name in self._unread}

    def _made(self, con: duckdb.DuckDBPyConnection, column: Column, values: pa.Array) -> _Made:
        if not len(values):
            return _Made(values, ())
        named, pieces = list[Named](), list[pa.Array]()
        if column.derived:
            read = _read(con, self._readings[column.name], values)
            for kind, value in zip(column.derived, read, strict=True):
                pieces.append(self._parts(derived_sort(kind), value, named))
        kept = _kept(column, values)
        if column.raw is not None:
            given = pc.if_else(kept, pa.scalar(None, pa.string()), values)
            pieces.append(self._parts(column.raw, given, named))
        texts = pc.binary_join_element_wise(
            *pieces, "", null_handling="replace", null_replacement=MARK
        )
        texts = texts if len(pieces) == 1 else pc.replace_substring_regex(texts, f"^{MARK}+$", MARK)
        return _Made(pc.if_else(kept, values, texts), tuple(named))

    def _parts(self, sort: str, values: pa.Array, named: list[Named]) -> pa.Array:
        """A part for each value, null for null."""
        coded = values.dictionary_encode()
        texts = coded.dictionary.cast(pa.binary()).to_pylist()
        if not texts:
            return pa.nulls(len(values), pa.string())
        parts = self._pseudonyms.parts(sort, texts)
        named.append(Named(sort, parts, texts))
        return parts.take(coded.indices)

    def _sealed(self, named: Sequence[Named], vaulted: Vaulted) -> pa.Table | None:
        if self._public is None:
            return None
        new = []
        for one in named:
            mask = vaulted.seen.new(hashed(pa.chunked_array([one.parts]), VAULT))
            if mask.any():
                values = [value for value, is_new in zip(one.values, mask, strict=True) if is_new]
                new.append(Named(one.sort, one.parts.filter(pa.array(mask)), values))
        return sealing.seal(new, self._public).replace_schema_metadata(self._mark)

    def _rejected(self, rejected: pa.Table) -> pa.Table:
        rows = []
        for row in rejected.to_pylist():
            told = {"row": self._pseudonyms.one(_ROW, row["row"]), "key": self._pseudonyms.name}
            account = _account(json.loads(row["row"]), self._account)
            if account is not None:
                told["account_id"] = self._pseudonyms.one(ACCOUNT, account)
            rows.append({**row, "row": json.dumps(told)})
        return pa.Table.from_pylist(rows, REJECTED)


def pseudonymiser(
    privacy: Privacy, settings: Settings, vaulted: Callable[[], Vaulted]
) -> Pseudonymiser | None:
    """What makes events pseudonymous; None where names are kept as they come."""
    return None if privacy.pseudonyms is None else Pseudonymiser(privacy, settings, vaulted)


def _read(con: duckdb.DuckDBPyConnection, query: str, values: pa.Array) -> list[pa.Array]:
    """What derived kinds read, in the order of the values."""
    con.register("given", pa.table({"value": values}))
    try:
        read = con.sql(query).to_arrow_table()
    finally:
        con.unregister("given")
    return [column.cast(pa.string()).combine_chunks() for column in read.columns]


def _kept(column: Column, values: pa.Array) -> pa.Array:
    """Which values stay: what is empty, and words."""
    empty = pc.equal(values, "")
    if not column.word:
        return empty
    return pc.or_(empty, pc.match_substring_regex(values, WORD))


def _account(row: Any, name: str) -> str | None:
    account = row.get(name) if isinstance(row, dict) else None
    return account if isinstance(account, str) and account.strip() else None
