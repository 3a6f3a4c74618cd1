"""What somebody outside calls an account or artifact, as what is kept calls it.

Tools know their own ids. With pseudonyms they may go on asking by these: what has not the form of a
pseudonym already is made one, in the way in which events were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import duckdb
import pyarrow as pa

from linkage.artifacts import ArtifactKind
from linkage.artifacts.pseudonyms import FORM
from linkage.privacy.columns import derivation, derived_sort, raw_sort
from linkage.privacy.pseudonyms import ACCOUNT, ORGANISATION, Pseudonyms
from linkage.privacy.settings import Privacy
from linkage.settings import Settings
from linkage.state.erasures import FORM as ERASED

_FORM = re.compile(FORM)


class Names(Protocol):
    """Names as they are kept, one for each that is given."""

    def accounts(self, given: Sequence[str]) -> list[str]:
        """Of accounts."""

    def organisations(self, given: Sequence[str]) -> list[str]:
        """Of organisations."""

    def artifacts(self, kind: str, given: Sequence[str]) -> list[str]:
        """Of artifacts of a kind; of a kind that there is not, what was given."""

    def at_hand(self, kind: str, given: str) -> bool:
        """Whether that of an artifact takes no more than some microseconds."""


class AsTheyCome:
    """Names where nothing is made a pseudonym."""

    def accounts(self, given: Sequence[str]) -> list[str]:
        """As they are."""
        return list(given)

    def organisations(self, given: Sequence[str]) -> list[str]:
        """As they are."""
        return list(given)

    def artifacts(self, kind: str, given: Sequence[str]) -> list[str]:
        """As they are."""
        return list(given)

    def at_hand(self, kind: str, given: str) -> bool:
        """At once."""
        return True


class Keyed:
    """Names by pseudonyms; any thread may ask."""

    def __init__(self, pseudonyms: Pseudonyms, settings: Settings) -> None:
        self._pseudonyms = pseudonyms
        self._kinds = {kind.name: kind for kind in settings.kinds()}
        self._derivations: dict[str, str] = {}
        self._engine = duckdb.connect(config={"threads": 1})

    def accounts(self, given: Sequence[str]) -> list[str]:
        """Pseudonyms; those that are given stay, and so do tombstones of erased accounts."""
        new = [text for text in given if not ERASED.fullmatch(text)]
        names = dict(zip(new, self._of(new, lambda n: self._parts(ACCOUNT, n)), strict=True))
        return [names.get(text, text) for text in given]

    def organisations(self, given: Sequence[str]) -> list[str]:
        """Pseudonyms; those that are given stay."""
        return self._of(given, lambda new: self._parts(ORGANISATION, new))

    def artifacts(self, kind: str, given: Sequence[str]) -> list[str]:
        """Pseudonyms of the artifacts themselves (`192.0.2.0/24`, `example.com`) or of what events
        have where they are read from (an address, a mailbox); those that are given stay."""
        known = self._kinds.get(kind)
        if known is None:
            return list(given)
        return self._of(given, lambda new: self._of_kind(known, new))

    def at_hand(self, kind: str, given: str) -> bool:
        """What is derived first takes a statement of the engine."""
        known = self._kinds.get(kind)
        return known is None or not known.parts or _FORM.match(given) is not None

    def _of_kind(self, kind: ArtifactKind, given: list[str]) -> list[str]:
        if not kind.parts:
            return self._parts(raw_sort(kind.column, tuple(self._kinds.values())), given)
        chain = [kind]
        while chain[0].container is not None:
            chain.insert(0, self._kinds[str(chain[0].within)])
        derived = self._derived(chain, given)
        parts = [
            self._parts(derived_sort(each), values)
            for each, values in zip(chain, derived, strict=True)
        ]
        return ["".join(texts) for texts in zip(*parts, strict=True)]

    def _of(self, given: Sequence[str], made: Callable[[list[str]], list[str]]) -> list[str]:
        new = [text for text in dict.fromkeys(given) if not _FORM.match(text)]
        names = dict(zip(new, made(new), strict=True)) if new else {}
        return [names.get(text, text) for text in given]

    def _parts(self, sort: str, given: Sequence[str]) -> list[str]:
        values = [text.encode("utf-8", "surrogatepass") for text in given]
        return [str(part) for part in self._pseudonyms.parts(sort, values).to_pylist()]

    def _derived(self, chain: Sequence[ArtifactKind], given: Sequence[str]) -> list[list[str]]:
        """The artifacts, and before them those that they lie within."""
        texts = [text.encode("utf-8", "replace").decode() for text in given]
        name = chain[-1].name
        if name not in self._derivations:
            self._derivations[name] = derivation(chain)
        with self._engine.cursor() as cursor:
            cursor.register("given", pa.table({"value": texts}))
            found = cursor.sql(self._derivations[name]).to_arrow_table()
        return [column.to_pylist() for column in found.columns]


def names(privacy: Privacy, settings: Settings) -> Names:
    """Those of a workspace with these settings."""
    if privacy.pseudonyms is None:
        return AsTheyCome()
    return Keyed(privacy.pseudonyms, settings)
