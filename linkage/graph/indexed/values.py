"""Values of an index as the port has them: times, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, make_dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from linkage.graph.timelines import EPOCH
from linkage.index.files import Array
from linkage.index.tables import NONE

Row = TypeVar("Row")
Ints = npt.NDArray[np.integer[Any]]


def rows_of(row: type[Row]) -> Callable[..., tuple[Row, ...]]:
    """Makes many of a frozen dataclass from the columns of its fields.

    Frozen ones set each field by a call, which took half of the time of a whole account. So they
    are made as ones of a twin that is not frozen, and then become what they are to be.
    """
    twin = make_dataclass(row.__name__, [field.name for field in fields(row)])  # type: ignore[arg-type]

    def made(*columns: Sequence[Any]) -> tuple[Row, ...]:
        rows = tuple(map(twin, *columns))
        for one in rows:
            one.__class__ = row
        return rows

    return made


def whole(number: int) -> int | None:
    """A whole number, where there is one."""
    return None if number == NONE else number


def fraction(number: float) -> float | None:
    """A fraction, where there is one."""
    return None if math.isnan(number) else number


def moment(micros: int) -> datetime | None:
    """A time, where there is one."""
    return None if micros == NONE else EPOCH + timedelta(microseconds=micros)


def moments(micros: Array) -> list[datetime]:
    """Many times, none of which is missing."""
    since: Iterable[timedelta] = micros.view("m8[us]").tolist()
    return [EPOCH + time for time in since]


def micros(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - EPOCH) // timedelta(microseconds=1)
