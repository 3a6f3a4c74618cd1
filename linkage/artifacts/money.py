"""The money family: who pays."""

import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind, as_it_is


@artifact_kind(
    family="money",
    column="payment_id",
    m=0.5,
    plantable=False,
    label="PaymentMethod",
    relationship="PAID_WITH",
    plain=True,
)
def payment(value: ir.StringValue) -> ir.StringValue:
    """Both paid with the same card or account."""
    return as_it_is(value)
