"""Columns of whatever type a file has, as the types of SCHEMA."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from linkage.errors import FormatError
from linkage.readers.schema import SCHEMA, TIME

# Below it a number is seconds, milliseconds, microseconds; above the last, nanoseconds since
# 1970. In each unit the years 1990 to 2200 lie well between two limits.
SECONDS, MILLISECONDS, MICROSECONDS = 10**11, 10**14, 10**17


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def make_timestamp(micros: int) -> dt.timestamp:
    """Microseconds since 1970 as a time; Ibis has seconds and milliseconds only."""
    raise NotImplementedError


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def to_json(value) -> str:  # type: ignore[no-untyped-def]
    """A nested value as JSON text."""
    raise NotImplementedError


def column(table: ir.Table, ours: str, theirs: str | None, file: str) -> ir.Value:
    """Our column from theirs, with our name and type; typed nulls where the file has none.

    What does not fit a number or a truth value becomes null. FormatError where the type of
    a time column cannot be a time.
    """
    type_ = SCHEMA.get(ours, dt.string)
    if theirs is None:
        return ibis.null(type_).name(ours)
    value = table[theirs]
    if ours == "ts":
        result = _time(value, file)
    elif type_.is_string():
        result = text(value)
    else:
        result = value if value.type() == type_ else _cast(value, type_)
    return result.name(ours)


def text(value: ir.Value) -> ir.StringValue:
    """A value as text: whole numbers without a fraction, nested values as JSON."""
    type_ = value.type()
    if type_.is_string():
        return value
    if type_.is_nested():
        return to_json(value)
    if type_.is_floating():
        # A column of whole numbers with gaps often comes as floats; 7.0 and 7 are one account.
        whole = (value == value.round()) & (value.abs() < 2**53)
        digits = ibis.ifelse(whole, value.try_cast("int64").cast("string"), value.cast("string"))
        return value.isnan().ifelse(ibis.null("string"), digits)
    return value.cast("string")


def _cast(value: ir.Value, type_: dt.DataType) -> ir.Value:
    if value.type().is_string():
        value = value.strip()
    return value.try_cast(type_)


def _time(value: ir.Value, file: str) -> ir.TimestampValue:
    type_ = value.type()
    # Ibis does not know DuckDB's nanoseconds with a zone.
    nanoseconds = type_.is_unknown() and "TIMESTAMPTZ_NS" in str(type_)
    if type_.is_timestamp() or type_.is_date() or nanoseconds:
        return value.cast(TIME)
    if type_.is_string():
        return _time_of_text(value.strip())
    if type_.is_integer():
        return _whole(value.try_cast("int64"))
    if type_.is_numeric() and not type_.is_boolean():
        return _fraction(value.try_cast("float64"))
    raise FormatError(f"{file}: the column with the time holds values of type {type_}")


def _time_of_text(value: ir.StringValue) -> ir.TimestampValue:
    """ISO text (UTC where it names no zone), or a number."""
    return ibis.cases(
        (value.re_search(r"^[+-]?[0-9]+$"), _whole(value.try_cast("int64"))),
        (
            value.re_search(r"^[+-]?[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?$"),
            _fraction(value.try_cast("float64")),
        ),
        else_=value.try_cast(TIME),
    )


def _whole(number: ir.IntegerValue) -> ir.TimestampValue:
    size = number.abs()
    return _from_micros(
        ibis.cases(
            (size < SECONDS, number * 1_000_000),
            (size < MILLISECONDS, number * 1_000),
            (size < MICROSECONDS, number),
            else_=number // 1_000,
        )
    )


def _fraction(number: ir.FloatingValue) -> ir.TimestampValue:
    size = number.abs()
    micros = ibis.cases(
        (size < SECONDS, number * 1_000_000),
        (size < MILLISECONDS, number * 1_000),
        (size < MICROSECONDS, number),
        else_=number / 1_000,
    )
    return _from_micros(micros.round().try_cast("int64"))


def _from_micros(micros: ir.IntegerValue) -> ir.TimestampValue:
    return make_timestamp(micros.try_cast("int64")).cast(TIME)
