"""Old pseudonyms in texts and tables, as the new keys make them of these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from linkage.artifacts.pseudonyms import FORM, PART
from linkage.privacy.prompts import COLUMN, Prints
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.readers.parts import PSEUDONYMS

_PART = re.compile(PART)


@dataclass(frozen=True)
class Rekeying:
    """keys: all, the new ones last; after: how many of them the old pseudonyms were made by; old:
    the name of these."""

    keys: Pseudonyms
    after: int
    old: str

    @property
    def new(self) -> str:
        """The name of the new pseudonyms' keys."""
        return self.keys.name

    def texts(self, given: Iterable[str]) -> list[str]:
        """Texts in which pseudonyms may stand anywhere."""
        texts = list(given)
        parts = sorted({part for text in texts for part in _PART.findall(text)})
        if not parts:
            return texts
        made = self.keys.chained(pa.array(parts, pa.string()), self.after).to_pylist()
        known = dict(zip(parts, made, strict=True))
        return [_PART.sub(lambda found: str(known[found[0]]), text) for text in texts]

    def table(self, table: pa.Table) -> pa.Table:
        """A table with all texts that are pseudonyms re-keyed, those in lists too."""
        for place, field in enumerate(table.schema):
            if pa.types.is_string(field.type):
                column = table.column(place).combine_chunks()
                if field.name == COLUMN:
                    column = self._prints.chained(column, self.after)
                table = table.set_column(place, field, self._column(column))
            elif pa.types.is_list(field.type) and _has_texts(field.type.value_type):
                rows = table.column(place).to_pylist()
                made = pa.array([self._row(row) for row in rows], field.type)
                table = table.set_column(place, field, made)
        return self.marked(table)

    def marked(self, table: pa.Table) -> pa.Table:
        """With the name of the new key among what the file says of itself."""
        return table.replace_schema_metadata(self.mark)

    @cached_property
    def mark(self) -> dict[bytes, bytes]:
        """What a file says of itself."""
        return {PSEUDONYMS: self.new.encode("ascii")}

    @cached_property
    def _prints(self) -> Prints:
        return Prints(self.keys)

    def _column(self, column: pa.Array) -> pa.Array:
        keyed = pc.match_substring_regex(column, FORM)
        if not pc.any(keyed).as_py():
            return column
        return self.keys.texts_chained(column, self.after)

    def _row(self, row: list[dict[str, object]] | None) -> list[dict[str, object]] | None:
        """A list of structs, of which `value` may be a pseudonym."""
        if not row:
            return row
        texts = self.texts([str(one.get("value", "")) for one in row])
        return [
            {**one, "value": text} if isinstance(one.get("value"), str) else one
            for one, text in zip(row, texts, strict=True)
        ]


def _has_texts(inside: pa.DataType) -> bool:
    return pa.types.is_struct(inside) and any(
        field.name == "value" and pa.types.is_string(field.type) for field in inside
    )
