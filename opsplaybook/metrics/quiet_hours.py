"""Whether the hours at which nobody does anything are the night of the declared time zone.

Times without a zone are read in the zone that the source declares. Where that is wrong, each night
belongs to the wrong day, and so does what was done around midnight.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.sources import Tables

WIDTH = 6
"""Hours of a night."""

NIGHT_MIDDLE = 3
"""Hour in the middle of a night, local time."""

TOLERANCE = 3
"""Hours by which the middle of the quiet hours may differ from the middle of the night."""

MINIMUM_ROWS = 500
QUIET = 0.04
"""Share of all rows that six hours hold at most to be quiet; a quarter if all were alike."""

_DAY = 24


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The six hours of a day in which least was done.

    Attributes
    ----------
    first, last : int
        First hour, and first hour after them, in the declared zone; the earliest where several
        are equally quiet.
    share : float
        Share of all rows that they hold.
    ahead : int
        Hours by which times seem to run ahead of the declared zone; negative where behind, 0
        where the night is quiet.
    """

    first: int
    last: int
    share: float
    ahead: int


def hours_of_activity(tables: Tables) -> np.ndarray:
    """Count the rows of ``activity`` by hour of the day, in the engine.

    Returns
    -------
    ndarray of int, shape (24,)
        By hour in the zone of the source; zeros where the source has no activity.
    """
    counts = np.zeros(_DAY, dtype="int64")
    rows = tables.expression("activity")
    if rows is not None:
        found = rows.group_by(hour=rows["at"].hour()).agg(rows=rows.count()).to_pandas()
        found = found.dropna()
        counts[found["hour"].astype("int64")] = found["rows"]
    return counts


def quiet_hours(counts: np.ndarray) -> QuietHours | None:
    """Find the quiet hours of a day.

    Parameters
    ----------
    counts : ndarray of int, shape (24,)
        Rows by hour.

    Returns
    -------
    QuietHours or None
        None where there are too few rows, dates without a time of day, or no quiet hours: people
        all over the world leave none.

    Examples
    --------
    >>> shop = np.array([70] * 4 + [0] * 6 + [60] * 14)
    >>> found = quiet_hours(shop)
    >>> found.first, found.last, found.ahead
    (4, 10, 4)

    The shop is quiet from 4 to 10, as if its clock ran four hours ahead.
    """
    total = counts.sum()
    if total < MINIMUM_ROWS or (counts > 0).sum() <= WIDTH:
        return None
    sums = np.array([np.roll(counts, -start)[:WIDTH].sum() for start in range(_DAY)])
    if sums.min() > QUIET * total:
        return None
    first = int(sums.argmin())
    at_night = (np.abs(_from_night(np.arange(_DAY))) <= TOLERANCE) & (sums <= QUIET * total)
    ahead = 0 if at_night.any() else int(_from_night(first))
    return QuietHours(first, (first + WIDTH) % _DAY, float(sums[first] / total), ahead)


def _from_night(first: ArrayLike) -> np.ndarray:
    """Return by how many hours six hours lie after the middle of the night, -12 to 11."""
    return (np.asarray(first) + WIDTH // 2 - NIGHT_MIDDLE + _DAY // 2) % _DAY - _DAY // 2


def zone_caveats(tables: Tables) -> tuple[str, ...]:
    """Say which zone would fit, where the quiet hours are not at night in the declared one."""
    found = quiet_hours(hours_of_activity(tables))
    if found is None or not found.ahead:
        return ()
    zone = likely_zone(tables.timezone, found.ahead, on=tables.as_of)
    sentence = (
        f"Times of activity are quiet from {found.first:02d} to {found.last:02d} o'clock in "
        f"{tables.timezone}, which is not at night: they look recorded in {zone}, unless customers "
        "live elsewhere. Days are cut at the wrong hour until the time zone of the column is right."
    )
    return (sentence,)


def likely_zone(declared: str, ahead: int, *, on: date) -> str:
    """Name the zone that times would be in which run ahead of a declared one.

    Examples
    --------
    >>> likely_zone("America/New_York", 4, on=date(2017, 6, 30))
    'UTC'
    >>> likely_zone("Europe/Berlin", -8, on=date(2017, 1, 31))
    'UTC-07:00 or near it'

    An hour more or less is left to changes of clocks, so what is near UTC is called UTC.
    """
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=ZoneInfo(declared))
    offset = round((noon.utcoffset() or timedelta()) / timedelta(hours=1)) + ahead
    offset = (offset + _DAY // 2) % _DAY - _DAY // 2
    return "UTC" if abs(offset) <= 1 else f"UTC{offset:+03d}:00 or near it"
