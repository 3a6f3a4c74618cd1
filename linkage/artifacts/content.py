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


def masked(prompt: ir.StringValue) -> ir.StringValue:
    """A prompt's text with numbers as `0` and every run of white space as one space.

    Two prompts then carry the same template if they differ in numbers and spaces alone.
    """
    return prompt.re_replace(r"[0-9]+", "0").re_replace(r"\s+", " ").strip().nullif("")
