"""Times as whole numbers that can be subtracted, whatever the engine."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pandas as pd

_INSTANT = "timestamp('UTC', 6)"
_DAY_MICROSECONDS = 86_400_000_000
_KNOWS_TIMEZONE = ("duckdb", "postgres")


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", _INSTANT), "timestamp"))
def _local_time(zone: Any, instant: Any) -> Any:
    """DuckDB and PostgreSQL: the local time of an instant."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=((_INSTANT,), "int64"))
def _microseconds_of_instant(instant: Any) -> Any:
    """DuckDB: microseconds since 1970, whatever zone the session is in."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The scale on which a funnel runs: microseconds since 1970.

    Attributes
    ----------
    timezone : str
        IANA name of the source's zone.
    in_days : bool
        Whether times are local days (midnights as if in UTC, so that every day has 24 hours), or
        instants: elapsed time, whatever the clocks did.
    backend : str
        Name of the engine's dialect.
    """

    timezone: str
    in_days: bool
    backend: str

    def read(self, column: ir.Value) -> ir.IntegerValue:
        """Put a column of dates or timestamps on the scale."""
        if self.in_days and column.type().is_timestamp():
            column = self._local_day(column)
        if self.backend == "duckdb" and column.type().is_timestamp():
            # Ibis would read the seconds off the local time of the session.
            return _microseconds_of_instant(column)
        # The seconds come with their fraction, though Ibis calls them whole.
        return (column.epoch_seconds().cast("float64") * 1e6).round().cast("int64")

    def start_of(self, day: date) -> int:
        """Return the beginning of a local day.

        Examples
        --------
        >>> clock = Clock("Europe/Berlin", False, "duckdb")
        >>> (clock.start_of(date(2026, 3, 30)) - clock.start_of(date(2026, 3, 29))) / 3_600_000_000
        23.0

        The day on which clocks go forward has 23 hours.
        """
        zone = UTC if self.in_days else ZoneInfo(self.timezone)
        return microseconds_of(datetime.combine(day, time(), tzinfo=zone).timestamp())

    def end_of(self, day: date) -> int:
        """Return the first moment after a local day."""
        return self.start_of(day + timedelta(days=1))

    def times(self, numbers: pd.Series) -> pd.Series:
        """Turn numbers into times of the source's zone."""
        if self.in_days:
            naive = pd.to_datetime(numbers.astype("Int64"), unit="us")
            return naive.dt.tz_localize(self.timezone, nonexistent="shift_forward", ambiguous=True)
        return pd.to_datetime(numbers.astype("Int64"), unit="us", utc=True).dt.tz_convert(
            self.timezone
        )

    def days(self, numbers: pd.Series) -> pd.Series:
        """Turn numbers into local days, midnights without a zone."""
        return self.times(numbers).dt.tz_localize(None).dt.normalize().astype("datetime64[us]")

    def _local_day(self, instant: ir.Value) -> ir.Value:
        if self.backend in _KNOWS_TIMEZONE:
            return _local_time(self.timezone, instant).date()
        return instant.date()


def one_if(flag: ir.BooleanValue) -> ir.IntegerValue:
    """Turn a flag into 1 or 0, to be summed; not every engine casts one."""
    return flag.ifelse(1, 0).cast("int64")


def microseconds(span: timedelta) -> int:
    """Return a span in microseconds.

    Examples
    --------
    >>> microseconds(timedelta(days=1)) == _DAY_MICROSECONDS
    True
    """
    return span // timedelta(microseconds=1)


def microseconds_of(seconds: float) -> int:
    """Return seconds as microseconds; moments of the clock are whole seconds."""
    return round(seconds) * 1_000_000
