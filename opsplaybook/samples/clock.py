"""The fixed calendar of the sample company: 1,096 days, from 2023-07-01 to 2026-06-30.

Inside the generator a day is a number (0 is the first), a month is a number (0 is July 2023), a
moment is a number of seconds since the first day, in UTC. What is not known, or not yet, is
`UNKNOWN`, which numpy reads as NaT.
"""

import numpy as np
import pandas as pd

FIRST_DATE = np.datetime64("2023-07-01", "D")
DAYS = 1096
MONTHS = 36
LAST_DAY = DAYS - 1
TIMEZONE = "Europe/Berlin"

UNKNOWN = np.iinfo(np.int64).min
"""Day or moment that is missing."""

HOUR = 3_600
DAY = 24 * HOUR
LAST_MOMENT = DAYS * DAY - 3 * HOUR
"""Last moment that is known; it is still the last day in the company's time zone."""

_OFFICE_OPENS = 7 * HOUR
_OFFICE_HOURS = 9
_QUIET_HOURS = 2 * HOUR


def day_of(date: str) -> int:
    """Give the number of a day that is written as an ISO date.

    Examples
    --------
    >>> day_of("2023-07-31")
    30
    """
    return int((np.datetime64(date, "D") - FIRST_DATE).astype(np.int64))


def date_of(day: int) -> str:
    """Write the day with a number as an ISO date.

    Examples
    --------
    >>> date_of(1095)
    '2026-06-30'
    """
    return str(FIRST_DATE + np.timedelta64(day, "D"))


def first_day(month: np.ndarray | int) -> np.ndarray:
    """Give the number of the first day of each month.

    Examples
    --------
    >>> first_day(np.array([-1, 0, 1]))
    array([-30,   0,  31])
    """
    months = FIRST_DATE.astype("M8[M]") + np.asarray(month).astype("m8[M]")
    return (months.astype("M8[D]") - FIRST_DATE).astype(np.int64)


def month_of(day: np.ndarray) -> np.ndarray:
    """Give the number of the month that each day lies in.

    Examples
    --------
    >>> month_of(np.array([-1, 0, 30, 31]))
    array([-1,  0,  0,  1])
    """
    months = (FIRST_DATE + np.asarray(day).astype("m8[D]")).astype("M8[M]")
    return (months - FIRST_DATE.astype("M8[M]")).astype(np.int64)


def if_known(times: np.ndarray, last: int = LAST_DAY) -> np.ndarray:
    """Blank what lies after the last known day (or moment)."""
    return np.where(times > last, UNKNOWN, times)


def dates(days: np.ndarray) -> np.ndarray:
    """Turn day numbers into dates at midnight, without a zone; `UNKNOWN` becomes NaT."""
    return (FIRST_DATE + np.asarray(days, dtype=np.int64).astype("m8[D]")).astype("M8[us]")


def in_office_hours(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """Draw a moment in the office hours of each day."""
    return days * DAY + _OFFICE_OPENS + rng.integers(0, _OFFICE_HOURS * HOUR, size=days.shape)


def timestamps(moments: np.ndarray) -> pd.DatetimeIndex:
    """Turn moments into timestamps in the company's zone; `UNKNOWN` becomes NaT.

    Nothing happens from midnight to two (UTC), so that no local time occurs twice when the
    clocks go back, and files may be written in local time.
    """
    moments = np.asarray(moments, dtype=np.int64)
    quiet = (moments != UNKNOWN) & (moments % DAY < _QUIET_HOURS)
    shifted = np.where(quiet, moments // DAY * DAY + _QUIET_HOURS, moments)
    values = FIRST_DATE.astype("M8[us]") + shifted.astype("m8[s]")
    return pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(TIMEZONE)
