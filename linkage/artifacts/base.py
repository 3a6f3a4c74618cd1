"""What an artifact kind is, and the decorator that makes one of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir

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
    within          the kind of the same family in whose artifacts this kind's are nested
    container       column of this kind's values -> column of those that they are nested in;
                    without it, any of that kind may be the one
    names_account   the value is itself an account, which then has the artifact too
    plain           the value is the artifact, so that no reading is needed for each event
    alone           its family may just make a link by itself, for a person to judge: what one
                    does is chosen, where one does it is often given
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
    within: str | None = None
    container: Reader | None = None
    names_account: bool = False
    plain: bool = False
    alone: bool = False


def artifact_kind(
    *,
    family: str,
    column: str,
    m: float,
    plantable: bool,
    label: str,
    relationship: str,
    within: str | None = None,
    container: Reader | None = None,
    plain: bool = False,
    alone: bool = False,
) -> Callable[[Reader], ArtifactKind]:
    """Make an `ArtifactKind` of a reader; its docstring is what the investigator reads."""

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
            read=read,
            within=within,
            container=container,
            plain=plain,
            alone=alone,
        )

    return make


def as_it_is(value: ir.StringValue) -> ir.StringValue:
    """The value itself; an empty one is no artifact."""
    return value.nullif("")
