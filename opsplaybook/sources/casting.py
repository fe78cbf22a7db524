"""From a raw column to a typed one: a value that does not fit becomes missing, to be counted."""

import re
from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr import datatypes as dt
from ibis.expr import types as ir

from opsplaybook.contracts import Kind

INSTANT = dt.Timestamp(timezone="UTC", scale=6)
"""Type of timestamps in the engine: an instant, shown in the zone of the source."""

YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")
_LARGEST = 1e300
"""Beyond it lie infinities, and what is not a number."""
_EXACT = 2**53
"""Whole numbers below it are exact as a float."""

_PLAUSIBLE_YEARS = (1900, 2200)
_LOCAL = r"^[\d\s/\\-]+([T\s][\d:.]+)?$"
_WITH_OFFSET = r":\d\d(\.\d+)?\s*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
"""ISO times without and with an offset. DuckDB also takes times with other words behind them, such
as CET or PM, and reads past those."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), "timestamp"))
def _try_strptime(text: Any, pattern: Any) -> Any:
    """DuckDB: read a time by a pattern, or give null."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), INSTANT))
def _try_strptime_instant(text: Any, pattern: Any) -> Any:
    """DuckDB: read a time with its offset by a pattern, or give null."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), INSTANT))
def _in_zone(zone: Any, local: Any) -> Any:
    """DuckDB and PostgreSQL: the instant of a local time."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", INSTANT), "timestamp"))
def _local_time(zone: Any, instant: Any) -> Any:
    """DuckDB and PostgreSQL: the local time of an instant."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the values of one column are written.

    Attributes
    ----------
    null : tuple of str
        Texts that stand for a missing value, besides the empty one.
    date_formats : tuple of str
        Patterns of strptime, tried in order. Empty: ISO 8601.
    decimal, thousands : str
        Marks in numbers; no `thousands` mark where it is empty.
    zone : str
        Zone of times without an offset.
    source_zone : str
        Zone of the source, in which days are counted.
    backend : str
        Name of the engine's dialect.
    """

    null: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    zone: str = "UTC"
    source_zone: str = "UTC"
    backend: str = "duckdb"


def as_text(column: ir.Column, style: Style) -> ir.StringColumn:
    """Write a column as text without blanks around it; null tokens become missing."""
    is_text = column.type().is_string()
    text = column.strip().nullif("") if is_text else _plain_text(column)
    if not style.null:
        return text
    return ibis.cases((text.isin(style.null), ibis.null(str)), else_=text)


def _plain_text(column: ir.Column) -> ir.StringColumn:
    """Write whole numbers without the point that a gap in them has brought in.

    NaN is such a gap, and not every engine can be asked for it but by its name.
    """
    text = column.cast("string")
    if not column.type().is_floating():
        return text
    whole = (column.abs() < _EXACT) & (column == column.round())
    return ibis.cases((whole, column.cast("int64").cast("string")), (text.lower() != "nan", text))


def cast(column: ir.Column, text: ir.StringColumn, kind: Kind, style: Style) -> ir.Column:
    """Read a column as values of a kind.

    Parameters
    ----------
    column : ibis column
        As it is found.
    text : ibis column
        The same as text, with null tokens and value map applied.
    kind : Kind
        What the column holds.
    style : Style
        How it is written.

    Returns
    -------
    ibis column
        Missing where there is no value, or one that does not fit.
    """
    if kind is Kind.TEXT:
        return text
    value = _read(column, text, kind, style)
    if not style.null or column.type().is_string():
        return value
    return ibis.cases((text.notnull(), value))


def _read(column: ir.Column, text: ir.StringColumn, kind: Kind, style: Style) -> ir.Column:
    if kind is Kind.NUMBER:
        return _number(column, text, style)
    if kind is Kind.WHOLE:
        number = _number(column, text, style)
        return ibis.cases((number == number.round(), number.round().cast("int64")))
    if kind is Kind.FLAG:
        return _flag(column, text)
    if kind is Kind.DATE:
        return _plausible(_date(column, text, style))
    return _plausible(_instant(column, text, style))


def _number(column: ir.Column, text: ir.StringColumn, style: Style) -> ir.FloatingColumn:
    if column.type().is_numeric():
        number = column.cast("float64")
    else:
        plain = _ungrouped(text, style) if style.thousands else text
        if style.decimal != ".":
            plain = ibis.cases(
                (plain.contains("."), ibis.null(str)), else_=plain.replace(style.decimal, ".")
            )
        number = _try_cast(plain, "float64", style)
    return ibis.cases((number.between(-_LARGEST, _LARGEST), number))


def _ungrouped(text: ir.StringColumn, style: Style) -> ir.StringColumn:
    """Leave out the marks between groups of three digits; others make a number unreadable.

    Without that, 12.5 would be taken for 125 where the point stands between thousands.
    """
    mark, decimal = re.escape(style.thousands), re.escape(style.decimal)
    grouped = text.re_search(rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({decimal}\d*)?$")
    return ibis.cases(
        (~text.contains(style.thousands), text), (grouped, text.replace(style.thousands, ""))
    )


def _flag(column: ir.Column, text: ir.StringColumn) -> ir.BooleanColumn:
    if column.type().is_boolean():
        return column
    word = text.lower()
    return ibis.cases((word.isin(YES), True), (word.isin(NO), False))


def _date(column: ir.Column, text: ir.StringColumn, style: Style) -> ir.DateColumn:
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return column.date() if kind.timezone is None else _local_day(column, style)
    if not kind.is_string():
        return ibis.null("date")
    if style.date_formats:
        return ibis.coalesce(
            *(_parsed(text, pattern, style) for pattern in style.date_formats)
        ).date()
    if style.backend != "duckdb":
        return _try_cast(text, "timestamp", style).date()
    return ibis.cases(
        (text.re_search(_LOCAL), _try_cast(text, "timestamp", style).date()),
        (text.re_search(_WITH_OFFSET), _local_day(_try_cast(text, INSTANT, style), style)),
    )


def local_times(column: ir.Column, text: ir.StringColumn, style: Style) -> ir.TimestampColumn:
    """Read times that carry no offset; missing where they do, or cannot be read."""
    kind = column.type()
    if kind.is_date() or (kind.is_timestamp() and kind.timezone is None):
        return column.cast("timestamp")
    if not kind.is_string():
        return ibis.null("timestamp")
    if style.date_formats:
        parts = [
            _parsed(text, pattern, style) for pattern in style.date_formats if "%z" not in pattern
        ]
        return ibis.coalesce(*parts) if parts else ibis.null("timestamp")
    if style.backend != "duckdb":
        return _try_cast(text, "timestamp", style)
    return ibis.cases((text.re_search(_LOCAL), _try_cast(text, "timestamp", style)))


def _instant(column: ir.Column, text: ir.StringColumn, style: Style) -> ir.TimestampColumn:
    kind = column.type()
    if kind.is_timestamp() and kind.timezone is not None:
        return column
    placed = _placed(local_times(column, text, style), style)
    if style.backend != "duckdb" or not kind.is_string():
        return placed
    if not style.date_formats:
        return ibis.coalesce(
            placed, ibis.cases((text.re_search(_WITH_OFFSET), _try_cast(text, INSTANT, style)))
        )
    offsets = [_try_strptime_instant(text, p) for p in style.date_formats if "%z" in p]
    return ibis.coalesce(placed, *offsets)


def _parsed(text: ir.StringColumn, pattern: str, style: Style) -> ir.TimestampColumn:
    if style.backend != "duckdb":
        return text.as_timestamp(pattern)
    if "%z" in pattern:
        return _local_time(style.source_zone, _try_strptime_instant(text, pattern))
    return _try_strptime(text, pattern)


def _placed(local: ir.TimestampColumn, style: Style) -> ir.TimestampColumn:
    """Put local times into their zone."""
    if style.backend in ("duckdb", "postgres"):
        return _in_zone(style.zone, local)
    return local.cast(dt.Timestamp(timezone=style.zone))


def _local_day(instant: ir.TimestampColumn, style: Style) -> ir.DateColumn:
    if style.backend in ("duckdb", "postgres"):
        return _local_time(style.source_zone, instant).date()
    return instant.date()


def _plausible(times: ir.Column) -> ir.Column:
    """Take years far from any business for a misreading, such as 01-02-03 as the year 1."""
    low, high = _PLAUSIBLE_YEARS
    fits = times.year().between(low, high)
    return ibis.cases((fits, times))


def is_plausible_year(year: int) -> bool:
    """Tell whether a year can be one of business."""
    low, high = _PLAUSIBLE_YEARS
    return low <= year <= high


def _try_cast(text: ir.StringColumn, kind: Any, style: Style) -> ir.Column:
    if style.backend == "duckdb":
        return text.try_cast(kind)
    return text.cast(kind)


def mapped(text: ir.StringColumn, values: dict[str, str | None]) -> ir.StringColumn:
    """Replace values by those of a map; others stay."""
    branches = [
        (text == key, ibis.null(str) if value is None else ibis.literal(value))
        for key, value in values.items()
    ]
    return ibis.cases(*branches, else_=text)


def constant(value: str) -> ir.StringScalar:
    """Give one value for all rows."""
    return ibis.literal(value, type="string")
