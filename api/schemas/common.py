"""What every answer or question has, and pages of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Row = TypeVar("Row")

Id = Annotated[str, StringConstraints(min_length=1, max_length=8000)]
# Languages differ in what \s stands for; in all of them, what is none of these can be seen.
BLANK = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
Reason = Annotated[str, StringConstraints(pattern=f"[^{BLANK}]", min_length=1, max_length=4000)]
Proposal = Literal["ban", "review", "none"]
State = Literal["open", "banned", "watched", "cleared"]


class Answered(BaseModel):
    """Made from values of the ports."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """Sent by a client: an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Row]):
    """Some rows. `next`: the `after` of the following page, null on the last."""

    rows: list[Row]
    next: str | None = None


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    what: str


class Problem(BaseModel):
    """RFC 9457. `type` is stable, for programs; `detail` is for people."""

    type: str = Field(examples=["urn:linkage:problem:not-found"])
    title: str
    status: int
    detail: str
    request_id: str
    faults: list[Fault] | None = None


def rows_of(model: type[BaseModel], rows: Iterable[Any]) -> list[Any]:
    """Values of a port as a model's."""
    return [model.model_validate(row) for row in rows]
