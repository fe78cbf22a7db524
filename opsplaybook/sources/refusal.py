"""Columns that cannot be trusted as a whole: some values show that all are read wrongly."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from opsplaybook.contracts import Kind
from opsplaybook.errors import ContractError, quote
from opsplaybook.sources.casting import Style, is_plausible_year

_DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_FORMATS = tuple(
    day.format(mark) + time for mark, time, day in itertools.product("-/.", _TIMES, _DAYS)
)
_TRIED_VALUES = 200
_WORDS = {"%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY", "%H": "HH", "%M": "MM", "%S": "SS"}
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_DECIMAL_POINT = re.compile(r"^[+-]?\d+\.\d+$")
_THOUSANDS = {
    ",": re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"),
    ".": re.compile(r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$"),
}


def refuse_misread(
    values: Sequence[str],
    kind: Kind,
    style: Style,
    *,
    unreadable: int,
    readable: int,
    examples: Sequence[str],
    where: str,
) -> None:
    """Refuse a column whose unreadable values make sense in another way of writing.

    Then those that could be read may have been read wrongly too: day and month swapped, or
    thousands taken for decimals.

    Parameters
    ----------
    values : sequence of str
        Distinct values that could not be read.
    kind : Kind
        What the column holds.
    style : Style
        How it was read.
    unreadable, readable : int
        Rows with a value that could not, and that could be read.
    examples : sequence of str
        For the message.
    where : str
        File, table and column.

    Raises
    ------
    ContractError
        With the other way of writing as the remedy; or if no value at all could be read.
    """
    other, remedy = _other_reading(values[:_TRIED_VALUES], kind, style)
    total = unreadable + readable
    if other:
        rest = f"; the other {readable:,} may have been read wrongly too" if readable else ""
        raise ContractError(
            f"{unreadable:,} of {total:,} values are not {_as_declared(kind, style)} "
            f"but fit {other}{rest}",
            where=where,
            examples=examples,
            remedy=remedy,
        )
    if not readable:
        raise ContractError(
            f"none of {total:,} values is {_as_declared(kind, style)}",
            where=where,
            examples=examples,
            remedy="map another column, or declare how its values are written",
        )


def _other_reading(values: Sequence[str], kind: Kind, style: Style) -> tuple[str, str]:
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return _other_date(values, style)
    if kind in (Kind.NUMBER, Kind.WHOLE):
        return _other_number(values, style)
    return "", ""


def _other_date(values: Sequence[str], style: Style) -> tuple[str, str]:
    fits = Counter(
        pattern
        for pattern in _FORMATS
        if pattern not in style.date_formats
        for value in values
        if _is_date(value, pattern)
    )
    if not fits:
        return "", ""
    most = max(fits.values())
    best = [pattern for pattern, count in fits.items() if count == most]
    named = " or ".join(_spelt(pattern) for pattern in best)
    written = " or ".join(f'`date_format: "{pattern}"`' for pattern in best)
    return f"dates written {named}", written


def _is_date(value: str, pattern: str) -> bool:
    try:
        found = datetime.strptime(value, pattern)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return is_plausible_year(found.year)


def _spelt(pattern: str) -> str:
    for code, word in _WORDS.items():
        pattern = pattern.replace(code, word)
    return pattern


def _other_number(values: Sequence[str], style: Style) -> tuple[str, str]:
    mark = "," if style.decimal == "." else "."
    if not style.thousands and any(_THOUSANDS[mark].match(value) for value in values):
        return f"numbers with {quote(mark)} between thousands", f'`thousands: "{mark}"`' + (
            f' (or `decimal: "{mark}"`)' if any(value.count(mark) == 1 for value in values) else ""
        )
    pattern = _DECIMAL_COMMA if mark == "," else _DECIMAL_POINT
    if any(pattern.match(value) for value in values):
        other = f' and `thousands: "{style.decimal}"`' if style.thousands == mark else ""
        return f"numbers with {quote(mark)} as decimal mark", f'`decimal: "{mark}"`{other}'
    return "", ""


def _as_declared(kind: Kind, style: Style) -> str:
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        if style.date_formats:
            return f"dates written {' or '.join(_spelt(p) for p in style.date_formats)}"
        return "ISO dates (YYYY-MM-DD)"
    if kind in (Kind.NUMBER, Kind.WHOLE):
        return f"numbers with {quote(style.decimal)} as decimal mark"
    return "yes or no"
