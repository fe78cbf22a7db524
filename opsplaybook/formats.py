"""The only place where a number becomes text.

Rules (one for every chart, table, sentence and report): three significant digits, two for relative
changes; a share is a percentage, a difference of shares is in percentage points; money carries its
currency; a missing number is an en dash; a minus sign in text is a true minus sign.
"""

import math
import re
from datetime import date, datetime
from typing import Literal, Protocol

import pandas as pd

Kind = Literal[
    "text", "count", "share", "points", "change", "money", "number", "ratio",
    "days", "hours", "date", "datetime", "flag",
]  # fmt: skip
"""How a value is written: what it is, not how wide it is."""

MISSING = "–"
MINUS = "\N{MINUS SIGN}"
NOT_ENOUGH = "not enough data"
MINIMUM_UNITS = 5
"""Below this many units no number is written, only that there is not enough data."""

NUMERIC_KINDS = frozenset(
    {"count", "share", "points", "change", "money", "number", "ratio", "days", "hours"}
)

_UNSAFE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
"""Controls of terminals and of writing direction, and what no XML or UTF-8 file can hold."""

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "CN¥", "JPY": "¥", "INR": "₹"}
_SMALLEST_SHARE = 0.001
_ALMOST_ALL = 0.995
_LARGEST_CHANGE = 9.0
"""End of an interval, tenfold, beyond which its size tells nothing."""


class IntervalLike(Protocol):
    """Low end, high end and level of an interval."""

    low: float
    high: float
    level: float


class EstimateLike(Protocol):
    """A value with its interval, the units behind it and its kind."""

    value: float
    interval: IntervalLike | None
    n: int
    kind: Kind

    @property
    def enough(self) -> bool:
        """Whether there are enough units to show a number at all."""
        ...


def is_missing(value: object) -> bool:
    """Tell whether a value is None, NaN or NaT.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(0)
    (True, False)
    """
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def value(item: object, kind: Kind, *, currency: str = "") -> str:
    """Write one value by its kind.

    Parameters
    ----------
    item : object
        The value; None, NaN and NaT become an en dash.
    kind : Kind
        What the value is.
    currency : str, optional
        ISO code of the currency, for money.

    Returns
    -------
    str

    Examples
    --------
    >>> value(0.0837, "share"), value(-1240000, "money", currency="EUR")
    ('8.4%', '−€1.24M')

    The first is a share, the second a loss of 1.24 million euros.
    """
    if is_missing(item):
        return MISSING
    if kind == "money":
        return money(float(item), currency)
    return _WRITERS[kind](item)


def text(item: object) -> str:
    r"""Write a text on one line, without control characters; nothing else is changed.

    Examples
    --------
    >>> text("Ac\x1b[31mme\n $x^2$")
    'Ac[31mme $x^2$'
    """
    return " ".join(_UNSAFE.sub("", str(item)).split())


def count(number: float) -> str:
    """Write a count with thousands separators: ``12,408``."""
    if math.isinf(number):
        return _infinite(number)
    return f"{round(number):,}".replace("-", MINUS)


def share(number: float) -> str:
    """Write a share (0 to 1) as a percentage.

    Exactly 0 and 1 are written so; what only rounds to them is not.

    Examples
    --------
    >>> [share(s) for s in (0, 0.0002, 0.084, 0.5612, 0.9997, 1)]
    ['0%', '<0.1%', '8.4%', '56%', '>99.9%', '100%']
    """
    size = abs(number)
    if 0 < size < _SMALLEST_SHARE:
        return "<0.1%" if number > 0 else f">{MINUS}0.1%"
    if 1 - _SMALLEST_SHARE < size < 1:
        return ">99.9%" if number > 0 else f"<{MINUS}99.9%"
    if _ALMOST_ALL <= size < 1:
        # Without a decimal it would be rounded to 100%, which is for what is exactly all.
        return f"{number * 100:.1f}%".replace("-", MINUS)
    return f"{_short(number * 100)}%"


def points(number: float) -> str:
    """Write a difference of shares in percentage points: ``+3.2 pp``."""
    return f"{_signed(number * 100)} pp"


def change(number: float) -> str:
    """Write a relative change: ``+12%``."""
    return f"{_signed(number * 100)}%"


def money(amount: float, currency: str = "") -> str:
    """Write an amount of money with its currency.

    Examples
    --------
    >>> money(980.5, "USD"), money(45200, "CHF"), money(1_235_000, "EUR")
    ('$980', 'CHF 45,200', '€1.24M')
    """
    size = abs(amount)
    if math.isinf(size):
        body = "∞"
    elif size >= 999_500_000:
        body = f"{_significant(size / 1e9)}bn"
    elif size >= 999_500:
        body = f"{_significant(size / 1e6)}M"
    elif size >= 100_000:
        body = f"{size / 1e3:,.0f}k"
    elif size >= 100:
        body = f"{size:,.0f}"
    else:
        body = f"{size:,.2f}".removesuffix(".00")
    prefix = _SYMBOLS.get(currency, f"{currency} " if currency else "")
    return f"{MINUS if amount < 0 and body != '0' else ''}{prefix}{body}"


def number(item: float) -> str:
    """Write a plain number with three significant digits, more for thousands: ``0.0312``."""
    return _significant(item)


def ratio(item: float) -> str:
    """Write a ratio: ``2.4×``."""
    return f"{_significant(item)}×"


def days(item: float) -> str:
    """Write a duration in days: ``3.5 days``."""
    length = _significant(item)
    return f"{length} {'day' if length == '1' else 'days'}"


def hours(item: float) -> str:
    """Write a duration in hours: ``7 h``."""
    return f"{_significant(item)} h"


def day(item: date) -> str:
    """Write a date: ``2026-01-31``."""
    return f"{item:%Y-%m-%d}"


def moment(item: datetime) -> str:
    """Write a time to the minute: ``2026-01-31 14:05``."""
    return f"{item:%Y-%m-%d %H:%M}"


def flag(item: object) -> str:
    """Write a yes or no."""
    return "yes" if item else "no"


def p_value(item: float) -> str:
    """Write a p-value, never as zero.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.00002)
    ('p = 0.031', 'p < 0.001')
    """
    if is_missing(item):
        return f"p {MISSING}"
    return "p < 0.001" if item < 0.001 else f"p = {item:.2g}"


def period(first: date, last: date) -> str:
    """Write a period, both ends inclusive: ``2026-01-01 to 2026-01-31``; one day as itself."""
    if first == last:
        return value(first, "date")
    return f"{value(first, 'date')} to {value(last, 'date')}"


def interval(item: IntervalLike, kind: Kind, *, currency: str = "") -> str:
    """Write an interval without its level: ``−0.9% to 19%``."""
    return ends(item.low, item.high, kind, currency=currency)


def ends(low: float, high: float, kind: Kind, *, currency: str = "") -> str:
    """Write both ends of an interval.

    How far a change may reach beyond tenfold is not written: few events before say no more.

    Examples
    --------
    >>> ends(-0.3, 0.4, "change"), ends(-0.3, 15.92, "change"), ends(12.95, 51.3, "change")
    ('−30% to +40%', '−30% to over +900%', 'over +900%')
    """
    first = value(low, kind, currency=currency)
    if kind == "change" and high > _LARGEST_CHANGE:
        far = f"over {change(_LARGEST_CHANGE)}"
        return far if low >= _LARGEST_CHANGE else f"{first} to {far}"
    return f"{first} to {value(high, kind, currency=currency)}"


def estimate(item: EstimateLike, *, currency: str = "", unit: str = "") -> str:
    """Write an estimate with its interval and n, the way every sentence shows it.

    Parameters
    ----------
    item : EstimateLike
        The estimate; with too few units behind it no number is shown.
    currency : str, optional
        ISO code of the currency, for money.
    unit : str, optional
        What n counts, such as ``accounts``.

    Examples
    --------
    >>> from opsplaybook.stats.results import Estimate, Interval
    >>> estimate(Estimate(0.088, Interval(-0.009, 0.19, 0.95), 113, "share"), unit="accounts")
    '8.8% (95% interval −0.9% to 19%, n = 113 accounts)'

    The interval reaches below zero, so the data do not tell the sign.
    """
    base = f"n = {count(item.n)}{f' {unit}' if unit else ''}"
    if not item.enough:
        return f"{NOT_ENOUGH} ({base})"
    text = value(item.value, item.kind, currency=currency)
    if item.interval is None:
        return f"{text} ({base})"
    ends = interval(item.interval, item.kind, currency=currency)
    return f"{text} ({item.interval.level:.0%} interval {ends}, {base})"


def _significant(item: float, digits: int = 3) -> str:
    if item == 0:
        return "0"
    if math.isinf(item):
        return _infinite(item)
    decimals = max(digits - 1 - math.floor(math.log10(abs(item))), 0)
    text = f"{item:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def _infinite(item: float) -> str:
    return "∞" if item > 0 else f"{MINUS}∞"


def _short(item: float) -> str:
    """Write with one decimal below ten, none above."""
    if math.isinf(item):
        return _infinite(item)
    rounded = round(item, 1) + 0.0  # turns -0.0 into 0.0
    text = f"{rounded:.1f}".removesuffix(".0") if abs(rounded) < 10 else f"{item:,.0f}"
    return text.replace("-", MINUS)


def _signed(item: float) -> str:
    text = _short(item)
    return text if text == "0" or item < 0 else f"+{text}"


_WRITERS = {
    "text": text,
    "count": count,
    "share": share,
    "points": points,
    "change": change,
    "number": number,
    "ratio": ratio,
    "days": days,
    "hours": hours,
    "date": day,
    "datetime": moment,
    "flag": flag,
}
