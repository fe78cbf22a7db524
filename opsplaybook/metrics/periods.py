"""The period that is looked at, and the two that it is held against."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from opsplaybook import formats

YEAR_DAYS = 364
"""Fifty-two weeks: the same weekdays a year before."""


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive days, both ends inclusive.

    Attributes
    ----------
    first, last : date
    """

    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days.

        Examples
        --------
        >>> Period(date(2026, 6, 1), date(2026, 6, 30)).days
        30
        """
        return (self.last - self.first).days + 1

    @property
    def text(self) -> str:
        """Both ends, inclusive."""
        return formats.period(self.first, self.last)

    def back(self, days: int) -> "Period":
        """Return the period of the same length some days earlier."""
        shift = timedelta(days=days)
        return Period(self.first - shift, self.last - shift)

    def holds(self, days: pd.Series) -> pd.Series:
        """Tell which days (midnight, without a zone) lie in it; missing ones do not."""
        return days.between(pd.Timestamp(self.first), pd.Timestamp(self.last))


@dataclass(frozen=True, slots=True)
class Periods:
    """A period, the one before it and the same days a year before.

    Attributes
    ----------
    now, before, year_before : Period
        All of one length.
    """

    now: Period
    before: Period
    year_before: Period

    def named(self) -> dict[str, Period]:
        """Return the three by name, the present one first."""
        return {"now": self.now, "before": self.before, "year_before": self.year_before}


def periods_until(last: date, days: int) -> Periods:
    """Return the last `days` days, the same number before them, and those of a year before.

    Parameters
    ----------
    last : date
        Last day of the present period.
    days : int
        Length of each period. The year before lies 364 days back, so that weekdays agree.

    Returns
    -------
    Periods

    Examples
    --------
    >>> found = periods_until(date(2026, 6, 30), 90)
    >>> found.now.text, found.before.text
    ('2026-04-02 to 2026-06-30', '2026-01-02 to 2026-04-01')
    >>> found.year_before.text
    '2025-04-03 to 2025-07-01'

    Both the last day and the one a year before are Tuesdays.
    """
    now = Period(last - timedelta(days=days - 1), last)
    return Periods(now, now.back(days), now.back(YEAR_DAYS))


def years_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Count years from one day to another; every anniversary is a whole number of them.

    A year of the calendar has 365 or 366 days. Counted in years of 365.25 days, what ends with the
    first year lies before 1 or behind it, as a leap day will have it.

    Parameters
    ----------
    first, last : Series of datetime
        Midnights; of one index, none missing. The anniversary of 29 February is 1 March in a year
        without one.

    Returns
    -------
    Series of float
        Below 0 where the last day comes first.

    Examples
    --------
    >>> first = pd.Series(pd.to_datetime(["2023-01-01", "2024-01-01", "2024-02-29"]))
    >>> last = pd.Series(pd.to_datetime(["2024-01-01", "2025-01-01", "2025-03-01"]))
    >>> years_between(first, last).tolist()
    [1.0, 1.0, 1.0]

    Each of the three has lasted one year, whatever the number of its days.
    """
    whole = last.dt.year - first.dt.year
    whole -= (_anniversary(first, whole) > last).astype("int64")
    reached, next_one = _anniversary(first, whole), _anniversary(first, whole + 1)
    return whole + (last - reached) / (next_one - reached)


def _anniversary(first: pd.Series, years: pd.Series) -> pd.Series:
    days = first.to_numpy().astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    later = months + 12 * years.to_numpy()
    return pd.Series(later.astype("datetime64[D]") + (days - months), index=first.index)


def blocks(days: pd.Series, last: date, *, length: int) -> pd.Series:
    """Count back the blocks of consecutive days that end on a last day: 0 is the last one.

    Parameters
    ----------
    days : Series of datetime64
        Midnights without a zone, none after `last`.
    last : date
        Last day of block 0.
    length : int
        Days of a block.

    Returns
    -------
    Series of int
        The number of the block of each day, counted back.
    """
    return (pd.Timestamp(last) - days).dt.days // length


def block_ends(last: date, *, length: int, count: int) -> pd.DatetimeIndex:
    """Return the last days of the blocks 0 to ``count - 1``, oldest first."""
    return pd.date_range(end=pd.Timestamp(last), periods=count, freq=f"{length}D", unit="us")
