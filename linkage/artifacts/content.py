"""The content family: what an account asks."""

import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind, as_it_is


@artifact_kind(
    family="content",
    column="prompt_template",
    m=0.6,
    plantable=True,
    label="PromptTemplate",
    relationship="SENT_TEMPLATE",
    plain=True,
    alone=True,
)
def template(value: ir.StringValue) -> ir.StringValue:
    """Both sent prompts made from the same template."""
    return as_it_is(value)
