"""The conversation family: one conversation that goes on in another account."""

import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind, as_it_is


@artifact_kind(
    family="conversation",
    column="conversation_id",
    m=0.2,
    plantable=False,
    label="Conversation",
    relationship="TOOK_PART_IN",
    plain=True,
)
def conversation(value: ir.StringValue) -> ir.StringValue:
    """Both took part in the same conversation."""
    return as_it_is(value)
