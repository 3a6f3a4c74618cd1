"""What becomes of each event column: which parts its pseudonym has, and of what.

A column that kinds read by deriving something (an address, its subnet) has a part for each of them,
the containing one first, made of what the kind's own reader derives: so equal stays equal under
other spellings. A column that is read as it is has one part, of the value itself. All that name an
account give the same part for the same account, whichever column they are in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from linkage.artifacts import ArtifactKind
from linkage.privacy.pseudonyms import ACCOUNT, EVENT, ORGANISATION
from linkage.readers.columns import output
from linkage.readers.schema import SCHEMA
from linkage.settings import Settings

# Words of the platform's own, which stay what they are where they look like it and no kind reads
# them; what an event is called decides what it counts as.
WORDS = ("type", "access_path", "model")
WORD = r"^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}$"
_GIVEN = ibis.table({"value": "string"}, name="given")
_OWN_SORTS = {"event_id": EVENT, "account_id": ACCOUNT, "org_id": ORGANISATION}


@dataclass(frozen=True)
class Column:
    """One event column that holds texts.

    derived   kinds of which it has a part each, what contains before what is contained
    raw       what the value itself is, for the part of it that comes last; None without one
    word      a value that looks like a word stays
    """

    name: str
    derived: tuple[ArtifactKind, ...]
    raw: str | None
    word: bool = False


def columns(settings: Settings) -> tuple[Column, ...]:
    """All columns of events that may hold what is personal."""
    kinds = settings.kinds()
    texts = [
        name for name in output(settings) if SCHEMA.get(name, ibis.dtype("string")).is_string()
    ]
    return tuple(_column(name, [kind for kind in kinds if kind.column == name]) for name in texts)


def raw_sort(column: str, kinds: Sequence[ArtifactKind]) -> str:
    """What a column's values are, as parts are told apart by it."""
    if any(kind.names_account for kind in kinds if kind.column == column):
        return ACCOUNT
    return _OWN_SORTS.get(column, f"column {column}")


def derived_sort(kind: ArtifactKind) -> str:
    """Likewise what a kind derives."""
    return f"kind {kind.name}"


def reading(column: Column) -> str:
    """SQL over a table `given` with a column `value`: for each derived kind, what it reads.

    What kinds read first is a step of its own: as part of each of their expressions, that of
    addresses took 0.1 s to be understood, for every call.
    """
    steps = list(dict.fromkeys(kind.spelled for kind in column.derived))
    names = {step: f"spelled_{i}" for i, step in enumerate(steps)}
    spelled = ibis.table(dict.fromkeys(names.values(), "string"), name="spelled")
    first = {name: step(_GIVEN.value) if step else _GIVEN.value for step, name in names.items()}
    then = {
        f"part_{i}": (kind.derive or kind.read)(spelled[names[kind.spelled]])
        for i, kind in enumerate(column.derived)
    }
    return _steps(spelled=_GIVEN.select(**first), last=spelled.select(**then))


def derivation(chain: Sequence[ArtifactKind]) -> str:
    """SQL over the same table: the artifact of the last kind that each value is, or that is read
    from it, and before it those of the other kinds, each of which contains what comes after it."""
    last = chain[-1]
    spelled = ibis.table({"value": "string", "spelled": "string"}, name="spelled")
    read = ibis.table({"artifact": "string"}, name="artifacts")
    inside = [read.artifact]
    for kind in reversed(chain[1:]):
        assert kind.container is not None
        inside.insert(0, kind.container(inside[0]))
    first = last.spelled(_GIVEN.value) if last.spelled else _GIVEN.value
    derived = (last.derive or last.read)(spelled.spelled)
    return _steps(
        spelled=_GIVEN.select("value", spelled=first),
        artifacts=spelled.select(artifact=ibis.coalesce(derived, spelled.value)),
        last=read.select(**{f"part_{i}": value for i, value in enumerate(inside)}),
    )


def _steps(last: ir.Table, **before: ir.Table) -> str:
    """The last of several statements, which read each what the one before gives, by its name."""
    named = [f"{name} AS MATERIALIZED ({_sql(table)})" for name, table in before.items()]
    return f"WITH {', '.join(named)} {_sql(last)}"


def _sql(table: ir.Table) -> str:
    return str(ibis.to_sql(table, dialect="duckdb"))


def _column(name: str, readers: Sequence[ArtifactKind]) -> Column:
    derived = sorted((kind for kind in readers if kind.parts), key=lambda kind: kind.parts)
    as_it_is = any(not kind.parts for kind in readers)
    return Column(
        name=name,
        derived=tuple(derived),
        raw=raw_sort(name, readers) if as_it_is or not derived else None,
        word=name == WORDS[0] or (name in WORDS and not readers),
    )
