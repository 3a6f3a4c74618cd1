"""Reads that are answered at once: without a thread where that would take longer than the answer,
and written as JSON once, from the values as they are.

What a port answers is typed already. So its values are not made into models to be checked again;
the model of an answer only says how it is written, and a value that does not fit is a fault.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from api.deps import Caller
from linkage.graph.answers import Page

P = ParamSpec("P")
Model = TypeVar("Model", bound=BaseModel)
FEW = 100  # rows that are answered in a millisecond or two


def at_once(
    few: Callable[..., bool],
) -> Callable[[Callable[P, BaseModel]], Callable[P, Awaitable[Response]]]:
    """A route that takes a caller, and `few` that says of its parameters whether the answer is a
    few look-ups. It is asked only where graph and decisions are at hand; else, as with a database,
    the answer comes from a thread."""

    def made(route: Callable[P, BaseModel]) -> Callable[P, Awaitable[Response]]:
        def answer(*args: P.args, **given: P.kwargs) -> Response:
            return answered(route(*args, **given))

        @wraps(route)
        async def asked(*args: P.args, **given: P.kwargs) -> Response:
            caller: Any = given["caller"]
            if _at_hand(caller) and few(**given):
                return answer(*args, **given)
            return await run_in_threadpool(answer, *args, **given)

        return asked

    return made


def answered(answer: BaseModel) -> Response:
    """An answer as it is sent."""
    written = answer.__pydantic_serializer__.to_json(answer, warnings="error")
    return Response(written, media_type="application/json")


def shown(model: type[Model], value: object, **more: Any) -> Model:
    """A value of a port, with more fields, as a model that has these: as it is, not checked."""
    return model.model_construct(**vars(value), **more)


def row_of(value: object, **more: Any) -> Any:
    """Likewise, one of the rows of an answer, whose model need not be made."""
    return SimpleNamespace(**vars(value), **more)


def page_of(page: Page[Any], rows: Iterable[Any] | None = None) -> Any:
    """A page of a port, with its own rows or what was made of them."""
    return SimpleNamespace(rows=list(page.rows if rows is None else rows), next=page.next)


def _at_hand(caller: Caller) -> bool:
    return caller.service.decided.at_hand and caller.graph.at_hand()
