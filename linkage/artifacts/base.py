"""What an artifact kind is, and the decorator that makes one of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from linkage.artifacts.pseudonyms import first_parts, is_pseudonym, last_part

Reader = Callable[[ir.StringValue], ir.StringValue]


@dataclass(frozen=True)
class ArtifactKind:
    """A kind of thing that several accounts can use.

    name            as in `evidence.kind`
    family          kinds of one family are weighed together: they often come together
    column          the event column that it is read from
    m               probability that two accounts of one operator share an artifact that one
                    of them uses; a documented default, not fitted to simulated data
    plantable       an outsider can put it on a victim's account, or copy a victim's
    label           the node's label in the graph
    relationship    the relationship's type in the graph
    explanation     one sentence for the investigator
    read            column of raw strings -> column of artifact values (null: no artifact)
    spelled         what `read` does first: column of raw strings -> one spelling of each, null for
                    none; `derive` does the rest
    within          the kind of the same family in whose artifacts this kind's are nested
    container       column of this kind's values -> column of those that they are nested in;
                    without it, any of that kind may be the one
    names_account   the value is itself an account, which then has the artifact too
    plain           the value is the artifact, so that no reading is needed for each event
    alone           its family may just make a link by itself, for a person to judge: what one
                    does is chosen, where one does it is often given
    parts           of a pseudonym of the column, how many from its beginning are the artifact;
                    0 for kinds that take a value as it is, whose part is the last
    """

    name: str
    family: str
    column: str
    m: float
    plantable: bool
    label: str
    relationship: str
    explanation: str
    read: Reader
    spelled: Reader | None = None
    derive: Reader | None = None
    within: str | None = None
    container: Reader | None = None
    names_account: bool = False
    plain: bool = False
    alone: bool = False
    parts: int = 0


def artifact_kind(
    *,
    family: str,
    column: str,
    m: float,
    plantable: bool,
    label: str,
    relationship: str,
    spelled: Reader | None = None,
    within: str | None = None,
    container: Reader | None = None,
    plain: bool = False,
    alone: bool = False,
    parts: int = 0,
) -> Callable[[Reader], ArtifactKind]:
    """Make an `ArtifactKind` of a reader; its docstring is what the investigator reads. With
    `spelled`, it reads what that gives."""

    def make(read: Reader) -> ArtifactKind:
        return ArtifactKind(
            name=read.__name__,
            family=family,
            column=column,
            m=m,
            plantable=plantable,
            label=label,
            relationship=relationship,
            explanation=inspect.cleandoc(read.__doc__ or ""),
            read=_reading(read, spelled, parts) if parts else read,
            spelled=spelled,
            derive=read,
            within=within,
            container=container,
            plain=plain,
            alone=alone,
            parts=parts,
        )

    return make


def as_it_is(value: ir.StringValue) -> ir.StringValue:
    """The value itself; an empty one is no artifact."""
    return is_pseudonym(value).ifelse(last_part(value), value.nullif(""))


def _reading(derive: Reader, spelled: Reader | None, parts: int) -> Reader:
    """A reader that takes pseudonyms as well: what it would read was read before they were made."""

    def either(value: ir.StringValue) -> ir.StringValue:
        read = derive(value if spelled is None else spelled(value))
        return ibis.ifelse(is_pseudonym(value), first_parts(value, parts), read)

    return either
